package column_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/jsonb"
)

// What a native insert takes as JSON is what a bulk load can make JSONB of.
func FuzzJSONIsWhatHasJSONB(f *testing.F) {
	for _, text := range []string{
		`{"a":[1,-1e400]}`, `1e308`, `2E308`, `-1e-400`, `{"1e400":"\"9e999\\"}`, `[1e5,"é"]`, "\"\xff\"", `[`, ``, `1e999 `, "[0.1e+309\n]", "{\"a\x9e\":[1,-1e400]}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if text == nil {
			text = []byte{}
		}
		var c column.Cell
		_, err := jsonb.AppendBinary(nil, text)
		if got := c.SetBytes(column.Of(column.JSON), text); (got == nil) != (err == nil) {
			t.Errorf("%q: %v, JSONB: %v", text, got, err)
		}
		isOut := err != nil && strings.Contains(err.Error(), "beyond the range of a float64")
		// Of what is not JSON for another reason the answer means nothing.
		if json.Valid(text) && (err == nil || isOut) && isOut != column.IsJSONOutOfRange(text) {
			t.Errorf("%q: out of range: %v, JSONB: %v", text, !isOut, err)
		}
		if got := c.SetString(column.Of(column.JSON), string(text)); (got == nil) != (err == nil) {
			t.Errorf("%q as text: %v, JSONB: %v", text, got, err)
		}
	})
}
