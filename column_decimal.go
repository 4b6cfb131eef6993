package greptime

import (
	"database/sql"
	"database/sql/driver"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// decimalColumn is DECIMAL: text with all digits of the scale.
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
	return decimalText(c.arr.Value(i), c.scale), nil
}

func (c *decimalColumn) scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		if d, ok := dest.(*sql.Null[Decimal]); ok {
			*d = sql.Null[Decimal]{}
			return true, nil
		}
		return scanNullText(dest), nil
	}
	text := decimalText(c.arr.Value(i), c.scale)
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

// decimalText writes unscaled × 10^-scale with every digit of the scale.
// (arrow-go's own text drops trailing zeros and turns to exponents.)
func decimalText(unscaled decimal128.Num, scale int32) string {
	var digits string
	if low := int64(unscaled.LowBits()); unscaled.HighBits() == low>>63 {
		digits = strconv.FormatInt(low, 10)
	} else {
		digits = unscaled.BigInt().String()
	}
	if scale <= 0 {
		if digits == "0" {
			return digits
		}
		return digits + strings.Repeat("0", int(-scale))
	}
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if missing := int(scale) + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - int(scale)
	return sign + digits[:point] + "." + digits[point:]
}
