package collect

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/scan"
)

// Rows may share long values in a record batch: those of a dictionary, and views. Read as Go
// values, each row has its own copy, so that a short message may have rows without bounds.

// maxStep is how many bytes of shared values the rows may take that are read at once, unless
// it is one row.
const maxStep = 64 << 20

// sharedColumn is a column whose rows share values of different lengths.
type sharedColumn struct {
	dictionary *array.Dictionary // or nil
	values     measured          // of the dictionary, or the column
}

// measured are texts or bytes.
type measured interface {
	arrow.Array
	// ValueLen returns the length of a value that is not NULL. It does not read the value.
	ValueLen(i int) int
}

// fixedSize are bytes of one length.
type fixedSize struct{ *array.FixedSizeBinary }

func (f fixedSize) ValueLen(int) int { return f.DataType().(*arrow.FixedSizeBinaryType).ByteWidth }

// loadShared finds the columns of batch whose rows share values. It bounds the bytes that their
// values take in a row: no value is longer than all values of its column.
func (d *decoder) loadShared(batch arrow.RecordBatch) {
	d.shared, d.sharedRow = d.shared[:0], 0
	for _, c := range d.columns {
		if s := sharedOf(batch.Column(c.index)); s.values != nil {
			d.shared = append(d.shared, s)
			d.sharedRow += int64(sizeOf(s.values.Data()))
		}
	}
}

// sharedOf returns a column, or one without values if its rows share none.
func sharedOf(column arrow.Array) sharedColumn {
	switch a := column.(type) {
	case *array.Dictionary:
		switch v := a.Dictionary().(type) {
		case measured:
			return sharedColumn{a, v}
		case *array.FixedSizeBinary:
			return sharedColumn{a, fixedSize{v}}
		}
	case *array.StringView:
		return sharedColumn{values: a}
	case *array.BinaryView:
		return sharedColumn{values: a}
	}
	return sharedColumn{}
}

// bytes returns the bytes of the values of rows. Above most it stops counting.
func (s *sharedColumn) bytes(from, n int, most int64) (bytes int64) {
	for row := from; row < from+n && bytes <= most; row++ {
		i := row
		if s.dictionary != nil {
			if s.dictionary.IsNull(row) {
				continue
			}
			i = s.dictionary.GetValueIndex(row)
		}
		// The view of a NULL may have any length.
		if s.values.IsValid(i) {
			bytes += int64(s.values.ValueLen(i))
		}
	}
	return bytes
}

// sharedFit reports whether the shared values of rows take at most a number of bytes. It counts
// them only if their bound does not show it.
func (d *decoder) sharedFit(from, n int, most int64) bool {
	if d.sharedRow <= most/int64(max(1, n)) {
		return true
	}
	for i := range d.shared {
		if most -= d.shared[i].bytes(from, n, most); most < 0 {
			return false
		}
	}
	return true
}

// fitting returns how many of n rows from row from on can be read at once. It is one if there
// are nested columns, because the length of JSON is not known before it is written.
func (d *decoder) fitting(from, n int) int {
	if len(d.nested) > 0 {
		return min(1, n)
	}
	for n > 1 && !d.sharedFit(from, n, maxStep) {
		n /= 2
	}
	return n
}

// checkShared returns an error if the shared values of the current batch are too long for Go
// memory.
func (d *decoder) checkShared() error {
	if !d.sharedFit(0, int(d.rows), maxRows) {
		return d.tooLong()
	}
	return nil
}

// checkNested returns an error if the JSON that has been written for the current batch is too
// long for Go memory.
func (d *decoder) checkNested() error {
	bytes := int64(0)
	for _, c := range d.nested {
		if bytes += scan.WrittenJSON(c.Column); bytes > maxRows {
			return d.tooLong()
		}
	}
	return nil
}

// tooLong returns the error of a batch for All.
func (d *decoder) tooLong() error {
	return fmt.Errorf("a record batch has %d rows, whose values would take more than %d MiB of memory; read them with Each or EachReader", d.rows, maxRows>>20)
}
