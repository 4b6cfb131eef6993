package greptime_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// database/sql returns the context's own error once the context of a query has ended. The
// error that the driver returns to it must not claim that nothing was written.
func TestErrorOfRowsIsAmbiguousAfterAWriteOfTheText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, query string
		hangs       string // the statement during which the context ends
		before      int    // the message of its answer before which it ends
		ambiguous   bool
	}{
		{"in the statement after a write", "INSERT INTO a VALUES (1); SELECT 2", "SELECT 2", 0, true},
		{"in the rows of the statement after a write", "INSERT INTO a VALUES (1); SELECT 2", "SELECT 2", 1, true},
		{"in a later result", "SELECT 1; INSERT INTO a VALUES (1); SELECT 2", "SELECT 2", 0, true},
		{"in the rows of a later result", "SELECT 1; INSERT INTO a VALUES (1); SELECT 2", "SELECT 2", 1, true},
		{"in the write itself", "SELECT 1; INSERT INTO a VALUES (1)", "INSERT INTO a VALUES (1)", 0, true},
		{"in a write after a write", "SELECT 1; INSERT INTO a VALUES (1); INSERT INTO a VALUES (2)", "INSERT INTO a VALUES (2)", 0, true},
		{"in a read before the write", "SELECT 1; INSERT INTO a VALUES (1)", "SELECT 1", 1, false},
		{"in a text that only reads", "SELECT 1; SELECT 2", "SELECT 2", 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := newRecordingServer(t)
			exchange := captures.DoGetByName("select_constants")
			s.fail[test.hangs] = wiretest.Replay(exchange, wiretest.Before(test.before, func(c *wiretest.Call) error {
				if err := wiretest.Flush()(c); err != nil {
					return err
				}
				cancel()
				return wiretest.Hang()(c)
			}))
			conn := oneConn(t, openServer(t, s.Server, "multi_statements=true", "insert=sql"))
			err := conn.Raw(func(driverConn any) error {
				rows, err := driverConn.(driver.QueryerContext).QueryContext(ctx, test.query, nil)
				if err != nil {
					return err
				}
				defer rows.Close()
				return readDriverRows(rows)
			})
			var e *greptime.Error
			if !errors.Is(err, context.Canceled) || !errors.As(err, &e) {
				t.Fatalf("%v, want a *greptime.Error of the context", err)
			}
			if e.Ambiguous != test.ambiguous {
				t.Errorf("Ambiguous is %t, want %t: %v", e.Ambiguous, test.ambiguous, err)
			}
		})
	}
}

// A value that cannot be read does not hide that a statement before it wrote something.
func TestErrorOfAValueIsAmbiguousAfterAWriteOfTheText(t *testing.T) {
	t.Parallel()
	times := array.NewTime64Builder(memory.DefaultAllocator, &arrow.Time64Type{Unit: arrow.Microsecond})
	times.Append(math.MaxInt64) // beyond what nanoseconds can express
	record := recordOf(times.NewArray())
	s := newRecordingServer(t)
	s.fail["SELECT 2"] = func(c *wiretest.Call) error {
		for _, m := range resultMessages(t, record.Schema(), record) {
			if err := c.Send(wiretest.EncodeFlightData(m)); err != nil {
				return err
			}
		}
		return nil
	}
	db := openServer(t, s.Server, "multi_statements=true", "insert=sql")
	for query, want := range map[string]bool{"INSERT INTO a VALUES (1); SELECT 2": true, "SELECT 2": false} {
		rows, err := db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var v any
			err = errors.Join(err, rows.Scan(&v))
		}
		err = errors.Join(err, rows.Err(), rows.Close())
		var e *greptime.Error
		if err == nil || errors.As(err, &e) && e.Ambiguous != want || e == nil && want {
			t.Errorf("%s: %v, want an error, Ambiguous %t", query, err, want)
		}
	}
}

// The memory of a result that NextResultSet has left, and found to have failed, is not read again.
func TestNoRowsAfterAResultThatFailedBehindThem(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	s.fail["SELECT 1"] = wiretest.Replay(captures.DoGetByName("batches_scan_file"), wiretest.Before(3, wiretest.Fail(codes.Internal, "late", 3001)))
	conn := oneConn(t, openServer(t, s.Server, "multi_statements=true"))
	err := conn.Raw(func(driverConn any) error {
		rows, err := driverConn.(driver.QueryerContext).QueryContext(t.Context(), "SELECT 1; SELECT 2", nil)
		if err != nil {
			return err
		}
		defer rows.Close()
		dest := make([]driver.Value, len(rows.Columns()))
		if err := rows.Next(dest); err != nil {
			return err
		}
		if err := rows.(driver.RowsNextResultSet).NextResultSet(); !errors.Is(err, greptime.EngineExecuteQuery) {
			t.Errorf("NextResultSet: %v", err)
		}
		if err := rows.Next(dest); !errors.Is(err, greptime.EngineExecuteQuery) {
			t.Errorf("Next: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// readDriverRows reads all results of rows as database/sql does, and returns the driver's own
// error.
func readDriverRows(rows driver.Rows) error {
	for {
		dest := make([]driver.Value, len(rows.Columns()))
		for {
			if err := rows.Next(dest); err == io.EOF {
				break
			} else if err != nil {
				return err
			}
		}
		next := rows.(driver.RowsNextResultSet)
		if !next.HasNextResultSet() {
			return nil
		}
		if err := next.NextResultSet(); err != nil {
			return err
		}
	}
}
