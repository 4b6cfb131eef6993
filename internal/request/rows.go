package request

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime/internal/transport"
)

// Operation is what a request does with rows: its field number in GreptimeRequest.
type Operation protowire.Number

// The operations.
const (
	Insert Operation = 6 // RowInsertRequests
	Delete Operation = 7 // RowDeleteRequests
)

// Rows are consecutive rows of a table that travel in one request.
type Rows struct {
	Table    string
	Schema   []byte          // the fields schema of a greptime.v1.Rows
	Body     *transport.Body // the fields rows are its bytes between From and To
	From, To int
	Count    int // of the rows
}

// sizes returns the lengths of the messages around the rows: of greptime.v1.Rows, and of the
// RowInsertRequest around it.
func (r *Rows) sizes() (rows, table int) {
	rows = len(r.Schema) + r.To - r.From
	table = sizeField(rows)
	if r.Table != "" {
		table += sizeField(len(r.Table))
	}
	return rows, table
}

// maxLength is the size of a field's tag and the longest length.
const maxLength = 1 + 10

// MaxOverhead returns how many bytes a request has at most beside its rows, and their tables'
// names and schemas. header is the length of the encoded RequestHeader.
func MaxOverhead(header, tables int) int { return sizeField(header) + 4*maxLength*(1+tables) }

// copyBelow is the size up to which rows are copied behind what comes before them, which is
// cheaper than a part of their own.
const copyBelow = 4 << 10

// Encode returns the request for rows. header is an encoded RequestHeader. Encode does not copy
// long runs of rows.
func Encode(header []byte, op Operation, list ...Rows) transport.Encoded {
	total, inline := 0, 0
	for i := range list {
		r := &list[i]
		_, table := r.sizes()
		total += sizeField(table)
		if inline += sizeField(table) - (r.To - r.From); r.To-r.From <= copyBelow {
			inline += r.To - r.From
		}
	}
	// Only the parts of the buffer between runs of rows become parts of the request.
	b := make([]byte, 0, sizeField(len(header))+1+protowire.SizeVarint(uint64(total))+inline)
	b = appendField(b, requestHeader, header)
	b = appendLength(b, protowire.Number(op), total)

	parts := make(transport.Encoded, 0, 1+2*len(list))
	done := 0
	for i := range list {
		r := &list[i]
		rows, table := r.sizes()
		b = appendLength(b, rowsOfTable, table)
		if r.Table != "" {
			b = appendField(b, tableName, r.Table)
		}
		b = appendLength(b, tableRows, rows)
		b = append(b, r.Schema...)
		if r.To-r.From <= copyBelow {
			b = append(b, r.Body.Bytes[r.From:r.To]...)
			continue
		}
		parts = append(parts, transport.Fixed(b[done:]), r.Body.Part(r.From, r.To))
		done = len(b)
	}
	if done < len(b) {
		parts = append(parts, transport.Fixed(b[done:]))
	}
	return parts
}
