package request

import "google.golang.org/protobuf/encoding/protowire"

// rowTag is the tag of a row of a greptime.v1.Rows.
const rowTag = rowsRow<<3 | byte(protowire.BytesType)

// RowWriter writes the rows of a greptime.v1.Rows without a copy of each row. It leaves as much
// room for a row's length as the row before needed. The zero RowWriter is ready for use.
type RowWriter struct{ room int }

// Begin appends the beginning of a row to b. The values of the row follow.
func (w *RowWriter) Begin(b []byte) []byte {
	var zeros [maxLength]byte
	b = append(b, rowTag)
	return append(b, zeros[:w.room]...)
}

// End ends the row that Begin has begun at b[start:].
func (w *RowWriter) End(b []byte, start int) []byte {
	start++ // the tag
	content := len(b) - start - w.room
	if need := protowire.SizeVarint(uint64(content)); need != w.room {
		var zeros [maxLength]byte
		b = append(b, zeros[:need]...)
		copy(b[start+need:], b[start+w.room:start+w.room+content])
		b = b[:start+need+content]
		w.room = need
	}
	protowire.AppendVarint(b[:start], uint64(content))
	return b
}
