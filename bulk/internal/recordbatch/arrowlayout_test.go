package recordbatch

import (
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
)

// layoutTypes is the types that arrays can come in, and the column of each.
var layoutTypes = []struct {
	to   column.Type
	from arrow.DataType
	json string // values that are not NULL
}{
	{column.Of(column.Boolean), arrow.FixedWidthTypes.Boolean, `[true,false,true]`},
	{column.Of(column.Int8), arrow.PrimitiveTypes.Int8, `[1,-2,3]`},
	{column.Of(column.Int32), arrow.PrimitiveTypes.Int64, `[1,-2,3]`},
	{column.Of(column.Uint64), arrow.PrimitiveTypes.Uint64, `[1,2,3]`},
	{column.Of(column.Float32), arrow.PrimitiveTypes.Float64, `[0.5,2,3]`},
	{column.Of(column.Float64), arrow.PrimitiveTypes.Float64, `[0.5,2,3]`},
	{column.Of(column.String), arrow.BinaryTypes.String, `["a","","é"]`},
	{column.Of(column.String), arrow.BinaryTypes.LargeString, `["a","","é"]`},
	{column.Of(column.String), arrow.BinaryTypes.StringView, `["a","","a text of more than twelve bytes"]`},
	{column.Of(column.String), dictionary(arrow.BinaryTypes.String), `["a","","é"]`},
	{column.Of(column.Binary), arrow.BinaryTypes.Binary, `["AP8=","","AA=="]`},
	{column.Of(column.Binary), arrow.BinaryTypes.LargeBinary, `["AP8=","","AA=="]`},
	{column.Of(column.Binary), arrow.BinaryTypes.BinaryView, `["AP8=","","AA=="]`},
	{column.Of(column.Binary), &arrow.FixedSizeBinaryType{ByteWidth: 2}, `["AP8=","AAA=","/wA="]`},
	{column.Of(column.Date), arrow.FixedWidthTypes.Date32, `["1969-12-31","1970-01-01","2024-02-29"]`},
	{column.Of(column.Date), arrow.FixedWidthTypes.Date64, `["1969-12-31","1970-01-01","2024-02-29"]`},
	{column.Of(column.TimestampMillisecond), timestamps(arrow.Millisecond, ""), `[-1,0,5]`},
	{column.Of(column.TimestampMillisecond), timestamps(arrow.Second, "UTC"), `[-1,0,5]`},
	{column.Of(column.TimeMillisecond), &arrow.Time32Type{Unit: arrow.Millisecond}, `["00:00:01","00:00:02","23:59:59"]`},
	{column.Of(column.TimeNanosecond), &arrow.Time64Type{Unit: arrow.Microsecond}, `["00:00:01","00:00:02","23:59:59"]`},
	{column.DecimalOf(10, 2), &arrow.Decimal128Type{Precision: 10, Scale: 2}, `["1.25","-1.00","0.00"]`},
	{column.DecimalOf(10, 3), &arrow.Decimal128Type{Precision: 10, Scale: 2}, `["1.25","-1.00","0.00"]`},
	{column.Of(column.Int64), dictionary(arrow.PrimitiveTypes.Int64), `[1,2,1]`},
	{column.Of(column.JSON), arrow.BinaryTypes.String, `["1","{}","[]"]`},
	{column.Of(column.JSON), arrow.BinaryTypes.StringView, `["1","{}","[]"]`},
	{column.VectorOf(2), arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float32), `[[1,2],[3,4],[5,6]]`},
	{column.VectorOf(2), arrow.ListOf(arrow.PrimitiveTypes.Float32), `[[1,2],[3,4],[5,6]]`},
	{column.VectorOf(2), arrow.LargeListOf(arrow.PrimitiveTypes.Float32), `[[1,2],[3,4],[5,6]]`},
	{column.VectorOf(2), arrow.BinaryTypes.Binary, `["AAAAAAAAAAA=","AAAAAAAAAAE=","AAAAAAAAAAI="]`},
}

// withBuffers is an array of so many rows whose buffers, and those of its children, change
// makes of those of a.
func withBuffers(a arrow.Array, rows, nulls int, change func(i int, b *memory.Buffer) *memory.Buffer) arrow.Array {
	return array.MakeFromData(dataWithBuffers(a.Data(), rows, nulls, change))
}

func dataWithBuffers(d arrow.ArrayData, rows, nulls int, change func(i int, b *memory.Buffer) *memory.Buffer) *array.Data {
	var buffers []*memory.Buffer
	for i, b := range d.Buffers() {
		buffers = append(buffers, change(i, b))
	}
	var children []arrow.ArrayData
	for _, child := range d.Children() {
		if rows > 0 {
			children = append(children, child)
			continue
		}
		children = append(children, dataWithBuffers(child, 0, 0, change))
	}
	if d.DataType().ID() == arrow.DICTIONARY {
		var dictionary *array.Data // none for no rows
		if rows > 0 {
			dictionary = d.Dictionary().(*array.Data)
		}
		return array.NewDataWithDictionary(d.DataType(), rows, buffers, nulls, 0, dictionary)
	}
	return array.NewData(d.DataType(), rows, buffers, children, nulls, 0)
}

func noBuffer(int, *memory.Buffer) *memory.Buffer { return nil }

func emptyBuffer(int, *memory.Buffer) *memory.Buffer { return memory.NewBufferBytes([]byte{}) }

// Other Arrow libraries leave out buffers that nothing is read of, or send empty ones.
func TestArraysWithoutRows(t *testing.T) {
	t.Parallel()
	for _, tt := range layoutTypes {
		a := arrayOf(t, tt.from, tt.json)
		for name, empty := range map[string]arrow.Array{
			"no buffers":    withBuffers(a, 0, 0, noBuffer),
			"empty buffers": withBuffers(a, 0, 0, emptyBuffer),
			"unknown nulls": withBuffers(a, 0, array.UnknownNullCount, noBuffer),
			"a slice":       array.NewSlice(a, 1, 1),
			"the end":       array.NewSlice(a, 3, 3),
		} {
			c, err := FromArray(tt.to, empty)
			if err != nil {
				t.Errorf("%v from %v, %s: %v", tt.to, tt.from, name, err)
				continue
			}
			if n := c.Size(0); n > 8 {
				t.Errorf("%v from %v, %s: %d bytes, want at most 8", tt.to, tt.from, name, n)
			}
		}
	}
}

// An array of NULLs needs no values.
func TestArraysOfNullsWithoutValues(t *testing.T) {
	t.Parallel()
	for _, tt := range layoutTypes {
		for _, rows := range []int{1, 3, 8, 9} {
			a := arrayOf(t, tt.from, "["+strings.TrimSuffix(strings.Repeat("null,", rows), ",")+"]")
			layouts := map[string]arrow.Array{
				"as it is": a,
				"without values": withBuffers(a, rows, rows, func(i int, b *memory.Buffer) *memory.Buffer {
					if offsets := hasOffsets(tt.from) && i == 1; i == 0 || offsets {
						return b
					}
					return nil
				}),
				"of an unknown number": withBuffers(a, rows, array.UnknownNullCount, func(_ int, b *memory.Buffer) *memory.Buffer { return b }),
				"sliced":               array.NewSlice(a, int64(rows-1), int64(rows)),
			}
			for name, nulls := range layouts {
				got, err := roundTrip(t, tt.to, nulls)
				if err != nil || got.Len() != nulls.Len() || got.NullN() != nulls.Len() {
					t.Errorf("%v from %v, %d rows, %s: %v, %v; want %d NULLs", tt.to, tt.from, rows, name, got, err, nulls.Len())
				}
			}
		}
	}
}

// hasOffsets reports whether the second buffer of an array is read for NULLs, too.
func hasOffsets(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.STRING, arrow.BINARY, arrow.LARGE_STRING, arrow.LARGE_BINARY, arrow.LIST, arrow.LARGE_LIST:
		return true
	}
	return false
}

// An array without NULLs needs no validity, whatever it says of their number.
func TestArraysWithoutValidity(t *testing.T) {
	t.Parallel()
	for _, tt := range layoutTypes {
		a := arrayOf(t, tt.from, tt.json)
		want, err := roundTrip(t, tt.to, a)
		if err != nil || want.NullN() != 0 {
			t.Fatalf("%v from %v: %v, %v", tt.to, tt.from, want, err)
		}
		for name, validity := range map[string]func(int, *memory.Buffer) *memory.Buffer{"none": noBuffer, "empty": emptyBuffer} {
			for _, nulls := range []int{0, array.UnknownNullCount} {
				without := withBuffers(a, a.Len(), nulls, func(i int, b *memory.Buffer) *memory.Buffer {
					if i > 0 {
						return b
					}
					return validity(i, b)
				})
				for from := range int64(a.Len()) {
					part := array.NewSlice(without, from, int64(a.Len()))
					got, err := roundTrip(t, tt.to, part)
					if err != nil || !array.Equal(got, array.NewSlice(want, from, int64(a.Len()))) {
						t.Errorf("%v from %v, validity %s, %d NULLs, from row %d: %v, %v; want %v", tt.to, tt.from, name, nulls, from, got, err, array.NewSlice(want, from, int64(a.Len())))
					}
				}
			}
		}
	}
}

// Values that are missing although they are not NULL are no layout of Arrow's.
func TestArraysWhoseValuesAreMissing(t *testing.T) {
	t.Parallel()
	for _, tt := range layoutTypes {
		if hasOffsets(tt.from) {
			continue // arrow-go makes no such arrays
		}
		a := arrayOf(t, tt.from, tt.json)
		broken := withBuffers(a, a.Len(), 0, noBuffer)
		if _, isList := a.(array.ListLike); isList {
			continue // its values are those of a child
		}
		if _, err := FromArray(tt.to, broken); err == nil || !strings.Contains(err.Error(), "the array ") {
			t.Errorf("%v from %v: got %v, want an error about the array", tt.to, tt.from, err)
		}
	}
}

// Offsets that go back are no layout of Arrow's, either.
func TestArraysWhoseOffsetsGoBack(t *testing.T) {
	t.Parallel()
	offsets := memory.NewBufferBytes(arrow.Int32Traits.CastToBytes([]int32{0, 4, 2, 4}))
	for _, tt := range []struct {
		to   column.Type
		good arrow.Array
	}{
		{column.Of(column.String), arrayOf(t, arrow.BinaryTypes.String, `["a","b","cd"]`)},
		{column.Of(column.Binary), arrayOf(t, arrow.BinaryTypes.Binary, `["AA==","AA==","AP8="]`)},
	} {
		bad := withBuffers(tt.good, 3, 0, func(i int, b *memory.Buffer) *memory.Buffer {
			if i == 1 {
				return offsets
			}
			return b
		})
		if _, err := FromArray(tt.to, bad); err == nil || !strings.Contains(err.Error(), "row 2 (index 1)") {
			t.Errorf("%v: got %v, want an error about row 2 (index 1)", tt.to, err)
		}
	}
}

// Dictionaries can be of any type, repeat values, and have NULLs among them.
func TestDictionariesOfOtherLibraries(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		to     column.Type
		values arrow.DataType
		json   string
		want   string
	}{
		{column.Of(column.String), arrow.BinaryTypes.StringView, `["a text of more than twelve bytes",null,"b"]`, `["b",null,null,"a text of more than twelve bytes"]`},
		{column.Of(column.String), arrow.BinaryTypes.LargeString, `["a",null,"b"]`, `["b",null,null,"a"]`},
		{column.Of(column.Boolean), arrow.FixedWidthTypes.Boolean, `[true,null,false]`, `[false,null,null,true]`},
		{column.Of(column.Int64), arrow.PrimitiveTypes.Int64, `[1,null,1]`, `[1,null,null,1]`},
	} {
		for _, index := range []arrow.DataType{arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Uint64} {
			a := array.NewDictionaryArray(&arrow.DictionaryType{IndexType: index, ValueType: tt.values}, arrayOf(t, index, `[2,1,null,0]`), arrayOf(t, tt.values, tt.json))
			want := arrayOf(t, catalog.ArrowType(tt.to), tt.want)
			for from := range int64(4) {
				got, err := roundTrip(t, tt.to, array.NewSlice(a, from, 4))
				if err != nil || !array.Equal(got, array.NewSlice(want, from, 4)) {
					t.Errorf("%v from %v, from row %d: %v, %v; want %v", tt.to, a.DataType(), from, got, err, want)
				}
			}
		}
	}
}

func TestRunsAreRepeated(t *testing.T) {
	t.Parallel()
	ends := arrayOf(t, arrow.PrimitiveTypes.Int32, `[2,3,6]`)
	a := array.NewRunEndEncodedArray(ends, arrayOf(t, arrow.BinaryTypes.String, `["a",null,"b"]`), 6, 0)
	want := arrayOf(t, arrow.BinaryTypes.String, `["a","a",null,"b","b","b"]`)
	for from := range int64(7) {
		got, err := roundTrip(t, column.Of(column.String), array.NewSlice(a, from, 6))
		if err != nil || !array.Equal(got, array.NewSlice(want, from, 6)) {
			t.Errorf("from row %d: %v, %v; want %v", from, got, err, array.NewSlice(want, from, 6))
		}
	}
	if _, err := FromArray(column.Of(column.Int64), a); !errors.Is(err, errNoCast) {
		t.Errorf("of another type: got %v, want %v", err, errNoCast)
	}
}
