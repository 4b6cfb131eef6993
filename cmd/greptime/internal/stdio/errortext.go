package stdio

import (
	"fmt"
	"strings"
	"unicode"
)

// ErrorText returns the text of an error without the name that the driver begins its errors
// with, because the program has the same name. Control characters in it, which may come from
// a server or a file, are escapes and cannot reach the terminal.
func ErrorText(err error) string {
	text := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "greptime: "), ": greptime: ", ": ")
	isUnsafe := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	if !strings.ContainsFunc(text, isUnsafe) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if isUnsafe(r) {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
