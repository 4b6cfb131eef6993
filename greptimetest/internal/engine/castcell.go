package engine

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
)

// clock tells the time; tests set it.
type clock func() time.Time

func systemClock() time.Time { return time.Now().UTC() }

// columnTypeOf returns the column type whose values have this Arrow type; the zero Type
// if there is none.
func columnTypeOf(dt arrow.DataType) Type {
	switch dt.ID() {
	case arrow.STRING_VIEW, arrow.LARGE_STRING:
		return Type{Kind: String}
	case arrow.BINARY_VIEW, arrow.LARGE_BINARY:
		return Type{Kind: Binary}
	case arrow.DECIMAL128:
		d := dt.(*arrow.Decimal128Type)
		return Type{Kind: Decimal, Precision: d.Precision, Scale: d.Scale}
	case arrow.TIMESTAMP:
		if dt.(*arrow.TimestampType).TimeZone != "" {
			return Type{}
		}
	}
	for k := Bool; k <= TimeNano; k++ {
		if arrow.TypeEqual(kinds[k].arrow, dt) {
			return Type{Kind: k}
		}
	}
	return Type{}
}

// castCell casts a cell for a column as Arrow's cast does, on the planner's path of
// an INSERT: text is stored in JSON and VECTOR columns as it is, and text without a
// zone is UTC.
func castCell(v any, from, to Type) (any, error) {
	if v == nil || from.same(to) {
		return v, nil
	}
	if b, ok := v.(*big.Int); ok && !from.known() && b.IsInt64() {
		v, from = b.Int64(), tInt64
	}
	refuse := func() (any, error) {
		return nil, unsupported("INSERT of %s into a %s column through an expression", from.sql(), to.sql())
	}
	switch {
	case !from.known():
		return nil, unsupported("INSERT of a value of this type into a %s column", to.sql())
	case from.isInteger() && to.isInteger(), from.isFloat() && to.isInteger(), from.Kind == Bool && to.isInteger():
		return castInteger(v, to)
	case to.isFloat() && from.isNumber():
		f := toFloat(v, from)
		if to.Kind == Float32 {
			return float32(f), nil
		}
		return f, nil
	case from.Kind == String && to.isInteger(), from.Kind == String && to.isFloat(), from.Kind == String && to.Kind == Decimal:
		out, err := numberCell(v.(string), to)
		if err != nil || out == nil {
			return nil, errorf(EngineExecuteQuery, "Cast error: Cannot cast string '%s' to value of %s type", v, castName(to))
		}
		return out, nil
	case from.Kind == String && to.isBytes():
		return []byte(v.(string)), nil
	case from.isBytes() && to.isBytes():
		return v, nil
	case from.isBytes() && to.Kind == String:
		if !utf8.Valid(v.([]byte)) {
			return nil, errorf(EngineExecuteQuery, "Cast error: Encountered non UTF-8 data")
		}
		return string(v.([]byte)), nil
	case from.Kind == String && to.isTimestamp():
		ts, ok := readTimestamp(v.(string), time.UTC)
		if d, isDate := parseDate(v.(string), time.UTC); !ok && isDate && len(v.(string)) >= len(time.DateOnly) {
			ts, ok = instant{seconds: d * 86400}, true
		}
		n, fits := ts.in(to)
		if !ok || !fits {
			return nil, errorf(EngineExecuteQuery, "Parser error: Error parsing timestamp from '%s': error parsing date", v)
		}
		return n, nil
	case from.Kind == String && to.Kind == Date:
		d, ok := parseDate(v.(string), time.UTC)
		if !ok {
			return nil, errorf(EngineExecuteQuery, "Cast error: Cannot cast string '%s' to value of Date32 type", v)
		}
		return d, nil
	case from.Kind == String && to.Kind == Bool:
		if b, ok := parseBool(v.(string)); ok {
			return b, nil
		}
		return nil, errorf(EngineExecuteQuery, "Cast error: Cannot cast value '%s' to value of Boolean type", v)
	case to.Kind == String && from.isInteger(), to.Kind == String && from.Kind == Bool:
		return fmt.Sprint(v), nil
	case to.Kind == String && from.isFloat():
		if f, ok := v.(float32); ok {
			return floatText(float64(f), 32), nil
		}
		return floatText(v.(float64), 64), nil
	case to.Kind == String && from.isTimestamp():
		return timestampText(v.(int64), from.perSecond()), nil
	case from.isTimestamp() && to.isTimestamp():
		return castUnits(v.(int64), from, to)
	case from.isInteger() && to.isTimestamp():
		return castInteger(v, tInt64)
	case from.Kind == Date && to.isTimestamp():
		return castUnits(v.(int64)*86400, Type{Kind: TimestampSecond}, to)
	case from.isTimestamp() && to.Kind == Date:
		return floorDiv(v.(int64), 86400*from.perSecond()), nil
	case from.isTimestamp() && to.Kind == Int64:
		return v, nil
	case to.Kind == Decimal && from.isNumber():
		return castDecimal(v, from, to)
	case from.isInteger() && to.Kind == Bool:
		n, err := castInteger(v, tInt64)
		return n != int64(0), err
	}
	return refuse()
}

// parseBool reads the words for a truth value that Arrow's cast knows, too.
func parseBool(s string) (value, ok bool) {
	switch s {
	case "true", "t", "1", "yes", "y", "on":
		return true, true
	case "false", "f", "0", "no", "n", "off":
		return false, true
	}
	return false, false
}

func toFloat(v any, from Type) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case float32:
		return float64(v)
	case float64:
		return v
	case *big.Int:
		f, _ := new(big.Rat).SetFrac(v, pow10(from.Scale)).Float64()
		return f
	}
	return math.NaN()
}

// castInteger refuses what does not fit, and cuts fractions.
func castInteger(v any, to Type) (any, error) {
	n := new(big.Int)
	switch v := v.(type) {
	case bool:
		if v {
			n.SetInt64(1)
		}
	case int64:
		n.SetInt64(v)
	case uint64:
		n.SetUint64(v)
	case float32, float64:
		f := toFloat(v, Type{})
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, errorf(EngineExecuteQuery, "Cast error: Can't cast value %v to type %s", v, to.name())
		}
		new(big.Float).SetFloat64(f).Int(n)
	}
	lo, hi := to.intRange()
	if n.Cmp(lo) < 0 || n.Cmp(hi) > 0 {
		return nil, errorf(EngineExecuteQuery, "Cast error: Can't cast value %v to type %s", v, to.name())
	}
	if to.isUnsigned() {
		return n.Uint64(), nil
	}
	return n.Int64(), nil
}

func castUnits(n int64, from, to Type) (any, error) {
	f, t := from.perSecond(), to.perSecond()
	if t <= f {
		return n / (f / t), nil
	}
	b := new(big.Int).Mul(big.NewInt(n), big.NewInt(t/f))
	if !b.IsInt64() {
		return nil, errorf(EngineExecuteQuery, "Cast error: Overflow converting %d to %s", n, castName(to))
	}
	return b.Int64(), nil
}

func castDecimal(v any, from, to Type) (any, error) {
	var text string
	switch v := v.(type) {
	case int64:
		text = strconv.FormatInt(v, 10)
	case uint64:
		text = strconv.FormatUint(v, 10)
	case float32, float64:
		f := toFloat(v, from)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, errorf(EngineExecuteQuery, "Cast error: Cannot cast to %s. Overflowing on %v", castName(to), v)
		}
		// Arrow scales the float and rounds it then.
		n, _ := new(big.Float).SetFloat64(math.Round(f * math.Pow10(int(to.Scale)))).Int(nil)
		if n.CmpAbs(pow10(to.Precision)) >= 0 {
			return nil, errorf(EngineExecuteQuery, "Cast error: Cannot cast to %s. Overflowing on %v", castName(to), v)
		}
		return n, nil
	case *big.Int:
		text = new(big.Rat).SetFrac(v, pow10(from.Scale)).FloatString(int(from.Scale))
	}
	d, ok := parseDecimal(text, to)
	if !ok || d == nil {
		return nil, errorf(EngineExecuteQuery, "Cast error: Cannot cast to %s. Overflowing on %s", castName(to), text)
	}
	return d, nil
}
