package bulk

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/bulk/internal/recordbatch"
	"github.com/greptime-go/greptime/insert"
)

// maxReaderRows is how many rows of a reader's record batch are sent at a time: batches
// beyond some ten thousand rows gain nothing.
const maxReaderRows = 20_000

// WriteReader writes everything that a reader returns (the result of a query, a Parquet or CSV
// file, another database) by WriteRecord, large record batches in pieces that fit a message,
// and waits until all of it is acknowledged. It reads no faster than the server acknowledges.
// progress, if not nil, is called on this goroutine with the number of rows acknowledged so
// far.
//
// WriteReader returns the number of rows that are acknowledged. At the first error it stops
// reading, and waits for the batches already sent, until ctx ends. The error is that of the
// reader, of WriteRecord or of ctx, joined with a *[WriteError] of all batches that failed. The
// Row of a *[insert.ValueError] counts from the beginning of the reader's record batch.
func (w *Writer) WriteReader(ctx context.Context, rd array.RecordReader, progress func(rows int64)) (int64, error) {
	if !w.made() {
		return 0, errNoWriter
	}
	if rv := reflect.ValueOf(rd); !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil() {
		return 0, errors.New("greptime: bulk: the reader is nil; check the error with which it was opened")
	}
	l := load{writer: w, progress: progress, failed: &WriteError{Table: w.table.Name}}
	err := l.read(ctx, rd)
	if err == nil {
		err = rd.Err()
	}
	for len(l.pending) > 0 {
		if waitErr := l.waitFirst(ctx); waitErr != nil {
			err = errors.Join(err, waitErr)
			break
		}
	}
	switch {
	case len(l.failed.Failed) == 0:
		return l.rows, err
	case err == nil:
		return l.rows, l.failed
	}
	return l.rows, errors.Join(err, l.failed)
}

// load is a WriteReader.
type load struct {
	writer   *Writer
	progress func(rows int64)
	rows     int64
	pending  []*Pending
	failed   *WriteError
}

// read writes until the reader's end, a failure, or an error.
func (l *load) read(ctx context.Context, rd array.RecordReader) error {
	for rd.Next() {
		// arrow-go's CSV reader returns a batch with NULL where a value could not be
		// parsed, and only Err tells.
		if err := rd.Err(); err != nil {
			return err
		}
		record := rd.RecordBatch()
		for start := int64(0); start < record.NumRows(); start += maxReaderRows {
			err := l.write(ctx, record, start, min(start+maxReaderRows, record.NumRows()))
			if err != nil || len(l.failed.Failed) > 0 {
				return err
			}
		}
	}
	return nil
}

// write writes rows of a record batch, in halves if they are too long for a message.
func (l *load) write(ctx context.Context, record arrow.RecordBatch, start, end int64) error {
	piece := record.NewSlice(start, end)
	p, err := l.writer.WriteRecord(ctx, piece)
	piece.Release()
	var long *tooLongError
	var value *insert.ValueError
	switch {
	case (errors.As(err, &long) || errors.Is(err, recordbatch.ErrColumnFull)) && end-start > 1:
		middle := start + (end-start)/2
		if err := l.write(ctx, record, start, middle); err != nil || len(l.failed.Failed) > 0 {
			return err
		}
		return l.write(ctx, record, middle, end)
	case errors.As(err, &value):
		value.Row += int(start) // of the record batch, not of the piece
		return err
	case err != nil:
		return l.note(err)
	}
	l.pending = append(l.pending, p)
	return l.reap(ctx)
}

// note keeps an error that is about failed batches, and returns any other.
func (l *load) note(err error) error {
	var failed *WriteError
	if !errors.As(err, &failed) {
		return err
	}
	for _, f := range failed.Failed {
		if !slices.ContainsFunc(l.failed.Failed, func(g FailedBatch) bool { return g.ID == f.ID }) {
			l.failed.Failed = append(l.failed.Failed, f)
		}
	}
	return nil
}

// reap takes note of the batches at the front that are done, and waits if too many are
// not.
func (l *load) reap(ctx context.Context) error {
	for len(l.pending) > 0 {
		select {
		case <-l.pending[0].done:
		default:
			if len(l.pending) <= cap(l.writer.slots) {
				return nil
			}
		}
		if err := l.waitFirst(ctx); err != nil {
			return err
		}
	}
	return nil
}

// waitFirst waits for the batch at the front. Its error is ctx's.
func (l *load) waitFirst(ctx context.Context) error {
	ack, err := l.pending[0].Wait(ctx)
	if err != nil && l.note(err) != nil {
		return fmt.Errorf("%w (%d rows are acknowledged)", err, l.rows)
	}
	l.pending = l.pending[1:]
	if err == nil {
		l.rows += ack.Rows
		if l.progress != nil {
			l.progress(l.rows)
		}
	}
	return nil
}
