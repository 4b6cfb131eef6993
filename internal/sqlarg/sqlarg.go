// Package sqlarg turns the Go values that the driver accepts as arguments into the arguments
// of package sqltext. It also recognizes decimal types of other packages.
package sqlarg

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/sqltype"
)

// Of returns the argument for a value. It returns an error that says what to pass instead
// if the value has no literal.
func Of(v any) (sqltext.Arg, error) {
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
	case sqltype.Date:
		if _, err := v.EpochDays(); err != nil { // 30 February: time.Date would make it March
			return sqltext.Arg{}, withoutPrefix(err)
		}
		return sqltext.Arg{Kind: sqltext.Date, Time: v.Time(time.UTC)}, nil
	case sqltype.TimeOfDay:
		text, err := v.MarshalText()
		if err != nil {
			return sqltext.Arg{}, withoutPrefix(err)
		}
		return sqltext.Arg{Kind: sqltext.String, Text: string(text)}, nil
	case sqltype.Decimal:
		return sqltext.Arg{Kind: sqltext.Decimal, Text: string(v)}, nil
	case *big.Rat:
		if v == nil {
			return sqltext.Arg{Kind: sqltext.Null}, nil
		}
		text, err := RatText(v)
		if err != nil {
			return sqltext.Arg{}, err
		}
		return sqltext.Arg{Kind: sqltext.Decimal, Text: text}, nil
	case sqltype.Interval:
		return sqltext.Arg{Kind: sqltext.Interval, Months: v.Months, Days: v.Days, Nanos: v.Nanoseconds}, nil
	case sqltype.Vector:
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

// withoutPrefix returns an error of package sqltype without its prefix, which that of the argument has.
func withoutPrefix(err error) error { return errors.New(strings.TrimPrefix(err.Error(), "greptime: ")) }

// notAnArgument returns an error that says what to pass instead of a value without a literal.
func notAnArgument(v any) error {
	rt := reflect.TypeOf(v)
	isList := rt.Kind() == reflect.Slice || rt.Kind() == reflect.Array
	switch {
	case rt == reflect.TypeFor[big.Int](), rt == reflect.TypeFor[*big.Int]():
		return fmt.Errorf("a %T is not supported; for an integer x pass new(big.Rat).SetInt(x)", v)
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

// RatText returns the digits of a number, or an error if it has no finite decimal form.
func RatText(v *big.Rat) (string, error) {
	digits, exact := v.FloatPrec()
	if !exact {
		return "", fmt.Errorf("the *big.Rat %s has no finite decimal form; round it first, as by greptime.Decimal(r.FloatString(n))", v)
	}
	return v.FloatString(digits), nil
}
