package insert

import (
	"github.com/greptime-go/greptime/internal/request"
	"github.com/greptime-go/greptime/internal/transport"
)

// EncodeForTest is the request that Write or Delete would send of the tables, with
// that header, in parts put together. limit is the longest request; 0 is none.
func EncodeForTest(header []byte, deleting bool, limit int, tables ...*Table) ([][]byte, error) {
	op := request.Insert
	if deleting {
		op = request.Delete
	}
	if limit == 0 {
		limit = 512 << 20
	}
	requests, err := split(tables, len(header), limit)
	if err != nil {
		return nil, err
	}
	var encoded [][]byte
	for _, r := range requests {
		encoded = append(encoded, transport.Join(request.Encode(header, op, r...)))
	}
	return encoded, nil
}

// Waiting is how many calls wait for room.
func (w *Writer) Waiting() int { return w.memory.Waiting() }
