package greptime

import (
	"database/sql"
	"database/sql/driver"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/int128"
)

// decimalColumn converts DECIMAL to text with all digits of the scale.
type decimalColumn struct {
	columnInfo
	scale int32
	arr   *array.Decimal128
}

func (c *decimalColumn) load(arr arrow.Array) error { return loadAs(&c.arr, arr) }

func (c *decimalColumn) value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return int128.Decimal(c.arr.Value(i), c.scale), nil
}

func (c *decimalColumn) scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		if d, ok := dest.(*sql.Null[Decimal]); ok {
			*d = sql.Null[Decimal]{}
			return true, nil
		}
		return scanNullText(dest), nil
	}
	text := int128.Decimal(c.arr.Value(i), c.scale)
	switch d := dest.(type) {
	case *Decimal:
		*d = Decimal(text)
	case *sql.Null[Decimal]:
		*d = sql.Null[Decimal]{V: Decimal(text), Valid: true}
	default:
		return scanString(text, dest), nil
	}
	return true, nil
}
