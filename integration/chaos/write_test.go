package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/writemodel"
)

// begin registers a call that writes rows. repeatable means that it may write them twice.
func (w *worker) begin(repeatable bool, name string, rows ...writemodel.Row) *writemodel.Call {
	if repeatable {
		return w.model.BeginRepeatable(name, rows...)
	}
	return w.model.Begin(name, rows...)
}

// insertSQL inserts rows by INSERT, natively or as text.
func (w *worker) insertSQL() {
	_ = w.exec(w.rows(w.table(), []int{1, 1, 2, 5, 20}[w.rand.IntN(5)]))
}

func (w *worker) exec(rows []writemodel.Row) error {
	const name = "INSERT"
	var args []any
	for _, r := range rows {
		args = append(args, fmt.Sprint("it's ", r.ID%5), time.UnixMilli(r.ID), 7)
	}
	call := w.begin(false, name, rows...)
	var affected int64
	err := w.call(name, func(ctx context.Context) error {
		result, err := w.db.ExecContext(ctx, "INSERT INTO "+rows[0].Table+" (host, ts, v) VALUES "+strings.Repeat("(?, ?, ?), ", len(rows)-1)+"(?, ?, ?)", args...)
		if err == nil {
			affected, err = result.RowsAffected()
		}
		return err
	})
	call.SettleResult(affected, err)
	return err
}

// write writes or deletes rows of up to three tables in one call of package insert.
func (w *worker) write() {
	options := insert.Options{AtLeastOnce: w.chance(0.3), ExistingOnly: w.chance(0.5)}
	name, write := "insert.Write", options.Write
	deletes := w.chance(0.3)
	if deletes {
		name, write = "insert.Delete", options.Delete
	}
	var all []writemodel.Row
	var list []*insert.Table
	for range 1 + w.rand.IntN(3) {
		rows := w.rows(w.table(), 1+w.rand.IntN(20))
		list = append(list, w.insertTable(rows))
		for i := range rows {
			rows[i].Delete = deletes
		}
		all = append(all, rows...)
	}
	call := w.begin(options.AtLeastOnce, name, all...)
	var affected int64
	err := w.call(name, func(ctx context.Context) (err error) {
		affected, err = write(ctx, w.db, list...)
		return err
	})
	call.SettleResult(affected, err)
}

// insertTable returns rows of one table for package insert.
func (w *worker) insertTable(rows []writemodel.Row) *insert.Table {
	table := insert.NewTable(rows[0].Table, insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond), insert.Field("v", insert.Int64))
	for _, r := range rows {
		if err := table.Append("a", time.UnixMilli(r.ID), 7); err != nil {
			w.t.Error(err)
		}
	}
	return table
}

// stream sends requests on a stream, which is one call.
func (w *worker) stream() {
	call := w.model.Begin("insert.Stream")
	var affected int64
	err := w.call("insert.Stream", func(ctx context.Context) error {
		stream, err := insert.NewStream(ctx, w.db)
		if err != nil {
			return err
		}
		defer stream.Close()
		for range 1 + w.rand.IntN(5) {
			rows := w.rows(w.table(), 1+w.rand.IntN(10))
			call.Submit(rows...)
			err := stream.Send(ctx, w.insertTable(rows))
			var failed *insert.StreamError
			switch {
			case errors.As(err, &failed):
				return err
			case err != nil: // the stream goes on without these rows
				call.Settle(writemodel.OutcomeOf(err), err, rows...)
			}
		}
		affected, err = stream.CloseAndRecv(ctx)
		return err
	})
	call.SettleResult(affected, err)
}

// retry draws for how long a writer sends again.
func (w *worker) retry(atLeastOnce bool) insert.Retry {
	return insert.Retry{
		For:         []time.Duration{-1, 100 * time.Millisecond, time.Second}[w.rand.IntN(3)],
		MinBackoff:  time.Millisecond,
		MaxBackoff:  50 * time.Millisecond,
		AtLeastOnce: atLeastOnce,
	}
}

// buffer writes rows into a buffered writer until its end, which is one call: what it does
// not give back it has written.
func (w *worker) buffer() {
	atLeastOnce := w.chance(0.5)
	call := w.begin(atLeastOnce, "insert.Writer")
	given, givenBack := int64(0), int64(0)
	undelivered := func(f insert.FailedRows) {
		rows := make([]writemodel.Row, f.Table.Len())
		for i := range rows {
			ts, err := f.Table.Row(i).Time("ts")
			if err != nil {
				w.t.Error(err)
			}
			rows[i] = writemodel.Row{Table: f.Table.Name(), ID: ts.UnixMilli()}
		}
		call.SettleFailed(f.Ambiguous, f.Err, rows...)
		w.mu.Lock()
		defer w.mu.Unlock()
		givenBack += int64(len(rows))
	}
	options := insert.WriterOptions{
		FlushRows:     1 + w.rand.IntN(50),
		FlushInterval: time.Duration(1+w.rand.IntN(20)) * time.Millisecond,
		InFlight:      1 + w.rand.IntN(3),
		Timeout:       time.Duration(20+w.rand.IntN(500)) * time.Millisecond,
		Retry:         w.retry(atLeastOnce),
	}
	if w.chance(0.5) {
		options.OnError = undelivered
	}
	writer, err := insert.NewWriter(w.db, options)
	if err != nil {
		w.t.Error(err)
		return
	}
	take := func(ctx context.Context, err error) error {
		var e *insert.WriteError
		if errors.As(err, &e) {
			for _, f := range e.Failed {
				undelivered(f)
			}
		} else if err != nil && ctx.Err() == nil {
			w.t.Errorf("Flush or Close: %v", err)
		}
		return err
	}
	for n := 5 + w.rand.IntN(60); n > 0 && !w.isOver(); n-- {
		rows := w.rows(w.table(), []int{1, 1, 1, 4, 30}[w.rand.IntN(5)])
		call.Submit(rows...)
		err := w.call("insert.Writer.Write", func(ctx context.Context) error { return writer.Write(ctx, w.insertTable(rows)) })
		if err != nil {
			call.Settle(writemodel.Refused, err, rows...)
			continue
		}
		given += int64(len(rows))
		if w.chance(0.1) {
			_ = w.call("insert.Writer.Flush", func(ctx context.Context) error { return take(ctx, writer.Flush(ctx)) })
		}
	}
	_ = w.call("insert.Writer.Close", func(ctx context.Context) error { return take(ctx, writer.Close(ctx)) })
	stats := writer.Stats()
	w.mu.Lock()
	defer w.mu.Unlock()
	if stats.Pending != 0 || stats.PendingBytes != 0 || stats.Acknowledged+givenBack != given {
		w.t.Errorf("%v: %d rows given, %d given back, %+v", call, given, givenBack, stats)
	}
	call.SettleRest(writemodel.Acknowledged, nil)
}

// load writes batches with a bulk writer, each of which is a call.
func (w *worker) load() {
	options := bulk.Options{
		Streams:       1 + w.rand.IntN(3),
		InFlight:      1 + w.rand.IntN(8),
		Timeout:       time.Duration(50+w.rand.IntN(500)) * time.Millisecond,
		CheckInterval: []time.Duration{0, 20 * time.Millisecond}[w.rand.IntN(2)],
		Compression:   []bulk.Compression{bulk.None, bulk.LZ4, bulk.ZSTD}[w.rand.IntN(3)],
		Retry:         w.retry(w.chance(0.5)),
	}
	var writer *bulk.Writer
	err := w.call("bulk.NewWriter", func(ctx context.Context) (err error) {
		writer, err = bulk.NewWriter(ctx, w.db, w.table(), options)
		return err
	})
	if err != nil {
		return
	}
	calls := map[int64]*writemodel.Call{} // by the batch's id
	batches := map[int64][]writemodel.Row{}
	failed := int64(0)
	take := func(err error) bool {
		var e *bulk.WriteError
		if !errors.As(err, &e) {
			return false
		}
		for i := range e.Failed {
			f := &e.Failed[i]
			failed++
			w.checkFailed(writer, f, batches[f.ID])
			call := calls[f.ID]
			if call == nil {
				w.t.Errorf("batch %d failed, which was not written: %v", f.ID, f.Err)
				continue
			}
			call.SettleFailed(f.Ambiguous, f.Err, call.Rest()...)
		}
		return true
	}
	batch := writer.NewBatch(8)
	for n := 1 + w.rand.IntN(30); n > 0 && !w.isOver(); n-- {
		rows := w.rows(writer.Table(), 1+w.rand.IntN(100))
		for _, r := range rows {
			if err := batch.Append("a", time.UnixMilli(r.ID), 7, nil); err != nil {
				w.t.Error(err)
			}
		}
		call := w.begin(options.Retry.AtLeastOnce, "batch", rows...)
		var id int64
		err := w.call("bulk.Writer.WriteAsync", func(ctx context.Context) error {
			p, err := writer.WriteAsync(ctx, batch)
			for take(err) { // failures that had piled up
				p, err = writer.WriteAsync(ctx, batch)
			}
			if err == nil {
				id = p.ID()
			}
			return err
		})
		if err != nil {
			call.SettleRest(writemodel.Refused, err)
			if batch.Len() > 0 {
				batch.Reset()
			}
			continue
		}
		calls[id], batches[id] = call, rows
		if w.chance(0.1) {
			_ = w.call("bulk.Writer.Flush", func(ctx context.Context) error {
				err := writer.Flush(ctx)
				take(err)
				return err
			})
		}
	}
	var summary bulk.Summary
	_ = w.call("bulk.Writer.Close", func(ctx context.Context) (err error) {
		summary, err = writer.Close(ctx)
		take(err)
		return err
	})
	acknowledged, rows := int64(0), int64(0)
	for id, call := range calls {
		if rest := call.Rest(); len(rest) > 0 {
			acknowledged++
			rows += int64(len(batches[id]))
			call.SettleRest(writemodel.Acknowledged, nil)
		}
	}
	if summary.Acknowledged != acknowledged || summary.Rows != rows || summary.Failed != failed || summary.Acknowledged+summary.Failed != int64(len(calls)) {
		w.t.Errorf("bulk: %d batches written, %d given back, %d rows acknowledged: %+v", len(calls), failed, rows, summary)
	}
}

// checkFailed compares the rows of a batch that was given back with those that were written.
func (w *worker) checkFailed(writer *bulk.Writer, f *bulk.FailedBatch, want []writemodel.Row) {
	batch, err := f.Batch()
	if err != nil {
		w.t.Error(err)
		return
	}
	rows := make([]writemodel.Row, batch.Len())
	for i := range rows {
		ts, err := batch.Row(i).Time("ts")
		if err != nil {
			w.t.Error(err)
		}
		rows[i] = writemodel.Row{Table: writer.Table(), ID: ts.UnixMilli()}
	}
	if f.Rows != len(rows) || !slices.Equal(rows, want) {
		w.t.Errorf("batch %d of %s was given back as %s", f.ID, writemodel.Describe(want), writemodel.Describe(rows))
	}
}
