package sqltext

import (
	"math"
	"strings"
	"testing"
	"time"
)

// bindOne binds one argument to the one placeholder of a text.
func bindOne(text string, arg Arg) (string, error) {
	return bindIn(text, arg, BindOptions{TimeZoneUTC: true})
}

func bindIn(text string, arg Arg, opts BindOptions) (string, error) {
	s, err := Parse(text)
	if err != nil {
		return "", err
	}
	texts, err := s.Bind([]Arg{arg}, opts)
	if err != nil {
		return "", err
	}
	return texts[0], nil
}

const (
	literalInsert = "INSERT INTO t VALUES (1, ?)"     // all literals: converted by the types of the columns
	plannedInsert = "INSERT INTO t VALUES (now(), ?)" // planned
	query         = "SELECT f(?)"
)

func TestArgumentsAsLiterals(t *testing.T) {
	t.Parallel()
	shanghai := time.FixedZone("", 8*3600)
	tests := []struct {
		name string
		arg  Arg
		// The literal in the three texts above; "" for an error, and "=" for the same
		// as in literalInsert.
		literal, planned, query string
	}{
		{"null", Arg{}, "NULL", "=", "="},
		{"true", Arg{Kind: Bool, Int: 1}, "TRUE", "=", "="},
		{"false", Arg{Kind: Bool}, "FALSE", "=", "="},

		{"int", Arg{Kind: Int, Int: 7}, "7", "=", "="},
		{"negative int", Arg{Kind: Int, Int: -7}, "-7", "=", "="},
		{"least int", Arg{Kind: Int, Int: math.MinInt64}, "-9223372036854775808", "=", "="},
		{"uint", Arg{Kind: Uint, Uint: math.MaxUint64}, "18446744073709551615", "=", "="},

		{"float", Arg{Kind: Float, Float: 1.5}, "1.5", "=", "="},
		{"negative float", Arg{Kind: Float, Float: -0.1}, "-0.1", "=", "="},
		{"whole float", Arg{Kind: Float, Float: 7}, "7", "=", "7.0"},
		{"zero", Arg{Kind: Float}, "0", "=", "0.0"},
		{"negative zero", Arg{Kind: Float, Float: math.Copysign(0, -1)}, "-0.0", "=", "="},
		{"large float", Arg{Kind: Float, Float: 1e20}, "100000000000000000000", "=", "100000000000000000000.0"},
		{"larger float", Arg{Kind: Float, Float: 1e21}, "1e+21", "=", "="},
		{"largest float", Arg{Kind: Float, Float: math.MaxFloat64}, "1.7976931348623157e+308", "=", "="},
		{"small float", Arg{Kind: Float, Float: 1e-7}, "0.0000001", "=", "="},
		{"smaller float", Arg{Kind: Float, Float: 1e-8}, "1e-08", "=", "="},
		{"least float", Arg{Kind: Float, Float: 5e-324}, "5e-324", "=", "="},
		{"float32", Arg{Kind: Float, Float: float64(float32(0.1)), Float32: true}, "0.1", "=", "0.10000000149011612"},
		{"whole float32", Arg{Kind: Float, Float: 16777216, Float32: true}, "16777216", "=", "16777216.0"},
		{"NaN", Arg{Kind: Float, Float: math.NaN()}, "", "CAST('NaN' AS DOUBLE)", "CAST('NaN' AS DOUBLE)"},
		{"infinity", Arg{Kind: Float, Float: math.Inf(1)}, "", "CAST('inf' AS DOUBLE)", "CAST('inf' AS DOUBLE)"},
		{"-infinity", Arg{Kind: Float, Float: math.Inf(-1), Float32: true}, "", "CAST('-inf' AS DOUBLE)", "CAST('-inf' AS DOUBLE)"},

		{"string", Arg{Kind: String, Text: `it's \ "x" 世界`}, `'it''s \ "x" 世界'`, "=", "="},
		{"empty string", Arg{Kind: String}, "''", "=", "="},
		{"NUL", Arg{Kind: String, Text: "a\x00\nb"}, "'a\x00\nb'", "=", "="},
		{"injection", Arg{Kind: String, Text: "'; DROP TABLE t; --"}, "'''; DROP TABLE t; --'", "=", "="},
		{"invalid UTF-8", Arg{Kind: String, Text: "a\xff"}, "", "", ""},

		{"bytes", Arg{Kind: Bytes, Bytes: []byte{0, 0xff, '\''}}, "X'00ff27'", "=", "="},
		{"no bytes", Arg{Kind: Bytes}, "X''", "=", "="},

		{"time", Arg{Kind: Time, Time: time.Date(2024, 1, 1, 8, 0, 0, 123_456_789, shanghai)},
			"'2024-01-01T00:00:00.123456789Z'", "=", "TIMESTAMP '2024-01-01T00:00:00.123456789Z'"},
		{"midnight", Arg{Kind: Time, Time: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)},
			"'2024-01-01T00:00:00Z'", "=", "TIMESTAMP '2024-01-01T00:00:00Z'"},
		{"a millisecond", Arg{Kind: Time, Time: time.Date(2024, 1, 1, 0, 0, 0, 1e6, time.UTC)},
			"'2024-01-01T00:00:00.001Z'", "=", "TIMESTAMP '2024-01-01T00:00:00.001Z'"},
		{"a microsecond", Arg{Kind: Time, Time: time.Date(2024, 1, 1, 0, 0, 0, 1e3, time.UTC)},
			"'2024-01-01T00:00:00.000001Z'", "=", "TIMESTAMP '2024-01-01T00:00:00.000001Z'"},
		{"before 1970", Arg{Kind: Time, Time: time.Date(1969, 12, 31, 23, 59, 59, 1, time.UTC)},
			"'1969-12-31T23:59:59.000000001Z'", "=", "TIMESTAMP '1969-12-31T23:59:59.000000001Z'"},
		{"first nanosecond", Arg{Kind: Time, Time: time.Unix(0, math.MinInt64)},
			"'1677-09-21T00:12:43.145224192Z'", "=", "TIMESTAMP '1677-09-21T00:12:43.145224192Z'"},
		{"last nanosecond", Arg{Kind: Time, Time: time.Unix(0, math.MaxInt64)},
			"'2262-04-11T23:47:16.854775807Z'", "=", "TIMESTAMP '2262-04-11T23:47:16.854775807Z'"},
		{"after the last nanosecond", Arg{Kind: Time, Time: time.Unix(0, math.MaxInt64).Add(1)},
			"'2262-04-11T23:47:16.854775808Z'", "=", ""},
		{"after the last microsecond of a nanosecond", Arg{Kind: Time, Time: time.Unix(0, math.MaxInt64).Add(193)},
			"'2262-04-11T23:47:16.854776Z'", "=", far("9223372036854776")},
		{"before the first nanosecond", Arg{Kind: Time, Time: time.Unix(0, math.MinInt64).Add(-1)},
			"'1677-09-21T00:12:43.145224Z'", "=", ""},
		{"far nanosecond", Arg{Kind: Time, Time: time.Date(1600, 1, 1, 0, 0, 0, 123_456_789, time.UTC)},
			"'1600-01-01T00:00:00.123456Z'", "=", ""},
		{"far microsecond", Arg{Kind: Time, Time: time.Date(1600, 1, 1, 0, 0, 0, 123_456_000, time.UTC)},
			"'1600-01-01T00:00:00.123456Z'", "=", far("-11676095999876544")},
		{"far millisecond", Arg{Kind: Time, Time: time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)},
			"'9999-12-31T23:59:59.999Z'", "=", far("253402300799999000")},
		{"far whole second", Arg{Kind: Time, Time: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
			"'9999-12-31T23:59:59Z'", "=", far("253402300799000000")},
		{"year 1", Arg{Kind: Time, Time: time.Time{}},
			"'0001-01-01T00:00:00Z'", "=", far("-62135596800000000")},
		{"year 0", Arg{Kind: Time, Time: time.Date(0, 12, 31, 23, 59, 59, 0, time.UTC)},
			"", "", far("-62135596801000000")},
		{"year 10000 in UTC only", Arg{Kind: Time, Time: time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -3600))},
			"", "", far("253402300800000000")},

		{"date", Arg{Kind: Date, Time: time.Date(2024, 2, 29, 23, 59, 0, 0, shanghai)}, "'2024-02-29'", "=", "DATE '2024-02-29'"},
		{"first date", Arg{Kind: Date, Time: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)}, "'0001-01-01'", "=", "DATE '0001-01-01'"},
		{"date before year 1", Arg{Kind: Date, Time: time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)}, "", "", ""},
		{"date after year 9999", Arg{Kind: Date, Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, "", "", ""},

		{"JSON", Arg{Kind: JSON, Text: `{"a":"it's"}`}, `'{"a":"it''s"}'`, `parse_json('{"a":"it''s"}')`, `parse_json('{"a":"it''s"}')`},
		{"JSON that is not UTF-8", Arg{Kind: JSON, Text: "\"\xff\""}, "", "", ""},
		{"vector", Arg{Kind: Vector, Vector: []float32{1, -2.5, 0.1}}, "'[1,-2.5,0.1]'", "parse_vec('[1,-2.5,0.1]')", "parse_vec('[1,-2.5,0.1]')"},
		{"vector of specials", Arg{Kind: Vector, Vector: []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 1e21, 1e-45}},
			"'[NaN,inf,-inf,1e+21,1e-45]'", "parse_vec('[NaN,inf,-inf,1e+21,1e-45]')", "parse_vec('[NaN,inf,-inf,1e+21,1e-45]')"},
		{"empty vector", Arg{Kind: Vector}, "'[]'", "parse_vec('[]')", "parse_vec('[]')"},

		{"decimal", Arg{Kind: Decimal, Text: "1234.50"}, "1234.5", "'1234.50'", "CAST('1234.50' AS DECIMAL(6,2))"},
		{"negative decimal", Arg{Kind: Decimal, Text: "-0.05"}, "-0.05", "'-0.05'", "CAST('-0.05' AS DECIMAL(2,2))"},
		{"whole decimal", Arg{Kind: Decimal, Text: "42"}, "42", "'42'", "CAST('42' AS DECIMAL(2,0))"},
		{"decimal zero", Arg{Kind: Decimal, Text: "0"}, "0", "'0'", "CAST('0' AS DECIMAL(1,0))"},
		{"decimal with zeros", Arg{Kind: Decimal, Text: "007.10"}, "7.1", "'007.10'", "CAST('007.10' AS DECIMAL(3,2))"},
		{"decimal without whole part", Arg{Kind: Decimal, Text: "+.5"}, "0.5", "'0.5'", "CAST('0.5' AS DECIMAL(1,1))"},
		{"decimal without fraction", Arg{Kind: Decimal, Text: "-5."}, "-5", "'-5'", "CAST('-5' AS DECIMAL(1,0))"},
		{"38 digits", Arg{Kind: Decimal, Text: "1234567890123456789012345678.1234567890"},
			"1234567890123456789012345678.123456789", "'1234567890123456789012345678.1234567890'", "CAST('1234567890123456789012345678.1234567890' AS DECIMAL(38,10))"},
		{"39 digits", Arg{Kind: Decimal, Text: "12345678901234567890123456789.0123456789"}, "", "", ""},
		{"whole decimal with a point", Arg{Kind: Decimal, Text: "-12.00"}, "-12", "'-12.00'", "CAST('-12.00' AS DECIMAL(4,2))"},
		{"negative zero", Arg{Kind: Decimal, Text: "-0.00"}, "0", "'-0.00'", "CAST('-0.00' AS DECIMAL(2,2))"},

		{"interval", Arg{Kind: Interval, Months: 14, Days: 3, Nanos: 5}, "", "", "INTERVAL '14 months 3 days 5 nanoseconds'"},
		{"negative interval", Arg{Kind: Interval, Months: -14, Days: 3, Nanos: math.MinInt64}, "", "",
			"INTERVAL '-14 months 3 days -9223372036854775808 nanoseconds'"},
		{"days", Arg{Kind: Interval, Days: 1}, "", "", "INTERVAL '1 days'"},
		{"no interval", Arg{Kind: Interval}, "", "", "INTERVAL '0 days'"},

		{"unknown kind", Arg{Kind: Interval + 1}, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, place := range []struct{ text, want string }{
				{literalInsert, tt.literal}, {plannedInsert, tt.planned}, {query, tt.query},
			} {
				want := place.want
				if want == "=" {
					want = tt.literal
				}
				got, err := bindOne(place.text, tt.arg)
				if want == "" {
					if err == nil {
						t.Errorf("%s: %s, want an error", place.text, got)
					}
					continue
				}
				if want := strings.Replace(place.text, "?", want, 1); err != nil || got != want {
					t.Errorf("got %s, %v; want %s", got, err, want)
				}
			}
		})
	}
}

func TestTextsThatAreNoDecimals(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "-", "+", ".", "-.", "1e2", "1.2.3", "--1", "+-1", "-+1", " 1", "1 ", "1,5", "0x1", "NaN", "inf", "١", "1'", "'"} {
		for _, sql := range []string{literalInsert, query} {
			if got, err := bindOne(sql, Arg{Kind: Decimal, Text: text}); err == nil {
				t.Errorf("%q became %s", text, got)
			}
		}
	}
}

// On the literal path GreptimeDB shifts a date by the time zone of the request.
func TestDatesUnderATimeZone(t *testing.T) {
	t.Parallel()
	date := Arg{Kind: Date, Time: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}
	tests := []struct{ text, want string }{
		{"INSERT INTO t VALUES (1, ?)", ""},
		{"INSERT INTO t VALUES (1, ?), (2, NULL)", ""},
		{"INSERT INTO t VALUES (-1.5, ?)", ""},
		{"INSERT INTO t VALUES (1+0, ?)", "INSERT INTO t VALUES (1+0, '2024-01-01')"},
		{"INSERT INTO t VALUES (1, ?), (now(), NULL)", "INSERT INTO t VALUES (1, '2024-01-01'), (now(), NULL)"},
		{"INSERT INTO t VALUES (1, ?) UNION SELECT 1, NULL", "INSERT INTO t VALUES (1, '2024-01-01') UNION SELECT 1, NULL"},
		{"INSERT INTO t VALUES (f(?))", "INSERT INTO t VALUES (f(DATE '2024-01-01'))"},
		{"INSERT INTO t SELECT ?", "INSERT INTO t SELECT DATE '2024-01-01'"},
		{"SELECT * FROM t WHERE d = ?", "SELECT * FROM t WHERE d = DATE '2024-01-01'"},
	}
	for _, tt := range tests {
		got, err := bindIn(tt.text, date, BindOptions{})
		if tt.want == "" {
			if err == nil || !strings.Contains(err.Error(), "timezone=UTC") {
				t.Errorf("%s: %s, %v; want an error that names timezone", tt.text, got, err)
			}
			continue
		}
		if err != nil || got != tt.want {
			t.Errorf("got %s, %v; want %s", got, err, tt.want)
		}
	}
}

// One value that is no literal takes the whole INSERT to the planner, which stores
// JSON and VECTOR text as it is.
func TestJSONFollowsThePathOfItsStatement(t *testing.T) {
	t.Parallel()
	const json, call = `'{}'`, `parse_json('{}')`
	tests := []struct {
		values string
		sign   Arg // for $2
		want   string
	}{
		{"($1, $2)", Arg{Kind: Int, Int: 1}, json},
		{"($1, $2)", Arg{Kind: Int, Int: -1}, json},
		{"($1, $2)", Arg{Kind: Time, Time: time.Unix(0, 0)}, json},
		{"($1, $2)", Arg{Kind: Decimal, Text: "1.5"}, json},
		{"($1, 'a'), (NULL, $2)", Arg{}, json},
		{"($1, \"x\"), (DEFAULT, $2)", Arg{}, json},
		{"($1, TRUE), (-1.5, $2)", Arg{}, json},
		{"($1, - -5), (NULL, $2)", Arg{}, call},
		{"($1, (-5)), (NULL, $2)", Arg{}, call},
		{"($1, now()), (NULL, $2)", Arg{}, call},
		{"($1, `x`), (NULL, $2)", Arg{}, call},
		{"($1, $2 + 0)", Arg{Kind: Int, Int: 1}, call},
		{"($1, concat($2, 'x'))", Arg{Kind: String}, call},
		{"($1, ($2))", Arg{Kind: Int, Int: 1}, call},
		// A sign before an argument leaves a literal if the argument is a number
		// without sign.
		{"($1, -$2)", Arg{Kind: Int, Int: 1}, json},
		{"($1, + $2)", Arg{Kind: Uint, Uint: 1}, json},
		{"($1, -$2)", Arg{Kind: Float, Float: 1.5}, json},
		{"($1, -$2)", Arg{Kind: Int, Int: -1}, call},
		{"($1, -$2)", Arg{Kind: Float, Float: math.Copysign(0, -1)}, call},
		{"($1, -$2)", Arg{Kind: Float, Float: math.NaN()}, call},
		{"($1, -$2)", Arg{Kind: Float, Float: math.Inf(1)}, call},
		{"($1, -$2)", Arg{Kind: String, Text: "a"}, call},
		{"($1, -$2)", Arg{}, call},
		{"($1, -$2)", Arg{Kind: Decimal, Text: "1"}, call},
	}
	for _, tt := range tests {
		s := parse(t, "INSERT INTO t VALUES "+tt.values)
		texts, err := s.Bind([]Arg{{Kind: JSON, Text: "{}"}, tt.sign}, BindOptions{})
		if err != nil {
			t.Errorf("%s: %v", tt.values, err)
			continue
		}
		if !strings.HasPrefix(texts[0], "INSERT INTO t VALUES ("+tt.want+",") {
			t.Errorf("%s, and %v: %s", tt.values, tt.sign, texts[0])
		}
		// What Bind believed is true of the text that it wrote.
		if literal := parse(t, texts[0]).Statements[0].Values.literal; literal != (tt.want == json) {
			t.Errorf("%s: literal path %v", texts[0], literal)
		}
	}
}

func TestLiteralsStayApartFromTheirNeighbours(t *testing.T) {
	t.Parallel()
	minus, seven := Arg{Kind: Int, Int: -7}, Arg{Kind: Int, Int: 7}
	tests := []struct {
		text string
		arg  Arg
		want string
	}{
		{"SELECT 5-?", minus, "SELECT 5- -7"},
		{"SELECT -?", minus, "SELECT - -7"},
		{"SELECT - ?", minus, "SELECT - -7"},
		{"SELECT(?)", minus, "SELECT(-7)"},
		{"SELECT?", seven, "SELECT 7"},
		{"SELECT a?", seven, "SELECT a 7"},
		{"SELECT 1?", seven, "SELECT 1 7"},
		{"SELECT 1.?", seven, "SELECT 1. 7"},
		{"SELECT ?.5", seven, "SELECT 7 .5"},
		{"SELECT ?e5", seven, "SELECT 7 e5"},
		{"SELECT ?x'61'", Arg{Kind: Int}, "SELECT 0 x'61'"},
		{"SELECT 'a'?", Arg{Kind: String, Text: "b"}, "SELECT 'a' 'b'"},
		{"SELECT ?'a'", Arg{Kind: String, Text: "b"}, "SELECT 'b' 'a'"},
		{"SELECT ??", seven, ""},
		{"SELECT X?", Arg{Kind: String, Text: "00"}, "SELECT X '00'"},
		{"SELECT N?", Arg{Kind: String}, "SELECT N ''"},
		{"SELECT a=?", minus, "SELECT a= -7"},
		{"SELECT a=?AND b", seven, "SELECT a= 7 AND b"},
		{"SELECT ?--c\n,1", seven, "SELECT 7 --c\n,1"},
		{"SELECT ?/* c */", seven, "SELECT 7"},
		{"SELECT/* c */?", seven, "SELECT/* c */7"},
		{"SELECT a/?", seven, "SELECT a/ 7"},
		{"SELECT ?*2", seven, "SELECT 7 *2"},
		{"SELECT a[?]", seven, "SELECT a[ 7 ]"},
		{"SELECT f(?,1)", seven, "SELECT f(7,1)"},
		{"SELECT\n?\n", seven, "SELECT\n7"},
		{"?", seven, "7"},
		// The character behind a # belongs to the word.
		{"SELECT #(?)", seven, "SELECT #( 7)"},
		{"SELECT #,?", seven, "SELECT #, 7"},
		{"SELECT #\n?", seven, "SELECT #\n 7"},
		{"SELECT # ?", seven, "SELECT # 7"},
		{"INSERT INTO t VALUES(?)", minus, "INSERT INTO t VALUES(-7)"},
		{"INSERT INTO t VALUES (1,?)", minus, "INSERT INTO t VALUES (1,-7)"},
		{"INSERT INTO t VALUES (-?)", minus, "INSERT INTO t VALUES (- -7)"},
		{"INSERT INTO t VALUES (-?)", seven, "INSERT INTO t VALUES (- 7)"},
		{"INSERT INTO t VALUES (-?)", Arg{Kind: Float, Float: 7}, "INSERT INTO t VALUES (- 7.0)"},

		// What binds tighter than a sign needs brackets.
		{"SELECT ?::STRING", minus, "SELECT (-7) ::STRING"},
		{"SELECT ?::STRING", seven, "SELECT 7 ::STRING"},
		{"SELECT ? :: BIGINT", Arg{Kind: Int, Int: math.MinInt64}, "SELECT (-9223372036854775808) :: BIGINT"},
		{"SELECT ?::INT", Arg{Kind: Float, Float: -1.5}, "SELECT (-1.5) ::INT"},
		{"SELECT ? AT TIME ZONE 'UTC'", minus, "SELECT (-7) AT TIME ZONE 'UTC'"},
		{"SELECT ? * 2", minus, "SELECT -7 * 2"},
		{"SELECT ? AS a", minus, "SELECT -7 AS a"},
		{"INSERT INTO t VALUES (?::INT)", minus, "INSERT INTO t VALUES ((-7) ::INT)"},

		// A word behind an interval would be its unit.
		{"SELECT ? day", Arg{Kind: Interval, Days: 1}, "SELECT (INTERVAL '1 days') day"},
		{"SELECT ?day", Arg{Kind: Interval, Days: 1}, "SELECT (INTERVAL '1 days') day"},
		{"SELECT now() - ?, 1", Arg{Kind: Interval, Days: 1}, "SELECT now() - INTERVAL '1 days', 1"},
		{"SELECT ?::STRING", Arg{Kind: Interval, Days: 1}, "SELECT INTERVAL '1 days' ::STRING"},
	}
	for _, tt := range tests {
		got, err := bindOne(tt.text, tt.arg)
		if tt.want == "" {
			if err == nil {
				t.Errorf("%s: %s, want an error", tt.text, got)
			}
			continue
		}
		if err != nil || got != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.text, got, err, tt.want)
		}
	}
}

func TestArgumentsOfTQL(t *testing.T) {
	t.Parallel()
	s := parse(t, "TQL EVAL (?, ? - ?, ?, ?) up{a=':x'}")
	start := time.Date(2024, 1, 1, 0, 0, 0, 5e8, time.UTC)
	texts, err := s.Bind([]Arg{
		{Kind: Time, Time: start}, {Kind: Time, Time: start}, {Kind: Interval, Nanos: 1e9},
		{Kind: String, Text: "1m"}, {Kind: Int, Int: 30},
	}, BindOptions{})
	want := "TQL EVAL ('2024-01-01T00:00:00.5Z', TIMESTAMP '2024-01-01T00:00:00.5Z' - INTERVAL '1000000000 nanoseconds', '1m', 30) up{a=':x'}"
	if err != nil || texts[0] != want {
		t.Errorf("got %q, %v\nwant %q", texts, err, want)
	}
	// In PromQL '' is the end of a string and the begin of another.
	for _, text := range []string{"TQL EVAL (0, 1, '1s') up{a=?}", "WITH x AS (TQL EVAL (0, 1, '1s') up{a=?}) SELECT 1"} {
		if got, err := bindOne(text, Arg{Kind: String, Text: `\`}); err == nil || !strings.Contains(err.Error(), "PromQL") {
			t.Errorf("%s: %s, %v; want an error that names PromQL", text, got, err)
		}
	}
}

// GreptimeDB takes no TIMESTAMP literal for an option of COPY and behind ALIGN … TO, and
// an interval as the length of RANGE and ALIGN only in brackets.
func TestArgumentsOfCopyAndRangeQueries(t *testing.T) {
	t.Parallel()
	at := Arg{Kind: Time, Time: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}
	minute := Arg{Kind: Interval, Nanos: 6e10}
	for _, tt := range []struct {
		text string
		args []Arg
		want string
	}{
		{
			"COPY t TO ? WITH (FORMAT = 'csv', START_TIME = ?, END_TIME=?)",
			[]Arg{{Kind: String, Text: "/f"}, at, at},
			"COPY t TO '/f' WITH (FORMAT = 'csv', START_TIME = '2024-01-01T00:00:00Z', END_TIME= '2024-01-01T00:00:00Z')",
		},
		{
			"SELECT avg(v) RANGE ? FROM t WHERE ts < ? ALIGN ?",
			[]Arg{minute, at, minute},
			"SELECT avg(v) RANGE (INTERVAL '60000000000 nanoseconds') FROM t WHERE ts < TIMESTAMP '2024-01-01T00:00:00Z' ALIGN (INTERVAL '60000000000 nanoseconds')",
		},
		{
			"SELECT min(v) + max(v) RANGE ?, ts FROM t ALIGN '1m' TO ?",
			[]Arg{minute, at},
			"SELECT min(v) + max(v) RANGE (INTERVAL '60000000000 nanoseconds'), ts FROM t ALIGN '1m' TO '2024-01-01T00:00:00Z'",
		},
	} {
		if got, err := parse(t, tt.text).Bind(tt.args, BindOptions{}); err != nil || got[0] != tt.want {
			t.Errorf("got  %s, %v\nwant %s", got, err, tt.want)
		}
	}
}
