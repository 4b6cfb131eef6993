package engine

import "testing"

func TestLikeMatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{"read%", "readings", true}, {"%ing_", "readings", true}, {"read", "readings", false}, {"%", "", true}, {"_", "", false}, {"a%b%c", "aXbYbZc", true}, {"é_", "é1", true},
	} {
		if got := likeMatch(tt.pattern, tt.s); got != tt.want {
			t.Errorf("%s LIKE %s is %v", tt.s, tt.pattern, got)
		}
	}
}
