package greptime

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/greptime-go/greptime/internal/sqlarg"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/valuer"
)

// checkedValue resolves a value and checks that it can be an argument. It cuts a time to a
// multiple of cut, towards the past.
func checkedValue(v any, cut time.Duration) (any, error) {
	v, err := plainValue(v)
	if at, ok := v.(time.Time); ok && cut > 0 {
		v = at.Truncate(cut)
	}
	if err == nil {
		_, err = sqlarg.Of(v)
	}
	return v, err
}

// namedValues checks and numbers the arguments of calls that do not come through
// database/sql.
func namedValues(args []any, cut time.Duration) ([]driver.NamedValue, error) {
	named := make([]driver.NamedValue, len(args))
	for i, v := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
		if n, ok := v.(sql.NamedArg); ok {
			named[i].Name, v = n.Name, n.Value
		}
		var err error
		if named[i].Value, err = checkedValue(v, cut); err != nil {
			return nil, argError(named[i].Name, i+1, err)
		}
	}
	return named, nil
}

// bindArgs returns the checked arguments in the form that package sqltext renders.
func bindArgs(args []driver.NamedValue) ([]sqltext.Arg, error) {
	list := make([]sqltext.Arg, len(args))
	for i, nv := range args {
		arg, err := sqlarg.Of(nv.Value)
		if err != nil {
			return nil, argError(nv.Name, nv.Ordinal, err)
		}
		arg.Name = nv.Name
		list[i] = arg
	}
	return list, nil
}

func argError(name string, ordinal int, err error) error {
	if name != "" {
		return fmt.Errorf("greptime: argument :%s: %w", name, err)
	}
	return fmt.Errorf("greptime: argument %d: %w", ordinal, err)
}

// plainValue resolves Valuers, pointers and named basic types.
func plainValue(v any) (any, error) {
	for range 8 { // a Valuer may return a pointer to a Valuer …
		switch v.(type) {
		case nil, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64,
			string, []byte, time.Time, json.RawMessage, Date, TimeOfDay, Decimal, Interval, Vector, *big.Rat:
			return v, nil
		}
		if n, ok := v.(json.Number); ok {
			return sqlarg.JSONNumber(n)
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
			if text, isText := next.(string); isText && sqlarg.IsNumberType(rv.Type()) {
				switch number, err := sqlarg.ParseNumber(text); {
				case err == nil:
					next = number
				case !errors.Is(err, sqlarg.ErrNoNumber):
					return nil, fmt.Errorf("%T: %w", v, err)
				}
			}
			v = next
			continue
		}
		if sqlarg.IsNumberType(rv.Type()) {
			number, ok, err := sqlarg.Number(rv)
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

// sqlNull returns the value in a sql.Null or a Null. Calling its Value instead would turn a Date
// or json.RawMessage in it into a plain value, and sql.Null's Value refuses the upper half of uint64.
func sqlNull(rv reflect.Value) (value any, valid, ok bool) {
	t := rv.Type()
	isOurs := t.PkgPath() == "database/sql" || t.PkgPath() == reflect.TypeFor[Null[any]]().PkgPath()
	if t.Kind() != reflect.Struct || !isOurs || !strings.HasPrefix(t.Name(), "Null[") {
		return nil, false, false
	}
	return rv.FieldByName("V").Interface(), rv.FieldByName("Valid").Bool(), true
}
