//go:build go1.27

package greptime

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/internal/scan"
	"github.com/greptime-go/greptime/internal/test/cells"
)

// recorder is a Scanner, which must see the boxed value.
type recorder struct{ got string }

func (r *recorder) Scan(v any) error {
	r.got = fmt.Sprintf("%T %v", v, v)
	return nil
}

type (
	namedText  string
	namedInt   int16
	namedFloat float32
	namedBytes []byte
)

// otherDestinations are those that no column knows, and those that cannot be filled.
func otherDestinations() []any {
	return []any{
		&sql.RawBytes{}, &recorder{}, new(namedText("before")), new(namedInt(1)), new(namedFloat(1)), new(namedBytes("before")),
		new(new(namedText("before"))), new(new(new(int64(1)))), new(new([]byte("before"))), new(new(any("before"))), new(new(json.RawMessage("1"))),
		new(&Date{Year: 2000, Month: 1, Day: 1}), new(new(TimeOfDay(1))), new(new(Decimal("1"))), new(&Interval{Months: 1, Days: 1, Nanoseconds: 1}), new(&Vector{1}), new(new(time.Second)),
		&sql.NullInt16{Int16: 1, Valid: true}, &sql.NullByte{Byte: 1, Valid: true}, &sql.Null[any]{V: 1, Valid: true}, &sql.Null[*string]{Valid: true},
		new(json.Number("1")), new([16]byte{1}), new(struct{}), new(uintptr(1)), new(complex64(1)), new(chan int),
		(*int64)(nil), nil, "no pointer", 5,
	}
}

// Whatever ScanColumn gets, the outcome is what database/sql makes of the boxed value.
func TestScanColumnIsConvertingTheBoxedValue(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	check := func(t *testing.T, name string, c scan.Column, row int) {
		value, err := c.Value(row)
		if key := fmt.Sprintf("%T %T %v", c, value, value); err != nil || seen[key] || len(key) > 1000 {
			return // values that cannot be boxed are tested in package scan
		} else {
			seen[key] = true
		}
		r := &rows{names: []string{"c"}, columns: []scan.Column{c}, row: row, n: row + 1}
		want := append(cells.Destinations(), otherDestinations()...)
		for i, got := range append(cells.Destinations(), otherDestinations()...) {
			gotErr, wantErr := r.ScanColumn(driver.ScanContext{}, 0, got), sql.ConvertAssign(driver.ScanContext{}, want[i], value)
			if cells.TakesNULL(value, got) && gotErr == nil {
				wantErr, want[i] = nil, new(json.RawMessage)
			}
			if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
				t.Errorf("%s into %T: %v; database/sql says %v", name, got, gotErr, wantErr)
			}
			if rv := reflect.ValueOf(got); rv.Kind() == reflect.Pointer && !rv.IsNil() && !cells.Same(got, want[i]) {
				t.Errorf("%s into %T: %v, database/sql has %v", name, got, rv.Elem(), reflect.ValueOf(want[i]).Elem())
			}
		}
	}
	columns := func(limit int) func(string, arrow.Field, arrow.Array) {
		return func(name string, f arrow.Field, arr arrow.Array) {
			c, err := scan.New(f, time.UTC)
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
	cells.EachRecorded(t, columns(5))
	cells.EachLimit(t, columns(math.MaxInt))
}
