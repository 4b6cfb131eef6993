package bulk

import (
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
)

func TestColumnsOfARecordBatchMatchByName(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	w := openWriter(t, s.DSN(), Options{})
	host, cpu, at := arrayOf(t, arrow.BinaryTypes.String, `["a",null]`), arrayOf(t, arrow.PrimitiveTypes.Float64, `[1,2]`), arrayOf(t, ts(arrow.Millisecond, ""), `[1,2]`)
	for text, columns := range map[string]map[string]arrow.Array{
		"":                            {"ts": at, "host": host, "cpu": cpu},
		`lacks column "cpu" (DOUBLE)`: {"ts": at, "host": host},
		`no column "CPU"`:             {"ts": at, "host": host, "CPU": cpu},
		`no column "extra"`:           {"ts": at, "host": host, "cpu": cpu, "extra": cpu},
		"the time index cannot be":    {"ts": arrayOf(t, ts(arrow.Millisecond, ""), `[1,null]`), "host": host, "cpu": cpu},
		`the time index cannot be NU`: {"ts": arrayOf(t, arrow.Null, `[null,null]`), "host": host, "cpu": cpu},
		`column "ts" (TIMESTAMP(3))`:  {"ts": arrayOf(t, arrow.PrimitiveTypes.Int64, `[1,2]`), "host": host, "cpu": cpu},
	} {
		record := recordOf(t, columns)
		p, err := w.WriteRecord(short(t), record)
		switch {
		case text != "" && (err == nil || !strings.Contains(err.Error(), text)):
			t.Errorf("%v, want %q", err, text)
		case text == "" && err != nil:
			t.Error(err)
		case text == "":
			if ack, err := p.Wait(short(t)); err != nil || ack.Rows != 2 {
				t.Errorf("Wait: %+v, %v; want 2 rows", ack, err)
			}
		}
	}
	twice := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "ts", Type: at.DataType()}, {Name: "ts", Type: at.DataType()}}, nil), []arrow.Array{at, at}, 2)
	if _, err := w.WriteRecord(short(t), twice); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Error(err)
	}
	if n := s.Calls("/arrow.flight.protocol.FlightService/DoPut"); n != 1 {
		t.Errorf("%d streams, want 1", n)
	}
}

func TestNothingToWrite(t *testing.T) {
	t.Parallel()
	w := openWriter(t, putServer(t, acknowledgeAll(nil)).DSN(), Options{})
	for call, f := range map[string]func() error{
		"WriteAsync":  func() error { _, err := w.WriteAsync(t.Context(), nil); return err },
		"WriteRecord": func() error { _, err := w.WriteRecord(t.Context(), nil); return err },
		"WriteReader": func() error { _, err := w.WriteReader(t.Context(), nil, nil); return err },
		"WriteReader of a failed QueryArrow": func() error {
			_, err := w.WriteReader(t.Context(), (*greptime.RecordReader)(nil), nil)
			return err
		},
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), "is nil") {
			t.Errorf("%s of nil returns %v, want an error", call, err)
		}
	}
}

func TestARecordBatchWithoutRowsIsWrittenAsNothing(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	w := openWriter(t, s.DSN(), Options{Streams: 1})
	empty := func(dt arrow.DataType, buffers int) arrow.Array {
		return array.MakeFromData(array.NewData(dt, 0, make([]*memory.Buffer, buffers), nil, 0, 0))
	}
	record := recordOf(t, map[string]arrow.Array{
		"host": empty(arrow.BinaryTypes.String, 3),
		"cpu":  empty(arrow.PrimitiveTypes.Float64, 2),
		"ts":   empty(ts(arrow.Millisecond, ""), 2),
	})
	p, err := w.WriteRecord(short(t), record)
	if err != nil {
		t.Fatal(err)
	}
	if ack, err := p.Wait(short(t)); err != nil || ack.Rows != 0 || p.ID() != 0 {
		t.Errorf("Wait: %+v, %v; want no row and the id 0", ack, err)
	}
	if sum, err := w.Close(short(t)); err != nil || sum.Acknowledged != 0 {
		t.Errorf("Close: %+v, %v; want no batch", sum, err)
	}
}

// A value that a column cannot have is a ValueError with its place; an array that no cast
// turns into the column is an error with both types.
func TestErrorsOfRecordBatchesNameTheirPlace(t *testing.T) {
	t.Parallel()
	table, err := catalog.NewTable("t", []catalog.Column{{Name: "v", Type: column.Of(column.Int32)}, {Name: "ts", Type: column.Of(column.TimestampSecond), Role: catalog.TimeIndex}})
	if err != nil {
		t.Fatal(err)
	}
	at := arrayOf(t, ts(arrow.Second, ""), `[0,0,0]`)
	for _, tt := range []struct {
		array arrow.Array
		row   int // of the ValueError; -1 if it is another error
		want  string
	}{
		{arrayOf(t, arrow.PrimitiveTypes.Int64, `[1, 2, 2147483648]`), 2, `row 3 (index 2), column "v": 2147483648 (int64) is not a value for INT: out of range, which is -2147483648 to 2147483647`},
		{arrayOf(t, arrow.PrimitiveTypes.Int32, `[1, null, 3]`), 1, `row 2 (index 1), column "v": the column is NOT NULL`},
		{arrayOf(t, arrow.BinaryTypes.String, `["1", "2", "3"]`), -1, `table "t", column "v" (INT): Arrow type utf8: does not fit the column`},
	} {
		_, err := recordColumns(newLayout(table, len(table.Columns)), recordOf(t, map[string]arrow.Array{"v": tt.array, "ts": at}))
		row := -1
		var value *insert.ValueError
		if errors.As(err, &value) {
			row = value.Row
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || row != tt.row {
			t.Errorf("%v: got %v of row %d, want %q of row %d", tt.array, err, row, tt.want, tt.row)
		}
	}
}
