package engine

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/greptimetest/internal/translate"
)

// explain answers with DuckDB's plan of the translated query, in GreptimeDB's
// columns.
func (e *Engine) explain(ctx context.Context, s *schema.Session, c *schema.Cursor) (*Result, error) {
	c.Take()
	analyze := c.Accept("ANALYZE")
	verbose := c.Accept("VERBOSE")
	if c.Accept("FORMAT") {
		f := c.Take().Text
		if !analyze {
			return nil, schema.Errorf(schema.EngineExecuteQuery, "Invalid or Unsupported Configuration: Invalid explain format. Expected 'indent', 'tree', 'pgjson' or 'graphviz'. Got '%s'", f)
		}
		return nil, schema.NotSupported("EXPLAIN ANALYZE FORMAT %s", f)
	}
	switch strings.ToUpper(c.Peek().Text) {
	case "SELECT", "WITH", "VALUES", "(":
	default:
		return nil, schema.NotSupported("EXPLAIN %s", c.Peek().Text)
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	p, err := translate.Query(ctx, e.database(), e.env(s), c.Rest(c.Next))
	if err != nil {
		return nil, err
	}
	text, err := e.explainDuck(ctx, p.SQL)
	if err != nil {
		return nil, err
	}
	str := func(name string, null bool) column { return column{name, arrow.BinaryTypes.String, null} }
	if !analyze {
		r := table([]column{str("plan_type", false), str("plan", false)}, [][]driver.Value{
			{"logical_plan", "DuckDB: " + p.SQL}, {"physical_plan", text},
		})
		r.Stream, r.Schema = true, arrow.NewSchema(r.Schema.Fields(), nil)
		return r, nil
	}
	res, err := e.runPlanned(ctx, p)
	if err != nil {
		return nil, err
	}
	defer res.Close()
	n := 0
	row := make([]driver.Value, len(p.Columns))
	for {
		if err := res.rows.next(row); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, schema.AsError(err)
		}
		n++
	}
	num := func(name string) column { return column{name, arrow.PrimitiveTypes.Uint32, true} }
	r := table([]column{num("stage"), num("node"), str("plan", true)}, [][]driver.Value{
		{int64(0), int64(0), text}, {nil, nil, "Total rows: " + strconv.Itoa(n)},
	})
	r.Stream, r.Schema = true, arrow.NewSchema(r.Schema.Fields(), nil)
	r.BatchMetrics = verbose && e.version >= schema.V1_1_4
	return r, nil
}

func (e *Engine) explainDuck(ctx context.Context, q string) (string, error) {
	rows, err := e.db.QueryContext(ctx, "EXPLAIN "+q)
	if err != nil {
		return "", planFailure(err)
	}
	defer rows.Close()
	var plan string
	for rows.Next() {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			return "", schema.AsError(err)
		}
		plan += value
	}
	return plan, rows.Err()
}
