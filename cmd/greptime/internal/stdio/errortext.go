package stdio

import "strings"

// ErrorText returns the text of an error without the name that the driver begins its errors
// with, because the program has the same name.
func ErrorText(err error) string {
	return strings.ReplaceAll(strings.TrimPrefix(err.Error(), "greptime: "), ": greptime: ", ": ")
}
