package greptime_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]greptime.Version{
		"1.0.2":                            {Major: 1, Patch: 2},
		"1.1.4":                            {Major: 1, Minor: 1, Patch: 4},
		" v1.2.0-beta.2\n":                 {Major: 1, Minor: 2, Pre: "beta.2"},
		"1.3.0-nightly-20260803-ab+x":      {Major: 1, Minor: 3, Pre: "nightly-20260803-ab"},
		"8.4.2-greptimedb-1.0.2":           {Major: 1, Patch: 2},
		"PostgreSQL 16.3 GreptimeDB 1.1.4": {Major: 1, Minor: 1, Patch: 4},
		"PostgreSQL 16.3 GreptimeDB 10.20.30-rc.1":   {Major: 10, Minor: 20, Patch: 30, Pre: "rc.1"},
		"8.4.2-greptimedb-1.2.0-beta.1":              {Major: 1, Minor: 2, Pre: "beta.1"},
		"9.9.9-greptimedb-8.8.8-greptimedb-v1.0.0-a": {Major: 1, Pre: "a"},
	} {
		if v, err := greptime.ParseVersion(text); err != nil || v != want {
			t.Errorf("%q: %#v, %v; want %#v", text, v, err, want)
		}
	}
	for _, text := range []string{"", "GreptimeDB", "1", "1.1", "1.1.4.5", "1.1.x", "-1.0.0", "1.1.4-", "1.1.4-beta..1", "1.1.4-β", "99999999999.0.0", "latest 1.1.4", strings.Repeat("1", 10_000)} {
		if v, err := greptime.ParseVersion(text); err == nil || v != (greptime.Version{}) || len(err.Error()) > 250 {
			t.Errorf("%q: %v, %v; want an error", text, v, err)
		}
	}
}

func TestVersionsAreOrdered(t *testing.T) {
	t.Parallel()
	ordered := []greptime.Version{{}, {Pre: "alpha"}, {Patch: 1}}
	for _, text := range []string{"0.9.5", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-beta", "1.0.0-beta.1", "1.0.0-beta.2", "1.0.0-beta.10", "1.0.0-rc.1", "1.0.0", "1.0.2", "1.1.0-nightly-20260101", "1.1.0", "1.1.4", "1.2.0-beta.1", "1.2.0-beta.2", "1.10.0", "2.0.0"} {
		v, err := greptime.ParseVersion(text)
		if err != nil || v.String() != text {
			t.Fatalf("%s, %v, want %s", v, err, text)
		}
		ordered = append(ordered, v)
	}
	for i, v := range ordered {
		for j, other := range ordered {
			want := min(max(i-j, -1), 1)
			if got := v.Compare(other); got != want {
				t.Errorf("%v compared with %v is %d, want %d", v, other, got, want)
			}
		}
	}
	if text := (greptime.Version{}).String(); text != "unknown" {
		t.Errorf("the zero Version is %q", text)
	}
}

// connect opens a Connector that ends with the test, and a connection of it.
func connect(t testing.TB, dsn string) (*greptime.Connector, *greptime.Conn) {
	t.Helper()
	cfg, err := greptime.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connector.Close() })
	conn, err := connector.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return connector, conn.(*greptime.Conn)
}

// versionServer answers SELECT version() with the text that answer returns.
func versionServer(t testing.TB, answer func() string) *wiretest.Server {
	schema := arrow.NewSchema([]arrow.Field{{Name: "version()", Type: arrow.BinaryTypes.StringView}}, nil)
	return wiretest.Start(t, wiretest.NewMux().SQL("SELECT version()", func(c *wiretest.Call) error {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		defer b.Release()
		b.Field(0).(*array.StringViewBuilder).Append(answer())
		record := b.NewRecordBatch()
		defer record.Release()
		return wiretest.Flight(resultMessages(t, schema, record))(c)
	}).Handle)
}

func TestServerVersionIsThatOfTheRecording(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, wiretest.NewMux(captures.DoGetByName("select_version")).Handle)
	_, conn := connect(t, s.DSN())
	v, err := conn.ServerVersion(t.Context())
	if want := (greptime.Version{Major: 1, Patch: 2}); err != nil || v != want {
		t.Errorf("%v, %v; want %v", v, err, want)
	}
}

func TestServerVersionIsAskedOncePerEndpoint(t *testing.T) {
	t.Parallel()
	var asked [2]atomic.Int64
	var addrs []string
	for i := range asked {
		s := versionServer(t, func() string {
			asked[i].Add(1)
			return fmt.Sprintf("1.%d.0", i)
		})
		addrs = append(addrs, s.Addr())
	}
	connector, _ := connect(t, "greptime://"+strings.Join(addrs, ",")+"/public?balance=round_robin")
	var seen []string
	for range 3 {
		for range 2 {
			conn, err := connector.Connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			v, err := conn.(*greptime.Conn).ServerVersion(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, v.String())
		}
	}
	slices.Sort(seen)
	if seen = slices.Compact(seen); !slices.Equal(seen, []string{"1.0.0", "1.1.0"}) {
		t.Errorf("versions %v", seen)
	}
	if a, b := asked[0].Load(), asked[1].Load(); a != 1 || b != 1 {
		t.Errorf("asked %d and %d times, want once each", a, b)
	}
}

func TestServerVersionOfAnotherEndpointWhereOneIsDown(t *testing.T) {
	t.Parallel()
	down := versionServer(t, func() string { return "1.0.0" })
	s := versionServer(t, func() string { return "1.1.0" })
	_, conn := connect(t, "greptime://"+down.Addr()+","+s.Addr()+"/public?balance=ordered")
	down.Stop()
	if v, err := conn.ServerVersion(t.Context()); err != nil || v.String() != "1.1.0" {
		t.Errorf("%v, %v", v, err)
	}
}

func TestServerVersionThatCannotBeHad(t *testing.T) {
	t.Parallel()
	var text atomic.Pointer[string]
	s := versionServer(t, func() string { return *text.Load() })
	_, conn := connect(t, s.DSN())
	for _, answer := range []string{"", "newest"} {
		text.Store(&answer)
		if v, err := conn.ServerVersion(t.Context()); err == nil || v != (greptime.Version{}) {
			t.Errorf("%q: %v, %v", answer, v, err)
		}
	}
	good := "1.1.4" // what was not understood is not kept
	text.Store(&good)
	if v, err := conn.ServerVersion(t.Context()); err != nil || v.String() != good {
		t.Errorf("%v, %v", v, err)
	}

	withoutColumns := wiretest.Start(t, wiretest.NewMux().SQL("SELECT version()", func(c *wiretest.Call) error {
		schema := arrow.NewSchema(nil, nil)
		batch := array.NewRecordBatch(schema, nil, 1)
		defer batch.Release()
		message, err := wiretest.BatchMessage(batch)
		if err != nil {
			return err
		}
		return c.SendFlight(wiretest.SchemaMessage(schema), message, wiretest.MetricsMessage())
	}).Handle)
	_, reader := connect(t, withoutColumns.DSN())
	if v, err := reader.ServerVersion(t.Context()); err == nil || v != (greptime.Version{}) {
		t.Errorf("a row without columns: %v, %v", v, err)
	}

	writeOnly := wiretest.Start(t, wiretest.NewMux().SQL("SELECT version()", func(c *wiretest.Call) error {
		return c.Fail(codes.PermissionDenied, "User is not authorized to perform this action", 7006)
	}).Handle)
	_, writer := connect(t, writeOnly.DSN())
	if v, err := writer.ServerVersion(t.Context()); !errors.Is(err, greptime.PermissionDenied) || v != (greptime.Version{}) {
		t.Errorf("a user who may only write: %v, %v", v, err)
	}

	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ServerVersion(t.Context()); !errors.Is(err, greptime.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// A version is read as it is written, and versions have one order.
func FuzzVersion(f *testing.F) {
	f.Add("1.2.0-beta.2", "v1.2.0-beta.10", "1.2.0")
	f.Add("8.4.2-greptimedb-1.0.2", "PostgreSQL 16.3 GreptimeDB 1.1.4", "1.1.4+nightly.1")
	f.Add("1.0.0-01", "1.0.0-1", "1.0.0-99999999999999999999")
	f.Add("0.0.0", "0.0.0-0", "unknown")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		var versions [3]greptime.Version
		for i, text := range []string{a, b, c} {
			v, err := greptime.ParseVersion(text)
			if err != nil {
				if v != (greptime.Version{}) {
					t.Errorf("%q is %v, with error %v", text, v, err)
				}
				continue
			}
			if again, err := greptime.ParseVersion(v.String()); v != (greptime.Version{}) && (err != nil || again != v) {
				t.Errorf("%q is %v, which is read as %v, %v", text, v, again, err)
			}
			versions[i] = v
		}
		for _, v := range versions {
			for _, w := range versions {
				if v.Compare(w) != -w.Compare(v) || (v == w) != (v.Compare(w) == 0) {
					t.Errorf("%v and %v: %d and %d", v, w, v.Compare(w), w.Compare(v))
				}
				for _, x := range versions {
					if v.Compare(w) < 0 && w.Compare(x) < 0 && v.Compare(x) >= 0 {
						t.Errorf("%v < %v < %v, but not %v < %v", v, w, x, v, x)
					}
				}
			}
		}
	})
}
