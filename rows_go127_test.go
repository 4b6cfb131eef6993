//go:build go1.27

package greptime

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"
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
		&sql.RawBytes{}, &recorder{}, ptr(namedText("before")), ptr(namedInt(1)), ptr(namedFloat(1)), ptr(namedBytes("before")),
		ptr(ptr(namedText("before"))), ptr(ptr(ptr(int64(1)))), ptr(ptr([]byte("before"))), ptr(ptr(any("before"))), ptr(ptr(json.RawMessage("1"))),
		ptr(&Date{Year: 2000, Month: 1, Day: 1}), ptr(ptr(TimeOfDay(1))), ptr(ptr(Decimal("1"))), ptr(&Interval{Months: 1, Days: 1, Nanoseconds: 1}), ptr(&Vector{1}), ptr(ptr(time.Second)),
		&sql.NullInt16{Int16: 1, Valid: true}, &sql.NullByte{Byte: 1, Valid: true}, &sql.Null[any]{V: 1, Valid: true}, &sql.Null[*string]{Valid: true},
		ptr(json.Number("1")), ptr([16]byte{1}), new(struct{}), ptr(uintptr(1)), ptr(complex64(1)), new(chan int),
		(*int64)(nil), nil, "no pointer", 5,
	}
}

// Whatever ScanColumn gets, the outcome is what database/sql makes of the boxed value.
func TestScanColumnIsConvertingTheBoxedValue(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	check := func(t *testing.T, name string, c column, row int) {
		value, err := c.value(row)
		if key := fmt.Sprintf("%T %T %v", c, value, value); err != nil || seen[key] || len(key) > 1000 {
			return // values that cannot be boxed: TestScanningIsConvertingTheBoxedValue
		} else {
			seen[key] = true
		}
		r := &rows{names: []string{"c"}, columns: []column{c}, row: row, n: row + 1}
		want := append(destinations(), otherDestinations()...)
		for i, got := range append(destinations(), otherDestinations()...) {
			gotErr, wantErr := r.ScanColumn(driver.ScanContext{}, 0, got), sql.ConvertAssign(driver.ScanContext{}, want[i], value)
			if takesNULL(value, got) && gotErr == nil {
				wantErr, want[i] = nil, new(json.RawMessage)
			}
			if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
				t.Errorf("%s into %T: %v; database/sql says %v", name, got, gotErr, wantErr)
			}
			if rv := reflect.ValueOf(got); rv.Kind() == reflect.Pointer && !rv.IsNil() && !same(got, want[i]) {
				t.Errorf("%s into %T: %v, database/sql has %v", name, got, rv.Elem(), reflect.ValueOf(want[i]).Elem())
			}
		}
	}
	eachRecordedColumn(t, check)
	eachLimit(t, check)
}
