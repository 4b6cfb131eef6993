package bulk

import (
	"errors"
	"fmt"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/jsonb"
	"github.com/greptime-go/greptime/internal/rowvalue"
)

// Row returns row i, counted from 0. If there is none, the methods of the result return
// an error.
func (b *Batch) Row(i int) insert.AppendedRow {
	return rowvalue.NewAppendedRow((*batchReader)(b), i).(insert.AppendedRow)
}

// batchReader is a Batch as a rowvalue.Reader.
type batchReader Batch

func (r *batchReader) ReadCell(row int, name string) (column.Type, column.Cell, error) {
	var c column.Cell
	b := (*Batch)(r)
	if b == nil {
		return 0, c, errors.New("greptime: bulk: the batch is nil; create one with Writer.NewBatch")
	}
	if row < 0 || row >= b.rows {
		return 0, c, fmt.Errorf("greptime: bulk: the batch has no row %d: there are %d", row, b.rows)
	}
	at, ok := b.table.Index(name)
	if !ok {
		return 0, c, fmt.Errorf("greptime: bulk: the table has no column %q", name)
	}
	t := b.table.Columns[at].Type
	err := b.columns[at].Read(row, &c)
	if err == nil && t.Kind() == column.JSON && !c.IsNull() {
		var text []byte
		if text, err = jsonb.AppendText(nil, c.AppendBytes(nil)); err == nil {
			err = c.SetBytes(column.Of(column.Binary), text)
		}
	}
	return t, c, err
}
