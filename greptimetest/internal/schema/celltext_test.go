package schema

import "testing"

func TestFloatText(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{1: "1.0", 1e16: "1e16", 1.5e-6: "1.5e-6", 0.00001: "0.00001", -2.25: "-2.25", 123456789012345680: "1.2345678901234568e17"} {
		if got := FloatText(f, 64); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}
