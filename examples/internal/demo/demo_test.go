package demo

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/greptimetest"
)

// TestDatabaseIsDropped: after Close the server does not have the database, whatever was
// written to it, and a database of the user's is not taken for it.
func TestDatabaseIsDropped(t *testing.T) {
	s := greptimetest.Start(t)
	t.Setenv("GREPTIME_DSN", s.DSN())
	d, err := Open(t.Context(), "greptime_demo")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Exec(t.Context(), "CREATE TABLE t (ts TIMESTAMP TIME INDEX)"); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "INSERT INTO greptime_demo.t VALUES (1)"); !errors.Is(err, greptime.TableNotFound) {
		t.Errorf("after Close an INSERT into the database answers %v, want that its table is gone", err)
	}

	t.Setenv("GREPTIME_DSN", strings.Replace(s.DSN(), "/public", "/greptime_demo", 1))
	if _, err := Open(t.Context(), "greptime_demo"); err == nil || !strings.Contains(err.Error(), "greptime_demo") {
		t.Errorf("with GREPTIME_DSN in the example's database Open answers %v, want an error that names it", err)
	}
}

// TestBarOffATerminal: a bar prints one plain line there, at its end.
func TestBarOffATerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := newBar(&out, false, "one by one", 500)
	for rows := int64(0); rows <= 500; rows += 100 {
		b.Set(rows)
	}
	if out.Len() > 0 {
		t.Errorf("before its end the bar prints %q, want nothing", out.String())
	}
	b.Done()
	if want := regexp.MustCompile(`^one by one: 500 rows in [0-9.]+[µnm]?s\n$`); !want.MatchString(out.String()) {
		t.Errorf("the bar prints %q, want one line like %q", out.String(), want)
	}
}
