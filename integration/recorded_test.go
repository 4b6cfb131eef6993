package integration

import (
	"database/sql"
	"reflect"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// Types that no column of a table has, or that DuckDB cannot make, come from
// recordings of a GreptimeDB.
func recorded(t *testing.T, name string) (*sqlx.DB, string) {
	t.Helper()
	exchange := captures.DoGetByName(name)
	db, err := sqlx.Open("greptime", wiretest.Start(t, wiretest.Replay(exchange)).DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.MapperFunc(lower)
	return db, exchange.Request.SQL
}

// structScanAll scans all rows of a recording into the same variable and returns a
// copy of it after each.
func structScanAll[T any](t *testing.T, name string) []T {
	t.Helper()
	db, query := recorded(t, name)
	rows, err := db.QueryxContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []T
	var v T
	for rows.Next() {
		if err := rows.StructScan(&v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func null[T any](v T) sql.Null[T] { return sql.Null[T]{V: v, Valid: true} }

func TestTimeOfDayAndItsNull(t *testing.T) {
	t.Parallel()
	type row struct {
		TS time.Time
		S  sql.Null[greptime.TimeOfDay]
		MS *greptime.TimeOfDay
		US sql.NullString
		NS *string
	}
	got := structScanAll[row](t, "time_columns")
	seconds := time.Duration(45296) * time.Second
	if len(got) == 0 || got[0].S != null(greptime.TimeOfDay(seconds)) || *got[0].MS != greptime.TimeOfDay(seconds+789*time.Millisecond) ||
		got[0].US.String != "12:34:56.789012" || *got[0].NS != "12:34:56.789012345" {
		t.Fatalf("%+v", got)
	}
	for _, r := range got[1:] {
		if r.S.Valid || r.MS != nil || r.US.Valid || r.NS != nil {
			t.Errorf("%+v", r)
		}
	}
}

func TestIntervalAndItsNull(t *testing.T) {
	t.Parallel()
	type row struct {
		DT  greptime.Interval
		Neg *greptime.Interval
		N   sql.Null[greptime.Interval]
	}
	got := structScanAll[row](t, "type_interval_day_time")
	if len(got) != 1 || got[0].DT != (greptime.Interval{Days: 2, Nanoseconds: 3e9}) || *got[0].Neg != (greptime.Interval{Days: -1}) || got[0].N.Valid {
		t.Errorf("%+v", got)
	}
}

func TestDurationAndItsNull(t *testing.T) {
	t.Parallel()
	type row struct {
		D   time.Duration
		Neg int64
		N   *time.Duration
	}
	got := structScanAll[row](t, "type_duration_millisecond")
	if want := []row{{D: 1500 * time.Millisecond, Neg: -1e6}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestListsStructsAndTheirNull(t *testing.T) {
	t.Parallel()
	type list struct{ L *string }
	var lists []string
	for _, r := range structScanAll[list](t, "type_list_rows") {
		if r.L == nil {
			lists = append(lists, "NULL")
		} else {
			lists = append(lists, *r.L)
		}
	}
	if want := []string{"[1,2]", "NULL", "[]", "[null]"}; !reflect.DeepEqual(lists, want) {
		t.Errorf("lists %q", lists)
	}
	type structure struct{ S sql.Null[[]byte] }
	got := structScanAll[structure](t, "type_struct_rows")
	if len(got) != 2 || string(got[0].S.V) != `{"a":1}` || got[1].S.Valid {
		t.Errorf("structs %v", got)
	}
}

func TestColumnOfNull(t *testing.T) {
	t.Parallel()
	type row struct{ N *string }
	if got := structScanAll[row](t, "select_null_type"); len(got) != 1 || got[0].N != nil {
		t.Errorf("%+v", got)
	}
}

// A value and then NULL into pointers of the types that only this package has.
func TestPointersOfOwnTypesAreCleared(t *testing.T) {
	t.Parallel()
	type row struct {
		D   *greptime.Date
		Dec *greptime.Decimal `db:"dec_"`
		V   *greptime.Vector
	}
	exchange := captures.DoGetByName("select_every_type")
	db, query := recorded(t, exchange.Name)
	rows, err := db.Unsafe().QueryxContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var v row
	for i := range 3 {
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		if err := rows.StructScan(&v); err != nil {
			t.Fatal(err)
		}
		if isNull := i == 2; (v.D == nil) != isNull || (v.Dec == nil) != isNull || (v.V == nil) != isNull {
			t.Errorf("row %d: %+v", i, v)
		}
	}
}
