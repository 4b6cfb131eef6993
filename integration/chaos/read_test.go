package chaos

import (
	"context"
	"errors"
	"fmt"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/faultserver"
)

// read reads numbers in one of all ways. A result is complete, or there is an error.
func (w *worker) read() {
	n := []int64{0, 1, 10, 1000, 20_000}[w.rand.IntN(5)]
	switch w.rand.IntN(6) {
	case 0:
		_ = w.scan(n)
	case 1:
		_ = w.collect(n)
	case 2:
		w.each(n)
	case 3:
		w.one()
	case 4:
		w.arrow(n)
	case 5:
		_ = w.call("Ping", w.db.PingContext)
	}
}

// check compares a row with the one that it must be.
func (w *worker) check(name string, at int64, row faultserver.Number) {
	if want := faultserver.NumberAt(at); row != want {
		w.t.Errorf("%s: row %d is %v, want %v", name, at, row, want)
	}
}

// checkEnd compares the number of rows with what they must be, unless there is an error.
func (w *worker) checkEnd(name string, n, want int64, err error) {
	if n > want || err == nil && n != want {
		w.t.Errorf("%s: %d rows of %d, and the error %v", name, n, want, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count.rowsRead += n
}

func (w *worker) scan(want int64) error {
	const name = "Query"
	n := int64(0)
	err := w.call(name, func(ctx context.Context) error {
		rows, err := w.db.QueryContext(ctx, faultserver.SelectNumbers(want))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var row faultserver.Number
			if err := rows.Scan(&row.ID, &row.Half, &row.Label); err != nil {
				if ctx.Err() == nil { // database/sql closes the rows when the context ends
					w.t.Errorf("%s: %v", name, err)
				}
				return err
			}
			w.check(name, n, row)
			n++
		}
		return errors.Join(rows.Err(), rows.Close())
	})
	w.checkEnd(name, n, want, err)
	return err
}

func (w *worker) collect(want int64) error {
	const name = "Collect"
	var rows []faultserver.Number
	err := w.call(name, func(ctx context.Context) (err error) {
		rows, err = greptime.Collect[faultserver.Number](ctx, w.db, faultserver.SelectNumbers(want))
		return err
	})
	for i, row := range rows {
		w.check(name, int64(i), row)
	}
	if err != nil && rows != nil {
		w.t.Errorf("%s returned %d rows with the error %v", name, len(rows), err)
	}
	w.checkEnd(name, int64(len(rows)), want, err)
	return err
}

func (w *worker) each(want int64) {
	const name = "Each"
	n, stop := int64(0), int64(-1)
	if w.chance(0.2) {
		stop = w.rand.Int64N(want + 1) // leave the loop
	}
	err := w.call(name, func(ctx context.Context) error {
		for row, err := range greptime.Each[faultserver.Number](ctx, w.db, faultserver.SelectNumbers(want)) {
			if err != nil {
				return err
			}
			w.check(name, n, row)
			if n++; n == stop {
				want = n
				break
			}
		}
		return nil
	})
	w.checkEnd(name, n, want, err)
}

func (w *worker) one() {
	const name = "One"
	n := int64(0)
	err := w.call(name, func(ctx context.Context) error {
		row, err := greptime.One[faultserver.Number](ctx, w.db, faultserver.SelectNumbers(1))
		if err == nil {
			w.check(name, 0, row)
			n = 1
		}
		return err
	})
	w.checkEnd(name, n, 1, err)
}

func (w *worker) arrow(want int64) {
	const name = "QueryArrow"
	n := int64(0)
	err := w.call(name, func(ctx context.Context) error {
		return greptime.Raw(ctx, w.db, func(conn *greptime.Conn) error {
			rd, err := conn.QueryArrow(ctx, faultserver.SelectNumbers(want))
			if err != nil {
				return err
			}
			defer rd.Release()
			for batch, err := range rd.All() {
				if err != nil {
					return err
				}
				if first := fmt.Sprint(n); batch.NumRows() > 0 && batch.Column(0).ValueStr(0) != first {
					w.t.Errorf("%s: a batch begins with row %s, want %s", name, batch.Column(0).ValueStr(0), first)
				}
				n += batch.NumRows()
			}
			return nil
		})
	})
	w.checkEnd(name, n, want, err)
}
