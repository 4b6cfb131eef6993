package collect

import (
	"database/sql"
	"encoding/json"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/scan"
	"github.com/greptime-go/greptime/internal/test/cells"
	"github.com/greptime-go/greptime/sqltype"
)

// fieldTypes are the types of the fields that FuzzPlan makes structs of.
var fieldTypes = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int64](), reflect.TypeFor[uint16](), reflect.TypeFor[uint64](),
	reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](),
	reflect.TypeFor[any](), reflect.TypeFor[json.RawMessage](), reflect.TypeFor[sqltype.Date](), reflect.TypeFor[sqltype.TimeOfDay](), reflect.TypeFor[sqltype.Decimal](),
	reflect.TypeFor[sqltype.Interval](), reflect.TypeFor[sqltype.Vector](), reflect.TypeFor[[]float32](), reflect.TypeFor[*big.Rat](), reflect.TypeFor[**string](),
	reflect.TypeFor[*time.Time](), reflect.TypeFor[sql.NullInt16](), reflect.TypeFor[sql.Null[sqltype.Decimal]](), reflect.TypeFor[sqltype.Null[uint64]](),
	reflect.TypeFor[sql.Null[*int32]](), reflect.TypeFor[struct{ A, B int }](), reflect.TypeFor[map[string]int](), reflect.TypeFor[chan int](),
}

// FuzzPlan reads results of columns of any types and names into structs of fields of any types
// and tags. Each is refused, or read as the columns are one by one; nothing else in the memory
// of the structs changes.
func FuzzPlan(f *testing.F) {
	limits := cells.Limits()
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7}, "a", "b,type=decimal", uint8(0))
	f.Add([]byte{9, 9, 17, 17, 21, 21}, "", "-", uint8(3))
	f.Add([]byte{30, 8, 60, 24, 33, 16}, "tag;column:x", "a", uint8(1))
	for i := range limits {
		f.Add([]byte{byte(i), byte(i % len(fieldTypes)), byte(i + 1), byte(i % 7)}, "a", "b", uint8(i%4))
	}
	f.Fuzz(func(t *testing.T, pairs []byte, first, second string, options uint8) {
		pairs = pairs[:min(len(pairs), 16)/2*2]
		tags := []string{first, second, "c", "d,time", "E", "-", "g,tag", ""}
		var structFields []reflect.StructField
		var fields []arrow.Field
		var columns []arrow.Array
		rows := 0
		for k := 0; k < len(pairs); k += 2 {
			arr := limits[int(pairs[k])%len(limits)]
			tag := tags[k/2]
			structFields = append(structFields,
				reflect.StructField{Name: "F" + strconv.Itoa(k), Type: fieldTypes[int(pairs[k+1])%len(fieldTypes)], Tag: reflect.StructTag("greptime:" + strconv.Quote(tag))},
				reflect.StructField{Name: "G" + strconv.Itoa(k), Type: reflect.TypeFor[uint32](), Tag: `greptime:"-"`}, // a guard
			)
			name, _, _ := strings.Cut(tag, ",")
			if name == "" {
				name = "F" + strconv.Itoa(k)
			}
			fields = append(fields, arrow.Field{Name: name, Type: arr.DataType(), Nullable: true})
			columns = append(columns, arr)
			if rows == 0 || arr.Len() < rows {
				rows = arr.Len()
			}
		}
		for i := range columns {
			columns[i] = array.NewSlice(columns[i], 0, int64(rows))
		}
		rt := reflect.StructOf(structFields)
		var d decoder
		schema := arrow.NewSchema(fields, nil)
		if err := d.bind(rt, schema, time.UTC, Options{ExtraColumns: options&1 > 0, MissingColumns: options&2 > 0}); err != nil {
			return
		}
		if err := d.Load(array.NewRecordBatch(schema, columns, int64(rows))); err != nil {
			t.Fatal(err)
		}
		if rows == 0 {
			return
		}
		list := reflect.MakeSlice(reflect.SliceOf(rt), rows, rows)
		for i := range rows {
			for k := 1; k < rt.NumField(); k += 2 {
				list.Index(i).Field(k).SetUint(0xa5a5a5a5)
			}
		}
		n, err := d.target.fill(scan.Rows{N: rows, At: list.UnsafePointer(), Stride: rt.Size()})
		if n > rows || (err == nil) != (n == rows) {
			t.Fatalf("%d of %d rows, %v", n, rows, err)
		}
		for i := range rows {
			for k := 1; k < rt.NumField(); k += 2 {
				if list.Index(i).Field(k).Uint() != 0xa5a5a5a5 {
					t.Fatalf("row %d: the memory behind field %d was changed", i, k-1)
				}
			}
		}
		for _, c := range d.columns {
			one := reflect.MakeSlice(reflect.SliceOf(c.rt), n, n)
			if n == 0 {
				continue
			}
			if m, err := c.fill(scan.Rows{N: n, At: one.UnsafePointer(), Stride: c.rt.Size()}); err != nil || m != n {
				t.Fatalf("column %s alone: %d of %d rows, %v", c.name, m, n, err)
			}
			for i := range n {
				if got, want := list.Index(i).FieldByName(c.field).Interface(), one.Index(i).Interface(); !cells.Same(&got, &want) {
					t.Fatalf("row %d, column %s: %v, alone %v", i, c.name, got, want)
				}
			}
		}
	})
}
