package greptime

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/internal/transport"
)

// Field numbers of the messages of requests. All but Flight's Ticket are of greptime.v1.
const (
	ticketTicket      = 1 // of Ticket: a GreptimeRequest
	requestHeader     = 1 // of GreptimeRequest
	requestQuery      = 3
	requestRowInserts = 6
	querySQL          = 1 // of QueryRequest
	queryPromRange    = 3
	insertsInsert     = 1 // of RowInsertRequests
	insertTable       = 1 // of RowInsertRequest
	insertRows        = 2
)

// header returns the request header of the session. It is the only place from which
// GreptimeDB reads credentials, database and time zone of Handle and DoGet.
func (c *Conn) header(ctx context.Context, s session) (*greptimev1.RequestHeader, error) {
	cfg := c.connector.cfg
	user, password := cfg.User, cfg.Password.Reveal()
	if cfg.Credentials != nil {
		var err error
		if user, password, err = cfg.Credentials(ctx); err != nil {
			return nil, fmt.Errorf("greptime: Config.Credentials: %w", err)
		}
		if err := checkUser(user, password); err != nil {
			return nil, fmt.Errorf("greptime: Config.Credentials: %w", err)
		}
	}
	h := &greptimev1.RequestHeader{Dbname: wireDatabase(s.database), Timezone: s.timeZone}
	if user != "" || password != "" {
		h.Authorization = &greptimev1.AuthHeader{AuthScheme: &greptimev1.AuthHeader_Basic{
			Basic: &greptimev1.Basic{Username: user, Password: password},
		}}
	}
	return h, nil
}

// encodedHeader returns the encoded request header of the session. The Connector encodes
// that of the DSN's session once, unless each request has credentials of its own.
func (c *Conn) encodedHeader(ctx context.Context, s session) ([]byte, error) {
	if c.connector.header != nil && s == c.connector.session() {
		return c.connector.header.encoded, nil
	}
	h, err := c.header(ctx, s)
	if err != nil {
		return nil, err
	}
	encoded, err := proto.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("greptime: the request's header: %w", err)
	}
	return encoded, nil
}

// wireDatabase returns a database's name as the header has it. GreptimeDB splits it at
// the first "-" into catalog and database, so a name that contains one needs its
// catalog, which is always greptime.
func wireDatabase(name string) string {
	if strings.Contains(name, "-") {
		return "greptime-" + name
	}
	return name
}

// callHints returns the metadata of a call with the DSN's hints and extra, which takes
// precedence; nil if there are no hints.
func (c *Connector) callHints(extra map[string]string) metadata.MD {
	if len(c.cfg.Hints) == 0 && len(extra) == 0 {
		return nil
	}
	all := make(map[string]string, len(c.cfg.Hints)+len(extra))
	maps.Copy(all, c.cfg.Hints)
	maps.Copy(all, extra)
	return metadata.Pairs("x-greptime-hints", formatHints(all))
}

// ticket returns the statement as a Flight Ticket. Requests are assembled by hand, each
// with one allocation: the generated types need one for every level of nesting.
func (st *statement) ticket(header []byte) (transport.Ticket, error) {
	field, size := protowire.Number(querySQL), len(st.text)
	var prom []byte
	switch {
	case st.prom != nil:
		var err error
		if prom, err = proto.Marshal(st.prom); err != nil {
			return nil, fmt.Errorf("greptime: the PromQL query cannot be encoded: %w", err)
		}
		field, size = queryPromRange, len(prom)
	case !utf8.ValidString(st.text):
		return nil, errors.New("greptime: the statement's text is not valid UTF-8")
	}
	query := sizeField(size)
	request := sizeField(len(header)) + sizeField(query)
	b := make([]byte, 0, sizeField(request))
	b = appendLength(b, ticketTicket, request)
	b = append(appendLength(b, requestHeader, len(header)), header...)
	b = appendLength(b, requestQuery, query)
	b = appendLength(b, field, size)
	return append(append(b, st.text...), prom...), nil
}

// sizeField returns the encoded size of a field with this many bytes and a field number below 16.
func sizeField(bytes int) int { return 1 + protowire.SizeBytes(bytes) }

// appendLength appends the tag and the length of a field.
func appendLength(b []byte, field protowire.Number, length int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.BytesType), uint64(length))
}

// insertRequest returns the GreptimeRequest around rows, a greptime.v1.Rows.
func insertRequest(header []byte, table string, body *transport.Body) transport.Encoded {
	rows := len(body.Bytes)
	insert := sizeField(len(table)) + sizeField(rows)
	p := make([]byte, 0, sizeField(len(header))+len(table)+8*protowire.SizeVarint(uint64(insert)))
	p = append(appendLength(p, requestHeader, len(header)), header...)
	p = appendLength(p, requestRowInserts, sizeField(insert))
	p = appendLength(p, insertsInsert, insert)
	p = protowire.AppendTag(p, insertTable, protowire.BytesType)
	p = protowire.AppendString(p, table)
	p = appendLength(p, insertRows, rows)
	return transport.Encoded{transport.Fixed(p), body.Part(0, rows)}
}
