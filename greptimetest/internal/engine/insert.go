package engine

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/greptime-go/greptime/internal/sqltext"
)

// insertSQL runs INSERT and REPLACE, which GreptimeDB treats alike. VALUES made of
// literals only are converted by the types of the columns; one other expression
// sends the statement through the planner, which casts.
func (e *Engine) insertSQL(ctx context.Context, s *Session, c *cursor) (*Result, error) {
	c.next()
	c.accept("INTO")
	name, err := c.tableName(s)
	if err != nil {
		return nil, err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	if strings.EqualFold(name.db, informationSchema) {
		return nil, readOnlySchema(name.db)
	}
	t := e.catalog.table(name)
	if t == nil {
		return nil, tableNotFound(name)
	}
	if t.View != "" {
		return nil, viewInsert(name)
	}
	given, err := c.insertColumns(t)
	if err != nil {
		return nil, err
	}
	start := c.i
	if c.accept("VALUES") {
		if values, literals, err := c.literalRows(t, given, s); err != nil {
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
func (e *Engine) insertRows(ctx context.Context, t *Table, given []int, values rows) error {
	full, refused := e.complete(t, given, values, t.nullRefused)
	if t.ttlInstant() {
		return refused
	}
	return cmp.Or(e.write(ctx, t, full, writeMode{}), refused)
}

// insertColumns takes the optional column list. Its names keep their case, quoted
// or not.
func (c *cursor) insertColumns(t *Table) ([]int, error) {
	given := make([]int, 0, len(t.Columns))
	if !c.peek().is("(") || c.at(1).is("SELECT") || c.at(1).is("WITH") {
		for i := range t.Columns {
			given = append(given, i)
		}
		return given, nil
	}
	c.next()
	for {
		tok := c.next()
		if !tok.isName() {
			c.i--
			return nil, c.unexpected("identifier")
		}
		name := tok.text
		if tok.kind == sqltext.TokenQuotedIdent {
			name = unquote(name)
		} else if insertReserved[strings.ToLower(name)] {
			c.i--
			return nil, c.unexpected("identifier")
		}
		i, ok := t.column(name)
		if !ok {
			return nil, errorf(InvalidArguments, "Cannot find column by name: %s", name)
		}
		if slices.Contains(given, i) {
			return nil, errorf(InvalidArguments, "Invalid SQL, error: duplicate column %s", name)
		}
		given = append(given, i)
		if c.accept(")") {
			return given, nil
		}
		if err := c.expect(","); err != nil {
			return nil, err
		}
	}
}

// insertReserved are the words that must be quoted in the column list of an INSERT.
var insertReserved = names(`analyze cluster distribute end except exclude explain fetch fill from group having intersect into lateral
	limit minus offset order range returning select sort top union view where with`)

// literalRows takes VALUES of literals; false if one of them is something else.
func (c *cursor) literalRows(t *Table, given []int, s *Session) (rows, bool, error) {
	// A first pass finds out whether all values are literals, because an error of
	// one counts only then.
	start := c.i
	var all [][]literal
	for {
		if err := c.expect("("); err != nil {
			return nil, false, err
		}
		row := make([]literal, 0, len(given))
		for {
			lit, ok := c.literal()
			if !ok {
				err := c.refusedValue(t, given, len(row))
				c.i = start
				return nil, false, err
			}
			row = append(row, lit)
			if c.next().is(")") {
				break
			}
		}
		if len(row) != len(given) {
			return nil, false, errorf(InvalidArguments, "Invalid SQL, error: column count mismatch, columns: %d, values: %d", len(given), len(row))
		}
		all = append(all, row)
		if !c.accept(",") {
			break
		}
	}
	// RETURNING and ON CONFLICT are read and ignored, as GreptimeDB does.
	if !c.done() && !c.peek().is("RETURNING") && !(c.peek().is("ON") && c.at(1).is("CONFLICT")) {
		return nil, false, c.unexpected("end of statement")
	}
	out := make(rows, len(all))
	cells := make([]any, len(all)*len(given))
	for r, row := range all {
		out[r] = cells[r*len(given) : (r+1)*len(given)]
		for k, lit := range row {
			col := &t.Columns[given[k]]
			var err error
			if lit.kind == litDefault {
				out[r][k], err = col.defaultCell(systemClock())
			} else {
				out[r][k], err = lit.cell(col.Name, col.Type, s.Zone)
			}
			if err != nil {
				return nil, false, err
			}
		}
	}
	return out, true, nil
}

// refusedValue returns the error of values that even the planner does not get to see.
func (c *cursor) refusedValue(t *Table, given []int, k int) error {
	switch v := c.peek(); {
	case v.kind == sqltext.TokenPlaceholder:
		return errorf(InvalidArguments, "Invalid sql value: %s", v.text)
	case v.is(":") && c.at(1).kind == sqltext.TokenWord:
		return errorf(InvalidArguments, "Invalid sql value: :%s", c.at(1).text)
	case v.kind == sqltext.TokenDollarString, v.kind == sqltext.TokenNationalString:
		typ := "unknown"
		if k < len(given) {
			typ = t.Columns[given[k]].Type.debug()
		}
		return errorf(Unsupported, "Unable to convert sql value %s to datatype %s", v.text, typ)
	}
	return nil
}

// plannedRows runs the query of an INSERT … SELECT, or VALUES with expressions, and
// casts its columns as Arrow does. With an error it returns the rows before it.
func (e *Engine) plannedRows(ctx context.Context, s *Session, c *cursor, start int, t *Table, given []int) (rows, error) {
	toks := c.rest(start)
	for i, tok := range toks {
		if tok.is("RETURNING") || tok.is("ON") && i+1 < len(toks) && toks[i+1].is("CONFLICT") {
			toks = toks[:i]
			break
		}
	}
	if len(toks) == 0 {
		return nil, c.unexpected("SELECT, VALUES, or a query")
	}
	q, outs, tr, err := e.plan(ctx, s, toks)
	if err != nil {
		return nil, err
	}
	if len(outs) != len(given) {
		return nil, planError("Error during planning: Inserting query must have the same schema length as the table. Expected table schema length: %d, got: %d", len(given), len(outs))
	}
	res, err := e.runPlanned(ctx, q, outs, tr)
	if err != nil {
		return nil, err
	}
	defer res.Close()
	var out rows
	raw := make([]driver.Value, len(outs))
	for {
		if err := res.rows.next(raw); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return out, asError(err)
		}
		row := make([]any, len(raw))
		for i, v := range raw {
			from := columnTypeOf(res.cols[i].dt)
			if row[i], err = castCell(fromDuck(from, v), from, t.Columns[given[i]].Type); err != nil {
				return out, err
			}
		}
		out = append(out, row)
	}
}

// deleteSQL runs DELETE. Affected rows are the rows it found.
func (e *Engine) deleteSQL(ctx context.Context, s *Session, c *cursor) (*Result, error) {
	c.next()
	if err := c.expect("FROM"); err != nil {
		return nil, err
	}
	start := c.i
	name, err := c.tableName(s)
	if err != nil {
		return nil, err
	}
	if !c.done() && !c.peek().is("WHERE") {
		return nil, unsupported("DELETE with %s", strings.ToUpper(c.peek().text))
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	t := e.catalog.table(name)
	if t == nil || t.View != "" {
		return nil, planError("Table not found: %s", name).withCode(TableNotFound)
	}
	if t.appendMode() {
		return nil, t.badRequest("DELETE is not allowed under append mode")
	}
	text := "SELECT 1 AS one FROM "
	probe, err := lex(text)
	if err != nil {
		return nil, err
	}
	n, err := e.parseQuery(ctx, append(probe[0], c.toks[start:]...))
	if err != nil {
		return nil, err
	}
	tr := e.newTranslator(ctx, s)
	sc := &scope{}
	from, err := tr.from(n.child("from_table"), sc)
	if err != nil {
		return nil, err
	}
	q := "DELETE FROM " + t.phys()
	if w := n.child("where_clause"); w != nil {
		cond, err := tr.condition(w, sc)
		if err != nil {
			return nil, err
		}
		q += " WHERE rowid IN (SELECT " + quote(sc.rels[0].phys) + ".rowid FROM " + from + " WHERE " + cond + ")"
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	res, err := e.db.ExecContext(context.WithoutCancel(ctx), q)
	if err != nil {
		return nil, executionFailure(ctx, err)
	}
	rowsDeleted, err := res.RowsAffected()
	return affected(int(rowsDeleted)), err
}

func (e *Error) withCode(c Code) *Error {
	e.Code = c
	return e
}
