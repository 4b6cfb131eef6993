package structs

import (
	"reflect"
	"testing"
	"time"

	"github.com/greptime-go/greptime/internal/column"
)

func TestValuesFitTheTablesTypes(t *testing.T) {
	t.Parallel()
	type row struct {
		N  int       `greptime:"n"`
		At time.Time `greptime:"ts,time"`
	}
	p, err := Of(reflect.TypeFor[row]())
	if err != nil {
		t.Fatal(err)
	}
	rows := RowsOf([]row{{300, time.Unix(1, 5)}})
	r, err := rows.At(0)
	if err != nil {
		t.Fatal(err)
	}
	n, at := &p.Columns[0], &p.Columns[1]
	var c column.Cell
	if err := at.Set(&c, column.Of(column.TimestampNanosecond), at.Value(r)); err != nil || c.Int() != 1_000_000_005 {
		t.Errorf("%d, %v", c.Int(), err)
	}
	if err := n.Set(&c, column.Of(column.Int16), n.Value(r)); err != nil || c.Int() != 300 {
		t.Errorf("%d, %v", c.Int(), err)
	}
	if err := n.Set(&c, column.Of(column.Int8), n.Value(r)); err == nil {
		t.Error("300 fits TINYINT")
	}
}
