package recordbatch

import (
	"math/rand/v2"
	"testing"

	"github.com/greptime-go/greptime/internal/column"
)

// nulls counts by words; a count bit by bit is the same.
func TestNULLsAreCountedUpToTheLastRow(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	valid := make([]byte, 40)
	for i := range valid {
		valid[i] = byte(rng.Uint32())
	}
	for length := range valid {
		c := Column{valid: valid[:length]}
		for rows := range 8*length + 20 {
			want, first := 0, -1
			for row := range rows {
				if !c.isNull(row) {
					continue
				}
				if want++; first < 0 {
					first = row
				}
			}
			if got := c.nulls(rows); got != want {
				t.Fatalf("%d bytes of bits, %d rows: got %d NULLs, want %d", length, rows, got, want)
			}
			if got := c.FirstNull(rows); got != first {
				t.Fatalf("%d bytes of bits, %d rows: got row %d as the first NULL, want %d", length, rows, got, first)
			}
		}
	}
}

// Rows that are set again after Truncate are as if they were set for the first time.
func TestTruncatedRowsLeaveNothing(t *testing.T) {
	t.Parallel()
	types := []column.Type{column.Of(column.Boolean), column.Of(column.Int32), column.Of(column.String)}
	values := []any{true, 7, "text"}
	for rows := range 20 {
		for i, typ := range types {
			c, fresh := NewColumn(typ, 20), NewColumn(typ, 20)
			var null column.Cell
			value := cellOf(t, typ, values[i])
			for row := range 20 {
				if err := c.Set(row, &null); err != nil {
					t.Fatal(err)
				}
			}
			c.Truncate(0)
			for row := range rows {
				for _, set := range []*Column{&c, &fresh} {
					if err := set.Set(row, &value); err != nil {
						t.Fatal(err)
					}
				}
			}
			if got, want := buffersOf(&c, rows), buffersOf(&fresh, rows); got != want {
				t.Errorf("%v, %d rows: got buffers %x, want %x", typ, rows, got, want)
			}
		}
	}
}

// A column of the cells that are read from another one has the same buffers.
func TestValuesAreReadAsTheyWereSet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typ   column.Type
		value any
	}{
		{column.Of(column.Boolean), true},
		{column.Of(column.Int8), -7},
		{column.Of(column.Float64), 1.5},
		{column.Of(column.String), "é"},
		{column.Of(column.String), ""},
		{column.Of(column.Binary), []byte{}},
		{column.Of(column.TimeMicrosecond), "12:34:56"},
		{column.DecimalOf(10, 2), "-1.25"},
		{column.VectorOf(2), []float32{1, 2}},
	} {
		from := columnsOf(t, []column.Type{tt.typ}, []any{tt.value}, []any{nil}, []any{tt.value})
		to := NewColumn(tt.typ, 3)
		for row := range 3 {
			var cell column.Cell
			if err := from[0].Read(row, &cell); err != nil {
				t.Fatal(err)
			}
			if cell.IsNull() != (row == 1) {
				t.Errorf("%v %v, row %d: NULL is %t; want NULL in row 1 alone", tt.typ, tt.value, row, cell.IsNull())
			}
			if err := to.Set(row, &cell); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := buffersOf(&to, 3), buffersOf(&from[0], 3); got != want {
			t.Errorf("%v %v: got buffers %x, want %x", tt.typ, tt.value, got, want)
		}
	}
}

func TestRepeatedValue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typ   column.Type
		value any
	}{
		{column.Of(column.Boolean), true},
		{column.Of(column.Int64), 7},
		{column.Of(column.String), "text"},
		{column.Of(column.JSON), `{"a":1}`},
		{column.Of(column.Float64), nil},
	} {
		cell := cellOf(t, tt.typ, tt.value)
		got, err := Repeat(tt.typ, 3, &cell)
		if err != nil {
			t.Fatal(err)
		}
		want := columnsOf(t, []column.Type{tt.typ}, []any{tt.value}, []any{tt.value}, []any{tt.value})
		if got, want := buffersOf(&got, 3), buffersOf(&want[0], 3); got != want {
			t.Errorf("%v %v: got buffers %x, want %x", tt.typ, tt.value, got, want)
		}
	}
}
