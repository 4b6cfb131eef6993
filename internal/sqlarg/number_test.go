package sqlarg

import (
	"errors"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/greptime-go/greptime/sqltype"
)

var (
	decimalText = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
	plainText   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
)

// A number is the one that its text is, in digits that a DECIMAL takes.
func FuzzNumber(f *testing.F) {
	for _, text := range []string{"0", "-0.0", "12.50", "1e2", "-1.5E-3", "+7", ".5", "5.", "00012", "1e801", "NaN", "-Infinity", "0x1p-2", "1e", "e1", "--1", "1_000"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := parseNumber(text)
		switch v := v.(type) {
		case nil:
			if decimalText.MatchString(text) && errors.Is(err, errNoNumber) && len(text) < 10 {
				t.Errorf("%q: %v", text, err)
			}
		case float64:
			if v == v && v-v == 0 {
				t.Errorf("%q is the float64 %v", text, v)
			}
		case sqltype.Decimal:
			got, ok := new(big.Rat).SetString(string(v))
			want, wanted := new(big.Rat).SetString(text)
			if !decimalText.MatchString(text) || !ok || !wanted || got.Cmp(want) != 0 || !plainText.MatchString(string(v)) {
				t.Errorf("%q is %s", text, v)
			}
			if strings.HasPrefix(string(v), "-") && got.Sign() == 0 {
				t.Errorf("%q is %s", text, v)
			}
		}
	})
}
