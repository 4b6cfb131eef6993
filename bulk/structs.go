package bulk

import (
	"fmt"
	"reflect"

	"github.com/greptime-go/greptime/bulk/internal/recordbatch"
	"github.com/greptime-go/greptime/internal/structs"
)

// AppendStructs appends a row for each struct, or each struct pointed to, by the tags that
// package insert describes at [insert.SchemaOf]. The types of the table count, not those of the
// tags. Fields and columns must be the same, in any order. It appends all rows, or returns the
// first error, a *[insert.ValueError], and appends none.
func AppendStructs[T any](b *Batch, rows ...T) error {
	rt := structs.Struct(reflect.TypeFor[T]())
	plan, err := structs.Of(rt)
	if err != nil {
		return fmt.Errorf("greptime: bulk: %w", err)
	}
	b.begin()
	if b.structs.rt != rt {
		fields, err := b.fieldsOf(plan, rt)
		if err != nil {
			return err
		}
		b.structs = structFields{rt, fields}
	}
	return b.appendStructs(b.structs.fields, structs.RowsOf(rows))
}

// structFields are the fields of a struct type, one for each column of a batch.
type structFields struct {
	rt     reflect.Type
	fields []*structs.Column
}

// fieldsOf returns the fields that have the values of the columns.
func (b *Batch) fieldsOf(plan *structs.Plan, rt reflect.Type) ([]*structs.Column, error) {
	fields := make([]*structs.Column, len(b.columns))
	for i := range plan.Columns {
		c := &plan.Columns[i]
		at, ok := b.table.Index(c.Name)
		if !ok {
			return nil, b.rowError(fmt.Sprintf("the table has no column %q, which %v has", c.Name, rt))
		}
		fields[at] = c
	}
	for i, f := range fields {
		if f == nil {
			return nil, b.rowError(fmt.Sprintf("%v has no field for column %q, and bulk loads must send every column", rt, b.table.Columns[i].Name))
		}
	}
	return fields, nil
}

func (b *Batch) appendStructs(fields []*structs.Column, rows structs.Rows) error {
	before := b.rows
	for i := range rows.Len() {
		if err := b.appendStruct(fields, &rows, i); err != nil {
			b.truncate(before)
			return err
		}
	}
	return nil
}

func (b *Batch) appendStruct(fields []*structs.Column, rows *structs.Rows, i int) error {
	b.begin()
	row, err := rows.At(i)
	if err != nil {
		return b.rowError(err.Error())
	}
	for i := recordbatch.SetFields(b.columns, b.rows, fields, row); i < len(fields); {
		if err := b.setField(i, fields[i], row); err != nil {
			return err
		}
		i++
		i += recordbatch.SetFields(b.columns[i:], b.rows, fields[i:], row)
	}
	b.commit()
	return nil
}

// setField sets the value of column i to that of a field, of any type.
func (b *Batch) setField(i int, f *structs.Column, row structs.Row) error {
	if err := f.Set(&b.cell, b.table.Columns[i].Type, f.Value(row)); err != nil {
		return b.refuse(i, err)
	}
	return b.put(i, &b.cell)
}
