package collect

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

const (
	// step is how many rows are read at once, column by column: few enough for their
	// memory to remain in the processor's cache.
	step = 256
	// maxHeld is how many bytes of record batches All holds before it reads their rows.
	maxHeld = 64 << 20
	// maxRows is how many bytes the rows of these batches may take, and those of any one
	// batch: columns of NULL take none in a batch, so that a short message may have two
	// billion rows.
	maxRows = 1 << (27 + 3*(^uint(0)>>63)) // 1 GiB, or 128 MiB where addresses have 32 bits
	// batchCost and columnCost are roughly the bytes that a record batch takes beside those of
	// its values.
	batchCost  = 4 << 10
	columnCost = 512
)

// All reads a result to its end.
func All[T any](rd array.RecordReader, d *Decoder[T]) ([]T, error) { return all(rd, d, maxHeld) }

// all implements All; it holds record batches of roughly limit bytes.
func all[T any](rd array.RecordReader, d *Decoder[T], limit int) ([]T, error) {
	// Batches are held until the number of rows is known. A slice that grows by copying
	// would be more than half of the costs, most of them the garbage collector's.
	var parts [][]T
	var held batches
	defer func() { held.release() }()
	most := maxRows / d.target.rowSize(int64(reflect.TypeFor[T]().Size()))
	for rd.Next() {
		batch := rd.RecordBatch()
		if batch.NumRows() == 0 {
			continue
		}
		if batch.NumRows() > most {
			return nil, fmt.Errorf("a record batch has %d rows, which would take more than %d MiB of memory; read them with Each or EachReader", batch.NumRows(), maxRows>>20)
		}
		if held.add(batch); held.bytes < limit && int64(held.rows) < most {
			continue
		}
		part, err := decode(held, d)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		held.release()
	}
	if err := rd.Err(); err != nil {
		return nil, err
	}
	last, err := decode(held, d)
	if err != nil || len(parts) == 0 {
		return last, err
	}
	return slices.Concat(append(parts, last)...), nil
}

// decode returns the rows of record batches.
func decode[T any](held batches, d *Decoder[T]) ([]T, error) {
	if held.rows == 0 {
		return nil, nil
	}
	rows := make([]T, held.rows)
	at := 0
	for _, batch := range held.list {
		if err := d.Load(batch); err != nil {
			return nil, err
		}
		if err := d.checkShared(); err != nil {
			return nil, err
		}
		n := int(batch.NumRows())
		for from := 0; from < n; {
			end := from + step
			if len(d.nested) > 0 {
				end = from + 1
			}
			end = min(end, n)
			if _, err := d.Decode(rows[at+from:at+end], from); err != nil {
				return nil, err
			}
			if err := d.checkNested(); err != nil {
				return nil, err
			}
			from = end
		}
		at += n
	}
	return rows, nil
}

// batches are record batches that are held.
type batches struct {
	list  []arrow.RecordBatch
	rows  int
	bytes int
}

// add holds a batch. A dictionary counts unless it is that of the batch before.
func (b *batches) add(batch arrow.RecordBatch) {
	batch.Retain()
	b.rows += int(batch.NumRows())
	b.bytes += batchCost
	for i, column := range batch.Columns() {
		var before arrow.ArrayData
		if n := len(b.list); n > 0 {
			before = b.list[n-1].Column(i).Data()
		}
		b.bytes += columnCost + sizeOf(column.Data()) + dictionarySize(column.Data(), before)
	}
	b.list = append(b.list, batch)
}

// dictionarySize returns the bytes of the dictionaries of an array that are not those of the
// array before it, which may be nil.
func dictionarySize(data, before arrow.ArrayData) (size int) {
	if dictionary, ok := data.Dictionary().(*array.Data); ok && dictionary != nil {
		if before != nil && before.Dictionary() == dictionary {
			return 0
		}
		return sizeOf(dictionary) + dictionarySize(dictionary, nil)
	}
	for i, child := range data.Children() {
		var childBefore arrow.ArrayData
		if before != nil {
			childBefore = before.Children()[i]
		}
		size += dictionarySize(child, childBefore)
	}
	return size
}

// sizeOf returns the bytes of an array without its dictionary.
func sizeOf(data arrow.ArrayData) (size int) {
	for _, buffer := range data.Buffers() {
		if buffer != nil {
			size += buffer.Len()
		}
	}
	for _, child := range data.Children() {
		size += sizeOf(child)
	}
	return size
}

func (b *batches) release() {
	for _, batch := range b.list {
		batch.Release()
	}
	*b = batches{list: b.list[:0]}
}

// Each calls yield with one row after the other, and with the error that ends the result. It
// returns when yield returns false. It holds only a few hundred rows at a time.
func Each[T any](rd array.RecordReader, d *Decoder[T], yield func(T, error) bool) {
	var rows []T
	fail := func(err error) {
		var none T
		yield(none, err)
	}
	for rd.Next() {
		batch := rd.RecordBatch()
		if err := d.Load(batch); err != nil {
			fail(err)
			return
		}
		n := int(batch.NumRows())
		for from := 0; from < n; {
			count := d.fitting(from, min(step, n-from))
			if cap(rows) < count {
				rows = make([]T, count)
			}
			rows = rows[:count]
			clear(rows)
			read, err := d.Decode(rows, from)
			for _, row := range rows[:read] {
				if !yield(row, nil) {
					return
				}
			}
			if err != nil {
				fail(err)
				return
			}
			from += count
		}
	}
	if err := rd.Err(); err != nil {
		fail(err)
	}
}

// One returns the row of a result, and how many rows there are. It stops reading at a second
// one.
func One[T any](rd array.RecordReader, d *Decoder[T]) (one T, n int64, err error) {
	for n < 2 && rd.Next() {
		batch := rd.RecordBatch()
		if n == 0 && batch.NumRows() > 0 {
			if one, err = first(batch, d); err != nil {
				return one, 1, err
			}
		}
		n += batch.NumRows()
	}
	return one, n, rd.Err()
}

// first returns the first row of a batch.
func first[T any](batch arrow.RecordBatch, d *Decoder[T]) (row T, err error) {
	if err := d.Load(batch); err != nil {
		return row, err
	}
	rows := make([]T, 1)
	_, err = d.Decode(rows, 0)
	return rows[0], err
}
