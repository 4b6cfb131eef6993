package collect

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Rows may share long values in a record batch: those of a dictionary, and views. Read as Go
// values, each row has its own copy, so that a short message may have rows without bounds.

// maxStep is how many bytes of shared values the rows may take that are read at once, unless
// it is one row.
const maxStep = 64 << 20

// lengths returns the length of the value of a row.
type lengths func(row int) int64

// loadShared finds the columns of batch whose rows share values that are long.
func (d *decoder) loadShared(batch arrow.RecordBatch) {
	d.shared = d.shared[:0]
	for _, c := range d.columns {
		if of := sharedLengths(batch.Column(c.index)); of != nil {
			d.shared = append(d.shared, of)
		}
	}
}

// sharedLengths returns the lengths of a column, or nil if the rows of a step cannot take more
// than maxStep bytes.
func sharedLengths(column arrow.Array) lengths {
	switch a := column.(type) {
	case *array.Dictionary:
		values := a.Dictionary()
		if values == nil || values.Data().SizeInBytes() <= maxStep/step {
			return nil
		}
		of := valueLengths(values)
		if of == nil {
			return nil
		}
		return func(row int) int64 {
			if a.IsNull(row) {
				return 0
			}
			return of(a.GetValueIndex(row))
		}
	case *array.StringView, *array.BinaryView:
		if sizeOf(column.Data()) <= maxStep/step {
			return nil
		}
		return valueLengths(column)
	}
	return nil
}

// valueLengths returns the lengths of texts or bytes, or nil for other values. A NULL has no
// length, even if its view points outside the message.
func valueLengths(values arrow.Array) lengths {
	switch v := values.(type) {
	case interface {
		IsNull(int) bool
		ValueLen(int) int
	}:
		return func(row int) int64 {
			if v.IsNull(row) {
				return 0
			}
			return int64(v.ValueLen(row))
		}
	case *array.FixedSizeBinary:
		return func(row int) int64 {
			if v.IsNull(row) {
				return 0
			}
			return int64(len(v.Value(row)))
		}
	}
	return nil
}

// fitting returns how many of n rows from row from on can be read at once.
func (d *decoder) fitting(from, n int) int {
	for n > 1 && d.sharedBytes(from, n, maxStep) > maxStep {
		n /= 2
	}
	return n
}

// sharedBytes returns the bytes of the shared values of rows. Above most it stops counting.
func (d *decoder) sharedBytes(from, n int, most int64) (bytes int64) {
	for _, of := range d.shared {
		for row := from; row < from+n && bytes <= most; row++ {
			bytes += of(row)
		}
	}
	return bytes
}

// checkShared returns an error if the shared values of the current batch are too long for Go
// memory.
func (d *decoder) checkShared() error {
	if d.sharedBytes(0, int(d.rows), maxRows) > maxRows {
		return fmt.Errorf("a record batch has %d rows, whose values would take more than 1 GiB of memory; read them with Each or EachReader", d.rows)
	}
	return nil
}
