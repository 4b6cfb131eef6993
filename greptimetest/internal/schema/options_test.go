package schema

import "testing"

func TestParseTTL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"7d": "7days", "1d": "1day", "forever": "forever", "instant": "instant", "90s": "1m 30s", "1h30m": "1h 30m", "2 weeks": "14days"} {
		if got, ok := parseTTL(text); !ok || got != want {
			t.Errorf("%s: %q %v, want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "soon", "7", "d", "-1d"} {
		if got, ok := parseTTL(text); ok {
			t.Errorf("%s: %q, want none", text, got)
		}
	}
}
