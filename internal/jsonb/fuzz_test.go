package jsonb

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/greptime-go/greptime/internal/test/captures"
)

// FuzzAppendText reads any bytes as JSONB. What it accepts is JSON text, which
// becomes JSONB that reads as the same value.
func FuzzAppendText(f *testing.F) {
	for _, value := range column(f, captures.DoGetByName("json_shapes"), "j") {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		text, err := AppendText(nil, value)
		if err != nil {
			return
		}
		if !json.Valid(text) || !utf8.Valid(text) {
			t.Fatalf("%x becomes %q", value, text)
		}
		if KindOf(value) != Binary {
			t.Errorf("%x is %v", value, KindOf(value))
		}
		canonical, err := AppendBinary(nil, text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		roundTrip(t, canonical)
	})
}

// FuzzAppendBinary reads any bytes as JSON text, with encoding/json as the judge.
func FuzzAppendBinary(f *testing.F) {
	for _, text := range column(f, captures.DoGetByName("json_to_string"), "s") {
		f.Add(text)
	}
	f.Add([]byte(`{"b":[1,-2.5e3,"\u00e9\ud83d\ude00\n"],"a":{"":null},"b":true}`))
	f.Add([]byte(`"\ud800"`))
	f.Add([]byte("[1e400]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		value, err := AppendBinary(nil, text)
		if ok := json.Valid(text) && utf8.Valid(text); (err == nil) != ok {
			var e *Error
			if ok && errors.As(err, &e) && e.Reason == "a number beyond the range of a float64" {
				return
			}
			t.Fatalf("%q: %v, encoding/json says %v", text, err, ok)
		}
		if err != nil {
			return
		}
		roundTrip(t, value)
		if bytes.Contains(text, []byte(`\u`)) {
			return // half a surrogate pair is another string for encoding/json
		}
		back, err := AppendText(nil, value)
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(back, &got); err != nil {
			t.Fatal(err)
		}
		wantText, _ := json.Marshal(want)
		gotText, _ := json.Marshal(got)
		if !bytes.Equal(wantText, gotText) && !bytes.Contains(text, []byte("-0")) {
			t.Errorf("%s comes back as %s", wantText, gotText)
		}
	})
}

// roundTrip checks that canonical JSONB stays the same over its text.
func roundTrip(t *testing.T, canonical []byte) {
	t.Helper()
	text, err := AppendText(nil, canonical)
	if err != nil {
		t.Fatalf("%x: %v", canonical, err)
	}
	again, err := AppendBinary(nil, text)
	if err != nil || !bytes.Equal(again, canonical) {
		t.Fatalf("%x reads as %s, which becomes %x, %v", canonical, text, again, err)
	}
}
