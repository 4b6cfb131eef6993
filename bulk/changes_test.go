package bulk

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/test/wiretest"
	"github.com/greptime-go/greptime/internal/transport"
)

const flushOfT = `ADMIN flush_table('"t"')`

func TestATableThatStaysAsItIs(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	w := s.open(t, Options{Streams: 1})
	for n := range 3 {
		writeRow(t, w, n)
		if err := w.Flush(short(t)); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.fieldReads(); n != 1 {
		t.Errorf("the fields of a SELECT were read %d times, want once, by NewWriter", n)
	}
	reads := s.columnReads()
	if err := w.Flush(short(t)); err != nil || s.columnReads() != reads {
		t.Errorf("a Flush after nothing was written: %v, %d reads; want no error and no read", err, s.columnReads()-reads)
	}
	if _, err := w.Close(short(t)); err != nil {
		t.Error(err)
	}
	if got := s.schemas(); !slices.Equal(got, []string{"host,cpu,ts"}) || len(s.flushes()) != 0 {
		t.Errorf("streams %q, flushed by %q; want one stream of host,cpu,ts and no flush", got, s.flushes())
	}
}

// A column that is added while batches are written: those of the old columns that were
// acknowledged last, and those that follow get the column.
func TestAColumnIsAdded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		version string
		flushes []string
	}{
		{"1.1.0", []string{flushOfT}},
		{"1.1.4", []string{flushOfT}},
		{"1.2.0-beta.1", []string{flushOfT}},
		{"1.2.0-beta.2", nil},
		{"1.3.0", nil},
		{"a version of its own", []string{flushOfT}},
	} {
		t.Run(tt.version, func(t *testing.T) {
			t.Parallel()
			s := newAlterServer(t, tt.version)
			w := s.open(t, Options{Streams: 1})
			writeRow(t, w, 0)
			s.alter(t, alterColumns(note)...)
			old := writeRow(t, w, 1)
			if err := w.Flush(short(t)); err != nil {
				t.Fatal(err)
			}
			if rows := s.crash(); rows != 2 {
				t.Errorf("after a crash %d rows are left of 2", rows)
			}
			converted := writeRow(t, w, 2)
			if _, err := w.Close(short(t)); err != nil {
				t.Fatal(err)
			}
			if rows := s.crash(); rows != 3 {
				t.Errorf("after another crash %d rows are left of 3", rows)
			}
			if got, want := s.batch(old), []string{rowText(1, "")}; !slices.Equal(got, want) {
				t.Errorf("batch %d: %q, want %q", old, got, want)
			}
			if got, want := s.batch(converted), []string{rowText(2, "note=(null)")}; !slices.Equal(got, want) {
				t.Errorf("batch %d: %q, want %q", converted, got, want)
			}
			if got := s.schemas(); !slices.Equal(got, []string{"host,cpu,ts", "host,cpu,ts,note"}) {
				t.Errorf("streams %q, want host,cpu,ts, then with note", got)
			}
			if got := s.flushes(); !slices.Equal(got, tt.flushes) {
				t.Errorf("flushed by %q, want %q", got, tt.flushes)
			}
		})
	}
}

func TestAColumnIsAddedBeforeTheFirstStream(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.0.2", "1.1.4"} {
		s := newAlterServer(t, version)
		w := s.open(t, Options{Streams: 1})
		s.alter(t, alterColumns(note)...)
		id := writeRow(t, w, 1)
		if _, err := w.Close(short(t)); err != nil {
			t.Error(err)
		}
		if got := s.batch(id); !slices.Equal(got, []string{rowText(1, "note=(null)")}) || len(s.flushes()) != 0 {
			t.Errorf("%s: %q, flushed by %q; want one row whose note is NULL, and no flush", version, got, s.flushes())
		}
	}
}

// Servers before 1.1.0 refuse batches that lack a column, and do not say why.
func TestAColumnIsAddedWhereOldBatchesAreRefused(t *testing.T) {
	t.Parallel()
	for _, atLeastOnce := range []bool{false, true} {
		s := newAlterServer(t, "1.0.2")
		var once sync.Once
		altered := make(chan struct{})
		s.onAck = func(r received) {
			if r.id >= 3 {
				once.Do(func() {
					<-altered
				})
			}
		}
		w := s.open(t, Options{Streams: 1, InFlight: 8, Retry: insert.Retry{MinBackoff: time.Millisecond, AtLeastOnce: atLeastOnce}})
		var pending []*Pending
		for n := range 8 {
			p, err := w.WriteAsync(short(t), fill(t, w.NewBatch(1), n, 1))
			if err != nil {
				t.Fatal(err)
			}
			pending = append(pending, p)
		}
		if _, err := pending[1].Wait(short(t)); err != nil {
			t.Fatal(err)
		}
		s.alter(t, alterColumns(note)...)
		close(altered)
		err := w.Flush(short(t))
		var failed *WriteError
		switch {
		case atLeastOnce && err != nil:
			t.Errorf("with AtLeastOnce: %v, want no error", err)
		case !atLeastOnce && (!errors.As(err, &failed) || !slices.Equal(failed.IDs(), []int64{3}) || !slices.Equal(failed.AmbiguousIDs(), []int64{3})):
			t.Errorf("without AtLeastOnce %v, want that batch 3 failed, ambiguously", err)
		}
		if sum, err := w.Close(short(t)); err != nil || sum.Acknowledged+sum.Failed != 8 {
			t.Errorf("Close: %+v, %v; want 8 batches in all", sum, err)
		}
		for id := int64(4); id <= 8; id++ {
			if got, want := s.batch(id), []string{rowText(int(id-1), "note=(null)")}; !slices.Equal(got, want) {
				t.Errorf("batch %d: %q, want %q", id, got, want)
			}
		}
		if len(s.flushes()) != 0 {
			t.Errorf("flushed by %q, want no flush", s.flushes())
		}
	}
}

// Servers since 1.1.2 refuse batches that lack a column with the reason, which proves that
// nothing of them was written if the table has one region.
func TestARefusedBatchIsWrittenWithTheColumnThatItLacked(t *testing.T) {
	t.Parallel()
	count := catalog.Column{Name: "count", Type: column.Of(column.Int32), Default: "5"} // NOT NULL
	s := newAlterServer(t, "1.1.4")
	w := s.open(t, Options{Streams: 1})
	writeRow(t, w, 0)
	s.alter(t, alterColumns(count)...)
	ack, err := w.Write(short(t), fill(t, w.NewBatch(1), 1, 2)) // two rows: one alone would prove it, too
	if err != nil {
		t.Fatal(err)
	}
	if got := s.batch(ack.ID); len(got) != 2 || got[0] != rowText(1, "count=5") {
		t.Errorf("rows %q, want two, the first with count=5", got)
	}
	if sum, err := w.Close(short(t)); err != nil || sum.Acknowledged != 2 {
		t.Errorf("Close: %+v, %v; want 2 batches acknowledged", sum, err)
	}
}

func TestDefaultsOfAddedColumns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		added catalog.Column
		want  string
	}{
		{note, "note=(null)"},
		{catalog.Column{Name: "c", Type: column.Of(column.String), Nullable: true, Default: "none"}, "c=none"},
		{catalog.Column{Name: "c", Type: column.Of(column.String), Role: catalog.Tag, Nullable: true}, "c=(null)"},
		{catalog.Column{Name: "c", Type: column.Of(column.Int64), Default: "-7"}, "c=-7"},
		{catalog.Column{Name: "c", Type: column.Of(column.Boolean), Nullable: true, Default: "true"}, "c=true"},
		{catalog.Column{Name: "c", Type: column.DecimalOf(10, 2), Nullable: true}, "c=(null)"},
		{catalog.Column{Name: "c", Type: column.VectorOf(3), Nullable: true}, "c=(null)"},
		{catalog.Column{Name: "c", Type: column.Of(column.JSON), Nullable: true}, "c=(null)"},
		{catalog.Column{Name: "c", Type: column.Of(column.TimestampNanosecond), Nullable: true, Default: "now()"}, "c=(null)"},
	} {
		for _, codec := range []Compression{None, LZ4, ZSTD} {
			s := newAlterServer(t, "1.1.4")
			w := s.open(t, Options{Streams: 1, Compression: codec})
			writeRow(t, w, 0)
			s.alter(t, append([]catalog.Column{tt.added}, alterColumns()...)...) // FIRST
			writeRow(t, w, 1)
			if err := w.Flush(short(t)); err != nil {
				t.Fatal(err)
			}
			id := writeRow(t, w, 2)
			if got := s.batch(id); !slices.Equal(got, []string{rowText(2, tt.want)}) {
				t.Errorf("%s: %q, want %q", codec, got, tt.want)
			}
		}
	}
}

func TestSeveralColumnsAreAddedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	w := s.open(t, Options{Streams: 2})
	var more []catalog.Column
	for n := range 4 {
		writeRow(t, w, n)
		more = append(more, catalog.Column{Name: fmt.Sprint("c", n), Type: column.Of(column.Int64), Nullable: true, Default: fmt.Sprint(n)})
		s.alter(t, alterColumns(more...)...)
		writeRow(t, w, n)
		if err := w.Flush(short(t)); err != nil {
			t.Fatal(err)
		}
	}
	id := writeRow(t, w, 5)
	if got := s.batch(id); !slices.Equal(got, []string{rowText(5, "c0=0 c1=1 c2=2 c3=3")}) {
		t.Errorf("rows %q, want one with c0 to c3", got)
	}
	if _, err := w.Close(short(t)); err != nil {
		t.Error(err)
	}
	if rows := s.crash(); rows != 9 || len(s.flushes()) != 4 {
		t.Errorf("%d rows are left of 9, flushed by %q; want all of them, and 4 flushes", rows, s.flushes())
	}
}

func TestColumnsThatCannotBeFollowed(t *testing.T) {
	t.Parallel()
	changed := func(i int, change func(c *catalog.Column)) []catalog.Column {
		columns := alterColumns()
		change(&columns[i])
		return columns
	}
	for text, columns := range map[string][]catalog.Column{
		`column "cpu" was dropped`:                                 slices.Delete(alterColumns(), 1, 2),
		`column "cpu" is BIGINT and was DOUBLE`:                    changed(1, func(c *catalog.Column) { c.Type = column.Of(column.Int64) }),
		`column "ts" is TIMESTAMP(9) and was TIMESTAMP(3)`:         changed(2, func(c *catalog.Column) { c.Type = column.Of(column.TimestampNanosecond) }),
		`column "cpu" is NOT NULL and was not`:                     changed(1, func(c *catalog.Column) { c.Nullable = false }),
		`column "host" is a field and was a tag`:                   changed(0, func(c *catalog.Column) { c.Role = catalog.Field }),
		`column "n" was added, and is NOT NULL without a constant`: alterColumns(catalog.Column{Name: "n", Type: column.Of(column.Int64)}),
		`column "n" was added, and its DEFAULT (x'ff') is not`:     alterColumns(catalog.Column{Name: "n", Type: column.Of(column.Binary), Nullable: true, Default: "x'ff'"}),
		`column "host" was dropped; column "cpu" was dropped`:      alterColumns()[2:],
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			s := newAlterServer(t, "1.1.4")
			w := s.open(t, Options{Streams: 1})
			writeRow(t, w, 0)
			if err := w.Flush(short(t)); err != nil {
				t.Fatal(err)
			}
			s.alter(t, columns...)
			// Whether this batch is refused is the server's business. Flush tells anyway.
			_, _ = w.Write(short(t), fill(t, w.NewBatch(1), 1, 1))
			err := w.Flush(short(t))
			if !errors.Is(err, ErrTableChanged) || !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "new") {
				t.Fatalf("%v, want %q", err, text)
			}
			b := fill(t, w.NewBatch(1), 2, 1)
			if _, err := w.WriteAsync(short(t), b); !errors.Is(err, ErrTableChanged) || b.Len() != 1 {
				t.Errorf("a batch after it: %v, want %v, and the batch as it was", err, ErrTableChanged)
			}
			sum, err := w.Close(short(t))
			if !errors.Is(err, ErrTableChanged) || sum.Acknowledged+sum.Failed != 2 {
				t.Errorf("Close: %+v, %v; want %v, and 2 batches in all", sum, err, ErrTableChanged)
			}
		})
	}
}

// A batch that nothing became of comes back, for a Writer that knows the columns.
func TestBatchesOfATableThatCannotBeFollowedComeBack(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	w := s.open(t, Options{Streams: 1})
	s.alter(t, slices.Delete(alterColumns(), 1, 2)...)
	_, err := w.Write(short(t), fill(t, w.NewBatch(2), 7, 2))
	var failed *WriteError
	if !errors.As(err, &failed) || !errors.Is(err, ErrTableChanged) || len(failed.Failed) != 1 || failed.Failed[0].Ambiguous {
		t.Fatal(err)
	}
	b, err := failed.Failed[0].Batch()
	if err != nil || b.Len() != 2 {
		t.Fatal(b, err)
	}
	if ts, err := b.Row(1).Time("ts"); err != nil || !ts.Equal(time.UnixMilli(8)) {
		t.Errorf("the time of row 2 is %v, %v; want 8ms after the epoch", ts, err)
	}
	if len(s.schemas()) != 0 {
		t.Errorf("streams %q, want none", s.schemas())
	}
}

// What was acknowledged before a Writer noticed that it cannot go on lasts, too, since
// nobody writes it again.
func TestRowsAcknowledgedBeforeATableChangedAreFlushed(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	w := s.open(t, Options{Streams: 1, InFlight: 2, CheckInterval: -1})
	writeRow(t, w, 0)
	s.alter(t, slices.Delete(alterColumns(note), 1, 2)...) // cpu is gone, and note was added
	writeRow(t, w, 1)
	hold, reached := make(chan struct{}), make(chan struct{})
	s.mu.Lock()
	s.onAck = func(received) {
		close(reached)
		<-hold
	}
	s.mu.Unlock()
	last, err := w.WriteAsync(short(t), fill(t, w.NewBatch(1), 2, 1))
	if err != nil {
		t.Fatal(err)
	}
	<-reached
	if err := w.compare(short(t)); !errors.Is(err, ErrTableChanged) || !strings.Contains(err.Error(), "up to 3 batches") {
		t.Errorf("compare: %v, want %v of up to 3 batches", err, ErrTableChanged)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := w.flushTable(ctx); !errors.Is(err, context.DeadlineExceeded) || len(s.flushes()) != 0 {
		t.Errorf("flushTable: %v; flushed by %q before the last ack; want %v and no flush", err, s.flushes(), context.DeadlineExceeded)
	}
	close(hold)
	if _, err := last.Wait(short(t)); err != nil {
		t.Error(err)
	}
	s.failWith("ADMIN", func(c *wiretest.Call) error { return c.Fail(codes.Internal, "Region is busy", 5002) })
	if err := w.Flush(short(t)); !errors.Is(err, ErrTableChanged) || !strings.Contains(err.Error(), "Region is busy") {
		t.Errorf("Flush: %v, want %v, and why the table is not flushed", err, ErrTableChanged)
	}
	s.failWith("ADMIN", nil)
	if _, err := w.Close(short(t)); !errors.Is(err, ErrTableChanged) || strings.Contains(err.Error(), "flush") {
		t.Errorf("Close: %v, want %v without a word of the flush", err, ErrTableChanged)
	}
	if rows := s.crash(); rows != 3 {
		t.Errorf("after a crash %d rows are left of 3; flushed by %q", rows, s.flushes())
	}
}

// A batch that an earlier Writer made, or that failed there, gets the columns that were
// added since.
func TestABatchOfAnEarlierWriter(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.0.2")
	earlier := s.open(t, Options{Streams: 1, CheckInterval: -1})
	writeRow(t, earlier, 0)
	constant := note
	constant.Default = "none"
	s.alter(t, alterColumns(constant)...)
	_, err := earlier.Write(short(t), fill(t, earlier.NewBatch(1), 1, 1))
	var failed *WriteError
	if !errors.As(err, &failed) || len(failed.Failed) != 1 {
		t.Fatal(err)
	}
	again, err := failed.Failed[0].Batch()
	if err != nil {
		t.Fatal(err)
	}
	w := s.open(t, Options{Streams: 1})
	for _, b := range []*Batch{again, fill(t, earlier.NewBatch(1), 1, 1)} {
		ack, err := w.Write(short(t), b)
		if err != nil {
			t.Fatal(err)
		}
		rows := s.batch(ack.ID) // of that number, of both Writers
		if got := rows[len(rows)-1]; got != rowText(1, "note=none") {
			t.Errorf("the last row is %q, want note=none", got)
		}
	}

	notNull := catalog.Column{Name: "n", Type: column.Of(column.Int64)}
	s.alter(t, alterColumns(notNull)...)
	w = s.open(t, Options{Streams: 1})
	b := fill(t, earlier.NewBatch(1), 2, 1)
	var bad *insert.ValueError
	if _, err := w.WriteAsync(short(t), b); !errors.As(err, &bad) || bad.Column != "n" || b.Len() != 1 {
		t.Errorf("without a value for a column that is NOT NULL: %v, want a ValueError of column n, and the batch as it was", err)
	}
	other, err := NewBatch(testSchema(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteAsync(short(t), fill(t, other, 2, 1)); err == nil || !strings.Contains(err.Error(), "other columns") {
		t.Errorf("a batch of no Writer: %v", err)
	}
}

func TestATableThatWasDroppedAndMadeAgain(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	w := s.open(t, Options{Streams: 1})
	writeRow(t, w, 0)
	s.alter(t)
	if err := w.Flush(short(t)); !errors.Is(err, greptime.TableNotFound) {
		t.Errorf("without the table: %v, want %v", err, greptime.TableNotFound)
	}
	if _, err := w.Write(short(t), fill(t, w.NewBatch(1), 1, 1)); !errors.Is(err, greptime.TableNotFound) {
		t.Errorf("a batch without the table: %v, want %v", err, greptime.TableNotFound)
	}
	s.alter(t, alterColumns()...)
	writeRow(t, w, 2)
	if err := w.Flush(short(t)); err != nil {
		t.Error(err)
	}
	s.alter(t)
	s.alter(t, alterColumns(note)...)
	writeRow(t, w, 3)
	if _, err := w.Close(short(t)); err != nil {
		t.Error(err)
	}
	if got := s.flushes(); !slices.Equal(got, []string{flushOfT}) {
		t.Errorf("flushed by %q, want one flush", got)
	}
}

func TestChangesAreNoticedWithoutAFlush(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	w := s.open(t, Options{Streams: 1, CheckInterval: time.Millisecond})
	writeRow(t, w, 0)
	s.alter(t, alterColumns(note)...)
	writeRow(t, w, 1)
	select {
	case <-s.flushed:
	case <-short(t).Done():
		t.Fatal("the table is not flushed")
	}
	if rows := s.crash(); rows != 2 {
		t.Errorf("after a crash %d rows are left of 2", rows)
	}
	if _, err := w.Close(short(t)); err != nil {
		t.Error(err)
	}
	if got := s.flushes(); !slices.Equal(got, []string{flushOfT}) {
		t.Errorf("flushed by %q, want one flush", got)
	}
}

func TestNothingIsAskedBetweenBatches(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	w := s.open(t, Options{Streams: 1, CheckInterval: -1})
	for n := range 100 {
		writeRow(t, w, n)
	}
	if reads := s.columnReads(); reads != 2 { // NewWriter, and the stream
		t.Errorf("the columns were read %d times, want twice", reads)
	}
	if _, err := w.Close(short(t)); err != nil || s.columnReads() != 3 {
		t.Errorf("Close: %v, the columns were read %d times; want 3 times", err, s.columnReads())
	}
}

// Streams that are opened at the same time share a comparison.
func TestManyStreamsCompareTogether(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	w := s.open(t, Options{Streams: 8, InFlight: 1, CheckInterval: -1})
	submit(t, w, 200)
	if reads := s.columnReads(); reads > 9 {
		t.Errorf("the columns were read %d times for %d streams, want at most 9 times", reads, s.Calls(wiretest.MethodDoPut))
	}
}

func TestAUserWhoMayNotReadTheTable(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	denied := func(c *wiretest.Call) error {
		return c.Fail(codes.PermissionDenied, "User is not authorized to perform this action", 7006)
	}
	s.failWith("", denied)
	w, err := NewWriter(t.Context(), openConn(t, s.DSN()), "t", Options{Schema: testSchema(t), Streams: 1, CheckInterval: time.Millisecond})
	if err != nil || w.Verified() {
		t.Fatal(err)
	}
	asked := s.Calls(wiretest.MethodDoGet)
	for n := range 3 {
		writeRow(t, w, n)
		if err := w.Flush(short(t)); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.Close(short(t)); err != nil {
		t.Error(err)
	}
	if n := s.Calls(wiretest.MethodDoGet); n != asked {
		t.Errorf("the server was asked %d times, want not at all", n-asked)
	}

	// One who no longer may is the same.
	s.failWith("", nil)
	w = s.open(t, Options{Streams: 1})
	s.failWith("", denied)
	writeRow(t, w, 4)
	if _, err := w.Close(short(t)); err != nil {
		t.Error(err)
	}
}

func TestColumnsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	w := s.open(t, Options{Streams: 1, CheckInterval: -1})
	busy := func(c *wiretest.Call) error { return c.Fail(codes.Internal, "Region is busy", 5002) }
	s.failWith("SELECT * FROM", busy)
	writeRow(t, w, 0) // the load continues
	s.alter(t, alterColumns(note)...)
	writeRow(t, w, 1)
	if err := w.Flush(short(t)); err == nil || !strings.Contains(err.Error(), "Region is busy") || !strings.Contains(err.Error(), "it is not known whether") {
		t.Errorf("Flush: %v, want that the region is busy, and what cannot be found out", err)
	}
	s.failWith("SELECT * FROM", nil)
	s.failWith("ADMIN", busy)
	for range 2 {
		if err := w.Flush(short(t)); err == nil || !strings.Contains(err.Error(), "Region is busy") || !strings.Contains(err.Error(), flushOfT) {
			t.Errorf("Flush without flush_table: %v, want that the region is busy, and the statement", err)
		}
	}
	s.failWith("ADMIN", nil)
	if err := w.Flush(short(t)); err != nil || s.crash() != 2 {
		t.Error(err)
	}
	writeRow(t, w, 2)
	s.failWith("SELECT * FROM", func(c *wiretest.Call) error {
		<-c.Context().Done()
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if sum, err := w.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || sum.Acknowledged != 3 {
		t.Errorf("Close: %+v, %v; want %v, and 3 batches acknowledged", sum, err, context.DeadlineExceeded)
	}
}

func TestRecordBatchesOfATableThatHasChanged(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	w := s.open(t, Options{Streams: 1, KeepLast: true})
	fields := []arrow.Field{
		{Name: "ts", Type: &arrow.TimestampType{Unit: arrow.Millisecond}},
		{Name: "host", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "cpu", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}
	record := func(fields []arrow.Field) arrow.RecordBatch {
		b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
		defer b.Release()
		b.Field(0).(*array.TimestampBuilder).AppendValues([]arrow.Timestamp{1, 1}, nil)
		b.Field(1).(*array.StringBuilder).AppendValues([]string{"a", "a"}, nil)
		if len(fields) > 2 {
			b.Field(2).(*array.Float64Builder).AppendValues([]float64{1, 0}, nil)
		}
		if len(fields) > 3 {
			b.Field(3).(*array.StringBuilder).AppendValues([]string{"x", "y"}, nil)
		}
		return b.NewRecordBatch()
	}
	write := func(fields []arrow.Field) (int64, error) {
		r := record(fields)
		defer r.Release()
		p, err := w.WriteRecord(short(t), r)
		if err != nil {
			return 0, err
		}
		_, err = p.Wait(short(t))
		return p.ID(), err
	}
	withNote := append(slices.Clone(fields), arrow.Field{Name: "note", Type: arrow.BinaryTypes.String, Nullable: true})
	if _, err := write(withNote); err == nil || !strings.Contains(err.Error(), `no column "note"`) {
		t.Errorf("a column that is not there yet: %v", err)
	}
	if _, err := write(fields); err != nil {
		t.Fatal(err)
	}
	s.alter(t, alterColumns(catalog.Column{Name: "note", Type: column.Of(column.String), Nullable: true, Default: "z"})...)
	if err := w.Flush(short(t)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		fields []arrow.Field
		want   string
	}{{fields, "note=z"}, {withNote, "note=y"}} {
		id, err := write(tt.fields)
		if got := s.batch(id); err != nil || !slices.Equal(got, []string{rowText(1, tt.want)}) {
			t.Errorf("%q, %v; want %q", got, err, tt.want)
		}
	}
	if _, err := write(fields[:2]); err == nil || !strings.Contains(err.Error(), `lacks column "cpu"`) {
		t.Errorf("a column that was always there is missing: %v", err)
	}
}

// What failed after it was converted can be written again, by this Writer and by a new
// one.
func TestAConvertedBatchThatFailedIsWrittenAgain(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	w := s.open(t, Options{Streams: 1})
	s.alter(t, alterColumns(note)...)
	var fail atomic.Bool
	fail.Store(true)
	s.onAck = func(received) {
		if fail.Swap(false) {
			s.alter(t)
		}
	}
	_, err := w.Write(short(t), fill(t, w.NewBatch(1), 1, 1))
	var failed *WriteError
	if !errors.As(err, &failed) || !errors.Is(err, greptime.TableNotFound) {
		t.Fatal(err)
	}
	s.alter(t, alterColumns(note)...)
	for _, w := range []*Writer{w, s.open(t, Options{Streams: 1})} {
		b, err := failed.Failed[0].Batch()
		if err != nil {
			t.Fatal(err)
		}
		p, err := w.WriteAsync(short(t), b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Wait(short(t)); err != nil {
			t.Fatal(err)
		}
		if got := s.batch(p.ID()); !slices.Equal(got, []string{rowText(1, "note=(null)")}) {
			t.Errorf("rows %q, want one whose note is NULL", got)
		}
	}
}

func TestABatchThatIsTooLongWithTheColumnAdded(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	conn := openConn(t, s.DSN("max_message_size=1MiB"))
	w, err := NewWriter(t.Context(), conn, "t", Options{Streams: 1})
	if err != nil {
		t.Fatal(err)
	}
	writeRow(t, w, 0)
	s.alter(t, alterColumns(catalog.Column{Name: "note", Type: column.Of(column.String), Nullable: true, Default: strings.Repeat("x", 100)})...)
	hold, reached := make(chan struct{}), make(chan struct{}, 10)
	s.mu.Lock()
	s.onAck = func(received) {
		reached <- struct{}{}
		<-hold
	}
	s.mu.Unlock()
	first, err := w.WriteAsync(short(t), fill(t, w.NewBatch(1), 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	<-reached
	if err := w.compare(short(t)); err != nil {
		t.Fatal(err)
	}
	// Encoded with the column, it is refused before it is taken.
	b := fill(t, w.NewBatch(20_000), 2, 20_000)
	var long *tooLongError
	if _, err := w.WriteAsync(short(t), b); !errors.As(err, &long) || b.Len() != 20_000 {
		t.Errorf("WriteAsync: %v, want that it is too long, and the batch as it was", err)
	}
	close(hold)
	if _, err := first.Wait(short(t)); err != nil {
		t.Error(err)
	}
	// Encoded before, it fails, and nothing of it is written.
	l := newLayout(w.table, len(w.table.Columns))
	p, err := w.write(short(t), l, b.columns, b.rows)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Wait(short(t))
	var failed *WriteError
	if !errors.As(err, &long) || !errors.As(err, &failed) || failed.Failed[0].Ambiguous {
		t.Errorf("Wait: %v, want that it is too long, and not ambiguous", err)
	}
	if sum, err := w.Close(short(t)); err != nil || sum.Acknowledged != 2 || sum.Failed != 1 || w.memory.Held() != 0 || len(w.slots) != 0 {
		t.Errorf("Close: %+v, %v; %d bytes of %d batches are still reserved; want 2 acknowledged, 1 failed, and nothing reserved", sum, err, w.memory.Held(), len(w.slots))
	}
}

// The table is flushed once, after the last batch without the column is acknowledged,
// whoever waits for it.
func TestTheTableIsFlushedOnceAndLast(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	hold, reached := make(chan struct{}), make(chan struct{})
	s.mu.Lock()
	s.onAck = func(r received) {
		if r.id == 2 {
			close(reached)
			<-hold
		}
	}
	s.mu.Unlock()
	w := s.open(t, Options{Streams: 2, InFlight: 1, CheckInterval: time.Millisecond})
	writeRow(t, w, 0)
	last, err := w.WriteAsync(short(t), fill(t, w.NewBatch(1), 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	<-reached
	s.alter(t, alterColumns(note)...)
	writeRow(t, w, 2) // by another stream
	if err := w.compare(short(t)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := w.flushTable(ctx); !errors.Is(err, context.DeadlineExceeded) || len(s.flushes()) != 0 {
		t.Errorf("flushTable: %v; flushed by %q before the last ack; want %v and no flush", err, s.flushes(), context.DeadlineExceeded)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := w.Flush(short(t)); err != nil {
				t.Error(err)
			}
		})
	}
	close(hold)
	wg.Wait()
	if _, err := last.Wait(short(t)); err != nil {
		t.Error(err)
	}
	if rows := s.crash(); rows != 3 {
		t.Errorf("after a crash %d rows are left of 3, want all", rows)
	}
	if got := s.flushes(); !slices.Equal(got, []string{flushOfT}) {
		t.Errorf("flushed by %q, want one flush", got)
	}
}

// A server that does not tell its version in time is one that may lose rows, and the time
// for the flush is its own.
func TestTheTableIsFlushedWhenTheVersionDoesNotCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newMemoryAlterServer(t, "1.1.4")
		w := s.openMemory(t, Options{Streams: 1, CheckInterval: -1, Timeout: time.Second})
		writeRow(t, w, 0)
		s.alter(t, alterColumns(note)...)
		writeRow(t, w, 1)
		s.mu.Lock()
		s.hang = "SELECT version()"
		s.mu.Unlock()
		if err := w.Flush(short(t)); err != nil || s.crash() != 2 {
			t.Errorf("Flush: %v; flushed by %q, want both rows flushed", err, s.flushes())
		}
	})
}

func TestFlushStatements(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"t":         `ADMIN flush_table('"t"')`,
		"UpCase":    `ADMIN flush_table('"UpCase"')`,
		"a.b":       `ADMIN flush_table('"a.b"')`,
		`it's "so"`: `ADMIN flush_table('"it''s ""so"""')`,
	} {
		if got := flushStatement(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// The table is that of the database that the Writer was made in, whatever the connection
// does later.
func TestTheTableIsFlushedInItsDatabase(t *testing.T) {
	t.Parallel()
	s := newAlterServer(t, "1.1.4")
	database := make(chan string, 1)
	conn := openConn(t, s.DSN())
	w, err := NewWriter(t.Context(), conn, "t", Options{Streams: 1})
	if err != nil {
		t.Fatal(err)
	}
	writeRow(t, w, 0)
	s.alter(t, alterColumns(note)...)
	writeRow(t, w, 1)
	s.failWith("ADMIN", func(c *wiretest.Call) error {
		request, err := c.Ticket()
		if err != nil {
			return err
		}
		database <- request.Header.Dbname
		return answerText(c, "flush", "0")
	})
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(short(t)); err != nil {
		t.Error(err)
	}
	select {
	case name := <-database:
		if name != "public" {
			t.Errorf("flushed in database %q, want public", name)
		}
	default:
		t.Error("not flushed")
	}
}

// Whatever changes while a load runs, what was acknowledged before a Flush that found
// nothing wrong survives a crash right after it, and no batch is written twice.
func TestAcknowledgedRowsSurviveACrashAfterAFlush(t *testing.T) {
	t.Parallel()
	rounds := 20
	if *long {
		rounds = 1000
	}
	for round := range rounds {
		synctest.Test(t, func(t *testing.T) {
			version := []string{"1.0.2", "1.1.1", "1.1.4", "1.2.0"}[round%4]
			random := rand.New(rand.NewPCG(uint64(round), 20))
			s := newMemoryAlterServer(t, version)
			w := s.openMemory(t, Options{Streams: 1 + random.IntN(3), InFlight: 1 + random.IntN(8), CheckInterval: time.Duration(random.IntN(3)-1) * time.Millisecond})
			var more []catalog.Column
			var acked, failed, mayBe int64
			for range 4 {
				var pending []*Pending
				alterAt := random.IntN(20)
				for n := range 20 {
					if n == alterAt {
						more = append(more, catalog.Column{Name: fmt.Sprint("c", len(more)), Type: column.Of(column.Int64), Nullable: true, Default: "1"})
						s.alter(t, alterColumns(more...)...)
					}
					p, err := w.WriteAsync(short(t), fill(t, w.NewBatch(1), n, 1))
					if err != nil {
						t.Fatal(err)
					}
					pending = append(pending, p)
				}
				for _, p := range pending {
					_, err := p.Wait(short(t))
					var e *WriteError
					switch {
					case err == nil:
						acked++
					case errors.As(err, &e):
						failed++
						mayBe += int64(len(e.AmbiguousIDs()))
					default:
						t.Fatal(err)
					}
				}
				if err := w.Flush(short(t)); err != nil {
					t.Fatal(err)
				}
				if left := int64(s.crash()); left < acked || left > acked+mayBe {
					t.Fatalf("round %d, %s: %d batches acknowledged, %d failed, %d of them ambiguously; after a crash %d rows are left; want %d to %d", round, version, acked, failed, mayBe, left, acked, acked+mayBe)
				}
			}
			if !s.before("1.1.0") && failed > 0 {
				t.Errorf("round %d, %s: %d batches failed; want none", round, version, failed)
			}
			if _, err := w.Close(short(t)); err != nil {
				t.Error(err)
			}
			s.Stop()
		})
	}
}

// flushSession runs a function in place of each statement. Its server loses rows when it crashes.
type flushSession struct {
	session.Session
	run func()
}

func (s flushSession) Query(context.Context, string) (array.RecordReader, error) {
	s.run()
	return array.NewRecordReader(arrow.NewSchema(nil, nil), nil)
}

func (flushSession) ServerVersion(context.Context, *transport.Endpoint) (string, error) {
	return "1.1.0", nil
}

// Rows that are acknowledged while the table is flushed, before a change of it is noticed that
// ends the writer, need another flush.
func TestAChangeDuringAFlushNeedsAnotherOne(t *testing.T) {
	t.Parallel()
	for _, changes := range []bool{true, false} {
		w := &Writer{table: &catalog.Table{Name: "t"}, endpoints: endpoints{{used: true}}, flushing: make(chan struct{}, 1)}
		w.changed = sync.NewCond(&w.mu)
		w.layout.Store(new(layout))
		w.columns.mustFlush = true
		w.session = flushSession{run: func() {
			if changes {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.columns.mustFlush = true
				w.breakOff(ErrTableChanged)
			}
		}}
		if err := w.flushTable(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w.columns.mustFlush != changes {
			t.Errorf("changed meanwhile %t: must flush %t", changes, w.columns.mustFlush)
		}
	}
}
