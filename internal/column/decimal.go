package column

import (
	"fmt"
	"math/bits"
)

// int128 is an integer of 128 bits: a magnitude or, once negated, a number in two's
// complement.
type int128 struct{ hi, lo uint64 }

// pow10 holds the powers of ten up to 10^38, which fits 127 bits.
var pow10 = func() (p [MaxPrecision + 1]int128) {
	p[0] = int128{lo: 1}
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1].times10(0)
	}
	return p
}()

// times10 returns 10 a + digit, for a below 10^38.
func (a int128) times10(digit byte) int128 {
	hi, lo := bits.Mul64(a.lo, 10)
	lo, carry := bits.Add64(lo, uint64(digit), 0)
	return int128{hi: a.hi*10 + hi + carry, lo: lo}
}

func (a int128) plusOne() int128 {
	lo, carry := bits.Add64(a.lo, 1, 0)
	return int128{hi: a.hi + carry, lo: lo}
}

func (a int128) negate() int128 { return int128{hi: ^a.hi, lo: ^a.lo}.plusOne() }

func (a int128) less(b int128) bool { return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo }

const (
	notDecimal = "not a decimal number; write it like -12.50, without an exponent"
	tooLarge   = "too large"
)

// parseDecimal reads digits with an optional point and sign and returns the number times
// 10^scale, rounded half away from zero. If it cannot, reason is notDecimal or tooLarge.
func parseDecimal[S string | []byte](text S, precision, scale int) (d int128, reason string) {
	i, negative := 0, false
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		negative = text[0] == '-'
		i = 1
	}
	var digits, decimals int
	point, overflow, roundUp := false, false, false
	for ; i < len(text); i++ {
		ch := text[i]
		switch {
		case ch == '.' && !point:
			point = true
			continue
		case ch < '0' || ch > '9':
			return int128{}, notDecimal
		}
		digits++
		if point {
			decimals++
			if decimals > scale {
				roundUp = roundUp || decimals == scale+1 && ch >= '5'
				continue
			}
		}
		if overflow = overflow || !d.less(pow10[MaxPrecision-1]); !overflow {
			d = d.times10(ch - '0')
		}
	}
	if digits == 0 {
		return int128{}, notDecimal
	}
	for ; decimals < scale && !overflow; decimals++ {
		if overflow = !d.less(pow10[MaxPrecision-1]); !overflow {
			d = d.times10(0)
		}
	}
	if roundUp {
		d = d.plusOne()
	}
	if overflow || !d.less(pow10[min(precision, MaxPrecision)]) {
		return int128{}, tooLarge
	}
	if negative {
		d = d.negate()
	}
	return d, ""
}

func decimalReason(t Type, reason string) string {
	if reason == tooLarge {
		return tooManyDigits(t)
	}
	return reason
}

func tooManyDigits(t Type) string {
	return fmt.Sprintf("more than %d digits before the point", t.Precision()-t.Scale())
}

// AppendDecimal appends the digits of a DECIMAL, including all digits of its scale.
func (c *Cell) AppendDecimal(dst []byte, t Type) []byte {
	d := int128{hi: c.hi, lo: c.n}
	if int64(d.hi) < 0 {
		dst = append(dst, '-')
		d = d.negate()
	}
	var digits [MaxPrecision + 2]byte
	i := len(digits)
	scale := min(t.Scale(), MaxPrecision)
	for n := 0; n <= scale || d != (int128{}); n++ {
		if n == scale && n > 0 {
			i--
			digits[i] = '.'
		}
		var rest uint64
		high := d.hi / 10
		d.lo, rest = bits.Div64(d.hi%10, d.lo, 10)
		d.hi = high
		i--
		digits[i] = '0' + byte(rest)
	}
	return append(dst, digits[i:]...)
}
