package engine

import (
	"encoding/binary"
	"math"
	"math/big"
	"slices"
	"strconv"
)

// rows are complete rows of a table: a cell for every column, in its order.
type rows [][]any

// key encodes the cells of a key, NULL tags included, so that equal keys are equal
// strings and no others.
func key(row []any, cols []int) string {
	var b []byte
	for _, i := range cols {
		switch v := row[i].(type) {
		case nil:
			b = append(b, 0)
		case bool:
			b = strconv.AppendBool(append(b, 1), v)
		case int64:
			b = binary.BigEndian.AppendUint64(append(b, 2), uint64(v))
		case uint64:
			b = binary.BigEndian.AppendUint64(append(b, 3), v)
		case float32:
			b = binary.BigEndian.AppendUint32(append(b, 4), math.Float32bits(v))
		case float64:
			b = binary.BigEndian.AppendUint64(append(b, 5), math.Float64bits(v))
		case string:
			b = append(binary.AppendUvarint(append(b, 6), uint64(len(v))), v...)
		case []byte:
			b = append(binary.AppendUvarint(append(b, 7), uint64(len(v))), v...)
		case *big.Int:
			s := v.String()
			b = append(binary.AppendUvarint(append(b, 8), uint64(len(s))), s...)
		}
	}
	return string(b)
}

// fill returns the new row with the old one's values where it has none.
func fill(row, old []any) []any {
	out := slices.Clone(row)
	for i, v := range out {
		if v == nil {
			out[i] = old[i]
		}
	}
	return out
}
