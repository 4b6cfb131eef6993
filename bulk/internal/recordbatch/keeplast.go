package recordbatch

import "github.com/greptime-go/greptime/internal/catalog"

// KeepLast removes all rows of each key (tags and time index of the table) but the last. It
// returns the columns and the number of their rows. If no key is repeated, it returns the
// columns it was given.
func KeepLast(t *catalog.Table, columns []Column, rows int) ([]Column, int, error) {
	var keys []int
	for i, c := range t.Columns {
		if c.Role != catalog.Field {
			keys = append(keys, i)
		}
	}
	last := make(map[string]int, rows)
	dropped := 0
	drop := make([]bool, rows)
	var key []byte
	for row := range rows {
		key = key[:0]
		for _, i := range keys {
			key = columns[i].appendKey(key, row)
		}
		if earlier, ok := last[string(key)]; ok {
			drop[earlier] = true
			dropped++
		}
		last[string(key)] = row
	}
	if dropped == 0 {
		return columns, rows, nil
	}
	keep := make([]int, 0, rows-dropped)
	for row := range rows {
		if !drop[row] {
			keep = append(keep, row)
		}
	}
	out := make([]Column, len(columns))
	for i := range columns {
		var err error
		if out[i], err = columns[i].take(keep); err != nil {
			return nil, 0, err
		}
	}
	return out, len(keep), nil
}

// appendKey appends the value of a row so that two keys of several columns are equal only
// if all their values are.
func (c *Column) appendKey(key []byte, row int) []byte {
	switch {
	case c.isNull(row):
		return append(key, 0)
	case c.isBits():
		if bit(c.values, row) {
			return append(key, 2)
		}
		return append(key, 1)
	}
	b := c.bytes(row)
	n := len(b)
	return append(append(key, 1, byte(n), byte(n>>8), byte(n>>16), byte(n>>24)), b...)
}
