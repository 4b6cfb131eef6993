// Package integration runs the driver against greptimetest, or against a real
// GreptimeDB where GREPTIME_TEST_DSN names one.
package integration

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/greptime-go/greptime"
	_ "github.com/greptime-go/greptime/driver"
	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/test/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }

var databases atomic.Int64

// dsn returns a DSN with a database of the test's own, which goes with it.
func dsn(t *testing.T, params string) string {
	t.Helper()
	base := os.Getenv("GREPTIME_TEST_DSN")
	if base == "" {
		base = greptimetest.Start(t).DSN()
	}
	cfg, err := greptime.ParseDSN(base)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := greptime.Connect(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database = fmt.Sprintf("greptime_go_%d_%d", os.Getpid(), databases.Add(1))
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+cfg.Database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(context.Background(), "DROP DATABASE "+cfg.Database); err != nil {
			t.Error(err)
		}
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	text := cfg.FormatDSN()
	if params != "" {
		text += "?" + params
	}
	return text
}

// open opens a pool in a database of the test's own.
func open(t *testing.T, params string) *sqlx.DB {
	t.Helper()
	db, err := sqlx.Open("greptime", dsn(t, params))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func mustExec(t *testing.T, db *sqlx.DB, query string, args ...any) int64 {
	t.Helper()
	result, err := db.ExecContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// lower maps a field's name to its column's.
func lower(name string) string { return strings.ToLower(name) }
