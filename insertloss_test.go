package greptime_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// putPrices gives the server a table with columns of small range.
func putPrices(t *testing.T, s *tableServer) {
	t.Helper()
	s.put(t, "public.prices",
		catalog.Column{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex},
		catalog.Column{Name: "s", Type: column.Of(column.String), Nullable: true},
		catalog.Column{Name: "price", Type: column.DecimalOf(12, 2), Nullable: true},
		catalog.Column{Name: "ratio", Type: column.DecimalOf(3, 3), Nullable: true},
		catalog.Column{Name: "f", Type: column.Of(column.Float32), Nullable: true},
		catalog.Column{Name: "x", Type: column.Of(column.Float64), Nullable: true},
		catalog.Column{Name: "vec", Type: column.VectorOf(2), Nullable: true},
		catalog.Column{Name: "doc", Type: column.Of(column.JSON), Nullable: true},
		catalog.Column{Name: "n", Type: column.Of(column.Int64), Nullable: true},
		catalog.Column{Name: "at", Type: column.Of(column.TimestampSecond), Nullable: true, Default: "now()"},
	)
}

// What GreptimeDB would store as NULL or as an infinity is an error for the first INSERT
// into a table as for the last, for one row as for twenty.
func TestNoLossDependsOnWhatWentBefore(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	putPrices(t, s)
	for _, test := range []struct {
		column, literal string
		arg             any
	}{
		{"price", "?", "12345678901.23"},
		{"price", "?", greptime.Decimal("-12345678901.23")},
		{"price", "?", big.NewRat(12345678901, 1)},
		{"price", "?", sql.NullString{String: "+12345678901.23", Valid: true}},
		{"price", "?", "99999999999."},
		{"price", "?", 12345678901.23},
		{"price", "?", float32(1e12)},
		{"price", "?", int64(12345678901)},
		{"price", "?", uint64(12345678901)},
		{"price", "?", "9999999999.995"}, // rounded
		{"price", "12345678901.23", nil},
		{"price", "- 12345678901", nil},
		{"price", "'12345678901.23'", nil},
		{"ratio", "?", greptime.Decimal("1")},
		{"ratio", "?", 0.9999},
		{"f", "?", 1e39},
		{"f", "1e39", nil},
		{"x", "1e400", nil},
		{"s", "?", []byte{0xff}},
		{"s", "X'ff'", nil},
		{"vec", "?", "[1e39,0]"},
		{"vec", "'[1e39,0]'", nil},
		{"doc", "?", `{"a":1e400}`},
		{"doc", "?", json.RawMessage(`[{"a":{"b":[1,-1E400]}}]`)},
		{"doc", "?", []byte(`{"a":1e400}`)},
		{"doc", "?", sql.NullString{String: " 1e309\n", Valid: true}},
		{"doc", "?", json.RawMessage(strings.Repeat("9", 310))},
		{"doc", `'{"it''s":1e400}'`, nil},
		// Forms that the driver leaves to the server, which reads them.
		{"price", "?", json.RawMessage("12345678901.23")},
		{"price", "?", "12_345_678_901.23"},
		{"price", "?", "1.2345678901230000000000000000e10"},
		{"price", "?", "+12345678901230000000000000000E-18"},
		{"price", `"12345678901.23"`, nil},
		{"price", "'12_345_678_901.23'", nil},
		{"price", "1.2345678901230000000000000000e10", nil},
		{"vec", "?", json.RawMessage("[1e39,0]")},
		{"vec", "?", " [1e39,0]\n"},
		{"vec", "?", "[1e39, +Infinity]"},
		{"vec", `"[nan,1e39]"`, nil},
		{"doc", "?", "{\"a\":\f1e400}"},
		{"doc", "?", "{\"a\n\":1e400}"},
		{"doc", `"{""a"":1e400}"`, nil},
	} {
		var texts []string
		for _, rows := range []int{1, 2, 20} {
			for _, form := range []string{
				"INSERT INTO prices (ts, COLUMN, at) VALUES ",
				"INSERT INTO prices (ts, COLUMN) VALUES ",        // as text, because of the DEFAULT
				"INSERT INTO prices (n, COLUMN, ts) VALUES ",     // as text, because of the first value
				"INSERT INTO prices (ts, COLUMN, other) VALUES ", // as text, and the server refuses it
			} {
				values := map[string]string{"ts": "1", "at": "1", "n": "'7'", "other": "1", test.column: test.literal}
				insert := strings.Replace(form, "COLUMN", test.column, 1)
				list := strings.Split(strings.TrimSuffix(strings.SplitAfter(insert, "(")[1], ") VALUES "), ", ")
				for i, name := range list {
					list[i] = values[name]
				}
				var args []any
				for range rows {
					if test.arg != nil {
						args = append(args, test.arg)
					}
				}
				_, err := openServer(t, s.Server).Exec(manyRows(insert, "("+strings.Join(list, ", ")+")", rows), args...)
				ways := s.ways()
				if strings.Contains(form, "other") {
					continue // the server has no such column
				}
				if err == nil || !strings.Contains(err.Error(), `column "`+test.column+`"`) || !strings.HasSuffix(err.Error(), "nothing was sent") || ways != "columns" {
					t.Errorf("%s%s with %#v, %d rows: went %s, %v", insert, list, test.arg, rows, ways, err)
					continue
				}
				texts = append(texts, err.Error()[strings.LastIndex(err.Error(), ": "):])
			}
		}
		for _, text := range texts {
			if text != texts[0] {
				t.Errorf("%s with %#v: %s and %s", test.literal, test.arg, texts[0], text)
			}
		}
	}
}

// An INSERT without a list of columns is text, whose values are looked at nevertheless.
func TestLossesOfInsertsWithoutColumns(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	s.put(t, "public.prices",
		catalog.Column{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex},
		catalog.Column{Name: "price", Type: column.DecimalOf(5, 2), Nullable: true})
	db := openServer(t, s.Server)
	const insert = "INSERT INTO prices VALUES (?, ?)"
	for _, ways := range []string{"columns", "columns"} { // they may have changed
		_, err := db.Exec(insert, time.Unix(0, 0), "1000")
		if got := s.ways(); err == nil || !strings.Contains(err.Error(), `column "price" of type DECIMAL(5,2)`) || got != ways {
			t.Errorf("went %s, %v", got, err)
		}
	}
	exec(t, db, insert, time.Unix(0, 0), "999")
	if got := s.ways(); got != "text" {
		t.Errorf("a value that fits went %s", got)
	}
	s.put(t, "public.prices",
		catalog.Column{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex},
		catalog.Column{Name: "price", Type: column.DecimalOf(6, 2), Nullable: true})
	exec(t, db, insert, time.Unix(0, 0), "1000")
	if got := s.ways(); got != "columns, text" {
		t.Errorf("with a larger column it went %s", got)
	}
	exec(t, db, "INSERT INTO nowhere VALUES (?, ?)", time.Unix(0, 0), "1000")
	if got := s.ways(); got != "columns, text" {
		t.Errorf("into no table it went %s", got)
	}
}

// The columns are no others than they were read as, when a loss is looked for.
func TestLossIsSeenAfterTheTableHasChanged(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	putPrices(t, s)
	db := openServer(t, s.Server)
	exec(t, db, "INSERT INTO prices (ts, at, price) VALUES (1, 1, ?)", "12.50")
	s.ways()
	s.put(t, "public.prices",
		catalog.Column{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex},
		catalog.Column{Name: "price", Type: column.DecimalOf(3, 2), Nullable: true},
		catalog.Column{Name: "added", Type: column.Of(column.Int64), Nullable: true})
	_, err := db.Exec("INSERT INTO prices (ts, added, price) VALUES (1, 1, ?)", "12.50")
	if got := s.ways(); err == nil || !strings.Contains(err.Error(), "DECIMAL(3,2)") || got != "columns" {
		t.Errorf("went %s, %v", got, err)
	}
	putPrices(t, s)
	exec(t, db, "INSERT INTO prices (ts, at, price) VALUES (1, 1, ?)", "12.50")
	s.put(t, "public.prices",
		catalog.Column{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex},
		catalog.Column{Name: "at", Type: column.Of(column.TimestampSecond), Nullable: true},
		catalog.Column{Name: "price", Type: column.DecimalOf(3, 2), Nullable: true})
	s.ways()
	s.answerNative(refuse(codes.InvalidArgument, "Invalid request to region R(1, 0), reason: column price expect type Decimal128(3, 2)", 1004))
	_, err = db.Exec("INSERT INTO prices (ts, at, price) VALUES (1, 1, ?)", "12.50")
	if got := s.ways(); err == nil || !strings.Contains(err.Error(), "DECIMAL(3,2)") || got != "native, columns" {
		t.Errorf("went %s, %v", got, err)
	}
}

// Values that no column loses are no reason to read the columns.
func TestHarmlessValuesAreSentAtOnce(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	putPrices(t, s)
	for _, arg := range []any{nil, true, 0, 9, int8(-9), uint8(7), 0.0, "0.00", "text", "", "2024-01-01", "1.5 m", "12 Monkeys", "[1,2.5]", `{"a":1e39}`, `{"1e400":"9e999\""}`, json.RawMessage(`{"a":[1e308,-1e-400]}`), "550e8400-e29b-41d4-a716-446655440000", "550e8400 and more", "[550e8400-e29b]", "{", "-", ".", "+",
		time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), []byte("binary, but text"), greptime.Date{Year: 2024, Month: 1, Day: 1}, greptime.Vector{1, 2}, greptime.TimeOfDay(0)} {
		for _, query := range []string{"INSERT INTO prices (ts, s) VALUES (?, '2024-01-01 12:00:00')", "INSERT INTO prices VALUES (?, 9, -1, X'00', TRUE, DEFAULT, 0.0, NULL, 'x')"} {
			exec(t, openServer(t, s.Server), query, arg)
			if got := s.ways(); got != "text" {
				t.Errorf("%s with %#v went %s", query, arg, got)
			}
		}
	}
}

// Users who may write and not read are asked about once in a while.
func TestColumnsThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	texts := 0
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		text, err := c.SQL()
		if err != nil {
			return err
		}
		if !strings.HasPrefix(text, "INSERT") {
			texts++
			return c.Fail(codes.PermissionDenied, "User is not authorized to perform this action", 7006)
		}
		return wiretest.Replay(captures.DoGetByName("insert_two_rows"))(c)
	})
	db := openServer(t, s)
	for range 3 {
		exec(t, db, "INSERT INTO t (ts, v) VALUES (1, ?)", 12.5)
	}
	if texts != 1 {
		t.Errorf("the columns were asked for %d times", texts)
	}
}

// refuseAsRead answers the text of an INSERT as GreptimeDB 1.0.2 does, when a value is
// written as its Go type says and not as the column needs it.
func refuseAsRead(c *wiretest.Call) error {
	text, err := c.SQL()
	switch {
	case err != nil:
		return err
	case strings.Contains(text, "'2024-02-29T00:00:00Z'"):
		return c.Fail(codes.InvalidArgument, "Failed to parse value: Failed to parse 2024-02-29T00:00:00Z to Date value", 2000)
	case strings.Contains(text, "X'7B") || strings.Contains(text, "X'7b"):
		return c.Fail(codes.InvalidArgument, "Column j expect type: Binary(BinaryType { repr_type: Binary }), actual: Json(JsonType { format: Jsonb })", 1004)
	}
	return wiretest.Replay(captures.DoGetByName("insert_two_rows"))(c)
}

// What a query returns of a column can be inserted into it again.
func TestValuesAsTheyAreReadAreInserted(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	s.answerText(refuseAsRead)
	day, document, vector := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), []byte(`{"a":1}`), "[1,2.5]"
	for _, zone := range []string{"UTC", "Asia/Shanghai"} {
		for _, mode := range []string{"auto", "native"} {
			for _, rows := range []int{1, 20} {
				for _, test := range []struct {
					column    string
					arg       any
					ways      string // of the first INSERT of one row
					isAsText  bool   // it may go as text
					asDecoded string
				}{
					{"d", day, "text, columns, native", false, "19782"},
					{"j", document, "text, columns, native", false, `{"a":1}`},
					{"vec", vector, "text", true, ""},
				} {
					db := openServer(t, s.Server, "insert="+mode, "timezone="+zone)
					var args []any
					for range rows {
						args = append(args, test.arg)
					}
					insert := manyRows("INSERT INTO t (ts, "+test.column+") VALUES ", "(1, ?)", rows)
					exec(t, db, insert, args...)
					want := test.ways
					if rows == 20 || mode == "native" {
						want = "columns, native"
					}
					last := s.lastCall(t)
					if got := s.ways(); got != want {
						t.Errorf("%s, insert=%s, %d rows: went %s, want %s", test.column, mode, rows, got, want)
					}
					if want == "text" {
						continue
					}
					value := last.native.GetRowInserts().Inserts[0].Rows.Rows[0].Values[1].String()
					if test.asDecoded != "" && !strings.Contains(strings.ReplaceAll(value, `\"`, `"`), test.asDecoded) {
						t.Errorf("%s: sent %s", test.column, value)
					}
				}
			}
		}
	}
}

// Where another value makes the INSERT travel as text, and the columns are known, the text
// has what they take.
func TestTextHasWhatTheColumnsTake(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	s.answerText(refuseAsRead)
	db := openServer(t, s.Server)
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	s.know(t, db)
	exec(t, db, "INSERT INTO t (ts, d, j, n) VALUES (?, ?, ?, ?)", day.Add(time.Hour), day, []byte(`{"a":1}`), "7")
	if call := s.lastCall(t); call.sql != `INSERT INTO t (ts, d, j, n) VALUES ('2024-02-29T01:00:00Z', '2024-02-29', '{"a":1}', '7')` {
		t.Errorf("the text is %s", call.sql)
	}
	// One argument for columns of several types is written as for none of them.
	s.ways()
	_, err := db.Exec("INSERT INTO t (ts, d, n) VALUES ($1, $1, $2)", day, "7")
	if got := s.ways(); !errors.Is(err, greptime.InvalidSyntax) || !strings.Contains(err.Error(), "greptime.DateOf") || got != "text, columns" {
		t.Errorf("went %s, %v", got, err)
	}
}

// Where the type of the column is not known, the server's error comes with what to pass.
func TestRefusalsOfValuesAsTheyAreReadSayWhatToPass(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	s.answerText(refuseAsRead)
	for _, params := range []string{"insert=sql", "insert=auto"} {
		db := openServer(t, s.Server, params)
		for _, test := range []struct {
			query string
			arg   any
			code  greptime.Code
			want  string
		}{
			{"INSERT INTO t (ts, d, n) VALUES (1, ?, 1 + 1)", time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), greptime.InvalidSyntax, "greptime.DateOf"},
			{"INSERT INTO t (ts, j, n) VALUES (1, ?, 1 + 1)", []byte(`{"a":1}`), greptime.InvalidArguments, "json.RawMessage"},
		} {
			_, err := db.Exec(test.query, test.arg)
			if !errors.Is(err, test.code) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %s: %v, want %s", params, test.query, err, test.want)
			}
			if got := s.ways(); got != "text" {
				t.Errorf("%s: %s went %s", params, test.query, got)
			}
		}
	}
}

// An INSERT with a value that the server might lose is not sent while the columns cannot be
// read: the next one finds them.
func TestNoLossWhileColumnsCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, code := range []greptime.Code{greptime.RegionBusy, greptime.RateLimited, greptime.RuntimeResourcesExhausted, greptime.Internal, greptime.EngineExecuteQuery} {
		s := newTableServer(t)
		putPrices(t, s)
		for _, insert := range []string{
			"INSERT INTO prices (ts, price, at) VALUES (1, ?, 1)",
			"INSERT INTO prices (ts, price) VALUES (1, ?)", // as text, because of the DEFAULT
			manyRows("INSERT INTO prices (ts, price, at) VALUES (1, ?, 1), ", "(2, 3, 4)", 16),
			"INSERT INTO prices VALUES (1, 'x', ?, 0, 0, 0, '[0,0]', NULL, 1, 1)",
		} {
			db := openServer(t, s.Server)
			s.refuseColumns(code)
			_, err := db.Exec(insert, greptime.Decimal("12345678901.23"))
			var e *greptime.Error
			if !errors.Is(err, code) || !errors.As(err, &e) || !e.SafeToRetry() || !strings.Contains(err.Error(), "was not sent") || s.ways() != "columns" {
				t.Errorf("%s with %v: %v", insert, code, err)
			}
			_, err = db.Exec(strings.Replace(insert, "?", "5", 1)) // which is never lost there
			if ways := s.ways(); err != nil || !strings.HasSuffix(ways, "text") {
				t.Errorf("%s without a value that may be lost: went %s, %v", insert, ways, err)
			}
			s.refuseColumns(0)
			_, err = db.Exec(insert, greptime.Decimal("12345678901.23"))
			if ways := s.ways(); err == nil || !strings.HasSuffix(err.Error(), "nothing was sent") || ways != "columns" {
				t.Errorf("%s afterwards: went %s, %v", insert, ways, err)
			}
			if _, err = db.Exec(insert, greptime.Decimal("1234567890.12")); err != nil {
				t.Errorf("%s with a number that fits: %v", insert, err)
			}
			s.ways()
		}
	}
}

// After an ALTER or DROP of the same Connector the columns are read again, also by an INSERT
// whose text does not tell the server what the columns were.
func TestNoLossAfterColumnsWereAltered(t *testing.T) {
	t.Parallel()
	narrow := catalog.Column{Name: "price", Type: column.DecimalOf(5, 2), Nullable: true}
	for _, altering := range []string{"ALTER TABLE prices MODIFY COLUMN price DECIMAL(5,2)", "-- again\nDROP TABLE prices", "drop database public"} {
		for _, insert := range []string{
			"INSERT INTO prices (ts, price) VALUES (1, ?)", // as text, because of the DEFAULT
			"INSERT INTO prices VALUES (1, 'x', ?, 0, 0, 0, '[0,0]', NULL, 1, 1)",
		} {
			s := newTableServer(t)
			putPrices(t, s)
			db := openServer(t, s.Server)
			exec(t, db, insert, greptime.Decimal("123456.78"))
			exec(t, db, insert, greptime.Decimal("123456.78"))
			if ways := s.ways(); ways != "columns, text, text" {
				t.Fatalf("%s: went %s", insert, ways)
			}
			s.alter(t, "public.prices", narrow)
			exec(t, db, altering)
			s.ways()
			_, err := db.Exec(insert, greptime.Decimal("123456.78"))
			if ways := s.ways(); err == nil || !strings.HasSuffix(err.Error(), "nothing was sent") || ways != "columns" {
				t.Errorf("%s; %s: went %s, %v", altering, insert, ways, err)
			}
		}
	}
}

// Somebody alters the table while its columns are read: between SELECT and DESC TABLE.
func TestNoLossWhileTheTableIsAltered(t *testing.T) {
	t.Parallel()
	const always = 1000
	for _, test := range []struct {
		name      string
		altered   int
		arg       any
		ways, err string
	}{
		{"once, and the value is lost", 1, "12345678901.23", "columns, columns", "DECIMAL(12,2)"},
		{"twice, and the value is lost", 2, "12345678901.23", "columns, columns, columns", "DECIMAL(12,2)"},
		{"once, and the value fits", 1, "1234567890.12", "columns, columns, text", ""},
		{"always, and the value may be lost", always, "12345678901.23", "columns, columns, columns", "was altered while its columns were read; try again"},
		{"always, and the value might fit", always, "1234567890.12", "columns, columns, columns", "was altered while its columns were read; try again"},
		{"always, and no column loses the value", always, 5, "text", ""},
	} {
		for _, insert := range []string{
			"INSERT INTO prices (ts, price) VALUES (1, ?)", // as text, because of the DEFAULT
			"INSERT INTO prices VALUES (1, 'x', ?, 0, 0, 0, '[0,0]', NULL, 1, 1)",
		} {
			s := newTableServer(t)
			putPrices(t, s)
			s.alterWhileRead(test.altered)
			_, err := openServer(t, s.Server).Exec(insert, test.arg)
			if ways := s.ways(); ways != test.ways || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: %s: went %s, %v", test.name, insert, ways, err)
			}
		}
	}
}

// An answer that the driver does not understand is no reason to send a value unchecked.
func TestNoLossWhereColumnsAreDescribedInAnotherForm(t *testing.T) {
	t.Parallel()
	texts := 0
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		text, err := c.SQL()
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(text, "INSERT"):
			texts++
			return wiretest.Replay(captures.DoGetByName("insert_two_rows"))(c)
		case strings.HasPrefix(text, "DESC"):
			return wiretest.Replay(captures.DoGetByName("select_constants"))(c)
		}
		return wiretest.Replay(captures.DoGetByName("select_limit_0"))(c)
	})
	_, err := openServer(t, s).Exec("INSERT INTO t (ts, v) VALUES (1, ?)", 12.5)
	if err == nil || !strings.Contains(err.Error(), "was not sent") || texts != 0 {
		t.Errorf("%v, %d texts", err, texts)
	}
}
