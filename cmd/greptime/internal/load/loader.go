package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"

	"github.com/greptime-go/greptime/cmd/greptime/internal/progress"
)

// grace is how long an import that was interrupted waits for the answers to what was sent.
const grace = 10 * time.Second

// item is a piece on its way through the loader: read, decoded and handed over, accounted
// for. Pieces are read and accounted for in the order of the files.
type item struct {
	file   *inputFile
	base   int64 // the number of the file's first row
	first  int64 // the number of the piece's first row
	piece  piece
	rows   int64
	skip   int64         // of them, which are not to be sent
	part   float64       // of the files that is read
	ready  chan struct{} // closed when the rest is set
	bad    []BadRow
	writes []write
	err    error
}

// write is rows that were handed over.
type write struct {
	runs    []run
	pending *bulk.Pending // nil in a dry run
}

// loader runs an import.
type loader struct {
	*Import
	writer *bulk.Writer // nil in a dry run
	report Report
	errors *badFile

	ctx  context.Context // of reading and sending
	stop context.CancelCauseFunc

	wait context.Context // of answers
	late []write         // that had none by then
}

// Run imports the files. The error is nil if all rows are acknowledged, but for those that
// are in the file of errors; the report holds in any case. When ctx ends, Run waits some
// seconds for what was sent.
func (im *Import) Run(ctx context.Context) (_ *Report, err error) {
	l := &loader{Import: im}
	l.report.skip = im.opts.Skip
	started := time.Now()
	defer func() { l.report.Elapsed = time.Since(started) }()
	if im.opts.Errors != "" && !im.opts.DryRun {
		if l.errors, err = openBadFile(im.opts.Errors); err != nil {
			return &l.report, err
		}
		defer func() { err = errors.Join(err, l.errors.close()) }()
	}
	if !im.opts.DryRun {
		if l.writer, err = bulk.NewWriter(ctx, im.conn, im.Table, bulk.Options{
			Streams:     im.opts.Streams,
			Compression: im.opts.Compression,
			MaxBytes:    64 << 20,
			Retry:       insert.Retry{For: im.opts.RetryFor, AtLeastOnce: im.opts.AtLeastOnce},
		}); err != nil {
			return &l.report, err
		}
	}
	wait, release := outlast(ctx, grace)
	defer release()
	l.wait = wait
	l.ctx, l.stop = context.WithCancelCause(ctx)
	defer l.stop(nil)
	err = l.run()
	if l.writer != nil {
		_, closeErr := l.writer.Close(wait)
		for _, w := range l.late {
			err = errors.Join(err, l.settle(w))
		}
		err = joinClose(err, closeErr)
	}
	l.report.finish()
	if err == nil && l.report.Unknown > 0 {
		err = fmt.Errorf("it is not known whether %s are written: %w", progress.Count(l.report.Unknown, "row"), l.report.cause)
	}
	return &l.report, err
}

// joinClose adds the error of Close, but not what it says of batches, which are accounted
// for.
func joinClose(err, closeErr error) error {
	parts := []error{closeErr}
	if joined, ok := closeErr.(interface{ Unwrap() []error }); ok {
		if _, isBatches := closeErr.(*bulk.WriteError); !isBatches {
			parts = joined.Unwrap()
		}
	}
	for _, part := range parts {
		if _, isBatches := part.(*bulk.WriteError); !isBatches && part != nil && !errors.Is(err, part) {
			err = errors.Join(err, part)
		}
	}
	return err
}

// outlast returns a context that ends some time after ctx does.
func outlast(ctx context.Context, by time.Duration) (context.Context, func()) {
	later, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(by, func() { cancel(context.Cause(ctx)) })
	})
	return later, func() {
		stop()
		cancel(nil)
	}
}

// run reads, decodes, sends and accounts for all pieces.
func (l *loader) run() error {
	workers := min(cmp.Or(l.opts.Streams, 4), runtime.GOMAXPROCS(0))
	queue := make(chan *item, workers) // for the workers
	order := make(chan *item, 2*workers)
	var group sync.WaitGroup
	group.Go(func() {
		defer close(order)
		defer close(queue)
		l.read(queue, order)
	})
	for range workers {
		group.Go(func() {
			w := worker{loader: l}
			for it := range queue {
				w.do(it)
				close(it.ready)
			}
		})
	}
	err := l.account(order)
	group.Wait()
	return err
}

// read reads all files and hands their pieces on.
func (l *loader) read(queue, order chan<- *item) {
	row := int64(0)
	for i, f := range l.files {
		next, err := l.readFile(f, i, row, queue, order)
		if err != nil {
			it := &item{file: f, base: row, first: next, err: err, ready: make(chan struct{})}
			close(it.ready)
			order <- it
			return
		}
		row = next
	}
}

// readFile reads a file whose first row has the number base. It returns the number of the
// row after its last one.
func (l *loader) readFile(f *inputFile, index int, base int64, queue, order chan<- *item) (row int64, err error) {
	row = base
	r, _, err := l.open(l.ctx, f)
	if err != nil {
		return row, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.prepare(f.targets); err != nil {
		return row, err
	}
	for l.ctx.Err() == nil {
		p, err := r.next()
		if err == io.EOF {
			return row, nil
		}
		if err != nil {
			return row, err
		}
		it := &item{file: f, base: base, first: row, piece: p, rows: p.rows(), part: r.fraction(), ready: make(chan struct{})}
		if it.part >= 0 {
			it.part = (float64(index) + it.part) / float64(len(l.files))
		}
		it.skip = it.rows - countRows(l.opts.Skip.without(row, row+it.rows))
		row += it.rows
		order <- it
		queue <- it
	}
	return row, context.Cause(l.ctx)
}

// worker decodes pieces and hands their rows to the writer.
type worker struct {
	*loader
	file    *inputFile
	decoder *decoder
}

func (w *worker) do(it *item) {
	if it.err = context.Cause(w.ctx); it.err != nil {
		return
	}
	if w.file != it.file {
		w.file = it.file
		w.decoder = newDecoder(it.file, &w.opts)
	}
	out, err := w.decoder.decode(it)
	it.bad = out.bad
	if it.err = err; err != nil {
		return
	}
	for _, p := range out.parts {
		if it.err == nil {
			it.err = w.write(it, p)
		}
		p.record.Release()
	}
}

// decode decodes a piece. arrow-go panics on some files that are damaged.
func (d *decoder) decode(it *item) (out decoded, err error) {
	defer recovered(&err)
	return it.piece.decode(d, it.first)
}

// write hands rows over, but for those that the writer refuses.
func (w *worker) write(it *item, p part) error {
	if w.writer == nil {
		it.writes = append(it.writes, write{runs: p.runs})
		return nil
	}
	record, runs := p.record, p.runs
	record.Retain()
	defer func() { record.Release() }()
	for record.NumRows() > 0 {
		pending, err := w.writer.WriteRecord(w.ctx, record)
		var value *insert.ValueError
		var failed *bulk.WriteError
		switch {
		case err == nil:
			it.writes = append(it.writes, write{runs, pending})
			return nil
		case errors.As(err, &value):
			bad := badRecord(record, value.Row, 0, value.Column, errors.New(reasonOf(value)))
			bad.row = rowOf(runs, int64(value.Row))
			it.bad = append(it.bad, bad)
			next, left, err := withoutRows(record, runs, func(row int) bool { return row == value.Row })
			if err != nil {
				return err
			}
			record.Release()
			record, runs = next, left
		case errors.As(err, &failed): // of other batches, which are accounted for by themselves
		default:
			return err
		}
	}
	return nil
}

// reasonOf returns what is wrong with a value.
func reasonOf(e *insert.ValueError) string {
	if e.Value == nil {
		return e.Reason
	}
	return fmt.Sprintf("%.100s cannot be %s: %s", fmt.Sprint(e.Value), e.Type, e.Reason)
}

// account takes note of what came of each piece, in order. After the first error that ends
// the import, it only waits for what was sent.
func (l *loader) account(order <-chan *item) error {
	var first error
	end := func(err error) {
		if first == nil && err != nil {
			first = err
			l.stop(err)
		}
	}
	for it := range order {
		<-it.ready
		l.report.Read += it.rows
		l.report.Skipped += it.skip
		for i := range it.bad {
			end(l.refuse(it, &it.bad[i]))
		}
		for _, w := range it.writes {
			end(l.settle(w))
		}
		end(it.err)
		if l.opts.Progress != nil {
			l.opts.Progress(Progress{Rows: l.report.Acknowledged, Fraction: it.part})
		}
	}
	return first
}

// refuse takes note of a bad row. It returns an error if that ends the import.
func (l *loader) refuse(it *item, bad *BadRow) error {
	bad.File, bad.Row = it.file.name, bad.row-it.base+1
	l.report.Refused++
	l.report.keep(bad)
	switch {
	case l.errors != nil:
		if err := l.errors.add(bad); err != nil {
			return err
		}
		l.report.done.add(bad.row, bad.row+1)
		if l.opts.MaxErrors == 0 || l.report.Refused <= l.opts.MaxErrors {
			return nil
		}
		return fmt.Errorf("more than %s cannot be imported; --max-errors allows more", progress.Count(l.opts.MaxErrors, "row"))
	case l.report.Refused <= l.opts.MaxErrors || l.opts.DryRun && l.opts.MaxErrors == 0:
		l.report.done.add(bad.row, bad.row+1)
		return nil
	}
	return bad
}

// settle waits for the answer to a batch, and returns an error if that ends the import.
func (l *loader) settle(w write) error {
	rows := countRows(w.runs)
	if w.pending == nil {
		l.report.Acknowledged += rows
		l.report.done.addAll(w.runs)
		return nil
	}
	_, err := w.pending.Wait(l.wait)
	var failed *bulk.WriteError
	isAnswered := err == nil || errors.As(err, &failed)
	switch {
	case !isAnswered:
		l.late = append(l.late, w) // when the writer is closed, it tells
		return nil
	case err == nil:
		l.report.Acknowledged += rows
		l.report.done.addAll(w.runs)
		return nil
	case len(failed.AmbiguousIDs()) == 0:
		l.report.NotWritten += rows
		return failed.Failed[0].Err
	}
	// Nobody knows; the rest may still be written.
	l.report.Unknown += rows
	l.report.unknown.addAll(w.runs)
	if l.report.cause == nil {
		l.report.cause = failed.Failed[0].Err
	}
	return nil
}
