package stdio

import (
	"strings"

	"github.com/greptime-go/greptime/cmd/greptime/internal/visible"
)

// ErrorText returns the text of an error without the name that the driver begins its errors
// with, because the program has the same name. Control characters in it, which may come from
// a server or a file, are escapes and cannot reach the terminal.
func ErrorText(err error) string {
	return visible.Text(strings.ReplaceAll(strings.TrimPrefix(err.Error(), "greptime: "), ": greptime: ", ": "))
}
