package recordbatch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/jsonb"
)

// JSON and VECTOR columns are Binary on the wire. GreptimeDB 1.0.2 stores the bytes of a bulk
// load unread, so they are checked here.

// convertJSON returns a JSON column, with text as JSONB. It reads JSONB, the form of a JSON
// column in the result of a query, to check that it is valid.
func convertJSON(t column.Type, a arrow.Array) (Column, error) {
	if s, ok := a.(array.StringLike); ok {
		return copyValues(t, a, func(dst []byte, row int) ([]byte, error) {
			return jsonb.AppendBinary(dst, []byte(s.Value(row)))
		})
	}
	b, ok := a.(bytesArray)
	if !ok {
		return Column{}, errNoCast
	}
	var scratch []byte
	return copyValues(t, a, func(dst []byte, row int) ([]byte, error) {
		v := b.Value(row)
		switch jsonb.KindOf(v) {
		case jsonb.Text:
			return jsonb.AppendBinary(dst, v)
		case jsonb.Binary:
			var err error
			if scratch, err = jsonb.AppendText(scratch[:0], v); err != nil {
				return nil, err
			}
			return append(dst, v...), nil
		}
		return nil, errors.New("neither JSON text nor JSONB")
	})
}

// convertVectors returns a VECTOR column.
func convertVectors(t column.Type, a arrow.Array) (Column, error) {
	if b, ok := a.(bytesArray); ok {
		return copyValues(t, a, func(dst []byte, row int) ([]byte, error) {
			v := b.Value(row)
			if len(v) != 4*t.Dim() {
				return nil, fmt.Errorf("%d bytes; a %s has %d", len(v), t, 4*t.Dim())
			}
			return append(dst, v...), nil
		})
	}
	list, ok := a.(array.ListLike)
	if !ok {
		return Column{}, errNoCast
	}
	floats, ok := list.ListValues().(*array.Float32)
	if !ok {
		return Column{}, errNoCast
	}
	return copyValues(t, a, func(dst []byte, row int) ([]byte, error) {
		start, end := list.ValueOffsets(row)
		if n := end - start; n != int64(t.Dim()) {
			return nil, fmt.Errorf("%d numbers; a %s has %d", n, t, t.Dim())
		}
		for i := int(start); i < int(end); i++ {
			if floats.IsNull(i) {
				return nil, errors.New("one of its numbers is NULL")
			}
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(floats.Value(i)))
		}
		return dst, nil
	})
}
