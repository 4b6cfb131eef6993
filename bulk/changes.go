package bulk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/transport"
)

// Anybody may alter the table while a Writer is open, and no answer to a batch tells.
// So the writer compares the table's columns with its own.

// comparison is what a writer knows of its table's columns. It is guarded by the
// writer's mutex.
type comparison struct {
	table *catalog.Table // as the server described it last

	begun int64 // comparisons that have begun
	last  int64 // number of the last one that succeeded
	acked int64 // batches that were acknowledged when that began

	// mustFlush is true while rows may be nowhere but in the memory of the server: see
	// losesRows.
	mustFlush bool
	// broken is why the columns have no batches any more.
	broken error
}

// losesRows reports whether servers of version v, when they crash, lose rows that they
// have acknowledged: those of batches without a column that was added before. Such rows
// have the column in memory, but not in the write-ahead log, until the table is flushed.
func losesRows(v greptime.Version) bool {
	first, fixed := greptime.Version{Major: 1, Minor: 1, Pre: "0"}, greptime.Version{Major: 1, Minor: 2, Pre: "beta.2"}
	return v.Compare(first) >= 0 && v.Compare(fixed) < 0
}

// compare reads the table's columns, unless somebody else has begun to since the call.
// Columns that were added are in the layout then. The error is that of the reading, or
// ErrTableChanged, which is the end of the writer. A user who may not read the table has
// none.
func (w *Writer) compare(ctx context.Context) error {
	if !w.verified {
		return nil
	}
	ctx, cancel := w.withinTimeout(ctx)
	defer cancel()
	w.mu.Lock()
	before := w.columns.begun
	w.mu.Unlock()
	select {
	case w.comparing <- struct{}{}:
		defer func() { <-w.comparing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	w.mu.Lock()
	if w.columns.broken != nil || w.columns.last > before {
		defer w.mu.Unlock()
		return w.columns.broken
	}
	w.columns.begun++
	number, acked, known := w.columns.begun, w.summary.Acknowledged, w.columns.table
	w.mu.Unlock()

	now, err := w.readColumns(ctx, known)
	var next *layout
	var unwritable *catalog.UnwritableError
	switch {
	case err == nil:
		next, err = w.layout.Load().follow(now)
	case errors.Is(err, greptime.PermissionDenied):
		next, now, err = w.layout.Load(), known, nil
	case errors.As(err, &unwritable):
		err = tableChanged(w.table.Name, err.Error())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	unsure := w.summary.Acknowledged - w.columns.acked // batches, acknowledged since the columns were last seen
	switch {
	case errors.Is(err, ErrTableChanged):
		for s := range w.streams {
			unsure += int64(len(s.inflight))
		}
		if unsure > 0 {
			err = fmt.Errorf("%w; values may be missing in up to %d batches that were sent since the columns were last compared", err, unsure)
		}
		w.columns.mustFlush = w.columns.mustFlush || unsure > 0
		w.breakOff(err)
		return err
	case err != nil:
		return err
	}
	w.columns.last, w.columns.acked, w.columns.table = number, acked, now
	if next != w.layout.Load() {
		w.columns.mustFlush = w.columns.mustFlush || unsure > 0 || w.hasStragglers(next)
		w.layout.Store(next)
		w.changed.Broadcast()
	}
	return nil
}

// readColumns reads the table's columns from the server. It returns known if they are the
// same, which one statement shows unless columns were added, whose DEFAULT matters.
func (w *Writer) readColumns(ctx context.Context, known *catalog.Table) (*catalog.Table, error) {
	if w.layout.Load().hasAdded() {
		return catalog.Read(ctx, w.session.Query, w.table.Name)
	}
	return known.ReadAgain(ctx, w.session.Query)
}

// breakOff ends the writer because of a table that has changed. What is in flight gets
// its acks. The caller holds mu.
func (w *Writer) breakOff(cause error) {
	w.columns.broken = cause
	for _, p := range w.queue {
		w.fail(p, cause)
	}
	w.queue = nil
	w.changed.Broadcast()
}

// hasStragglers reports whether batches are in flight on streams of another layout than
// l, or on any stream if the table has no layout any more. The caller holds mu.
func (w *Writer) hasStragglers(l *layout) bool {
	for s := range w.streams {
		if (s.layout != l || w.columns.broken != nil) && len(s.inflight) > 0 {
			return true
		}
	}
	return false
}

// confirm makes sure that what was acknowledged lasts: that the table has the columns
// that the batches had, and that servers which would lose the rows otherwise have written
// them to disk. The latter holds for a table that has no batches any more, too.
func (w *Writer) confirm(ctx context.Context) error {
	if !w.verified {
		return nil
	}
	w.mu.Lock()
	changed, unsure := w.columns.broken, w.summary.Acknowledged > w.columns.acked
	w.mu.Unlock()
	if changed == nil && unsure {
		err := w.compare(ctx)
		if err != nil && !errors.Is(err, ErrTableChanged) {
			return fmt.Errorf("greptime: bulk: table %s: the batches are acknowledged, but it is not known whether the table still has their columns: %w", strconv.Quote(w.table.Name), err)
		}
		changed = err
	}
	err := w.flushTable(ctx)
	switch {
	case changed == nil:
		return err
	case err == nil:
		return changed
	}
	return fmt.Errorf("%w; %w", changed, err)
}

// flushTable makes the server write the table to disk if rows may be lost otherwise. It first
// waits for the batches that were sent for other columns.
func (w *Writer) flushTable(ctx context.Context) error {
	w.mu.Lock()
	mustFlush := w.columns.mustFlush
	w.mu.Unlock()
	if !mustFlush {
		return nil
	}
	select {
	case w.flushing <- struct{}{}:
		defer func() { <-w.flushing }()
	case <-ctx.Done():
		return fmt.Errorf("greptime: bulk: table %s: waiting until the table is flushed: %w", strconv.Quote(w.table.Name), ctx.Err())
	}
	l, broken, err := w.awaitStragglers(ctx)
	if l == nil {
		return err
	}
	if w.mayLoseRows(ctx) {
		if err := w.run(ctx, flushStatement(w.table.Name)); err != nil {
			return fmt.Errorf("greptime: bulk: table %s: columns were added or changed while batches were written, and this version of GreptimeDB loses acknowledged rows of such batches when it crashes before the table is flushed, which failed; flush it (%s), or call Flush again: %w",
				strconv.Quote(w.table.Name), flushStatement(w.table.Name), err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if l == w.layout.Load() && broken == (w.columns.broken != nil) { // nothing has changed meanwhile
		w.columns.mustFlush = false
	}
	return nil
}

// awaitStragglers waits until nothing is in flight on streams of an earlier layout. It returns
// the layout, nil if the table need not be flushed, and whether the table is broken.
func (w *Writer) awaitStragglers(ctx context.Context) (l *layout, broken bool, err error) {
	stop := context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.changed.Broadcast()
	})
	defer stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.columns.mustFlush {
		l := w.layout.Load()
		switch {
		case !w.hasStragglers(l):
			return l, w.columns.broken != nil, nil
		case ctx.Err() != nil:
			return nil, false, fmt.Errorf("greptime: bulk: table %s: batches for other columns than the table has are not acknowledged yet: %w", strconv.Quote(w.table.Name), ctx.Err())
		}
		w.changed.Wait()
	}
	return nil, false, nil
}

// mayLoseRows reports whether one of the servers that got batches loses rows, or does not
// tell its version.
func (w *Writer) mayLoseRows(ctx context.Context) bool {
	w.mu.Lock()
	var used []*transport.Endpoint
	for _, e := range w.endpoints {
		if e.used {
			used = append(used, e.target)
		}
	}
	w.mu.Unlock()
	return slices.ContainsFunc(used, func(e *transport.Endpoint) bool {
		ctx, cancel := w.withinTimeout(ctx)
		defer cancel()
		text, err := w.session.ServerVersion(ctx, e)
		if err != nil {
			return true
		}
		v, err := greptime.ParseVersion(text)
		return err != nil || losesRows(v)
	})
}

// flushStatement writes a table's rows to disk. The function reads its argument as an
// identifier.
func flushStatement(table string) string {
	name, _ := sqltext.QuoteString(sqltext.QuoteIdent(table)) // a name that has been read is valid
	return "ADMIN flush_table(" + name + ")"
}

// run runs a statement to its end, within Timeout.
func (w *Writer) run(ctx context.Context, text string) error {
	ctx, cancel := w.withinTimeout(ctx)
	defer cancel()
	rd, err := w.session.Query(ctx, text)
	if err != nil {
		return err
	}
	defer rd.Release()
	for rd.Next() {
	}
	return rd.Err()
}

// withinTimeout bounds ctx by Options.Timeout, if there is one.
func (w *Writer) withinTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.opts.Timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, w.opts.Timeout)
}

// watch compares the columns every Options.CheckInterval while batches are acknowledged,
// until the writer ends. What goes wrong is tried again, and told by Flush and Close.
func (w *Writer) watch() {
	ticker := time.NewTicker(w.opts.CheckInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			_ = w.confirm(w.ctx)
		case <-w.ctx.Done():
			return
		}
	}
}
