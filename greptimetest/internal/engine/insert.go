package engine

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/greptimetest/internal/translate"
	"github.com/greptime-go/greptime/internal/sqltext"
)

// insertSQL runs INSERT and REPLACE, which GreptimeDB treats alike. VALUES made of
// literals only are converted by the types of the columns; one other expression
// sends the statement through the planner, which casts.
func (e *Engine) insertSQL(ctx context.Context, s *schema.Session, c *schema.Cursor) (*Result, error) {
	c.Take()
	c.Accept("INTO")
	name, err := c.TableName(s)
	if err != nil {
		return nil, err
	}
	if c.Peek().Is("INTO") { // INSERT IGNORE INTO t: to GreptimeDB IGNORE is a table
		return nil, c.Unexpected("SELECT, VALUES, or a query")
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	if strings.EqualFold(name.DB, schema.InformationSchema) {
		return nil, readOnlySchema(name.DB)
	}
	t := e.catalog.Table(name)
	if t == nil {
		return nil, schema.NoTable(name)
	}
	if t.View != "" {
		return nil, viewInsert(name)
	}
	given, err := insertColumns(c, t)
	if err != nil {
		return nil, err
	}
	start := c.Next
	if c.Accept("VALUES") {
		if values, literals, err := literalRows(c, t, given, s); err != nil {
			return nil, err
		} else if literals {
			return affected(len(values)), e.insertRows(ctx, t, given, values)
		}
	}
	// GreptimeDB writes the batches of a query as they come, and stops at the first that
	// is refused. VALUES are one batch.
	values, failed := e.plannedRows(ctx, s, c, start, t, given)
	if failed != nil {
		values = values[:len(values)/queryBatch*queryBatch]
	}
	for batch := range slices.Chunk(values, queryBatch) {
		if err := e.insertRows(ctx, t, given, batch); err != nil {
			return nil, err
		}
	}
	return affected(len(values)), failed
}

// queryBatch is the number of rows in a batch of INSERT … SELECT.
const queryBatch = 8192

// insertRows writes the parts of the rows that are not refused, and returns the error of
// the first that is.
func (e *Engine) insertRows(ctx context.Context, t *schema.Table, given []int, values rows) error {
	full, refused := e.complete(t, given, values, t.NullRefused)
	if t.TTLInstant() {
		return refused
	}
	return cmp.Or(e.write(ctx, t, full, writeMode{}), refused)
}

// insertColumns takes the optional column list. Its names keep their case, quoted
// or not.
func insertColumns(c *schema.Cursor, t *schema.Table) ([]int, error) {
	given := make([]int, 0, len(t.Columns))
	if !c.Peek().Is("(") || c.At(1).Is("SELECT") || c.At(1).Is("WITH") {
		for i := range t.Columns {
			given = append(given, i)
		}
		return given, nil
	}
	c.Take()
	for {
		tok := c.Take()
		if !tok.IsName() {
			c.Next--
			return nil, c.Unexpected("identifier")
		}
		name := tok.Text
		if tok.Kind == sqltext.TokenQuotedIdent {
			name = schema.Unquote(name)
		} else if insertReserved[strings.ToLower(name)] {
			c.Next--
			return nil, c.Unexpected("identifier")
		}
		i, ok := t.Column(name)
		if !ok {
			return nil, schema.Errorf(schema.InvalidArguments, "Cannot find column by name: %s", name)
		}
		if slices.Contains(given, i) {
			return nil, schema.Errorf(schema.InvalidArguments, "Invalid SQL, error: duplicate column %s", name)
		}
		given = append(given, i)
		if c.Accept(")") {
			return given, nil
		}
		if err := c.Expect(","); err != nil {
			return nil, err
		}
	}
}

// insertReserved are the words that must be quoted in the column list of an INSERT.
var insertReserved = schema.WordSet(`analyze cluster distribute end except exclude explain fetch fill from group having intersect into lateral
	limit minus offset order range returning select sort top union view where with`)

// literalRows takes VALUES of literals; false if one of them is something else.
func literalRows(c *schema.Cursor, t *schema.Table, given []int, s *schema.Session) (rows, bool, error) {
	// A first pass finds out whether all values are literals, because an error of
	// one counts only then.
	start := c.Next
	var all [][]schema.Literal
	for {
		if err := c.Expect("("); err != nil {
			return nil, false, err
		}
		row := make([]schema.Literal, 0, len(given))
		for {
			lit, ok := c.Literal()
			if !ok {
				err := refusedValue(c, t, given, len(row))
				c.Next = start
				return nil, false, err
			}
			row = append(row, lit)
			if c.Take().Is(")") {
				break
			}
		}
		if len(row) != len(given) {
			return nil, false, schema.Errorf(schema.InvalidArguments, "Invalid SQL, error: column count mismatch, columns: %d, values: %d", len(given), len(row))
		}
		all = append(all, row)
		if !c.Accept(",") {
			break
		}
	}
	// RETURNING and ON CONFLICT are read and ignored, as GreptimeDB does.
	if !c.Done() && !c.Peek().Is("RETURNING") && !(c.Peek().Is("ON") && c.At(1).Is("CONFLICT")) {
		return nil, false, c.Unexpected("end of statement")
	}
	out := make(rows, len(all))
	cells := make([]any, len(all)*len(given))
	for r, row := range all {
		out[r] = cells[r*len(given) : (r+1)*len(given)]
		for k, lit := range row {
			col := &t.Columns[given[k]]
			var err error
			if lit.Kind == schema.DefaultLiteral {
				out[r][k], err = col.DefaultCell(systemClock())
			} else {
				out[r][k], err = lit.Cell(col.Name, col.Type, s.Zone)
			}
			if err != nil {
				return nil, false, err
			}
		}
	}
	return out, true, nil
}

// refusedValue returns the error of values that even the planner does not get to see.
func refusedValue(c *schema.Cursor, t *schema.Table, given []int, k int) error {
	switch v := c.Peek(); {
	case v.Kind == sqltext.TokenPlaceholder:
		return schema.Errorf(schema.InvalidArguments, "Invalid sql value: %s", v.Text)
	case v.Is(":") && c.At(1).Kind == sqltext.TokenWord:
		return schema.Errorf(schema.InvalidArguments, "Invalid sql value: :%s", c.At(1).Text)
	case v.Kind == sqltext.TokenDollarString, v.Kind == sqltext.TokenNationalString:
		typ := "unknown"
		if k < len(given) {
			typ = t.Columns[given[k]].Type.Debug()
		}
		return schema.Errorf(schema.Unsupported, "Unable to convert sql value %s to datatype %s", v.Text, typ)
	}
	return nil
}

// plannedRows runs the query of an INSERT … SELECT, or VALUES with expressions, and
// casts its columns as Arrow does. With an error it returns the rows before it.
func (e *Engine) plannedRows(ctx context.Context, s *schema.Session, c *schema.Cursor, start int, t *schema.Table, given []int) (rows, error) {
	toks := c.Rest(start)
	for i, tok := range toks {
		if tok.Is("RETURNING") || tok.Is("ON") && i+1 < len(toks) && toks[i+1].Is("CONFLICT") {
			toks = toks[:i]
			break
		}
	}
	if len(toks) == 0 {
		return nil, c.Unexpected("SELECT, VALUES, or a query")
	}
	p, err := translate.Query(ctx, e.database(), e.env(s), toks)
	if err != nil {
		return nil, err
	}
	if len(p.Columns) != len(given) {
		return nil, schema.PlanError("Error during planning: Inserting query must have the same schema length as the table. Expected table schema length: %d, got: %d", len(given), len(p.Columns))
	}
	res, err := e.runPlanned(ctx, p)
	if err != nil {
		return nil, err
	}
	defer res.Close()
	var out rows
	raw := make([]driver.Value, len(p.Columns))
	for {
		if err := res.rows.next(raw); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return out, schema.AsError(err)
		}
		row := make([]any, len(raw))
		for i, v := range raw {
			from := schema.TypeOf(res.cols[i].dt)
			if row[i], err = schema.CastCell(fromDuck(from, v), from, t.Columns[given[i]].Type); err != nil {
				return out, err
			}
		}
		out = append(out, row)
	}
}

// deleteSQL runs DELETE. Affected rows are the rows it found.
func (e *Engine) deleteSQL(ctx context.Context, s *schema.Session, c *schema.Cursor) (*Result, error) {
	c.Take()
	if err := c.Expect("FROM"); err != nil {
		return nil, err
	}
	start := c.Next
	name, err := c.TableName(s)
	if err != nil {
		return nil, err
	}
	if !c.Done() && !c.Peek().Is("WHERE") {
		return nil, schema.NotSupported("DELETE with %s", strings.ToUpper(c.Peek().Text))
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	t := e.catalog.Table(name)
	if t == nil || t.View != "" {
		return nil, schema.PlanError("Table not found: %s", name).WithCode(schema.TableNotFound)
	}
	if t.AppendMode() {
		return nil, t.BadRequest("DELETE is not allowed under append mode")
	}
	q, err := translate.Delete(ctx, e.database(), e.env(s), t, c.Rest(start))
	if err != nil {
		return nil, err
	}
	st := e.stored[t.ID]
	st.mu.Lock()
	defer st.mu.Unlock()
	res, err := e.db.ExecContext(context.WithoutCancel(ctx), q)
	if err != nil {
		return nil, executionFailure(ctx, err)
	}
	rowsDeleted, err := res.RowsAffected()
	return affected(int(rowsDeleted)), err
}
