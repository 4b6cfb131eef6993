package int128

import (
	"math"
	"math/big"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

func TestBothWays(t *testing.T) {
	for text, want := range map[string]decimal128.Num{
		"0":                     decimal128.New(0, 0),
		"1":                     decimal128.New(0, 1),
		"-1":                    decimal128.New(-1, math.MaxUint64),
		"4294967296":            decimal128.New(0, 1<<32),
		"18446744073709551615":  decimal128.New(0, math.MaxUint64),
		"18446744073709551616":  decimal128.New(1, 0),
		"-18446744073709551617": decimal128.New(-2, math.MaxUint64),
		"170141183460469231731687303715884105727":  decimal128.New(math.MaxInt64, math.MaxUint64),
		"-170141183460469231731687303715884105728": decimal128.New(math.MinInt64, 0),
	} {
		v, _ := new(big.Int).SetString(text, 10)
		got, ok := FromBig(v)
		if !ok || got != want {
			t.Errorf("%s is %v, %t; want %v", text, got, ok, want)
		}
		if back := ToBig(want); back.String() != text {
			t.Errorf("%v is %s, want %s", want, back, text)
		}
	}
	for _, text := range []string{"170141183460469231731687303715884105728", "-170141183460469231731687303715884105729"} {
		v, _ := new(big.Int).SetString(text, 10)
		if got, ok := FromBig(v); ok {
			t.Errorf("%s fits as %v", text, got)
		}
	}
}

func TestDecimalText(t *testing.T) {
	t.Parallel()
	limit, _ := new(big.Int).SetString("99999999999999999999999999999999999999", 10)
	for _, test := range []struct {
		unscaled *big.Int
		scale    int32
		want     string
	}{
		{big.NewInt(0), 0, "0"},
		{big.NewInt(0), 3, "0.000"},
		{big.NewInt(150), 2, "1.50"},
		{big.NewInt(-1), 5, "-0.00001"},
		{big.NewInt(-12345), 2, "-123.45"},
		{big.NewInt(7), 0, "7"},
		{big.NewInt(12), -2, "1200"},
		{big.NewInt(0), -2, "0"},
		{big.NewInt(math.MaxInt64), 0, "9223372036854775807"},
		{big.NewInt(math.MinInt64), 4, "-922337203685477.5808"},
		{new(big.Int).Add(big.NewInt(math.MaxInt64), big.NewInt(1)), 1, "922337203685477580.8"},
		{limit, 38, "0.99999999999999999999999999999999999999"},
		{new(big.Int).Neg(limit), 10, "-9999999999999999999999999999.9999999999"},
	} {
		unscaled, _ := FromBig(test.unscaled)
		if got := Decimal(unscaled, test.scale); got != test.want {
			t.Errorf("%v × 10^-%d: %s, want %s", test.unscaled, test.scale, got, test.want)
		}
	}
}
