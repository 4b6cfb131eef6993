package integration

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

// rowTexts is a query's rows, the values of each as text.
func rowTexts(t *testing.T, db *sqlx.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryxContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	list := []string{}
	for rows.Next() {
		values, err := rows.SliceScan()
		if err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(values))
		for i, v := range values {
			switch v := v.(type) {
			case nil:
				texts[i] = "NULL"
			case time.Time:
				texts[i] = v.UTC().Format(time.RFC3339Nano)
			case []byte:
				texts[i] = string(v)
			default:
				texts[i] = fmt.Sprint(v)
			}
		}
		list = append(list, strings.Join(texts, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return list
}

func wantRows(t *testing.T, db *sqlx.DB, query string, want ...string) {
	t.Helper()
	if got := rowTexts(t, db, query); !slices.Equal(got, want) {
		t.Errorf("%s:\nread %q\nwant %q", query, got, want)
	}
}

// tableNames are the tables of the database.
func tableNames(t *testing.T, db *sqlx.DB) []string {
	t.Helper()
	return rowTexts(t, db, "SHOW TABLES")
}

// readings is an empty table of device, temperature and ts.
func readings(name string) *insert.Table {
	return insert.NewTable(name, insert.Tag("device", insert.String), insert.Field("temperature", insert.Float64), insert.Time("ts", insert.Millisecond))
}

// addReading appends a row; at is its ts.
func addReading(t *testing.T, table *insert.Table, device, temperature any, at int64) *insert.Table {
	t.Helper()
	if err := table.Append(device, temperature, at); err != nil {
		t.Fatal(err)
	}
	return table
}

// wantCode checks an error that the server answered.
func wantCode(t *testing.T, err error, code greptime.Code, text string) {
	t.Helper()
	var e *greptime.Error
	if !errors.Is(err, code) || !errors.As(err, &e) || !strings.Contains(e.Message, text) || e.Ambiguous || e.GRPC == codes.OK || e.Endpoint == "" {
		t.Errorf("error %v, want %v with %q", err, code, text)
	}
}

// wantAmbiguous wants an error of the server that does not prove that nothing was written.
func wantAmbiguous(t *testing.T, err error, code greptime.Code, text string) {
	t.Helper()
	var e *greptime.Error
	if !errors.Is(err, code) || !errors.As(err, &e) || !strings.Contains(e.Message, text) || !e.Ambiguous {
		t.Errorf("error %v, want an ambiguous %v with %q", err, code, text)
	}
}

// The four units as the time index: every step, midnights, and the ends of the range.
func TestInsertTimeIndex(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	for _, digits := range []int{0, 3, 6, 9} {
		t.Run(fmt.Sprintf("TIMESTAMP(%d)", digits), func(t *testing.T) {
			t.Parallel()
			unit := insert.Unit(digits)
			table := insert.NewTable(fmt.Sprintf("index_%d", digits), insert.Field("n", insert.Int32), insert.Time("ts", unit))
			var want []time.Time
			add := func(value any, at time.Time) {
				if err := table.Append(len(want), value); err != nil {
					t.Fatal(err)
				}
				want = append(want, at)
			}
			seen := map[int64]bool{}
			for i, at := range moments() {
				epoch := epochOf(at, digits)
				if digits == 9 && (at.Before(time.Date(1677, 9, 22, 0, 0, 0, 0, time.UTC)) || !at.Before(time.Date(2262, 4, 11, 0, 0, 0, 0, time.UTC))) {
					continue // a day that int64 nanoseconds do not hold is refused as a whole
				}
				if at.Year() < 1 || at.Year() > 9999 || !epoch.IsInt64() || seen[epoch.Int64()] {
					continue
				}
				seen[epoch.Int64()] = true
				stored := momentOf(epoch.Int64(), digits)
				add([]any{at, at.Format(time.RFC3339Nano), epoch.Int64(), &at}[i%4], stored)
			}
			for _, null := range nulls {
				var e *insert.ValueError
				if err := table.Append(7, null); !errors.As(err, &e) || e.Column != "ts" || e.Row != len(want) || !strings.Contains(err.Error(), "the time index cannot be NULL") {
					t.Errorf("%#v: %v", null, err)
				}
			}
			mustInsert(t, db, insert.Options{}, table)
			var got []time.Time
			if err := db.SelectContext(t.Context(), &got, "SELECT ts FROM "+table.Name()+" ORDER BY n"); err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Errorf("read %v\nwant %v", got, want)
			}
			// SQL finds each by the moment it was.
			for n, at := range want[:min(len(want), 20)] {
				wantRows(t, db, fmt.Sprintf("SELECT n FROM %s WHERE ts = arrow_cast(%d, 'Timestamp(%s, None)')", table.Name(), epochOf(at, digits), map[int]string{0: "Second", 3: "Millisecond", 6: "Microsecond", 9: "Nanosecond"}[digits]), fmt.Sprint(n))
			}
		})
	}
}

func TestInsertMakesTables(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	names := []string{"Host.Name", "select", "a b", `q"q`, "größe"}
	columns := []insert.Column{insert.Tag(names[0], insert.String), insert.Tag(names[1], insert.Int16), insert.Time(names[2], insert.Nanosecond), insert.Field(names[3], insert.Decimal(20, 4)), insert.Field(names[4], insert.TimeOfDay(insert.Microsecond))}
	table := insert.NewTable("Odd:Table-1", columns...)
	if err := table.Append("h", 5, time.Unix(1, 2), "1.5", greptime.TimeOfDay(3_000)); err != nil {
		t.Fatal(err)
	}
	mustInsert(t, db, insert.Options{}, table)
	if got := tableNames(t, db); !slices.Equal(got, []string{"Odd:Table-1"}) {
		t.Errorf("tables %q", got)
	}
	wantRows(t, db, `SELECT * FROM "Odd:Table-1"`, "h 5 1970-01-01T00:00:01.000000002Z 1.5000 00:00:00.000003")
	wantRows(t, db, `SELECT column_name, semantic_type, upper(is_nullable) FROM information_schema.columns WHERE table_schema = database() AND table_name = 'Odd:Table-1' ORDER BY ordinal_position`,
		"Host.Name TAG YES", "select TAG YES", "a b TIMESTAMP NO", `q"q FIELD YES`, "größe FIELD YES")
	for _, name := range []string{"", "a b", "1a", "ä"} {
		_, err := insertInto(t, db, insert.Options{}, addReading(t, readings(name), "a", 1, 1))
		wantCode(t, err, greptime.InvalidArguments, "Invalid table name")
	}
}

func TestInsertAddsColumns(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	mustExec(t, db, "CREATE TABLE grows (device STRING, temperature DOUBLE, note STRING DEFAULT 'none', ts TIMESTAMP(3) TIME INDEX, PRIMARY KEY (device))")
	// Columns that are left out are NULL or their default; the order does not matter.
	short := insert.NewTable("grows", insert.Time("ts", insert.Millisecond), insert.Tag("device", insert.String))
	if err := short.Append(1, "a"); err != nil {
		t.Fatal(err)
	}
	mustInsert(t, db, insert.Options{}, short)
	wantRows(t, db, "SELECT device, temperature, note FROM grows", "a NULL none")

	wide := insert.NewTable("grows", insert.Tag("region", insert.String), insert.Field("data", insert.JSON), insert.Tag("device", insert.String), insert.Time("ts", insert.Millisecond))
	if err := errors.Join(wide.Append("eu", `{"a":1}`, "a", 1), wide.Append("us", nil, "a", 1), wide.Append(nil, "2", "a", 2)); err != nil {
		t.Fatal(err)
	}
	mustInsert(t, db, insert.Options{}, wide)
	wantRows(t, db, "SELECT column_name, semantic_type FROM information_schema.columns WHERE table_schema = database() AND table_name = 'grows' ORDER BY ordinal_position",
		"device TAG", "temperature FIELD", "note FIELD", "ts TIMESTAMP", "region TAG", "data FIELD")
	wantRows(t, db, "SELECT device, region, note, data, CAST(ts AS BIGINT) AS at FROM grows ORDER BY ts, region NULLS FIRST",
		"a NULL none NULL 1", `a eu none {"a":1} 1`, "a us none NULL 1", "a NULL none 2 2")

	// Types and roles never change.
	for _, test := range []struct {
		column insert.Column
		want   string
	}{
		{insert.Field("temperature", insert.Float32), "column temperature expect type"},
		{insert.Field("device", insert.String), "column device has semantic type Tag"},
		{insert.Tag("note", insert.String), "column note has semantic type Field"},
		{insert.Field("data", insert.String), "column data expect type"},
		{insert.Field("ts", insert.Timestamp(insert.Millisecond)), ""},
	} {
		table := insert.NewTable("grows", test.column, insert.Time("ts2", insert.Millisecond))
		if test.column.Name != "ts" {
			table = insert.NewTable("grows", test.column, insert.Time("ts", insert.Millisecond))
		}
		if err := table.Append(nil, 9); err != nil {
			t.Fatal(err)
		}
		_, err := insertInto(t, db, insert.Options{ExistingOnly: true}, table)
		wantCode(t, err, greptime.InvalidArguments, test.want)
	}
	wantRows(t, db, "SELECT count(*) FROM grows", "4")
}

func TestInsertHints(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	created := func(name string) string {
		t.Helper()
		text := rowTexts(t, db, `SHOW CREATE TABLE "`+name+`"`)
		if len(text) != 1 {
			t.Fatalf("%q", text)
		}
		return text[0]
	}
	twice := func(name string, o insert.Options) {
		t.Helper()
		for _, temperature := range []any{1, nil} {
			if n, err := insertInto(t, db, o, addReading(t, readings(name), "a", temperature, 1)); err != nil || n != 1 {
				t.Errorf("%s: %d, %v", name, n, err)
			}
		}
	}
	twice("plain", insert.Options{})
	wantRows(t, db, "SELECT temperature FROM plain", "NULL")
	twice("last_row", insert.Options{MergeMode: insert.LastRow, TTL: "7d"})
	wantRows(t, db, "SELECT temperature FROM last_row", "NULL")
	twice("last_non_null", insert.Options{MergeMode: insert.LastNonNull, SkipWAL: true})
	wantRows(t, db, "SELECT temperature FROM last_non_null", "1")
	twice("append", insert.Options{AppendMode: true, Hints: map[string]string{"ttl": "forever", "no_such_hint": "x"}})
	wantRows(t, db, "SELECT temperature FROM append ORDER BY temperature NULLS LAST", "1", "NULL")
	for name, want := range map[string]string{"last_row": "ttl = '7days'", "last_non_null": "merge_mode = 'last_non_null'", "append": "append_mode = 'true'"} {
		if text := created(name); !strings.Contains(text, want) {
			t.Errorf("%s: %s, want %s", name, text, want)
		}
	}
	// Hints do not change a table that exists.
	twice("plain", insert.Options{AppendMode: true, TTL: "1h"})
	wantRows(t, db, "SELECT temperature FROM plain", "NULL")
	if text := created("plain"); strings.Contains(text, "ttl") || strings.Contains(text, "append_mode") {
		t.Errorf("plain: %s", text)
	}

	if n, err := insertInto(t, db, insert.Options{TTL: "instant"}, addReading(t, readings("gone"), "a", 1, 1)); err != nil || n != 0 {
		t.Errorf("ttl=instant: %d, %v", n, err)
	}
	wantRows(t, db, "SELECT count(*) FROM gone", "0")

	for _, o := range []insert.Options{{TTL: "soon"}, {Hints: map[string]string{"merge_mode": "first"}}, {AppendMode: true, Hints: map[string]string{"merge_mode": "last_non_null"}}, {ExistingOnly: true}} {
		_, err := insertInto(t, db, o, addReading(t, readings("never"), "a", 1, 1))
		wantCode(t, err, greptime.InvalidArguments, "")
	}
	_, err := insertInto(t, db, insert.Options{ExistingOnly: true}, addReading(t, readings("never"), "a", 1, 1))
	wantCode(t, err, greptime.InvalidArguments, "Table `never` does not exist, and `auto_create_table` hint is disabled")
	if slices.Contains(tableNames(t, db), "never") {
		t.Error("a refused insert made its table")
	}

	extra := insert.NewTable("plain", insert.Tag("device", insert.String), insert.Field("extra", insert.Int64), insert.Time("ts", insert.Millisecond))
	_, err = insertInto(t, db, insert.Options{ExistingOnly: true}, addReading(t, extra, "a", 1, 1))
	wantCode(t, err, greptime.InvalidArguments, `unknown columns: ["extra"]`)
	if n, err := insertInto(t, db, insert.Options{ExistingOnly: true}, addReading(t, readings("plain"), "b", 2, 1)); err != nil || n != 1 {
		t.Errorf("into what exists: %d, %v", n, err)
	}
	wantRows(t, db, "SELECT * FROM plain ORDER BY device", "a NULL 1970-01-01T00:00:00.001Z", "b 2 1970-01-01T00:00:00.001Z")
}

func TestInsertHintsOfTheDSN(t *testing.T) {
	t.Parallel()
	db := open(t, "hints=auto_create_table%3Dfalse%2Cappend_mode%3Dtrue")
	_, err := insertInto(t, db, insert.Options{}, addReading(t, readings("made"), "a", 1, 1))
	wantCode(t, err, greptime.InvalidArguments, "`auto_create_table` hint is disabled")
	for range 2 {
		mustInsert(t, db, insert.Options{Hints: map[string]string{"auto_create_table": "true"}}, addReading(t, readings("made"), "a", 1, 1))
	}
	wantRows(t, db, "SELECT count(*) FROM made", "2")
}

// The key of a row is its tags and its time; of equal keys the last row counts.
func TestInsertReplacesRowsOfEqualKeys(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	for mode, want := range map[insert.MergeMode][]string{
		insert.LastRow:     {"NULL 1 NULL", "a NULL z", "a 5 NULL"},
		insert.LastNonNull: {"NULL 1 y", "a 3 z", "a 5 NULL"},
	} {
		name := string(mode)
		columns := []insert.Column{insert.Tag("k", insert.String), insert.Field("n", insert.Int64), insert.Field("s", insert.String), insert.Time("ts", insert.Millisecond)}
		table := insert.NewTable(name, columns...)
		if err := errors.Join(table.Append("a", 1, "x", 1), table.Append(nil, 7, "y", 1), table.Append("a", 3, nil, 1), table.Append("a", 5, nil, 2)); err != nil {
			t.Fatal(err)
		}
		mustInsert(t, db, insert.Options{MergeMode: mode}, table) // equal keys in one request
		table.Reset()
		if err := errors.Join(table.Append("a", nil, "z", 1), table.Append(nil, 1, nil, 1)); err != nil {
			t.Fatal(err)
		}
		mustInsert(t, db, insert.Options{}, table)
		wantRows(t, db, "SELECT k, n, s FROM "+name+" ORDER BY ts, k NULLS FIRST", want...)
	}
}

func TestInsertDeletes(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	remove := func(keys ...*insert.Table) (int64, error) {
		t.Helper()
		var n int64
		err := greptime.Raw(t.Context(), db, func(conn *greptime.Conn) error {
			var err error
			n, err = insert.Delete(t.Context(), conn, keys...)
			return err
		})
		return n, err
	}
	first, second := readings("first"), readings("second")
	for i := range 5 {
		addReading(t, first, "a", i, int64(i))
		addReading(t, second, nil, i, int64(i))
	}
	mustInsert(t, db, insert.Options{}, first, second)

	keys := insert.NewTable("first", insert.Time("ts", insert.Millisecond), insert.Tag("device", insert.String))
	if err := errors.Join(keys.Append(1, "a"), keys.Append(2, "a"), keys.Append(2, "nobody")); err != nil {
		t.Fatal(err)
	}
	// Several tables; NULL tags; fields are ignored; keys are counted, found or not.
	if n, err := remove(keys, addReading(t, addReading(t, readings("second"), nil, 77, 0), "", nil, 1)); err != nil || n != 5 {
		t.Errorf("%d keys, %v", n, err)
	}
	wantRows(t, db, "SELECT temperature FROM first ORDER BY ts", "0", "3", "4")
	wantRows(t, db, "SELECT temperature FROM second ORDER BY ts", "1", "2", "3", "4")

	_, err := remove(addReading(t, readings("missing"), "a", 1, 1))
	wantCode(t, err, greptime.TableNotFound, "missing")
	half := insert.NewTable("first", insert.Time("ts", insert.Millisecond))
	if err := half.Append(0); err != nil {
		t.Fatal(err)
	}
	_, err = remove(half)
	wantCode(t, err, greptime.InvalidArguments, "delete requests need column device")
	if _, err := remove(readings("first")); !errors.Is(err, insert.ErrNoRows) {
		t.Errorf("without keys: %v", err)
	}
	mustInsert(t, db, insert.Options{AppendMode: true}, addReading(t, readings("keeps"), "a", 1, 1))
	_, err = remove(addReading(t, readings("keeps"), "a", 1, 1))
	wantCode(t, err, greptime.InvalidArguments, "DELETE is not allowed under append mode")
	wantRows(t, db, "SELECT temperature FROM first ORDER BY ts", "0", "3", "4")
}

func TestInsertSeveralTables(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	one, two, empty := readings("one"), insert.NewTable("two", insert.Time("stamp", insert.Nanosecond), insert.Field("n", insert.Uint8)), readings("empty")
	for i := range 100 {
		addReading(t, one, fmt.Sprint("d", i%3), float64(i)/2, int64(i))
		if err := two.Append(i, i); err != nil {
			t.Fatal(err)
		}
	}
	again := addReading(t, one.Schema().NewTable("one"), "d0", 99, 0) // a table may come twice
	mustInsert(t, db, insert.Options{}, one, empty, two, again)
	wantRows(t, db, "SELECT count(*), sum(temperature) FROM one", fmt.Sprint("100 ", 4950/2+99))
	wantRows(t, db, "SELECT count(*), sum(n), max(CAST(stamp AS BIGINT)) FROM two", "100 4950 99")
	if names := tableNames(t, db); !slices.Equal(names, []string{"one", "two"}) {
		t.Errorf("tables %q", names)
	}
	// The same rows again, after a Reset and without one.
	mustInsert(t, db, insert.Options{AtLeastOnce: true}, one, two)
	one.Reset()
	mustInsert(t, db, insert.Options{}, addReading(t, one, "new", 1, 1))
	wantRows(t, db, "SELECT count(*) FROM one", "101")

	bad := insert.NewTable("one", insert.Field("temperature", insert.Int64), insert.Time("ts", insert.Millisecond))
	if err := bad.Append(1, 1); err != nil {
		t.Fatal(err)
	}
	_, err := insertInto(t, db, insert.Options{}, bad, two)
	wantAmbiguous(t, err, greptime.InvalidArguments, "column temperature expect type") // the rows of two are written
}

// Rows beyond the message limit travel in several requests, and all of them arrive.
func TestInsertSplitsLargeTables(t *testing.T) {
	t.Parallel()
	db := open(t, "max_message_size=64KiB")
	table := insert.NewTable("large", insert.Tag("n", insert.Int32), insert.Field("text", insert.String), insert.Time("ts", insert.Millisecond))
	length := 0
	for i := range 2000 {
		text := strings.Repeat("x", i%700)
		length += len(text)
		if err := table.Append(i, text, i); err != nil {
			t.Fatal(err)
		}
	}
	if table.Size() < 10*64<<10 {
		t.Fatalf("only %d bytes", table.Size())
	}
	mustInsert(t, db, insert.Options{}, addReading(t, readings("small"), "a", 1, 1), table)
	wantRows(t, db, "SELECT count(*), sum(n), sum(length(text)) FROM large", fmt.Sprintf("2000 1999000 %d", length))
	table.Reset()
	if err := table.Append(1, strings.Repeat("x", 70_000), 1); err != nil {
		t.Fatal(err)
	}
	var e *insert.ValueError
	if _, err := insertInto(t, db, insert.Options{}, table); !errors.As(err, &e) || e.Table != "large" || e.Row != 0 {
		t.Errorf("a row beyond the limit: %v", err)
	}
}
