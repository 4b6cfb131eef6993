package structs

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
	"github.com/greptime-go/greptime/sqltype"
)

// setter stores a value, which is addressable, in a cell.
type setter func(c *column.Cell, t column.Type, v reflect.Value) error

var (
	valuerType   = reflect.TypeFor[driver.Valuer]()
	ratType      = reflect.TypeFor[*big.Rat]()
	intervalType = reflect.TypeFor[sqltype.Interval]()
	durationType = reflect.TypeFor[time.Duration]()
)

// valueTypes are the types that govalue.Set accepts by a pointer. Each has the given column
// type unless a tag specifies another.
var valueTypes = map[reflect.Type]string{
	reflect.TypeFor[bool]():              "bool",
	reflect.TypeFor[int]():               "int64",
	reflect.TypeFor[int8]():              "int8",
	reflect.TypeFor[int16]():             "int16",
	reflect.TypeFor[int32]():             "int32",
	reflect.TypeFor[int64]():             "int64",
	reflect.TypeFor[uint]():              "uint64",
	reflect.TypeFor[uint8]():             "uint8",
	reflect.TypeFor[uint16]():            "uint16",
	reflect.TypeFor[uint32]():            "uint32",
	reflect.TypeFor[uint64]():            "uint64",
	reflect.TypeFor[float32]():           "float32",
	reflect.TypeFor[float64]():           "float64",
	reflect.TypeFor[string]():            "string",
	reflect.TypeFor[[]byte]():            "binary",
	reflect.TypeFor[time.Time]():         "timestamp",
	reflect.TypeFor[json.RawMessage]():   "json",
	reflect.TypeFor[sqltype.Date]():      "date",
	reflect.TypeFor[sqltype.TimeOfDay](): "time",
	reflect.TypeFor[sqltype.Decimal]():   "decimal",
	reflect.TypeFor[sqltype.Vector]():    "vector",
	reflect.TypeFor[[]float32]():         "vector",
}

// isValue reports whether a struct type is one value rather than several columns.
func isValue(rt reflect.Type) bool {
	_, known := valueTypes[rt]
	return known || rt == intervalType || govalue.Nullable(rt) || isValuer(rt) || rt == ratType.Elem()
}

func isValuer(rt reflect.Type) bool {
	return rt.Implements(valuerType) || reflect.PointerTo(rt).Implements(valuerType)
}

var errInterval = errors.New("GreptimeDB has no INTERVAL columns; store months, days or nanoseconds as integers")

// newSetter returns the setter for a type of values.
func newSetter(rt reflect.Type) (setter, error) {
	if _, ok := valueTypes[rt]; ok {
		return func(c *column.Cell, t column.Type, v reflect.Value) error {
			return govalue.Set(c, t, v.Addr().Interface())
		}, nil
	}
	switch {
	case rt == ratType:
		return func(c *column.Cell, t column.Type, v reflect.Value) error {
			return govalue.Set(c, t, v.Interface())
		}, nil
	case rt == intervalType:
		return nil, errInterval
	case rt == durationType:
		return nil, errors.New("a time.Duration can mean a number of any unit or a time of day; use an integer field, or greptime.TimeOfDay")
	case rt.Implements(valuerType): // if it is a pointer, it may be nil
		return setValuer, nil
	case isValuer(rt):
		return func(c *column.Cell, t column.Type, v reflect.Value) error {
			return govalue.Set(c, t, govalue.Valuer{Valuer: v.Addr().Interface().(driver.Valuer)})
		}, nil
	case basic(rt) == nil:
		return nil, unsupported(rt)
	}
	return govalue.SetKind, nil
}

// setValuer sets the value of a field whose type is a driver.Valuer.
func setValuer(c *column.Cell, t column.Type, v reflect.Value) error {
	if v.Kind() == reflect.Interface && v.IsNil() {
		c.SetNull()
		return nil
	}
	return govalue.Set(c, t, govalue.Valuer{Valuer: v.Interface().(driver.Valuer)})
}

// basic returns the unnamed type that a named type is based on, if it is a type that has
// values.
func basic(rt reflect.Type) reflect.Type {
	switch rt.Kind() {
	case reflect.Bool:
		return reflect.TypeFor[bool]()
	case reflect.Int, reflect.Int64:
		return reflect.TypeFor[int64]()
	case reflect.Int8:
		return reflect.TypeFor[int8]()
	case reflect.Int16:
		return reflect.TypeFor[int16]()
	case reflect.Int32:
		return reflect.TypeFor[int32]()
	case reflect.Uint, reflect.Uint64:
		return reflect.TypeFor[uint64]()
	case reflect.Uint8:
		return reflect.TypeFor[uint8]()
	case reflect.Uint16:
		return reflect.TypeFor[uint16]()
	case reflect.Uint32:
		return reflect.TypeFor[uint32]()
	case reflect.Float32:
		return reflect.TypeFor[float32]()
	case reflect.Float64:
		return reflect.TypeFor[float64]()
	case reflect.String:
		return reflect.TypeFor[string]()
	case reflect.Slice:
		switch {
		case rt.ConvertibleTo(reflect.TypeFor[[]byte]()):
			return reflect.TypeFor[[]byte]()
		case rt.ConvertibleTo(reflect.TypeFor[[]float32]()):
			return reflect.TypeFor[[]float32]()
		}
	}
	return nil
}

// usualKind returns the kind of the values of a type that Column.Set stores by their kind. It
// returns Invalid for other types.
func usualKind(rt reflect.Type) reflect.Kind {
	_, known := valueTypes[rt]
	switch {
	case rt == reflect.TypeFor[time.Time]():
		return reflect.Struct
	case known && rt.PkgPath() != "" || !known && isValuer(rt):
		return reflect.Invalid // it means more than its kind says
	case rt.Kind() == reflect.Slice && basic(rt) != reflect.TypeFor[[]byte](), basic(rt) == nil:
		return reflect.Invalid
	}
	return rt.Kind()
}

func unsupported(rt reflect.Type) error {
	if rt.Kind() == reflect.Array && rt.Elem().Kind() == reflect.Uint8 {
		return fmt.Errorf("%v cannot be a column; make the field a string with its text, as of a UUID, a []byte, or a json.RawMessage, give it a Value method (driver.Valuer), or leave it out with the tag \"-\"", rt)
	}
	switch rt.Kind() {
	case reflect.Struct:
		return fmt.Errorf("%v cannot be a column; embed it, use a json.RawMessage of json.Marshal, give it a Value method (driver.Valuer), or leave it out with the tag \"-\"", rt)
	case reflect.Map, reflect.Slice, reflect.Array:
		return fmt.Errorf("%v cannot be a column; use a json.RawMessage of json.Marshal, give it a Value method (driver.Valuer), or leave it out with the tag \"-\"", rt)
	}
	return fmt.Errorf("%v cannot be a column; leave it out with the tag \"-\"", rt)
}

// value returns the type of a field's values, without pointers and nullables. It returns
// nil if only the Value method knows the type.
func value(rt reflect.Type) reflect.Type {
	for {
		if _, ok := valueTypes[rt]; ok || rt == ratType {
			return rt
		}
		switch {
		case govalue.Nullable(rt):
			rt = rt.Field(0).Type
		case rt.Kind() == reflect.Pointer:
			rt = rt.Elem()
		case isValuer(rt):
			return nil
		default:
			return basic(rt)
		}
	}
}

// defaultType returns the name of the column type of a Go type.
func defaultType(rt reflect.Type) (string, error) {
	// A type without a setter has no default, either, and newSetter has the better
	// error.
	if _, err := newSetter(placeOf(rt, nil).value); err != nil {
		return "", err
	}
	v := value(rt)
	switch v {
	case nil:
		return "", fmt.Errorf("the type that the Value method of %v returns is unknown; set the column's type with type=", rt)
	case ratType:
		return "decimal", nil
	}
	return valueTypes[v], nil
}

// takes reports whether a column can store any value of the Go type. It tries some
// values, among which every suitable type can store at least one.
func takes(t column.Type, rt reflect.Type) bool {
	v := value(rt)
	if v == nil {
		return true
	}
	var samples []any
	switch v {
	case ratType:
		samples = []any{new(big.Rat)}
	case reflect.TypeFor[string]():
		samples = []any{"", "0", "2006-01-02", "15:04:05", "2006-01-02T15:04:05Z", "[0" + strings.Repeat(",0", min(max(t.Dim(), 1), maxSample)-1) + "]"}
	case reflect.TypeFor[[]byte]():
		samples = []any{[]byte{}, []byte("0"), make([]byte, 4*min(t.Dim(), maxSample))}
	case reflect.TypeFor[json.RawMessage]():
		samples = []any{json.RawMessage("0")}
	case reflect.TypeFor[sqltype.Vector](), reflect.TypeFor[[]float32]():
		samples = []any{make([]float32, min(t.Dim(), maxSample))}
	case reflect.TypeFor[sqltype.Decimal]():
		samples = []any{sqltype.Decimal("0")}
	case reflect.TypeFor[sqltype.Date]():
		samples = []any{sqltype.DateFromEpochDays(0)}
	case reflect.TypeFor[time.Time]():
		samples = []any{time.Unix(0, 0)}
	default:
		samples = []any{reflect.Zero(v).Interface()}
	}
	var c column.Cell
	for _, s := range samples {
		if govalue.Set(&c, t, s) == nil {
			return true
		}
	}
	return t.Dim() > maxSample // too long to try
}

// maxSample is the greatest length of a vector that is tried.
const maxSample = 1 << 16
