package valuer_test

import (
	"database/sql/driver"
	"errors"
	"reflect"
	"testing"

	"github.com/greptime-go/greptime/internal/valuer"
)

type (
	byValue     struct{ n int64 }
	byPointer   struct{ n int64 }
	careless    struct{ n int64 }
	indignant   struct{}
	failing     struct{}
	promotion   struct{ *byPointer }
	namedString string
)

var errFailing = errors.New("no value")

func (v byValue) Value() (driver.Value, error) { return v.n, nil }
func (v *byPointer) Value() (driver.Value, error) {
	if v == nil {
		return "absent", nil
	}
	return v.n, nil
}
func (v *careless) Value() (driver.Value, error)   { return v.n, nil }
func (*indignant) Value() (driver.Value, error)    { panic("nil is not welcome") }
func (*failing) Value() (driver.Value, error)      { return nil, errFailing }
func (v namedString) Value() (driver.Value, error) { return string(v), nil }

func TestValue(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		v    driver.Valuer
		want any
	}{
		{byValue{1}, int64(1)},
		{&byValue{1}, int64(1)},
		{(*byValue)(nil), nil},
		{&byPointer{1}, int64(1)},
		{(*byPointer)(nil), "absent"},
		{promotion{}, "absent"},
		{(*promotion)(nil), nil},
		{namedString("x"), "x"},
		{(*namedString)(nil), nil},
	} {
		got, err := valuer.Value(test.v)
		if err != nil || got != test.want {
			t.Errorf("%T: %v, %v; want %v", test.v, got, err, test.want)
		}
		want, err := driver.DefaultParameterConverter.ConvertValue(test.v)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%T: %v, database/sql has %v, %v", test.v, got, want, err)
		}
	}
	// database/sql panics for these.
	if got, err := valuer.Value((*careless)(nil)); got != nil || err != nil {
		t.Errorf("a method that dereferences nil: %v, %v, want NULL", got, err)
	}
	if _, err := valuer.Value((*indignant)(nil)); err == nil {
		t.Error("a method that panics: no error")
	}
	if _, err := valuer.Value((*failing)(nil)); !errors.Is(err, errFailing) {
		t.Errorf("a method that fails: %v", err)
	}
}
