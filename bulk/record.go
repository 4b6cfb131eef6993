package bulk

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/bulk/internal/recordbatch"
)

// WriteRecord sends an Arrow record batch without splitting it into rows. It waits as
// WriteAsync does. Columns are matched with those of the table by name, in any order; case
// matters. The record batch must have all columns that the table had when the Writer was
// created, and no column that the table lacks, because the server would drop it silently.
//
// GreptimeDB casts nothing, so WriteRecord makes these casts, all of them exact:
//
//   - LargeUtf8, Utf8View → Utf8, for STRING
//   - LargeBinary, BinaryView, FixedSizeBinary → Binary, for VARBINARY
//   - integers → integers of another width or sign; an error if a value is out of range
//   - float64 → float32, for FLOAT; an error if a value is not exact
//   - dictionaries and run-end encoded arrays → their values
//   - extension types → their storage types
//   - timestamps and times of day of another unit; an error if digits would be lost
//   - timestamps with a zone that is UTC → without; Date64 → Date32
//   - decimals of another precision or scale; an error if digits would be lost
//   - for JSON, text → JSONB; Binary may be JSONB or text
//   - for VECTOR(n), lists of n float32 → Binary; Binary must be 4n bytes long
//   - the Null type → NULLs
//
// Everything else is an error that names the column, and so is a NULL in a column that is
// NOT NULL. The error is a *[insert.ValueError] if it is about a value. Nothing is sent then.
// WriteRecord does not keep the record batch; you must release it.
func (w *Writer) WriteRecord(ctx context.Context, record arrow.RecordBatch) (*Pending, error) {
	if !w.made() {
		return nil, errNoWriter
	}
	if record == nil {
		return nil, errors.New("greptime: bulk: the record batch is nil")
	}
	if err := w.usable(); err != nil {
		return nil, err
	}
	l := w.layout.Load()
	columns, err := recordColumns(l, record)
	if err != nil {
		return nil, err
	}
	return w.write(ctx, l, columns, int(record.NumRows()))
}

// recordColumns returns the columns of a record batch in the order of the layout. They
// may lie in the record batch's memory.
func recordColumns(l *layout, record arrow.RecordBatch) ([]recordbatch.Column, error) {
	t := l.table
	places := make([]int, len(t.Columns))
	for i := range places {
		places[i] = -1
	}
	for i, f := range record.Schema().Fields() {
		at, ok := t.Index(f.Name)
		switch {
		case !ok:
			return nil, fmt.Errorf("greptime: bulk: table %s has no column %s, which the record batch has; the server would drop it", strconv.Quote(t.Name), strconv.Quote(f.Name))
		case places[at] >= 0:
			return nil, fmt.Errorf("greptime: bulk: table %s: the record batch has column %s twice", strconv.Quote(t.Name), strconv.Quote(f.Name))
		}
		places[at] = i
	}
	columns := make([]recordbatch.Column, len(places))
	for i, at := range places {
		c := &t.Columns[i]
		if at < 0 && i >= l.given {
			var err error
			if columns[i], err = defaults(c, int(record.NumRows())); err != nil {
				return nil, valueError(t, i, 0, err)
			}
			continue
		}
		if at < 0 {
			return nil, fmt.Errorf("greptime: bulk: table %s: the record batch lacks column %s (%s), and bulk loads must send every column; add it, with NULLs of Arrow's type Null if need be",
				strconv.Quote(t.Name), strconv.Quote(c.Name), c.Type)
		}
		array := record.Column(at)
		data, err := recordbatch.FromArray(c.Type, array)
		var bad *recordbatch.RowError
		switch {
		case errors.As(err, &bad):
			return nil, valueError(t, i, bad.Row, bad.Err)
		case err != nil:
			return nil, fmt.Errorf("greptime: bulk: table %s, column %s (%s): Arrow type %s: %w", strconv.Quote(t.Name), strconv.Quote(c.Name), c.Type, array.DataType(), err)
		}
		if err := checkNotNull(t, i, &data, array.Len()); err != nil {
			return nil, err
		}
		columns[i] = data
	}
	return columns, nil
}
