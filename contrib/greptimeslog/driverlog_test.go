package greptimeslog

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

// lines is where a fallback writes. It is safe for concurrent use.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// unreachable returns a pool whose two endpoints do not exist, so that each request makes the
// driver warn.
func unreachable(t *testing.T, logger *slog.Logger) *sql.DB {
	t.Helper()
	connector, err := greptime.NewConnector(&greptime.Config{Endpoints: []string{"127.0.0.1:1", "127.0.0.1:2"}, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

// late is a Handler that is there only later: a logger is needed before its Handler can be made.
type late struct{ slog.Handler }

func TestTheDriversRecordsGoToTheFallback(t *testing.T) {
	t.Parallel()
	var fallback lines
	to := &late{slog.DiscardHandler}
	db := unreachable(t, slog.New(to))
	h, err := New(db, Options{Table: "logs", Fallback: slog.NewTextHandler(&fallback, nil),
		Writer: insert.WriterOptions{Retry: insert.Retry{For: -1}}})
	if err != nil {
		t.Fatal(err)
	}
	to.Handler = h // the driver logs to the Handler that writes with it
	slog.New(h).Info("cannot be written")
	if err := h.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := Stats{Failed: 1}
	if got := h.Stats(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, part := range []string{"greptime: endpoint unavailable, trying the next", "greptimeslog: log records were not written", "records=1", "table=logs"} {
		if !strings.Contains(fallback.String(), part) {
			t.Errorf("the fallback has no %q:\n%s", part, fallback.String())
		}
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTheFallbackGetsOnlyLevelsThatItHasEnabled(t *testing.T) {
	t.Parallel()
	var fallback lines
	to := &late{slog.DiscardHandler}
	db := unreachable(t, slog.New(to))
	h, err := New(db, Options{Table: "logs", Fallback: slog.NewTextHandler(&fallback, &slog.HandlerOptions{Level: slog.LevelError}),
		Writer: insert.WriterOptions{Retry: insert.Retry{For: -1}}})
	if err != nil {
		t.Fatal(err)
	}
	to.Handler = h
	slog.New(h).Info("cannot be written")
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	slog.New(h).Info("is dropped")
	if got := fallback.String(); got != "" {
		t.Errorf("the fallback for errors has warnings:\n%s", got)
	}
}

// slog's first default logger writes to package log, which slog.SetDefault connects to the new
// default logger. This is what happens to a driver that was opened before. The test changes the
// default loggers, so it runs alone.
func TestTheDriversRecordsAreKnownBehindPackageLog(t *testing.T) {
	before, flags, output := slog.Default(), log.Flags(), log.Writer()
	defer func() {
		slog.SetDefault(before)
		log.SetFlags(flags)
		log.SetOutput(output)
	}()
	var fallback lines
	db := unreachable(t, nil) // the logger is slog.Default()
	if h, err := New(db, Options{Table: "logs", Fallback: slog.Default().Handler()}); err == nil || !strings.Contains(err.Error(), "package log") {
		t.Fatalf("%v, %v, want an error: the fallback would log to the Handler", h, err)
	}
	h, err := New(db, Options{Table: "logs", Fallback: slog.NewTextHandler(&fallback, nil), Writer: insert.WriterOptions{Retry: insert.Retry{For: -1}}})
	if err != nil {
		t.Fatal(err)
	}
	slog.SetDefault(slog.New(h))
	slog.Info("cannot be written")
	log.Print("nor can this")
	if err := h.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := h.Stats(), (Stats{Failed: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if !strings.Contains(fallback.String(), "greptime: endpoint unavailable") {
		t.Errorf("the fallback has no warning of the driver:\n%s", fallback.String())
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestEveryPackageOfTheDriverIsKnown(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		dir := filepath.Join("../..", e.Name())
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil || len(files) == 0 {
			continue // another module, or no package
		}
		if !slices.Contains(driverPackages, e.Name()) {
			t.Errorf("records of package %s would not be known as the driver's", e.Name())
		}
	}
}

func TestRecordsOfOthersAreNotTakenForTheDrivers(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]bool{
		"greptime: endpoint unavailable":      true, // without a PC, as by adapters of other loggers
		"WARN greptime: endpoint unavailable": true,
		"INFO something else":                 false,
		"about greptime: nothing":             false,
		"greptimes":                           false,
		"":                                    false,
	} {
		if got := isDrivers(slog.Record{Message: message}); got != want {
			t.Errorf("%q: %v, want %v", message, got, want)
		}
	}
	var seen slog.Record
	slog.New(capture{&seen}).Info("greptime: said by a user of the driver")
	if seen.PC == 0 || isDrivers(seen) {
		t.Errorf("%v is taken for the driver's", seen)
	}
}

// capture keeps the last record.
type capture struct{ last *slog.Record }

func (c capture) Enabled(context.Context, slog.Level) bool { return true }
func (c capture) Handle(_ context.Context, r slog.Record) error {
	*c.last = r
	return nil
}
func (c capture) WithAttrs([]slog.Attr) slog.Handler { return c }
func (c capture) WithGroup(string) slog.Handler      { return c }

// full returns a Handler whose buffer takes few records, none of which can be written.
func full(t *testing.T, fallback slog.Handler, wait time.Duration) *Handler {
	t.Helper()
	h, err := New(unreachable(t, slog.New(slog.DiscardHandler)), Options{Table: "logs", Fallback: fallback, Wait: wait,
		Writer: insert.WriterOptions{MaxBytes: 2000, FlushInterval: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := h.Close(ctx); err == nil {
			t.Error("Close says nothing of the records that are left")
		}
		if s := h.Stats(); s.Pending != 0 {
			t.Errorf("after Close: %+v", s)
		}
	})
	for i := 0; h.Stats().Dropped == 0; i++ {
		if i > 1000 {
			t.Fatalf("the buffer takes everything: %+v", h.Stats())
		}
		slog.New(h).Info("a record")
	}
	return h
}

func TestRecordsAreDroppedAndCountedWhenTheBufferIsFull(t *testing.T) {
	t.Parallel()
	var fallback lines
	h := full(t, slog.NewTextHandler(&fallback, nil), 0)
	l := slog.New(h)
	before := h.Stats().Dropped
	for range 1000 {
		l.Info("a record")
	}
	if n := h.Stats().Dropped - before; n != 1000 {
		t.Errorf("%d records were dropped, want 1000", n)
	}
	if err := h.Handle(t.Context(), slog.NewRecord(time.Now(), slog.LevelInfo, "", 0)); err == nil || !strings.Contains(err.Error(), "dropped") {
		t.Errorf("%v, want an error that says that the record was dropped", err)
	}
	if n := strings.Count(fallback.String(), "a log record was dropped"); n != 1 {
		t.Errorf("%d reports of drops, want one in %v", n, reportEvery)
	}
	large := h.Handle(t.Context(), slog.NewRecord(time.Now(), slog.LevelInfo, strings.Repeat("x", 10_000), 0))
	if !errors.Is(large, insert.ErrFull) {
		t.Errorf("%v, want %v", large, insert.ErrFull)
	}
}

func TestHandleWaitsNoLongerThanTold(t *testing.T) {
	t.Parallel()
	const wait = 50 * time.Millisecond
	h := full(t, slog.DiscardHandler, wait)
	start := time.Now()
	err := h.Handle(t.Context(), slog.NewRecord(start, slog.LevelInfo, "", 0))
	if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took < wait || took > time.Minute {
		t.Errorf("%v after %v, want an error after %v", err, took, wait)
	}
	// The end of the record's context is no reason to lose it sooner.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	start = time.Now()
	if err := h.Handle(ctx, slog.NewRecord(start, slog.LevelInfo, "", 0)); time.Since(start) < wait {
		t.Errorf("%v after %v, want an error after %v", err, time.Since(start), wait)
	}
}

func TestRecordsWithAnEndedContextAreWritten(t *testing.T) {
	t.Parallel()
	db := open(t)
	h := newHandler(t, db, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	slog.New(h).InfoContext(ctx, "still written")
	if row := only(t, h, db); row.message != "still written" {
		t.Error(row)
	}
}

func TestRecordsAfterCloseAreDropped(t *testing.T) {
	t.Parallel()
	db := open(t)
	h, err := New(db, Options{Table: "logs", Fallback: slog.DiscardHandler})
	if err != nil {
		t.Fatal(err)
	}
	child := h.WithAttrs([]slog.Attr{slog.Int("a", 1)})
	slog.New(child).Info("before")
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := child.Handle(t.Context(), slog.NewRecord(time.Now(), slog.LevelInfo, "after", 0)); !errors.Is(err, insert.ErrClosed) {
		t.Errorf("%v, want %v", err, insert.ErrClosed)
	}
	if got, want := h.Stats(), (Stats{Written: 1, Dropped: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
