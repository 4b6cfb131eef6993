package sqlarg

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/greptime-go/greptime/internal/valuer"
	"github.com/greptime-go/greptime/sqltype"
)

// Plain resolves Valuers, pointers and named basic types. Its result has a type that Of accepts, or
// one for which Of returns an error.
func Plain(v any) (any, error) {
	for range 8 { // a Valuer may return a pointer to a Valuer …
		switch v.(type) {
		case nil, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64,
			string, []byte, time.Time, json.RawMessage, sqltype.Date, sqltype.TimeOfDay, sqltype.Decimal, sqltype.Interval, sqltype.Vector, *big.Rat:
			return v, nil
		}
		if n, ok := v.(json.Number); ok {
			return jsonNumber(n)
		}
		rv := reflect.ValueOf(v)
		if rv.Kind() == reflect.Pointer {
			switch asksNil := valuer.AsksNil(rv.Type()); {
			case rv.IsNil() && !asksNil:
				return nil, nil
			case !rv.IsNil() && !asksNil:
				if _, ok := rv.Elem().Interface().(driver.Valuer); ok {
					v = rv.Elem().Interface() // a *Date is a Date: its Value is only for other drivers
					continue
				}
			}
		}
		if value, valid, ok := sqlNull(rv); ok {
			if !valid {
				return nil, nil
			}
			v = value
			continue
		}
		if asked, ok := v.(driver.Valuer); ok {
			next, err := valuer.Value(asked)
			if err != nil {
				return nil, fmt.Errorf("%T.Value: %w", v, err)
			}
			if text, ok := numberText(rv.Type(), next); ok {
				switch number, err := parseNumber(text); {
				case err == nil:
					next = number
				case !errors.Is(err, errNoNumber):
					return nil, fmt.Errorf("%T: %w", v, err)
				}
			}
			v = next
			continue
		}
		if isNumberType(rv.Type()) {
			number, ok, err := decimalNumber(rv)
			if err != nil {
				return nil, fmt.Errorf("%T: %w", v, err)
			}
			if ok {
				return number, nil
			}
		}
		switch rv.Kind() {
		case reflect.Pointer:
			v = rv.Elem().Interface()
		case reflect.Bool:
			return rv.Bool(), nil
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			if _, ok := v.(time.Duration); ok {
				return v, nil // refused, with words of its own
			}
			return rv.Int(), nil
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			return rv.Uint(), nil
		case reflect.Float32:
			return float32(rv.Float()), nil
		case reflect.Float64:
			return rv.Float(), nil
		case reflect.String:
			return rv.String(), nil
		case reflect.Slice:
			if rv.Type().Elem().Kind() == reflect.Uint8 {
				return rv.Bytes(), nil
			}
			return v, nil
		default:
			return v, nil
		}
	}
	return nil, fmt.Errorf("%T: its Value always returns another driver.Valuer or pointer", v)
}

// numberText returns the text that Value has returned for a value of type t, if that is a number
// type.
func numberText(t reflect.Type, v driver.Value) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, isNumberType(t)
	case []byte:
		if v != nil && isNumberType(t) {
			return string(v), true
		}
	}
	return "", false
}

// sqlNull returns the value in a sql.Null or a Null. Calling its Value instead would turn a Date
// or json.RawMessage in it into a plain value, and sql.Null's Value refuses the upper half of uint64.
func sqlNull(rv reflect.Value) (value any, valid, ok bool) {
	t := rv.Type()
	isOurs := t.PkgPath() == "database/sql" || t.PkgPath() == reflect.TypeFor[sqltype.Null[any]]().PkgPath()
	if t.Kind() != reflect.Struct || !isOurs || !strings.HasPrefix(t.Name(), "Null[") {
		return nil, false, false
	}
	return rv.FieldByName("V").Interface(), rv.FieldByName("Valid").Bool(), true
}
