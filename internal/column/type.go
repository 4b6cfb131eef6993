package column

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Limits of the parameters. GreptimeDB 1.0.2 panics at DECIMAL(39, …).
const (
	MaxPrecision = 38
	MaxDim       = 1<<31 - 1
)

// Type is a column type with its parameters: precision and scale of a DECIMAL, the length
// of a VECTOR. Types are comparable. The zero Type is not a type.
type Type uint64

// Of returns the type of a kind that has no parameters.
func Of(k Kind) Type { return Type(k) }

// DecimalOf returns DECIMAL(precision, scale). Check refuses parameters that no column can
// have.
func DecimalOf(precision, scale int) Type {
	return Type(Decimal) | Type(uint8(clamp(precision, 255)))<<8 | Type(uint8(clamp(scale, 255)))<<16
}

// VectorOf returns VECTOR(dim).
func VectorOf(dim int) Type { return Type(Vector) | Type(uint32(clamp(dim, MaxDim)))<<32 }

// clamp replaces a number that does not fit with one that Check refuses: 0 for vectors, 255
// for decimals.
func clamp(n, limit int) int {
	if n >= 0 && n <= limit {
		return n
	}
	if limit == MaxDim {
		return 0
	}
	return limit
}

// Kind returns the type without its parameters.
func (t Type) Kind() Kind { return Kind(t & 0xff) }

// Precision returns the number of digits of a DECIMAL.
func (t Type) Precision() int { return int(t >> 8 & 0xff) }

// Scale returns the number of a DECIMAL's digits after the point.
func (t Type) Scale() int { return int(t >> 16 & 0xff) }

// Dim returns the length of a VECTOR.
func (t Type) Dim() int { return int(t >> 32) }

// String returns GreptimeDB's name of the type, such as TIMESTAMP(3) or DECIMAL(10,2).
func (t Type) String() string {
	switch k := t.Kind(); k {
	case Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision(), t.Scale())
	case Vector:
		return fmt.Sprintf("VECTOR(%d)", t.Dim())
	default:
		if name := k.info().sql; name != "" {
			return name
		}
		return "no type"
	}
}

// Check returns an error for types that no column of GreptimeDB 1.0.2 can have. The error
// names an alternative.
func (t Type) Check() error {
	switch k := t.Kind(); k {
	case DateTime:
		return errors.New("inserts cannot create DATETIME columns; use a timestamp of microseconds, which is what DATETIME means in GreptimeDB's SQL")
	case IntervalYearMonth, IntervalDayTime, IntervalMonthDayNano:
		return errors.New("GreptimeDB has no INTERVAL columns; store months, days or nanoseconds as integers")
	case Decimal:
		if p, s := t.Precision(), t.Scale(); p < 1 || p > MaxPrecision || s > p {
			return fmt.Errorf("a DECIMAL has a precision of 1 to %d and a scale from 0 to the precision", MaxPrecision)
		}
	case Vector:
		if t.Dim() < 1 {
			return errors.New("a VECTOR has a length of at least 1")
		}
	default:
		if k == 0 || k >= kinds {
			return errors.New("the column has no type; use one of this package's")
		}
	}
	return nil
}

// typeNames maps further spellings to kinds: those of Go and of DESC TABLE.
var typeNames = map[string]Kind{
	"bool": Boolean, "boolean": Boolean,
	"int8": Int8, "tinyint": Int8,
	"int16": Int16, "smallint": Int16,
	"int32": Int32, "int": Int32, "integer": Int32,
	"int64": Int64, "bigint": Int64,
	"uint8": Uint8, "tinyint unsigned": Uint8,
	"uint16": Uint16, "smallint unsigned": Uint16,
	"uint32": Uint32, "int unsigned": Uint32,
	"uint64": Uint64, "bigint unsigned": Uint64,
	"float32": Float32, "float": Float32,
	"float64": Float64, "double": Float64,
	"string": String, "varchar": String, "text": String,
	"binary": Binary, "varbinary": Binary,
	"date": Date, "datetime": DateTime, "json": JSON, "interval": IntervalMonthDayNano,
	"intervalyearmonth": IntervalYearMonth, "intervaldaytime": IntervalDayTime, "intervalmonthdaynano": IntervalMonthDayNano,
	"timestampsecond": TimestampSecond, "timestampmillisecond": TimestampMillisecond,
	"timestampmicrosecond": TimestampMicrosecond, "timestampnanosecond": TimestampNanosecond,
	"timesecond": TimeSecond, "timemillisecond": TimeMillisecond,
	"timemicrosecond": TimeMicrosecond, "timenanosecond": TimeNanosecond,
}

// ParseType reads the name of a type as GreptimeDB's SQL spells it, TIMESTAMP(3), as its
// DESC TABLE does, TimestampMillisecond, or as Go does, int64. Case is ignored. TIMESTAMP
// without a precision has milliseconds, as in SQL.
func ParseType(text string) (Type, error) {
	name, params, hasParams := strings.Cut(strings.ToLower(strings.TrimSpace(text)), "(")
	name = strings.Join(strings.Fields(name), " ")
	var numbers []int
	if hasParams {
		inner, closed := strings.CutSuffix(params, ")")
		if !closed {
			return 0, fmt.Errorf("column type %q: a parenthesis is not closed", text)
		}
		for part := range strings.SplitSeq(inner, ",") {
			n, err := strconv.ParseUint(strings.TrimSpace(part), 10, 32)
			if err != nil {
				return 0, fmt.Errorf("column type %q: %q is not a number", text, part)
			}
			numbers = append(numbers, int(n))
		}
	}
	t, err := typeOf(name, numbers)
	if err == nil {
		err = t.Check()
	}
	if err != nil {
		return 0, fmt.Errorf("column type %q: %w", text, err)
	}
	return t, nil
}

func typeOf(name string, params []int) (Type, error) {
	switch {
	case name == "timestamp" && len(params) <= 1:
		return timed(TimestampSecond, append(params, 3)[0])
	case name == "time" && len(params) <= 1:
		return timed(TimeSecond, append(params, 9)[0])
	case (name == "decimal" || name == "numeric") && len(params) == 2:
		return DecimalOf(params[0], params[1]), nil
	case name == "decimal" || name == "numeric":
		return 0, errors.New("DECIMAL needs precision and scale, as in DECIMAL(10,2)")
	case name == "vector" && len(params) == 1:
		return VectorOf(params[0]), nil
	case name == "vector":
		return 0, errors.New("VECTOR needs its length, as in VECTOR(3)")
	case name == "list" || name == "struct" || name == "array" || name == "dictionary":
		return 0, errors.New("such columns cannot be written; use JSON, or a column for each part")
	}
	k, ok := typeNames[name]
	switch {
	case !ok:
		return 0, errors.New("unknown type; write it as GreptimeDB's SQL does, such as BIGINT or TIMESTAMP(3), or as Go does, such as int64")
	case len(params) > 0:
		return 0, errors.New("this type has no parameters")
	}
	return Of(k), nil
}

// timed returns the timestamp or time of day whose seconds have that number of digits.
func timed(second Kind, digits int) (Type, error) {
	switch digits {
	case 0, 3, 6, 9:
		return Of(second + Kind(digits/3)), nil
	}
	return 0, errors.New("the precision must be 0, 3, 6 or 9")
}

// TimestampOf returns TIMESTAMP(digits), or an error unless digits is 0, 3, 6 or 9.
func TimestampOf(digits int) (Type, error) { return timed(TimestampSecond, digits) }

// TimeOf returns TIME(digits), or an error unless digits is 0, 3, 6 or 9.
func TimeOf(digits int) (Type, error) { return timed(TimeSecond, digits) }
