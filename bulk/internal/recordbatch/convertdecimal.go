package recordbatch

import (
	"encoding/binary"
	"fmt"
	"math/big"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/int128"
)

// convertDecimals returns a DECIMAL column.
func convertDecimals(t column.Type, a arrow.Array) (Column, error) {
	d, ok := a.(*array.Decimal128)
	if !ok {
		return Column{}, errNoCast
	}
	dt := d.DataType().(*arrow.Decimal128Type)
	if int(dt.Precision) == t.Precision() && int(dt.Scale) == t.Scale() {
		return fixedWidth(t, a)
	}
	return copyValues(t, a, func(dst []byte, row int) ([]byte, error) {
		v := d.Value(row)
		scaled, ok := rescale(int128.ToBig(v), t.Scale()-int(dt.Scale))
		if !ok || scaled.CmpAbs(tenTo(t.Precision())) >= 0 {
			return nil, fmt.Errorf("%s is not exact as %s", int128.Decimal(v, dt.Scale), t)
		}
		n, _ := int128.FromBig(scaled) // its digits are those of the precision, at most 38
		return appendDecimal(dst, n), nil
	})
}

// rescale returns v times 10^digits. It reports false if that is not an integer. arrow-go's
// own function panics when the result does not fit.
func rescale(v *big.Int, digits int) (*big.Int, bool) {
	const most = 2 * column.MaxPrecision
	if digits > most || digits < -most {
		return v, v.Sign() == 0
	}
	if digits >= 0 {
		return v.Mul(v, tenTo(digits)), true
	}
	q, r := v.QuoRem(v, tenTo(-digits), new(big.Int))
	return q, r.Sign() == 0
}

// tenTo returns 10^digits.
func tenTo(digits int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
}

// appendDecimal appends the bytes of a DECIMAL.
func appendDecimal(dst []byte, v decimal128.Num) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, v.LowBits())
	return binary.LittleEndian.AppendUint64(dst, uint64(v.HighBits()))
}
