package greptime_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/bufpool"
	"github.com/greptime-go/greptime/internal/test/race"
)

// What a batch costs, the server's share in this process included. A row costs what
// its batch does, and on Go 1.26 a box for each of its values.
const (
	allocationBatches      = 100
	allocationsOfABatch    = 50
	allocatedBytesOfABatch = 4 << 10
	allocationsOfARow      = 0.05
)

// boxesRows says that this Go has no driver.RowsColumnScanner.
var boxesRows = strings.HasPrefix(runtime.Version(), "go1.26")

func TestAllocationsOfRows(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates, too")
	}
	db := openServer(t, startRows(t, allocationBatches))
	most := allocationsOfARow
	if boxesRows {
		most = 5.05
	}
	for name, dest := range map[string][]any{
		"values":   {new(time.Time), new(string), new(float64), new(sql.NullFloat64), new(int64)},
		"sql.Null": {new(sql.NullTime), new(sql.NullString), new(sql.NullFloat64), new(sql.NullFloat64), new(sql.NullInt64)},
	} {
		perResult := testing.AllocsPerRun(5, func() {
			rows, err := db.Query("SELECT ts, host, cpu, mem, n FROM metrics")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			n := 0
			for ; rows.Next(); n++ {
				if err := rows.Scan(dest...); err != nil {
					t.Fatal(err)
				}
			}
			if err := rows.Err(); err != nil || n != allocationBatches*batchRows {
				t.Fatal(n, err)
			}
		})
		if got := perResult / allocationBatches / batchRows; got > most {
			t.Errorf("%s: %.3f allocations a row of five columns, want at most %.2f", name, got, most)
		}
	}
}

func TestAllocationsOfArrowBatches(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates, too")
	}
	bufpool.Poison(false)
	defer bufpool.Poison(true)
	db := openServer(t, startRows(t, allocationBatches))
	read := func() {
		err := greptime.Raw(context.Background(), db, func(c *greptime.Conn) error {
			rd, err := c.QueryArrow(context.Background(), "SELECT ts, host, cpu, mem, n FROM metrics")
			if err != nil {
				return err
			}
			defer rd.Release()
			n := 0
			for rd.Next() {
				n++
			}
			if n != allocationBatches {
				return fmt.Errorf("%d batches: %w", n, rd.Err())
			}
			return rd.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := testing.AllocsPerRun(5, read) / allocationBatches; got > allocationsOfABatch {
		t.Errorf("%.1f allocations a batch, want at most %d", got, allocationsOfABatch)
	}
	const runs = 20
	least := uint64(math.MaxUint64)
	for range 4 { // a collection empties pools, and the first round fills them
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			read()
		}
		runtime.ReadMemStats(&after)
		least = min(least, (after.TotalAlloc-before.TotalAlloc)/runs/allocationBatches)
	}
	if least > allocatedBytesOfABatch {
		t.Errorf("%d bytes are allocated for a batch, want at most %d", least, allocatedBytesOfABatch)
	}
}
