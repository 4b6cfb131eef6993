package sqlarg_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/greptime-go/greptime/internal/sqlarg"
	"github.com/greptime-go/greptime/sqltype"
)

func TestRatText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		v    *big.Rat
		want string
	}{
		{big.NewRat(0, 1), "0"},
		{big.NewRat(-5, 4), "-1.25"},
		{big.NewRat(7, 1), "7"},
		{big.NewRat(1, 1024), "0.0009765625"},
	} {
		if got, err := sqlarg.RatText(test.v); err != nil || got != test.want {
			t.Errorf("%s: %q, %v, want %q", test.v, got, err, test.want)
		}
	}
	if _, err := sqlarg.RatText(big.NewRat(1, 3)); err == nil {
		t.Error("1/3: no error")
	}
}

func TestJSONNumbersArePlainNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		"-7":                   int64(-7),
		"18446744073709551615": uint64(18446744073709551615),
		"18446744073709551616": sqltype.Decimal("18446744073709551616"),
		"1.50":                 sqltype.Decimal("1.50"),
		"1e300":                1e300,
	} {
		if got, err := sqlarg.Plain(json.Number(text)); err != nil || got != want {
			t.Errorf("%s: %#v, %v, want %#v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "1e999"} {
		if got, err := sqlarg.Plain(json.Number(text)); err == nil {
			t.Errorf("%q: %#v, want an error", text, got)
		}
	}
}
