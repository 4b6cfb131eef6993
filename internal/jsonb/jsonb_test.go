package jsonb

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/internal/test/race"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value string
		want  Kind
	}{
		{"", Unknown},
		{" ", Text}, {"  1", Text}, {" \x00\x00", Text}, {" \x00\x00\x00", Binary},
		{"{}", Text}, {"[]", Text}, {`"`, Text}, {"-1", Text}, {"0", Text}, {"9", Text},
		{"true", Text}, {"false", Text}, {"null", Text}, {"\t1", Text}, {"\n1", Text}, {"\r1", Text},
		{"@\x00\x00\x00", Binary}, {"A\x00\x00\x00", Binary}, {"_", Binary},
		{"\x80\x00\x00\x00", Binary}, {"\x9f", Binary},
		{"\x01\x02\x03", Unknown}, {"x", Unknown}, {"+1", Unknown}, {"\xa0", Unknown}, {"\xff", Unknown}, {"!", Unknown}, {"\ufeff1", Unknown},
	} {
		if got := KindOf([]byte(tt.value)); got != tt.want {
			t.Errorf("%q is %v, want %v", tt.value, got, tt.want)
		}
	}
}

func TestTextBothWays(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	for _, tt := range []struct{ text, back string }{ // back is the text that comes back
		{"null", "null"}, {" true ", "true"}, {"\t\r\nfalse", "false"},
		{"0", "0"}, {"-0", "0"}, {"-0.0", "-0.0"}, {"0e0", "0.0"}, {"1e2", "100.0"}, {"1E+2", "100.0"}, {"1.50", "1.5"},
		{"127", "127"}, {"128", "128"}, {"-128", "-128"}, {"-129", "-129"}, {"255", "255"}, {"256", "256"},
		{"-32768", "-32768"}, {"-32769", "-32769"}, {"65535", "65535"}, {"65536", "65536"},
		{"4294967295", "4294967295"}, {"4294967296", "4294967296"}, {"-2147483648", "-2147483648"}, {"-2147483649", "-2147483649"},
		{"9223372036854775807", "9223372036854775807"}, {"-9223372036854775808", "-9223372036854775808"},
		{"18446744073709551615", "18446744073709551615"},
		{"18446744073709551616", "1.8446744073709552e19"}, {"-9223372036854775809", "-9.223372036854776e18"},
		{"123456789012345678901234567890", "1.2345678901234568e29"},
		{"0.00001", "0.00001"}, {"0.000001", "1e-6"}, {"1e15", "1000000000000000.0"}, {"1e16", "1e16"}, {"1.7976931348623157e308", "1.7976931348623157e308"},
		{"5e-324", "5e-324"}, {"1e-400", "0.0"}, {"-1.5e-10", "-1.5e-10"}, {"1e100", "1e100"},
		{`""`, `""`}, {`"a\/b"`, `"a/b"`}, {`"\"\\\b\f\n\r\t"`, `"\"\\\b\f\n\r\t"`}, {`"\u0000\u001F\u007f"`, `"\u0000\u001f` + "\x7f" + `"`},
		{`"\u00e9é\ud83d\ude00😀"`, `"éé😀😀"`}, {`"<>&"`, `"<>&"`}, {`"\u2028"`, "\"\u2028\""},
		{`"\ud800"`, `"\\ud800"`}, {`"\uDC00x"`, `"\\uDC00x"`}, {`"\ud800\ud800\udc00"`, `"\\ud800𐀀"`}, {`"\ud800\u0041"`, `"\\ud800A"`}, {`"\ud83d\n"`, `"\\ud83d\n"`},
		{"[]", "[]"}, {"[ ]", "[]"}, {"[1,[2,[3]],{}]", "[1,[2,[3]],{}]"}, {`[ null , "x" , 1.0 ]`, `[null,"x",1.0]`},
		{"{}", "{}"}, {`{"b":1,"a":2}`, `{"a":2,"b":1}`}, {`{"a":1,"a":2,"a":3}`, `{"a":3}`}, {`{"b":1,"\u0061":2,"a":3,"b":[{"d":0,"c":0}]}`, `{"a":3,"b":[{"c":0,"d":0}]}`},
		{`{"z":{"y":1,"x":{"":[]}},"é":"\n","Z":null}`, `{"Z":null,"z":{"x":{"":[]},"y":1},"é":"\n"}`},
		{`{"ab":1,"a":2,"":3,"b":4}`, `{"":3,"a":2,"ab":1,"b":4}`},
		{deep, deep},
	} {
		value, err := AppendBinary([]byte("kept"), []byte(tt.text))
		if err != nil || string(value[:4]) != "kept" {
			t.Errorf("%.60s: %v", tt.text, err)
			continue
		}
		back, err := AppendText([]byte("kept"), value[4:])
		if err != nil || string(back) != "kept"+tt.back {
			t.Errorf("%.60s: %.60s, want %.60s, %v", tt.text, back[4:], tt.back, err)
		}
		again, err := AppendBinary(nil, []byte(tt.back))
		if err != nil || !bytes.Equal(again, value[4:]) {
			t.Errorf("%.60s: %x, then %x, %v", tt.text, value[4:], again, err)
		}
	}
}

func TestInvalidText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text   string
		offset int
		reason string
	}{
		{"", 0, "expected a value, found the end"},
		{"  ", 2, "expected a value, found the end"},
		{"x", 0, `expected a value, found 'x'`},
		{"NaN", 0, `expected a value, found 'N'`},
		{"nul", 3, `expected "null", found the end`},
		{"trUe", 2, `expected "true", found 'U'`},
		{"1 2", 2, `expected the end, found '2'`},
		{"{bad", 1, `expected the name of a member, found 'b'`},
		{`{"a"}`, 4, `expected ':', found '}'`},
		{`{"a":1,}`, 7, `expected the name of a member, found '}'`},
		{`{"a":1 "b":2}`, 7, `expected ',' or '}', found '"'`},
		{`{"a":`, 5, "expected a value, found the end"},
		{"[1,]", 3, `expected a value, found ']'`},
		{"[1 2]", 3, `expected ',' or ']', found '2'`},
		{"[,1]", 1, `expected a value, found ','`},
		{"[1}", 2, `expected ',' or ']', found '}'`},
		{"01", 1, `expected the end, found '1'`},
		{"-", 1, "expected a digit, found the end"},
		{"+1", 0, `expected a value, found '+'`},
		{"1.", 2, "expected a digit, found the end"},
		{".5", 0, `expected a value, found '.'`},
		{"1e", 2, "expected a digit, found the end"},
		{"1e+x", 3, `expected a digit, found 'x'`},
		{"[1e400]", 1, "a number beyond the range of a float64"},
		{"-1e400", 0, "a number beyond the range of a float64"},
		{`"`, 1, `expected '"', found the end`},
		{`"\`, 1, `expected an escape sequence, found '\\'`},
		{`"\x"`, 1, `expected an escape sequence, found '\\'`},
		{`"ab\u12g4"`, 3, `expected \u and four hexadecimal digits, found '\\'`},
		{`"\u123`, 1, `expected \u and four hexadecimal digits, found '\\'`},
		{`"\n`, 3, `expected '"', found the end`},
		{"\"a\nb\"", 2, `expected an escape sequence for a control character, found '\n'`},
		{"\"\\n\x00\"", 3, `expected an escape sequence for a control character, found '\x00'`},
		{"\"\xff\"", 0, "a string that is not UTF-8"},
		{"[\"\\n\xed\xa0\x80\"]", 1, "a string that is not UTF-8"},
		{"'a'", 0, `expected a value, found '\''`},
		{"\f1", 0, `expected a value, found '\f'`},
		{"[世]", 1, `expected a value, found '世'`},
		{"1\x00", 1, `expected the end, found '\x00'`},
		{strings.Repeat("[", MaxDepth+1), MaxDepth, "nested deeper than 10000"},
		{strings.Repeat(`{"":`, MaxDepth+1), 4 * MaxDepth, "nested deeper than 10000"},
	} {
		dst := []byte("kept")
		got, err := AppendBinary(dst, []byte(tt.text))
		var e *Error
		if !errors.As(err, &e) || e.Kind != Text || e.Offset != tt.offset || e.Reason != tt.reason {
			t.Errorf("%.40q: %v; want offset %d, %s", tt.text, err, tt.offset, tt.reason)
		}
		if string(got) != "kept" {
			t.Errorf("%.40q: dst became %q", tt.text, got)
		}
	}
}

func TestInvalidBinary(t *testing.T) {
	t.Parallel()
	deep := bytes.Repeat([]byte{0x80, 0, 0, 0}, 1)
	for range MaxDepth + 1 {
		entry := uint32(entryContainer | len(deep))
		deep = append([]byte{0x80, 0, 0, 1, byte(entry >> 24), byte(entry >> 16), byte(entry >> 8), byte(entry)}, deep...)
	}
	for _, tt := range []struct {
		name   string
		value  []byte
		offset int
	}{
		{"empty", nil, 0},
		{"no header", unhex(t, "200000"), 0},
		{"unknown header", unhex(t, "00000000 00000000"), 0},
		{"scalar without entry", unhex(t, "20000000"), 0},
		{"scalar with a count", unhex(t, "20000001 40000000"), 0},
		{"scalar that is a container", unhex(t, "20000000 50000004 80000000"), 4},
		{"scalar in an array", unhex(t, "80000001 50000008 20000000 40000000"), 8},
		{"bytes behind a scalar", unhex(t, "20000000 40000000 00"), 8},
		{"bytes behind an array", unhex(t, "80000000 00"), 4},
		{"bytes behind an object", unhex(t, "40000000 00"), 4},
		{"more elements than bytes", unhex(t, "80000002 40000000"), 0},
		{"2^29-1 elements", unhex(t, "9fffffff 40000000"), 0},
		{"2^29-1 members", unhex(t, "5fffffff 40000000"), 0},
		{"more members than bytes", unhex(t, "40000001 10000000"), 0},
		{"name that is no string", unhex(t, "40000001 40000000 40000000"), 4},
		{"name beyond the end", unhex(t, "40000001 10000001 40000000"), 4},
		{"value beyond the end", unhex(t, "40000001 10000001 10000001 61"), 8},
		{"string beyond the end", unhex(t, "20000000 10000002 61"), 4},
		{"string that is not UTF-8", unhex(t, "20000000 10000001 ff"), 8},
		{"null with a payload", unhex(t, "20000000 00000001 00"), 4},
		{"true with a payload", unhex(t, "20000000 40000001 00"), 4},
		{"unknown entry", unhex(t, "20000000 60000000"), 4},
		{"entry with the highest bit", unhex(t, "20000000 c0000000"), 4},
		{"number without payload", unhex(t, "20000000 20000000"), 8},
		{"unknown number", unhex(t, "20000000 20000001 70"), 8},
		{"zero with digits", unhex(t, "20000000 20000002 0000"), 8},
		{"int of 3 bytes", unhex(t, "20000000 20000004 40000000"), 8},
		{"uint of no bytes", unhex(t, "20000000 20000001 50"), 8},
		{"float of 4 bytes", unhex(t, "20000000 20000005 60 00000000"), 8},
		{"container of 3 bytes", unhex(t, "80000001 50000003 800000"), 8},
		{"nested too deep", deep, 8 * (MaxDepth + 1)},
	} {
		got, err := AppendText([]byte("kept"), tt.value)
		var e *Error
		if !errors.As(err, &e) || e.Kind != Binary || e.Offset != tt.offset || string(got) != "kept" {
			t.Errorf("%s: %q, %v; want offset %d", tt.name, got, err, tt.offset)
		}
	}
}

func TestNumbersWithoutJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ value, text string }{
		{"20000000 20000001 10", "null"},                                             // NaN
		{"80000002 20000001 20000001 20 30", "[null,null]"},                          // ±Inf
		{"20000000 20000009 60 7ff8000000000000", "null"},                            // NaN as a float
		{"20000000 20000002 40 05", "5"},                                             // signed, not negative
		{"20000000 20000009 40 ffffffffffffffff", "-1"},                              // longer than it needs to be
		{"40000002 10000001 10000001 00000000 00000000 6261", `{"b":null,"a":null}`}, // names as stored
	} {
		if got, err := AppendText(nil, unhex(t, tt.value)); err != nil || string(got) != tt.text {
			t.Errorf("%s: %s, %v; want %s", tt.value, got, err, tt.text)
		}
	}
}

func TestAppendStored(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		stored, want string
		fails        bool
	}{
		{" { \"a\" : 1 } ", " { \"a\" : 1 } ", false},
		{"[1e400]", "[1e400]", false}, // it was text, and stays it
		{string(unhex(t, "20000000 40000000")), "true", false},
		{"", "", true}, {"\x01\x02\x03", "", true}, {"{bad", "", true}, {"\"\xff\"", "", true},
		{string(unhex(t, "40000001")), "", true},
	} {
		got, err := AppendStored([]byte("kept"), []byte(tt.stored))
		if (err != nil) != tt.fails || string(got) != "kept"+tt.want {
			t.Errorf("%q: %q, %v", tt.stored, got, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "jsonb: ") {
			t.Errorf("%q: %v", tt.stored, err)
		}
	}
}

func TestFloatsComeBackExactly(t *testing.T) {
	t.Parallel()
	check := func(f float64) {
		text := appendFloat(nil, f)
		got, err := strconv.ParseFloat(string(text), 64)
		if err != nil || math.Float64bits(got) != math.Float64bits(f) || !json.Valid(text) || !bytes.ContainsAny(text, ".e") {
			t.Errorf("%x becomes %s", math.Float64bits(f), text)
		}
	}
	for e := -324; e <= 308; e++ {
		for _, digits := range []string{"1", "-2", "1.2345678901234567", "9.999999999999999"} {
			f, err := strconv.ParseFloat(digits+"e"+strconv.Itoa(e), 64)
			if err == nil && f != 0 {
				check(f)
				check(math.Nextafter(f, math.Inf(1)))
			}
		}
	}
	check(0)
	check(math.Copysign(0, -1))
	check(math.MaxFloat64)
}

// TestTimeIsLinear takes a second. It would take a minute if a nested object were copied
// once for every level, or a name compared with all others.
func TestTimeIsLinear(t *testing.T) {
	if race.Enabled {
		t.Skip("of the time, the race detector takes most")
	}
	t.Parallel()
	depth := MaxDepth - 1
	nested := strings.Repeat(`{"b":0,"a":`, depth) + `"` + strings.Repeat("x", 8<<20) + `"` + strings.Repeat("}", depth)
	var wide, same bytes.Buffer
	for i := range 200_000 {
		wide.WriteString(`,"` + strconv.Itoa(i*7919%200_000) + `":null`)
		same.WriteString(`,"a":null`)
	}
	start := time.Now()
	for name, text := range map[string][]byte{
		"nested": []byte(nested),
		"wide":   append(append([]byte("{"), wide.Bytes()[1:]...), '}'),
		"same":   append(append([]byte("{"), same.Bytes()[1:]...), '}'),
	} {
		value, err := AppendBinary(nil, text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := AppendText(nil, value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := time.Since(start); d > 30*time.Second {
			t.Errorf("%s: %v since the start", name, d)
		}
	}
}

func TestSmallValuesNeedNoMemory(t *testing.T) {
	if race.Enabled {
		t.Skip("sync.Pool drops items at random under the race detector")
	}
	text := []byte(`{"device":"d-17","ok":true,"readings":[1.5,2,-3e10],"name":"caf\u00e9"}`)
	value, err := AppendBinary(nil, text)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 0, 1024)
	for name, f := range map[string]func() error{
		"AppendText":   func() error { _, err := AppendText(buf, value); return err },
		"AppendStored": func() error { _, err := AppendStored(buf, value); return err },
		"AppendBinary": func() error { _, err := AppendBinary(buf, text); return err },
	} {
		if n := testing.AllocsPerRun(100, func() { _ = f() }); n > 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
