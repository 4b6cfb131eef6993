package scan

import (
	"database/sql"
	"database/sql/driver"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/int128"
	"github.com/greptime-go/greptime/sqltype"
)

// decimalColumn converts DECIMAL to text with all digits of the scale.
type decimalColumn struct {
	columnInfo
	scale int32
	arr   *array.Decimal128
}

func (c *decimalColumn) Load(arr arrow.Array) error { return loadAs(&c.arr, arr) }

func (c *decimalColumn) current() arrow.Array { return c.arr }

func (c *decimalColumn) decimal(i int) string { return int128.Decimal(c.arr.Value(i), c.scale) }

func (c *decimalColumn) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return c.decimal(i), nil
}

func (c *decimalColumn) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		return scanNullAs[sqltype.Decimal](dest), nil
	}
	text := c.decimal(i)
	switch d := dest.(type) {
	case *sqltype.Decimal:
		*d = sqltype.Decimal(text)
	case *sql.Null[sqltype.Decimal]:
		*d = sql.Null[sqltype.Decimal]{V: sqltype.Decimal(text), Valid: true}
	default:
		return scanString(text, dest), nil
	}
	return true, nil
}
