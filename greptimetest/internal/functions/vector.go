package functions

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// vectorFunctions are the functions of VECTOR columns and of text like '[1,2,3]'. They run
// in Go.
var vectorFunctions = map[string]builtin{
	"vec_cos_distance":  vectorDistance("vec_cos_distance"),
	"vec_l2sq_distance": vectorDistance("vec_l2sq_distance"),
	"vec_dot_product":   vectorDistance("vec_dot_product"),
	"vec_dim":           ofBytes("vec_dim", vectorSQL, schema.UInt64Type, nil, vecDim),
	"vec_to_string":     ofBytes("vec_to_string", vectorSQL, schema.StringType, arrow.BinaryTypes.StringView, vecToString),
	"parse_vec":         parses("parse_vec", parseVec),
}

// vectorSQL returns a vector in its binary form, of a column or of constant text.
func vectorSQL(e expr.Expr) (string, bool) {
	switch {
	case e.Type.Kind == schema.Vector || e.Type.Kind == schema.Binary:
		return e.SQL, true
	case e.Str != nil:
		return "greptime_parse_vec(" + e.SQL + ")", true
	}
	return "", false
}

// vectorDistance makes a function that measures the distance of two vectors.
func vectorDistance(name string) builtin {
	build := func(_ Env, a []expr.Expr) (expr.Expr, error) {
		l, ok1 := vectorSQL(a[0])
		r, ok2 := vectorSQL(a[1])
		if !ok1 || !ok2 {
			return expr.Expr{}, schema.NotSupported("%s of %s and %s", name, expr.Describe(a[0]), expr.Describe(a[1]))
		}
		return expr.Expr{SQL: "greptime_" + name + "(" + l + ", " + r + ")", Result: expr.Result{Type: schema.Type{Kind: schema.Float32}, Null: true}}, nil
	}
	return inGo(fn(2, 2, build), expr.GoFunction{
		Name: "greptime_" + name, Args: []schema.Kind{schema.Binary, schema.Binary}, Result: schema.Float32,
		Call: func(a []any) (any, error) {
			l, err1 := floats(a[0].([]byte))
			r, err2 := floats(a[1].([]byte))
			if err := errors.Join(err1, err2); err != nil {
				return nil, err
			}
			return distance(name, l, r)
		},
	})
}

func vecDim(stored []byte) (any, error) {
	v, err := floats(stored)
	return uint64(len(v)), err
}

func vecToString(stored []byte) (any, error) {
	v, err := floats(stored)
	return vectorText(v), err
}

func parseVec(text string) (any, error) { return schema.ParseVector(text, -1) }

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
