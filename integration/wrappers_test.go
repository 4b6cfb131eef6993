package integration

import (
	"database/sql"
	"testing"

	xsamotelsql "github.com/XSAM/otelsql"
	"github.com/ngrok/sqlmw"
	uptraceotelsql "github.com/uptrace/opentelemetry-go-extra/otelsql"

	"github.com/greptime-go/greptime"
)

func init() {
	sql.Register("greptime with sqlmw", sqlmw.Driver(greptime.Driver{}, sqlmw.NullInterceptor{}))
}

// Libraries that wrap drivers, for traces and metrics, let Raw through.
func TestRawThroughWrappersOfTheDriver(t *testing.T) {
	t.Parallel()
	const server = "greptime://localhost:4001/my_database" // nothing is sent
	registered, err := xsamotelsql.Register("greptime")
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (*sql.DB, error){
		"ngrok/sqlmw":              func() (*sql.DB, error) { return sql.Open("greptime with sqlmw", server) },
		"uptrace/otelsql":          func() (*sql.DB, error) { return uptraceotelsql.Open("greptime", server) },
		"XSAM/otelsql":             func() (*sql.DB, error) { return xsamotelsql.Open("greptime", server) },
		"XSAM/otelsql, registered": func() (*sql.DB, error) { return sql.Open(registered, server) },
	} {
		db, err := open()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		database := ""
		err = greptime.Raw(t.Context(), db, func(c *greptime.Conn) error {
			database = c.Database()
			return nil
		})
		if err != nil || database != "my_database" {
			t.Errorf("%s: database %q, error %v", name, database, err)
		}
		db.Close()
	}
}
