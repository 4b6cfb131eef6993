package scan

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/internal/test/cells"

	"github.com/greptime-go/greptime/sqltype"
)

func TestScanTypesOfNullableColumns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dtype           arrow.DataType
		mark            string
		plain, nullable reflect.Type
	}{
		{arrow.FixedWidthTypes.Boolean, "", reflect.TypeFor[bool](), reflect.TypeFor[sql.NullBool]()},
		{arrow.PrimitiveTypes.Int8, "", reflect.TypeFor[int8](), reflect.TypeFor[sqltype.Null[int8]]()},
		{arrow.PrimitiveTypes.Int16, "", reflect.TypeFor[int16](), reflect.TypeFor[sql.NullInt16]()},
		{arrow.PrimitiveTypes.Int32, "", reflect.TypeFor[int32](), reflect.TypeFor[sql.NullInt32]()},
		{arrow.PrimitiveTypes.Int64, "", reflect.TypeFor[int64](), reflect.TypeFor[sql.NullInt64]()},
		{arrow.PrimitiveTypes.Uint8, "", reflect.TypeFor[uint8](), reflect.TypeFor[sqltype.Null[uint8]]()},
		{arrow.PrimitiveTypes.Uint16, "", reflect.TypeFor[uint16](), reflect.TypeFor[sqltype.Null[uint16]]()},
		{arrow.PrimitiveTypes.Uint32, "", reflect.TypeFor[uint32](), reflect.TypeFor[sqltype.Null[uint32]]()},
		{arrow.PrimitiveTypes.Uint64, "", reflect.TypeFor[uint64](), reflect.TypeFor[sqltype.Null[uint64]]()},
		{arrow.PrimitiveTypes.Float32, "", reflect.TypeFor[float32](), reflect.TypeFor[sqltype.Null[float32]]()},
		{arrow.PrimitiveTypes.Float64, "", reflect.TypeFor[float64](), reflect.TypeFor[sql.NullFloat64]()},
		{arrow.BinaryTypes.String, "", reflect.TypeFor[string](), reflect.TypeFor[sql.NullString]()},
		{arrow.BinaryTypes.Binary, "", reflect.TypeFor[[]byte](), reflect.TypeFor[[]byte]()},
		{arrow.BinaryTypes.Binary, "Json", reflect.TypeFor[json.RawMessage](), reflect.TypeFor[sqltype.Null[json.RawMessage]]()},
		{arrow.BinaryTypes.Binary, "Vector(2)", reflect.TypeFor[string](), reflect.TypeFor[sql.NullString]()},
		{arrow.FixedWidthTypes.Date32, "", reflect.TypeFor[time.Time](), reflect.TypeFor[sql.NullTime]()},
		{arrow.FixedWidthTypes.Timestamp_ms, "", reflect.TypeFor[time.Time](), reflect.TypeFor[sql.NullTime]()},
		{arrow.FixedWidthTypes.Time64ns, "", reflect.TypeFor[string](), reflect.TypeFor[sql.NullString]()},
		{arrow.FixedWidthTypes.Duration_ms, "", reflect.TypeFor[int64](), reflect.TypeFor[sql.NullInt64]()},
		{&arrow.Decimal128Type{Precision: 5, Scale: 2}, "", reflect.TypeFor[string](), reflect.TypeFor[sql.NullString]()},
		{arrow.FixedWidthTypes.MonthDayNanoInterval, "", reflect.TypeFor[string](), reflect.TypeFor[sql.NullString]()},
		{arrow.ListOf(arrow.PrimitiveTypes.Int64), "", reflect.TypeFor[[]byte](), reflect.TypeFor[[]byte]()},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, "", reflect.TypeFor[string](), reflect.TypeFor[sql.NullString]()},
		{arrow.Null, "", reflect.TypeFor[any](), reflect.TypeFor[any]()},
	} {
		for _, nullable := range []bool{false, true} {
			want := test.plain
			if nullable {
				want = test.nullable
			}
			f := arrow.Field{Name: "c", Type: test.dtype, Nullable: nullable, Metadata: arrow.NewMetadata([]string{"greptime:type"}, []string{test.mark})}
			c, err := New(f, time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Info().NullableType(); got != want {
				t.Errorf("%v, nullable %v: %v, want %v", test.dtype, nullable, got, want)
			}
		}
	}
}

// Mappers into maps scan into a pointer to a pointer to the scan type, and ask what they
// get for its Value, whose error they drop.
func TestValuesOfScanTypesAreNotLost(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, name string, c Column, row int) {
		value, err := c.Value(row)
		if err != nil {
			return
		}
		dest := reflect.New(reflect.PointerTo(c.Info().NullableType()))
		if err := cells.Convert(value, dest.Interface()); err != nil {
			t.Fatalf("%s into %v: %v", name, dest.Type(), err)
		}
		if dest.Elem().IsNil() {
			if value != nil {
				t.Errorf("%s is nil", name)
			}
			return
		}
		got := dest.Elem().Elem().Interface()
		if v, ok := got.(driver.Valuer); ok {
			got, err = v.Value()
		}
		if err != nil || got == nil || value == nil {
			t.Errorf("%s: %v, error %v; want %v", name, got, err, value)
		}
		if _, isBytes := value.([]byte); !isBytes && !cells.Same(&got, (*any)(&value)) && c.Info().ScanType != reflect.TypeFor[float32]() && c.Info().ScanType.Kind() != reflect.Interface {
			t.Errorf("%s: %T %v, want %T %v", name, got, got, value, value)
		}
	}
	eachLimit(t, check)
}
