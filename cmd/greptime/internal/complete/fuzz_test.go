package complete

import (
	"strings"
	"testing"

	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
)

// A candidate in place of what is there is one token, which is read as the candidate's name.
func FuzzComplete(f *testing.F) {
	for _, text := range []string{"", "SELECT te", `SELECT * FROM "M`, "DESC w", "SELECT cpu.", "USE ", "SELECT 1; SELECT * FROM cpu c WHERE c.u", "SELECT 'te", `"Mixed Case".`, "-- a", "SELECT `c", "SELECT 1"} {
		f.Add(text, "")
		f.Add(text, " FROM cpu")
	}
	f.Fuzz(func(t *testing.T, text, after string) {
		prefix, candidates := catalog.Complete(text+after, len(text))
		before, ok := strings.CutSuffix(text, prefix)
		if !ok {
			t.Fatalf("%q does not end with %q", text, prefix)
		}
		for _, c := range candidates {
			completed := before + c.Text
			var last script.Token
			for token := range script.Tokens(completed) {
				if last = token; token.End > len(before) {
					break
				}
			}
			if c.Group != Functions && (last.Start != len(before) || last.End != len(completed) || last.Value(completed) != c.Name) {
				t.Errorf("%q: %+v is read as %q", text, c, last.Value(completed))
			}
		}
	})
}
