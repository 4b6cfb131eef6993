package dsn

import (
	"maps"
	"testing"
)

func TestHintsThatTheServerMisreadsAreRefused(t *testing.T) {
	t.Parallel()
	for _, hints := range []map[string]string{
		{"": "v"}, {"k": ""}, {"a=b": "v"}, {"a,b": "v"}, {"k": "a,b"}, {" k": "v"}, {"k": "v "}, {"k": "ü"}, {"k": "a\nb"},
	} {
		if CheckHints(hints) == nil {
			t.Errorf("%q is accepted, want an error", hints)
		}
	}
	for _, text := range []string{"ttl", "a=1,a=2"} {
		if hints, err := ParseHints(text); err == nil {
			t.Errorf("%s is read as %q, want an error", text, hints)
		}
	}
}

func FuzzHints(f *testing.F) {
	for _, text := range []string{"ttl=7d", "a=b,c=d=e", "a=,=b", " a=b", "a"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hints, err := ParseHints(text)
		if err != nil || CheckHints(hints) != nil {
			return
		}
		if again, err := ParseHints(FormatHints(hints)); err != nil || !maps.Equal(again, hints) {
			t.Errorf("%q is %q, written as %q and read as %q, error %v", text, hints, FormatHints(hints), again, err)
		}
	})
}
