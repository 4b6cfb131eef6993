package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/internal/jsonb"
)

// macros are what DataFusion does and no function of DuckDB does alike.
var macros = []string{
	`CREATE OR REPLACE MACRO greptime_divide(a, b) AS CASE WHEN b = 0 THEN error('Divide by zero error') ELSE a // b END`,
	`CREATE OR REPLACE MACRO greptime_modulo(a, b) AS CASE WHEN b = 0 THEN error('Divide by zero error') ELSE a % b END`,
	`CREATE OR REPLACE MACRO greptime_integer_text(s, t) AS CASE WHEN s IS NULL OR regexp_full_match(s, '[+-]?[0-9]+') THEN s
		ELSE error('Cast error: Cannot cast string ''' || s || ''' to value of ' || t || ' type') END`,
	`CREATE OR REPLACE MACRO greptime_is_number(s) AS regexp_full_match(s, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?')`,
	`CREATE OR REPLACE MACRO greptime_number_text(s, t) AS CASE WHEN s IS NULL OR greptime_is_number(s) OR lower(s) IN (` + floatWords + `) THEN s
		ELSE error('Cast error: Cannot cast string ''' || s || ''' to value of ' || t || ' type') END`,
	`CREATE OR REPLACE MACRO greptime_decimal_text(s) AS CASE WHEN s IS NULL OR regexp_full_match(s, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)') THEN s
		ELSE error('Not supported by greptimetest: CAST of text other than plain digits to DECIMAL') END`,
	`CREATE OR REPLACE MACRO greptime_ascii(s) AS CASE WHEN s IS NULL OR length(s) = strlen(s) THEN s
		ELSE error('Not supported by greptimetest: upper, lower and ILIKE of text beyond ASCII') END`,
	`CREATE OR REPLACE MACRO greptime_no_nan(x) AS CASE WHEN isnan(x) THEN error('Not supported by greptimetest: comparing NaN of a column') ELSE x END`,
	`CREATE OR REPLACE MACRO greptime_pattern(s) AS CASE WHEN s IS NULL OR NOT contains(s, chr(92)) THEN s
		ELSE error('Not supported by greptimetest: LIKE with a backslash in a pattern that is no constant') END`,
	`CREATE OR REPLACE MACRO greptime_floor_divide(a, b) AS a // b - CASE WHEN a % b < 0 THEN 1 ELSE 0 END`,
}

// floatWords are the numbers that are words, in small letters.
const floatWords = `'nan', 'inf', '+inf', '-inf', 'infinity', '+infinity', '-infinity'`

// udf is a scalar function in Go.
type udf struct {
	name string
	args []duckdb.Type
	ret  duckdb.Type
	f    func(args []driver.Value) (any, error)
}

func (u udf) Config() duckdb.ScalarFuncConfig {
	var c duckdb.ScalarFuncConfig
	for _, a := range u.args {
		c.InputTypeInfos = append(c.InputTypeInfos, mustType(a))
	}
	c.ResultTypeInfo = mustType(u.ret)
	return c
}

func (u udf) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: u.f}
}

// mustType returns one of the primitive types named in udfs, which cannot fail.
func mustType(t duckdb.Type) duckdb.TypeInfo {
	info, err := duckdb.NewTypeInfo(t)
	if err != nil {
		panic(err)
	}
	return info
}

const (
	blob    = duckdb.TYPE_BLOB
	varchar = duckdb.TYPE_VARCHAR
	bigint  = duckdb.TYPE_BIGINT
	double  = duckdb.TYPE_DOUBLE
	boolean = duckdb.TYPE_BOOLEAN
)

func udfs() []udf {
	list := []udf{
		{"greptime_parse_json", []duckdb.Type{varchar}, blob, func(a []driver.Value) (any, error) {
			b, err := jsonb.AppendBinary(nil, []byte(a[0].(string)))
			if err != nil {
				return nil, schema.Errorf(schema.EngineExecuteQuery, "Cannot convert the string to json: %v", err)
			}
			return b, nil
		}},
		{"greptime_json_to_string", []duckdb.Type{blob}, varchar, func(a []driver.Value) (any, error) {
			b, err := jsonb.AppendStored(nil, a[0].([]byte))
			return string(b), err
		}},
		{"greptime_json_is_object", []duckdb.Type{blob}, boolean, func(a []driver.Value) (any, error) {
			v, ok, err := jsonAt(a[0].([]byte), "")
			_, object := v.(map[string]any)
			return ok && object, err
		}},
		{"greptime_json_path_exists", []duckdb.Type{blob, varchar}, boolean, func(a []driver.Value) (any, error) {
			_, ok, err := jsonAt(a[0].([]byte), a[1].(string))
			return ok, err
		}},
		{"greptime_parse_vec", []duckdb.Type{varchar}, blob, func(a []driver.Value) (any, error) {
			return schema.ParseVector(a[0].(string), -1)
		}},
		{"greptime_vec_to_string", []duckdb.Type{blob}, varchar, func(a []driver.Value) (any, error) {
			v, err := floats(a[0].([]byte))
			return vectorText(v), err
		}},
		{"greptime_vec_dim", []duckdb.Type{blob}, duckdb.TYPE_UBIGINT, func(a []driver.Value) (any, error) {
			v, err := floats(a[0].([]byte))
			return uint64(len(v)), err
		}},
		{"greptime_timestamp_text", []duckdb.Type{bigint, bigint}, varchar, func(a []driver.Value) (any, error) {
			return schema.TimestampText(a[0].(int64), a[1].(int64)), nil
		}},
		{"greptime_float_text", []duckdb.Type{double, boolean}, varchar, func(a []driver.Value) (any, error) {
			bits := 64
			if a[1].(bool) {
				bits = 32
			}
			return schema.FloatText(a[0].(float64), bits), nil
		}},
		{"greptime_date_format", []duckdb.Type{bigint, bigint, varchar, varchar}, varchar, func(a []driver.Value) (any, error) {
			zone, ok := schema.ParseZone(a[3].(string))
			if !ok {
				zone = time.UTC
			}
			return dateFormatText(schema.UnixTime(a[0].(int64), a[1].(int64)).In(zone), a[2].(string))
		}},
	}
	for name, get := range map[string]func(any) any{"json_get_int": jsonGetInt, "json_get_float": jsonGetFloat, "json_get_bool": jsonGetBool, "json_get_string": jsonGetString} {
		ret := map[string]duckdb.Type{"json_get_int": bigint, "json_get_float": double, "json_get_bool": boolean, "json_get_string": varchar}[name]
		list = append(list, udf{"greptime_" + name, []duckdb.Type{blob, varchar}, ret, func(a []driver.Value) (any, error) {
			v, ok, err := jsonAt(a[0].([]byte), a[1].(string))
			if err != nil || !ok {
				return nil, err
			}
			return get(v), nil
		}})
	}
	for _, name := range []string{"vec_cos_distance", "vec_l2sq_distance", "vec_dot_product"} {
		list = append(list, udf{"greptime_" + name, []duckdb.Type{blob, blob}, duckdb.TYPE_FLOAT, func(a []driver.Value) (any, error) {
			l, err1 := floats(a[0].([]byte))
			r, err2 := floats(a[1].([]byte))
			if err := errors.Join(err1, err2); err != nil {
				return nil, err
			}
			return distance(name, l, r)
		}})
	}
	return list
}

// registerFunctions adds the functions above to the database.
func registerFunctions(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, m := range macros {
		if _, err := conn.ExecContext(ctx, m); err != nil {
			return fmt.Errorf("%s: %w", m, err)
		}
	}
	for _, u := range udfs() {
		if err := duckdb.RegisterScalarUDF(conn, u.name, u); err != nil {
			return fmt.Errorf("function %s: %w", u.name, err)
		}
	}
	return nil
}

// dateFormatText knows the usual conversions of strftime.
func dateFormatText(t time.Time, format string) (any, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		if i++; i == len(format) {
			return nil, errors.New("date_format: the format ends with %")
		}
		switch format[i] {
		case 'Y':
			fmt.Fprintf(&b, "%04d", t.Year())
		case 'y':
			fmt.Fprintf(&b, "%02d", t.Year()%100)
		case 'm':
			fmt.Fprintf(&b, "%02d", int(t.Month()))
		case 'd':
			fmt.Fprintf(&b, "%02d", t.Day())
		case 'H':
			fmt.Fprintf(&b, "%02d", t.Hour())
		case 'M':
			fmt.Fprintf(&b, "%02d", t.Minute())
		case 'S':
			fmt.Fprintf(&b, "%02d", t.Second())
		case 'f':
			fmt.Fprintf(&b, "%09d", t.Nanosecond())
		case 'j':
			fmt.Fprintf(&b, "%03d", t.YearDay())
		case 'F':
			b.WriteString(t.Format(time.DateOnly))
		case 'T':
			b.WriteString(t.Format(time.TimeOnly))
		case 'b':
			b.WriteString(t.Format("Jan"))
		case 'B':
			b.WriteString(t.Format("January"))
		case 'a':
			b.WriteString(t.Format("Mon"))
		case 'A':
			b.WriteString(t.Format("Monday"))
		case 'z':
			b.WriteString(t.Format("-0700"))
		case '%':
			b.WriteByte('%')
		default:
			return nil, schema.NotSupported("date_format with %%%c", format[i])
		}
	}
	return b.String(), nil
}
