package functions

import (
	"strings"
	"unicode/utf8"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// textFunctions are the functions of text.
var textFunctions = map[string]builtin{
	"upper": ascii("upper"), "lower": ascii("lower"),
	"trim": shown("btrim", ofText(returns(1, 2, "trim", schema.StringType))), "btrim": ofText(returns(1, 2, "trim", schema.StringType)),
	"ltrim": ofText(returns(1, 2, "ltrim", schema.StringType)), "rtrim": ofText(returns(1, 2, "rtrim", schema.StringType)),
	"replace": ofText(fn(3, 3, replace)), "reverse": text(returns(1, 1, "reverse", schema.StringType)),
	"left": text(returns(2, 2, `"left"`, schema.StringType)), "right": text(returns(2, 2, `"right"`, schema.StringType)),
	"repeat": text(returns(2, 2, "repeat", schema.StringType)), "split_part": ofText(fn(3, 3, splitPart)),
	"concat": strict(text(returns(1, -1, "concat", schema.StringType))), "concat_ws": text(returns(2, -1, "concat_ws", schema.StringType)),
	"starts_with": ofText(returns(2, 2, "starts_with", schema.BoolType)), "ends_with": ofText(returns(2, 2, "ends_with", schema.BoolType)),
	"contains": ofText(returns(2, 2, "contains", schema.BoolType)), "chr": fn(1, 1, chr),
	"regexp_like": ofText(fn(2, 3, regexpLike)),
	// x ~ 'pattern', as DuckDB's parser writes it; DataFusion's matches anywhere.
	"regexp_full_match": ofText(fn(2, 2, func(at Env, a []expr.Expr) (expr.Expr, error) {
		e, err := regexpLike(at, a)
		e.Text = a[0].Text + " ~ " + a[1].Text
		return e, err
	})),
	"md5":    view(ofText(returns(1, 1, "md5", schema.StringType))),
	"length": length("length"), "char_length": length("length"), "character_length": length("length"),
	"octet_length": ofText(length("strlen")), "strpos": position, "position": shown("strpos", position), "instr": position,
	"substr": view(ofText(fn(2, 3, substr))), "substring": shown("substr", view(ofText(fn(2, 3, substr)))),
	"lpad": text(pad("lpad")), "rpad": text(pad("rpad")),
	"ascii": ofText(returns(1, 1, "ascii", schema.Int32Type)), "translate": ofText(returns(3, 3, "translate", schema.StringType)),
}

func length(duck string) builtin {
	return text(fn(1, 1, func(_ Env, a []expr.Expr) (expr.Expr, error) {
		return expr.Typed(schema.Int32Type, "CAST("+duck+"("+a[0].SQL+") AS INTEGER)"), nil
	}))
}

var position = ofText(fn(2, 2, func(_ Env, a []expr.Expr) (expr.Expr, error) {
	return expr.Typed(schema.Int32Type, "CAST(strpos("+expr.SQLs(a)+") AS INTEGER)"), nil
}))

// substr with a start before the text counts from its end in DuckDB, and not in
// DataFusion.
func substr(_ Env, a []expr.Expr) (expr.Expr, error) {
	if a[1].Int == nil || *a[1].Int < 1 {
		return expr.Expr{}, schema.NotSupported("substr with a start that is not a positive number")
	}
	if len(a) == 3 && (a[2].Int == nil || *a[2].Int < 0) {
		return expr.Expr{}, schema.NotSupported("substr with a length that is not a number")
	}
	return expr.Typed(schema.StringType, "substr("+expr.SQLs(a)+")"), nil
}

func pad(duck string) builtin {
	return fn(2, 3, func(_ Env, a []expr.Expr) (expr.Expr, error) {
		fill := "' '"
		if len(a) == 3 {
			if a[2].Str == nil || *a[2].Str == "" {
				return expr.Expr{}, schema.NotSupported("%s with an empty text, or one that is no constant", duck)
			}
			fill = a[2].SQL
		}
		return expr.Typed(schema.StringType, duck+"("+a[0].SQL+", CAST("+a[1].SQL+" AS INTEGER), "+fill+")"), nil
	})
}

// ascii makes upper and lower, which map some letters to several, and by their
// neighbours, in DataFusion.
func ascii(duck string) builtin {
	return ofText(fn(1, 1, func(_ Env, a []expr.Expr) (expr.Expr, error) {
		return expr.Typed(schema.StringType, duck+"(greptime_ascii("+a[0].SQL+"))"), nil
	}))
}

func splitPart(_ Env, a []expr.Expr) (expr.Expr, error) {
	if a[1].Str == nil || *a[1].Str == "" || a[2].Int == nil || *a[2].Int == 0 {
		return expr.Expr{}, schema.NotSupported("split_part unless with a constant delimiter and a constant number that is not 0")
	}
	return expr.Typed(schema.StringType, "split_part("+expr.SQLs(a)+")"), nil
}

// replace of an empty text puts the new one between all letters in DataFusion.
func replace(_ Env, a []expr.Expr) (expr.Expr, error) {
	if a[1].Str == nil || *a[1].Str == "" {
		return expr.Expr{}, schema.NotSupported("replace of an empty text, or one that is no constant")
	}
	return expr.Typed(schema.StringType, "replace("+expr.SQLs(a)+")"), nil
}

func chr(_ Env, a []expr.Expr) (expr.Expr, error) {
	if a[0].Int == nil || *a[0].Int < 1 || !utf8.ValidRune(rune(min(*a[0].Int, utf8.MaxRune+1))) {
		return expr.Expr{}, schema.NotSupported("chr of anything but a constant code point")
	}
	return expr.Typed(schema.StringType, "chr(CAST("+a[0].SQL+" AS INTEGER))"), nil
}

// regexpLike takes the patterns that RE2 and Rust's regex read alike: in Rust, \w \d \s
// and \b are of Unicode, and classes have operators.
func regexpLike(_ Env, a []expr.Expr) (expr.Expr, error) {
	switch {
	case len(a) == 3:
		return expr.Expr{}, schema.NotSupported("regexp_like with flags")
	case a[1].Str == nil:
		return expr.Expr{}, schema.NotSupported("a regular expression that is no constant")
	}
	p := *a[1].Str
	for i := 0; i+1 < len(p); i++ {
		switch next := p[i+1]; {
		case p[i] == '\\' && (next == '_' || '0' <= next && next <= '9' || 'a' <= next|0x20 && next|0x20 <= 'z'):
			return expr.Expr{}, schema.NotSupported("\\%c in a regular expression", next)
		case p[i] == '\\':
			i++
		case p[i] == next && strings.IndexByte("&-~", next) >= 0:
			return expr.Expr{}, schema.NotSupported("%s in a regular expression", p[i:i+2])
		}
	}
	return expr.Typed(schema.BoolType, "regexp_matches("+expr.SQLs(a)+")"), nil
}
