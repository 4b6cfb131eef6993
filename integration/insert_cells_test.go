package integration

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/greptime-go/greptime"
)

// matrixColumn is a column type: what it takes, and what it holds then. The
// expectations are made here from the rules in the package's documentation, by
// arithmetic of package big, not by the code under test.
type matrixColumn struct {
	typ     string
	read    func(rows *sql.Rows, n, way *int) (any, error)
	takes   string // Go types, as %T has them; all others are refused
	cells   []storedCell
	refused []any // of those that it takes
}

const (
	integerTypes = " int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 "
	floatTypes   = " float32 float64 "
)

// rawJSONType is json.RawMessage, another name of jsontext.Value from Go 1.27 on.
var rawJSONType = fmt.Sprintf("%T", json.RawMessage{})

// matrixClasses are values of every class of Go types that a column does not take
// unless it takes the class. They are harmless: text that is a number, say.
var matrixClasses = [][]any{
	{true, false}, {0, 1}, {int8(0), int8(1)}, {int16(0), int16(1)}, {int32(0), int32(1)}, {int64(0), int64(1)},
	{uint(0), uint(1)}, {uint8(0), uint8(1)}, {uint16(0), uint16(1)}, {uint32(0), uint32(1)}, {uint64(0), uint64(1)},
	{float32(0), float32(1), float32(math.NaN())}, {0.0, 1.0, math.NaN()},
	{"", "1", "1.5", "true", "[1,2,3]", "null"}, {[]byte{}, []byte("1"), []byte("2024-01-01"), make([]byte, 12)},
	{json.RawMessage("1"), json.RawMessage(`"2024-01-01"`), json.RawMessage("true"), json.RawMessage("null"), json.RawMessage("[1,2,3]")},
	{time.Unix(0, 0), time.Time{}}, {greptime.Date{Year: 1970, Month: 1, Day: 1}}, {greptime.TimeOfDay(0)}, {greptime.Decimal("0"), greptime.Decimal("1")},
	{big.NewRat(0, 1), big.NewRat(1, 2)}, {greptime.Vector{1, 2, 3}, greptime.Vector{}}, {[]float32{1, 2, 3}},
	{greptime.Interval{Days: 1}}, {time.Second, time.Duration(0)}, {struct{ A int }{1}}, {map[string]int{"a": 1}}, {[]int{1, 2, 3}}, {[4]byte{}}, {[]string{"a"}}, {complex(1, 0)}, {func() {}}, {make(chan int)},
}

func insertMatrix() []matrixColumn {
	columns := []matrixColumn{
		booleanCells(), textCells(), binaryCells(), dateCells(), jsonCells(), vectorCells(1), vectorCells(3), floatCells(), doubleCells(),
		integerCells[int8]("TINYINT"), integerCells[int16]("SMALLINT"), integerCells[int32]("INT"), integerCells[int64]("BIGINT"),
		integerCells[uint8]("TINYINT UNSIGNED"), integerCells[uint16]("SMALLINT UNSIGNED"), integerCells[uint32]("INT UNSIGNED"), integerCells[uint64]("BIGINT UNSIGNED"),
	}
	for _, digits := range []int{0, 3, 6, 9} {
		columns = append(columns, timestampCells(digits), timeOfDayCells(digits))
	}
	for _, d := range [][2]int{{1, 0}, {1, 1}, {10, 2}, {18, 9}, {38, 0}, {38, 10}, {38, 38}} {
		columns = append(columns, decimalCells(d[0], d[1]))
	}
	return columns
}

// add sorts a value to those that are stored, or to those that are refused.
func (c *matrixColumn) add(value, want any, fits bool) {
	if fits {
		c.cells = append(c.cells, storedCell{value, want})
	} else {
		c.refused = append(c.refused, value)
	}
}

// addIntegers adds the integers around all limits in every Go type that has them.
func (c *matrixColumn) addIntegers(lowest, highest *big.Int, want func(n *big.Int) any) {
	around := []*big.Int{new(big.Int), lowest, highest}
	for _, bits := range []uint{7, 8, 15, 16, 24, 31, 32, 53, 63, 64} {
		limit := new(big.Int).Lsh(big.NewInt(1), bits)
		around = append(around, limit, new(big.Int).Neg(limit))
	}
	seen := map[string]bool{}
	for _, middle := range around {
		for step := int64(-1); step <= 1; step++ {
			n := new(big.Int).Add(middle, big.NewInt(step))
			if seen[n.String()] {
				continue
			}
			seen[n.String()] = true
			for _, value := range integersOf(n) {
				c.add(value, want(n), n.Cmp(lowest) >= 0 && n.Cmp(highest) <= 0)
			}
		}
	}
}

// integersOf is n in every Go type that can have it.
func integersOf(n *big.Int) []any {
	var list []any
	for _, zero := range []any{int(0), int8(0), int16(0), int32(0), int64(0), uint(0), uint8(0), uint16(0), uint32(0), uint64(0)} {
		v := reflect.New(reflect.TypeOf(zero)).Elem()
		switch {
		case v.CanInt() && n.IsInt64() && !v.OverflowInt(n.Int64()):
			v.SetInt(n.Int64())
		case v.CanUint() && n.IsUint64() && !v.OverflowUint(n.Uint64()):
			v.SetUint(n.Uint64())
		default:
			continue
		}
		list = append(list, v.Interface())
	}
	return list
}

func booleanCells() matrixColumn {
	c := matrixColumn{typ: "BOOLEAN", read: readAs[bool], takes: "bool" + integerTypes}
	c.add(true, true, true)
	c.add(false, false, true)
	c.addIntegers(new(big.Int), big.NewInt(1), func(n *big.Int) any { return n.Sign() != 0 })
	return c
}

func integerCells[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](typ string) matrixColumn {
	c := matrixColumn{typ: typ, read: readAs[T], takes: integerTypes}
	bits := uint(reflect.TypeFor[T]().Bits())
	lowest, highest := new(big.Int), new(big.Int).Lsh(big.NewInt(1), bits)
	if ^T(0) < 0 {
		highest.Rsh(highest, 1)
		lowest.Neg(highest)
	}
	highest.Sub(highest, big.NewInt(1))
	c.addIntegers(lowest, highest, func(n *big.Int) any {
		if n.IsInt64() {
			return T(n.Int64())
		}
		return T(n.Uint64())
	})
	return c
}

// exactIntegers is how far integers are exact in a float of so many bits.
func exactIntegers(bits uint) (lowest, highest *big.Int) {
	highest = new(big.Int).Lsh(big.NewInt(1), bits)
	return new(big.Int).Neg(highest), highest
}

var negativeZero = math.Copysign(0, -1)

func floatCells() matrixColumn {
	c := matrixColumn{typ: "FLOAT", read: readAs[float32], takes: integerTypes + floatTypes}
	lowest, highest := exactIntegers(24)
	c.addIntegers(lowest, highest, func(n *big.Int) any { return float32(n.Int64()) })
	for _, f := range []float32{0, float32(negativeZero), 0.1, -1.5, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, 0x1p-126, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		c.add(f, f, true)
		c.add(float64(f), f, true)
	}
	c.cells = append(c.cells, storedCell{0.1, float32(0.1)}, storedCell{16777217.0, float32(16777216)}, storedCell{5e-324, float32(0)}, storedCell{-1e-50, float32(negativeZero)},
		// Half of the step beyond the largest is where rounding reaches infinity.
		storedCell{math.Nextafter(0x1.ffffffp127, 0), float32(math.MaxFloat32)})
	c.refused = append(c.refused, 0x1.ffffffp127, 1e39, -1e39, math.MaxFloat64, -math.MaxFloat64)
	return c
}

func doubleCells() matrixColumn {
	c := matrixColumn{typ: "DOUBLE", read: readAs[float64], takes: integerTypes + floatTypes}
	lowest, highest := exactIntegers(53)
	c.addIntegers(lowest, highest, func(n *big.Int) any { return float64(n.Int64()) })
	for _, f := range []float64{0, negativeZero, 0.1, -1.5, math.MaxFloat64, -math.MaxFloat64, 5e-324, -5e-324, 0x1p-1022, 0x1p53 + 2, math.NaN(), math.Inf(1), math.Inf(-1)} {
		c.add(f, f, true)
	}
	for _, f := range []float32{0, float32(negativeZero), 0.1, math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.NaN()), float32(math.Inf(-1))} {
		c.add(f, float64(f), true)
	}
	return c
}

func textCells() matrixColumn {
	c := matrixColumn{typ: "STRING", read: readAs[string], takes: "string []uint8 " + rawJSONType}
	for _, text := range []string{
		"", " ", "x", "NULL", "it's \"q\" \\ % _ ? $1 :name --", "a\x00b", "\x00", "\x01\x1f\x7f\r\n\t", "é — 世界 😀 \u2028 \ufeff \ufffd", "e\u0301", "\U0010ffff",
		strings.Repeat("é", 100), strings.Repeat("x", 70_000),
	} {
		c.add(text, text, true)
		c.add([]byte(text), text, true)
	}
	for _, text := range []string{`{"b": 1, "a":[ ]}`, "\n null ", `"\u0000"`} {
		c.add(json.RawMessage(text), text, true)
	}
	c.refused = append(c.refused, "\xff", "a\xc3\x28", "\xed\xa0\x80", []byte{0xff}, json.RawMessage("{"), json.RawMessage(""), json.RawMessage("\"\xff\""))
	return c
}

func binaryCells() matrixColumn {
	c := matrixColumn{typ: "VARBINARY", read: readAs[[]byte], takes: "string []uint8 " + rawJSONType}
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, b := range [][]byte{{}, {0}, {0xff}, every, make([]byte, 70_000)} {
		c.add(b, b, true)
		c.add(string(b), b, true)
	}
	c.add(json.RawMessage(` {"b":1} `), []byte(` {"b":1} `), true)
	c.refused = append(c.refused, json.RawMessage("{"), json.RawMessage(""))
	return c
}

func jsonCells() matrixColumn {
	c := matrixColumn{typ: "JSON", read: readAs[json.RawMessage], takes: "string []uint8 " + rawJSONType}
	for _, text := range []string{
		"null", "true", "false", "0", "-1", "1.5", "-2.5e-3", "18446744073709551615", "-9223372036854775808", `""`, `"x"`, `"é 世界 😀 \u0000 \" \\ \n"`,
		"[]", "{}", `[1,[2,[null,{"a":{}}]]]`, ` { "b" : 1 , "a" : [ true , "x" ] , "" : null } `, `"` + strings.Repeat("x", 70_000) + `"`,
	} {
		for _, value := range []any{text, []byte(text), json.RawMessage(text)} {
			c.add(value, json.RawMessage(text), true)
		}
	}
	for _, text := range []string{"", " ", "{", `{"a":}`, "[1,]", "nul", "'x'", "NaN", "1 2", "\"\xff\"", "\x00"} {
		c.refused = append(c.refused, text, []byte(text), json.RawMessage(text))
	}
	return c
}

func vectorCells(dim int) matrixColumn {
	c := matrixColumn{typ: fmt.Sprintf("VECTOR(%d)", dim), read: readAs[greptime.Vector], takes: "sqltype.Vector []float32 []uint8 string"}
	for _, f := range []float32{0, float32(negativeZero), 1, -2.5, math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		v := make(greptime.Vector, dim)
		v[dim-1] = f
		var b []byte
		for _, f := range v {
			bits := math.Float32bits(f)
			b = append(b, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		}
		c.add(v, v, true)
		c.add([]float32(v), v, true)
		c.add(b, v, true)
		c.add(v.String(), v, true)
		c.refused = append(c.refused, v[:dim-1], append(v[:dim:dim], 1), b[:len(b)-1], append(b[:len(b):len(b)], 0))
	}
	c.refused = append(c.refused, greptime.Vector{}, []float32{}, []byte{}, "", "1", "[]", "[x]", "["+strings.Repeat("1,", dim)+"]", "["+strings.Repeat("0,", dim-1)+"1e39]")
	return c
}

// moments are around every unit's steps, midnights, leap days, and ends of ranges.
func moments() []time.Time {
	shanghai, newfoundland := time.FixedZone("", 8*3600), time.FixedZone("", -(2*3600+1800))
	var list []time.Time
	for _, at := range []time.Time{
		time.Unix(0, 0).UTC(), time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2024, 2, 29, 12, 34, 56, 0, time.UTC), time.Date(2023, 12, 31, 23, 59, 59, 0, shanghai),
		time.Date(1969, 7, 20, 20, 17, 40, 0, newfoundland), time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), time.Date(1900, 3, 1, 0, 0, 0, 0, shanghai),
	} {
		list = append(list, at, at.Add(-time.Second))
		for _, step := range []time.Duration{1, 999, time.Microsecond, 999_999, time.Millisecond, 999 * time.Millisecond, time.Second - 1} {
			list = append(list, at.Add(step), at.Add(-step))
		}
	}
	for _, end := range []time.Time{
		{}, time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Unix(0, math.MinInt64), time.Unix(0, math.MaxInt64), time.UnixMicro(math.MinInt64), time.UnixMicro(math.MaxInt64), time.UnixMilli(math.MinInt64), time.UnixMilli(math.MaxInt64),
	} {
		list = append(list, end.UTC(), end.UTC().Add(1), end.UTC().Add(-1), end.UTC().Add(time.Millisecond), end.UTC().Add(-time.Millisecond))
	}
	return list
}

// epochOf counts a moment in a unit of so many digits of a second, rounded down.
func epochOf(at time.Time, digits int) *big.Int {
	nanos := new(big.Int).Mul(big.NewInt(at.Unix()), big.NewInt(1e9))
	nanos.Add(nanos, big.NewInt(int64(at.Nanosecond())))
	return nanos.Div(nanos, powerOfTen(9-digits)) // rounds down for a positive divisor
}

// momentOf is the moment that a timestamp of so many digits stands for.
func momentOf(epoch int64, digits int) time.Time {
	switch digits {
	case 0:
		return time.Unix(epoch, 0)
	case 3:
		return time.UnixMilli(epoch)
	case 6:
		return time.UnixMicro(epoch)
	}
	return time.Unix(0, epoch)
}

func powerOfTen(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

func timestampCells(digits int) matrixColumn {
	c := matrixColumn{typ: fmt.Sprintf("TIMESTAMP(%d)", digits), read: readAs[time.Time], takes: integerTypes + "time.Time string"}
	c.addIntegers(big.NewInt(math.MinInt64), big.NewInt(math.MaxInt64), func(n *big.Int) any { return momentOf(n.Int64(), digits) })
	for _, at := range moments() {
		epoch := epochOf(at, digits)
		want := momentOf(epoch.Int64(), digits)
		c.add(at, want, epoch.IsInt64())
		if year := at.Year(); year >= 0 && year <= 9999 {
			c.add(at.Format(time.RFC3339Nano), want, epoch.IsInt64())
		}
	}
	c.refused = append(c.refused, "", "now", "2024-01-01", "2024-01-01 00:00:00", "2024-01-01T00:00:00", "2024-02-30T00:00:00Z", "2024-01-01T24:00:00Z", "1704067200000")
	return c
}

func dateCells() matrixColumn {
	c := matrixColumn{typ: "DATE", read: readAs[greptime.Date], takes: "time.Time sqltype.Date string"}
	for _, at := range moments() {
		year, month, day := at.Date()
		want := greptime.Date{Year: year, Month: month, Day: day}
		// Whole days of int32 reach beyond all of these but those of years beyond five millions.
		fits := year > -5_877_641 && year < 5_881_580
		c.add(at, want, fits)
		if fits {
			c.add(want, want, true)
		}
		if year >= 0 && year <= 9999 {
			c.add(at.Format("2006-01-02"), want, true)
		}
	}
	lowest, highest := greptime.Date{Year: -5877641, Month: 6, Day: 23}, greptime.Date{Year: 5881580, Month: 7, Day: 11}
	for _, limit := range []greptime.Date{lowest, highest} {
		c.add(limit, limit, true)
		c.add(limit.Time(nil), limit, true)
	}
	c.refused = append(c.refused, lowest.Time(nil).AddDate(0, 0, -1), highest.Time(nil).AddDate(0, 0, 1), greptime.Date{}, greptime.Date{Year: 2023, Month: 2, Day: 29},
		greptime.Date{Year: lowest.Year, Month: 6, Day: 22}, greptime.Date{Year: highest.Year, Month: 7, Day: 12}, greptime.Date{Year: math.MaxInt, Month: 1, Day: 1},
		"", "2024-1-1", "2024-02-30", "2024-01-01T00:00:00Z", "20240101", "24-01-01")
	return c
}

func timeOfDayCells(digits int) matrixColumn {
	c := matrixColumn{typ: fmt.Sprintf("TIME(%d)", digits), read: readAs[greptime.TimeOfDay], takes: "time.Time sqltype.TimeOfDay string"}
	unit := powerOfTen(9 - digits).Int64()
	const day = 24 * int64(time.Hour)
	for _, nanos := range []int64{0, 1, unit - 1, unit, unit + 1, int64(12*time.Hour + 34*time.Minute + 56*time.Second + 789_012_345), day - unit, day - 1} {
		want := greptime.TimeOfDay(nanos / unit * unit)
		c.add(greptime.TimeOfDay(nanos), want, true)
		at := time.Date(1969, 12, 31, 0, 0, 0, 0, time.FixedZone("", 8*3600)).Add(time.Duration(nanos))
		c.add(at, want, true)
		c.add(at.Format("15:04:05.999999999"), want, true)
	}
	c.refused = append(c.refused, greptime.TimeOfDay(-1), greptime.TimeOfDay(day), greptime.TimeOfDay(math.MinInt64), greptime.TimeOfDay(math.MaxInt64), "", "24:00:00", "12:60:00", "12:00", "noon", "-01:00:00")
	return c
}

// roundedTo is r in units of the last digit of a scale, half away from zero.
func roundedTo(r *big.Rat, scale int) *big.Int {
	scaled := new(big.Rat).Mul(r, new(big.Rat).SetInt(powerOfTen(scale)))
	half := big.NewRat(int64(scaled.Sign()), 2)
	sum := scaled.Add(scaled, half)
	return new(big.Int).Quo(sum.Num(), sum.Denom()) // towards zero
}

func decimalCells(precision, scale int) matrixColumn {
	c := matrixColumn{typ: fmt.Sprintf("DECIMAL(%d,%d)", precision, scale), read: readAs[greptime.Decimal], takes: integerTypes + floatTypes + "string sqltype.Decimal *big.Rat"}
	largest := new(big.Int).Sub(powerOfTen(precision), big.NewInt(1))
	text := func(unscaled *big.Int) string {
		return new(big.Rat).SetFrac(unscaled, powerOfTen(scale)).FloatString(scale)
	}
	number := func(value any, r *big.Rat) {
		unscaled := roundedTo(r, scale)
		c.add(value, greptime.Decimal(text(unscaled)), unscaled.CmpAbs(largest) <= 0)
	}
	// Around the limits, zero and halves, with four digits more than the scale has.
	for _, unscaled := range []*big.Int{new(big.Int), big.NewInt(1), largest, new(big.Int).Add(largest, big.NewInt(1)), new(big.Int).Quo(largest, big.NewInt(3))} {
		for _, beyond := range []int64{0, 1, 4999, 5000, 5001, 9999} {
			for _, sign := range []int64{1, -1} {
				digits := new(big.Int).Mul(unscaled, big.NewInt(10_000))
				digits.Add(digits, big.NewInt(beyond)).Mul(digits, big.NewInt(sign))
				r := new(big.Rat).SetFrac(digits, powerOfTen(scale+4))
				number(r.FloatString(scale+4), r)
				number(greptime.Decimal(r.FloatString(scale+4)), r)
				number(r, r)
			}
		}
	}
	for _, f := range []float64{0, negativeZero, 0.05, -0.25, 0.1, 1, -9.5, 99999999.99, 1e17, 9.5e37, 5e-324, 1e-38, math.MaxFloat64, math.Pi} {
		// The shortest digits that tell it from its neighbours.
		for _, value := range []any{f, float32(f)} {
			if r, ok := new(big.Rat).SetString(fmt.Sprint(value)); ok {
				number(value, r)
			}
		}
	}
	limit := new(big.Int).Quo(largest, powerOfTen(scale))
	c.addIntegers(new(big.Int).Neg(limit), limit, func(n *big.Int) any {
		return greptime.Decimal(new(big.Rat).SetInt(n).FloatString(scale))
	})
	c.refused = append(c.refused, math.NaN(), math.Inf(1), math.Inf(-1), float32(math.NaN()), float32(math.Inf(1)),
		"", ".", "-", "1e0", "0x1", "1_0", " 0", "NaN", "0.0.0", "0,5", "--0", greptime.Decimal(""), greptime.Decimal("1e0"), greptime.Decimal("NaN"))
	return c
}
