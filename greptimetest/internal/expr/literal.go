package expr

import (
	"fmt"
	"math/big"
	"strconv"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// TextLiteral returns a constant text.
func TextLiteral(s string) Expr {
	t := `Utf8("` + s + `")`
	return Expr{SQL: schema.QuoteText(s), Result: Result{Type: schema.Type{Kind: schema.String}}, Name: t, Text: t, Constant: Constant{Str: &s}}
}

// BoolLiteral returns a constant truth value.
func BoolLiteral(b bool) Expr {
	t := fmt.Sprintf("Boolean(%t)", b)
	return Expr{SQL: strconv.FormatBool(b), Result: Result{Type: schema.Type{Kind: schema.Bool}}, Name: t, Text: t}
}

// FloatLiteral returns a constant DOUBLE.
func FloatLiteral(f float64) Expr {
	s := strconv.FormatFloat(f, 'e', -1, 64)
	t := "Float64(" + strconv.FormatFloat(f, 'f', -1, 64) + ")"
	return Expr{SQL: "CAST('" + s + "' AS DOUBLE)", Result: Result{Type: schema.Type{Kind: schema.Float64}}, Name: t, Text: t}
}

// IntegerLiteral returns a constant integer: BIGINT, BIGINT UNSIGNED, or DOUBLE if 64 bits
// do not hold it.
func IntegerLiteral(n *big.Int) Expr {
	switch {
	case n.IsInt64():
		v := n.Int64()
		t := "Int64(" + n.String() + ")"
		return Expr{SQL: "CAST(" + n.String() + " AS BIGINT)", Result: Result{Type: schema.Type{Kind: schema.Int64}}, Name: t, Text: t, Constant: Constant{Int: &v}}
	case n.IsUint64():
		t := "UInt64(" + n.String() + ")"
		return Expr{SQL: "CAST(" + n.String() + " AS UBIGINT)", Result: Result{Type: schema.Type{Kind: schema.UInt64}}, Name: t, Text: t}
	}
	f, _ := new(big.Float).SetInt(n).Float64()
	return FloatLiteral(f)
}

// DateLiteral returns the SQL of a date that is so many days after the epoch.
func DateLiteral(days int64) string {
	return "(DATE '1970-01-01' + CAST(" + strconv.FormatInt(days, 10) + " AS INTEGER))"
}

// TimestampLiteral returns an instant in a timestamp type's unit.
func TimestampLiteral(t schema.Type, n int64) string {
	bigint := "CAST('" + strconv.FormatInt(n, 10) + "' AS BIGINT)"
	return TimestampFrom(t, bigint)
}
