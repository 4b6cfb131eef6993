package column

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Error reports that a column of some type cannot store a Go value.
type Error struct {
	Type   Type
	Value  any // a copy; nil if its type cannot be copied
	Reason string
}

// Error returns a text with the value, the types and the reason.
func (e *Error) Error() string {
	if e.Value == nil {
		return fmt.Sprintf("not a value for %s: %s", e.Type, e.Reason)
	}
	return fmt.Sprintf("%s (%s) is not a value for %s: %s", show(e.Value), typeName(e.Value), e.Type, e.Reason)
}

// refuse returns an Error with a copy of the value. It is generic and not inlined, so
// that the value is boxed here and only if there is an error.
//
//go:noinline
func refuse[T any](t Type, v T, reason string) error {
	return &Error{Type: t, Value: v, Reason: reason}
}

// Refuse returns an error for a value of a type that has no Set method.
func Refuse(t Type, goType, reason string) error {
	return &Error{Type: t, Reason: "a " + goType + ": " + reason}
}

// typeName returns the name of the type of v. It names a type of package sqltype by its alias
// in the root package, as the advice in errors does.
func typeName(v any) string {
	name := fmt.Sprintf("%T", v)
	if alias, ok := strings.CutPrefix(name, "sqltype."); ok {
		return "greptime." + alias
	}
	return name
}

// show returns a value for an error message, without the end of a long one.
func show(v any) string {
	const longest = 48
	switch v := v.(type) {
	case string:
		if len(v) > longest {
			return strconv.Quote(v[:longest]) + "…"
		}
		return strconv.Quote(v)
	case []byte:
		if len(v) > longest/2 {
			return "0x" + hex.EncodeToString(v[:longest/2]) + "…"
		}
		return "0x" + hex.EncodeToString(v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	}
	text := fmt.Sprint(v)
	if len(text) > longest {
		return text[:longest] + "…"
	}
	return text
}
