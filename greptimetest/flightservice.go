package greptimetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/internal/flight"
)

// flightService implements the two methods of arrow.flight.protocol.FlightService that
// GreptimeDB has. It is written by hand because the generated package registers
// Flight.proto, which programs that link another copy would then register twice.
type flightService struct{ s *Server }

var flightServiceDesc = grpc.ServiceDesc{
	ServiceName: flight.ServiceName,
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{
		{MethodName: "GetFlightInfo", Handler: notYetUnary},
		{MethodName: "PollFlightInfo", Handler: notYetUnary},
		{MethodName: "GetSchema", Handler: notYetUnary},
	},
	Streams: []grpc.StreamDesc{
		{StreamName: "DoGet", Handler: handleDoGet, ServerStreams: true},
		{StreamName: "DoPut", Handler: handleDoPut, ServerStreams: true, ClientStreams: true},
		{StreamName: "Handshake", Handler: notYetStream, ServerStreams: true, ClientStreams: true},
		{StreamName: "DoExchange", Handler: notYetStream, ServerStreams: true, ClientStreams: true},
		{StreamName: "ListFlights", Handler: notYetStream, ServerStreams: true},
		{StreamName: "DoAction", Handler: notYetStream, ServerStreams: true},
		{StreamName: "ListActions", Handler: notYetStream, ServerStreams: true},
	},
}

var errNotYet = status.Error(codes.Unimplemented, "Not yet implemented")

func notYetUnary(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
	return nil, errNotYet
}

func notYetStream(any, grpc.ServerStream) error { return errNotYet }

func handleDoGet(srv any, ss grpc.ServerStream) error {
	f := srv.(*flightService)
	if err := chooseCompression(ss.Context()); err != nil {
		return err
	}
	var ticket flight.Ticket
	if err := ss.RecvMsg(&ticket); err != nil {
		return err
	}
	err := f.doGet(ss, ticket.Ticket)
	if err != nil {
		f.s.opts.log().Info("DoGet refused", "error", err)
		return fail(ss.Context(), err)
	}
	return nil
}

func (f *flightService) doGet(ss grpc.ServerStream, ticket []byte) error {
	ctx := ss.Context()
	var req v1.GreptimeRequest
	if err := proto.Unmarshal(ticket, &req); err != nil {
		return refuse(schema.InvalidArguments, "Invalid Flight ticket: failed to decode Protobuf message: %s", protoReason(ticket))
	}
	start := time.Now()
	r, err := f.s.handle(ctx, &req)
	if err != nil {
		return err
	}
	defer r.Close()
	if r.Schema == nil {
		return sendNone(ss, affectedRows(r.Affected))
	}
	out := &batchSender{ss: ss}
	opts := []ipc.Option{ipc.WithSchema(r.Schema)}
	if !f.s.opts.Uncompressed {
		opts = append(opts, ipc.WithLZ4(), ipc.WithCompressConcurrency(1))
	}
	w := ipc.NewWriterWithPayloadWriter(out, opts...)
	if err := out.send(ipc.GetSchemaPayload(r.Schema, memory.DefaultAllocator)); err != nil {
		return err
	}
	for {
		batch, err := r.Next(f.s.batchSize())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		err = w.Write(batch)
		batch.Release()
		if err != nil {
			return err
		}
		if r.BatchMetrics {
			if err := sendNone(ss, metrics(time.Since(start))); err != nil {
				return err
			}
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if r.Stream {
		return sendNone(ss, metrics(time.Since(start)))
	}
	return nil
}

// protoReason returns the reason why bytes are not a protobuf message, in prost's words
// where they are known.
func protoReason(b []byte) string {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return "invalid varint"
		}
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			return "buffer underflow"
		}
		b = b[n+m:]
	}
	return "invalid wire type"
}

// noneHeader is the IPC message that GreptimeDB sends as data_header when there is no
// header: a flatbuffer of metadata version V5 and header type NONE.
var noneHeader = []byte{0x0c, 0, 0, 0, 0, 0, 0x06, 0, 0x08, 0, 0x06, 0, 0x06, 0, 0, 0, 0, 0, 0x04, 0}

func sendNone(ss grpc.ServerStream, m *v1.FlightMetadata) error {
	b, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	return ss.SendMsg(&flight.FlightData{DataHeader: noneHeader, AppMetadata: b})
}

// affectedRows returns the FlightMetadata of a statement without rows.
func affectedRows(n uint32) *v1.FlightMetadata {
	return &v1.FlightMetadata{AffectedRows: &v1.AffectedRows{Value: n}}
}

// metrics returns the FlightMetadata that follows the last row.
func metrics(elapsed time.Duration) *v1.FlightMetadata {
	text := fmt.Sprintf(`{"elapsed_compute":%d,"memory_usage":0,"plan_metrics":[]}`, elapsed.Nanoseconds())
	return &v1.FlightMetadata{Metrics: &v1.Metrics{Metrics: []byte(text)}}
}

// batchSender is an ipc.PayloadWriter that sends payloads as messages. The schema is sent
// before that, because GreptimeDB does not wait for the first batch with it. arrow-go's
// writer does wait, so its first payload is dropped.
type batchSender struct {
	ss      grpc.ServerStream
	started bool
}

func (o *batchSender) Start() error { return nil }
func (o *batchSender) Close() error { return nil }

func (o *batchSender) WritePayload(p ipc.Payload) error {
	if !o.started {
		o.started = true
		return nil
	}
	return o.send(p)
}

func (o *batchSender) send(p ipc.Payload) error {
	meta := p.Meta()
	defer meta.Release()
	var body bytes.Buffer
	if err := p.SerializeBody(&body); err != nil {
		return err
	}
	return o.ss.SendMsg(&flight.FlightData{DataHeader: bytes.Clone(meta.Bytes()), DataBody: body.Bytes()})
}
