package engine

import (
	"context"
	"slices"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// DeleteRows runs a RowDeleteRequests and returns the keys sent, found or not.
func (e *Engine) DeleteRows(ctx context.Context, s *schema.Session, req *v1.RowDeleteRequests) (int, error) {
	var tables []nativeTable
	for _, r := range req.GetDeletes() {
		t, err := rowTable(r.GetTableName(), r.GetRows())
		if err != nil {
			return 0, err
		}
		if len(t.rows) > 0 {
			tables = append(tables, t)
		}
	}
	return e.deleteNative(ctx, s, tables)
}

// DeleteColumns runs a DeleteRequests.
func (e *Engine) DeleteColumns(ctx context.Context, s *schema.Session, req *v1.DeleteRequests) (int, error) {
	var tables []nativeTable
	for _, r := range req.GetDeletes() {
		if r.GetRowCount() == 0 {
			continue
		}
		t, err := columnTable(r.GetTableName(), r.GetKeyColumns(), int(r.GetRowCount()))
		if err != nil {
			return 0, err
		}
		tables = append(tables, t)
	}
	return e.deleteNative(ctx, s, tables)
}

func (e *Engine) deleteNative(ctx context.Context, s *schema.Session, tables []nativeTable) (int, error) {
	total := 0
	var first error // of the tables, which are written side by side
	for i := range tables {
		n, err := e.deleteTable(ctx, s, &tables[i])
		if err != nil && first == nil {
			first = err
		}
		total += n
	}
	return total, first
}

// deleteTable deletes by keys. Columns that are no part of the key are dropped.
func (e *Engine) deleteTable(ctx context.Context, s *schema.Session, nt *nativeTable) (int, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	name := schema.TableName{Catalog: s.Catalog, DB: s.Database, Table: nt.name}
	t := e.catalog.Table(name)
	if t == nil || t.View != "" {
		return 0, schema.NoTable(name)
	}
	if t.AppendMode() {
		return 0, t.BadRequest("DELETE is not allowed under append mode")
	}
	keys := t.KeyColumns()
	full := make(rows, len(nt.rows))
	for r := range full {
		full[r] = make([]any, len(t.Columns))
	}
	for _, i := range keys {
		col := t.Columns[i]
		k := slices.IndexFunc(nt.cols, func(c nativeColumn) bool { return c.name == col.Name })
		if k < 0 {
			return 0, t.BadRequest("delete requests need column %s", col.Name)
		}
		c := nt.cols[k]
		if !col.Type.Same(c.typ) {
			return 0, t.BadRequest("column %s expect type %s, given: %s(%d)", c.name, col.Type.Debug(), c.declared, c.declared)
		}
		for r, row := range nt.rows {
			v, err := nativeCell(t, c, row[k])
			if err != nil {
				return 0, err
			}
			if v == nil && col.Semantic == schema.TimeIndex {
				return 0, t.BadRequest("column %s is not null but input has null", col.Name)
			}
			full[r][i] = v
		}
	}
	return len(full), e.deleteKeys(ctx, t, full)
}
