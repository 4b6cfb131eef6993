package greptime_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/race"
)

// TestResultsSideBySide reads results on several goroutines, by rows and as Arrow
// batches, to their end, up to some row, and until they are cancelled. The memory of
// their batches goes from one to the other; every value that is kept stays what it was.
func TestResultsSideBySide(t *testing.T) {
	const batches, readers = 6, 8
	db := openServer(t, startRows(t, batches))
	results := 60
	if race.Enabled {
		results = 15
	}
	var wg sync.WaitGroup
	for reader := range readers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(7, uint64(reader)))
			for range results {
				ctx, cancel := context.WithCancel(t.Context())
				stopAt := rng.IntN(2 * batches * batchRows) // beyond the end: read all
				var err error
				if rng.IntN(2) == 0 {
					err = checkRows(ctx, db, stopAt, rng.IntN(2) == 0, cancel)
				} else {
					err = greptime.Raw(ctx, db, func(c *greptime.Conn) error { return checkBatches(ctx, c, stopAt/batchRows) })
				}
				cancel()
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// checkRows scans rows up to stopAt, then cancels or closes, and looks at all of them
// only then.
func checkRows(ctx context.Context, db *sql.DB, stopAt int, cancels bool, cancel func()) error {
	rows, err := db.QueryContext(ctx, "SELECT ts, host, cpu, mem, n FROM metrics")
	if err != nil {
		return err
	}
	defer rows.Close()
	type row struct {
		ts   time.Time
		host string
		cpu  float64
		mem  sql.NullFloat64
		n    int64
	}
	var kept []row
	for len(kept) < stopAt && rows.Next() {
		var r row
		if err := rows.Scan(&r.ts, &r.host, &r.cpu, &r.mem, &r.n); err != nil {
			return err
		}
		kept = append(kept, r)
	}
	if cancels {
		cancel()
		for rows.Next() {
		}
	}
	if err := rows.Err(); err != nil && !(cancels && errors.Is(err, context.Canceled)) {
		return err
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for k, r := range kept {
		i := k % batchRows
		if r.ts.UnixMilli() != 1704067200000+int64(i)*1000 || r.host != fmt.Sprintf("host-%d", i%40) || r.cpu != float64(i)*0.37 ||
			r.mem.Valid != (i%17 != 0) || r.n != int64(i)*7919 {
			return fmt.Errorf("row %d is %+v", k, r)
		}
	}
	return nil
}

// checkBatches reads so many batches, keeps some, and looks at them when the result has
// been released.
func checkBatches(ctx context.Context, c *greptime.Conn, batches int) error {
	rd, err := c.QueryArrow(ctx, "SELECT ts, host, cpu, mem, n FROM metrics")
	if err != nil {
		return err
	}
	defer rd.Release()
	var kept []arrow.RecordBatch
	for n := 0; n < batches && rd.Next(); n++ {
		if n%2 == 0 {
			rd.RecordBatch().Retain()
			kept = append(kept, rd.RecordBatch())
		}
	}
	if err := rd.Err(); err != nil {
		return err
	}
	errs := make(chan error, len(kept))
	for _, b := range kept {
		go func() {
			defer b.Release()
			hosts, counts := b.Column(1).(*array.String), b.Column(4).(*array.Int64)
			for i := range batchRows {
				if hosts.Value(i) != fmt.Sprintf("host-%d", i%40) || counts.Value(i) != int64(i)*7919 {
					errs <- fmt.Errorf("row %d of a batch is %s, %d", i, hosts.Value(i), counts.Value(i))
					return
				}
			}
			errs <- nil
		}()
	}
	for range kept {
		err = errors.Join(err, <-errs)
	}
	return err
}
