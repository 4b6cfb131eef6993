package translate

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// A SELECT is parsed by DuckDB itself: the tokens are rewritten into DuckDB's
// dialect where the two differ in spelling, and json_serialize_sql gives the parse
// tree, which the translator reads and writes as SQL again, node by node. A node it
// does not know is refused, so nothing reaches DuckDB that was not looked at.

// node is a node of DuckDB's parse tree.
type node map[string]any

func (n node) str(key string) string { s, _ := n[key].(string); return s }

func (n node) bool(key string) bool { b, _ := n[key].(bool); return b }

func (n node) child(key string) node {
	m, _ := n[key].(map[string]any)
	return m
}

func (n node) list(key string) []node {
	l, _ := n[key].([]any)
	return nodes(l)
}

func (n node) strings(key string) []string {
	l, _ := n[key].([]any)
	out := make([]string, 0, len(l))
	for _, e := range l {
		s, _ := e.(string)
		out = append(out, s)
	}
	return out
}

func nodes(l []any) []node {
	out := make([]node, 0, len(l))
	for _, e := range l {
		m, _ := e.(map[string]any)
		out = append(out, m)
	}
	return out
}

// parseQuery returns the tree of a SELECT, WITH or VALUES.
func parseQuery(ctx context.Context, p Parser, toks []schema.Token) (node, error) {
	text, err := duckDialect(toks)
	if err != nil {
		return nil, err
	}
	tree, err := p.ParseTree(ctx, text)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(strings.NewReader(tree))
	dec.UseNumber()
	var top map[string]any
	if err := dec.Decode(&top); err != nil {
		return nil, schema.Errorf(schema.Unexpected, "parse tree: %v", err)
	}
	t := node(top)
	switch msg := t.str("error_message"); {
	case strings.Contains(msg, "errhint NOT IMPLEMENTED"):
		return nil, schema.NotSupported("LIMIT with a comma; write LIMIT … OFFSET …")
	case strings.Contains(msg, "expression depth limit"):
		return nil, tooDeep()
	}
	if t.bool("error") {
		return nil, schema.Errorf(schema.InvalidSyntax, "Invalid SQL syntax: sql parser error: %s", t.str("error_message"))
	}
	stmts := t.list("statements")
	if len(stmts) != 1 {
		return nil, schema.Errorf(schema.InvalidSyntax, "Invalid SQL syntax: sql parser error: expected one query")
	}
	return stmts[0].child("node"), nil
}
