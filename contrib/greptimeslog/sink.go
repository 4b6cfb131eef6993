package greptimeslog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

// reportEvery is the least time between two reports that records were dropped.
const reportEvery = 10 * time.Second

// sink is what all Handlers of a New share: the writer and the counts.
type sink struct {
	opts    Options
	columns []insert.Column
	index   map[string]int // of the column of an attribute
	writer  *insert.Writer
	table   *insert.WriterTable

	dropped  atomic.Int64
	reported atomic.Int64 // when drops were reported, in Unix nanoseconds
}

func newSink(pool greptime.Pool, opts Options) (*sink, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &sink{opts: opts}
	if s.columns, s.index, err = opts.columns(); err != nil {
		return nil, err
	}
	schema, err := insert.NewSchema(s.columns...)
	if err != nil {
		return nil, fmt.Errorf("greptimeslog: %w", err)
	}
	writer := opts.Writer
	writer.OnError = s.failed
	if s.writer, err = insert.NewWriter(pool, writer); err != nil {
		return nil, fmt.Errorf("greptimeslog: %w", err)
	}
	s.table = s.writer.Table(opts.Table, schema)
	return s, nil
}

// expired is a context that has ended: with it the writer does not wait.
var expired = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// write appends the row to the buffer, or drops it.
func (s *sink) write(ctx context.Context, r *row) error {
	err := s.append(expired, r)
	if s.opts.Wait > 0 && errors.Is(err, context.Canceled) {
		waiting, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.opts.Wait)
		defer cancel()
		err = s.append(waiting, r)
	}
	if err == nil {
		return nil
	}
	dropped := s.dropped.Add(1)
	if now, last := time.Now().UnixNano(), s.reported.Load(); now-last >= int64(reportEvery) && s.reported.CompareAndSwap(last, now) {
		s.report("greptimeslog: a log record was dropped", slog.Int64("dropped", dropped), slog.Any("error", err))
	}
	return fmt.Errorf("greptimeslog: the record was dropped: %w", err)
}

// append appends the row. Values that do not fit their columns go to the attributes.
func (s *sink) append(ctx context.Context, r *row) error {
	for {
		r.encode()
		err := s.table.Append(ctx, r.values...)
		var refused *insert.ValueError
		if !errors.As(err, &refused) || !r.moveOut(refused.Column) {
			return err
		}
	}
}

// failed counts and reports rows that were not written. The writer calls it.
func (s *sink) failed(f insert.FailedRows) {
	s.report("greptimeslog: log records were not written", slog.Int("records", f.Table.Len()), slog.Bool("may_be_written", f.Ambiguous), slog.Any("error", f.Err))
	if s.opts.Writer.OnError != nil {
		s.opts.Writer.OnError(f)
	}
}

func (s *sink) report(message string, attrs ...slog.Attr) {
	record := slog.NewRecord(time.Now(), slog.LevelWarn, message, 0)
	record.AddAttrs(append(attrs, slog.String("table", s.opts.Table))...)
	_ = s.toFallback(context.Background(), record) // there is nowhere else to report to
}

// toFallback gives the record to the fallback if its level is enabled there, which Handle of a
// slog.Handler need not check.
func (s *sink) toFallback(ctx context.Context, record slog.Record) error {
	if !s.opts.Fallback.Enabled(ctx, record.Level) {
		return nil
	}
	return s.opts.Fallback.Handle(ctx, record)
}
