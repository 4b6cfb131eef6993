package dsn

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ParseHints reads k=v,k2=v2. It leaves the check of keys and values to CheckHints.
func ParseHints(text string) (map[string]string, error) {
	hints := make(map[string]string)
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not key=value; write hints=key=value,key2=value2", pair)
		}
		if _, twice := hints[key]; twice {
			return nil, fmt.Errorf("duplicate hint %q", key)
		}
		hints[key] = value
	}
	return hints, nil
}

// FormatHints returns the text that ParseHints reads, in the order of the keys. It is also the
// value of the x-greptime-hints header.
func FormatHints(hints map[string]string) string {
	pairs := make([]string, 0, len(hints))
	for _, key := range slices.Sorted(maps.Keys(hints)) {
		pairs = append(pairs, key+"="+hints[key])
	}
	return strings.Join(pairs, ",")
}

// CheckHints refuses hints that the server would read differently: it splits the header at commas
// and each pair at its first '=', and trims both parts. A header value must be printable ASCII.
func CheckHints(hints map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(hints)) {
		value := hints[key]
		switch {
		case !isHintText(key) || strings.Contains(key, "="):
			return fmt.Errorf("hint key %q: a key must not be empty, must be printable ASCII without ',' or '=', and must not begin or end with a space", key)
		case !isHintText(value):
			return fmt.Errorf("hint %s: value %q: a value must not be empty, must be printable ASCII without ',', and must not begin or end with a space", key, value)
		}
	}
	return nil
}

func isHintText(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' || text[i] == ',' {
			return false
		}
	}
	return text != "" && strings.Trim(text, " ") == text
}
