package scan

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/test/cells"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/sqltype"
)

// fillOne fills one value of a type.
func fillOne(c Column, row int, rt reflect.Type) (dest any, err error) {
	fill, err := FillerOf(c, rt)
	if err != nil {
		return nil, err
	}
	v := reflect.New(rt)
	n, err := fill(Rows{From: row, N: 1, At: v.UnsafePointer(), Stride: rt.Size()})
	if (err == nil) != (n == 1) {
		return nil, fmt.Errorf("%d rows were filled: %w", n, err)
	}
	return v.Interface(), err
}

// fillsBeyond reports whether a column is read as a type into which database/sql does not
// convert its values: integers where package insert stores them, and NULL as nil.
func fillsBeyond(sqlType string, rt reflect.Type, isNull bool) bool {
	for rt.Kind() == reflect.Pointer {
		rt = rt.Elem()
	}
	if rt.Kind() == reflect.Struct && rt.NumField() == 2 && rt.Field(1).Name == "Valid" {
		rt = rt.Field(0).Type
	}
	if isNull {
		return rt.Kind() == reflect.Slice
	}
	switch sqlType {
	case "BOOLEAN", "FLOAT", "DOUBLE", "DECIMAL", "TIMESTAMP":
		return rt.Kind() >= reflect.Int && rt.Kind() <= reflect.Uint64 && rt != reflect.TypeFor[sqltype.TimeOfDay]()
	case "STRING":
		return rt.Kind() == reflect.Slice && rt.Elem().Kind() == reflect.Uint8
	}
	return false
}

// A filler reads a value as database/sql converts it, for every type of column and
// destination, NULL included.
func TestFillingIsConvertingTheBoxedValue(t *testing.T) {
	if race.Enabled {
		t.Skip("takes long under the race detector")
	}
	t.Parallel()
	seen := map[string]bool{}
	check := func(t *testing.T, name string, c Column, row int) {
		value, valueErr := c.Value(row)
		if key := fmt.Sprintf("%T %T %s %v", c, value, c.Info().SQLType, value); seen[key] && valueErr == nil || len(key) > 1000 {
			return
		} else {
			seen[key] = true
		}
		for _, before := range cells.Destinations() {
			rt := reflect.TypeOf(before).Elem()
			want := reflect.New(rt).Interface()
			wantErr := valueErr
			if wantErr == nil {
				wantErr = cells.Convert(value, want)
			}
			got, err := fillOne(c, row, rt)
			switch {
			case err != nil && wantErr == nil && value != nil:
				t.Errorf("%s as %v: %v, database/sql has %v", name, rt, err, reflect.ValueOf(want).Elem())
			case err != nil && wantErr == nil && !errors.Is(err, ErrNull):
				// A type that can hold NULL, but no value of the column.
			case err != nil && wantErr == nil:
				t.Errorf("%s as %v: %v, database/sql has %v", name, rt, err, reflect.ValueOf(want).Elem())
			case err == nil && wantErr != nil && (valueErr != nil && c.Info().SQLType != "VARBINARY" || !fillsBeyond(c.Info().SQLType, rt, value == nil)):
				t.Errorf("%s as %v: %v, database/sql says %v", name, rt, reflect.ValueOf(got).Elem(), wantErr)
			case err == nil && wantErr == nil && !cells.Same(got, want):
				t.Errorf("%s as %v: %v, database/sql has %v", name, rt, reflect.ValueOf(got).Elem(), reflect.ValueOf(want).Elem())
			}
		}
	}
	eachRecordedCell(t, check)
	eachLimit(t, check)
}

type (
	namedText  string
	namedBytes []byte
)

func TestFillingBeyondWhatDatabaseSQLConverts(t *testing.T) {
	t.Parallel()
	columnOf := func(dtype arrow.DataType, text string) Column {
		t.Helper()
		arr, _, err := array.FromJSON(memory.DefaultAllocator, dtype, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		c, err := New(arrow.Field{Name: "c", Type: dtype, Nullable: true}, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Load(arr); err != nil {
			t.Fatal(err)
		}
		return c
	}
	decimals := columnOf(&arrow.Decimal128Type{Precision: 38, Scale: 2}, `["12.00", "-12.50", "300.00", "18446744073709551615.00"]`)
	doubles := columnOf(arrow.PrimitiveTypes.Float64, `[1234567, 1.5, 1e30, -1]`)
	bools := columnOf(arrow.FixedWidthTypes.Boolean, `[true, false]`)
	times := columnOf(arrow.FixedWidthTypes.Timestamp_ms, `[-1, 1704067200123]`)
	texts := columnOf(arrow.BinaryTypes.String, `["{}", "x"]`)
	days := columnOf(arrow.FixedWidthTypes.Date32, `["2024-01-02"]`)
	nulls := columnOf(&arrow.Decimal128Type{Precision: 38, Scale: 2}, `[null]`)
	for _, test := range []struct {
		column Column
		row    int
		want   any
		err    string
	}{
		{decimals, 0, new(int64(12)), ""},
		{decimals, 0, new(uint8(12)), ""},
		{decimals, 0, new(big.NewRat(12, 1)), ""},
		{decimals, 1, new(big.NewRat(-25, 2)), ""},
		{decimals, 1, new(int64(0)), `"-12.50" cannot be read as int64`},
		{decimals, 2, new(int8(0)), "300 is out of the range of int8"},
		{decimals, 3, new(uint64(18446744073709551615)), ""},
		{decimals, 3, new(int64(0)), "18446744073709551615.00 is out of the range of int64"},
		{doubles, 0, new(int64(1234567)), ""},
		{doubles, 0, new(uint32(1234567)), ""},
		{doubles, 0, new(int16(0)), "1234567 is out of the range of int16"},
		{doubles, 1, new(int64(0)), `"1.5" cannot be read as int64`},
		{doubles, 2, new(int64(0)), "1e+30 is out of the range of int64"},
		{doubles, 3, new(uint64(0)), "-1 is out of the range of uint64"},
		{bools, 0, new(1), ""},
		{bools, 1, new(uint8(0)), ""},
		{times, 0, new(int64(-1)), ""},
		{times, 0, new(uint64(0)), "-1 is out of the range of uint64"},
		{times, 1, new(int64(1704067200123)), ""},
		{texts, 0, new(json.RawMessage("{}")), ""},
		{texts, 1, new(namedBytes("x")), ""},
		{texts, 1, new(sql.RawBytes("x")), ""},
		{times, 1, new(sql.RawBytes("2024-01-01T00:00:00.123Z")), ""},
		{times, 1, new(namedText("2024-01-01T00:00:00.123Z")), ""},
		{days, 0, new(namedText("2024-01-02T00:00:00Z")), ""},
		{nulls, 0, new((*big.Rat)(nil)), ""},
		{nulls, 0, new([]byte(nil)), ""},
	} {
		rt := reflect.TypeOf(test.want).Elem()
		got, err := fillOne(test.column, test.row, rt)
		switch {
		case test.err != "" && (err == nil || err.Error() != test.err && err.Error() != "0 rows were filled: "+test.err):
			t.Errorf("row %d as %v: %v, want %s", test.row, rt, err, test.err)
		case test.err == "" && (err != nil || !reflect.DeepEqual(got, test.want)):
			t.Errorf("row %d as %v: %v, want %v: %v", test.row, rt, got, test.want, err)
		}
	}
}
