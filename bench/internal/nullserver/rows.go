package nullserver

import (
	"io"
	"net"
	"strconv"
	"time"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/scans"
)

// encodedRows are the rows of a scan for a protocol that sends rows one by one.
type encodedRows struct {
	chunks [][]byte // of scans.BatchRows rows; they come again and again
	ends   []int    // of the rows in the first chunk
}

// encodeRows makes them with a function that appends the row that comes at i.
func encodeRows(appendRow func(b []byte, i int, row *data.Row) []byte) *encodedRows {
	e := &encodedRows{}
	for _, rows := range scans.Rows(scans.BatchRows) {
		var chunk []byte
		for i := range rows {
			chunk = appendRow(chunk, i, &rows[i])
			if len(e.chunks) == 0 {
				e.ends = append(e.ends, len(chunk))
			}
		}
		e.chunks = append(e.chunks, chunk)
	}
	return e
}

// send sends so many rows, one or more, and what comes before and after them.
func (e *encodedRows) send(w io.Writer, before []byte, rows int, after []byte) error {
	for i := 0; rows > 0; i++ {
		n, chunk := scans.BatchRows, e.chunks[i%len(e.chunks)]
		if rows < n {
			n, chunk = rows, e.chunks[0][:e.ends[rows-1]]
		}
		rows -= n
		work(int64(n))
		out := net.Buffers{before, chunk}
		if before = nil; rows == 0 {
			out = append(out, after)
		}
		if _, err := out.WriteTo(w); err != nil {
			return err
		}
	}
	return nil
}

// appendText appends a value as GreptimeDB writes it in text.
func appendText(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		b = append(b, v...)
	case float64:
		b = strconv.AppendFloat(b, v, 'g', -1, 64)
	case int64:
		b = strconv.AppendInt(b, v, 10)
	case time.Time:
		b = v.AppendFormat(b, "2006-01-02 15:04:05.000")
	}
	return b
}
