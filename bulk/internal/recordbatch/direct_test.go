package recordbatch

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/rowvalue"
	"github.com/greptime-go/greptime/internal/structs"
)

// directValues has the types whose values SetRow and SetValues set, with values that they
// set, and values of any type that they leave to the Cell.
var directValues = []struct {
	typ    column.Type
	set    []any
	values rowvalue.Values // the same as set
	left   []any
}{
	{
		column.Of(column.Float64),
		[]any{0.0, -1.5, math.Inf(1), math.MaxFloat64},
		rowvalue.Slice[float64]{0.0, -1.5, math.Inf(1), math.MaxFloat64},
		[]any{nil, float32(1), 1, "1"},
	},
	{
		column.Of(column.String),
		[]any{"", "a", "seven77", "eight888", "nine, and é", "sixteen 16161616", "seventeen 1717171", strings.Repeat("long ", 1000)},
		rowvalue.Slice[string]{"", "a", "seven77", "eight888", "nine, and é", "sixteen 16161616", "seventeen 1717171", strings.Repeat("long ", 1000)},
		[]any{nil, "\xff", "eight88\xff", strings.Repeat("long ", 10) + "\xff", []byte("a"), 1},
	},
	{
		column.Of(column.TimestampMillisecond),
		[]any{time.UnixMilli(0), time.Unix(1_700_000_000, 999_999_999)},
		rowvalue.Slice[time.Time]{time.UnixMilli(0), time.Unix(1_700_000_000, 999_999_999)},
		[]any{nil, time.Unix(-1, 0), time.Unix(1<<34, 0), 5, "2024-02-29"},
	},
	{
		column.Of(column.Int64),
		[]any{int64(0), int64(math.MinInt64), int64(math.MaxInt64)},
		rowvalue.Slice[int64]{0, math.MinInt64, math.MaxInt64},
		[]any{nil, int32(1), uint64(1), 1.0},
	},
	{
		column.Of(column.Boolean),
		[]any{true, false, true, true, false, true, true, true, true},
		rowvalue.Slice[bool]{true, false, true, true, false, true, true, true, true},
		[]any{nil, 1, "true"},
	},
}

func TestValuesSetDirectlyAreThoseOfTheCell(t *testing.T) {
	t.Parallel()
	for _, tt := range directValues {
		rows := len(tt.set)
		byCell := NewColumn(tt.typ, rows)
		byRow := []Column{NewColumn(tt.typ, rows)}
		byColumn := NewColumn(tt.typ, rows)
		for row, v := range tt.set {
			cell := cellOf(t, tt.typ, v)
			if err := byCell.Set(row, &cell); err != nil {
				t.Fatal(err)
			}
			if n := SetRow(byRow, row, []any{v}); n != 1 {
				t.Errorf("%v: SetRow leaves %v (%[2]T) to the Cell", tt.typ, v)
			}
		}
		if n := byColumn.SetValues(0, tt.values); n != rows {
			t.Errorf("%v: SetValues sets %d rows, want %d", tt.typ, n, rows)
		}
		want := buffersOf(&byCell, rows)
		if got := buffersOf(&byRow[0], rows); got != want {
			t.Errorf("%v: SetRow makes buffers %x, want %x", tt.typ, got, want)
		}
		if got := buffersOf(&byColumn, rows); got != want {
			t.Errorf("%v: SetValues makes buffers %x, want %x", tt.typ, got, want)
		}
	}
}

// SetRow stops at the first value that is not of the usual type, and so does SetValues.
func TestValuesOfOtherTypesAreLeftToTheCell(t *testing.T) {
	t.Parallel()
	for _, tt := range directValues {
		columns := []Column{NewColumn(tt.typ, 1), NewColumn(tt.typ, 1), NewColumn(tt.typ, 1)}
		for _, left := range tt.left {
			for want := range columns {
				row := []any{tt.set[0], tt.set[0], tt.set[0]}
				row[want] = left
				if got := SetRow(columns, 0, row); got != want {
					t.Errorf("%v: SetRow of %q returns %d, want %d", tt.typ, row, got, want)
				}
			}
		}
		for _, other := range directValues {
			if other.typ == tt.typ {
				continue
			}
			if n := columns[0].SetValues(0, other.values); n != 0 {
				t.Errorf("%v: SetValues sets %d values of %v, want none", tt.typ, n, other.typ)
			}
		}
		if n := columns[0].SetValues(0, rowvalue.Slice[any]{tt.set[0]}); n != 0 {
			t.Errorf("%v: SetValues sets %d values of []any, want none", tt.typ, n)
		}
	}
	text, at := NewColumn(column.Of(column.String), 3), NewColumn(column.Of(column.TimestampSecond), 3)
	if n := text.SetValues(0, rowvalue.Slice[string]{"a", "b", "\xff"}); n != 2 {
		t.Errorf("SetValues sets %d texts, want the 2 that are valid", n)
	}
	if n := at.SetValues(0, rowvalue.Slice[time.Time]{time.Unix(1, 0), time.Unix(-1, 0)}); n != 1 {
		t.Errorf("SetValues sets %d times, want the 1 after 1970", n)
	}
}

func TestColumnsOfOtherTypesAreLeftToTheCell(t *testing.T) {
	t.Parallel()
	for typ, v := range map[column.Type]any{
		column.Of(column.Float32): 1.5, column.Of(column.Int32): 1, column.Of(column.Date): time.Unix(0, 0), column.Of(column.Binary): "a", column.Of(column.JSON): "1",
	} {
		if n := SetRow([]Column{NewColumn(typ, 1)}, 0, []any{v}); n != 0 {
			t.Errorf("%v: SetRow sets %v (%[2]T), want it left to the Cell", typ, v)
		}
	}
}

// An int is set as an int64; a slice of int goes through the Cell.
func TestInts(t *testing.T) {
	t.Parallel()
	c := []Column{NewColumn(column.Of(column.Int64), 1)}
	if n := SetRow(c, 0, []any{-7}); n != 1 || !slices.Equal(c[0].upTo(1), []byte{0xf9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) {
		t.Errorf("SetRow of -7 returns %d and makes %x, want 1 and -7", n, c[0].upTo(1))
	}
}

// SetFields sets what SetRow sets, and stops at the first value that is left to the Cell.
func TestFieldsSetDirectlyAreThoseOfARow(t *testing.T) {
	t.Parallel()
	type fields struct {
		F  float64   `greptime:"f"`
		S  string    `greptime:"s"`
		I  int64     `greptime:"i"`
		N  int       `greptime:"n"`
		B  bool      `greptime:"b"`
		P  *float64  `greptime:"p"`
		At time.Time `greptime:"ts,time"`
	}
	plan, err := structs.Of(reflect.TypeFor[fields]())
	if err != nil {
		t.Fatal(err)
	}
	var list []*structs.Column
	var types []column.Type
	for i := range plan.Columns {
		list = append(list, &plan.Columns[i])
		types = append(types, plan.Columns[i].Type)
	}
	newColumns := func() []Column {
		columns := make([]Column, len(types))
		for i, typ := range types {
			columns[i] = NewColumn(typ, 1)
		}
		return columns
	}
	f, at := 1.5, time.Unix(1_700_000_000, 999_999_999)
	for _, tt := range []struct {
		row  fields
		want int // how many are set
	}{
		{fields{-1.5, "eight888", 1, -2, true, &f, at}, 7},
		{fields{0, "", 0, 0, false, &f, time.Unix(0, 0)}, 7},
		{fields{0, strings.Repeat("é", 100), 0, 0, false, &f, at}, 7},
		{fields{0, "\xff", 0, 0, false, &f, at}, 1},
		{fields{0, "", 0, 0, false, nil, at}, 5},
		{fields{0, "", 0, 0, false, &f, time.Unix(-1, 0)}, 6},
	} {
		rows := structs.RowsOf([]fields{tt.row})
		row, err := rows.At(0)
		if err != nil {
			t.Fatal(err)
		}
		got, want := newColumns(), newColumns()
		if n := SetFields(got, 0, list, row); n != tt.want {
			t.Errorf("%+v: SetFields sets %d values, want %d", tt.row, n, tt.want)
		}
		r := tt.row
		values := []any{r.F, r.S, r.I, r.N, r.B, f, r.At}
		if r.P == nil {
			values[5] = nil
		}
		if n := SetRow(want, 0, values); n != tt.want {
			t.Errorf("%+v: SetRow sets %d values, want %d", tt.row, n, tt.want)
		}
		for i := range tt.want {
			if g, w := buffersOf(&got[i], 1), buffersOf(&want[i], 1); g != w {
				t.Errorf("%+v: SetFields makes buffers %x of column %d, want %x", tt.row, g, i, w)
			}
		}
	}
	// A column of another type than the field's own takes no value directly.
	for _, typ := range []column.Type{column.Of(column.Float32), column.Of(column.Int32), column.Of(column.Binary), column.Of(column.Date)} {
		rows := structs.RowsOf([]fields{{P: &f, At: at}})
		row, err := rows.At(0)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			if n := SetFields([]Column{NewColumn(typ, 1)}, 0, list[i:i+1], row); n != 0 {
				t.Errorf("%v: a %v is set directly", typ, list[i].Go)
			}
		}
	}
}
