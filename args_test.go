package greptime_test

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
)

type (
	namedInt    int32
	namedString string
	namedBytes  []byte
	valuer      struct{ v any }
	loop        struct{}
	// pointerValuer has its method on the pointer, and would dereference nil.
	pointerValuer struct{ text string }
	// nilValuer has its method on the pointer, and a value for nil.
	nilValuer struct{ text string }
)

func (v valuer) Value() (driver.Value, error)         { return v.v, nil }
func (loop) Value() (driver.Value, error)             { return loop{}, nil }
func (p *pointerValuer) Value() (driver.Value, error) { return p.text, nil }

func (n *nilValuer) Value() (driver.Value, error) {
	if n == nil {
		return "absent", nil
	}
	return n.text, nil
}

func TestArgumentsBecomeLiterals(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server)
	text, number := "it's", int64(-7)
	at := time.Date(2024, 2, 29, 12, 34, 56, 123456789, time.FixedZone("", 8*3600))
	for _, test := range []struct {
		arg            any
		values, filter string // in VALUES, and elsewhere
	}{
		{nil, "NULL", "NULL"},
		{(*string)(nil), "NULL", "NULL"},
		{(**int)(nil), "NULL", "NULL"},
		{(*pointerValuer)(nil), "NULL", "NULL"},
		{sql.NullString{}, "NULL", "NULL"},
		{sql.Null[time.Time]{}, "NULL", "NULL"},
		{[]byte(nil), "NULL", "NULL"},
		{json.RawMessage(nil), "NULL", "NULL"},
		{greptime.Vector(nil), "NULL", "NULL"},
		{(*big.Rat)(nil), "NULL", "NULL"},
		{true, "TRUE", "TRUE"},
		{false, "FALSE", "FALSE"},
		{int8(-8), "-8", "-8"},
		{uint8(8), "8", "8"},
		{&number, "-7", "-7"},
		{namedInt(5), "5", "5"},
		{int64(math.MinInt64), "-9223372036854775808", "-9223372036854775808"},
		{uint64(math.MaxUint64), "18446744073709551615", "18446744073709551615"},
		{0.1, "0.1", "0.1"},
		{float32(0.1), "0.1", "0.10000000149011612"}, // a FLOAT is compared as a DOUBLE
		{text, "'it''s'", "'it''s'"},
		{&text, "'it''s'", "'it''s'"},
		{namedString(`a\nb?`), `'a\nb?'`, `'a\nb?'`},
		{"nul\x00", "'nul\x00'", "'nul\x00'"},
		{sql.NullString{String: "x", Valid: true}, "'x'", "'x'"},
		{valuer{valuer{"deep"}}, "'deep'", "'deep'"},
		{&pointerValuer{"p"}, "'p'", "'p'"},
		{(*nilValuer)(nil), "'absent'", "'absent'"},
		{new(*nilValuer), "'absent'", "'absent'"},
		{sql.Null[*nilValuer]{Valid: true}, "'absent'", "'absent'"},
		{valuer{(*nilValuer)(nil)}, "'absent'", "'absent'"},
		{&nilValuer{"n"}, "'n'", "'n'"},
		{[]byte{0, 0xff}, "X'00FF'", "X'00FF'"},
		{namedBytes{1}, "X'01'", "X'01'"},
		{[]byte{}, "X''", "X''"},
		{at, "'2024-02-29T04:34:56.123456789Z'", "TIMESTAMP '2024-02-29T04:34:56.123456789Z'"},
		{greptime.Date{Year: 2024, Month: 2, Day: 29}, "'2024-02-29'", "DATE '2024-02-29'"},
		{greptime.Decimal("-1.50"), "-1.5", "CAST('-1.50' AS DECIMAL(3,2))"},
		{big.NewRat(1, 8), "0.125", "CAST('0.125' AS DECIMAL(3,3))"},
		{json.RawMessage(`{"a":1}`), `'{"a":1}'`, `parse_json('{"a":1}')`},
		{greptime.Vector{1, -2.5}, "'[1,-2.5]'", "parse_vec('[1,-2.5]')"},

		// Pointers to these types and sql.Null of them are what they are.
		{&greptime.Date{Year: 2024, Month: 2, Day: 29}, "'2024-02-29'", "DATE '2024-02-29'"},
		{sql.Null[greptime.Date]{V: greptime.Date{Year: 2024, Month: 2, Day: 29}, Valid: true}, "'2024-02-29'", "DATE '2024-02-29'"},
		{sql.Null[greptime.Decimal]{V: "1.5", Valid: true}, "1.5", "CAST('1.5' AS DECIMAL(2,1))"},
		{&greptime.Vector{1}, "'[1]'", "parse_vec('[1]')"},
		{&sql.Null[greptime.Vector]{V: greptime.Vector{1}, Valid: true}, "'[1]'", "parse_vec('[1]')"},
		{sql.Null[json.RawMessage]{V: json.RawMessage("{}"), Valid: true}, "'{}'", "parse_json('{}')"},
		{sql.Null[uint64]{V: math.MaxUint64, Valid: true}, "18446744073709551615", "18446744073709551615"},
		{sql.Null[float32]{V: 0.1, Valid: true}, "0.1", "0.10000000149011612"},
		{sql.Null[greptime.Date]{}, "NULL", "NULL"},
		{(*sql.Null[greptime.Date])(nil), "NULL", "NULL"},
		{(*greptime.Interval)(nil), "NULL", "NULL"},
	} {
		if _, err := db.Exec("INSERT INTO t (a) VALUES (?)", test.arg); err != nil {
			t.Errorf("%T %v in VALUES: %v", test.arg, test.arg, err)
			continue
		}
		if got := strings.ToUpper(s.last(t).GetQuery().GetSql()); got != strings.ToUpper("INSERT INTO t (a) VALUES ("+test.values+")") {
			t.Errorf("%T %v in VALUES: %s", test.arg, test.arg, got)
		}
		rows, err := db.Query("SELECT a FROM t WHERE a = ?", test.arg)
		if err != nil {
			t.Errorf("%T %v elsewhere: %v", test.arg, test.arg, err)
			continue
		}
		rows.Close()
		if got := strings.ToUpper(s.last(t).GetQuery().GetSql()); got != strings.ToUpper("SELECT a FROM t WHERE a = "+test.filter) {
			t.Errorf("%T %v elsewhere: %s", test.arg, test.arg, got)
		}
	}
}

func TestArgumentsThatCannotBeLiterals(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server)
	shanghai := openServer(t, s.Server, "timezone=Asia/Shanghai")
	for _, test := range []struct {
		db     *sql.DB
		query  string
		arg    any
		remedy string
	}{
		{db, "SELECT ?", time.Second, "Interval"},
		{db, "SELECT ?", big.NewInt(1), "new(big.Rat).SetInt"},
		{db, "SELECT ?", []string{"a"}, "sqlx.In"},
		{db, "SELECT ?", []string{"a"}, "json.Marshal"},
		{db, "SELECT ?", []any{"a"}, "sqlx.In"},
		{db, "SELECT ?", [2]int{1, 2}, "sqlx.In"},
		{db, "SELECT ?", []float32{1}, "greptime.Vector"},
		{db, "SELECT ?", [16]byte{1}, "String()"},
		{db, "SELECT ?", [16]byte{1}, "b[:]"},
		{db, "SELECT ?", struct{}{}, "driver.Valuer"},
		{db, "SELECT ?", struct{ A int }{1}, "json.Marshal"},
		{db, "SELECT ?", &struct{ A int }{1}, "json.RawMessage"},
		{db, "SELECT ?", map[string]any{"a": 1}, "json.Marshal"},
		{db, "SELECT ?", make(chan int), "chan int"},
		{db, "SELECT ?", map[string]int{}, "map"},
		{db, "SELECT ?", complex(1, 1), "complex128"},
		{db, "SELECT ?", loop{}, "Value"},
		{db, "SELECT ?", "\xff", "UTF-8"},
		{db, "SELECT ?", greptime.Decimal("1e5"), "exponent"},
		{db, "SELECT ?", greptime.Decimal("12'; DROP TABLE t --"), "decimal"},
		{db, "SELECT ?", big.NewRat(1, 3), "FloatString"},
		{db, "SELECT ?", json.RawMessage("{"), "JSON"},
		{db, "SELECT ?", greptime.Date{Year: 2024, Month: 2, Day: 30}, "does not exist"},
		{db, "SELECT ?", greptime.TimeOfDay(-1), "time"},
		{db, "SELECT ?", time.Date(3000, 1, 1, 0, 0, 0, 1, time.UTC), "3000"},
		{db, "INSERT INTO t VALUES (?)", math.NaN(), "NaN"},
		{db, "INSERT INTO t VALUES (?)", math.Inf(-1), "Inf"},
		{db, "INSERT INTO t VALUES (?)", greptime.Interval{Days: 1}, "INTERVAL"},
		{db, "INSERT INTO t VALUES (?)", time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), "year"},
		{shanghai, "INSERT INTO t VALUES (?)", greptime.Date{Year: 2024, Month: 1, Day: 1}, "timezone"},
		{shanghai, "INSERT INTO t VALUES (?)", &greptime.Date{Year: 2024, Month: 1, Day: 1}, "timezone"},
		{shanghai, "INSERT INTO t VALUES (?)", sql.Null[greptime.Date]{V: greptime.Date{Year: 2024, Month: 1, Day: 1}, Valid: true}, "timezone"},
		{db, "INSERT INTO t VALUES (?)", &greptime.Interval{Days: 1}, "INTERVAL"},
		{db, "SELECT ?", sql.Null[time.Duration]{V: 1, Valid: true}, "Interval"},
	} {
		_, err := test.db.Exec(test.query, test.arg)
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(test.remedy)) {
			t.Errorf("%s with %T %v: %v, want it to say %q", test.query, test.arg, test.arg, err, test.remedy)
		}
	}
	for _, test := range []struct {
		query string
		args  []any
	}{
		{"SELECT ?", []any{1, 2}},
		{"SELECT ?, ?", []any{1}},
		{"SELECT $1", []any{1, 2}},
		{"SELECT $2", []any{1, 2}},
		{"SELECT 1", []any{1}},
		{"SELECT ?, $1", []any{1}},
		{"SELECT :a", []any{sql.Named("b", 1)}},
		{"SELECT :a", []any{1}},
		{"SELECT ?", []any{sql.Named("a", 1)}},
		{"SELECT '?'", []any{1}},
	} {
		if _, err := db.Exec(test.query, test.args...); err == nil {
			t.Errorf("%s with %v: no error", test.query, test.args)
		}
	}
	if n := s.Calls(""); n != 0 {
		t.Errorf("%d of them were sent: %q", n, s.texts())
	}
	failure := errors.New("of the Valuer")
	if _, err := db.Exec("SELECT ?", failing{failure}); !errors.Is(err, failure) {
		t.Errorf("error %v", err)
	}
}

// database/sql asks again after driver.ErrBadConn, and closes the connection.
func TestAValuerThatFailsIsAskedOnce(t *testing.T) {
	t.Parallel()
	db := openServer(t, newRecordingServer(t).Server)
	asked := 0
	arg := asking(func() (driver.Value, error) {
		asked++
		return nil, &fs.PathError{Op: "read", Path: "value", Err: driver.ErrBadConn}
	})
	_, err := db.Exec("INSERT INTO t VALUES (?)", arg)
	var path *fs.PathError
	if asked != 1 || errors.Is(err, driver.ErrBadConn) || !errors.As(err, &path) {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

type asking func() (driver.Value, error)

func (f asking) Value() (driver.Value, error) { return f() }

// database/sql says which argument it is; the driver says so where it is called directly.
func TestArgumentErrorsAreSaidOnce(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server)
	stmt, err := db.Prepare("SELECT ?, ?")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	const reason = "a []string is not one value"
	for name, test := range map[string]struct {
		call func() error
		want string
	}{
		"Exec":  {func() error { _, err := db.Exec("SELECT ?, ?", 1, []string{"a"}); return err }, "sql: converting argument $2 type: greptime: " + reason},
		"Query": {func() error { return db.QueryRow("SELECT :a", sql.Named("a", []string{"a"})).Scan() }, `sql: converting argument with name "a" type: greptime: ` + reason},
		"Stmt":  {func() error { _, err := stmt.Exec(1, []string{"a"}); return err }, "sql: converting argument $2 type: greptime: " + reason},
		"Raw": {func() error {
			return greptime.Raw(t.Context(), db, func(c *greptime.Conn) error {
				_, err := c.QueryArrow(t.Context(), "SELECT ?, ?", 1, []string{"a"})
				return err
			})
		}, "greptime: argument 2: " + reason},
		"Date":      {func() error { _, err := db.Exec("SELECT ?", greptime.Date{}); return err }, "sql: converting argument $1 type: greptime: date 0000-00-00"},
		"TimeOfDay": {func() error { _, err := db.Exec("SELECT ?", greptime.TimeOfDay(-1)); return err }, "sql: converting argument $1 type: greptime: -00:00:00.000000001 is"},
		"bound":     {func() error { _, err := db.Exec("SELECT ?, ?", 1, greptime.Decimal("x")); return err }, "greptime: argument 2 (DECIMAL, byte 10 of the text): the text of the DECIMAL"},
	} {
		if err := test.call(); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

func TestArgumentErrorsOfAnInsertNameRowAndColumn(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server, "insert=sql")
	const rows, bad = 6000, 5001
	args := make([]any, 0, 2*rows)
	for i := range rows {
		price := greptime.Decimal("1.50")
		if i == bad {
			price = "1,50"
		}
		args = append(args, i, price)
	}
	_, err := db.Exec(manyRows("INSERT INTO t (id, price) VALUES ", "(?, ?)", rows), args...)
	if want := `greptime: argument 10004 (DECIMAL, row 5002 (index 5001), column "price"): `; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
}

type failing struct{ err error }

func (f failing) Value() (driver.Value, error) { return nil, f.err }

// An expression sends the whole INSERT through the server's planner, which would
// store the text of a vector or a document as it is.
func TestVectorBesideAnExpression(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server)
	for _, arg := range []any{greptime.Vector{1}, &greptime.Vector{1}, sql.Null[greptime.Vector]{V: greptime.Vector{1}, Valid: true}} {
		exec(t, db, "INSERT INTO t (v, ts, j) VALUES (?, now(), ?)", arg, json.RawMessage("{}"))
		if got := s.last(t).GetQuery().GetSql(); got != "INSERT INTO t (v, ts, j) VALUES (parse_vec('[1]'), now(), parse_json('{}'))" {
			t.Errorf("sent %q", got)
		}
	}
}

func TestNaNElsewhere(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server)
	rows, err := db.Query("SELECT ? - ?, ?", 1, -2, math.NaN())
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	if got := s.last(t).GetQuery().GetSql(); strings.Contains(got, "--") || !strings.Contains(got, "CAST('NaN' AS DOUBLE)") {
		t.Errorf("sent %q", got)
	}
}
