package greptime_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// unordered are the recordings whose HTTP answer has the rows in another order: it
// was another execution.
var unordered = map[string]bool{
	"batches_scan": true, "batches_scan_file": true, "batches_union": true, "plain_batches_union": true,
}

// volatile are those whose HTTP answer has other values for the same reason. They
// are held to arrow-go's reading alone.
var volatile = map[string]string{
	"explain_analyze":              "timings",
	"explain_analyze_json":         "timings",
	"explain_analyze_verbose":      "timings",
	"explain_analyze_verbose_scan": "timings",
	"tql_analyze":                  "timings",
}

// sameValues compares rows with the recorded HTTP answer, the independent reading
// of the values, and where there is none with arrow-go's.
func sameValues(got [][]any, exchange *captures.DoGet) error {
	want, ok := exchange.HTTPRows()
	if _, varies := volatile[exchange.Base]; ok && !varies {
		if len(want) != len(got) {
			return fmt.Errorf("%d rows, HTTP has %d", len(got), len(want))
		}
		got := got
		if unordered[exchange.Base] { // booleans and integers: their text sorts alike
			byText := func(a, b []any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
			got = slices.SortedFunc(slices.Values(got), byText)
			slices.SortFunc(want, byText)
		}
		for r := range got {
			for c, f := range exchange.Fields {
				if err := sameAsHTTP(got[r][c], want[r][c], f); err != nil {
					return fmt.Errorf("row %d, column %s (%s): %w", r, f.Name, f.Type, err)
				}
			}
		}
	}
	if exchange.Base == "json_control_characters" { // on which HTTP fails
		var text string
		if err := json.Unmarshal(got[0][1].([]byte), &text); err != nil || text != "é\n\t\"\\/\x00\x1f" {
			return fmt.Errorf("%s (%w)", got[0][1], err)
		}
	}
	for r, row := range exchange.ArrowGoRows {
		for c, f := range exchange.Fields {
			if err := sameAsArrow(got[r][c], row[c], f); err != nil {
				return fmt.Errorf("row %d, column %s (%s): %w", r, f.Name, f.Type, err)
			}
		}
	}
	return nil
}

// sameAsHTTP knows how the HTTP API renders each type; see internal/test/captures.
func sameAsHTTP(got, want any, f captures.Field) error {
	mismatch := fmt.Errorf("%T %v, HTTP has %v", got, got, want)
	if v, ok := got.(float64); ok && (math.IsNaN(v) || math.IsInf(v, 0)) {
		if want != nil {
			return mismatch
		}
		return nil // HTTP has null; arrow-go's reading counts
	}
	if text, ok := got.([]byte); ok && sqlType(f) == "JSON" && string(text) == "null" && want == nil {
		return nil // HTTP does not tell JSON's null from SQL's
	}
	if got == nil || want == nil {
		if got != nil || want != nil {
			return mismatch
		}
		return nil
	}
	switch sqlType(f) {
	case "BOOLEAN", "STRING", "DECIMAL":
		if got != want {
			return mismatch
		}
	case "TINYINT", "SMALLINT", "INT", "BIGINT", "TINYINT UNSIGNED", "SMALLINT UNSIGNED", "INT UNSIGNED", "BIGINT UNSIGNED":
		if fmt.Sprint(got) != fmt.Sprint(want) {
			return mismatch
		}
	case "FLOAT", "DOUBLE":
		n, err := want.(json.Number).Float64()
		if v := got.(float64); err != nil || v != n && float32(v) != float32(n) || sqlType(f) == "DOUBLE" && v != n {
			return mismatch
		}
	case "DATE":
		if days := got.(time.Time).Unix() / 86400; fmt.Sprint(days) != fmt.Sprint(want) {
			return mismatch
		}
	case "TIMESTAMP":
		if fmt.Sprint(inUnit(got.(time.Time), f.Type)) != fmt.Sprint(want) {
			return mismatch
		}
	case "TIME":
		var t greptime.TimeOfDay
		if err := t.Scan(got); err != nil || fmt.Sprint(int64(t)/unitOf(f.Type)) != fmt.Sprint(want) {
			return mismatch
		}
	case "DURATION":
		if fmt.Sprint(got.(int64)/unitOf(f.Type)) != fmt.Sprint(want) {
			return mismatch
		}
	case "INTERVAL":
		var v greptime.Interval
		if err := v.Scan(got); err != nil {
			return err
		}
		n, err := want.(json.Number).Int64()
		if err != nil {
			return mismatch
		}
		var wanted greptime.Interval
		switch f.Type {
		case "month_interval":
			wanted = greptime.Interval{Months: int32(n)}
		case "day_time_interval":
			wanted = greptime.Interval{Days: int32(n >> 32), Nanoseconds: int64(int32(n)) * 1e6}
		default:
			return nil // arrow-go's reading counts
		}
		if v != wanted {
			return mismatch
		}
	case "VARBINARY", "VECTOR":
		b, err := httpBytes(want)
		if err != nil {
			return err
		}
		if sqlType(f) == "VECTOR" {
			return sameVector(got.(string), b)
		}
		if string(got.([]byte)) != string(b) {
			return mismatch
		}
	case "JSON", "LIST", "STRUCT":
		var v any
		dec := json.NewDecoder(strings.NewReader(string(got.([]byte))))
		dec.UseNumber()
		if err := dec.Decode(&v); err != nil {
			return fmt.Errorf("%w: %s", err, got)
		}
		if strings.Contains(f.Type, "timestamp") || f.Type == "list<item: list<item: int64, nullable>, nullable>" {
			return nil // HTTP has raw integers, and [null] for a null list: arrow-go's reading counts
		}
		if !sameJSON(v, want) {
			return mismatch
		}
	case "NULL":
		return mismatch
	default:
		return fmt.Errorf("no comparison for %s", sqlType(f))
	}
	return nil
}

func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		n, ok := b.(json.Number)
		if !ok {
			return false
		}
		x, _ := a.Float64()
		y, _ := n.Float64()
		return a == n || x == y && strings.ContainsAny(string(a)+string(n), ".eE")
	case []any:
		list, ok := b.([]any)
		return ok && slices.EqualFunc(a, list, sameJSON)
	case map[string]any:
		m, ok := b.(map[string]any)
		if !ok || len(a) != len(m) {
			return false
		}
		for k, v := range a {
			if other, ok := m[k]; !ok || !sameJSON(v, other) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(a, b)
	}
}

// sameVector compares with the bytes in the column: float32s, or the text that an
// INSERT left there.
func sameVector(got string, b []byte) error {
	var v, want greptime.Vector
	if err := v.Scan(got); err != nil {
		return err
	}
	if err := want.Scan(string(b)); err != nil {
		want = nil
		for i := 0; i+4 <= len(b); i += 4 {
			want = append(want, math.Float32frombits(uint32(b[i])|uint32(b[i+1])<<8|uint32(b[i+2])<<16|uint32(b[i+3])<<24))
		}
	}
	if v.String() != want.String() {
		return fmt.Errorf("%s, recorded %v", got, want)
	}
	return nil
}

func httpBytes(v any) ([]byte, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("HTTP has %v for bytes", v)
	}
	b := make([]byte, len(list))
	for i, n := range list {
		x, err := n.(json.Number).Int64()
		if err != nil {
			return nil, err
		}
		b[i] = byte(x)
	}
	return b, nil
}

// unitOf is how many nanoseconds a recorded type's unit has.
func unitOf(typ string) int64 {
	switch {
	case strings.Contains(typ, "[s"):
		return 1e9
	case strings.Contains(typ, "[ms"):
		return 1e6
	case strings.Contains(typ, "[us"):
		return 1e3
	default:
		return 1
	}
}

func inUnit(t time.Time, typ string) int64 {
	switch unitOf(typ) {
	case 1e9:
		return t.Unix()
	case 1e6:
		return t.UnixMilli()
	case 1e3:
		return t.UnixMicro()
	default:
		return t.UnixNano()
	}
}

// sameAsArrow compares with arrow-go's text of a value, where that is exact.
func sameAsArrow(got any, want string, f captures.Field) error {
	if got == nil || want == "(null)" {
		if got != nil || want != "(null)" {
			return fmt.Errorf("%v, arrow-go has %s", got, want)
		}
		return nil
	}
	var text string
	switch sqlType(f) {
	case "FLOAT", "DOUBLE":
		n, err := strconv.ParseFloat(want, 64)
		v := got.(float64)
		if err != nil || v != n && float32(v) != float32(n) && !(math.IsNaN(v) && math.IsNaN(n)) || math.Signbit(v) != math.Signbit(n) {
			return fmt.Errorf("%v, arrow-go has %s", got, want)
		}
		return nil
	case "TIMESTAMP":
		text = strconv.FormatInt(inUnit(got.(time.Time), f.Type), 10)
	case "INTERVAL":
		var v greptime.Interval
		if err := v.Scan(got); err != nil {
			return err
		}
		var w struct {
			Months, Days              int32
			Milliseconds, Nanoseconds int64
		}
		if f.Type == "month_interval" {
			n, _ := strconv.Atoi(want)
			w.Months = int32(n)
		} else if err := json.Unmarshal([]byte(want), &w); err != nil {
			return fmt.Errorf("arrow-go's interval %q: %w", want, err)
		}
		if wanted := (greptime.Interval{Months: w.Months, Days: w.Days, Nanoseconds: w.Nanoseconds + w.Milliseconds*1e6}); v != wanted {
			return fmt.Errorf("%v, arrow-go has %s", got, want)
		}
		return nil
	case "BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "TINYINT UNSIGNED", "SMALLINT UNSIGNED", "INT UNSIGNED", "BIGINT UNSIGNED":
		text = fmt.Sprint(got)
	case "STRING":
		text = got.(string)
		if cut, ok := strings.CutSuffix(want, "…"); ok { // long texts are cut
			text, want = text[:min(len(text), len(cut))], cut
		}
	case "LIST":
		text = string(got.([]byte))
		if !strings.Contains(f.Type, "int64") {
			return nil // arrow-go has a text of its own for the others; HTTP's reading counts
		}
	default:
		return nil // HTTP's reading counts
	}
	if text != want {
		return fmt.Errorf("%v, arrow-go has %s", text, want)
	}
	return nil
}
