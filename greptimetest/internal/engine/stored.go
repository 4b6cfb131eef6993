package engine

import (
	"context"
	"database/sql"
	"math"
	"sync"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// stored is what the engine knows about the rows of a table beside its definition.
type stored struct {
	mu       sync.Mutex // held by writers of the table
	latest   int64      // the greatest time index ever written
	known    bool       // latest is known
	unlogged *unlogged  // nil for none
}

// newStored returns the state of a table that has no rows yet.
func newStored() *stored { return &stored{latest: math.MinInt64, known: true} }

// flush writes what is in memory to a file.
func (st *stored) flush() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.unlogged = nil
}

// knowLatest reads the greatest time index once: rows beyond it replace nothing,
// which is what nearly all rows are.
func (st *stored) knowLatest(ctx context.Context, conn *sql.Conn, t *schema.Table) error {
	if st.known {
		return nil
	}
	var v any
	ti := t.Columns[t.TimeIndex()]
	err := conn.QueryRowContext(ctx, "SELECT max("+schema.Quote(ti.Name)+") FROM "+t.Phys()).Scan(&v)
	if err != nil {
		return schema.AsError(err)
	}
	st.latest, st.known = math.MinInt64, true
	if v != nil {
		st.latest = fromDuck(ti.Type, v).(int64)
	}
	return nil
}
