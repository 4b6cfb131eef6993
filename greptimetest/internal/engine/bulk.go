package engine

import (
	"context"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/int128"
)

// InsertBatch stores a record batch of a DoPut. Columns are matched by name, types
// must be the table's own, columns that the table does not have are dropped, and
// all that it has must be there. It returns the rows of the batch.
func (e *Engine) InsertBatch(ctx context.Context, s *Session, table string, batch arrow.RecordBatch) (int, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	name := tableName{s.Catalog, s.Database, table}
	t := e.catalog.table(name)
	if t == nil {
		return 0, tableNotFound(name)
	}
	if t.View != "" {
		return 0, viewInsert(name)
	}
	n := int(batch.NumRows())
	if n == 0 {
		return 0, nil
	}
	rs := make(rows, n)
	cells := make([]any, n*len(t.Columns))
	for r := range rs {
		rs[r] = cells[r*len(t.Columns) : (r+1)*len(t.Columns)]
	}
	for i := range t.Columns {
		col := &t.Columns[i]
		at := batch.Schema().FieldIndices(col.Name)
		if len(at) == 0 {
			return 0, t.badRequest("missing column %s", col.Name)
		}
		arr := batch.Column(at[0])
		if !bulkType(col, arr.DataType()) {
			return 0, errorf(InvalidArguments, "column %s expect type %s, given: %s", col.Name, col.Type.debug(), arr.DataType())
		}
		for r := range rs {
			if arr.IsNull(r) {
				if !col.Nullable {
					return 0, t.badRequest("column %s is not null but input has null", col.Name)
				}
				continue
			}
			rs[r][i] = arrowCell(arr, r)
		}
	}
	return n, e.write(ctx, t, rs, true)
}

// bulkType tells whether DoPut takes an Arrow type for a column. Nothing is cast;
// only string tags come in several encodings.
func bulkType(col *Column, dt arrow.DataType) bool {
	if col.Type.Kind == String && col.Semantic == Tag {
		id := dt.ID()
		return id == arrow.STRING || id == arrow.LARGE_STRING || id == arrow.STRING_VIEW
	}
	return arrow.TypeEqual(col.Type.arrow(), dt)
}

// arrowCell is the cell of a value that is not null, of a type that bulkType takes.
func arrowCell(arr arrow.Array, r int) any {
	switch a := arr.(type) {
	case *array.Boolean:
		return a.Value(r)
	case *array.Int8:
		return int64(a.Value(r))
	case *array.Int16:
		return int64(a.Value(r))
	case *array.Int32:
		return int64(a.Value(r))
	case *array.Int64:
		return a.Value(r)
	case *array.Uint8:
		return uint64(a.Value(r))
	case *array.Uint16:
		return uint64(a.Value(r))
	case *array.Uint32:
		return uint64(a.Value(r))
	case *array.Uint64:
		return a.Value(r)
	case *array.Float32:
		return a.Value(r)
	case *array.Float64:
		return a.Value(r)
	case *array.String:
		return strings.Clone(a.Value(r)) // the batch's memory is not ours
	case *array.LargeString:
		return strings.Clone(a.Value(r))
	case *array.StringView:
		return strings.Clone(a.Value(r))
	case *array.Binary:
		return append([]byte{}, a.Value(r)...)
	case *array.Date32:
		return int64(a.Value(r))
	case *array.Timestamp:
		return int64(a.Value(r))
	case *array.Time32:
		return int64(a.Value(r))
	case *array.Time64:
		return int64(a.Value(r))
	case *array.Decimal128:
		return int128.ToBig(a.Value(r))
	}
	return nil
}
