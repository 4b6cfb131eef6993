// Package highlight colours SQL.
package highlight

import (
	"strings"

	"github.com/greptime-go/greptime/cmd/greptime/internal/complete"
	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
)

const plain = "\x1b[0m"

// SQL returns text, which must be UTF-8, with colours, which are all that it adds.
func SQL(text string) string {
	var b strings.Builder
	end := 0
	for t := range script.Tokens(text) {
		b.WriteString(text[end:t.Start])
		end = t.End
		token := t.Text(text)
		color := colorOf(t, token, text[t.End:])
		if color == "" {
			b.WriteString(token)
			continue
		}
		for i, line := range strings.Split(token, "\n") { // a line editor may draw each line by itself
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(color + line + plain)
		}
	}
	b.WriteString(text[end:])
	return b.String()
}

func colorOf(t script.Token, token, rest string) string {
	switch t.Kind {
	case script.String:
		return "\x1b[32m" // green
	case script.Number:
		return "\x1b[36m" // cyan
	case script.Comment:
		return "\x1b[2m" // faint
	case script.Word:
		switch {
		case complete.IsKeyword(token):
			return "\x1b[1;34m" // bold blue
		case strings.HasPrefix(rest, "("):
			return "\x1b[35m" // magenta
		}
	}
	return ""
}
