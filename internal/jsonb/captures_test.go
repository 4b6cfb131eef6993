package jsonb

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/test/captures"
)

// messages hands recorded messages to arrow-go's reader, without those that it does
// not know.
type messages struct{ left []captures.Message }

func (m *messages) Message() (*ipc.Message, error) {
	for len(m.left) > 0 {
		next := m.left[0]
		m.left = m.left[1:]
		if next.Kind != "NONE" {
			return ipc.NewMessage(memory.NewBufferBytes(next.Header), memory.NewBufferBytes(next.Body)), nil
		}
	}
	return nil, io.EOF
}
func (*messages) Retain()  {}
func (*messages) Release() {}

// column returns the values of a recorded column as bytes, nil for NULL.
func column(t testing.TB, d captures.DoGet, name string) [][]byte {
	t.Helper()
	r, err := ipc.NewReaderFromMessageReader(&messages{d.Messages})
	if err != nil {
		t.Fatalf("%s: %v", d.File, err)
	}
	defer r.Release()
	var values [][]byte
	for r.Next() {
		i := r.Schema().FieldIndices(name)[0]
		col := r.RecordBatch().Column(i)
		for row := range col.Len() {
			if col.IsNull(row) {
				values = append(values, nil)
				continue
			}
			switch col := col.(type) {
			case *array.Binary:
				values = append(values, bytes.Clone(col.Value(row)))
			case *array.BinaryView:
				values = append(values, bytes.Clone(col.Value(row)))
			case *array.StringView:
				values = append(values, []byte(col.Value(row)))
			default:
				t.Fatalf("%s: column %s is %s", d.File, name, col.DataType())
			}
		}
	}
	if err := r.Err(); err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("%s: %v", d.File, err)
	}
	return values
}

func jsonValue(t testing.TB, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return floats(v)
}

// floats makes numbers that are not plain integers comparable.
func floats(v any) any {
	switch v := v.(type) {
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			f, _ := v.Float64()
			return f
		}
	case []any:
		for i := range v {
			v[i] = floats(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = floats(v[k])
		}
	}
	return v
}

// TestRecordedShapes compares what the server sent for every shape of JSON with its
// own JSON text, and with what its HTTP API said.
func TestRecordedShapes(t *testing.T) {
	t.Parallel()
	shapes := captures.DoGetByName("json_shapes")
	values := column(t, shapes, "j")
	texts := column(t, captures.DoGetByName("json_to_string"), "s")
	http, ok := shapes.HTTPRows()
	if !ok || len(values) != 40 || len(texts) < len(values) || len(http) != len(values) {
		t.Fatalf("%d values, %d texts, %d rows over HTTP", len(values), len(texts), len(http))
	}
	nulls := 0
	for i, value := range values {
		if value == nil {
			nulls++
			continue
		}
		if k := KindOf(value); k != Binary {
			t.Errorf("row %d is %v", i, k)
		}
		text, err := AppendText(nil, value)
		if err != nil {
			t.Errorf("row %d: %v", i, err)
			continue
		}
		if string(text) != string(texts[i]) {
			t.Errorf("row %d: %s, the server has %s", i, text, texts[i])
		}
		if got, want := jsonValue(t, text), floats(http[i][1]); !reflect.DeepEqual(got, want) {
			t.Errorf("row %d: %v, HTTP has %v", i, got, want)
		}
		if again, err := AppendBinary(nil, text); err != nil || !bytes.Equal(again, value) {
			t.Errorf("row %d: %s becomes %x, was %x, %v", i, text, again, value, err)
		}
	}
	if nulls != 1 {
		t.Errorf("%d NULLs", nulls)
	}
}

// TestRecordedInserts encodes the texts that were inserted and compares them with
// what the server stored.
func TestRecordedInserts(t *testing.T) {
	t.Parallel()
	stored := append(column(t, captures.DoGetByName("json_shapes"), "j")[:39],
		column(t, captures.DoGetByName("json_control_characters"), "j")...)
	row := regexp.MustCompile(`\(\d+,\d+,'((?:[^']|'')*)'\)`)
	var texts []string
	for line := range strings.Lines(captures.SchemaSQL()) {
		if strings.HasPrefix(line, "INSERT INTO docs VALUES (") {
			for _, m := range row.FindAllStringSubmatch(line, -1) {
				texts = append(texts, strings.ReplaceAll(m[1], "''", "'"))
			}
		}
	}
	if len(texts) != len(stored) {
		t.Fatalf("%d texts for %d values", len(texts), len(stored))
	}
	for i, text := range texts {
		if got, err := AppendBinary(nil, []byte(text)); err != nil || !bytes.Equal(got, stored[i]) {
			t.Errorf("%s becomes %x, the server stored %x, %v", text, got, stored[i], err)
		}
	}
}

// TestRecordedNativeInserts does the same with the texts of native inserts, whose
// results were recorded as base64.
func TestRecordedNativeInserts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, column string }{
		{"type_json", "v"}, {"tag_json", "v"}, {"json_text", "j"}, {"columns_json", "j"},
	} {
		h := captures.HandleByName(tt.name)
		var texts []string
		var request any
		if err := json.Unmarshal(h.Requests[0].Decoded, &request); err != nil {
			t.Fatal(err)
		}
		eachString(request, func(s string) {
			if k := KindOf([]byte(s)); k == Text && valid([]byte(s)) == nil {
				texts = append(texts, s)
			}
		})
		var stored [][]byte
		for _, value := range afterColumn(t, h.After[0], tt.column) {
			if value != nil {
				stored = append(stored, value)
			}
		}
		if len(texts) == 0 || len(stored) != len(texts) {
			t.Errorf("%s: %d texts for %d values", h.File, len(texts), len(stored))
			continue
		}
		for i, text := range texts {
			if got, err := AppendBinary(nil, []byte(text)); err != nil || !bytes.Equal(got, stored[i]) {
				t.Errorf("%s: %s becomes %x, the server stored %x, %v", h.File, text, got, stored[i], err)
			}
		}
	}
}

func eachString(v any, visit func(string)) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			eachString(e, visit)
		}
	case map[string]any:
		for k, e := range v {
			if s, ok := e.(string); ok && (k == "string_value" || k == "string_values") {
				visit(s)
			} else if k == "string_values" {
				for _, s := range e.([]any) {
					visit(s.(string))
				}
			} else {
				eachString(e, visit)
			}
		}
	}
}

func afterColumn(t testing.TB, a captures.After, name string) [][]byte {
	t.Helper()
	var values [][]byte
	for i, f := range a.Fields {
		if f.Name != name {
			continue
		}
		for _, row := range a.Rows {
			if row[i] == "(null)" {
				values = append(values, nil)
				continue
			}
			b, err := base64.StdEncoding.DecodeString(row[i])
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, b)
		}
	}
	return values
}

// TestEveryRecordedJSONColumnReads takes all values of JSON columns in the
// recordings, whatever form they have.
func TestEveryRecordedJSONColumnReads(t *testing.T) {
	t.Parallel()
	isJSON := func(f captures.Field) bool { return f.Metadata["greptime:type"] == "Json" }
	kinds := map[Kind]int{}
	check := func(file string, values [][]byte) {
		for _, value := range values {
			if value == nil {
				continue
			}
			kind := KindOf(value)
			kinds[kind]++
			text, err := AppendStored([]byte("kept"), value)
			if kind == Unknown {
				if err == nil || string(text) != "kept" {
					t.Errorf("%s: %x reads as %s", file, value, text)
				}
				continue
			}
			if err != nil || !bytes.HasPrefix(text, []byte("kept")) || !json.Valid(text[4:]) {
				t.Errorf("%s: %x reads as %s, %v", file, value, text, err)
			}
			if kind == Text && string(text[4:]) != string(value) {
				t.Errorf("%s: %s became %s", file, value, text[4:])
			}
		}
	}
	for _, d := range captures.DoGets() {
		for _, f := range d.Fields {
			if isJSON(f) {
				check(d.File, column(t, d, f.Name))
			}
		}
	}
	var afters []captures.After
	for _, h := range captures.Handles() {
		afters = append(afters, h.After...)
	}
	for _, p := range captures.DoPuts() {
		afters = append(afters, p.After...)
	}
	for _, a := range afters {
		for _, f := range a.Fields {
			if isJSON(f) {
				check(a.SQL, afterColumn(t, a, f.Name))
			}
		}
	}
	if kinds[Binary] < 50 || kinds[Text] != 3 || kinds[Unknown] != 1 {
		t.Errorf("%v", kinds)
	}
}

func TestRecordedComputedValue(t *testing.T) {
	t.Parallel()
	value := column(t, captures.DoGetByName("json_parse"), "j")[0]
	if text, err := AppendText(nil, value); err != nil || string(text) != `{"a":[1,2]}` {
		t.Errorf("%s, %v", text, err)
	}
}

// TestControlCharactersStayJSON is where the server's own text is not JSON.
func TestControlCharactersStayJSON(t *testing.T) {
	t.Parallel()
	d := captures.DoGetByName("json_control_characters")
	text, err := AppendText(nil, column(t, d, "j")[0])
	if err != nil || string(text) != `"é\n\t\"\\/\u0000\u001f"` {
		t.Errorf("%s, %v", text, err)
	}
	if server := column(t, d, "s")[0]; json.Valid(server) {
		t.Errorf("the server's text %s is JSON", server)
	}
}
