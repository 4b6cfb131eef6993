package integration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/insert"
)

// appendRows appends rows of the columns host, v and ts whose times begin with first.
func appendRows(t *testing.T, b *bulk.Batch, first, rows int) *bulk.Batch {
	t.Helper()
	for i := range rows {
		if err := b.Append("a", int64(first+i), time.UnixMilli(int64(first+i))); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// Columns that are added while several goroutines write: no batch is lost, and those
// after a Flush have the columns.
func TestBulkLoadWhileColumnsAreAdded(t *testing.T) {
	t.Parallel()
	c := connect(t)
	run(t, c, "CREATE TABLE t (host STRING, v BIGINT, ts TIMESTAMP TIME INDEX, PRIMARY KEY (host))")
	w := bulkWriter(t, c, "t", bulk.Options{Streams: 2, Retry: insert.Retry{MinBackoff: time.Millisecond, AtLeastOnce: true}, CheckInterval: 10 * time.Millisecond})
	const goroutines, batches, rows = 3, 20, 10
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range batches {
				if _, err := w.WriteAsync(t.Context(), appendRows(t, w.NewBatch(rows), (g*batches+i)*rows, rows)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	run(t, c, "ALTER TABLE t ADD COLUMN note STRING")
	run(t, c, "ALTER TABLE t ADD COLUMN n INT DEFAULT 5")
	wg.Wait()
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	const written = goroutines * batches * rows
	if _, err := w.WriteAsync(t.Context(), appendRows(t, w.NewBatch(rows), written, rows)); err != nil {
		t.Fatal(err)
	}
	if sum := closeWriter(t, w); sum.Acknowledged != goroutines*batches+1 {
		t.Errorf("%+v", sum)
	}
	want := fmt.Sprint(written + rows)
	if got := texts(t, c, "SELECT count(*) FROM t WHERE host = 'a'"); got[0][0] != want {
		t.Errorf("%s rows, want %s", got[0][0], want)
	}
	if got := texts(t, c, fmt.Sprintf("SELECT count(*) FROM t WHERE n = 5 AND note IS NULL AND v >= %d", written)); got[0][0] != fmt.Sprint(rows) {
		t.Errorf("%s rows have the columns that were added, want %d", got[0][0], rows)
	}
}

func TestBulkLoadWhoseColumnsChange(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		statements []string
		want       string // of the error; empty: the load goes on
	}{
		"dropped":                       {[]string{"ALTER TABLE %s DROP COLUMN v"}, `column "v" was dropped`},
		"another type":                  {[]string{"ALTER TABLE %s MODIFY COLUMN v STRING"}, `column "v" is STRING and was BIGINT`},
		"made again":                    {[]string{"DROP TABLE %s", "CREATE TABLE %s (host STRING, v BIGINT, ts TIMESTAMP TIME INDEX, PRIMARY KEY (host))"}, ""},
		"made again, in another order":  {[]string{"DROP TABLE %s", "CREATE TABLE %s (ts TIMESTAMP TIME INDEX, v BIGINT, host STRING, PRIMARY KEY (host))"}, ""},
		"made again, with another role": {[]string{"DROP TABLE %s", "CREATE TABLE %s (host STRING, v BIGINT, ts TIMESTAMP TIME INDEX)"}, `column "host" is a field and was a tag`},
		"made again, NOT NULL":          {[]string{"DROP TABLE %s", "CREATE TABLE %s (host STRING, v BIGINT NOT NULL, ts TIMESTAMP TIME INDEX, PRIMARY KEY (host))"}, `column "v" is NOT NULL and was not`},
		"another default":               {[]string{"ALTER TABLE %s MODIFY COLUMN v SET DEFAULT 3"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t)
			const table = `"UpCase"`
			run(t, c, "CREATE TABLE "+table+" (host STRING, v BIGINT, ts TIMESTAMP TIME INDEX, PRIMARY KEY (host))")
			w := bulkWriter(t, c, "UpCase", bulk.Options{Streams: 1})
			if _, err := w.Write(t.Context(), appendRows(t, w.NewBatch(1), 0, 1)); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, text := range tt.statements {
				run(t, c, fmt.Sprintf(text, table))
			}
			_, writeErr := w.Write(t.Context(), appendRows(t, w.NewBatch(1), 1, 1))
			err := w.Flush(t.Context())
			if tt.want != "" {
				if !errors.Is(err, bulk.ErrTableChanged) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%v, want %q", err, tt.want)
				}
				_, _ = w.Close(t.Context())
				return
			}
			if err != nil {
				t.Error(err)
			}
			// A stream to the table that was dropped may have failed, and the next goes on.
			var failed *bulk.WriteError
			if writeErr != nil && !errors.As(writeErr, &failed) {
				t.Error(writeErr)
			}
			if _, err := w.Write(t.Context(), appendRows(t, w.NewBatch(1), 2, 1)); err != nil {
				t.Error(err)
			}
			closeWriter(t, w)
		})
	}
}

// What was acknowledged before a Flush or Close outlives a crash of the server.
func TestBulkLoadOutlivesACrash(t *testing.T) {
	t.Parallel()
	if os.Getenv("GREPTIME_TEST_DSN") != "" {
		t.Skip("needs a server that can be made to crash")
	}
	for _, version := range []string{"1.0.2", "1.1.4"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := greptimetest.Start(t, greptimetest.Options{Version: version})
			dial := func() *greptime.Conn {
				t.Helper()
				c, err := greptime.Connect(t.Context(), s.DSN())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = c.Close() })
				return c
			}
			c := dial()
			run(t, c, "CREATE DATABASE other")
			run(t, c, `CREATE TABLE other."Up.Case" (host STRING, v BIGINT, ts TIMESTAMP TIME INDEX, PRIMARY KEY (host))`)
			if err := c.Use(t.Context(), "other"); err != nil {
				t.Fatal(err)
			}
			w := bulkWriter(t, c, "Up.Case", bulk.Options{Streams: 1, Retry: insert.Retry{MinBackoff: time.Millisecond, AtLeastOnce: true}, CheckInterval: -1})
			if err := c.Use(t.Context(), "public"); err != nil {
				t.Fatal(err)
			}
			count := func(want int) {
				t.Helper()
				if err := s.Crash(); err != nil {
					t.Fatal(err)
				}
				c = dial() // the others are broken
				if got := texts(t, c, `SELECT count(*) FROM other."Up.Case"`); got[0][0] != fmt.Sprint(want) {
					t.Errorf("after a crash %s rows are left, want %d", got[0][0], want)
				}
			}
			write := func(n int) {
				t.Helper()
				if _, err := w.Write(t.Context(), appendRows(t, w.NewBatch(10), n*10, 10)); err != nil {
					t.Fatal(err)
				}
			}
			write(0)
			run(t, c, `ALTER TABLE other."Up.Case" ADD COLUMN note STRING`)
			write(1)
			write(2)
			if err := w.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			count(30)
			write(3)
			run(t, c, `ALTER TABLE other."Up.Case" ADD COLUMN n BIGINT`)
			write(4)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if _, err := w.Close(ctx); err != nil {
				t.Fatal(err)
			}
			count(50)
		})
	}
}
