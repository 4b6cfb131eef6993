package functions

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// bytesFunctions are the functions of bytes, and arrow_cast.
var bytesFunctions = map[string]builtin{
	"arrow_cast":    strict(fn(2, 2, func(_ Env, a []expr.Expr) (expr.Expr, error) { return expr.ArrowCast(a) })),
	"unhex":         fn(1, 1, hexLiteral),
	"greptime_text": fn(1, 1, hexText),
	"encode":        fn(2, 2, encode),
}

// hexLiteral translates X'0aff', which DuckDB does not know; see duckDialect.
func hexLiteral(_ Env, a []expr.Expr) (expr.Expr, error) {
	if a[0].Str == nil {
		return expr.Expr{}, schema.PlanError("Error during planning: Invalid function 'unhex'.")
	}
	t := binaryText(*a[0].Str)
	return expr.Expr{SQL: "unhex(" + schema.QuoteText(*a[0].Str) + ")", Result: expr.Result{Type: schema.Type{Kind: schema.Binary}}, Text: t}, nil
}

// hexText translates a string with NULs; see duckDialect.
func hexText(_ Env, a []expr.Expr) (expr.Expr, error) {
	b, err := hex.DecodeString(*a[0].Str)
	return expr.TextLiteral(string(b)), err
}

// binaryText returns bytes as a plan prints them.
func binaryText(digits string) string {
	b, _ := hex.DecodeString(digits)
	s := make([]string, len(b))
	for i, c := range b {
		s[i] = strconv.Itoa(int(c))
	}
	return `Binary("` + strings.Join(s, ",") + `")`
}

func encode(_ Env, a []expr.Expr) (expr.Expr, error) {
	if a[1].Str == nil || *a[1].Str != "hex" || a[0].Type.Kind != schema.Binary {
		return expr.Expr{}, schema.NotSupported("encode of anything but binary to 'hex'")
	}
	return expr.Typed(schema.StringType, "lower(hex("+a[0].SQL+"))"), nil
}
