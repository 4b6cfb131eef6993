package integration

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

// What the client refuses never reaches the server: no table comes into being, and
// one that is there stays as it is.
func TestInsertRefusedIsNotSent(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	there := addReading(t, readings("there"), "a", 1, 1)
	mustInsert(t, db, insert.Options{}, there)
	before := rowTexts(t, db, "SELECT * FROM there")

	ts, n := insert.Time("ts", insert.Millisecond), insert.Field("n", insert.Int64)
	type bad struct {
		N  int       `greptime:"n,type=tinyint"`
		At time.Time `greptime:"ts,time"`
	}
	for _, name := range []string{"absent", "there"} {
		for _, test := range []struct {
			name  string
			table *insert.Table
			want  string
		}{
			{"no time index", insert.NewTable(name, n), "no time index"},
			{"two time indexes", insert.NewTable(name, ts, insert.Time("ts2", insert.Second)), `column "ts2": a second time index, beside "ts"`},
			{"duplicate columns", insert.NewTable(name, n, ts, insert.Tag("n", insert.String)), `column "n": duplicate name`},
			{"no columns", insert.NewTable(name), "no time index"},
			{"no type", insert.NewTable(name, insert.Field("n", insert.Type(0)), ts), `column "n": the column has no type`},
			{"time index without a unit", insert.NewTable(name, n, insert.Time("ts", 4)), `column "ts"`},
			{"DECIMAL beyond 38 digits", insert.NewTable(name, insert.Field("n", insert.Decimal(39, 1)), ts), `column "n": a DECIMAL has a precision of 1 to 38`},
			{"DECIMAL scale", insert.NewTable(name, insert.Field("n", insert.Decimal(5, 6)), ts), "scale from 0 to the precision"},
			{"VECTOR without length", insert.NewTable(name, insert.Field("n", insert.Vector(0)), ts), "at least 1"},
			{"no row", insert.NewTable(name, n, ts), fmt.Sprintf("there are no rows in table %q", name)},
			{"name that is not UTF-8", insert.NewTable(name+"\xff", n, ts), "not valid UTF-8"},
			{"nil", nil, "the table is nil"},
		} {
			if test.table.Err() != nil && test.table != nil {
				if err := test.table.Append(1, 1); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s: Append: %v", test.name, err)
				}
			}
			written, err := insertInto(t, db, insert.Options{}, test.table)
			if written != 0 || err == nil || !strings.Contains(err.Error(), test.want) || errors.As(err, new(*greptime.Error)) {
				t.Errorf("%s: %d, %v, want %q", test.name, written, err, test.want)
			}
			if test.name == "no row" || test.table == nil {
				continue
			}
			// A bad table holds back those beside it, too.
			if written, err := insertInto(t, db, insert.Options{}, addReading(t, readings("beside"), "a", 1, 1), test.table); written != 0 || err == nil {
				t.Errorf("%s, beside a good table: %d, %v", test.name, written, err)
			}
		}
		err := greptime.Raw(t.Context(), db, func(conn *greptime.Conn) error {
			_, err := insert.WriteStructs(t.Context(), conn, name, []bad{{1, time.UnixMilli(1)}, {300, time.UnixMilli(2)}})
			return err
		})
		var e *insert.ValueError
		if !errors.As(err, &e) || e.Table != name || e.Column != "n" || e.Row != 1 || !reflect.DeepEqual(e.Value, int64(300)) {
			t.Errorf("structs: %v", err)
		}
		if _, err := insertInto(t, db, insert.Options{AppendMode: true, MergeMode: insert.LastRow}, addReading(t, readings(name), "b", 1, 1)); err == nil {
			t.Error("options that contradict each other were sent")
		}
	}

	if names := tableNames(t, db); !slices.Equal(names, []string{"there"}) {
		t.Errorf("tables %q", names)
	}
	wantRows(t, db, "SELECT * FROM there", before...)
}

// A row with an error is left out; the rows around it are written.
func TestInsertLeavesOutRefusedRows(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	table := insert.NewTable("mixed", insert.Tag("k", insert.Int8), insert.Field("price", insert.Decimal(6, 2)), insert.Field("j", insert.JSON), insert.Field("v", insert.Vector(2)), insert.Time("ts", insert.Second))
	good := func(k int) {
		t.Helper()
		if err := table.Append(k, "1.5", `{}`, greptime.Vector{1, 2}, int64(k)); err != nil {
			t.Fatal(err)
		}
	}
	good(1)
	for _, test := range []struct {
		values       []any
		column, want string
	}{
		{[]any{128, "1", "{}", nil, 1}, "k", "128 (int64) is not a value for TINYINT: out of range, which is -128 to 127"},
		{[]any{"1", "1", "{}", nil, 1}, "k", `"1" (string) is not a value for TINYINT`},
		{[]any{1, math.NaN(), "{}", nil, 1}, "price", "NaN (float64) is not a value for DECIMAL(6,2)"},
		{[]any{1, "9999.995", "{}", nil, 1}, "price", "more than 4 digits before the point"},
		{[]any{1, "1", `{"a":`, nil, 1}, "j", `"{\"a\":" (string) is not a value for JSON: not valid JSON text`},
		{[]any{1, "1", "{}", greptime.Vector{1}, 1}, "v", "[1] ([]float32) is not a value for VECTOR(2): 1 numbers, but the column takes 2"},
		{[]any{1, "1", "{}", nil, nil}, "ts", "the time index cannot be NULL"},
		{[]any{1, "1", "{}", nil}, "", "it has 4 values, the table has 5 columns"},
		{[]any{}, "", "it has 0 values"},
	} {
		err := table.Append(test.values...)
		var e *insert.ValueError
		if !errors.As(err, &e) || e.Table != "mixed" || e.Row != 1 || e.Column != test.column || !strings.Contains(err.Error(), `table "mixed", row 2 (index 1)`) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %q", test.values, err, test.want)
		}
	}
	for _, err := range []error{
		table.NewRow().Set("k", 1).Set("ts", 1).Set("nothing", 1).End(),
		table.NewRow().Set("k", 1).End(),                                                               // no ts
		table.AppendColumns(insert.Values("k", []int{1, 2, 300}), insert.Values("ts", []int{1, 2, 3})), // all or nothing
		table.AppendColumns(insert.Values("k", []int{1, 2}), insert.Values("ts", []int{1})),
		table.AppendColumns(insert.Values("k", []int{1}), insert.Values("k", []int{1}), insert.Values("ts", []int{1})),
	} {
		if !errors.As(err, new(*insert.ValueError)) {
			t.Errorf("error %v", err)
		}
	}
	good(2)
	mustInsert(t, db, insert.Options{}, table)
	wantRows(t, db, "SELECT * FROM mixed ORDER BY ts", "1 1.50 {} [1,2] 1970-01-01T00:00:01Z", "2 1.50 {} [1,2] 1970-01-01T00:00:02Z")
}
