package schema

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"
)

// CastCell casts a cell for a column as Arrow's cast does, on the planner's path of
// an INSERT: text is stored in JSON and VECTOR columns as it is, and text without a
// zone is UTC.
func CastCell(v any, from, to Type) (any, error) {
	if v == nil || from.Same(to) {
		return v, nil
	}
	if b, ok := v.(*big.Int); ok && !from.Known() && b.IsInt64() {
		v, from = b.Int64(), Int64Type
	}
	refuse := func() (any, error) {
		return nil, NotSupported("INSERT of %s into a %s column through an expression", from.SQL(), to.SQL())
	}
	switch {
	case !from.Known():
		return nil, NotSupported("INSERT of a value of this type into a %s column", to.SQL())
	case from.IsInteger() && to.IsInteger(), from.IsFloat() && to.IsInteger(), from.Kind == Bool && to.IsInteger():
		return castInteger(v, to)
	case to.IsFloat() && from.IsNumber():
		f := toFloat(v, from)
		if to.Kind == Float32 {
			return float32(f), nil
		}
		return f, nil
	case from.Kind == String && to.IsInteger(), from.Kind == String && to.IsFloat(), from.Kind == String && to.Kind == Decimal:
		out, err := NumberCell(v.(string), to)
		if err != nil || out == nil {
			return nil, Errorf(EngineExecuteQuery, "Cast error: Cannot cast string '%s' to value of %s type", v, CastName(to))
		}
		return out, nil
	case from.Kind == String && to.IsBytes():
		return []byte(v.(string)), nil
	case from.IsBytes() && to.IsBytes():
		return v, nil
	case from.IsBytes() && to.Kind == String:
		if !utf8.Valid(v.([]byte)) {
			return nil, Errorf(EngineExecuteQuery, "Cast error: Encountered non UTF-8 data")
		}
		return string(v.([]byte)), nil
	case from.Kind == String && to.IsTimestamp():
		ts, ok := ReadTimestamp(v.(string), time.UTC)
		if d, isDate := ParseDate(v.(string), time.UTC); !ok && isDate && len(v.(string)) >= len(time.DateOnly) {
			ts, ok = Instant{Seconds: d * 86400}, true
		}
		n, fits := ts.In(to)
		if !ok || !fits {
			return nil, Errorf(EngineExecuteQuery, "Parser error: Error parsing timestamp from '%s': error parsing date", v)
		}
		return n, nil
	case from.Kind == String && to.Kind == Date:
		d, ok := ParseDate(v.(string), time.UTC)
		if !ok {
			return nil, Errorf(EngineExecuteQuery, "Cast error: Cannot cast string '%s' to value of Date32 type", v)
		}
		return d, nil
	case from.Kind == String && to.Kind == Bool:
		if b, ok := ParseBool(v.(string)); ok {
			return b, nil
		}
		return nil, Errorf(EngineExecuteQuery, "Cast error: Cannot cast value '%s' to value of Boolean type", v)
	case to.Kind == String && from.IsInteger(), to.Kind == String && from.Kind == Bool:
		return fmt.Sprint(v), nil
	case to.Kind == String && from.IsFloat():
		if f, ok := v.(float32); ok {
			return FloatText(float64(f), 32), nil
		}
		return FloatText(v.(float64), 64), nil
	case to.Kind == String && from.IsTimestamp():
		return TimestampText(v.(int64), from.PerSecond()), nil
	case from.IsTimestamp() && to.IsTimestamp():
		return castUnits(v.(int64), from, to)
	case from.IsInteger() && to.IsTimestamp():
		return castInteger(v, Int64Type)
	case from.Kind == Date && to.IsTimestamp():
		return castUnits(v.(int64)*86400, Type{Kind: TimestampSecond}, to)
	case from.IsTimestamp() && to.Kind == Date:
		return FloorDiv(v.(int64), 86400*from.PerSecond()), nil
	case from.IsTimestamp() && to.Kind == Int64:
		return v, nil
	case to.Kind == Decimal && from.IsNumber():
		return castDecimal(v, from, to)
	case from.IsInteger() && to.Kind == Bool:
		n, err := castInteger(v, Int64Type)
		return n != int64(0), err
	}
	return refuse()
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
		f, _ := new(big.Rat).SetFrac(v, Pow10(from.Scale)).Float64()
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
			return nil, Errorf(EngineExecuteQuery, "Cast error: Can't cast value %v to type %s", v, to.Name())
		}
		new(big.Float).SetFloat64(f).Int(n)
	}
	lo, hi := to.intRange()
	if n.Cmp(lo) < 0 || n.Cmp(hi) > 0 {
		return nil, Errorf(EngineExecuteQuery, "Cast error: Can't cast value %v to type %s", v, to.Name())
	}
	if to.IsUnsigned() {
		return n.Uint64(), nil
	}
	return n.Int64(), nil
}

func castUnits(n int64, from, to Type) (any, error) {
	f, t := from.PerSecond(), to.PerSecond()
	if t <= f {
		return n / (f / t), nil
	}
	b := new(big.Int).Mul(big.NewInt(n), big.NewInt(t/f))
	if !b.IsInt64() {
		return nil, Errorf(EngineExecuteQuery, "Cast error: Overflow converting %d to %s", n, CastName(to))
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
			return nil, Errorf(EngineExecuteQuery, "Cast error: Cannot cast to %s. Overflowing on %v", CastName(to), v)
		}
		// Arrow scales the float and rounds it then.
		n, _ := new(big.Float).SetFloat64(math.Round(f * math.Pow10(int(to.Scale)))).Int(nil)
		if n.CmpAbs(Pow10(to.Precision)) >= 0 {
			return nil, Errorf(EngineExecuteQuery, "Cast error: Cannot cast to %s. Overflowing on %v", CastName(to), v)
		}
		return n, nil
	case *big.Int:
		text = new(big.Rat).SetFrac(v, Pow10(from.Scale)).FloatString(int(from.Scale))
	}
	d, ok := parseDecimal(text, to)
	if !ok || d == nil {
		return nil, Errorf(EngineExecuteQuery, "Cast error: Cannot cast to %s. Overflowing on %s", CastName(to), text)
	}
	return d, nil
}
