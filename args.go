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

	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/valuer"
)

// CheckNamedValue accepts the argument types that the package documentation lists, calls
// Value of a driver.Valuer, follows pointers, and refuses other types with an error that
// says what to pass instead. Its errors do not name the argument; database/sql does.
func (c *Conn) CheckNamedValue(nv *driver.NamedValue) error {
	switch v := nv.Value.(type) {
	case nil, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64, string, []byte:
		return nil // unchanged, at no cost: an INSERT of many rows has many of them
	case time.Time:
		if cut := c.connector.cfg.TimeTruncate; cut > 0 {
			nv.Value = v.Truncate(cut)
		}
		return nil
	case *connRequest:
		v.conn = c
		return nil
	}
	v, err := checkedValue(nv.Value, c.connector.cfg.TimeTruncate)
	if err != nil {
		return fmt.Errorf("greptime: %w", err)
	}
	nv.Value = v
	return nil
}

// checkedValue resolves a value and checks that it can be an argument. It cuts a time to a
// multiple of cut, towards the past.
func checkedValue(v any, cut time.Duration) (any, error) {
	v, err := plainValue(v)
	if at, ok := v.(time.Time); ok && cut > 0 {
		v = at.Truncate(cut)
	}
	if err == nil {
		_, err = sqlArg(v)
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
		arg, err := sqlArg(nv.Value)
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
			if text, isText := next.(string); isText && isNumberType(rv.Type()) {
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

// sqlArg returns a plain value as an argument of package sqltext.
func sqlArg(v any) (sqltext.Arg, error) {
	switch v := v.(type) {
	case nil:
		return sqltext.Arg{Kind: sqltext.Null}, nil
	case bool:
		arg := sqltext.Arg{Kind: sqltext.Bool}
		if v {
			arg.Int = 1
		}
		return arg, nil
	case int:
		return sqltext.Arg{Kind: sqltext.Int, Int: int64(v)}, nil
	case int8:
		return sqltext.Arg{Kind: sqltext.Int, Int: int64(v)}, nil
	case int16:
		return sqltext.Arg{Kind: sqltext.Int, Int: int64(v)}, nil
	case int32:
		return sqltext.Arg{Kind: sqltext.Int, Int: int64(v)}, nil
	case int64:
		return sqltext.Arg{Kind: sqltext.Int, Int: v}, nil
	case uint:
		return sqltext.Arg{Kind: sqltext.Uint, Uint: uint64(v)}, nil
	case uint8:
		return sqltext.Arg{Kind: sqltext.Uint, Uint: uint64(v)}, nil
	case uint16:
		return sqltext.Arg{Kind: sqltext.Uint, Uint: uint64(v)}, nil
	case uint32:
		return sqltext.Arg{Kind: sqltext.Uint, Uint: uint64(v)}, nil
	case uint64:
		return sqltext.Arg{Kind: sqltext.Uint, Uint: v}, nil
	case float32:
		return sqltext.Arg{Kind: sqltext.Float, Float: float64(v), Float32: true}, nil
	case float64:
		return sqltext.Arg{Kind: sqltext.Float, Float: v}, nil
	case string:
		return sqltext.Arg{Kind: sqltext.String, Text: v}, nil
	case []byte:
		if v == nil {
			return sqltext.Arg{Kind: sqltext.Null}, nil
		}
		return sqltext.Arg{Kind: sqltext.Bytes, Bytes: v}, nil
	case time.Time:
		return sqltext.Arg{Kind: sqltext.Time, Time: v}, nil
	case json.RawMessage:
		if v == nil {
			return sqltext.Arg{Kind: sqltext.Null}, nil
		}
		if !json.Valid(v) {
			return sqltext.Arg{}, fmt.Errorf("the json.RawMessage is not valid JSON; pass text that is not JSON as a string")
		}
		return sqltext.Arg{Kind: sqltext.JSON, Text: string(v)}, nil
	case Date:
		if _, err := v.EpochDays(); err != nil { // 30 February: time.Date would make it March
			return sqltext.Arg{}, err
		}
		return sqltext.Arg{Kind: sqltext.Date, Time: v.Time(time.UTC)}, nil
	case TimeOfDay:
		text, err := v.MarshalText()
		if err != nil {
			return sqltext.Arg{}, err
		}
		return sqltext.Arg{Kind: sqltext.String, Text: string(text)}, nil
	case Decimal:
		return sqltext.Arg{Kind: sqltext.Decimal, Text: string(v)}, nil
	case *big.Rat:
		if v == nil {
			return sqltext.Arg{Kind: sqltext.Null}, nil
		}
		digits, exact := v.FloatPrec()
		if !exact {
			return sqltext.Arg{}, fmt.Errorf("the *big.Rat %s has no finite decimal form; round it first, as by greptime.Decimal(r.FloatString(n))", v)
		}
		return sqltext.Arg{Kind: sqltext.Decimal, Text: v.FloatString(digits)}, nil
	case Interval:
		return sqltext.Arg{Kind: sqltext.Interval, Months: v.Months, Days: v.Days, Nanos: v.Nanoseconds}, nil
	case Vector:
		if v == nil {
			return sqltext.Arg{Kind: sqltext.Null}, nil
		}
		return sqltext.Arg{Kind: sqltext.Vector, Vector: v}, nil
	case time.Duration:
		return sqltext.Arg{}, fmt.Errorf("a time.Duration can mean an interval or a number; pass greptime.Interval{Nanoseconds: int64(d)}, or an integer such as d.Milliseconds()")
	case sql.Out:
		return sqltext.Arg{}, fmt.Errorf("sql.Out: GreptimeDB has no output parameters")
	}
	return sqltext.Arg{}, notAnArgument(v)
}

// notAnArgument returns an error that says what to pass instead of a value without a literal.
func notAnArgument(v any) error {
	rt := reflect.TypeOf(v)
	isList := rt.Kind() == reflect.Slice || rt.Kind() == reflect.Array
	switch {
	case rt.Kind() == reflect.Array && rt.Elem().Kind() == reflect.Uint8:
		return fmt.Errorf("a %T is not supported; pass its String() for a STRING column, as of a UUID, or the slice b[:] for a VARBINARY column", v)
	case isList && (rt.Elem().Kind() == reflect.Float32 || rt.Elem().Kind() == reflect.Float64):
		return fmt.Errorf("a %T is not one value; for a VECTOR column pass greptime.Vector, for a JSON column the json.RawMessage of json.Marshal, and for IN write a placeholder for each element, as sqlx.In does", v)
	case isList:
		return fmt.Errorf("a %T is not one value; for IN write a placeholder for each element, as sqlx.In does, and for a JSON column pass the json.RawMessage of json.Marshal", v)
	case rt.Kind() == reflect.Map:
		return fmt.Errorf("a %T is not supported; for a JSON column pass the json.RawMessage of json.Marshal", v)
	case rt.Kind() == reflect.Struct:
		return fmt.Errorf("a %T is not supported; for a JSON column pass the json.RawMessage of json.Marshal, or give the type a Value method (driver.Valuer)", v)
	}
	return fmt.Errorf("a %T is not supported; pass a basic type, time.Time, a driver.Valuer, or a type of package greptime", v)
}
