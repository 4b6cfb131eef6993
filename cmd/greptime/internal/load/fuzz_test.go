package load

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// What encoding/csv reads is read the same.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{"a,b\n1,2\n", "\"a\nb\",\"c\"\"d\"\n", ",\n\n\"\",x", "a\"b,c\n", "\"a\"b\n", "\"open"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := splitter{r: strings.NewReader(text), comma: ','}
		split := csvFields(',')
		var got [][]string
		for {
			c, err := s.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return
			}
			begin := 0
			for _, end := range c.ends {
				fields, err := split(bytes.TrimRight(c.text[begin:end], "\r\n"), nil)
				begin = end
				var row []string
				for _, field := range fields {
					row = append(row, string(field.text))
				}
				if err != nil {
					row = nil
				}
				got = append(got, row)
			}
		}
		if strings.ContainsRune(text, '\r') || strings.HasPrefix(text, "\xef\xbb\xbf") || strings.HasPrefix(text, "\xff\xfe") {
			return
		}
		reader := csv.NewReader(strings.NewReader(text))
		reader.FieldsPerRecord = -1
		want, err := reader.ReadAll()
		if err != nil {
			return
		}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	})
}

// What encoding/json reads is read the same.
func FuzzObject(f *testing.F) {
	for _, text := range []string{`{"a":1,"b":[{"c":"}"}],"d\n":null}`, `{}`, ` { "a" : "\u00e9\"" } `, `{"a":1`, `[]`, `{"a":{}}x`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := map[string]json.RawMessage{}
		err := eachMember([]byte(text), func(key string, value []byte) error {
			got[strings.Clone(key)] = bytes.Clone(value)
			_, err := fieldOf(value)
			return err
		})
		var want map[string]json.RawMessage
		wantErr := json.Unmarshal([]byte(text), &want)
		if wantErr == nil && want == nil {
			return // null
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, encoding/json: %v", text, err, wantErr)
		}
		if err != nil {
			return
		}
		for key, value := range want {
			if have, ok := got[key]; !ok && !strings.ContainsRune(key, '\ufffd') || ok && !bytes.Equal(have, value) {
				t.Errorf("%q: %q is %s, want %s", text, key, have, value)
			}
		}
	})
}

// Times of RFC 3339 are those of package time, and no text is too much.
func FuzzTime(f *testing.F) {
	for _, text := range []string{"2024-01-01T00:00:00Z", "2024-02-29 23:59:59.999999999+08:00", "1700000000.5", "-1", "12345-01-01", "2024-01-01"} {
		f.Add(text)
	}
	p := &timeParser{zone: time.UTC, counts: arrow.Second}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := p.timestamp([]byte(text), arrow.Nanosecond)
		_, _ = p.date([]byte(text))
		want, wantErr := time.Parse(time.RFC3339, text)
		if wantErr != nil || want.Year() < 1678 || want.Year() > 2261 || strings.Contains(text, ",") {
			return
		}
		if err != nil || got != want.UnixNano() {
			_, fraction, _ := strings.Cut(text, ".")
			if digits := strings.TrimLeft(fraction, "0123456789"); len(fraction)-len(digits) > 9 {
				return // finer than a nanosecond
			}
			if _, offset := want.Zone(); offset > 18*3600 || offset < -18*3600 {
				return // of no place on Earth
			}
			t.Errorf("%q: %d, %v; want %d", text, got, err, want.UnixNano())
		}
	})
}
