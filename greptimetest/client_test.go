package greptimetest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/flight"
)

// client is a plain gRPC client of a server: the tests of this module do not use the
// driver, so that they do not agree with it by mistake.
type client struct {
	conn *grpc.ClientConn
	auth *v1.AuthHeader
}

func dial(t testing.TB, s *greptimetest.Server, opts ...grpc.DialOption) *client {
	t.Helper()
	return dialAddr(t, s.Addr(), opts...)
}

func dialAddr(t testing.TB, addr string, opts ...grpc.DialOption) *client {
	t.Helper()
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(flight.Codec{}), grpc.MaxCallRecvMsgSize(math.MaxInt32), grpc.MaxCallSendMsgSize(math.MaxInt32)),
	}, opts...)
	conn, err := grpc.NewClient("passthrough:///"+addr, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{conn: conn}
}

// answer is everything that came back from a DoGet.
type answer struct {
	kinds    []string // Schema, DictionaryBatch, RecordBatch, NONE
	schema   *arrow.Schema
	rows     [][]string
	loose    [][]string // the rows in the manner of the recordings' "after"
	affected int64      // -1 for none
	none     []string   // the bytes of NONE messages: header, and metadata of affected rows
	metrics  string
	code     codes.Code
	message  string
	errCode  string
	trailer  metadata.MD
}

func (a answer) err() error {
	if a.code == codes.OK {
		return nil
	}
	return fmt.Errorf("%s %s: %s", a.code, a.errCode, a.message)
}

func (c *client) request(sql string) *v1.GreptimeRequest {
	return &v1.GreptimeRequest{
		Header:  &v1.RequestHeader{Dbname: "public", Authorization: c.auth},
		Request: &v1.GreptimeRequest_Query{Query: &v1.QueryRequest{Query: &v1.QueryRequest_Sql{Sql: sql}}},
	}
}

// sql runs a statement and fails the test if the server does.
func (c *client) sql(t testing.TB, sql string) answer {
	t.Helper()
	a := c.try(t, sql)
	if err := a.err(); err != nil {
		t.Fatalf("%.200s: %v", sql, err)
	}
	return a
}

func (c *client) try(t testing.TB, sql string) answer {
	t.Helper()
	ticket, err := proto.Marshal(c.request(sql))
	if err != nil {
		t.Fatal(err)
	}
	return c.doGet(t.Context(), ticket)
}

var doGetDesc = &grpc.StreamDesc{StreamName: "DoGet", ServerStreams: true}

func (c *client) doGet(ctx context.Context, ticket []byte) answer {
	a := answer{affected: -1}
	messages, err := c.messages(ctx, ticket, &a)
	if err != nil {
		st := status.Convert(err)
		a.code, a.message = st.Code(), st.Message()
		if v := a.trailer.Get("x-greptime-err-code"); len(v) > 0 {
			a.errCode = v[0]
		}
	}
	a.read(messages)
	return a
}

func (c *client) messages(ctx context.Context, ticket []byte, a *answer) ([]*flight.FlightData, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	s, err := c.conn.NewStream(ctx, doGetDesc, flight.MethodDoGet)
	if err != nil {
		return nil, err
	}
	if err := s.SendMsg(&flight.Ticket{Ticket: ticket}); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := s.CloseSend(); err != nil {
		return nil, err
	}
	var list []*flight.FlightData
	for {
		m := &flight.FlightData{}
		err := s.RecvMsg(m)
		if err == nil {
			list = append(list, m)
			continue
		}
		a.trailer = s.Trailer() // of an ended stream only: gRPC still writes it before
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		return list, err
	}
}

// read decodes the messages of an answer.
func (a *answer) read(messages []*flight.FlightData) {
	var ipcMessages []*flight.FlightData
	for _, m := range messages {
		kind := headerKind(m.DataHeader)
		a.kinds = append(a.kinds, kind)
		if kind != "NONE" {
			ipcMessages = append(ipcMessages, m)
			continue
		}
		var fm v1.FlightMetadata
		if err := proto.Unmarshal(m.AppMetadata, &fm); err != nil {
			a.kinds = append(a.kinds, "bad metadata: "+err.Error())
		}
		a.none = append(a.none, fmt.Sprintf("%x", m.DataHeader))
		if fm.AffectedRows != nil {
			a.none = append(a.none, fmt.Sprintf("%x", m.AppMetadata))
			a.affected = int64(fm.AffectedRows.Value)
		}
		if fm.Metrics != nil {
			a.metrics = string(fm.Metrics.Metrics)
		}
	}
	if len(ipcMessages) == 0 {
		return
	}
	r, err := ipc.NewReaderFromMessageReader(&messageList{list: ipcMessages})
	if err != nil {
		a.kinds = append(a.kinds, "unreadable: "+err.Error())
		return
	}
	defer r.Release()
	a.schema = r.Schema()
	for r.Next() {
		b := r.RecordBatch()
		for i := range int(b.NumRows()) {
			row, loose := make([]string, b.NumCols()), make([]string, b.NumCols())
			for k := range row {
				row[k], loose[k] = cellText(b.Column(k), i), looseText(b.Column(k), i)
			}
			a.rows, a.loose = append(a.rows, row), append(a.loose, loose)
		}
	}
	// An empty result with a dictionary has no dictionary batch, at which arrow-go
	// stumbles.
	if err := r.Err(); err != nil && len(ipcMessages) > 1 {
		a.kinds = append(a.kinds, "unreadable: "+err.Error())
	}
}

// cellText is a value as text, exactly.
func cellText(col arrow.Array, i int) string {
	if col.IsNull(i) {
		return "NULL"
	}
	switch a := col.(type) {
	case *array.Float64:
		if v := a.Value(i); !math.IsNaN(v) {
			return fmt.Sprintf("%v %x", v, math.Float64bits(v))
		}
	case *array.Float32:
		if v := a.Value(i); !math.IsNaN(float64(v)) {
			return fmt.Sprintf("%v", v)
		}
	case *array.Decimal128:
		return a.Value(i).BigInt().String()
	case *array.Timestamp:
		return fmt.Sprint(int64(a.Value(i)))
	case *array.Date32:
		return fmt.Sprint(int64(a.Value(i)))
	case *array.String:
		return a.Value(i)
	case *array.Binary:
		return fmt.Sprintf("%x", a.Value(i))
	}
	return col.ValueStr(i)
}

// looseText is a value as arrow-go prints it, cut as the recordings are.
func looseText(col arrow.Array, i int) string {
	s := col.ValueStr(i)
	if ts, ok := col.(*array.Timestamp); ok && !col.IsNull(i) {
		s = fmt.Sprint(int64(ts.Value(i)))
	}
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return s
}

func headerKind(h []byte) string {
	// The header's second field; tests read only what servers wrote.
	table := int(h[0]) | int(h[1])<<8
	vtable := table - int(int32(uint32(h[table])|uint32(h[table+1])<<8|uint32(h[table+2])<<16|uint32(h[table+3])<<24))
	if int(h[vtable])+int(h[vtable+1])<<8 < 8 {
		return "NONE"
	}
	off := int(h[vtable+6]) | int(h[vtable+7])<<8
	if off == 0 {
		return "NONE"
	}
	return [...]string{"NONE", "Schema", "DictionaryBatch", "RecordBatch"}[h[table+off]]
}

// messageList is an ipc.MessageReader over messages in memory.
type messageList struct {
	list []*flight.FlightData
	last *ipc.Message
}

func (l *messageList) Message() (*ipc.Message, error) {
	l.Release()
	if len(l.list) == 0 {
		return nil, io.EOF
	}
	m := l.list[0]
	l.list = l.list[1:]
	l.last = ipc.NewMessage(memory.NewBufferBytes(m.DataHeader), memory.NewBufferBytes(m.DataBody))
	return l.last, nil
}

func (l *messageList) Release() {
	if l.last != nil {
		l.last.Release()
		l.last = nil
	}
}

func (l *messageList) Retain() {}

// text is all rows in a form to compare with.
func (a answer) text() string {
	lines := make([]string, len(a.rows))
	for i, r := range a.rows {
		lines[i] = strings.Join(r, "|")
	}
	return strings.Join(lines, "\n")
}

func validJSON(s string) bool { return json.Valid([]byte(s)) }
