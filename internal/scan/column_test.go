package scan

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/internal/test/cells"
	"github.com/greptime-go/greptime/internal/test/race"
)

// checkRows returns a function for package cells that calls check for up to limit rows of a
// column.
func checkRows(t *testing.T, limit int, check func(t *testing.T, name string, c Column, row int)) func(string, arrow.Field, arrow.Array) {
	return func(name string, f arrow.Field, arr arrow.Array) {
		t.Helper()
		c, err := New(f, time.UTC)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := c.Load(arr); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for row := range min(limit, arr.Len()) {
			check(t, fmt.Sprintf("%s, row %d", name, row), c, row)
		}
	}
}

// eachRecordedCell calls check for up to five rows of every recorded column.
func eachRecordedCell(t *testing.T, check func(t *testing.T, name string, c Column, row int)) {
	t.Helper()
	cells.EachRecorded(t, checkRows(t, 5, check))
}

// eachLimit calls check for every value at a limit.
func eachLimit(t *testing.T, check func(t *testing.T, name string, c Column, row int)) {
	t.Helper()
	cells.EachLimit(t, checkRows(t, math.MaxInt, check))
}

// What the column scanner of Go 1.27 does by itself must be what database/sql does
// with the boxed value, for every type of column and destination, NULL included.
func TestScanningIsConvertingTheBoxedValue(t *testing.T) {
	if race.Enabled {
		t.Skip("takes long under the race detector")
	}
	t.Parallel()
	filled := map[string]bool{}
	seen := map[string]bool{}
	check := func(t *testing.T, name string, c Column, row int) {
		value, valueErr := c.Value(row)
		if key := fmt.Sprintf("%T %T %s %v", c, value, c.Info().SQLType, value); seen[key] && valueErr == nil || len(key) > 1000 {
			return
		} else {
			seen[key] = true
		}
		want := cells.Destinations()
		for i, got := range cells.Destinations() {
			done, err := c.Scan(row, got)
			if fmt.Sprint(err) != fmt.Sprint(valueErr) {
				t.Errorf("%s into %T: error %v, but boxing it gives %v", name, got, err, valueErr)
			}
			if err != nil || !done {
				continue
			}
			if cells.TakesNULL(value, got) {
				want[i] = new(json.RawMessage)
			} else if err := cells.Convert(value, want[i]); err != nil {
				t.Errorf("%s into %T: filled, but database/sql says %v", name, got, err)
				continue
			}
			if !cells.Same(got, want[i]) {
				t.Errorf("%s into %T: %v, database/sql has %v", name, got, reflect.ValueOf(got).Elem(), reflect.ValueOf(want[i]).Elem())
			}
			if value != nil {
				filled[c.Info().SQLType+" "+reflect.TypeOf(got).Elem().String()] = true
			}
		}
	}
	eachRecordedCell(t, check)
	eachLimit(t, check)
	for _, must := range []string{
		"BOOLEAN bool", "TINYINT int8", "BIGINT int64", "BIGINT UNSIGNED uint64", "FLOAT float32", "DOUBLE float64",
		"STRING string", "VARBINARY []uint8", "DATE sqltype.Date", "DATE time.Time", "TIMESTAMP time.Time", "TIME sqltype.TimeOfDay",
		"DECIMAL sqltype.Decimal", "DECIMAL string", "INTERVAL sqltype.Interval", "DURATION time.Duration",
		"JSON " + reflect.TypeFor[json.RawMessage]().String(), "JSON string", "VECTOR sqltype.Vector", "BIGINT sql.NullInt64", "DOUBLE sql.Null[float64]",
		"STRING sql.NullString", "TIMESTAMP sql.NullTime", "STRING interface {}", "BIGINT interface {}",
	} {
		if !filled[must] {
			t.Errorf("%s is not filled directly", must)
		}
	}
}

// The exact type that a column names must take every value of it.
func TestScanTypeTakesEveryValue(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, name string, c Column, row int) {
		value, err := c.Value(row)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		info := c.Info()
		if value == nil && !info.Nullable {
			t.Errorf("%s: NULL in a column that has none", name)
		}
		for _, typ := range []reflect.Type{info.ScanType, info.NullableType()} {
			if value == nil && typ != info.NullableType() {
				continue
			}
			dest := reflect.New(typ).Interface()
			if err := cells.Convert(value, dest); err != nil {
				t.Errorf("%s: boxed into %v: %v", name, typ, err)
			}
			if _, err := c.Scan(row, dest); err != nil {
				t.Errorf("%s: scanned into %v: %v", name, typ, err)
			}
		}
	}
	eachRecordedCell(t, check)
	eachLimit(t, func(t *testing.T, name string, c Column, row int) {
		if _, err := c.Value(row); err == nil { // or it is one that no type takes
			check(t, name, c, row)
		}
	})
}
