package integration

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/insert"
)

func TestInsertErrorsOfTheServer(t *testing.T) {
	t.Parallel()
	text := dsn(t, "")
	cfg, err := greptime.ParseDSN(text)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database = "no_such_database"
	write := func(dsn string) error {
		t.Helper()
		db, err := sql.Open("greptime", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		_, err = insert.Write(t.Context(), db, addReading(t, readings("t"), "a", 1, 1))
		return err
	}
	wantCode(t, write(cfg.FormatDSN()), greptime.InvalidArguments, "Failed to find schema")
	if _, err := greptime.Connect(t.Context(), cfg.FormatDSN()); !errors.Is(err, greptime.DatabaseNotFound) {
		t.Errorf("Connect: error %v, want DatabaseNotFound", err)
	}
	cfg.Database = "information_schema"
	wantCode(t, write(cfg.FormatDSN()), greptime.Unsupported, "read-only")
}

func TestInsertOfUsers(t *testing.T) {
	t.Parallel()
	if os.Getenv("GREPTIME_TEST_DSN") != "" {
		t.Skip("needs a server with users of its own")
	}
	s := greptimetest.Start(t, greptimetest.Options{Users: []greptimetest.User{{Name: "all", Password: "a"}, {Name: "reader", Password: "r", Mode: greptimetest.ReadOnly}, {Name: "writer", Password: "w", Mode: greptimetest.WriteOnly}}})
	for user, want := range map[string]error{"all:a": nil, "writer:w": nil, "reader:r": greptime.PermissionDenied, "all:x": greptime.UserPasswordMismatch, "nobody:x": greptime.UserNotFound} {
		conn, err := greptime.Connect(t.Context(), "greptime://"+user+"@"+s.Addr()+"/public")
		if err == nil {
			defer conn.Close()
			_, err = insert.Write(t.Context(), conn, addReading(t, readings("t"), user, 1, 1))
		}
		if !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%s: %v, want %v", user, err, want)
		}
	}
}

// The kind of failure decides whether the rows may have been written.
func TestInsertFaults(t *testing.T) {
	t.Parallel()
	if os.Getenv("GREPTIME_TEST_DSN") != "" {
		t.Skip("needs a server that fails on demand")
	}
	s := greptimetest.Start(t)
	db, err := sqlx.Open("greptime", s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	table := addReading(t, readings("t"), "a", 1, 1)
	mustInsert(t, db, insert.Options{}, table)

	s.Inject(greptimetest.Fault{Method: "Handle", Requests: 1, Code: uint32(greptime.RegionBusy), Message: "region is busy"})
	// Other regions may have taken their rows before one was busy.
	_, err = insertInto(t, db, insert.Options{}, table)
	var e *greptime.Error
	if !errors.Is(err, greptime.RegionBusy) || !errors.As(err, &e) || !e.Retryable || !e.Ambiguous || e.GRPC != codes.ResourceExhausted {
		t.Errorf("a busy region: %v", err)
	}

	s.Inject(greptimetest.Fault{Method: "Handle", Requests: 1, Drop: true})
	if _, err = insertInto(t, db, insert.Options{}, table); !errors.As(err, &e) || !e.Ambiguous {
		t.Errorf("a connection that broke: %v", err)
	}

	s.Inject(greptimetest.Fault{Method: "Handle", Requests: 1, Delay: time.Minute})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = greptime.Raw(t.Context(), db, func(conn *greptime.Conn) error {
		_, err := insert.Write(ctx, conn, table)
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || !e.Ambiguous {
		t.Errorf("a deadline: %v", err)
	}
	mustInsert(t, db, insert.Options{}, table) // the table is as it was
	wantRows(t, db, "SELECT * FROM t", "a 1 1970-01-01T00:00:00.001Z")
}
