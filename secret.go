package greptime

import (
	"encoding"
	"fmt"
	"io"
	"log/slog"
)

// Secret is a text that is not printed, such as a Config's password. Packages fmt and
// log/slog and encoders write *** in its place, even if the Secret is deep within another
// value and its methods are not called. The zero Secret holds no text.
type Secret struct {
	text *string // package fmt does not follow pointers within a value
}

var (
	_ fmt.Formatter            = Secret{}
	_ fmt.Stringer             = Secret{}
	_ fmt.GoStringer           = Secret{}
	_ slog.LogValuer           = Secret{}
	_ encoding.TextMarshaler   = Secret{}
	_ encoding.TextUnmarshaler = (*Secret)(nil)
)

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether s holds no text.
func (s Secret) IsZero() bool { return s.text == nil }

// String returns ***, or nothing for the zero Secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return "***"
}

// GoString returns what String does, so that %#v does not print the text.
func (s Secret) GoString() string { return fmt.Sprintf("greptime.Secret(%q)", s.String()) }

// Format writes String for every verb and flag, and GoString for %#v.
func (s Secret) Format(state fmt.State, verb rune) {
	if verb == 'v' && state.Flag('#') {
		io.WriteString(state, s.GoString())
		return
	}
	io.WriteString(state, s.String())
}

// LogValue returns String for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns String, for encoders such as encoding/json.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets the text, for decoders of configuration files.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
