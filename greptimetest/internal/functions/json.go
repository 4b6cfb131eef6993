package functions

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/internal/jsonb"
)

// jsonSQL returns a JSON value, JSONB or text.
func jsonSQL(e expr.Expr) (string, bool) { return e.SQL, isJSON(e.Type) }

func isJSON(t schema.Type) bool { return t.Kind == schema.JSON || t.Kind == schema.Binary }

// jsonFunctions are the functions of JSON values. They run in Go.
var jsonFunctions = map[string]builtin{
	"json_get_int":     jsonGet("json_get_int", schema.Int64Type, nil, jsonGetInt),
	"json_get_float":   jsonGet("json_get_float", schema.DoubleType, nil, jsonGetFloat),
	"json_get_bool":    jsonGet("json_get_bool", schema.BoolType, nil, jsonGetBool),
	"json_get_string":  jsonGet("json_get_string", schema.StringType, arrow.BinaryTypes.StringView, jsonGetString),
	"json_path_exists": jsonAtPath("json_path_exists", schema.BoolType, nil, func(_ any, ok bool) any { return ok }),
	"json_is_object":   ofBytes("json_is_object", jsonSQL, schema.BoolType, nil, jsonIsObject),
	"json_to_string":   ofBytes("json_to_string", jsonSQL, schema.StringType, arrow.BinaryTypes.StringView, jsonToString),
	"parse_json":       parses("parse_json", parseJSON),
}

// jsonAtPath makes a function of the value at a path in a JSON value; ok is false if there
// is none.
func jsonAtPath(name string, t schema.Type, dt arrow.DataType, f func(v any, ok bool) any) builtin {
	build := func(_ Env, a []expr.Expr) (expr.Expr, error) {
		if !isJSON(a[0].Type) || a[1].Str == nil {
			return expr.Expr{}, schema.NotSupported("%s unless with a JSON value and a literal path", name)
		}
		if _, err := jsonPath(*a[1].Str); err != nil {
			return expr.Expr{}, err
		}
		return expr.Expr{SQL: "greptime_" + name + "(" + expr.SQLs(a) + ")", Result: expr.Result{Type: t, Arrow: dt, Null: true}}, nil
	}
	return inGo(fn(2, 2, build), expr.GoFunction{
		Name: "greptime_" + name, Args: []schema.Kind{schema.Binary, schema.String}, Result: t.Kind,
		Call: func(a []any) (any, error) {
			v, ok, err := jsonAt(a[0].([]byte), a[1].(string))
			if err != nil {
				return nil, err
			}
			return f(v, ok), nil
		},
	})
}

// jsonGet makes a function that reads the value at a path as one of a type.
func jsonGet(name string, t schema.Type, dt arrow.DataType, as func(any) any) builtin {
	return jsonAtPath(name, t, dt, func(v any, ok bool) any {
		if !ok {
			return nil
		}
		return as(v)
	})
}

func jsonIsObject(stored []byte) (any, error) {
	v, ok, err := jsonAt(stored, "")
	_, object := v.(map[string]any)
	return ok && object, err
}

func jsonToString(stored []byte) (any, error) {
	b, err := jsonb.AppendStored(nil, stored)
	return string(b), err
}

func parseJSON(text string) (any, error) {
	b, err := jsonb.AppendBinary(nil, []byte(text))
	if err != nil {
		return nil, schema.Errorf(schema.EngineExecuteQuery, "Cannot convert the string to json: %v", err)
	}
	return b, nil
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
