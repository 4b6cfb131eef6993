package bulk

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestWriteReader(t *testing.T) {
	t.Parallel()
	var rows []int64
	s := putServer(t, acknowledgeAll(nil))
	w := openWriter(t, s.DSN(), Options{Streams: 1, InFlight: 2})
	rd := readerOf(t, 50_000, 10, 7)
	defer rd.Release()
	n, err := w.WriteReader(short(t), rd, func(n int64) { rows = append(rows, n) })
	if err != nil || n != 50_017 {
		t.Errorf("WriteReader: %d rows, %v; want 50017 rows", n, err)
	}
	if len(rows) != 5 || rows[0] != maxReaderRows || rows[4] != 50_017 {
		t.Errorf("progress %v, want 5 calls, up to 50017", rows)
	}
	// An error of the server stops the reading, and everything is told.
	s2 := putServer(t, script(map[int64]func(*putCall, received) error{3: regionError}))
	w2 := openWriter(t, s2.DSN(), Options{Streams: 1, InFlight: 1})
	rd2 := readerOf(t, 1, 1, 1, 1, 1, 1, 1, 1)
	defer rd2.Release()
	n, err = w2.WriteReader(short(t), rd2, nil)
	var failed *WriteError
	if !errors.As(err, &failed) || len(failed.Failed) != 1 || n < 2 {
		t.Errorf("WriteReader: %d rows, %v; want one failed batch after 2 rows or more", n, err)
	}
	sum, err := w2.Close(short(t))
	if err != nil || sum.Rows != n || sum.Failed != 1 {
		t.Errorf("Close: %+v, %v; want %d rows and 1 batch failed", sum, err, n)
	}
}

// readerOf has record batches of so many rows.
func readerOf(t *testing.T, sizes ...int) array.RecordReader {
	t.Helper()
	var list []arrow.RecordBatch
	var schema *arrow.Schema
	for _, n := range sizes {
		b, err := NewBatch(testSchema(t), n)
		if err != nil {
			t.Fatal(err)
		}
		record, err := decodeEncoded(t, fill(t, b, 1, n))
		if err != nil {
			t.Fatal(err)
		}
		schema = record.Schema()
		list = append(list, record)
	}
	rd, err := array.NewRecordReader(schema, list)
	if err != nil {
		t.Fatal(err)
	}
	return rd
}

// brokenReader has an error from its failing call of Next on, which may return a batch
// all the same, as arrow-go's CSV reader does.
type brokenReader struct {
	array.RecordReader
	failing, calls int
}

var errBroken = errors.New("the file is broken")

func (r *brokenReader) Next() bool {
	r.calls++
	return r.RecordReader.Next()
}

func (r *brokenReader) Err() error {
	if r.calls >= r.failing {
		return errBroken
	}
	return nil
}

func TestWriteReaderTellsWhyItStopped(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	w := openWriter(t, s.DSN(), Options{})
	for failing, rows := range map[int]int64{3: 10, 2: 5, 1: 0} { // at the end, or with a batch
		rd := readerOf(t, 5, 5)
		if n, err := w.WriteReader(short(t), &brokenReader{RecordReader: rd, failing: failing}, nil); n != rows || !errors.Is(err, errBroken) {
			t.Errorf("failing at batch %d: %d rows, %v; want %d rows and %v", failing, n, err, rows, errBroken)
		}
		rd.Release()
	}
	if _, err := w.Close(short(t)); err != nil {
		t.Fatal(err)
	}
	again := readerOf(t, 5)
	defer again.Release()
	if n, err := w.WriteReader(short(t), again, nil); n != 0 || !errors.Is(err, ErrClosed) {
		t.Errorf("WriteReader: %d rows, %v; want no row and %v", n, err, ErrClosed)
	}
}

func TestWriteReaderEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := putServer(t, script(map[int64]func(*putCall, received) error{2: func(c *putCall, _ received) error {
			<-c.Context().Done()
			return nil
		}}), wiretest.InMemory())
		w := openMemoryWriter(t, silent, Options{Streams: 1})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		stuck := readerOf(t, 5, 6, 7)
		defer stuck.Release()
		if n, err := w.WriteReader(ctx, stuck, func(int64) { cancel() }); n != 5 || !errors.Is(err, context.Canceled) {
			t.Errorf("WriteReader: got %d rows, %v; want 5 rows and %v", n, err, context.Canceled)
		}
	})
}

func TestWriteReaderHalvesWhatIsTooLongForAMessage(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	w := openWriter(t, s.DSN("max_message_size=2000"), Options{})
	rd := readerOf(t, 1000)
	defer rd.Release()
	if n, err := w.WriteReader(short(t), rd, nil); n != 1000 || err != nil {
		t.Errorf("WriteReader: %d rows, %v; want 1000 rows", n, err)
	}
	// A row that fits none is an error, and ends the reading.
	w = openWriter(t, s.DSN("max_message_size=100"), Options{})
	again := readerOf(t, 3)
	defer again.Release()
	if n, err := w.WriteReader(short(t), again, nil); n != 0 || err == nil || !strings.Contains(err.Error(), "the batch of 1 rows takes") {
		t.Errorf("WriteReader: %d rows, %v; want no row, and that one does not fit", n, err)
	}
}

func TestWriteReaderCountsRowsFromTheBeginningOfARecordBatch(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	w := openWriter(t, s.DSN(), Options{})
	const bad = maxReaderRows + 7
	host := array.NewStringBuilder(memory.DefaultAllocator)
	cpu := array.NewNullBuilder(memory.DefaultAllocator)
	ts := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: arrow.Microsecond})
	for i := range 2 * maxReaderRows {
		host.Append("a")
		cpu.AppendNull()
		v := arrow.Timestamp(1000 * i)
		if i == bad {
			v++
		}
		ts.Append(v)
	}
	record := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{
		{Name: "host", Type: arrow.BinaryTypes.String}, {Name: "cpu", Type: arrow.Null}, {Name: "ts", Type: &arrow.TimestampType{Unit: arrow.Microsecond}},
	}, nil), []arrow.Array{host.NewArray(), cpu.NewArray(), ts.NewArray()}, 2*maxReaderRows)
	rd, err := array.NewRecordReader(record.Schema(), []arrow.RecordBatch{record})
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Release()
	n, err := w.WriteReader(short(t), rd, nil)
	var value *insert.ValueError
	if n != maxReaderRows || !errors.As(err, &value) || value.Row != bad || value.Column != "ts" {
		t.Errorf("WriteReader: %d rows, %v; want %d rows and a ValueError of row %d, column ts", n, err, maxReaderRows, bad)
	}
}
