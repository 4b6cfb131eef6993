package insert_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// What an error says about the rows of a call: that none was written only where the
// server's answer proves it.
func TestAnErrorSaysWhetherRowsMayBeWritten(t *testing.T) {
	t.Parallel()
	const region = "Invalid request to region 4638564679680(1080, 0), reason: "
	one, two := []int{1}, []int{2}
	for _, test := range []struct {
		message string
		rows    []int // of each table
		want    bool
	}{
		{"Partition time range for timestamp 9223372036854775807::Nanosecond is out of bound", two, true},
		{"Partition time range for timestamp 9223372036854775807::Nanosecond is out of bound", one, false},
		{region + "column temperature is not null but input has null", two, true},
		{region + "column temperature is not null but input has null", one, false},
		{region + "column temperature expect type Int64(Int64Type), given: FLOAT64(10)", one, false},
		{region + "column temperature expect type Int64(Int64Type), given: FLOAT64(10)", []int{1, 1}, true},
		{"Invalid InsertRequest, reason: Table `t` does not exist, and `auto_create_table` hint is disabled", []int{2, 3}, false},
		{"Failed to find schema, schema info: x", []int{2, 3}, false},
	} {
		s := wiretest.Start(t, func(c *wiretest.Call) error {
			if _, err := c.Recv(); err != nil {
				return err
			}
			return c.Fail(codes.InvalidArgument, test.message, int(greptime.InvalidArguments))
		})
		var tables []*insert.Table
		for i, n := range test.rows {
			table := insert.NewTable(strings.Repeat("t", i+1), insert.Field("temperature", insert.Float64), insert.Time("ts", insert.Millisecond))
			for range n {
				if err := table.Append(1.5, moment); err != nil {
					t.Fatal(err)
				}
			}
			tables = append(tables, table)
		}
		conn := connTo(t, s.DSN())
		ambiguous := func(way string, err error) {
			t.Helper()
			var e *greptime.Error
			if !errors.As(err, &e) || e.Ambiguous != test.want {
				t.Errorf("%s of %v rows, %q: %v, want Ambiguous %v", way, test.rows, test.message, err, test.want)
			}
		}
		_, err := insert.Write(t.Context(), conn, tables...)
		ambiguous("Write", err)
		_, err = insert.Delete(t.Context(), conn, tables...)
		ambiguous("Delete", err)

		stream, err := insert.NewStream(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		if err = stream.Send(t.Context(), tables...); err == nil {
			_, err = stream.CloseAndRecv(t.Context())
		}
		ambiguous("Stream", err)
		stream.Close()

		if len(tables) > 1 {
			continue // the buffered writer sends one at a time
		}
		w, err := insert.NewWriter(conn, insert.WriterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for range test.rows[0] {
			if err := w.Table("t", tables[0].Schema()).Append(t.Context(), 1.5, moment); err != nil {
				t.Fatal(err)
			}
		}
		err = w.Close(t.Context())
		ambiguous("Writer", err)
		if u := undelivered(t, err); len(u) != 1 || u[0].Ambiguous != test.want {
			t.Errorf("Writer, %q: %v, want Ambiguous %v", test.message, u, test.want)
		}
	}
}

// Of several requests in one call, those before the one that failed were executed.
func TestAWriteOfWhichARequestWasExecutedIsAmbiguous(t *testing.T) {
	t.Parallel()
	var got requests
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		if c.N > 1 {
			return c.Fail(codes.PermissionDenied, "User is not authorized to perform this action", int(greptime.PermissionDenied))
		}
		return got.accept(c)
	})
	table := insert.NewTable("t", insert.Field("s", insert.String), insert.Time("ts", insert.Millisecond))
	for range 3 {
		if err := table.Append(strings.Repeat("x", 40<<10), moment); err != nil {
			t.Fatal(err)
		}
	}
	n, err := insert.Write(t.Context(), connTo(t, s.DSN("max_message_size=64KiB")), table)
	var e *greptime.Error
	if n != 1 || !errors.As(err, &e) || !e.Ambiguous {
		t.Errorf("%d rows, %v; want 1 row, ambiguous", n, err)
	}
}

// A balancer of the user's own does not tell the driver whether a request was sent: then it may
// have been.
func TestWriteThroughAnotherBalancerIsAmbiguous(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*wiretest.Call) error{
		"connection cut": wiretest.Drop(),
		"refused": func(c *wiretest.Call) error {
			return c.Fail(codes.InvalidArgument, "out of range", int(greptime.InvalidArguments))
		},
	} {
		var stored atomic.Int32
		s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) {
			stored.Add(1)
			return true, end(c)
		})
		cfg := parseDSN(t, s.DSN())
		cfg.DialOptions = append(cfg.DialOptions, grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`))
		table := meters.NewTable("r")
		for n := range 16 {
			if err := table.Append("a", n, time.UnixMilli(int64(n))); err != nil {
				t.Fatal(err)
			}
		}
		_, err := insert.Write(t.Context(), connWith(t, cfg), table)
		var e *greptime.Error
		if !errors.As(err, &e) || !e.Ambiguous {
			t.Errorf("%s: %v, want an ambiguous error", name, err)
		}
		if got := stored.Load(); got != 1 {
			t.Errorf("%s: sent %d times", name, got)
		}
	}
}
