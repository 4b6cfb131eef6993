package dsn

import "testing"

func TestEditDistance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "abc", 0}, {"", "abc", 3}, {"abc", "", 3},
		{"timezon", "timezone", 1}, {"tsl", "tls", 2}, {"kitten", "sitting", 3},
	} {
		if got := editDistance(test.a, test.b); got != test.want {
			t.Errorf("from %q to %q are %d edits, want %d", test.a, test.b, got, test.want)
		}
	}
}
