package greptime_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

func TestWithHintsSendsFurtherHints(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server, "hints=ttl=7d,append_mode=true")
	last := func() []string {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.metadata[len(s.metadata)-1].Get("x-greptime-hints")
	}
	outer := greptime.WithHints(t.Context(), map[string]string{"ttl": "1d", "a": "1"})
	for _, test := range []struct {
		ctx  context.Context
		want string
	}{
		{t.Context(), "append_mode=true,ttl=7d"},
		{outer, "a=1,append_mode=true,ttl=1d"},
		{greptime.WithHints(outer, map[string]string{"a": "2", "b": "3"}), "a=2,append_mode=true,b=3,ttl=1d"},
		{greptime.WithHints(t.Context(), nil), "append_mode=true,ttl=7d"},
	} {
		if _, err := db.QueryContext(test.ctx, "SELECT 1"); err != nil {
			t.Fatal(err)
		}
		if got := last(); !slices.Equal(got, []string{test.want}) {
			t.Errorf("a query sent %q, want %s", got, test.want)
		}
		if _, err := db.ExecContext(test.ctx, "DELETE FROM t"); err != nil {
			t.Fatal(err)
		}
		if got := last(); !slices.Equal(got, []string{test.want}) {
			t.Errorf("a statement sent %q, want %s", got, test.want)
		}
		err := greptime.Raw(test.ctx, db, func(c *greptime.Conn) error {
			_, err := c.PromQL(test.ctx, greptime.PromInstant{Query: "up"})
			return err
		})
		if got := last(); err != nil || !slices.Equal(got, []string{test.want}) {
			t.Errorf("PromQL sent %q, want %s: %v", got, test.want, err)
		}
	}
}

func TestWithHintsReachesNativeInserts(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server)
	hinted := greptime.WithHints(t.Context(), map[string]string{"skip_wal": "true", "auto_create_table": "true"})
	if _, err := db.ExecContext(hinted, "INSERT INTO t (host, ts, v) VALUES (?, ?, ?)", "a", time.Now(), 1.5); err != nil {
		t.Fatal(err)
	}
	// The server would create a missing table, which it does not do for an INSERT.
	if call := s.lastCall(t); call.native == nil || !slices.Equal(call.hints, []string{"auto_create_table=false,skip_wal=true"}) {
		t.Errorf("sent %q with the hints %q", call.sql, call.hints)
	}
	metric := greptime.WithHints(t.Context(), map[string]string{"physical_table": "p"})
	if _, err := db.ExecContext(metric, "INSERT INTO t (host, ts, v) VALUES (?, ?, ?)", "a", time.Now(), 1.5); err != nil {
		t.Fatal(err)
	}
	if call := s.lastCall(t); call.native != nil || !slices.Equal(call.hints, []string{"physical_table=p"}) {
		t.Errorf("an INSERT with the hint physical_table went natively, with the hints %q", call.hints)
	}
	table := insert.NewTable("t", insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond))
	if err := table.Append("a", time.Now()); err != nil {
		t.Fatal(err)
	}
	options := insert.Options{Hints: map[string]string{"a": "options"}}
	ctx := greptime.WithHints(t.Context(), map[string]string{"a": "context", "b": "context"})
	if _, err := options.Write(ctx, db, table); err != nil {
		t.Fatal(err)
	}
	if call := s.lastCall(t); !slices.Equal(call.hints, []string{"a=options,b=context"}) {
		t.Errorf("package insert sent the hints %q", call.hints)
	}
}

func TestWithTimeZoneIsTheZoneOfACall(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server, "timezone=Europe/Berlin")
	last := func() string { return s.last(t).GetHeader().GetTimezone() }
	for _, zone := range []string{"Asia/Shanghai", "+05:30", "UTC", ""} {
		ctx := greptime.WithTimeZone(t.Context(), zone)
		want := zone
		if zone == "" {
			want = "UTC"
		}
		if _, err := db.QueryContext(ctx, "SELECT 1"); err != nil || last() != want {
			t.Errorf("a query in %q: %q, %v", zone, last(), err)
		}
		if _, err := db.ExecContext(ctx, "DELETE FROM t"); err != nil || last() != want {
			t.Errorf("a statement in %q: %q, %v", zone, last(), err)
		}
		if _, err := db.Exec("DELETE FROM t"); err != nil || last() != "Europe/Berlin" {
			t.Errorf("the next call is in %q, %v", last(), err)
		}
	}
	// A day is midnight UTC, which a session in UTC writes otherwise.
	ctx := greptime.WithTimeZone(t.Context(), "UTC")
	day := time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)
	texts := map[string]context.Context{"in the session's zone": t.Context(), "in UTC": ctx}
	got := map[string]string{}
	for name, ctx := range texts {
		if _, err := db.QueryContext(ctx, "SELECT ?", day); err != nil {
			t.Fatal(err)
		}
		got[name] = s.last(t).GetQuery().GetSql()
	}
	utc := openServer(t, s.Server, "timezone=UTC")
	if _, err := utc.QueryContext(t.Context(), "SELECT ?", day); err != nil {
		t.Fatal(err)
	}
	if want := s.last(t).GetQuery().GetSql(); got["in UTC"] != want {
		t.Errorf("an argument is %s in UTC, want %s", got["in UTC"], want)
	}
}

func TestTimesOfACallWithATimeZone(t *testing.T) {
	t.Parallel()
	db := openServer(t, startRows(t, 1))
	ctx := greptime.WithTimeZone(t.Context(), "Asia/Shanghai")
	const want = "2024-01-01T08:00:00+08:00"
	var at time.Time
	var host, cpu, mem, n any
	if err := db.QueryRowContext(ctx, metricsQuery).Scan(&at, &host, &cpu, &mem, &n); err != nil || at.Format(time.RFC3339) != want {
		t.Errorf("Scan: %v, %v", at, err)
	}
	for row, err := range greptime.Each[metric](ctx, db, metricsQuery) {
		if got := row.At.Format(time.RFC3339); err != nil || got != want {
			t.Errorf("Each: %s, %v", got, err)
		}
		break
	}
}

func TestHintsAndTimeZonesThatCannotBeSentAreErrorsOfTheCall(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server)
	conn := oneConn(t, db)
	table := insert.NewTable("t", insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond))
	if err := table.Append("a", time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		ctx  context.Context
		want string
	}{
		{greptime.WithHints(t.Context(), map[string]string{"a": "1,2"}), `WithHints: hint a: value "1,2"`},
		{greptime.WithHints(t.Context(), map[string]string{"": "x"}), `WithHints: hint key ""`},
		{greptime.WithTimeZone(t.Context(), "Mars/Olympus"), `WithTimeZone: unknown time zone "Mars/Olympus"`},
		{greptime.WithTimeZone(t.Context(), "+00:30"), "WithTimeZone: offset +00:30 cannot be used"},
	} {
		for name, call := range map[string]func() error{
			"Query": func() error { _, err := db.QueryContext(test.ctx, "SELECT 1"); return err },
			"Exec":  func() error { _, err := db.ExecContext(test.ctx, "DELETE FROM t"); return err },
			"native INSERT": func() error {
				_, err := db.ExecContext(test.ctx, "INSERT INTO t (host, ts) VALUES (?, ?)", "a", time.Now())
				return err
			},
			"Collect":      func() error { _, err := greptime.Collect[int](test.ctx, conn, "SELECT 1"); return err },
			"insert.Write": func() error { _, err := insert.Write(test.ctx, db, table); return err },
		} {
			if err := call(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v, want %s", name, err, test.want)
			}
		}
	}
	if n := s.Calls(""); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
