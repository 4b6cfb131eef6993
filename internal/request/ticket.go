package request

import (
	"errors"
	"fmt"
	"unicode/utf8"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/internal/transport"
)

// SQL returns the ticket of a statement. header is an encoded RequestHeader.
func SQL(header []byte, text string) (transport.Ticket, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("the statement's text is not valid UTF-8")
	}
	return ticket(header, querySQL, text), nil
}

// PromRange returns the ticket of a PromQL query. header is an encoded RequestHeader.
func PromRange(header []byte, query *greptimev1.PromRangeQuery) (transport.Ticket, error) {
	encoded, err := proto.Marshal(query)
	if err != nil {
		return nil, fmt.Errorf("the PromQL query cannot be encoded: %w", err)
	}
	return ticket(header, queryPromRange, encoded), nil
}

// ticket returns the ticket of a QueryRequest with one field.
func ticket[T string | []byte](header []byte, field protowire.Number, content T) transport.Ticket {
	query := sizeField(len(content))
	request := sizeField(len(header)) + sizeField(query)
	b := make([]byte, 0, sizeField(request))
	b = appendLength(b, ticketTicket, request)
	b = appendField(b, requestHeader, header)
	b = appendLength(b, requestQuery, query)
	return appendField(b, field, content)
}
