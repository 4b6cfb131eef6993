package greptimetest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/flightdecode"
	"github.com/greptime-go/greptime/greptimetest/internal/engine"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/internal/flight"
)

// ackBuffer is the size of GreptimeDB's channel for acks. GreptimeDB drops the acks that do
// not fit.
const ackBuffer = 32

func handleDoPut(srv any, ss grpc.ServerStream) error {
	f := srv.(*flightService)
	ctx := ss.Context()
	if err := chooseCompression(ctx); err != nil {
		return err
	}
	md, _ := metadata.FromIncomingContext(ctx)
	dbname := ""
	if v := md.Get("x-greptime-db-name"); len(v) > 0 {
		dbname = v[0]
	}
	catalog, db := catalogAndDatabase(dbname)
	p := &put{s: f.s, ss: ss, session: schema.NewSession(catalog, db, "")}
	if err := f.s.authenticatePut(md, p.session); err != nil {
		return fail(ctx, err)
	}
	err := p.run()
	if err == nil || errors.Is(err, errPanic) {
		return nil
	}
	f.s.opts.log().Info("DoPut refused", "table", p.table, "error", err)
	if _, isStatus := status.FromError(err); isStatus {
		return err // an error of the transport
	}
	if f.s.version < schema.V1_1_4 {
		return status.Error(codes.Unknown, "Execute gRPC request error") // the same for all errors
	}
	return fail(ctx, err)
}

// errPanic stands for a batch whose body is cut short. GreptimeDB's task panics on it, and
// the call ends with OK without an ack for it.
var errPanic = errors.New("the producer panicked")

// put is one DoPut call.
type put struct {
	s       *Server
	ss      grpc.ServerStream
	session *schema.Session
	table   string
	batch   int // number of the last batch read
	acks    chan []byte
	sent    chan error // result of the sender, when it has ended
}

// run acknowledges the call at once. Then it reads, writes and acknowledges one batch after
// the other.
func (p *put) run() error {
	p.acks, p.sent = make(chan []byte, ackBuffer), make(chan error, 1)
	go p.sendAcks()
	p.ack(0, 0, 0)
	err := p.batches()
	close(p.acks)
	return cmp.Or(err, <-p.sent)
}

func (p *put) sendAcks() {
	var err error
	for a := range p.acks {
		if err == nil {
			err = p.ss.SendMsg(&flight.PutResult{AppMetadata: a})
		}
	}
	p.sent <- err
}

func (p *put) ack(id int64, rows int, elapsed time.Duration) {
	seconds := strconv.FormatFloat(elapsed.Seconds(), 'g', -1, 64)
	if elapsed == 0 {
		seconds = "0.0"
	}
	a := fmt.Appendf(nil, `{"request_id":%d,"affected_rows":%d,"elapsed_secs":%s}`, id, rows, seconds)
	if !p.s.opts.DropAcks {
		p.acks <- a
		return
	}
	select {
	case p.acks <- a:
	default:
	}
}

// streamError returns the error for messages that are not a stream of record batches.
func streamError(code codes.Code, format string, args ...any) error {
	return refuse(schema.InvalidArguments, "Incomplete GRPC request: Stream error: Status { code: %s, message: %q, source: None }", code, fmt.Sprintf(format, args...))
}

func badSchema(reason any) error {
	return streamError(codes.InvalidArgument, "Failed to decode schema: Invalid FlightData, reason: %v", reason)
}

func badBatch(reason any) error {
	return streamError(codes.InvalidArgument, "Failed to decode RecordBatch: Invalid FlightData, reason: %v", reason)
}

// batches reads the schema, and then batches until the client has sent everything.
func (p *put) batches() error {
	var first flight.FlightData
	if err := p.ss.RecvMsg(&first); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return err
	}
	d := first.Descriptor
	switch {
	case d == nil:
		return streamError(codes.FailedPrecondition, "table to put is not found in flight descriptor")
	case d.Type != flight.DescriptorPath:
		return streamError(codes.InvalidArgument, "Invalid request parameter: expect FlightDescriptor::type == 'Path' only")
	case len(d.Path) != 1:
		return streamError(codes.InvalidArgument, "Invalid request parameter: expect FlightDescriptor::path has only one table name")
	}
	p.table = d.Path[0]
	switch kind, err := messageKind(first.DataHeader); {
	case err != nil:
		return badSchema(err)
	case kind != ipc.MessageSchema:
		return badSchema("Should have decoded schema first!")
	}
	r := &putReader{put: p, first: &first}
	reader, err := flightdecode.NewReader(r.receive, flightdecode.Options{})
	if err != nil {
		return badSchema(err)
	}
	defer reader.Release()
	for reader.Next() {
		if err := p.write(r.id, reader.RecordBatch()); err != nil {
			return err
		}
	}
	var bad *flightdecode.Error
	if err := reader.Err(); errors.As(err, &bad) {
		return badBatch(bad)
	} else if err != nil {
		return err
	}
	return nil
}

func (p *put) write(id int64, batch arrow.RecordBatch) error {
	if p.session.ReadOnly {
		return engine.ErrPermission
	}
	p.batch++
	f := p.s.faults.takeBatch(p.batch)
	if f != nil {
		if err := f.begin(p.ss.Context()); err != nil {
			return err
		}
		if f.After == 0 && (f.Drop || f.Truncate) {
			return p.end(f)
		}
	}
	start := time.Now()
	n, err := p.s.engine.InsertBatch(context.WithoutCancel(p.ss.Context()), p.session, p.table, batch)
	if err != nil {
		return err
	}
	if f != nil && (f.Drop || f.Truncate) {
		return p.end(f)
	}
	p.ack(id, n, time.Since(start))
	return nil
}

// end ends the call as specified by the fault of its batch.
func (p *put) end(f *Fault) error {
	if f.Truncate {
		return errPanic
	}
	p.s.faults.drop(p.ss.Context())
	return errDropped
}

// putReader receives the messages of a call for the decoder: the schema, which has already
// arrived, and then batches.
type putReader struct {
	put   *put
	first *flight.FlightData
	id    int64 // request_id of the last message read
}

func (r *putReader) receive(m *flightdecode.Message) error {
	data := r.first
	if data == nil {
		data = &flight.FlightData{}
		if err := r.put.ss.RecvMsg(data); err != nil {
			return err
		}
		kind, err := messageKind(data.DataHeader)
		switch {
		case err != nil:
			return badBatch(err)
		case kind != ipc.MessageRecordBatch && kind != ipc.MessageDictionaryBatch:
			return streamError(codes.InvalidArgument, "Expected RecordBatch message, got other message type")
		case bodyLength(data.DataHeader) > int64(len(data.DataBody)):
			return errPanic
		}
	}
	r.first = nil
	r.id = requestID(data.AppMetadata)
	*m = flightdecode.Message{Header: data.DataHeader, Body: data.DataBody, Buffer: data.Memory}
	return nil
}

// requestID reads {"request_id": n}. It returns 0 for everything else.
func requestID(metadata []byte) int64 {
	var m struct {
		ID int64 `json:"request_id"`
	}
	if json.Unmarshal(metadata, &m) != nil {
		return 0
	}
	return m.ID
}
