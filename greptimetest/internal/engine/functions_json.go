package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/internal/jsonb"
)

func isJSON(t schema.Type) bool { return t.Kind == schema.JSON || t.Kind == schema.Binary }

// jsonFunctions returns the functions that read a value at a key or a path of keys.
func jsonFunctions() map[string]builtin {
	get := func(name string, t schema.Type, dt arrow.DataType) builtin {
		return builtin{2, 2, false, func(_ *translator, a []expr) (expr, error) {
			if !isJSON(a[0].typ) || a[1].str == nil {
				return expr{}, schema.NotSupported("%s unless with a JSON value and a literal path", name)
			}
			if _, err := jsonPath(*a[1].str); err != nil {
				return expr{}, err
			}
			return expr{sql: "greptime_" + name + "(" + sqls(a) + ")", typ: t, dt: dt, null: true}, nil
		}}
	}
	return map[string]builtin{
		"json_get_int":     get("json_get_int", schema.Int64Type, nil),
		"json_get_float":   get("json_get_float", schema.DoubleType, nil),
		"json_get_bool":    get("json_get_bool", schema.BoolType, nil),
		"json_get_string":  get("json_get_string", schema.StringType, arrow.BinaryTypes.StringView),
		"json_path_exists": get("json_path_exists", schema.BoolType, nil),
		"json_is_object": {1, 1, false, func(_ *translator, a []expr) (expr, error) {
			if !isJSON(a[0].typ) {
				return expr{}, schema.NotSupported("json_is_object of %s", describe(a[0]))
			}
			return expr{sql: "greptime_json_is_object(" + a[0].sql + ")", typ: schema.BoolType}, nil
		}},
		"json_to_string": {1, 1, false, func(_ *translator, a []expr) (expr, error) {
			if !isJSON(a[0].typ) {
				return expr{}, schema.NotSupported("json_to_string of %s", describe(a[0]))
			}
			return expr{sql: "greptime_json_to_string(" + a[0].sql + ")", typ: schema.StringType, dt: arrow.BinaryTypes.StringView}, nil
		}},
		"parse_json": {1, 1, false, func(_ *translator, a []expr) (expr, error) {
			if a[0].typ.Kind != schema.String {
				return expr{}, schema.NotSupported("parse_json of %s", describe(a[0]))
			}
			return expr{sql: "greptime_parse_json(" + a[0].sql + ")", typ: schema.Type{Kind: schema.Binary}, dt: arrow.BinaryTypes.BinaryView}, nil
		}},
	}
}

// jsonPath reads "a", "a.b", "$.a[0]" as keys and indexes.
func jsonPath(path string) ([]any, error) {
	var steps []any
	s := strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
	for s != "" {
		if strings.HasPrefix(s, "[") {
			end := strings.IndexByte(s, ']')
			n, err := -1, error(nil)
			if end > 0 {
				n, err = strconv.Atoi(s[1:end])
			}
			if n < 0 || err != nil {
				return nil, schema.NotSupported("the JSON path %q", path)
			}
			steps = append(steps, n)
			s = strings.TrimPrefix(s[end+1:], ".")
			continue
		}
		end := strings.IndexAny(s, ".[")
		if end < 0 {
			end = len(s)
		}
		key := s[:end]
		if key == "" || strings.ContainsAny(key, `*?@"'()`) {
			return nil, schema.NotSupported("the JSON path %q", path)
		}
		steps = append(steps, key)
		s = strings.TrimPrefix(s[end:], ".")
	}
	return steps, nil
}

// jsonAt decodes a stored value, JSONB or text, and follows a path.
func jsonAt(stored []byte, path string) (any, bool, error) {
	text, err := jsonb.AppendStored(nil, stored)
	if err != nil {
		return nil, false, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, false, err
	}
	steps, err := jsonPath(path)
	if err != nil {
		return nil, false, err
	}
	for _, s := range steps {
		var ok bool
		switch s := s.(type) {
		case string:
			var m map[string]any
			if m, ok = v.(map[string]any); ok {
				v, ok = m[s]
			}
		case int:
			var l []any
			if l, ok = v.([]any); ok {
				if ok = s < len(l); ok {
					v = l[s]
				}
			}
		}
		if !ok {
			return nil, false, nil
		}
	}
	return v, true, nil
}

func jsonGetInt(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return int64(f)
		}
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n
		}
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	}
	return nil
}

func jsonGetFloat(v any) any {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil {
			return f
		}
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return f
		}
	case bool:
		if v {
			return 1.0
		}
		return 0.0
	}
	return nil
}

func jsonGetBool(v any) any {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		switch strings.ToLower(v) {
		case "true":
			return true
		case "false":
			return false
		}
	case json.Number:
		if f, err := v.Float64(); err == nil {
			return f != 0
		}
	}
	return nil
}

func jsonGetString(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return string(b)
}

// vectorFunctions returns the functions on VECTOR columns and on text like '[1,2,3]'.
func vectorFunctions() map[string]builtin {
	vec := func(e expr) (string, bool) {
		switch {
		case e.typ.Kind == schema.Vector || e.typ.Kind == schema.Binary:
			return e.sql, true
		case e.str != nil:
			return "greptime_parse_vec(" + e.sql + ")", true
		}
		return "", false
	}
	distance := func(name string) builtin {
		return builtin{2, 2, false, func(_ *translator, a []expr) (expr, error) {
			l, ok1 := vec(a[0])
			r, ok2 := vec(a[1])
			if !ok1 || !ok2 {
				return expr{}, schema.NotSupported("%s of %s and %s", name, describe(a[0]), describe(a[1]))
			}
			return expr{sql: "greptime_" + name + "(" + l + ", " + r + ")", typ: schema.Type{Kind: schema.Float32}, null: true}, nil
		}}
	}
	one := func(name string, t schema.Type, dt arrow.DataType) builtin {
		return builtin{1, 1, false, func(_ *translator, a []expr) (expr, error) {
			v, ok := vec(a[0])
			if !ok {
				return expr{}, schema.NotSupported("%s of %s", name, describe(a[0]))
			}
			return expr{sql: "greptime_" + name + "(" + v + ")", typ: t, dt: dt}, nil
		}}
	}
	return map[string]builtin{
		"vec_cos_distance": distance("vec_cos_distance"), "vec_l2sq_distance": distance("vec_l2sq_distance"), "vec_dot_product": distance("vec_dot_product"),
		"vec_dim": one("vec_dim", schema.UInt64Type, nil), "vec_to_string": one("vec_to_string", schema.StringType, arrow.BinaryTypes.StringView),
		"parse_vec": {1, 1, false, func(_ *translator, a []expr) (expr, error) {
			if a[0].typ.Kind != schema.String {
				return expr{}, schema.NotSupported("parse_vec of %s", describe(a[0]))
			}
			return expr{sql: "greptime_parse_vec(" + a[0].sql + ")", typ: schema.Type{Kind: schema.Binary}, dt: arrow.BinaryTypes.BinaryView}, nil
		}},
	}
}

// floats reads a stored vector.
func floats(b []byte) ([]float32, error) {
	if len(b)%4 != 0 {
		return nil, schema.Errorf(schema.EngineExecuteQuery, "Invalid vector: %d bytes are no whole number of f32", len(b))
	}
	v := make([]float32, len(b)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[i*4:]))
	}
	return v, nil
}

func vectorText(v []float32) string {
	b := []byte{'['}
	for i, f := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFloat(b, float64(f), 32)
	}
	return string(append(b, ']'))
}

// appendFloat writes a float as Rust's Display does: without an exponent.
func appendFloat(b []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	}
	return strconv.AppendFloat(b, f, 'f', -1, bits)
}

func distance(kind string, a, b []float32) (any, error) {
	if len(a) != len(b) {
		return nil, schema.Errorf(schema.EngineExecuteQuery, "The length of the vectors must match to calculate distance")
	}
	var dot, aa, bb, sq float32
	for i := range a {
		dot += a[i] * b[i]
		aa += a[i] * a[i]
		bb += b[i] * b[i]
		sq += (a[i] - b[i]) * (a[i] - b[i])
	}
	switch kind {
	case "vec_dot_product":
		return dot, nil
	case "vec_l2sq_distance":
		return sq, nil
	}
	if aa == 0 || bb == 0 {
		if aa == bb {
			return float32(0), nil
		}
		return float32(1), nil
	}
	d := 1 - dot/float32(math.Sqrt(float64(aa))*math.Sqrt(float64(bb)))
	if math.Abs(float64(d)) < 1.1920929e-07 {
		d = 0
	}
	return d, nil
}
