package engine

import (
	"context"
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// Execute runs an SQL text. Several statements are run in order until one fails,
// and the answer is an error all the same, as GreptimeDB's.
func (e *Engine) Execute(ctx context.Context, s *schema.Session, text string) (*Result, error) {
	s.Version = e.version
	stmts, err := schema.Lex(text)
	if err != nil {
		return nil, err
	}
	if len(stmts) == 0 {
		return nil, schema.Errorf(schema.InvalidArguments, "Invalid SQL, error: empty statements")
	}
	for _, toks := range stmts {
		if err := checkFirstWord(toks[0]); err != nil {
			return nil, err
		}
		if err := checkPermission(s, toks); err != nil {
			return nil, err
		}
	}
	for i, toks := range stmts {
		r, err := e.statement(ctx, s, &schema.Cursor{SQL: text, Tokens: toks})
		switch {
		case len(stmts) == 1:
			return r, err
		case err != nil && i == 0:
			return nil, err
		}
		if err != nil {
			break
		}
		r.Close()
	}
	return nil, schema.Errorf(schema.Unsupported, "Not supported: execute multiple statements in SQL query string through GRPC interface")
}

// statements that GreptimeDB knows, by their first word.
var statementWords = map[string]bool{
	"SELECT": true, "WITH": true, "VALUES": true, "(": true, "INSERT": true, "REPLACE": true, "DELETE": true,
	"CREATE": true, "ALTER": true, "DROP": true, "TRUNCATE": true, "COMMENT": true, "SHOW": true, "DESC": true,
	"DESCRIBE": true, "EXPLAIN": true, "TQL": true, "ADMIN": true, "COPY": true, "SET": true, "USE": true,
	"KILL": true, "DECLARE": true, "FETCH": true, "CLOSE": true,
}

func checkFirstWord(t schema.Token) error {
	if statementWords[strings.ToUpper(t.Text)] {
		return nil
	}
	return schema.Errorf(schema.Unsupported, "SQL statement is not supported, keyword: %s", t.Text)
}

// checkPermission checks permissions as GreptimeDB does: a read-only user may not even
// send USE or SET, and a write-only user may not send any SQL.
func checkPermission(s *schema.Session, toks []schema.Token) error {
	reads := false
	switch strings.ToUpper(toks[0].Text) {
	case "SELECT", "WITH", "VALUES", "(", "SHOW", "DESC", "DESCRIBE", "EXPLAIN", "TQL":
		reads = true
	}
	if s.WriteOnly || s.ReadOnly && !reads {
		return ErrPermission
	}
	return nil
}

// ErrPermission is the answer to a user who may not do what was asked.
var ErrPermission = schema.Errorf(schema.PermissionDenied, "User is not authorized to perform this action")

func (e *Engine) statement(ctx context.Context, s *schema.Session, c *schema.Cursor) (*Result, error) {
	switch strings.ToUpper(c.Peek().Text) {
	case "SELECT", "WITH", "VALUES", "(":
		return e.query(ctx, s, c.Tokens)
	case "INSERT", "REPLACE":
		return e.insertSQL(ctx, s, c)
	case "DELETE":
		return e.deleteSQL(ctx, s, c)
	case "CREATE":
		return e.create(ctx, s, c)
	case "ALTER":
		return e.alter(ctx, s, c)
	case "DROP":
		return e.drop(ctx, s, c)
	case "TRUNCATE":
		return e.truncate(ctx, s, c)
	case "COMMENT":
		return e.comment(ctx, s, c)
	case "SHOW":
		return e.show(s, c)
	case "DESC", "DESCRIBE":
		return e.describe(s, c)
	case "EXPLAIN":
		return e.explain(ctx, s, c)
	case "ADMIN":
		return e.admin(s, c)
	case "SET":
		return e.set(c)
	case "USE":
		return e.use(s, c)
	}
	return nil, schema.NotSupported("the statement %s", strings.ToUpper(c.Peek().Text))
}
