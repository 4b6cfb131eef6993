package greptimeslog

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/greptime-go/greptime"
)

// Handler is a slog.Handler that writes records as rows. It is safe for concurrent use. The
// handlers that WithAttrs and WithGroup return share its writer: closing one closes all.
type Handler struct {
	sink  *sink
	steps []step // what WithAttrs and WithGroup were called with
}

// step is a call of WithGroup, or of WithAttrs if attrs are not nil.
type step struct {
	group string
	attrs []slog.Attr
}

var _ slog.Handler = (*Handler)(nil)

// New returns a Handler that writes to the database of the pool: a *sql.DB, for example. It
// sends nothing. The Handler works until the pool is closed; close the Handler before.
func New(pool greptime.Pool, opts Options) (*Handler, error) {
	s, err := newSink(pool, opts)
	if err != nil {
		return nil, err
	}
	return &Handler{sink: s}, nil
}

// Enabled reports whether records of the level are written.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.sink.opts.Level.Level()
}

// WithAttrs returns a Handler whose records have the attributes, too.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return h.with(step{attrs: slices.Clone(attrs)})
}

// WithGroup returns a Handler that puts further attributes in a group.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(step{group: name})
}

func (h *Handler) with(s step) *Handler {
	return &Handler{h.sink, append(slices.Clip(h.steps), s)}
}

// Handle writes the record to the buffer. It does not keep the context, and its end changes
// nothing. The error says why the record was dropped; package slog ignores it.
func (h *Handler) Handle(ctx context.Context, record slog.Record) error {
	if isDrivers(record) {
		return h.sink.toFallback(ctx, record)
	}
	r := h.sink.newRow()
	r.values[0] = record.Time
	if record.Time.IsZero() {
		r.values[0] = time.Now()
	}
	r.values[1] = record.Level.String()
	r.values[2] = strings.ToValidUTF8(record.Message, "\uFFFD")
	if h.sink.opts.AddSource {
		if source := record.Source(); source != nil {
			r.values[4] = fmt.Sprintf("%s:%d", source.File, source.Line)
		}
	}
	at, path := r.attributes, ""
	for _, s := range h.steps {
		if s.attrs == nil {
			at, path = at.group(s.group), path+s.group+"."
		}
		for _, a := range s.attrs {
			r.add(at, path, a)
		}
	}
	record.Attrs(func(a slog.Attr) bool {
		r.add(at, path, a)
		return true
	})
	return h.sink.write(ctx, r)
}

// Stats counts records.
type Stats struct {
	Pending   int   // records that wait or are under way
	Written   int64 // records that the server acknowledged
	Failed    int64 // records that the server did not acknowledge
	Ambiguous int64 // of the failed records, those that may have been written
	Dropped   int64 // records that were not accepted, for want of room or after Close
}

// Stats returns the counts since New.
func (h *Handler) Stats() Stats {
	w := h.sink.writer.Stats()
	return Stats{Pending: w.Pending, Written: w.Acknowledged, Failed: w.Failed, Ambiguous: w.Ambiguous, Dropped: h.sink.dropped.Load()}
}

// Flush sends what was logged before and waits for the answers. Its error is that of the
// context. Records that failed are counted and reported.
func (h *Handler) Flush(ctx context.Context) error { return h.sink.writer.Flush(ctx) }

// Close writes what is left and ends the writer. If ctx ends first, the records that are left
// are not written, and the error says how many. Records that are logged later are dropped.
func (h *Handler) Close(ctx context.Context) error { return h.sink.writer.Close(ctx) }
