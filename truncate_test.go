package greptime_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
)

// time_truncate cuts every argument that is a time, however it is passed and travels.
func TestTimeTruncateCutsTimeArguments(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	at := time.Date(2024, 1, 1, 8, 0, 0, 123_456_789, time.FixedZone("", 8*3600))
	before1970 := time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	far := time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	for _, tt := range []struct {
		param string
		arg   any
		want  string // as a literal in a comparison
	}{
		{"time_truncate=none", at, "TIMESTAMP '2024-01-01T00:00:00.123456789Z'"},
		{"time_truncate=1us", at, "TIMESTAMP '2024-01-01T00:00:00.123456Z'"},
		{"time_truncate=1ms", at, "TIMESTAMP '2024-01-01T00:00:00.123Z'"},
		{"time_truncate=1s", at, "TIMESTAMP '2024-01-01T00:00:00Z'"},
		{"time_truncate=24h", at.Add(time.Hour), "TIMESTAMP '2024-01-01T00:00:00Z'"},
		{"time_truncate=1ms", &at, "TIMESTAMP '2024-01-01T00:00:00.123Z'"},
		{"time_truncate=1ms", sql.Null[time.Time]{V: at, Valid: true}, "TIMESTAMP '2024-01-01T00:00:00.123Z'"},
		{"time_truncate=1ms", sql.NullTime{Time: at, Valid: true}, "TIMESTAMP '2024-01-01T00:00:00.123Z'"},
		{"time_truncate=1ms", sql.NullTime{}, "NULL"},
		{"time_truncate=1ms", before1970, "TIMESTAMP '1969-12-31T23:59:59.999Z'"},
		{"time_truncate=1s", before1970, "TIMESTAMP '1969-12-31T23:59:59Z'"},
		{"time_truncate=1us", far, "arrow_cast(CASE WHEN random() < 2 THEN 253402300799999999 END, 'Timestamp(Microsecond, None)')"},
		{"time_truncate=1s", greptime.Date{Year: 2024, Month: 2, Day: 29}, "DATE '2024-02-29'"},
	} {
		db := openServer(t, s.Server, tt.param)
		exec(t, db, "DELETE FROM t WHERE ts < ?", tt.arg)
		if got, want := s.lastCall(t).sql, "DELETE FROM t WHERE ts < "+tt.want; got != want {
			t.Errorf("%s, %T: %s, want %s", tt.param, tt.arg, got, want)
		}
		err := greptime.Raw(t.Context(), db, func(c *greptime.Conn) error {
			_, err := c.Exec(t.Context(), "DELETE FROM t WHERE ts < :to", sql.Named("to", tt.arg))
			return err
		})
		if got, want := s.lastCall(t).sql, "DELETE FROM t WHERE ts < "+tt.want; err != nil || got != want {
			t.Errorf("%s, %T: %s, %v, want %s", tt.param, tt.arg, got, err, want)
		}
	}

	exec(t, openServer(t, s.Server, "time_truncate=1s", "insert=sql"), "INSERT INTO t (host, ts) VALUES ('a', ?)", at)
	if got, want := s.lastCall(t).sql, "INSERT INTO t (host, ts) VALUES ('a', '2024-01-01T00:00:00Z')"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	exec(t, openServer(t, s.Server, "time_truncate=1s", "insert=native"), "INSERT INTO t (host, ts) VALUES ('a', ?)", before1970)
	row := s.lastCall(t).native.GetRowInserts().Inserts[0].Rows.Rows[0]
	if got := row.Values[1].GetTimestampMillisecondValue(); got != -1000 {
		t.Errorf("stored natively is %d, want -1000", got)
	}
}

// uncheckedWrapper passes on statements, but not CheckNamedValue: database/sql then converts the
// arguments by its own rules.
type uncheckedWrapper struct{ driver.Conn }

func (w uncheckedWrapper) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return w.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (w uncheckedWrapper) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return w.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func TestTimeTruncateCutsTimesThatNobodyChecked(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	at := time.Date(2024, 1, 1, 0, 0, 0, 123_456_789, time.UTC)
	wrap := func(c driver.Conn) driver.Conn { return uncheckedWrapper{c} }
	cut := openWrapped(t, s.Server, wrap, "time_truncate=1ms")
	for _, run := range []func(string, ...any) error{
		func(text string, args ...any) error { _, err := cut.Exec(text, args...); return err },
		func(text string, args ...any) error {
			rows, err := cut.Query(text, args...)
			if err != nil {
				return err
			}
			return rows.Close()
		},
	} {
		err := run("DELETE FROM t WHERE host = ? AND ts < ?", "a", at)
		if got, want := s.lastCall(t).sql, "DELETE FROM t WHERE host = 'a' AND ts < TIMESTAMP '2024-01-01T00:00:00.123Z'"; err != nil || got != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	native := openWrapped(t, s.Server, wrap, "time_truncate=1s", "insert=native")
	exec(t, native, "INSERT INTO t (host, ts) VALUES ('a', ?)", at)
	row := s.lastCall(t).native.GetRowInserts().Inserts[0].Rows.Rows[0]
	if got, want := row.Values[1].GetTimestampMillisecondValue(), at.Unix()*1000; got != want {
		t.Errorf("stored natively is %d, want %d", got, want)
	}
}
