package sqltype

import (
	"math"
	"strings"
	"testing"
)

func TestDecimalKeepsEveryDigit(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"0", "-0", "1.50", "-0.00001", "007", "99999999999999999999999999999999999999",
		"-0." + strings.Repeat("0", 37) + "1", strings.Repeat("9", 100),
	} {
		checkText(t, Decimal(text), text)
	}
}

func TestDecimalRefusesOtherText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "-", "+1", "--1", ".5", "5.", ".", "-.", "1e2", "1.5e-3", "NaN", "Infinity", "0x1", "1_000", "1,5", " 1", "1 ", "1.2.3", "1.-2", "१"} {
		checkTextRefused(t, Decimal("7"), text, "is not a decimal number")
		if got, err := Decimal(text).Value(); err == nil {
			t.Errorf("%q as an argument is %v, want an error", text, got)
		}
		if got, err := Decimal(text).MarshalText(); err == nil {
			t.Errorf("%q as text is %s, want an error", text, got)
		}
	}
}

func TestDecimalScansIntegersAndNoFloats(t *testing.T) {
	t.Parallel()
	var d Decimal
	if err := d.Scan(int64(math.MinInt64)); err != nil || d != "-9223372036854775808" {
		t.Errorf("integer is %v, error %v", d, err)
	}
	if err := d.Scan(uint64(math.MaxUint64)); err != nil || d != "18446744073709551615" {
		t.Errorf("BIGINT UNSIGNED is %v, error %v", d, err)
	}
	if err := d.Scan(1.5); err == nil {
		t.Errorf("float64 is %v, want an error", d)
	}
}

func FuzzParseDecimal(f *testing.F) {
	for _, text := range []string{"0", "-12.50", "1e2", ".5", "5."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := ParseDecimal(text)
		if err != nil {
			return
		}
		checkText(t, value, text)
	})
}
