package expr

import (
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// binary translates an operator; false if it is a function after all.
func Operator(op string, a []Expr) (Expr, bool, error) {
	switch op {
	case "+", "-", "*", "/", "%":
		if len(a) == 1 {
			e := Combine("("+op+" "+a[0].SQL+")", "("+op+" "+a[0].Text+")", a[0].Type, a[0])
			if op == "-" && a[0].Type.IsUnsigned() {
				return Expr{}, true, schema.PlanError("Error during planning: Negation only supports numeric, interval and timestamp types")
			}
			if !a[0].Type.IsNumber() {
				return Expr{}, true, schema.NotSupported("%s of %s", op, Describe(a[0]))
			}
			return e, true, nil
		}
		e, err := arithmetic(op, a[0], a[1])
		return e, true, err
	case "||":
		a, err := AsTexts(a)
		if err != nil {
			return Expr{}, true, err
		}
		return Combine("("+a[0].SQL+" || "+a[1].SQL+")", a[0].Text+" || "+a[1].Text, schema.StringType, a...), true, nil
	case "~~", "!~~", "~~*", "!~~*":
		word := map[string]string{"~~": "LIKE", "!~~": "NOT LIKE", "~~*": "ILIKE", "!~~*": "NOT ILIKE"}[op]
		for _, e := range a {
			if e.Type.Kind != schema.String && !e.IsNull() {
				return Expr{}, true, schema.NotSupported("%s of %s", word, Describe(e))
			}
		}
		pattern, err := likePattern(a[1])
		if err != nil {
			return Expr{}, true, err
		}
		value := a[0].SQL
		if strings.HasSuffix(word, "ILIKE") { // the two fold other letters alike
			value, pattern = "greptime_ascii("+value+")", "greptime_ascii("+pattern+")"
		}
		return Combine("("+value+" "+word+" "+pattern+" ESCAPE '\\')", a[0].Text+" "+word+" "+a[1].Text, schema.BoolType, a...), true, nil
	}
	if !strings.ContainsAny(op, "abcdefghijklmnopqrstuvwxyz") {
		return Expr{}, true, schema.NotSupported("the operator %s", op)
	}
	return Expr{}, false, nil
}

// likePattern returns a LIKE's pattern. A backslash escapes % and _ in both; before
// anything else it is itself in DataFusion.
func likePattern(e Expr) (string, error) {
	if e.Str == nil {
		return "greptime_pattern(" + e.SQL + ")", nil
	}
	for i := 0; i < len(*e.Str); i++ {
		if (*e.Str)[i] != '\\' {
			continue
		}
		if i++; i == len(*e.Str) || (*e.Str)[i] != '%' && (*e.Str)[i] != '_' {
			return "", schema.NotSupported("LIKE with a backslash that escapes neither %% nor _")
		}
	}
	return e.SQL, nil
}
