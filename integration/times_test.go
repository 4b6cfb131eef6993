package integration

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

// A time argument selects exactly the rows it should: around a whole second, where
// text does not, at the smallest step of each unit, and at the ends of the range.
func TestTimeArgumentsSelectExactly(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	for digits, step := range map[int]time.Duration{0: time.Second, 3: time.Millisecond, 6: time.Microsecond, 9: time.Nanosecond} {
		table := fmt.Sprintf("steps_%d", digits)
		mustExec(t, db, fmt.Sprintf("CREATE TABLE %s (ts TIMESTAMP(%d) TIME INDEX)", table, digits))
		for _, middle := range []time.Time{
			time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), // midnight
			time.Date(2024, 2, 29, 12, 34, 56, 0, time.UTC),
			time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC),
			time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Date(2262, 4, 10, 23, 47, 0, 0, time.UTC),
		} {
			mustExec(t, db, "TRUNCATE TABLE "+table)
			before, after := middle.Add(-step), middle.Add(step)
			if n := mustExec(t, db, fmt.Sprintf("INSERT INTO %s (ts) VALUES (?), (?), (?)", table), before, middle, after); n != 3 {
				t.Fatalf("%d affected rows", n)
			}
			for operator, want := range map[string][]time.Time{
				"=": {middle}, "<>": {before, after}, "<": {before}, "<=": {before, middle}, ">": {after}, ">=": {middle, after},
			} {
				var got []time.Time
				query := fmt.Sprintf("SELECT ts FROM %s WHERE ts %s ? ORDER BY ts", table, operator)
				if err := db.SelectContext(t.Context(), &got, query, middle); err != nil {
					t.Errorf("%s, %v: %v", query, middle, err)
					continue
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s with %v: %v, want %v", query, middle, got, want)
				}
			}
			var between []time.Time
			if err := db.SelectContext(t.Context(), &between, "SELECT ts FROM "+table+" WHERE ts BETWEEN ? AND ? ORDER BY ts", before, middle); err != nil || len(between) != 2 {
				t.Errorf("BETWEEN: %v, %v", between, err)
			}
			if n := mustExec(t, db, "DELETE FROM "+table+" WHERE ts <= ?", middle); n != 2 {
				t.Errorf("TIMESTAMP(%d) around %v: DELETE matched %d rows", digits, middle, n)
			}
		}
	}
}

func TestTimesBeyondTheRangeOfNanoseconds(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	mustExec(t, db, "CREATE TABLE far (ts TIMESTAMP(0) TIME INDEX)")
	list := []time.Time{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}
	for _, ts := range list {
		mustExec(t, db, "INSERT INTO far (ts) VALUES (?)", ts)
	}
	for _, ts := range list {
		var got time.Time
		if err := db.GetContext(t.Context(), &got, "SELECT ts FROM far WHERE ts = ?", ts); err != nil || !got.Equal(ts) {
			t.Errorf("%v: read %v, %v", ts, got, err)
		}
	}
}

func TestTimeZoneOfTheDSN(t *testing.T) {
	t.Parallel()
	db := open(t, "timezone=Asia/Shanghai")
	mustExec(t, db, "CREATE TABLE zones (k STRING, ts TIMESTAMP(3) TIME INDEX, PRIMARY KEY (k))")
	instant := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	mustExec(t, db, "INSERT INTO zones (k, ts) VALUES ('naive', '2024-01-01 08:00:00')") // read in Shanghai
	mustExec(t, db, "INSERT INTO zones (k, ts) VALUES ('argument', ?)", instant)
	var got []time.Time
	if err := db.SelectContext(t.Context(), &got, "SELECT ts FROM zones ORDER BY k"); err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	for _, ts := range got {
		if !ts.Equal(instant) || ts.Location().String() != "Asia/Shanghai" || ts.Hour() != 8 {
			t.Errorf("read %v", ts)
		}
	}
}
