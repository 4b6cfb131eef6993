package bulk

import (
	"fmt"
	"reflect"

	"github.com/greptime-go/greptime/internal/structs"
)

// AppendStructs appends a row for each struct, or each struct pointed to, by the tags
// that package insert describes at [insert.SchemaOf]. The table's own types count, not
// those of the tags. Fields and columns must be the same, in any order. Either all
// rows are appended, or none and the first error is returned, a *[insert.ValueError].
func AppendStructs[T any](b *Batch, rows ...T) error {
	rt := structs.Struct(reflect.TypeFor[T]())
	plan, err := structs.Of(rt)
	if err != nil {
		return fmt.Errorf("greptime: bulk: %w", err)
	}
	b.begin()
	places, err := b.places(plan, rt)
	if err != nil {
		return err
	}
	before := b.rows
	list := reflect.ValueOf(rows)
	for i := range list.Len() {
		if err := b.appendStruct(plan, places, list.Index(i)); err != nil {
			b.truncate(before)
			return err
		}
	}
	return nil
}

// places says of each column which of the plan's it is.
func (b *Batch) places(plan *structs.Plan, rt reflect.Type) ([]int, error) {
	places := make([]int, len(b.columns))
	for i := range places {
		places[i] = -1
	}
	for i, c := range plan.Columns {
		at, ok := b.table.Index(c.Name)
		if !ok {
			return nil, b.rowError(fmt.Sprintf("the table has no column %q, which %v has", c.Name, rt))
		}
		places[at] = i
	}
	for i, at := range places {
		if at < 0 {
			return nil, b.rowError(fmt.Sprintf("%v has no field for column %q, and bulk loads must send every column", rt, b.table.Columns[i].Name))
		}
	}
	return places, nil
}

func (b *Batch) appendStruct(plan *structs.Plan, places []int, v reflect.Value) error {
	b.begin()
	v, err := structs.Pointed(v)
	if err != nil {
		return b.rowError(err.Error())
	}
	for i, at := range places {
		if err := plan.SetAs(&b.cell, at, b.table.Columns[i].Type, v); err != nil {
			return b.refuse(i, err)
		}
		if err := b.put(i, &b.cell); err != nil {
			return err
		}
	}
	b.commit()
	return nil
}
