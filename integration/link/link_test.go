// Package link shows that a program can link this driver beside GreptimeDB's
// insert-only SDK: that one registers Flight.proto with protobuf's process-wide
// registry, where a second copy panics at start.
package link

import (
	"database/sql"
	"slices"
	"testing"

	ingester "github.com/GreptimeTeam/greptimedb-ingester-go"

	_ "github.com/greptime-go/greptime/driver"
	_ "github.com/greptime-go/greptime/greptimetest"
)

func TestDriverAndIngesterStartInOneProgram(t *testing.T) {
	if !slices.Contains(sql.Drivers(), "greptime") {
		t.Error("the driver is not registered")
	}
	client, err := ingester.NewClient(ingester.NewConfig("127.0.0.1").WithPort(4001))
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}
