package functions

import (
	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// sessionFunctions are the functions that tell about the session.
var sessionFunctions = map[string]builtin{
	"version": session(func(s *schema.Session) string { return s.Version.String() }), "database": session(func(s *schema.Session) string { return s.Database }),
	"current_schema": session(func(s *schema.Session) string { return s.Database }),
}

func session(value func(*schema.Session) string) builtin {
	return fn(0, 0, func(at Env, _ []expr.Expr) (expr.Expr, error) {
		return expr.StringView(schema.QuoteText(value(at.Session))), nil
	})
}
