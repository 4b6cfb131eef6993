package translate

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// constantExpr translates a literal. Integers are BIGINT, as DataFusion's are Int64.
func constantExpr(v node) (expr.Expr, error) {
	if v.bool("is_null") {
		return expr.Expr{SQL: "NULL", Result: expr.Result{Arrow: arrow.Null, Null: true}, Name: "NULL", Text: "NULL"}, nil
	}
	raw := fmt.Sprint(v["value"])
	switch id := v.child("type").str("id"); id {
	case "VARCHAR":
		s := v.str("value")
		return expr.TextLiteral(s), nil
	case "BOOLEAN":
		return expr.BoolLiteral(v.bool("value")), nil
	case "DOUBLE", "FLOAT":
		f, err := strconv.ParseFloat(raw, 64)
		if err != nil {
			return expr.Expr{}, schema.NotSupported("the number %s", raw)
		}
		return expr.FloatLiteral(f), nil
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UBIGINT", "HUGEINT":
		n, ok := new(big.Int).SetString(raw, 10)
		if h := v.child("value"); h != nil {
			n, ok = hugeint(h)
		}
		if !ok {
			return expr.Expr{}, schema.NotSupported("the number %s", raw)
		}
		return expr.IntegerLiteral(n), nil
	default:
		return expr.Expr{}, schema.NotSupported("%s literals", id)
	}
}

// hugeint returns the value of {"upper": …, "lower": …} in the parse tree.
func hugeint(h node) (*big.Int, bool) {
	up, ok1 := h["upper"].(json.Number)
	lo, ok2 := h["lower"].(json.Number)
	if !ok1 || !ok2 {
		return nil, false
	}
	n, ok1 := new(big.Int).SetString(up.String(), 10)
	l, ok2 := new(big.Int).SetString(lo.String(), 10)
	if !ok1 || !ok2 {
		return nil, false
	}
	return n.Add(n.Lsh(n, 64), l), true
}
