package govalue_test

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/sqltype"
)

// cell is a Go value and what a column stores of it; nil is an error with the text
// reason in it.
type cell struct {
	value  any
	stored *greptimev1.Value
	reason string
}

func ok(value any, stored *greptimev1.Value) cell { return cell{value: value, stored: stored} }
func refused(value any, reason string) cell       { return cell{value: value, reason: reason} }

func i8(v int32) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_I8Value{I8Value: v}}
}
func i16(v int32) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_I16Value{I16Value: v}}
}
func i32(v int32) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_I32Value{I32Value: v}}
}
func i64(v int64) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_I64Value{I64Value: v}}
}
func u8(v uint32) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_U8Value{U8Value: v}}
}
func u16(v uint32) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_U16Value{U16Value: v}}
}
func u32(v uint32) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_U32Value{U32Value: v}}
}
func u64(v uint64) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_U64Value{U64Value: v}}
}
func f32(v float32) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_F32Value{F32Value: v}}
}
func f64(v float64) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_F64Value{F64Value: v}}
}
func boolean(v bool) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_BoolValue{BoolValue: v}}
}
func binary(v string) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_BinaryValue{BinaryValue: []byte(v)}}
}
func text(v string) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_StringValue{StringValue: v}}
}
func date(v int32) *greptimev1.Value {
	return &greptimev1.Value{ValueData: &greptimev1.Value_DateValue{DateValue: v}}
}
func ts(digits int, v int64) *greptimev1.Value {
	switch digits {
	case 0:
		return &greptimev1.Value{ValueData: &greptimev1.Value_TimestampSecondValue{TimestampSecondValue: v}}
	case 3:
		return &greptimev1.Value{ValueData: &greptimev1.Value_TimestampMillisecondValue{TimestampMillisecondValue: v}}
	case 6:
		return &greptimev1.Value{ValueData: &greptimev1.Value_TimestampMicrosecondValue{TimestampMicrosecondValue: v}}
	}
	return &greptimev1.Value{ValueData: &greptimev1.Value_TimestampNanosecondValue{TimestampNanosecondValue: v}}
}
func clock(digits int, v int64) *greptimev1.Value {
	switch digits {
	case 0:
		return &greptimev1.Value{ValueData: &greptimev1.Value_TimeSecondValue{TimeSecondValue: v}}
	case 3:
		return &greptimev1.Value{ValueData: &greptimev1.Value_TimeMillisecondValue{TimeMillisecondValue: v}}
	case 6:
		return &greptimev1.Value{ValueData: &greptimev1.Value_TimeMicrosecondValue{TimeMicrosecondValue: v}}
	}
	return &greptimev1.Value{ValueData: &greptimev1.Value_TimeNanosecondValue{TimeNanosecondValue: v}}
}
func decimal(unscaled string) *greptimev1.Value {
	n, good := new(big.Int).SetString(unscaled, 10)
	if !good {
		panic(unscaled)
	}
	hi := new(big.Int).Rsh(n, 64)
	lo := new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64))
	return &greptimev1.Value{ValueData: &greptimev1.Value_Decimal128Value{Decimal128Value: &greptimev1.Decimal128{Hi: hi.Int64(), Lo: int64(lo.Uint64())}}}
}

var (
	shanghai = time.FixedZone("CST", 8*3600)
	moment   = time.Date(2024, 1, 1, 0, 30, 0, 123456789, time.UTC)
	// before is a nanosecond before 1970.
	before = time.Unix(-1, 999_999_999)
)

// classes has a value of every class of Go values, harmless where it fits at all. A
// column takes those of its list below, and refuses all others.
var classes = map[string]any{
	"bool": true, "int": 1, "uint": uint(1), "float64": 1.0, "float32": float32(1),
	"string": "x", "bytes": []byte("\xff"), "time": moment, "json": json.RawMessage(`{}`),
	"date": sqltype.Date{Year: 2024, Month: 1, Day: 1}, "timeofday": sqltype.TimeOfDay(1e9),
	"decimal": sqltype.Decimal("1"), "rat": big.NewRat(1, 1), "vector": sqltype.Vector{1, 2}, "floats": []float32{1, 2},
	"interval": sqltype.Interval{Days: 1}, "duration": time.Second,
	"struct": struct{ A int }{1}, "map": map[string]int{}, "ints": []int{1}, "array": [4]byte{}, "func": func() {}, "complex": 1i,
}

// matrix is, for each column type, which classes it takes and what becomes of values
// at their limits.
var matrix = []struct {
	column string
	takes  string
	cells  []cell
}{
	{"BOOLEAN", "bool int uint", []cell{
		ok(true, boolean(true)), ok(false, boolean(false)), ok(0, boolean(false)), ok(uint8(1), boolean(true)),
		refused(2, "write 0 or 1"), refused(-1, "write 0 or 1"), refused("true", "text is not a bool"), refused(1.0, "convert"),
	}},
	{"TINYINT", "int uint", []cell{
		ok(127, i8(127)), ok(int8(-128), i8(-128)), ok(uint64(127), i8(127)),
		refused(128, "-128 to 127"), refused(-129, "-128 to 127"), refused(300, "-128 to 127"), refused(uint(128), "-128 to 127"), refused(uint64(math.MaxUint64), "-128 to 127"),
		refused(1.0, "not an integer"), refused("1", "parse it"), refused(true, "convert it to 0 or 1"),
	}},
	{"SMALLINT", "int uint", []cell{
		ok(32767, i16(32767)), ok(-32768, i16(-32768)), refused(32768, "-32768 to 32767"), refused(-32769, "out of range"),
	}},
	{"INT", "int uint", []cell{
		ok(int64(math.MaxInt32), i32(math.MaxInt32)), ok(math.MinInt32, i32(math.MinInt32)),
		refused(int64(math.MaxInt32)+1, "-2147483648 to 2147483647"), refused(uint32(1<<31), "out of range"),
	}},
	{"BIGINT", "int uint", []cell{
		ok(int64(math.MaxInt64), i64(math.MaxInt64)), ok(int64(math.MinInt64), i64(math.MinInt64)), ok(uint64(math.MaxInt64), i64(math.MaxInt64)),
		refused(uint64(math.MaxInt64)+1, "9223372036854775807"), refused(sqltype.Decimal("1"), "DECIMAL only"),
	}},
	{"TINYINT UNSIGNED", "int uint", []cell{
		ok(255, u8(255)), ok(0, u8(0)), refused(256, "0 to 255"), refused(-1, "0 to 255"), refused(uint16(256), "0 to 255"),
	}},
	{"SMALLINT UNSIGNED", "int uint", []cell{ok(65535, u16(65535)), refused(65536, "0 to 65535"), refused(int8(-1), "0 to 65535")}},
	{"INT UNSIGNED", "int uint", []cell{ok(uint32(math.MaxUint32), u32(math.MaxUint32)), refused(int64(1)<<32, "0 to 4294967295")}},
	{"BIGINT UNSIGNED", "int uint", []cell{
		ok(uint64(math.MaxUint64), u64(math.MaxUint64)), ok(int64(math.MaxInt64), u64(math.MaxInt64)),
		refused(-1, "0 to 18446744073709551615"), refused(int64(math.MinInt64), "0 to 18446744073709551615"),
	}},
	{"FLOAT", "int uint float64 float32", []cell{
		ok(float32(0.1), f32(0.1)), ok(0.1, f32(0.1)), ok(16777217.0, f32(16777216)), ok(math.MaxFloat32, f32(math.MaxFloat32)),
		ok(math.Inf(-1), f32(float32(math.Inf(-1)))), ok(math.NaN(), f32(float32(math.NaN()))), ok(math.Copysign(0, -1), f32(float32(math.Copysign(0, -1)))),
		ok(1e-50, f32(0)), ok(1<<24, f32(1<<24)), ok(-1<<24, f32(-1<<24)), ok(uint(1<<24), f32(1<<24)),
		refused(1e39, "beyond the largest FLOAT"), refused(-1e39, "beyond"), refused(1<<24+1, "2^24"), refused(uint64(1<<24+1), "2^24"), refused(uint64(math.MaxUint64), "out of range"),
	}},
	{"DOUBLE", "int uint float64 float32", []cell{
		ok(0.1, f64(0.1)), ok(float32(0.1), f64(float64(float32(0.1)))), ok(math.MaxFloat64, f64(math.MaxFloat64)), ok(5e-324, f64(5e-324)),
		ok(math.Inf(1), f64(math.Inf(1))), ok(math.NaN(), f64(math.NaN())), ok(math.Copysign(0, -1), f64(math.Copysign(0, -1))),
		ok(int64(1<<53), f64(1<<53)), ok(int64(-1<<53), f64(-1<<53)), ok(1<<30, f64(1<<30)), refused(int64(1<<53+1), "2^53"), refused(int64(-1<<53-1), "2^53"), refused(uint64(1<<54), "2^53"),
		refused("1.5", "parse it"), refused(big.NewRat(1, 2), "DECIMAL only"),
	}},
	{"STRING", "string json", []cell{
		ok("", text("")), ok("it's \x00 世界", text("it's \x00 世界")), ok([]byte("abc"), text("abc")), ok(json.RawMessage(`{"a":1}`), text(`{"a":1}`)),
		ok(strings.Repeat("x", 200), text(strings.Repeat("x", 200))), ok(strings.Repeat("x", 70000), text(strings.Repeat("x", 70000))),
		ok(strings.Repeat("x", 125), text(strings.Repeat("x", 125))), ok(strings.Repeat("x", 127), text(strings.Repeat("x", 127))), ok(strings.Repeat("x", 128), text(strings.Repeat("x", 128))),
		refused("\xc3\x28", "UTF-8"), refused([]byte{0xff}, "UTF-8"), refused(1, "format it"), refused(moment, "format it"), refused(json.RawMessage(`{`), "JSON"),
	}},
	{"VARBINARY", "string bytes json", []cell{
		ok([]byte{0, 255}, binary("\x00\xff")), ok([]byte{}, binary("")), ok("\xc3\x28", binary("\xc3\x28")),
	}},
	{"DATE", "time date", []cell{
		ok(moment, date(19723)), ok(moment.In(shanghai), date(19723)), ok(time.Date(2024, 1, 1, 2, 0, 0, 0, shanghai), date(19723)), ok(time.Date(2023, 12, 31, 23, 59, 59, 0, time.UTC), date(19722)),
		ok(before.UTC(), date(-1)), ok("2024-01-01", date(19723)), ok("0001-01-01", date(-719162)), ok(sqltype.DateFromEpochDays(math.MinInt32), date(math.MinInt32)),
		ok(sqltype.DateFromEpochDays(math.MaxInt32), date(math.MaxInt32)), ok(sqltype.DateFromEpochDays(math.MaxInt32).Time(nil), date(math.MaxInt32)),
		ok(sqltype.Date{Year: 2038, Month: 1, Day: 20}, date(24856)),
		refused(sqltype.DateFromEpochDays(math.MaxInt32).Time(nil).AddDate(0, 0, 1), "out of range"), refused(sqltype.Date{Year: 2024, Month: 2, Day: 30}, "does not exist"),
		refused("2024-02-30", "2006-01-02"), refused("2024-1-1", "2006-01-02"), refused(19723, "pass greptime.Date"),
	}},
	{"TIMESTAMP(0)", "int uint time", []cell{
		ok(moment, ts(0, 1704069000)), ok(before, ts(0, -1)), ok(time.Time{}, ts(0, -62135596800)), ok(int64(math.MinInt64), ts(0, math.MinInt64)),
		ok("2024-01-01T08:30:00.9+08:00", ts(0, 1704069000)),
	}},
	{"TIMESTAMP(3)", "int uint time", []cell{
		ok(moment, ts(3, 1704069000123)), ok(moment.In(shanghai), ts(3, 1704069000123)), ok(before, ts(3, -1)), ok(time.Unix(-1, 999_000_000), ts(3, -1)), ok(time.Unix(0, 0), ts(3, 0)),
		ok(time.UnixMilli(math.MaxInt64), ts(3, math.MaxInt64)), ok(time.UnixMilli(math.MinInt64), ts(3, math.MinInt64)), ok(-7, ts(3, -7)), ok(uint64(7), ts(3, 7)),
		ok("1969-12-31T23:59:59.9999Z", ts(3, -1)), ok("9999-12-31T23:59:59Z", ts(3, 253402300799000)),
		refused(time.UnixMilli(math.MaxInt64).Add(time.Millisecond), "out of range"), refused(time.UnixMilli(math.MinInt64).Add(-1), "out of range"),
		refused("2024-01-01 00:00:00", "with a zone"), refused("", "with a zone"), refused("1", "with a zone"), refused(uint64(math.MaxUint64), "out of range"), refused(1.5, "time.Time"),
		refused(sqltype.Date{Year: 2024, Month: 1, Day: 1}, "DATE only"),
	}},
	{"TIMESTAMP(6)", "int uint time", []cell{
		ok(moment, ts(6, 1704069000123456)), ok(before, ts(6, -1)), ok(time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), ts(6, 253402300799999999)),
		ok(time.UnixMicro(math.MinInt64), ts(6, math.MinInt64)), refused(time.UnixMicro(math.MinInt64).Add(-1), "out of range"),
	}},
	{"TIMESTAMP(9)", "int uint time", []cell{
		ok(moment, ts(9, 1704069000123456789)), ok(before, ts(9, -1)), ok(time.Unix(0, math.MaxInt64), ts(9, math.MaxInt64)), ok(time.Unix(0, math.MinInt64), ts(9, math.MinInt64)),
		refused(time.Unix(0, math.MaxInt64).Add(1), "1677-09-21"), refused(time.Unix(0, math.MinInt64).Add(-1), "1677-09-21"), refused(time.Time{}, "1677-09-21"), refused("1600-01-01T00:00:00Z", "1677-09-21"),
	}},
	{"TIME(0)", "time timeofday", []cell{ok(sqltype.TimeOfDay(86399_999_999_999), clock(0, 86399)), ok(moment, clock(0, 1800)), ok("12:34:56", clock(0, 45296))}},
	{"TIME(3)", "time timeofday", []cell{ok(sqltype.TimeOfDay(1_999_999), clock(3, 1)), ok("23:59:59.999", clock(3, 86399999)), refused("24:00:00", "15:04:05"), refused(1, "TimeOfDay")}},
	{"TIME(6)", "time timeofday", []cell{ok(moment, clock(6, 1800123456))}},
	{"TIME(9)", "time timeofday", []cell{
		ok(sqltype.TimeOfDay(0), clock(9, 0)), ok(moment.In(shanghai), clock(9, 30600123456789)), ok(sqltype.TimeOfDay(86399_999_999_999), clock(9, 86399_999_999_999)),
		refused(sqltype.TimeOfDay(-1), "before 24:00:00"), refused(sqltype.TimeOfDay(86400_000_000_000), "before 24:00:00"), refused(time.Second, "TimeOfDay"),
	}},
	{"DECIMAL(10,2)", "int uint float64 float32 decimal rat", []cell{
		// As GreptimeDB 1.0.2 stores these literals.
		ok("0", decimal("0")), ok("+5", decimal("500")), ok("007", decimal("700")), ok("1.5", decimal("150")), ok(".5", decimal("50")), ok("5.", decimal("500")),
		ok("12345678.905", decimal("1234567891")), ok("-0.005", decimal("-1")), ok("99999999.99", decimal("9999999999")), ok("0.12345678901234567890", decimal("12")),
		ok("00000000000000000000000000000000000000000000000001.5", decimal("150")), ok("-0.0", decimal("0")),
		ok(sqltype.Decimal("-1.50"), decimal("-150")), ok(0.1, decimal("10")), ok(float32(0.1), decimal("10")), ok(-2.345, decimal("-235")), ok(5e-324, decimal("0")), ok(1e7, decimal("1000000000")),
		ok(99999999, decimal("9999999900")), ok(-99999999, decimal("-9999999900")), ok(uint(1), decimal("100")), ok(big.NewRat(1, 3), decimal("33")), ok(big.NewRat(-1, 200), decimal("-1")),
		refused(100000000, "more than 8 digits"), refused(int64(math.MinInt64), "more than 8"), refused(uint64(math.MaxUint64), "more than 8"), refused("99999999.995", "more than 8 digits"), refused("2147483647", "more than 8"),
		refused(1e10, "more than 8"), refused(1e300, "more than 8"), refused(math.NaN(), "no NaN"), refused(math.Inf(1), "no NaN"), refused(float32(math.Inf(-1)), "no NaN"),
		refused("1e2", "without an exponent"), refused("", "not a decimal"), refused(".", "not a decimal"), refused("-", "not a decimal"), refused("1.2.3", "not a decimal"), refused("NaN", "not a decimal"),
		refused(strings.Repeat("9", 100), "more than 8"), refused(big.NewRat(1e9, 1), "more than 8"), refused(true, "0 or 1"),
	}},
	{"DECIMAL(38,10)", "int uint float64 float32 decimal rat", []cell{
		ok("1234567890123456789012345678.1234567890", decimal("12345678901234567890123456781234567890")),
		ok("-9999999999999999999999999999.9999999999", decimal("-99999999999999999999999999999999999999")),
		ok(uint64(math.MaxUint64), decimal("184467440737095516150000000000")), ok(int64(math.MinInt64), decimal("-92233720368547758080000000000")),
		refused("12345678901234567890123456789", "more than 28"), refused("9999999999999999999999999999.99999999995", "more than 28"),
	}},
	{"DECIMAL(38,38)", "float64 float32 rat decimal", []cell{
		ok("0.99999999999999999999999999999999999999", decimal("99999999999999999999999999999999999999")), ok(0, decimal("0")), refused("1", "more than 0"), refused(1, "more than 0"), refused(1e-2+1, "more than 0"),
	}},
	{"DECIMAL(38,0)", "int uint float64 float32 decimal rat", []cell{
		ok("99999999999999999999999999999999999999", decimal("99999999999999999999999999999999999999")), ok("0.5", decimal("1")), ok("-0.4", decimal("0")), refused("100000000000000000000000000000000000000", "more than 38"),
	}},
	{"JSON", "json", []cell{
		ok(`{"a":[1,null,"é"]}`, text(`{"a":[1,null,"é"]}`)), ok([]byte(`[]`), text(`[]`)), ok(json.RawMessage(`"x"`), text(`"x"`)), ok("18446744073709551615", text("18446744073709551615")),
		ok(`{"1e400":"9e999","\"\\":[1.7976931348623157e308,-5e-324,1E2 ]}`, text(`{"1e400":"9e999","\"\\":[1.7976931348623157e308,-5e-324,1E2 ]}`)),
		refused(`{"a":[1,-1e400]}`, "beyond the range of a float64"), refused(json.RawMessage(strings.Repeat("9", 310)), "beyond the range"), refused([]byte("2E308 "), "beyond the range"),
		refused(`{"a":`, "not valid JSON"), refused("", "not valid JSON"), refused([]byte{}, "not valid JSON"), refused("\"\xff\"", "not valid JSON"), refused(1, "do not fit"), refused(true, "convert"),
	}},
	{"VECTOR(2)", "vector floats", []cell{
		ok("[1,-2.5]", binary("\x00\x00\x80?\x00\x00\x20\xc0")), ok(" [ 1 ,-2.5e0 ] ", binary("\x00\x00\x80?\x00\x00\x20\xc0")),
		ok("[inf,-inf]", binary("\x00\x00\x80\x7f\x00\x00\x80\xff")), ok("[NaN,1e-60]", binary("\x00\x00\xc0\x7f\x00\x00\x00\x00")),
		refused("[1]", "1 numbers, but the column takes 2"), refused("[]", "[1,2.5]"), refused("[1,]", "[1,2.5]"), refused("1,2", "[1,2.5]"), refused("[1,2", "[1,2.5]"),
		refused("[0x1p-2,1]", "[1,2.5]"), refused("[1_0,1]", "[1,2.5]"), refused("[1,Infinity]", "[1,2.5]"), refused("[1,1e39]", "beyond the range of a float32"), refused("", "greptime.Vector"),
		ok(sqltype.Vector{1, -2.5}, binary("\x00\x00\x80?\x00\x00\x20\xc0")), ok([]float32{float32(math.Inf(1)), 0}, binary("\x00\x00\x80\x7f\x00\x00\x00\x00")),
		ok([]byte("\x00\x00\x80?\x00\x00\x20\xc0"), binary("\x00\x00\x80?\x00\x00\x20\xc0")),
		refused(sqltype.Vector{1}, "1 numbers, but the column takes 2"), refused(sqltype.Vector{}, "0 numbers"), refused(sqltype.Vector{1, 2, 3}, "takes 2"), refused([]byte{1, 2, 3}, "the vector takes 8"),
	}},
}

func parseType(t testing.TB, name string) column.Type {
	t.Helper()
	typ, err := column.ParseType(name)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// wire is the value as it travels, and by the generated code.
func wire(t testing.TB, typ column.Type, c *column.Cell) (*greptimev1.Value, []byte) {
	t.Helper()
	b := typ.AppendValue(nil, c)
	var row greptimev1.Row
	if err := proto.Unmarshal(b, &row); err != nil || len(row.Values) != 1 {
		t.Fatalf("%s: %x is not a row of one value: %v", typ, b, err)
	}
	generated, err := proto.Marshal(&row)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(generated, b) {
		t.Errorf("%s: wrote %x, the generated code %x", typ, b, generated)
	}
	return row.Values[0], b
}

func TestEveryCellOfTheMatrix(t *testing.T) {
	t.Parallel()
	for _, m := range matrix {
		t.Run(m.column, func(t *testing.T) {
			t.Parallel()
			typ := parseType(t, m.column)
			if typ.String() != m.column {
				t.Errorf("the type is called %s", typ)
			}
			for _, cell := range m.cells {
				checkCell(t, typ, cell)
			}
			takes := strings.Fields(m.takes)
			for name, value := range classes {
				var c column.Cell
				err := govalue.Set(&c, typ, value)
				want := false
				for _, take := range takes {
					want = want || take == name
				}
				if m.column == "DECIMAL(38,38)" {
					continue // takes 1 of no class
				}
				if (err == nil) != want {
					t.Errorf("%s (%T): error %v, should be taken: %v", name, value, err, want)
				}
				var e *column.Error
				if err != nil && (!errors.As(err, &e) || e.Type != typ || e.Reason == "") {
					t.Errorf("%s: error %#v", name, err)
				}
			}
		})
	}
}

func checkCell(t *testing.T, typ column.Type, cell cell) {
	t.Helper()
	var c column.Cell
	err := govalue.Set(&c, typ, cell.value)
	if cell.stored == nil {
		if err == nil || !strings.Contains(err.Error(), cell.reason) {
			t.Errorf("%v (%T): error %v, want one with %q", cell.value, cell.value, err, cell.reason)
		}
		return
	}
	if err != nil {
		t.Errorf("%v (%T): %v", cell.value, cell.value, err)
		return
	}
	stored, b := wire(t, typ, &c)
	if !proto.Equal(stored, cell.stored) {
		t.Errorf("%v (%T): stored %v, want %v", cell.value, cell.value, stored, cell.stored)
	}
	var back column.Cell
	if rest, read := back.Read(typ, b); !read || len(rest) != 0 {
		t.Errorf("%v (%T): %x cannot be read back", cell.value, cell.value, b)
	} else if again := typ.AppendValue(nil, &back); !bytes.Equal(again, b) {
		t.Errorf("%v (%T): %x, read back and written %x", cell.value, cell.value, b, again)
	}
}

func TestMatrixHasEveryKind(t *testing.T) {
	t.Parallel()
	seen := map[column.Kind]bool{column.DateTime: true, column.IntervalYearMonth: true, column.IntervalDayTime: true, column.IntervalMonthDayNano: true}
	for _, m := range matrix {
		seen[parseType(t, m.column).Kind()] = true
	}
	numbers := map[greptimev1.ColumnDataType]bool{}
	for k := column.Boolean; k <= column.Vector; k++ {
		numbers[k.Datatype()] = true
		if !seen[k] {
			t.Errorf("%s is not in the matrix", column.Of(k))
		}
	}
	for n, name := range greptimev1.ColumnDataType_name {
		if !numbers[greptimev1.ColumnDataType(n)] {
			t.Errorf("no kind has datatype %s", name)
		}
	}
}

// Every form of NULL is NULL in every type of column.
func TestNull(t *testing.T) {
	t.Parallel()
	type level int
	nulls := []any{
		nil, (*int)(nil), (*string)(nil), (*time.Time)(nil), (*[]byte)(nil), (*level)(nil), (**int)(nil), (*struct{})(nil), (*big.Rat)(nil), (*sqltype.Date)(nil), (*sql.NullString)(nil),
		[]byte(nil), json.RawMessage(nil), sqltype.Vector(nil), []float32(nil), ptr([]byte(nil)), ptr((*int)(nil)),
		sql.NullString{}, sql.NullInt64{Int64: 5}, sql.NullInt32{}, sql.NullInt16{}, sql.NullByte{}, sql.NullFloat64{}, sql.NullBool{}, sql.NullTime{},
		sql.Null[string]{V: "x"}, sql.Null[int]{}, sql.Null[float32]{}, sql.Null[time.Time]{}, sql.Null[sqltype.Decimal]{}, sql.Null[sqltype.Date]{}, sql.Null[level]{}, sql.Null[json.RawMessage]{}, sql.Null[[]byte]{Valid: true},
		greptime.Null[uint64]{V: 5}, greptime.Null[json.RawMessage]{}, (*greptime.Null[uint64])(nil), &greptime.Null[uint64]{V: 5},
		govalue.Valuer{}, govalue.Valuer{Valuer: (*valuer)(nil)}, govalue.Valuer{Valuer: valuer{nil}}, govalue.Valuer{Valuer: sql.NullString{}},
	}
	for _, m := range matrix {
		typ := parseType(t, m.column)
		for _, null := range nulls {
			c := column.Cell{}
			_ = c.SetInt(column.Of(column.Int64), 5)
			if err := govalue.Set(&c, typ, null); err != nil || !c.IsNull() {
				t.Errorf("%s, %#v: %v, NULL: %v", typ, null, err, c.IsNull())
			}
			if b := typ.AppendValue(nil, &c); string(b) != "\x0a\x00" {
				t.Errorf("%s: NULL is % x", typ, b)
			}
		}
	}
}

// A nil pointer whose Value has a pointer receiver is asked, as database/sql does; it
// needs wrapping as any Valuer does.
func TestNilPointerIsAskedForItsValue(t *testing.T) {
	t.Parallel()
	typ := column.Of(column.String)
	for _, asked := range []any{
		govalue.Valuer{Valuer: (*nilValuer)(nil)}, govalue.Valuer{Valuer: valuer{(*nilValuer)(nil)}},
	} {
		var c column.Cell
		if err := govalue.Set(&c, typ, asked); err != nil || string(c.AppendBytes(nil)) != "absent" {
			t.Errorf("%#v: %q, %v", asked, c.AppendBytes(nil), err)
		}
	}
	for _, bare := range []any{(*nilValuer)(nil), new(*nilValuer), sql.Null[*nilValuer]{Valid: true}} {
		var c column.Cell
		if err := govalue.Set(&c, typ, bare); err == nil || !strings.Contains(err.Error(), "insert.Valuer") {
			t.Errorf("%#v: %v", bare, err)
		}
	}
}

type nilValuer struct{ text string }

func (n *nilValuer) Value() (driver.Value, error) {
	if n == nil {
		return "absent", nil
	}
	return n.text, nil
}

func ptr[T any](v T) *T { return &v }

type valuer struct{ v any }

func (v valuer) Value() (driver.Value, error) {
	if e, failed := v.v.(error); failed {
		return nil, e
	}
	return v.v, nil
}

// What is wrapped is stored as what is in it.
func TestWrappedValues(t *testing.T) {
	t.Parallel()
	type (
		level  int16
		name   string
		ratio  float32
		blob   []byte
		flag   bool
		count  uint8
		coords []float32
	)
	stamp := parseType(t, "TIMESTAMP(3)")
	for _, test := range []struct {
		typ   column.Type
		value any
		want  *greptimev1.Value
	}{
		{column.Of(column.Int64), level(5), i64(5)},
		{column.Of(column.Int64), ptr(level(-5)), i64(-5)},
		{column.Of(column.Int64), ptr(ptr(7)), i64(7)},
		{column.Of(column.Int64), sql.Null[level]{V: 3, Valid: true}, i64(3)},
		{column.Of(column.Int64), sql.NullInt16{Int16: 3, Valid: true}, i64(3)},
		{column.Of(column.Int64), ptr(sql.NullInt64{Int64: 3, Valid: true}), i64(3)},
		{column.Of(column.Uint8), count(9), u8(9)},
		{column.Of(column.Uint8), greptime.Null[uint8]{V: 9, Valid: true}, u8(9)},
		{column.Of(column.Int64), &greptime.Null[int8]{V: -9, Valid: true}, i64(-9)},
		{stamp, greptime.Null[time.Time]{V: time.UnixMilli(9), Valid: true}, &greptimev1.Value{ValueData: &greptimev1.Value_TimestampMillisecondValue{TimestampMillisecondValue: 9}}},
		{stamp, &sql.NullTime{Time: time.UnixMilli(9), Valid: true}, &greptimev1.Value{ValueData: &greptimev1.Value_TimestampMillisecondValue{TimestampMillisecondValue: 9}}},
		{column.DecimalOf(5, 1), ptr(ptr(big.NewRat(3, 2))), decimal("15")},
		{column.Of(column.Date), greptime.Null[greptime.Date]{V: sqltype.DateFromEpochDays(9), Valid: true}, &greptimev1.Value{ValueData: &greptimev1.Value_DateValue{DateValue: 9}}},
		{column.Of(column.String), greptime.Null[json.RawMessage]{V: json.RawMessage("{}"), Valid: true}, text("{}")},
		{column.DecimalOf(5, 1), greptime.Null[*big.Rat]{V: big.NewRat(3, 2), Valid: true}, decimal("15")},
		{column.Of(column.Float32), greptime.Null[float32]{V: 0.5, Valid: true}, f32(0.5)},
		{column.Of(column.Int64), govalue.Valuer{Valuer: greptime.Null[uint64]{V: 9, Valid: true}}, i64(9)},
		{column.Of(column.Uint8), sql.NullByte{Byte: 9, Valid: true}, u8(9)},
		{column.Of(column.String), name("x"), text("x")},
		{column.Of(column.String), sql.Null[string]{V: "x", Valid: true}, text("x")},
		{column.Of(column.String), ptr("x"), text("x")},
		{column.Of(column.Float32), ratio(0.5), f32(0.5)},
		{column.Of(column.Float64), sql.NullFloat64{Float64: 2, Valid: true}, f64(2)},
		{column.Of(column.Boolean), flag(true), boolean(true)},
		{column.Of(column.Binary), blob("ab"), binary("ab")},
		{column.Of(column.Binary), ptr([]byte("ab")), binary("ab")},
		{column.VectorOf(1), coords{1}, binary("\x00\x00\x80?")},
		{column.VectorOf(1), sql.Null[sqltype.Vector]{V: sqltype.Vector{1}, Valid: true}, binary("\x00\x00\x80?")},
		{column.DecimalOf(5, 1), ptr(sqltype.Decimal("1.5")), decimal("15")},
		{column.DecimalOf(5, 1), ptr(big.NewRat(3, 2)), decimal("15")},
		{column.DecimalOf(5, 1), sql.Null[*big.Rat]{V: big.NewRat(3, 2), Valid: true}, decimal("15")},
		{column.DecimalOf(5, 1), ptr(ptr(sqltype.Decimal("1.5"))), decimal("15")},
		{column.Of(column.Date), sql.Null[sqltype.Date]{V: sqltype.Date{Year: 1970, Month: 1, Day: 2}, Valid: true}, date(1)},
		{stamp, sql.NullTime{Time: moment, Valid: true}, ts(3, moment.UnixMilli())},
		{stamp, ptr(moment), ts(3, moment.UnixMilli())},
		{stamp, govalue.Valuer{Valuer: valuer{moment}}, ts(3, moment.UnixMilli())},
		{column.Of(column.String), govalue.Valuer{Valuer: valuer{valuer{"deep"}}}, text("deep")},
		{column.Of(column.Int64), govalue.Valuer{Valuer: &valuer{int64(1)}}, i64(1)},
		{column.DecimalOf(5, 1), govalue.Valuer{Valuer: sqltype.Decimal("2")}, decimal("20")},
	} {
		checkCell(t, test.typ, cell{value: test.value, stored: test.want})
	}
}

func TestErrorsNameValueTypeAndRemedy(t *testing.T) {
	t.Parallel()
	type opaque struct{ A, B int }
	for _, test := range []struct {
		typ   string
		value any
		want  string
	}{
		{"TINYINT", 300, "300 (int64) is not a value for TINYINT: out of range, which is -128 to 127"},
		{"BIGINT", "abc", `"abc" (string) is not a value for BIGINT: text is not a number; parse it`},
		{"STRING", []byte{0xff}, "0xff ([]uint8) is not a value for STRING: not valid UTF-8"},
		{"TIMESTAMP(9)", time.Time{}, "0001-01-01T00:00:00Z (time.Time) is not a value"},
		{"BIGINT", sqltype.Date{Year: 2024, Month: 1, Day: 2}, "2024-01-02 (greptime.Date) is not a value for BIGINT"},
		{"TIME(9)", sqltype.TimeOfDay(-1e9), "-00:00:01 (greptime.TimeOfDay) is not a value for TIME(9)"},
		{"BIGINT", opaque{}, "a govalue_test.opaque: pass a basic type"},
		{"JSON", opaque{}, "json.Marshal"},
		{"JSON", map[string]int{}, "a map[string]int: for a JSON column pass the json.RawMessage of json.Marshal"},
		{"JSON", []string{}, "a []string: for a JSON column pass the json.RawMessage of json.Marshal"},
		{"STRING", [16]byte{}, "a [16]uint8: pass its String()"},
		{"BIGINT", valuer{1}, "a govalue_test.valuer: wrap it with insert.Valuer"},
		{"BIGINT", &valuer{1}, "a *govalue_test.valuer: wrap it with insert.Valuer"},
		{"BIGINT", govalue.Valuer{Valuer: valuer{errors.New("no luck")}}, "its Value failed: no luck"},
		{"BIGINT", govalue.Valuer{Valuer: endless{}}, "does not come to an end"},
		{"STRING", strings.Repeat("\xffx", 1000), `…`},
		{"BIGINT", sqltype.Interval{}, "store months, days or nanoseconds as integers"},
		{"BIGINT", ptr(time.Second), "d.Milliseconds()"},
	} {
		var c column.Cell
		err := govalue.Set(&c, parseType(t, test.typ), test.value)
		if err == nil || !strings.Contains(err.Error(), test.want) || len(err.Error()) > 400 {
			t.Errorf("%v into %s: %v, want %q", test.value, test.typ, err, test.want)
		}
	}
}

type endless struct{}

func (endless) Value() (driver.Value, error) { return endless{}, nil }

// itself is a type that leads to no value.
type itself *itself

func TestAPointerToItselfIsRefused(t *testing.T) {
	t.Parallel()
	var p itself
	p = &p
	var c column.Cell
	if err := govalue.Set(&c, column.Of(column.Int64), p); err == nil || !strings.Contains(err.Error(), "pass a basic type") {
		t.Errorf("%v", err)
	}
}

// A call with boxed values allocates nothing.
func TestSetDoesNotLetItsArgumentEscape(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	type level int
	var c column.Cell
	stamp, at := parseType(t, "TIMESTAMP(3)"), moment
	f, i, s, b, l := 1.5, 12345, strings.Repeat("x", 100), []byte("x"), level(99999)
	js, n := strings.Repeat(" ", 100)+"[1]", sql.NullInt64{Int64: 77777, Valid: true}
	price := sqltype.Decimal("12.50")
	allocs := testing.AllocsPerRun(100, func() {
		for _, err := range [...]error{
			govalue.Set(&c, column.Of(column.Float64), f),
			govalue.Set(&c, column.Of(column.Float64), &f),
			govalue.Set(&c, column.Of(column.Int64), i),
			govalue.Set(&c, column.Of(column.String), s),
			govalue.Set(&c, column.Of(column.Binary), b),
			govalue.Set(&c, stamp, at),
			govalue.Set(&c, column.Of(column.Int64), l),
			govalue.Set(&c, column.Of(column.JSON), js),
			govalue.Set(&c, column.Of(column.Int64), n),
			govalue.Set(&c, column.DecimalOf(10, 2), price),
			govalue.Set(&c, column.DecimalOf(10, 2), f),
			govalue.Set(&c, column.Of(column.Date), at),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// Any pair of a value and a type is stored or refused, and what is stored is what the
// generated code would write.
func FuzzSet(f *testing.F) {
	f.Add(uint8(0), uint8(0), int64(0), 0.0, "")
	f.Add(uint8(26), uint8(9), int64(-1), 12.5, "-12.50")
	f.Add(uint8(27), uint8(9), int64(2), 1e300, `{"a":[1]}`)
	f.Add(uint8(13), uint8(10), int64(math.MinInt64), math.Inf(1), "2024-01-01")
	f.Add(uint8(18), uint8(12), int64(math.MaxInt64), 5e-324, "2024-01-01T00:00:00Z")
	f.Fuzz(func(t *testing.T, kind, class uint8, i int64, x float64, s string) {
		typ := column.Of(column.Kind(kind%29) + 1)
		switch typ.Kind() {
		case column.Decimal:
			typ = column.DecimalOf(1+int(uint64(i)%38), int(uint64(i)%38))
		case column.Vector:
			typ = column.VectorOf(2)
		}
		if typ.Check() != nil {
			return
		}
		values := []any{i, uint64(i), i > 0, x, float32(x), s, []byte(s), json.RawMessage(s), time.Unix(i, int64(x)), sqltype.Decimal(s),
			sqltype.DateFromEpochDays(int32(i)), sqltype.TimeOfDay(i), sqltype.Vector{float32(x), 1}, &s, &x, sql.Null[string]{V: s, Valid: true}}
		value := values[int(class)%len(values)]
		var c column.Cell
		if err := govalue.Set(&c, typ, value); err != nil {
			_ = err.Error()
			return
		}
		_, b := wire(t, typ, &c)
		var back column.Cell
		if rest, read := back.Read(typ, b); !read || len(rest) != 0 || !bytes.Equal(typ.AppendValue(nil, &back), b) {
			t.Errorf("%s: %x does not come back", typ, b)
		}
		if typ.Kind() == column.Decimal && !c.IsNull() {
			digits := c.AppendDecimal(nil, typ)
			var again column.Cell
			if err := again.SetDecimal(typ, string(digits)); err != nil || !reflect.DeepEqual(fmt.Sprint(c.Decimal()), fmt.Sprint(again.Decimal())) {
				t.Errorf("%s: %s does not come back: %v", typ, digits, err)
			}
		}
	})
}
