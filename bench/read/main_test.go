package main

import (
	"os"
	"testing"

	"github.com/greptime-go/greptime/bench/internal/measure/measuretest"
	"github.com/greptime-go/greptime/bench/internal/nullserver"
	"github.com/greptime-go/greptime/bench/internal/scans"
	"github.com/greptime-go/greptime/greptimetest"
)

func TestMain(m *testing.M) {
	nullserver.Main()
	os.Exit(m.Run())
}

func TestEveryScenarioRuns(t *testing.T) {
	server, err := nullserver.Start(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	measuretest.RunAll(t, scenarios(server, server, server, sizes{rows: 4 * scans.BatchRows, long: 100_000, most: 5_000}))
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

// greptimetest stands in for a real server. It does not speak MySQL's protocol, nor
// PostgreSQL's.
func TestEveryScenarioRunsOnARealServer(t *testing.T) {
	db, err := connectGreptimeDB(t.Context(), greptimeDSNs{grpc: greptimetest.Start(t).DSN()}, 2500)
	if err != nil {
		t.Fatal(err)
	}
	if db.version == "" {
		t.Error("the server has no version")
	}
	measuretest.RunAll(t, db.scenarios())
	if err := db.close(); err != nil {
		t.Error(err)
	}
}
