package expr

import "github.com/greptime-go/greptime/greptimetest/internal/schema"

// GoFunction is a scalar function in Go that the SQL of expressions calls. Its arguments are
// never NULL.
type GoFunction struct {
	Name   string
	Args   []schema.Kind
	Result schema.Kind
	Call   func(args []any) (any, error)
}

// GoFunctions are the functions that casts need.
var GoFunctions = []GoFunction{
	{"greptime_timestamp_text", []schema.Kind{schema.Int64, schema.Int64}, schema.String, func(a []any) (any, error) {
		return schema.TimestampText(a[0].(int64), a[1].(int64)), nil
	}},
	{"greptime_float_text", []schema.Kind{schema.Float64, schema.Bool}, schema.String, func(a []any) (any, error) {
		bits := 64
		if a[1].(bool) {
			bits = 32
		}
		return schema.FloatText(a[0].(float64), bits), nil
	}},
}
