package dsn

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// AppendParam returns params with another key and its value, which it escapes.
func AppendParam(params, key, value string) string {
	if params != "" {
		params += "&"
	}
	return params + key + "=" + escape(value, "/:,=")
}

// EachParam calls set with each key and its value, unescaped. Each must be one of keys and may occur
// once. Errors name the key, those of set, too.
func EachParam(params string, keys []string, set func(key, value string) error) error {
	if params == "" {
		return nil
	}
	seen := make(map[string]bool)
	for pair := range strings.SplitSeq(params, "&") {
		key, text, _ := strings.Cut(pair, "=")
		switch {
		case key == "":
			return errors.New("a key is missing; write key=value pairs after the ?, with & between them")
		case !slices.Contains(keys, key):
			return errUnknownKey(key, keys)
		case seen[key]:
			return fmt.Errorf("duplicate key %s", key)
		case text == "":
			return fmt.Errorf("key %s has no value; write %s=… or omit the key", key, key)
		}
		seen[key] = true
		value, err := url.PathUnescape(text)
		if err != nil {
			return fmt.Errorf("%s: a %% is not followed by two hexadecimal digits; write %%25 for a percent sign", key)
		}
		if err := set(key, value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

// errUnknownKey returns an error that names the most similar known key, or all known keys if none
// is similar.
func errUnknownKey(key string, keys []string) error {
	const longest = 64
	if len(key) > longest {
		return errors.New("unknown key of more than 64 bytes; if a value contains & or =, write %26 or %3D")
	}
	nearest, distance := "", longest+1
	for _, known := range keys {
		if d := editDistance(key, known); d < distance {
			nearest, distance = known, d
		}
	}
	if distance <= max(2, len(key)/2) {
		return fmt.Errorf("unknown key %q; did you mean %s?", key, nearest)
	}
	return fmt.Errorf("unknown key %q; known keys are %s", key, strings.Join(keys, ", "))
}

// editDistance returns the number of bytes to insert, delete or replace to turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
