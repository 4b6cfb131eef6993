// Package request writes GreptimeRequests as bytes. They are assembled by hand, each with few
// allocations: the generated types need one for every level of nesting, and for every value of
// a row.
package request

import "google.golang.org/protobuf/encoding/protowire"

// Field numbers. All but that of Flight's Ticket are of messages of greptime.v1.
const (
	ticketTicket   = 1 // of Ticket: a GreptimeRequest
	requestHeader  = 1 // of GreptimeRequest
	requestQuery   = 3
	querySQL       = 1 // of QueryRequest
	queryPromRange = 3
	rowsOfTable    = 1 // of RowInsertRequests and RowDeleteRequests
	tableName      = 1 // of RowInsertRequest and RowDeleteRequest
	tableRows      = 2
	rowsRow        = 2 // of Rows
)

// sizeField returns the encoded size of a field with this many bytes and a number below 16.
func sizeField(bytes int) int { return 1 + protowire.SizeBytes(bytes) }

// appendLength appends the tag and the length of a field.
func appendLength(b []byte, field protowire.Number, length int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.BytesType), uint64(length))
}

// appendField appends a field.
func appendField[T string | []byte](b []byte, field protowire.Number, content T) []byte {
	return append(appendLength(b, field, len(content)), content...)
}
