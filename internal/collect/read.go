package collect

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"
)

const (
	// step is how many rows are read at once, column by column: few enough for their
	// memory to remain in the processor's cache.
	step = 256
	// maxChunk limits the rows of the pieces in which a result grows.
	maxChunk = 1 << 14
)

// All reads a result to its end.
func All[T any](rd array.RecordReader, d *Decoder[T]) ([]T, error) {
	// Pieces that are put together at the end cost less than a slice that grows by
	// copying, which also takes more memory.
	var full [][]T
	var chunk []T
	total := 0
	for rd.Next() {
		batch := rd.RecordBatch()
		if err := d.Load(batch); err != nil {
			return nil, err
		}
		n := int(batch.NumRows())
		for from := 0; from < n; {
			if len(chunk) == cap(chunk) {
				if len(chunk) > 0 {
					full = append(full, chunk)
				}
				chunk = make([]T, 0, max(min(n-from, maxChunk), min(total, maxChunk)))
			}
			rows := min(step, n-from, cap(chunk)-len(chunk))
			chunk = chunk[:len(chunk)+rows]
			if _, err := d.Decode(chunk[len(chunk)-rows:], from); err != nil {
				return nil, err
			}
			from += rows
			total += rows
		}
	}
	if err := rd.Err(); err != nil {
		return nil, err
	}
	if len(full) == 0 {
		return chunk, nil
	}
	return slices.Concat(append(full, chunk)...), nil
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
			count := min(step, n-from)
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
