package functions_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/greptime-go/greptime/greptimetest/internal/engine"
	"github.com/greptime-go/greptime/greptimetest/internal/functions"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// calls are calls of scalar functions, each with the type and the value of its result. A
// code instead of a type is the error of a call that is refused.
var calls = []struct{ call, typ, want string }{
	// Text.
	{`upper('ab')`, "utf8", "AB"},
	{`upper('é')`, "1001", ""},
	{`lower('AB')`, "utf8", "ab"},
	{`trim('  a ')`, "utf8", "a"},
	{`btrim('xax', 'x')`, "utf8", "a"},
	{`ltrim('xax', 'x')`, "utf8", "ax"},
	{`rtrim('xax', 'x')`, "utf8", "xa"},
	{`replace('aXbX', 'X', '-')`, "utf8", "a-b-"},
	{`replace('ab', '', '-')`, "1001", ""},
	{`reverse('abc')`, "utf8", "cba"},
	{`left('abc', 2)`, "utf8", "ab"},
	{`right('abc', 2)`, "utf8", "bc"},
	{`repeat('ab', 2)`, "utf8", "abab"},
	{`split_part('a.b.c', '.', 2)`, "utf8", "b"},
	{`concat('a', 1, 1.5, NULL, true)`, "utf8", "a11.5true"},
	{`concat_ws('-', 'a', 'b')`, "utf8", "a-b"},
	{`starts_with('abc', 'ab')`, "bool", "true"},
	{`ends_with('abc', 'ab')`, "bool", "false"},
	{`contains('abc', 'b')`, "bool", "true"},
	{`chr(233)`, "utf8", "é"},
	{`chr(0)`, "1001", ""},
	{`regexp_like('abc', '^b')`, "bool", "false"},
	{`regexp_like('abc', '\w')`, "1001", ""},
	{`'abc' ~ 'b'`, "bool", "true"},
	{`md5('a')`, "string_view", "0cc175b9c0f1b6a831c399e269772661"},
	{`length('é')`, "int32", "1"},
	{`char_length('é')`, "int32", "1"},
	{`character_length('é')`, "int32", "1"},
	{`octet_length('é')`, "int32", "2"},
	{`strpos('abc', 'c')`, "int32", "3"},
	{`position('c' IN 'abc')`, "int32", "3"},
	{`instr('abc', 'c')`, "int32", "3"},
	{`substr('abc', 2)`, "string_view", "bc"},
	{`substr('abc', 0)`, "1001", ""},
	{`substring('abc', 2, 1)`, "string_view", "b"},
	{`lpad('a', 3)`, "utf8", "  a"},
	{`rpad('a', 3, 'xy')`, "utf8", "axy"},
	{`ascii('a')`, "int32", "97"},
	{`translate('abc', 'ab', 'xy')`, "utf8", "xyc"},
	{"length('\x00')", "int32", "1"},
	// Numbers.
	{`abs(-3)`, "int64", "3"},
	{`sqrt(9)`, "float64", "3"},
	{`exp(0)`, "float64", "1"},
	{`ln(1)`, "float64", "0"},
	{`log10(100)`, "float64", "2"},
	{`log2(8)`, "float64", "3"},
	{`sin(0)`, "float64", "0"},
	{`cos(0)`, "float64", "1"},
	{`tan(0)`, "float64", "0"},
	{`atan(0)`, "float64", "0"},
	{`radians(180) = pi()`, "bool", "true"},
	{`degrees(pi())`, "float64", "180"},
	{`floor(-1.5)`, "float64", "-2"},
	{`ceil(CAST(1.5 AS FLOAT))`, "float32", "2"},
	{`trunc(-1.5)`, "float64", "-1"},
	{`trunc(1.25, 1)`, "1001", ""},
	{`round(2.567, 2)`, "float64", "2.57"},
	{`round(-2.5)`, "float64", "-3"},
	{`power(2.0, 3)`, "float64", "8"},
	{`power(2, 3)`, "1001", ""},
	{`pow(2.0, 0.5) = sqrt(2)`, "bool", "true"},
	{`isnan(CAST('NaN' AS DOUBLE))`, "bool", "true"},
	{`random() < 1`, "bool", "true"},
	{`cbrt(8.0)`, "float64", "2"},
	{`gcd(12, 18)`, "int64", "6"},
	{`lcm(4, 6)`, "int64", "12"},
	// One of the arguments.
	{`nullif(1, 2)`, "int64", "1"},
	{`nullif(1, 1)`, "int64", "(null)"},
	{`greatest(1, 3, 2)`, "int64", "3"},
	{`least('b', 'a')`, "utf8", "a"},
	{`least(1, 1.5)`, "1001", ""},
	{`coalesce(NULL, 2)`, "int64", "2"},
	{`nvl(NULL, 'x')`, "utf8", "x"},
	{`nvl(NULL, true)`, "1001", ""},
	{`ifnull(NULL, 2)`, "int64", "2"},
	// Bytes.
	{`arrow_cast(1, 'Int8')`, "int8", "1"},
	{`arrow_cast('a', 'Utf8View')`, "string_view", "a"},
	{`encode(X'0aff', 'hex')`, "utf8", "0aff"},
	{`unhex('0aff')`, "3000", ""},
	// Lists and structs.
	{`make_array(1, 2)`, "list<item: int64, nullable>", "[1,2]"},
	{`[1, 2]`, "list<item: int64, nullable>", "[1,2]"},
	{`make_array(1, 'a')`, "1001", ""},
	{`named_struct('a', 1, 'b', 'x')`, "struct<a: int64 nullable, b: utf8 nullable>", `{"a":1,"b":"x"}`},
	{`struct(1, 'x')`, "struct<c0: int64 nullable, c1: utf8 nullable>", `{"c0":1,"c1":"x"}`},
	// Time.
	{`now() > TIMESTAMP '2024-01-01T00:00:00Z'`, "bool", "true"},
	{`current_timestamp() = now()`, "bool", "true"},
	{`current_date() >= DATE '2024-01-01'`, "bool", "true"},
	{`today() = current_date()`, "bool", "true"},
	{`date_trunc('hour', TIMESTAMP '2024-01-01T05:06:07Z')`, "timestamp[ns]", "2024-01-01T05:00:00"},
	{`date_bin(INTERVAL '15 minutes', TIMESTAMP '2024-01-01T05:16:07Z')`, "timestamp[ns]", "2024-01-01T05:15:00"},
	{`date_bin(INTERVAL '1 month', TIMESTAMP '2024-01-01T05:16:07Z')`, "1001", ""},
	{`date_part('doy', TIMESTAMP '2024-02-01T00:00:00Z')`, "int32", "32"},
	{`datepart('year', DATE '2024-02-01')`, "int32", "2024"},
	{`extract(epoch FROM TIMESTAMP '1970-01-01T00:00:01.5Z')`, "float64", "1.5"},
	{`to_timestamp(1)`, "timestamp[ns]", "1970-01-01T00:00:01"},
	{`to_timestamp_seconds(1)`, "timestamp[s]", "1970-01-01T00:00:01"},
	{`to_timestamp_millis(1)`, "timestamp[ms]", "1970-01-01T00:00:00.001"},
	{`to_timestamp_micros(1)`, "timestamp[us]", "1970-01-01T00:00:00.000001"},
	{`to_timestamp_nanos(1)`, "timestamp[ns]", "1970-01-01T00:00:00.000000001"},
	{`to_unixtime(TIMESTAMP '1970-01-01T00:00:01.5Z')`, "int64", "1"},
	{`date_format(TIMESTAMP '2024-01-01T20:00:00Z', '%Y-%m-%d %H:%M')`, "string_view", "2024-01-02 04:00"},
	{`date_format(TIMESTAMP '2024-01-01T20:00:00Z', '%Q')`, "1001", ""},
	{`timezone()`, "string_view", "+08:00"},
	// The session.
	{`version()`, "string_view", "1.1.4"},
	{`database()`, "string_view", "public"},
	{`current_schema()`, "string_view", "public"},
	// JSON.
	{`json_get_int(parse_json('{"a":[1,2]}'), 'a[1]')`, "int64", "2"},
	{`json_get_float(parse_json('{"a":1}'), 'a')`, "float64", "1"},
	{`json_get_bool(parse_json('{"a":"true"}'), 'a')`, "bool", "true"},
	{`json_get_string(parse_json('{"a":{"b":1}}'), '$.a')`, "string_view", `{"b":1}`},
	{`json_get_int(parse_json('{}'), 'a')`, "int64", "(null)"},
	{`json_path_exists(parse_json('{"a":null}'), 'a')`, "bool", "true"},
	{`json_is_object(parse_json('[]'))`, "bool", "false"},
	{`json_to_string(parse_json('{ "a": 1 }'))`, "string_view", `{"a":1}`},
	{`json_to_string(1)`, "1001", ""},
	{`parse_json('{')`, "3001", ""},
	// Vectors.
	{`vec_cos_distance('[1,0]', '[0,1]')`, "float32", "1"},
	{`vec_l2sq_distance('[1,1]', '[1,4]')`, "float32", "9"},
	{`vec_dot_product('[1,2]', '[3,4]')`, "float32", "11"},
	{`vec_dot_product('[1,2]', '[3]')`, "3001", ""},
	{`vec_dim('[1,2,3]')`, "uint64", "3"},
	{`vec_to_string(parse_vec('[1, 2.5]'))`, "string_view", "[1,2.5]"},
}

// inParser are the names under which DuckDB's parser calls an operator or a literal.
var inParser = map[string]string{
	"regexp_full_match": "~", "list_value": "[", "unhex": "X'", "greptime_text": "\x00", "greptime_ifnull": "ifnull(",
}

func TestScalarFunctions(t *testing.T) {
	t.Parallel()
	e, err := engine.Open("", schema.V1_1_4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	for _, c := range calls {
		typ, got, err := answer(e, "SELECT "+c.call+" AS x")
		if refused, ok := err.(*schema.Error); ok {
			typ, err = fmt.Sprint(int(refused.Code)), nil
		}
		if err != nil {
			t.Errorf("%s: %v", c.call, err)
		} else if typ != c.typ || got != c.want {
			t.Errorf("%s is %s %s, want %s %s", c.call, typ, got, c.typ, c.want)
		}
	}
}

// answer returns the type and the text of the only value of a query.
func answer(e *engine.Engine, query string) (typ, text string, err error) {
	r, err := e.Execute(context.Background(), schema.NewSession("greptime", "public", "+08:00"), query)
	if err != nil {
		return "", "", err
	}
	defer r.Close()
	batch, err := r.Next(1)
	if err != nil {
		return "", "", err
	}
	defer batch.Release()
	return batch.Schema().Field(0).Type.String(), batch.Column(0).ValueStr(0), nil
}

func TestEveryScalarFunctionIsCalledInATest(t *testing.T) {
	t.Parallel()
	for _, name := range functions.Scalars() {
		written := regexp.QuoteMeta(name + "(")
		if other, ok := inParser[name]; ok {
			written = regexp.QuoteMeta(other)
		}
		call := regexp.MustCompile(`(^|\W)` + written)
		if !slices.ContainsFunc(calls, func(c struct{ call, typ, want string }) bool { return call.MatchString(c.call) }) {
			t.Errorf("%s: no row of calls has it", name)
		}
	}
}
