package greptimeslog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/greptime-go/greptime/insert"
)

// row is a record on its way to the table.
type row struct {
	sink       *sink
	values     []any // of the columns
	attrs      []placed
	attributes *group
}

// placed is an attribute that has a column, with its place in the JSON.
type placed struct {
	in    *group
	key   string
	value slog.Value
}

// group is a group of attributes, an object of the JSON.
type group struct {
	values   map[string]any // a *group, or a value for encoding/json
	replaced any            // the value of the group's key before, which counts if the group is empty
}

func newGroup() *group { return &group{values: map[string]any{}} }

func (s *sink) newRow() *row {
	return &row{sink: s, values: make([]any, len(s.columns)), attrs: make([]placed, len(s.columns)), attributes: newGroup()}
}

// group returns the group of that key. It takes the place of an attribute with the key.
func (g *group) group(key string) *group {
	inner, ok := g.values[key].(*group)
	if !ok {
		inner = newGroup()
		inner.replaced = g.values[key]
		g.values[key] = inner
	}
	return inner
}

// add adds an attribute of a group. path is that of the group, with a dot at its end.
func (r *row) add(g *group, path string, a slog.Attr) {
	value := a.Value.Resolve()
	switch {
	case value.Kind() == slog.KindGroup:
		if len(value.Group()) == 0 {
			return
		}
		if a.Key != "" {
			g, path = g.group(a.Key), path+a.Key+"."
		}
		for _, inner := range value.Group() {
			r.add(g, path, inner)
		}
		return
	case a.Key == "" && value.Any() == nil:
		return // a zero Attr
	}
	if i, ok := r.sink.index[path+a.Key]; ok {
		r.attrs[i] = placed{g, a.Key, value}
		r.values[i] = columnValue(r.sink.columns[i].Type, value)
		return
	}
	g.values[a.Key] = jsonValue(value)
}

// encode sets the value of the attributes' column.
func (r *row) encode() {
	r.values[3] = nil
	if attributes := r.attributes.object(); len(attributes) > 0 {
		text, err := json.Marshal(attributes)
		if err != nil { // no value of jsonValue fails
			text, _ = json.Marshal(err.Error())
		}
		r.values[3] = json.RawMessage(text)
	}
}

// object returns the group for encoding/json, without empty groups. It does not change the group,
// because an attribute may still move there from its column.
func (g *group) object() map[string]any {
	result, cloned := g.values, false
	for key, value := range g.values {
		inner, ok := value.(*group)
		if !ok {
			continue
		}
		if !cloned {
			result, cloned = maps.Clone(g.values), true
		}
		if object := inner.object(); len(object) > 0 {
			result[key] = object
		} else if inner.replaced != nil {
			result[key] = inner.replaced
		} else {
			delete(result, key)
		}
	}
	return result
}

// moveOut replaces a value that its column does not take. It reports whether another attempt
// makes sense.
func (r *row) moveOut(column string) bool {
	for i, c := range r.sink.columns {
		if c.Name != column || r.values[i] == nil {
			continue
		}
		switch column {
		case timeColumn: // beyond what nanoseconds can express
			at, ok := r.values[i].(time.Time)
			if !ok {
				return false
			}
			r.attributes.values["record_time"] = at.Format(time.RFC3339Nano)
			r.values[i] = time.Now()
		case attributesColumn: // such as a number that JSONB cannot store
			text, _ := r.values[i].(json.RawMessage)
			r.attributes = &group{values: map[string]any{"text": string(text)}}
			r.values[i] = nil
		default:
			r.values[i] = nil
			if p := r.attrs[i]; p.in != nil {
				p.in.values[p.key] = jsonValue(p.value)
			}
		}
		return true
	}
	return false
}

// columnValue returns the value for a column of the type.
func columnValue(t insert.Type, v slog.Value) any {
	switch t {
	case insert.String:
		return strings.ToValidUTF8(text(v), "\uFFFD")
	case insert.JSON:
		b, err := json.Marshal(jsonValue(v))
		if err != nil {
			return nil
		}
		return json.RawMessage(b)
	}
	if v.Kind() == slog.KindDuration {
		return int64(v.Duration())
	}
	return v.Any()
}

// text returns a value as text.
func text(v slog.Value) (s string) {
	if v.Kind() != slog.KindAny {
		return v.String()
	}
	defer func() {
		if p := recover(); p != nil {
			s = fmt.Sprintf("!PANIC: %v", p)
		}
	}()
	switch value := v.Any().(type) {
	case error:
		return value.Error()
	case []byte:
		return string(value)
	case fmt.Stringer, fmt.Formatter:
		return fmt.Sprintf("%+v", value)
	default:
		if _, err := json.Marshal(value); isCyclic(err) {
			return unencodable(err)
		}
		return fmt.Sprintf("%+v", value)
	}
}

// isCyclic reports whether encoding/json refuses a value because it contains itself. Package
// fmt would not end.
func isCyclic(err error) bool {
	var unsupported *json.UnsupportedValueError
	return errors.As(err, &unsupported) && strings.Contains(unsupported.Str, "cycle")
}

// unencodable returns the text in place of a value, as slog's JSONHandler has it.
func unencodable(err error) string { return "!ERROR:" + err.Error() }

// maxDepth is how deeply lists and objects of a value may be in each other. encoding/json reads
// 10,000, of which some are left for the groups around the value. It writes deeper ones, but not
// as a part of others.
const (
	maxDepth   = 10_000 - groupDepth
	groupDepth = 100
)

// isTooDeep reports whether lists and objects of a JSON text are in each other too deeply.
func isTooDeep(text []byte) bool {
	if len(text) <= maxDepth {
		return false
	}
	inGroups := slices.Concat(bytes.Repeat([]byte("["), groupDepth), text, bytes.Repeat([]byte("]"), groupDepth))
	return !json.Valid(inGroups)
}

// jsonValue returns what encoding/json writes for a value. It never fails to.
func jsonValue(v slog.Value) (result any) {
	switch v.Kind() {
	case slog.KindDuration:
		return int64(v.Duration())
	case slog.KindTime:
		return v.Time().Format(time.RFC3339Nano)
	case slog.KindFloat64:
		if f := v.Float64(); math.IsNaN(f) || math.IsInf(f, 0) {
			return strconv.FormatFloat(f, 'g', -1, 64)
		}
		return v.Float64()
	case slog.KindAny:
	default:
		return v.Any()
	}
	defer func() {
		if p := recover(); p != nil { // of a method of the value
			result = fmt.Sprintf("!PANIC: %v", p)
		}
	}()
	if err, ok := v.Any().(error); ok {
		if _, marshals := err.(json.Marshaler); !marshals {
			return err.Error()
		}
	}
	b, err := json.Marshal(v.Any())
	switch {
	case isCyclic(err):
		return unencodable(err)
	case err != nil, isTooDeep(b):
		return text(v)
	}
	return json.RawMessage(b)
}
