package greptime_test

import (
	"database/sql"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/jsonb"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestInsertTravelsNativelyWhenItPays(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server)
	const insert = "INSERT INTO t (host, ts) VALUES "
	exec(t, db, manyRows(insert, "('a', 1)", 15))
	if got := s.ways(); got != "text" {
		t.Errorf("15 rows of a table that is not known went %s", got)
	}
	exec(t, db, manyRows(insert, "('a', 1)", 16))
	if got := s.ways(); got != "columns, native" {
		t.Errorf("16 rows went %s", got)
	}
	exec(t, db, insert+"('a', 1)")
	if got := s.ways(); got != "native" {
		t.Errorf("1 row of a table that is known went %s", got)
	}
	exec(t, db, strings.Replace(insert, " t ", ` Public."t" `, 1)+"('a', 1)") // as the server reads it
	if got := s.ways(); got != "native" {
		t.Errorf("the same with the database's name went %s", got)
	}
	stmt, err := db.PrepareContext(t.Context(), insert+"(?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	result, err := stmt.ExecContext(t.Context(), "a", 1)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n != 1 || err != nil {
		t.Errorf("%d rows affected, %v", n, err)
	}
	if got := s.ways(); got != "native" {
		t.Errorf("a prepared statement went %s", got)
	}
	rows, err := db.QueryContext(t.Context(), insert+"('a', 1)")
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	if got := s.ways(); got != "text" {
		t.Errorf("an INSERT as a query went %s", got)
	}
}

// A prepared INSERT, and one whose text is repeated, has the columns of its table as they were
// read last, also in another database.
func TestRepeatedInsertFollowsItsTable(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	s.answerText(func(c *wiretest.Call) error {
		if text, err := c.SQL(); err != nil || text == "SHOW DATABASES" {
			return wiretest.Replay(captures.DoGetByName("show_databases"))(c)
		}
		return wiretest.Replay(captures.DoGetByName("insert_two_rows"))(c)
	})
	s.put(t, "information_schema.t",
		catalog.Column{Name: "ts", Type: column.Of(column.TimestampSecond), Role: catalog.TimeIndex},
		catalog.Column{Name: "n", Type: column.Of(column.Int32), Nullable: true})
	conn := oneConn(t, openServer(t, s.Server, "insert=native"))
	stmt, err := conn.PrepareContext(t.Context(), "INSERT INTO t (n, ts) VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	for name, insert := range map[string]func() error{
		"prepared": func() error { _, err := stmt.ExecContext(t.Context(), int64(7), time.Unix(2, 0)); return err },
		"repeated": func() error {
			_, err := conn.ExecContext(t.Context(), "INSERT INTO t (ts, n) VALUES (?, ?)", time.Unix(2, 0), int64(7))
			return err
		},
	} {
		check := func(database string, want *greptimev1.Value) {
			t.Helper()
			for range 2 {
				if err := insert(); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				call := s.lastCall(t)
				rows := call.native.GetRowInserts().Inserts[0].Rows
				i := slices.IndexFunc(rows.Schema, func(c *greptimev1.ColumnSchema) bool { return c.ColumnName == "n" })
				if got := rows.Rows[0].Values[i]; call.header.Dbname != database || !proto.Equal(got, want) {
					t.Errorf("%s, database %s: %v, want %v in %s", name, call.header.Dbname, got, want, database)
				}
			}
		}
		double := &greptimev1.Value{ValueData: &greptimev1.Value_F64Value{F64Value: 7}}
		exec(t, conn, "USE public")
		check("public", &greptimev1.Value{ValueData: &greptimev1.Value_I64Value{I64Value: 7}})
		exec(t, conn, "USE information_schema")
		check("information_schema", &greptimev1.Value{ValueData: &greptimev1.Value_I32Value{I32Value: 7}})
		s.alter(t, "information_schema.t", catalog.Column{Name: "n", Type: column.Of(column.Float64), Nullable: true})
		exec(t, conn, "ALTER TABLE t MODIFY COLUMN n DOUBLE") // forgets the columns
		check("information_schema", double)
		s.alter(t, "information_schema.t", catalog.Column{Name: "n", Type: column.Of(column.Int32), Nullable: true})
		exec(t, conn, "ALTER TABLE t MODIFY COLUMN n INT")
	}
}

func TestNativeInsertSaysWhatTheTextSays(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server, "timezone=Asia/Shanghai", "hints=ttl=7d,auto_create_table=true")
	s.know(t, db)
	at := time.Date(2024, 1, 1, 8, 0, 0, 1_999_999, time.FixedZone("", 8*3600))
	exec(t, db, "INSERT INTO t (host, ts, `Upper`, dec, v, n, j, vec, d) VALUES ($2, $1, 'it''s', -1.005, 1e3, $3, '{\"a\": 1}', $4, $5), (NULL, 7, NULL, '1', $6, - 7, $7, NULL, NULL)",
		at, "web-1", uint8(255), greptime.Vector{1, -2}, greptime.Date{Year: 2024, Month: 2, Day: 29}, math.Inf(-1), []byte(nil))
	call := s.lastCall(t)
	if got := s.ways(); got != "native" {
		t.Fatalf("went %s", got)
	}
	if want := []string{"auto_create_table=false,ttl=7d"}; !slices.Equal(call.hints, want) {
		t.Errorf("hints %q, want %q", call.hints, want)
	}
	if call.header.Dbname != "public" || call.header.Timezone != "Asia/Shanghai" {
		t.Errorf("header %v", call.header)
	}
	want := &greptimev1.RowInsertRequests{}
	err := protojson.Unmarshal([]byte(`{"inserts": [{"table_name": "t", "rows": {
		"schema": [
			{"column_name": "host", "datatype": "STRING", "semantic_type": "TAG"},
			{"column_name": "ts", "datatype": "TIMESTAMP_MILLISECOND", "semantic_type": "TIMESTAMP"},
			{"column_name": "Upper", "datatype": "STRING", "semantic_type": "FIELD"},
			{"column_name": "dec", "datatype": "DECIMAL128", "semantic_type": "FIELD", "datatype_extension": {"decimal_type": {"precision": 5, "scale": 2}}},
			{"column_name": "v", "datatype": "FLOAT64", "semantic_type": "FIELD"},
			{"column_name": "n", "datatype": "INT64", "semantic_type": "FIELD"},
			{"column_name": "j", "datatype": "JSON", "semantic_type": "FIELD", "datatype_extension": {"json_type": "JSON_BINARY"}},
			{"column_name": "vec", "datatype": "VECTOR", "semantic_type": "FIELD", "datatype_extension": {"vector_type": {"dim": 2}}},
			{"column_name": "d", "datatype": "DATE", "semantic_type": "FIELD"}
		],
		"rows": [
			{"values": [{"string_value": "web-1"}, {"timestamp_millisecond_value": "1704067200001"}, {"string_value": "it's"},
				{"decimal128_value": {"hi": "-1", "lo": "-101"}}, {"f64_value": 1000}, {"i64_value": "255"},
				{"string_value": "{\"a\": 1}"}, {"binary_value": "AACAPwAAAMA="}, {"date_value": 19782}]},
			{"values": [{}, {"timestamp_millisecond_value": "7"}, {}, {"decimal128_value": {"lo": "100"}}, {"f64_value": "-Infinity"},
				{"i64_value": "-7"}, {}, {}, {}]}
		]}}]}`), want)
	if err != nil {
		t.Fatal(err)
	}
	if got := call.native.GetRowInserts(); !proto.Equal(got, want) {
		t.Errorf("sent %s\nwant %s", protojson.Format(got), protojson.Format(want))
	}
}

// What may mean something else natively than as text, or may be an error there, is
// left to the text, even though the columns are known.
func TestInsertGoesAsTextUnlessItSurelyStoresTheSame(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	s.put(t, "public.strict",
		catalog.Column{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex, Default: "now()"},
		catalog.Column{Name: "i", Type: column.Of(column.Int32)},
		catalog.Column{Name: "at", Type: column.Of(column.TimestampSecond), Nullable: true, Default: "current_timestamp()"},
		catalog.Column{Name: "k", Type: column.Of(column.Int32), Default: "5"},
	)
	s.put(t, "other.t",
		catalog.Column{Name: "ts", Type: column.Of(column.TimestampSecond), Role: catalog.TimeIndex},
		catalog.Column{Name: "host", Type: column.Of(column.Int64), Nullable: true},
	)
	for _, test := range []struct {
		query string
		args  []any
		want  string
	}{
		{"INSERT INTO t (host, ts) VALUES (:h, :t)", []any{sql.Named("t", 1), sql.Named("h", "a")}, "native"},
		{"insert t (ts) values (1)", nil, "native"},
		{"INSERT INTO other.t (ts, host) VALUES (1, 2)", nil, "columns, native"}, // read for the many rows of it
		{"INSERT INTO strict (ts, i, at) VALUES (1, 2, 3)", nil, "native"},       // k is 5 both ways

		// The form of the statement.
		{"INSERT INTO t VALUES ('a', 1, 1, 1, NULL, NULL, NULL, NULL, NULL, 'x')", nil, "text"},
		{"REPLACE INTO t (host, ts) VALUES ('a', 1)", nil, "text"},
		{"INSERT INTO t (host, ts) SELECT 'a', 1", nil, "text"},
		{"INSERT INTO t (host, ts) VALUES ('a', 1) ON CONFLICT DO NOTHING", nil, "text"},
		{"INSERT INTO t (host, ts) VALUES ('a', 1) RETURNING host", nil, "text"},
		{"INSERT OR REPLACE INTO t (host, ts) VALUES ('a', 1)", nil, "text"},
		{"INSERT INTO t (host, ts, n) VALUES ('a', 1, 1 + 1)", nil, "text"},
		{"INSERT INTO t (host, ts) VALUES (upper(?), 1)", []any{"a"}, "text"},
		{"INSERT INTO t (host, ts, n) VALUES ('a', 1, -?)", []any{1}, "text"},
		{"INSERT INTO t (host, ts, n) VALUES ('a', 1, DEFAULT)", nil, "text"},
		{`INSERT INTO t (host, ts) VALUES ("a", 1)`, nil, "text"},
		{"INSERT INTO t (host, ts) VALUES ($$a$$, 1)", nil, "text"},
		{"INSERT INTO t (host, ts) VALUES (?, 1)", nil, "text"}, // placeholders are the server's when there are no arguments
		{"INSERT INTO greptime.public.t (host, ts) VALUES ('a', 1)", nil, "text"},
		{"INSERT INTO t (host, ts) VALUES ('a', 1, 2)", nil, "text"},
		{"INSERT INTO t (host, ts", nil, "text"},

		// The columns.
		{"INSERT INTO t (host, TS) VALUES ('a', 1)", nil, "text"}, // the server does not lower-case them
		{"INSERT INTO t (host, ts, upper) VALUES ('a', 1, 'x')", nil, "text"},
		{"INSERT INTO t (host, ts, nothing) VALUES ('a', 1, 2)", nil, "text"},
		{"INSERT INTO t (host, host, ts) VALUES ('a', 'b', 1)", nil, "text"},
		{"INSERT INTO t (host) VALUES ('a')", nil, "text"},
		{"INSERT INTO nowhere (host) VALUES ('a')", nil, "text"},
		{"INSERT INTO strict (i, at) VALUES (1, 2)", nil, "text"},
		{"INSERT INTO strict (ts, at) VALUES (1, 2)", nil, "text"},
		{"INSERT INTO strict (ts, i) VALUES (1, 2)", nil, "text"},
		{"INSERT INTO strict (ts, i, at, k) VALUES (1, NULL, 2, 3)", nil, "text"},
		{"INSERT INTO strict (ts, i, at, k) VALUES (1, ?, 2, 3)", []any{nil}, "text"},
		{"INSERT INTO strict (ts, i, at) VALUES (NULL, 1, 2)", nil, "text"},
		{"INSERT INTO strict (ts, i, at) VALUES (1, 2, NULL)", nil, "text"}, // whether a NULL becomes the DEFAULT is not recorded

		// The values.
		{"INSERT INTO t (host, ts) VALUES (7, 1)", nil, "text"},
		{"INSERT INTO t (host, ts, n) VALUES ('a', 1, '7')", nil, "text"},
		{"INSERT INTO t (host, ts, n) VALUES ('a', 1, ?)", []any{7.0}, "text"},
		{"INSERT INTO t (host, ts, d) VALUES ('a', 1, ?)", []any{time.Unix(1, 0)}, "text"},                               // not a midnight
		{"INSERT INTO t (host, ts, d) VALUES ('a', 1, ?)", []any{time.Unix(0, 0).In(time.FixedZone("", -3600))}, "text"}, // another day there
		{"INSERT INTO t (host, ts, d) VALUES ('a', 1, ?)", []any{time.Unix(0, 0).UTC()}, "native"},
		{"INSERT INTO t (host, ts, j) VALUES ('a', 1, ?)", []any{[]byte("{")}, "text"},
		{"INSERT INTO t (host, ts, j) VALUES ('a', 1, ?)", []any{[]byte("{}")}, "native"},
		{"INSERT INTO t (host, ts, j) VALUES ('a', 1, X'7b7d')", nil, "text"},
		{"INSERT INTO t (host, ts, vec) VALUES ('a', 1, ?)", []any{"[1,2.5]"}, "native"},
		{"INSERT INTO t (host, ts, vec) VALUES ('a', 1, '[1,2.5]')", nil, "native"},
		{"INSERT INTO t (host, ts, vec) VALUES ('a', 1, ?)", []any{"[1, 2.5]"}, "text"},
		{"INSERT INTO t (host, ts, vec) VALUES ('a', 1, ?)", []any{"[1]"}, "text"},
		{"INSERT INTO t (host, ts, vec) VALUES ('a', 1, ?)", []any{greptime.Vector{1}}, "text"},
		{"INSERT INTO t (host, ts) VALUES ('a', '2024-01-01')", nil, "text"},
		{"INSERT INTO t (host, ts) VALUES ('a', ?)", []any{"2024-01-01 00:00:00"}, "native"},
	} {
		t.Run(test.query, func(t *testing.T) {
			db := openServer(t, s.Server)
			s.ways()
			for _, table := range []string{"t (host, ts) VALUES ('a', 1)", "strict (ts, i, at) VALUES (1, 1, 1)"} {
				insert, row, _ := strings.Cut("INSERT INTO "+table, "(")
				columns, values, _ := strings.Cut(row, " VALUES ")
				exec(t, db, manyRows(insert+"("+columns+" VALUES ", values, 16))
			}
			if got := s.ways(); got != "columns, native, columns, native" {
				t.Fatalf("%s before", got)
			}
			query := test.query
			if strings.Contains(query, "other.t") {
				query = manyRows("INSERT INTO other.t (ts, host) VALUES ", "(1, 2)", 16)
			}
			exec(t, db, query, test.args...)
			call := s.lastCall(t)
			if got := s.ways(); got != test.want {
				t.Errorf("went %s, want %s", got, test.want)
			}
			if strings.Contains(query, "other.t") && call.header.Dbname != "other" {
				t.Errorf("into database %s", call.header.Dbname)
			}
		})
	}
}

func TestNaiveTimesFollowTheSession(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server)
	s.know(t, db)
	conn := oneConn(t, db)
	for _, test := range []struct{ zone, value, want string }{
		{"UTC", "2024-01-01 00:00:00", "native"},
		{"Asia/Shanghai", "2024-01-01 00:00:00", "text"},
		{"Asia/Shanghai", "2024-01-01T00:00:00Z", "native"},
		{"Asia/Shanghai", "2024-01-01T00:00:00+08:00", "native"},
	} {
		exec(t, conn, "SET time_zone = '"+test.zone+"'")
		exec(t, conn, "INSERT INTO t (host, ts) VALUES ('a', '"+test.value+"')")
		if got := s.ways(); got != test.want {
			t.Errorf("%s under %s went %s, want %s", test.value, test.zone, got, test.want)
		}
	}
}

// There is no literal for these, and so they are worth reading the columns for.
func TestArgumentsWithoutLiteralsTravelNatively(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	for _, test := range []struct {
		columns, values string
		zone            string
		args            []any
	}{
		{"v", "?", "UTC", []any{math.NaN()}},
		{"v", "?", "UTC", []any{float32(math.Inf(1))}},
		{"v, j, vec", "?, ?, ?", "UTC", []any{math.NaN(), `{"a":1}`, greptime.Vector{1, float32(math.NaN())}}},
		{"d", "?", "Asia/Shanghai", []any{greptime.Date{Year: 2024, Month: 1, Day: 1}}},
	} {
		db := openServer(t, s.Server, "timezone="+test.zone)
		exec(t, db, "INSERT INTO t (ts, "+test.columns+") VALUES (1, "+test.values+")", test.args...)
		if got := s.ways(); got != "columns, native" {
			t.Errorf("%v went %s", test.args, got)
		}
	}
	// Where that cannot be, it is the error of the text.
	db := openServer(t, s.Server)
	for _, query := range []string{"INSERT INTO nowhere (ts, v) VALUES (1, ?)", "INSERT INTO t (ts, n) VALUES (1, ?)", "INSERT INTO t (ts, v) VALUES (now(), ?)"} {
		if _, err := db.ExecContext(t.Context(), query, math.NaN()); err == nil && !strings.Contains(query, "now()") {
			t.Errorf("%s: no error", query)
		} else if err != nil && !strings.Contains(err.Error(), "no literal for NaN") {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// The text would store NULL or an infinity, and say nothing.
func TestSilentLossesAreErrors(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	s.put(t, "public.t2",
		catalog.Column{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex},
		catalog.Column{Name: "f", Type: column.Of(column.Float32), Nullable: true})
	db := openServer(t, s.Server)
	s.know(t, db)
	exec(t, db, manyRows("INSERT INTO t2 (ts, f) VALUES ", "(1, 1.5)", 16))
	s.ways()
	for _, test := range []struct {
		query string
		arg   any
		says  string
	}{
		{"INSERT INTO t (ts, dec) VALUES (1, 1), (2, ?)", 1000, `row 2 (index 1), column "dec" of type DECIMAL(5,2): the number has more digits`},
		{"INSERT INTO t (ts, dec) VALUES (1, ?)", greptime.Decimal("999.995"), "more digits"},
		{"INSERT INTO t (ts, host) VALUES (1, ?)", []byte{0xff}, "UTF-8"},
		{"INSERT INTO t2 (ts, f) VALUES (1, ?)", 1e39, "infinity"},
	} {
		_, err := db.ExecContext(t.Context(), test.query, test.arg)
		if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "nothing was sent") {
			t.Errorf("%s: %v", test.query, err)
		}
		// The columns may have changed, and are looked at before it is an error.
		if got := s.ways(); got != "columns" {
			t.Errorf("%s went %s", test.query, got)
		}
	}
	s.put(t, "public.t",
		catalog.Column{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex},
		catalog.Column{Name: "dec", Type: column.DecimalOf(10, 2), Nullable: true})
	exec(t, db, "INSERT INTO t (ts, dec) VALUES (1, ?)", 1000)
	if got := s.ways(); got != "columns, native" {
		t.Errorf("with a larger column it went %s", got)
	}
}

func TestInsertSQLIsAlwaysText(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server, "insert=sql")
	exec(t, db, manyRows("INSERT INTO t (host, ts) VALUES ", "('a', 1)", 16))
	if got := s.ways(); got != "text" {
		t.Errorf("went %s", got)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO t (ts, v) VALUES (1, ?)", math.NaN()); err == nil {
		t.Error("NaN was written")
	}
}

func TestInsertNativeIsNeverText(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server, "insert=native", "multi_statements=true")
	exec(t, db, "INSERT INTO t (host, ts) VALUES (?, ?)", "a", 1)
	if got := s.ways(); got != "columns, native" {
		t.Errorf("one row went %s", got)
	}
	for _, test := range []struct{ query, says, ways string }{
		{"INSERT INTO t (host, ts) VALUES ('a', now())", "it is more than INSERT INTO", ""},
		{"INSERT INTO t VALUES ('a', 1)", "does not name the columns", ""},
		{"INSERT INTO t (host, ts) VALUES ('a', 1); INSERT INTO t (host, ts) VALUES ('a', 1)", "several statements", ""},
		{"INSERT INTO t (host, ts) VALUES (?, 1)", "placeholders for 1 argument", ""},
		{"INSERT INTO t (host, ts) VALUES ('a', 1), (7, 1)", `row 2 (index 1), column "host" of type STRING: `, "columns"},
		{"INSERT INTO t (host, ts, nothing) VALUES ('a', 1, 2)", `has no column "nothing"`, "columns"},
		{"INSERT INTO nowhere (ts) VALUES (1)", "Table not found", "columns"},
	} {
		_, err := db.ExecContext(t.Context(), test.query)
		if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "insert=native") {
			t.Errorf("%s: %v", test.query, err)
		}
		if got := s.ways(); got != test.ways && got != strings.TrimPrefix(test.ways+", columns", ", ") {
			t.Errorf("%s went %s, want %s", test.query, got, test.ways)
		}
	}
	s.know(t, openServer(t, s.Server))
	exec(t, db, "INSERT INTO t (host, ts) VALUES (?, ?)", "a", 1)
	s.ways()
	s.answerNative(refuse(codes.InvalidArgument, "column host is not null but input has null", 1004))
	_, err := db.ExecContext(t.Context(), "INSERT INTO t (host, ts) VALUES (?, ?)", "a", 1)
	if !errors.Is(err, greptime.InvalidArguments) {
		t.Errorf("error %v", err)
	}
	if got := s.ways(); got != "native, columns, native" {
		t.Errorf("went %s", got)
	}
	const two = "INSERT INTO t (host, ts) VALUES ('a', 1); INSERT INTO t (host, ts) VALUES ('a', 1)"
	if _, err := openServer(t, s.Server, "insert=native").ExecContext(t.Context(), two); !errors.Is(err, greptime.ErrMultipleStatements) {
		t.Errorf("two statements: %v", err)
	}
	// What is no INSERT … VALUES is not meant.
	exec(t, db, "INSERT INTO t (host, ts) SELECT 'a', 1")
	exec(t, db, "DELETE FROM t")
	if got := s.ways(); got != "text, text" {
		t.Errorf("went %s", got)
	}
}

func TestColumnsThatCannotBeReadAreNoError(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server)
	exec(t, db, manyRows("INSERT INTO secret (host, ts) VALUES ", "('a', 1)", 16))
	if got := s.ways(); got != "columns, text" {
		t.Errorf("went %s", got)
	}
	s.put(t, "public.secret", catalog.Column{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex})
	exec(t, db, manyRows("INSERT INTO secret (ts) VALUES ", "(1)", 16))
	if got := s.ways(); got != "columns, native" {
		t.Errorf("went %s", got)
	}
}

func TestColumnsThatCannotBeWrittenAreReadOnce(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server)
	s.setList("public.t", true)
	insert := manyRows("INSERT INTO t (host, ts) VALUES ", "('a', 1)", 16)
	for range 3 {
		exec(t, db, insert)
	}
	if got := s.ways(); got != "columns, text, text, text" {
		t.Errorf("went %s", got)
	}
	// What the text cannot say has the columns read again, for it would be an error.
	if _, err := db.Exec("INSERT INTO t (ts, v) VALUES (1, ?)", math.NaN()); err == nil || s.ways() != "columns" {
		t.Errorf("NaN: %v", err)
	}
	// The server says that the columns are others; then they are looked at again.
	s.answerText(func(c *wiretest.Call) error { return c.Fail(codes.InvalidArgument, "no such column", 1004) })
	s.setList("public.t", false)
	if _, err := db.Exec(insert); !errors.Is(err, greptime.InvalidArguments) {
		t.Error(err)
	}
	exec(t, db, insert)
	if got := s.ways(); got != "text, columns, native" {
		t.Errorf("went %s", got)
	}
}

// GreptimeDB refuses JSON2 natively each time, and takes its text.
func TestJSON2IsInsertedAsText(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	s.setJSON2("public.t")
	db := openServer(t, s.Server)
	insert := manyRows("INSERT INTO t (host, ts, doc) VALUES ", `('a', 1, '{"a": 1}')`, 16)
	for range 3 {
		exec(t, db, insert)
	}
	if got := s.ways(); got != "columns, text, text, text" {
		t.Errorf("went %s", got)
	}
	_, err := openServer(t, s.Server, "insert=native").Exec(insert)
	if err == nil || !strings.Contains(err.Error(), `column "doc": JSON2 columns accept neither native inserts nor bulk loads`) {
		t.Errorf("error %v", err)
	}
}

func TestJSON2IsReadAsJSON(t *testing.T) {
	t.Parallel()
	document, err := jsonb.AppendBinary(nil, []byte(`{"a": [1, true]}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, metadata := range map[string]arrow.Metadata{
		"as marked by 1.2":    json2Field.Metadata,
		"the extension alone": arrow.MetadataFrom(map[string]string{"ARROW:extension:name": "greptime.json2"}),
		"as marked by a beta": arrow.MetadataFrom(map[string]string{"ARROW:extension:name": "greptime.json", "ARROW:extension:metadata": `{"json_settings":{}}`}),
	} {
		schema := arrow.NewSchema([]arrow.Field{{Name: "doc", Type: arrow.BinaryTypes.Binary, Nullable: true, Metadata: metadata}}, nil)
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		b.Field(0).(*array.BinaryBuilder).AppendValues([][]byte{document, nil}, []bool{true, false})
		batch := b.NewRecordBatch()
		messages := resultMessages(t, schema, batch)
		s := wiretest.Start(t, func(c *wiretest.Call) error { return c.SendFlight(messages...) })
		rows, err := openServer(t, s).Query("SELECT doc FROM t")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		types, err := rows.ColumnTypes()
		if err != nil || types[0].DatabaseTypeName() != "JSON" {
			t.Errorf("%s: %v, %v", name, types[0].DatabaseTypeName(), err)
		}
		var got []string
		for rows.Next() {
			var doc sql.NullString
			if err := rows.Scan(&doc); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			got = append(got, doc.String)
		}
		if err := rows.Err(); err != nil || !slices.Equal(got, []string{`{"a":[1,true]}`, ""}) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// A DEFAULT that is a function is filled in on the way of the text. That is no reason to
// read the columns again, as it is when the statement should fail by them and does not.
func TestColumnsAreKeptWhereDefaultsAreFilledIn(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	s.put(t, "public.logs",
		catalog.Column{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex, Default: "now()"},
		catalog.Column{Name: "at", Type: column.Of(column.TimestampSecond), Nullable: true, Default: "current_timestamp()"},
		catalog.Column{Name: "level", Type: column.Of(column.String)},
	)
	db := openServer(t, s.Server)
	for _, test := range []struct{ columns, row, want string }{
		{`at, "level"`, "(1, 'x')", "columns, text, text, text, text"},
		{`ts, "level"`, "(1, 'x')", "text, text, text, text"},
		{`ts, at, "level"`, "(1, 1, 'x')", "native, native, native, native"},
		{`ts, at`, "(1, 1)", "text, columns, text, text, columns, text"},
	} {
		for range 4 {
			exec(t, db, manyRows("INSERT INTO logs ("+test.columns+") VALUES ", test.row, 16))
		}
		if got := s.ways(); got != test.want {
			t.Errorf("%s went %s, want %s", test.columns, got, test.want)
		}
	}
}

func TestHintAndSizeThatRuleNativeInsertsOut(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	for _, test := range []struct{ params, want string }{
		{"hints=physical_table=p", "text"},
		{"max_message_size=2000", "columns, text"},
	} {
		db := openServer(t, s.Server, test.params)
		exec(t, db, manyRows("INSERT INTO t (host, ts) VALUES ", "('a',1)", 165)) // some 1,700 bytes of text, natively 2,000
		if got := s.ways(); got != test.want {
			t.Errorf("%s: went %s, want %s", test.params, got, test.want)
		}
	}
}
