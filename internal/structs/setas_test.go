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
	v := reflect.ValueOf(&row{300, time.Unix(1, 5)}).Elem()
	var c column.Cell
	if err := p.SetAs(&c, 1, column.Of(column.TimestampNanosecond), v); err != nil || c.Int() != 1_000_000_005 {
		t.Errorf("%d, %v", c.Int(), err)
	}
	if err := p.SetAs(&c, 0, column.Of(column.Int16), v); err != nil || c.Int() != 300 {
		t.Errorf("%d, %v", c.Int(), err)
	}
	if err := p.SetAs(&c, 0, column.Of(column.Int8), v); err == nil {
		t.Error("300 fits TINYINT")
	}
}
