package column

import (
	"math"
	"math/big"
	"strconv"
)

// Integers up to these are exact as DOUBLE and FLOAT.
const (
	maxExactDouble = 1 << 53
	maxExactFloat  = 1 << 24
)

const (
	reasonBool       = "write 0 or 1"
	reasonBoolNumber = "convert it to 0 or 1"
	reasonFloatInt   = "a float is not an integer; convert it"
	reasonText       = "format it as text"
	reasonTimeUnit   = "is it seconds or nanoseconds? pass greptime.TimeOfDay"
	reasonDateInt    = "pass greptime.Date or a time.Time"
	reasonFloatTime  = "pass a time.Time, or an integer in the column's unit"
)

// SetBool sets a bool. Only BOOLEAN accepts it.
func (c *Cell) SetBool(t Type, v bool) error {
	if t.Kind() != Boolean {
		return refuse(t, v, reasonBoolNumber)
	}
	if v {
		return c.setNumber(1)
	}
	return c.setNumber(0)
}

// SetInt sets an integer. Integer types accept it within their range, DECIMAL within its
// precision, DOUBLE up to 2^53 and FLOAT up to 2^24 on either side of 0. BOOLEAN accepts 0
// and 1. For timestamps the integer is the epoch in the column's unit.
func (c *Cell) SetInt(t Type, v int64) error {
	switch k := t.Kind(); k {
	case Int64, TimestampSecond, TimestampMillisecond, TimestampMicrosecond, TimestampNanosecond:
		return c.setNumber(uint64(v))
	case Int8, Int16, Int32:
		if shift := 64 - k.info().bits; v<<shift>>shift != v {
			return refuse(t, v, outOfRange(k))
		}
		return c.setNumber(uint64(v))
	case Float64:
		if v < -maxExactDouble || v > maxExactDouble {
			return refuse(t, v, "integers beyond 2^53 are not exact as DOUBLE; convert it to float64 if that is meant")
		}
		return c.setNumber(math.Float64bits(float64(v)))
	case Float32:
		if v < -maxExactFloat || v > maxExactFloat {
			return refuse(t, v, "integers beyond 2^24 are not exact as FLOAT; convert it to float32 if that is meant")
		}
		return c.setNumber(uint64(math.Float32bits(float32(v))))
	case Decimal:
		d := int128{lo: uint64(v)}
		if v < 0 {
			d.lo = -d.lo
		}
		return setScaled(c, t, d, v < 0, v)
	}
	if v < 0 {
		return refuseInt(t, v)
	}
	return c.SetUint(t, uint64(v))
}

// SetUint sets an unsigned integer. The same types accept it as for SetInt.
func (c *Cell) SetUint(t Type, v uint64) error {
	switch k := t.Kind(); k {
	case Uint64:
		return c.setNumber(v)
	case Uint8, Uint16, Uint32:
		if v>>k.info().bits != 0 {
			return refuse(t, v, outOfRange(k))
		}
		return c.setNumber(v)
	case Boolean:
		if v > 1 {
			return refuse(t, v, reasonBool)
		}
		return c.setNumber(v)
	case Decimal:
		return setScaled(c, t, int128{lo: v}, false, v)
	case Int8, Int16, Int32, Int64, Float32, Float64,
		TimestampSecond, TimestampMillisecond, TimestampMicrosecond, TimestampNanosecond:
		if v > math.MaxInt64 {
			return refuse(t, v, outOfRange(k))
		}
		return c.SetInt(t, int64(v))
	}
	return refuseInt(t, v)
}

func refuseInt[T int64 | uint64](t Type, v T) error {
	switch k := t.Kind(); {
	case k.isUnsigned():
		return refuse(t, v, outOfRange(k))
	case k == Boolean:
		return refuse(t, v, reasonBool)
	case k == String:
		return refuse(t, v, reasonText)
	case k == Date:
		return refuse(t, v, reasonDateInt)
	case k.IsTimeOfDay():
		return refuse(t, v, reasonTimeUnit)
	default:
		return refuse(t, v, "integers do not fit this type")
	}
}

func outOfRange(k Kind) string {
	switch bits := k.info().bits; {
	case k.isUnsigned():
		return "out of range, which is 0 to " + strconv.FormatUint(math.MaxUint64>>(64-bits), 10)
	case k.isSigned():
		return "out of range, which is " + strconv.FormatInt(math.MinInt64>>(64-bits), 10) + " to " + strconv.FormatInt(math.MaxInt64>>(64-bits), 10)
	}
	return "out of range"
}

// SetFloat64 sets a float. DOUBLE stores it exactly, including NaN, infinities and
// negative zero. FLOAT stores the nearest value; a finite number beyond the largest FLOAT
// is an error. DECIMAL stores the shortest digits that distinguish it from its neighbours,
// rounded to the scale.
func (c *Cell) SetFloat64(t Type, v float64) error {
	switch t.Kind() {
	case Float64:
		return c.setNumber(math.Float64bits(v))
	case Float32:
		f := float32(v)
		if math.IsInf(float64(f), 0) && !math.IsInf(v, 0) {
			return refuse(t, v, "beyond the largest FLOAT, 3.4028235e38")
		}
		return c.setNumber(uint64(math.Float32bits(f)))
	case Decimal:
		return setFloatDecimal(c, t, v, v, 64)
	}
	return refuseFloat(t, v)
}

// SetFloat32 sets a float. FLOAT stores it exactly, DOUBLE stores the same number, and
// DECIMAL is handled as in SetFloat64.
func (c *Cell) SetFloat32(t Type, v float32) error {
	switch t.Kind() {
	case Float32:
		return c.setNumber(uint64(math.Float32bits(v)))
	case Float64:
		return c.setNumber(math.Float64bits(float64(v)))
	case Decimal:
		return setFloatDecimal(c, t, v, float64(v), 32)
	}
	return refuseFloat(t, v)
}

func refuseFloat[T float32 | float64](t Type, v T) error {
	switch k := t.Kind(); {
	case k.isSigned() || k.isUnsigned() || k == Boolean:
		return refuse(t, v, reasonFloatInt)
	case k == String:
		return refuse(t, v, reasonText)
	case k.IsTimestamp():
		return refuse(t, v, reasonFloatTime)
	default:
		return refuse(t, v, "floats do not fit this type")
	}
}

// setFloatDecimal sets the shortest decimal digits of f, which has the value of v.
func setFloatDecimal[T float32 | float64](c *Cell, t Type, v T, f float64, bits int) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return refuse(t, v, "DECIMAL has no NaN and no infinities")
	}
	if math.Abs(f) >= 1e38 {
		return refuse(t, v, tooManyDigits(t))
	}
	var buf [64]byte
	d, reason := parseDecimal(strconv.AppendFloat(buf[:0], f, 'f', -1, bits), t.Precision(), t.Scale())
	if reason != "" {
		return refuse(t, v, decimalReason(t, reason))
	}
	return c.setDecimal(d)
}

// SetDecimal sets the text of a decimal number, such as -12.50, rounded half away from
// zero to the scale of a DECIMAL. Only DECIMAL accepts it. Exponents are an error.
func (c *Cell) SetDecimal(t Type, text string) error {
	if t.Kind() != Decimal {
		return refuse(t, text, "decimal numbers fit DECIMAL only; convert it")
	}
	d, reason := parseDecimal(text, t.Precision(), t.Scale())
	if reason != "" {
		return refuse(t, text, decimalReason(t, reason))
	}
	return c.setDecimal(d)
}

// SetRat sets a rational number for a DECIMAL, rounded to its scale as in SetDecimal.
func (c *Cell) SetRat(t Type, v *big.Rat) error {
	if t.Kind() != Decimal {
		return refuse(t, v.RatString(), "a *big.Rat fits DECIMAL only; convert it")
	}
	return c.SetDecimal(t, v.FloatString(t.Scale()))
}

// setScaled sets a DECIMAL to the integer that has the given magnitude.
func setScaled[T int64 | uint64](c *Cell, t Type, magnitude int128, negative bool, v T) error {
	p, s := t.Precision(), t.Scale()
	// The number has at most as many digits as the precision leaves for them, so the
	// product cannot overflow.
	if s > p || p > MaxPrecision || !magnitude.less(pow10[p-s]) {
		return refuse(t, v, tooManyDigits(t))
	}
	for range s {
		magnitude = magnitude.times10(0)
	}
	if negative {
		magnitude = magnitude.negate()
	}
	return c.setDecimal(magnitude)
}
