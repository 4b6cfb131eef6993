package load

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/greptime-go/greptime/internal/test/race"
)

// rowsOfText returns the rows of a text, with | between fields, "quoted" in quotes and NULL.
func rowsOfText(t testing.TB, r io.Reader, comma byte, split splitFields) ([]string, []int64, error) {
	t.Helper()
	s := splitter{r: r, comma: comma}
	var rows []string
	var lines []int64
	for {
		c, err := s.next()
		if err == io.EOF {
			return rows, lines, nil
		}
		if err != nil {
			return rows, lines, err
		}
		begin := 0
		for _, end := range c.ends {
			lines = append(lines, c.line+int64(bytes.Count(c.text[:begin], []byte("\n"))))
			fields, err := split(bytes.TrimRight(c.text[begin:end], "\r\n"), nil)
			begin = end
			if err != nil {
				rows = append(rows, "error: "+err.Error())
				continue
			}
			var texts []string
			for _, f := range fields {
				switch {
				case f.null:
					texts = append(texts, "NULL")
				case f.quoted:
					texts = append(texts, fmt.Sprintf("%q", f.text))
				default:
					texts = append(texts, string(f.text))
				}
			}
			rows = append(rows, strings.Join(texts, "|"))
		}
	}
}

func TestRowsOfCSV(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		rows  []string
		lines []int64
	}{
		{"", nil, nil},
		{"a,b\n1,2\n", []string{"a|b", "1|2"}, []int64{1, 2}},
		{"a,b\r\n1,2", []string{"a|b", "1|2"}, []int64{1, 2}},
		{"\n\na\n\n\nb\n\n", []string{"a", "b"}, []int64{3, 6}},
		{"\r\na\r\n", []string{"a"}, []int64{2}},
		{`"a","b,c","d""e",""` + "\n", []string{`"a"|"b,c"|"d\"e"|""`}, []int64{1}},
		{"\"a\nb\",c\nd,e\n", []string{`"a\nb"|c`, "d|e"}, []int64{1, 3}},
		{"\"a\r\n\r\nb\"\nc", []string{`"a\r\n\r\nb"`, "c"}, []int64{1, 4}},
		{"5\" pipe,x\n6,y\n", []string{`5" pipe|x`, "6|y"}, []int64{1, 2}},
		{"a,\"b\"c\nd,e\n", []string{"error: field 2: text follows the closing quote; double the quotes within a field", "d|e"}, []int64{1, 2}},
		{"a,\"b\nc,d\n", []string{"error: field 2: the quote is not closed"}, []int64{1}},
		{",\n,,\n", []string{"|", "||"}, []int64{1, 2}},
		{"\xef\xbb\xbfa\n", []string{"a"}, []int64{1}},
	} {
		for name, r := range map[string]io.Reader{"at once": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text))} {
			rows, lines, err := rowsOfText(t, r, ',', csvFields(','))
			if err != nil || fmt.Sprint(rows) != fmt.Sprint(c.rows) || fmt.Sprint(lines) != fmt.Sprint(c.lines) {
				t.Errorf("%q %s: %q of lines %d, %v; want %q of %d", c.text, name, rows, lines, err, c.rows, c.lines)
			}
		}
	}
}

// Rows are the same wherever the text is cut into chunks.
func TestRowsAcrossChunks(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	var want []string
	random := rand.New(rand.NewPCG(1, 2))
	for text.Len() < 3*chunkSize {
		row := fmt.Sprint(len(want))
		text.WriteString(row + ",\"")
		n := random.IntN(200)
		field := strings.Repeat("x\n,\"", n)
		text.WriteString(strings.ReplaceAll(field, `"`, `""`) + "\"\n")
		want = append(want, fmt.Sprintf("%s|%q", row, field))
	}
	rows, lines, err := rowsOfText(t, strings.NewReader(text.String()), ',', csvFields(','))
	if err != nil || len(rows) != len(want) || strings.Join(rows, "\n") != strings.Join(want, "\n") {
		t.Errorf("%d rows, %v; want %d", len(rows), err, len(want))
	}
	all := text.String()
	for i, line := range lines {
		if i%100 == 0 && !strings.HasPrefix(strings.SplitN(all, "\n", int(line)+1)[line-1], fmt.Sprint(i)+",") {
			t.Fatalf("row %d is not in line %d", i, line)
		}
	}
}

func TestRowsThatAreTooLong(t *testing.T) {
	if race.Enabled {
		t.Skip("takes long under the race detector")
	}
	t.Parallel()
	text := "a\n\"" + strings.Repeat("x", 10) + "\n"
	endless := io.MultiReader(strings.NewReader(text), repeat('x'))
	_, _, err := rowsOfText(t, endless, ',', csvFields(','))
	if err == nil || !strings.Contains(err.Error(), "line 2: the row is longer than 64 MiB; is a quote not closed") {
		t.Errorf("%v", err)
	}
	if _, _, err := rowsOfText(t, strings.NewReader("\xff\xfea\x00"), ',', csvFields(',')); err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Errorf("UTF-16: %v", err)
	}
}

// repeat is a line without an end.
type repeat byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

func TestRowsOfTSV(t *testing.T) {
	t.Parallel()
	text := "a\t\"b\\tc\\n\t\\\\\t\\N\t\nx\\Ny\\q\\\n"
	rows, _, err := rowsOfText(t, strings.NewReader(text), 0, tsvFields)
	want := []string{`a|"\"b\tc\n"|"\\"|NULL|`, `"xNyq\\"`}
	if err != nil || strings.Join(rows, "#") != strings.Join(want, "#") {
		t.Errorf("%q, %v; want %q", rows, err, want)
	}
}

func TestRowsOfObjects(t *testing.T) {
	t.Parallel()
	split := objectFields(map[string]int{"a": 0, "b\n": 1}, 2, false)
	for text, want := range map[string]string{
		`{"a":1,"b\n":"x"}`:             `"1"|"x"`,
		` { "b\u000a" : "\"é\\" } `:     `NULL|"\"é\\"`,
		`{}`:                            "NULL|NULL",
		`{"a":null}`:                    "NULL|NULL",
		`{"a":{"x":[1,{"y":"}"}]}}`:     `"{\"x\":[1,{\"y\":\"}\"}]}"|NULL`,
		`{"a":[],"b\n":true}`:           `"[]"|"true"`,
		`{"a":-1.5e3 ,"b\n":false}`:     `"-1.5e3"|"false"`,
		`{"a":1,"a":2}`:                 `"2"|NULL`,
		`{"c":1}`:                       `error: the key "c" is not a column; name the keys to import by --columns, or add the column to the table`,
		`[1]`:                           `error: not a JSON object, but an array; write one object a line, for example with jq -c '.[]'`,
		`{"a":1`:                        "error: not a JSON object: unexpected end of JSON input",
		`{"a":1}{"a":2}`:                "error: not a JSON object: invalid character '{' after top-level value",
		`7`:                             "error: not a JSON object",
		`{"a":"` + "\t" + `"}`:          `error: not a JSON object: invalid character '\t' in string`,
		`{"a":"\ud83d\ude00","b\n":""}`: `"😀"|""`,
		`{"a":"\n\ud83d"}`:              `error: an escape in it, \ud800 to \udfff, is half of a character`,
		`{"a":"\\ufffd\ud83d"}`:         `error: an escape in it, \ud800 to \udfff, is half of a character`,
		`{"a":"\\\ufffd\\ud83d"}`:       `"\\�\\ud83d"|NULL`,
		`{"a":"\uFFFD","b\n":"\t�"}`:    "\"�\"|\"\\t�\"",
		"{\"a\":\"\\n\xff\"}":           "error: " + errUTF8.Error(),
	} {
		rows, _, err := rowsOfText(t, strings.NewReader(text), 0, split)
		// The end of an error is encoding/json's, whose words depend on the version of Go.
		if err != nil || len(rows) != 1 || rows[0] != want && !(strings.HasPrefix(want, "error: ") && strings.HasPrefix(rows[0], want)) {
			t.Errorf("%s: %q, %v; want %s", text, rows, err, want)
		}
	}
}

// guessed returns the type and the marker for fields of CSV.
func guessed(values ...string) string {
	var g guess
	o := &Options{}
	for _, v := range values {
		f := field{text: []byte(v)}
		if strings.HasPrefix(v, `"`) {
			f = field{text: []byte(strings.Trim(v, `"`)), quoted: true}
		}
		if o.isNull(f) {
			g.nulls++
			continue
		}
		g.see(f, &timeParser{zone: time.UTC})
	}
	typ, marker := g.typ()
	return strings.TrimSpace(typ.String() + " " + marker)
}

func TestTypesAreFoundFromASample(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ values, want string }{
		{"", "STRING"},
		{"1,-2,,3", "BIGINT"},
		{"9223372036854775808,1", "BIGINT UNSIGNED"},
		{"9223372036854775808,-1", "DOUBLE"},
		{"1,2.5,1e9,.5,-0.1", "DOUBLE"},
		{"9007199254740993,1", "BIGINT"},
		{"9007199254740993,2.5", "STRING"}, // which a DOUBLE rounds
		{"-9007199254740993,18446744073709551615", "STRING"},
		{"18446744073709551615,0.5", "STRING"},
		{"1234567890123456789012345", "STRING"},
		{"12345678901234567890.125,0.5", "STRING"},
		{"2251799813685249.5,-9007199254740991.0,1e300", "DOUBLE"},
		{"100000000000000000000,0.12345678901234567890", "DOUBLE"},
		{"142857142857142860,0.5", "DOUBLE"}, // 1e18/7 in its shortest digits, and zeros
		{"123456789012345670000", "DOUBLE"},
		{"1,x", "STRING"},
		{"00501,10001", "STRING"}, // a postal code
		{"+49301234,1", "STRING"}, // a telephone number
		{"0,0.5,0e1", "DOUBLE"},
		{"0x10", "STRING"},
		{"1_000", "STRING"},
		{"inf", "STRING"},
		{"true,False,TRUE", "BOOLEAN"},
		{"true,1", "STRING"},
		{"t,f", "STRING"},
		{"2024-01-01,2024-02-29", "DATE"},
		{"2024-01-01,2024-02-29 12:00:00", "TIMESTAMP(3)"},
		{"2024-01-01T00:00:00Z,2024-01-01T00:00:00.123456Z", "TIMESTAMP(6)"},
		{"2024-01-01T00:00:00.123456789Z", "TIMESTAMP(9)"},
		{"2024-01-01,2023-02-29", "STRING"},
		{"1,NA,2", "STRING NA"},
		{"1,NaN,2.5", "DOUBLE"},
		{"NA,NULL", "STRING"},
		{"a,NA", "STRING"},
		{"2024-01-01 00:00,-", "STRING -"},
		{`"1","2"`, "BIGINT"},
		{`"",1`, "STRING"},
	} {
		if got := guessed(strings.Split(c.values, ",")...); got != c.want {
			t.Errorf("%s: %s, want %s", c.values, got, c.want)
		}
	}
}

func TestUnitsOfCountsAreFoundFromASample(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []int64
		want   string
	}{
		{[]int64{1_700_000_000, 1_800_000_000}, "s"},
		{[]int64{1_700_000_000_000}, "ms"},
		{[]int64{1_700_000_000_000_000}, "us"},
		{[]int64{1_700_000_000_000_000_000, 9_000_000_000_000_000_000}, "ns"},
		{[]int64{1_700_000_000, 1_700_000_000_000}, ""},
		{[]int64{0, 1_700_000_000}, ""},
		{nil, ""},
	} {
		var r countRange
		for _, v := range c.values {
			r.see(v)
		}
		unit, ok := r.unit()
		got := unit.String()
		if !ok {
			got = ""
		}
		if got != c.want {
			t.Errorf("%d: %q, want %q", c.values, got, c.want)
		}
	}
}

func TestSetsOfRows(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "0": "", "5": "5", "5,7-9": "5,7-9", "5,6-9": "9", "3-4": "3-4", "1-5": "5", "5,3-7": "7", "5,9": "5,9-9"} {
		rows, err := ParseRows(text)
		if err != nil || rows.String() != want {
			t.Errorf("%q: %q, %v; want %q", text, rows.String(), err, want)
		}
	}
	for _, text := range []string{"x", "-1", "5-3", "1,,2", "0-3", "1-", ","} {
		if rows, err := ParseRows(text); err == nil {
			t.Errorf("%q: %q, want an error", text, rows.String())
		}
	}
	// Against a set of single rows, at random.
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var rows Rows
		var want [64]bool
		for range 10 {
			start := random.Int64N(64)
			end := min(64, start+random.Int64N(10))
			rows.add(start, end)
			for i := start; i < end; i++ {
				want[i] = true
			}
		}
		n, prefix := int64(0), int64(-1)
		for i := range int64(64) {
			if rows.contains(i) != want[i] {
				t.Fatalf("%v: contains(%d) = %v", rows.runs, i, rows.contains(i))
			}
			if want[i] {
				n++
			} else if prefix < 0 {
				prefix = i
			}
		}
		if prefix < 0 {
			prefix = 64
		}
		if rows.Count() != n || rows.Prefix() != prefix {
			t.Fatalf("%v: %d rows, prefix %d; want %d, %d", rows.runs, rows.Count(), rows.Prefix(), n, prefix)
		}
		start := random.Int64N(64)
		end := start + random.Int64N(64-start)
		var without Rows
		without.addAll(rows.without(start, end))
		for i := range int64(64) {
			if without.contains(i) != (start <= i && i < end && !want[i]) {
				t.Fatalf("%v without %d to %d: %v", rows.runs, start, end, without.runs)
			}
		}
		if again, err := ParseRows(rows.String()); err != nil || fmt.Sprint(again.runs) != fmt.Sprint(rows.runs) {
			t.Fatalf("%v is read back as %v, %v", rows.runs, again.runs, err)
		}
	}
	runs := []run{{3, 5}, {8, 12}}
	if rowOf(runs, 1) != 4 || rowOf(runs, 2) != 8 || rowOf(runs, 9) != -1 || fmt.Sprint(sliceRuns(runs, 1, 4)) != "[{4 5} {8 10}]" {
		t.Errorf("rowOf and sliceRuns: %d %d %d %v", rowOf(runs, 1), rowOf(runs, 2), rowOf(runs, 9), sliceRuns(runs, 1, 4))
	}
}
