package load

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

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
	halfEscape := regexp.MustCompile(`\\u[dD][89a-fA-F]`)
	for _, text := range []string{" { \"a\" : \"\\u00e9\xf3\xf3\" } ", `{"a":"\ud800"}`, `{"a":1,"b":[{"c":"}"}],"d\n":null}`, `{}`, ` { "a" : "\u00e9\"" } `, `{"a":1`, `[]`, `{"a":{}}x`, "\f{}"} {
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
		switch {
		case errors.Is(err, errUTF8) && !utf8.ValidString(text), errors.Is(err, errHalf) && halfEscape.MatchString(text):
			return // encoding/json replaces it
		case (err == nil) != (wantErr == nil):
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
		if wantErr != nil || want.Year() < 1678 || want.Year() > 2261 || strings.Contains(text, ",") || text[13] != ':' {
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

var decimalText = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// ratOf returns the number that a decimal text is, if it is one, and the distance by which
// its exponent moves the point. It does not compute numbers with long exponents.
func ratOf(text string) (r *big.Rat, exponent int, ok bool) {
	if !decimalText.MatchString(text) {
		return nil, 0, false
	}
	if _, power, has := strings.Cut(strings.ToLower(text), "e"); has {
		n, err := strconv.Atoi(power)
		if exponent = max(n, -n); err != nil || exponent > 1000 {
			return nil, math.MaxInt, true
		}
	}
	r, ok = new(big.Rat).SetString(text)
	return r, exponent, ok
}

// A decimal is exactly the number that the text is, or refused.
func FuzzDecimal(f *testing.F) {
	for _, text := range []string{"12.50", "-0.01e2", "1e-2", ".5", "5.", "+007", "1E38", "0." + strings.Repeat("0", 210) + "1e-3", "1." + strings.Repeat("0", 40)} {
		f.Add(text, uint8(5), uint8(2))
	}
	f.Fuzz(func(t *testing.T, text string, precision, scale uint8) {
		precision = 1 + precision%38
		scale %= precision + 1
		got, err := parseDecimal([]byte(text), int(precision), int(scale))
		want, exponent, ok := ratOf(text)
		if !ok || want == nil || exponent > 100 {
			if err == nil {
				t.Errorf("%q is read as %v", text, got)
			}
			return
		}
		power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
		unscaled := want.Mul(want, new(big.Rat).SetInt(power))
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(precision)), nil)
		fits := unscaled.IsInt() && unscaled.Num().CmpAbs(limit) < 0
		if (err == nil) != fits {
			t.Errorf("%q as DECIMAL(%d,%d): %v, %v", text, precision, scale, got, err)
		} else if fits && got.BigInt().Cmp(unscaled.Num()) != 0 {
			t.Errorf("%q as DECIMAL(%d,%d) is %s, want %s", text, precision, scale, got.BigInt(), unscaled.Num())
		}
	})
}

// A count since 1970 is exactly the number that the text is, or refused. A count that is itself
// beyond 64 bits is refused.
func FuzzCount(f *testing.F) {
	for _, text := range []string{"1700000000.5", "-0.000000001", "9223372036854775807", "9223372036854775.808", "-9223372036854775808", "922337203685477580.8", "0.", "."} {
		f.Add(text, uint8(0), uint8(3))
		f.Add(text, uint8(1), uint8(2))
	}
	f.Fuzz(func(t *testing.T, text string, of, in uint8) {
		from, to := arrow.TimeUnit(of%4), arrow.TimeUnit(in%4)
		if !isCount([]byte(text)) {
			return
		}
		got, err := count([]byte(text), from, to)
		want, _, ok := ratOf(text)
		if !ok || strings.HasPrefix(strings.TrimPrefix(text, "-"), ".") {
			if err == nil {
				t.Errorf("%q is read as %d", text, got)
			}
			return
		}
		if whole := new(big.Int).Quo(want.Num(), want.Denom()); !whole.IsInt64() {
			if err == nil {
				t.Errorf("%q is read as %d", text, got)
			}
			return
		}
		want.Mul(want, big.NewRat(int64(from.Multiplier()), int64(to.Multiplier())))
		if fits := want.IsInt() && want.Num().IsInt64(); (err == nil) != fits || fits && got != want.Num().Int64() {
			t.Errorf("%q of %s in %s: %d, %v, want %s", text, from, to, got, err, want)
		}
	})
}

// Sets of rows are read as they are written.
func FuzzRows(f *testing.F) {
	for _, text := range []string{"", "0", "5", "120000,140001-160000", "2-3,1-1", "3,4,9-12", "1-9223372036854775807"} {
		f.Add(text, int64(4))
	}
	f.Fuzz(func(t *testing.T, text string, row int64) {
		rows, err := ParseRows(text)
		if err != nil {
			return
		}
		end := int64(0)
		for i, r := range rows.runs {
			if r.start < end || r.start == end && i > 0 || r.end <= r.start {
				t.Fatalf("%q: %v", text, rows.runs)
			}
			end = r.end
		}
		again, err := ParseRows(rows.String())
		if err != nil || !slices.Equal(again.runs, rows.runs) || again.contains(row) != rows.contains(row) {
			t.Errorf("%q is %q, which is read as %v, %v", text, rows.String(), again.runs, err)
		}
	})
}

// Fields of TSV are read as PostgreSQL's COPY writes them.
func FuzzTSV(f *testing.F) {
	f.Add("a", "b\tc\n", `\N`, false)
	f.Add("", `\`, "\r", true)
	f.Fuzz(func(t *testing.T, a, b, c string, null bool) {
		want := []string{a, b, c}
		written := make([]string, len(want))
		for i, text := range want {
			written[i] = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`).Replace(text)
		}
		if null {
			written[1] = `\N`
		}
		fields, err := tsvFields([]byte(strings.Join(written, "\t")), nil)
		if err != nil || len(fields) != len(want) {
			t.Fatalf("%q: %d fields, %v", written, len(fields), err)
		}
		for i, got := range fields {
			if isNull := null && i == 1; got.null != isNull || !isNull && string(got.text) != want[i] {
				t.Errorf("%q, field %d: %q, NULL %v; want %q", written, i, got.text, got.null, want[i])
			}
		}
	})
}
