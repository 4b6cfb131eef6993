package engine

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/internal/int128"
)

// InsertBatch stores a record batch of a DoPut. Columns are matched by name, types
// must be the table's own, and columns that the table does not have are dropped.
// V1_0_2 wants all columns that the table has; V1_1_4 fills the others with their
// DEFAULT or NULL, and such rows are unlogged. InsertBatch returns the rows of the batch.
func (e *Engine) InsertBatch(ctx context.Context, s *schema.Session, table string, batch arrow.RecordBatch) (int, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	name := schema.TableName{Catalog: s.Catalog, DB: s.Database, Table: table}
	t := e.catalog.Table(name)
	if t == nil {
		return 0, schema.NoTable(name)
	}
	if t.View != "" {
		return 0, schema.Errorf(schema.InvalidArguments, "Failed to find table route: %d", t.ID)
	}
	if batch.NumRows() == 0 {
		return 0, nil
	}
	given, arrays, err := e.matchBatch(t, batch)
	if err != nil {
		return 0, err
	}
	n := int(batch.NumRows())
	values := make(rows, n)
	cells := make([]any, n*len(given))
	for r := range values {
		values[r] = cells[r*len(given) : (r+1)*len(given)]
		for k, arr := range arrays {
			if !arr.IsNull(r) {
				values[r][k] = arrowCell(arr, r)
			}
		}
	}
	full, refused := e.complete(t, given, values, func(col *schema.Column) error {
		return badRecordBatch("Column '%s' is declared as non-nullable but contains null values", col.Name)
	})
	return n, cmp.Or(e.write(ctx, t, full, writeMode{firstWins: true, unlogged: len(given) < len(t.Columns)}), refused)
}

// matchBatch returns the table's columns that a batch has, and their arrays.
func (e *Engine) matchBatch(t *schema.Table, batch arrow.RecordBatch) (given []int, arrays []arrow.Array, err error) {
	for i := range t.Columns {
		col := &t.Columns[i]
		at := batch.Schema().FieldIndices(col.Name)
		switch {
		case len(at) > 0:
		case col.Semantic == schema.TimeIndex:
			return nil, nil, t.BadRequest("timestamp column `%s` not found", col.Name)
		case e.version < schema.V1_1_4:
			return nil, nil, t.BadRequest("missing column %s", col.Name)
		default:
			continue
		}
		arr := batch.Column(at[0])
		if err := checkBatchColumn(t, i, arr); err != nil {
			return nil, nil, err
		}
		given, arrays = append(given, i), append(arrays, arr)
	}
	return given, arrays, nil
}

// checkBatchColumn holds an array of a batch against column i of the table.
func checkBatchColumn(t *schema.Table, i int, arr arrow.Array) error {
	col, dt := &t.Columns[i], arr.DataType()
	_, isTime := dt.(*arrow.TimestampType)
	switch {
	case dt.ID() == arrow.DICTIONARY:
		return schema.Errorf(schema.InvalidArguments, "Failed arrow operation: Invalid argument error: Value at position 0 out of bounds: 0 (should be in [0, -1])")
	case col.Semantic == schema.TimeIndex && (!isTime || arr.NullN() == arr.Len()):
		return schema.Errorf(schema.Internal, "the time index %s has no times", col.Name) // GreptimeDB's region worker panics
	case !bulkType(col, dt):
		return badRecordBatch("column types must match schema types, expected %s but found %s at column index %d", rustType(col.Type.Arrow()), rustType(dt), t.RegionOrder(i))
	}
	return nil
}

func badRecordBatch(format string, args ...any) *schema.Error {
	return schema.Errorf(schema.Unexpected, "Failed to create RecordBatch from vectors: Invalid argument error: %s", fmt.Sprintf(format, args...))
}

// rustType returns the name of an Arrow type in arrow-rs.
func rustType(dt arrow.DataType) string {
	switch dt := dt.(type) {
	case *arrow.TimestampType:
		if dt.TimeZone != "" {
			return fmt.Sprintf("Timestamp(%s, %q)", dt.Unit, dt.TimeZone)
		}
		return fmt.Sprintf("Timestamp(%s)", dt.Unit)
	case *arrow.Decimal128Type:
		return fmt.Sprintf("Decimal128(%d, %d)", dt.Precision, dt.Scale)
	case *arrow.Time32Type:
		return fmt.Sprintf("Time32(%s)", dt.Unit)
	case *arrow.Time64Type:
		return fmt.Sprintf("Time64(%s)", dt.Unit)
	}
	switch dt.ID() {
	case arrow.BOOL:
		return "Boolean"
	case arrow.STRING:
		return "Utf8"
	case arrow.LARGE_STRING:
		return "LargeUtf8"
	case arrow.STRING_VIEW:
		return "Utf8View"
	case arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
		return "UInt" + strings.TrimPrefix(dt.Name(), "uint")
	case arrow.LARGE_BINARY:
		return "LargeBinary"
	case arrow.BINARY_VIEW:
		return "BinaryView"
	}
	return strings.ToUpper(dt.Name()[:1]) + dt.Name()[1:]
}

// bulkType reports whether DoPut takes an Arrow type for a column. Nothing is cast;
// only string tags come in several encodings.
func bulkType(col *schema.Column, dt arrow.DataType) bool {
	if col.Type.Kind == schema.String && col.Semantic == schema.Tag {
		id := dt.ID()
		return id == arrow.STRING || id == arrow.LARGE_STRING || id == arrow.STRING_VIEW
	}
	return arrow.TypeEqual(col.Type.Arrow(), dt)
}

// arrowCell returns the cell of a value that is not null, of a type that bulkType takes.
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
