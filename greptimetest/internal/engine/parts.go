package engine

import (
	"slices"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// complete makes rows of the table out of rows that give some of its columns. given are
// the columns' positions in the table.
//
// GreptimeDB divides a write by region, and within a region by day, and what refuses
// one part stops no other: a NULL in a column that is NOT NULL refuses the rows of its
// region, a time near the ends of int64 those of its day. So complete returns the rows
// of the other parts, which are to be written, with the error of the first that is
// refused. refuseNull is the error of a NULL.
func (e *Engine) complete(t *schema.Table, given []int, values rows, refuseNull func(*schema.Column) error) (rows, error) {
	template, err := e.template(t, given)
	if err != nil {
		return nil, err
	}
	region, err := t.Router()
	if err != nil {
		return nil, err
	}
	out := make(rows, len(values))
	cells := make([]any, len(values)*len(template))
	refused := map[int]bool{} // regions
	var first error
	refuse := func(err error) {
		if first == nil {
			first = err
		}
	}
	for r, row := range values {
		full := cells[r*len(template) : (r+1)*len(template) : (r+1)*len(template)]
		copy(full, template)
		null := -1
		for k, i := range given {
			if row[k] == nil && !t.Columns[i].Nullable && null < 0 {
				null = i
			}
			full[i] = row[k]
		}
		if null >= 0 {
			refused[region(full)] = true
			refuse(refuseNull(&t.Columns[null]))
		}
		out[r] = full
	}
	ti := t.TimeIndex()
	return slices.DeleteFunc(out, func(row []any) bool {
		if len(refused) > 0 && refused[region(row)] {
			return true
		}
		if err := t.CheckDay(row[ti].(int64)); err != nil {
			refuse(err)
			return true
		}
		return false
	}), first
}

// template returns a row with the defaults of the columns that are not given.
func (e *Engine) template(t *schema.Table, given []int) ([]any, error) {
	now := e.now()
	row := make([]any, len(t.Columns))
	for i := range t.Columns {
		col := &t.Columns[i]
		if slices.Contains(given, i) {
			continue
		}
		v, err := col.DefaultCell(now)
		if err != nil {
			return nil, schema.AsError(err)
		}
		if v == nil && !col.Nullable {
			return nil, t.BadRequest("missing column %s", col.Name)
		}
		row[i] = v
	}
	return row, nil
}
