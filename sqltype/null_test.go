package sqltype_test

import (
	"database/sql/driver"
	"math"
	"reflect"
	"testing"

	"github.com/greptime-go/greptime/sqltype"
)

func TestValueOfNullKeepsUint64(t *testing.T) {
	t.Parallel()
	for _, n := range []driver.Valuer{sqltype.Null[uint64]{V: math.MaxUint64, Valid: true}, sqltype.Null[uint64]{V: 1, Valid: true}, sqltype.Null[uint]{V: 1, Valid: true}} {
		if v, err := n.Value(); err != nil || reflect.TypeOf(v) != reflect.TypeFor[uint64]() {
			t.Errorf("%#v: %T %v, %v; want a uint64", n, v, v, err)
		}
	}
	if v, err := (sqltype.Null[uint64]{}).Value(); v != nil || err != nil {
		t.Errorf("NULL is %v, %v; want nil", v, err)
	}
}

func TestNullScansAsSQLNullDoes(t *testing.T) {
	t.Parallel()
	n := sqltype.Null[int8]{V: 1, Valid: true}
	if err := n.Scan(int64(-5)); err != nil || n != (sqltype.Null[int8]{V: -5, Valid: true}) {
		t.Errorf("-5: %+v, %v", n, err)
	}
	if err := n.Scan(nil); err != nil || n != (sqltype.Null[int8]{}) {
		t.Errorf("NULL: %+v, %v", n, err)
	}
	if err := n.Scan(int64(128)); err == nil {
		t.Errorf("128 fits an int8: %+v; want an error", n)
	}
}
