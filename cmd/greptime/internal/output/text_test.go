package output

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

// awkward are texts that formats must write with care.
var awkward = []string{"", " ", "a,b", `a"b`, `"`, "a\nb", "a\r\nb", "tab\there", `back\slash`, `\N`, "NULL", "東京", "a|b", "\x01", " padded ", "'", "<b>", "e\u0301", "\u2028"}

func TestCSVReadsBack(t *testing.T) {
	t.Parallel()
	for _, null := range []*string{nil, ptr(`\N`), ptr("NULL")} {
		o := Options{Format: CSV, Null: null}
		for _, text := range awkward {
			got := printed(t, o, []string{text, "b"}, []string{text, "\x00"}, []string{"\x00", text})
			records, err := csv.NewReader(strings.NewReader(got)).ReadAll()
			if err != nil {
				t.Errorf("%q: %v in %q", text, err, got)
				continue
			}
			text := strings.ReplaceAll(text, "\r\n", "\n") // as encoding/csv reads it
			if want := [][]string{{text, "b"}, {text, o.null()}, {o.null(), text}}; !slices.EqualFunc(records, want, slices.Equal) {
				t.Errorf("got %q, want %q", records, want)
			}
			if strings.Contains(got, "\n"+o.null()+",\n") || strings.HasSuffix(got, ","+o.null()+"\n") && text == o.null() {
				t.Errorf("%q: NULL and the text are the same in %q", text, got)
			}
		}
	}
}

func TestTSVReadsBack(t *testing.T) {
	t.Parallel()
	unescape := strings.NewReplacer(`\t`, "\t", `\n`, "\n", `\r`, "\r", `\\`, `\`)
	for _, text := range awkward {
		got := printed(t, Options{Format: TSV}, []string{text, "b"}, []string{text, "\x00"})
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		if len(lines) != 2 {
			t.Errorf("%q: %d lines", text, len(lines))
			continue
		}
		fields := strings.Split(lines[1], "\t")
		if len(fields) != 2 || unescape.Replace(fields[0]) != text || fields[1] != `\N` || fields[0] == `\N` {
			t.Errorf("%q: fields %q", text, fields)
		}
	}
}

func TestJSONReadsBack(t *testing.T) {
	t.Parallel()
	for _, text := range awkward {
		got := printed(t, Options{Format: NDJSON}, []string{"a" + text, "a" + text, "#n"}, []string{text, "\x00", "18446744073709551615"})
		type object = map[string]any
		var row object
		d := json.NewDecoder(strings.NewReader(got))
		d.UseNumber()
		if err := d.Decode(&row); err != nil {
			t.Errorf("%q: %v in %s", text, err, got)
			continue
		}
		if row["a"+text] != text || row["a"+text+"_2"] != nil || row["n"] != json.Number("18446744073709551615") || len(row) != 3 {
			t.Errorf("%q: got %v of %s", text, row, got)
		}
		if strings.Count(got, "\n") != 1 {
			t.Errorf("%q: more than a line: %q", text, got)
		}
	}
}

func TestNumbersThatJSONHasNot(t *testing.T) {
	t.Parallel()
	got := printed(t, Options{Format: NDJSON}, []string{"#a", "#b", "#c", "#d"}, []string{"NaN", "Infinity", "-Infinity", "1e-7"})
	if want := `{"a":"NaN","b":"Infinity","c":"-Infinity","d":1e-7}` + "\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFloats(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]float64{
		"0": 0, "-0": math.Copysign(0, -1), "0.1": 0.1, "100000000000000000000": 1e20, "1e+21": 1e21, "0.000001": 1e-6, "1e-07": 1e-7,
		"1.7976931348623157e+308": math.MaxFloat64, "5e-324": math.SmallestNonzeroFloat64, "123456.789": 123456.789,
	} {
		if got := string(appendFloat(nil, v, 64)); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
	if got := string(appendFloat(nil, float64(float32(0.1)), 32)); got != "0.1" {
		t.Errorf("a FLOAT of 0.1 is %s", got)
	}
}

func TestMarkdownEscapes(t *testing.T) {
	t.Parallel()
	got := printed(t, Options{Format: Markdown}, []string{"a|b"}, []string{"x\ny"}, []string{"*b* <i> `c` \\"}, []string{"\x00"})
	want := "| a\\|b |\n| --- |\n| x<br>y |\n| \\*b\\* &lt;i> \\`c\\` \\\\ |\n| NULL |\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFormatNames(t *testing.T) {
	t.Parallel()
	for _, f := range Formats {
		if got, err := ParseFormat(strings.ToUpper(string(f))); err != nil || got != f {
			t.Errorf("%s: %v, %v", f, got, err)
		}
	}
	if _, err := ParseFormat("xml"); err == nil || !strings.Contains(err.Error(), "ndjson") {
		t.Errorf("xml: %v", err)
	}
}
