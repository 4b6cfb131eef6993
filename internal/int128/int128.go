// Package int128 converts Arrow's 128-bit decimals to big.Int and text. The functions of
// arrow-go assume that a big.Word has 64 bits, which is wrong where it has 32.
package int128

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// ToBig returns n as a new big.Int.
func ToBig(n decimal128.Num) *big.Int {
	v := new(big.Int).SetInt64(n.HighBits())
	v.Lsh(v, 64)
	return v.Add(v, new(big.Int).SetUint64(n.LowBits()))
}

// FromBig returns v in 128 bits. ok is false if v does not fit.
func FromBig(v *big.Int) (n decimal128.Num, ok bool) {
	high := new(big.Int).Rsh(v, 64)
	if !high.IsInt64() {
		return decimal128.Num{}, false
	}
	low := new(big.Int).Sub(v, new(big.Int).Lsh(high, 64))
	return decimal128.New(high.Int64(), low.Uint64()), true
}

// Decimal returns unscaled × 10^-scale with every digit of the scale. arrow-go's own text
// drops trailing zeros and switches to exponents.
func Decimal(unscaled decimal128.Num, scale int32) string {
	var digits string
	if low := int64(unscaled.LowBits()); unscaled.HighBits() == low>>63 {
		digits = strconv.FormatInt(low, 10)
	} else {
		digits = ToBig(unscaled).String()
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
