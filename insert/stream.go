package insert

import (
	"context"
	"errors"

	"google.golang.org/grpc/metadata"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/calltrace"
	"github.com/greptime-go/greptime/internal/request"
	"github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/tracing"
	"github.com/greptime-go/greptime/internal/transport"
)

// Stream sends inserts and deletes that the server answers together, at the end. It saves the
// round trip that Write makes for each request. The server executes the requests in their order
// and stops at the first one that fails.
//
// A Stream is safe for concurrent use: one Send runs at a time. It holds no connection of a
// pool, and you can use it until the sql.DB or Connector is closed. You must end it by
// CloseAndRecv or Close.
type Stream struct {
	session session.Session
	stream  *transport.RequestStream

	busy     chan struct{} // held by the call that uses the stream
	requests int           // that gRPC has taken
	written  session.Write // all requests so far, with one whose sending failed
	counted  int           // of them, how many are among the transaction's Writes
	err      error         // what later calls return
}

// NewStream opens a stream to the current database of a connection of the pool. ctx bounds only
// NewStream itself: the stream keeps its values, but not its deadline.
func NewStream(ctx context.Context, pool greptime.Pool) (*Stream, error) {
	return Options{}.NewStream(ctx, pool)
}

// NewStream opens a stream as the function [NewStream] does, with options for all of it.
// AtLeastOnce has no effect, because a stream is never sent again.
func (o Options) NewStream(ctx context.Context, pool greptime.Pool) (*Stream, error) {
	s, md, err := o.open(ctx, pool)
	if err != nil {
		return nil, err
	}
	return openStream(ctx, s, md)
}

func openStream(ctx context.Context, s session.Session, md metadata.MD) (*Stream, error) {
	limited, cancel := s.Limit(ctx)
	defer cancel()
	stream, err := s.Channels().HandleRequests(limited, md)
	if err != nil {
		return nil, s.Error(limited, err, session.Write{})
	}
	return &Stream{session: s, stream: stream, busy: make(chan struct{}, 1)}, nil
}

// Send sends the rows of tables, in one request if they fit Config.MaxMessageSize. It returns
// when gRPC has taken them; a later call returns the errors of the server. You may then Reset
// the tables and fill them again. Send blocks while the server does not keep up. If ctx ends
// meanwhile, the stream has failed.
//
// The stream stays as it is if the tables have an error, as described at Write, or if ctx has
// already ended. A stream that has failed returns a *[StreamError] from every later call.
func (s *Stream) Send(ctx context.Context, tables ...*Table) error {
	return s.send(ctx, request.Insert, tables)
}

// Delete sends keys to delete, as described at the function Delete, and otherwise behaves like
// Send. The server executes inserts and deletes in the order in which they are sent.
func (s *Stream) Delete(ctx context.Context, keys ...*Table) error {
	return s.send(ctx, request.Delete, keys)
}

// errNoStream is returned by a Stream that NewStream has not opened.
var errNoStream = errors.New("greptime: insert: there is no Stream: NewStream returned an error, which must be checked")

// opened reports whether NewStream opened the stream.
func (s *Stream) opened() bool { return s != nil && s.busy != nil }

func (s *Stream) send(ctx context.Context, op request.Operation, tables []*Table) error {
	if !s.opened() {
		return errNoStream
	}
	// Before the stream's turn: Config.Credentials may take its time, and Close must not wait for it.
	header, headerErr := s.session.EncodedHeader(ctx)
	if err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.release()
	if s.err != nil {
		return s.err
	}
	if err := ctx.Err(); err != nil {
		return err // it would take the stream with it
	}
	if headerErr != nil {
		return headerErr
	}
	requests, err := split(tables, len(header), s.session.MaxMessageSize())
	if err != nil {
		return err
	}
	ctx, call := startTrace(ctx, s.session, streamKindOf(op), tables...)
	err = s.sendRequests(ctx, header, op, requests, call)
	call.End(err)
	return err
}

// sendRequests sends requests until the stream fails. call may be nil.
func (s *Stream) sendRequests(ctx context.Context, header []byte, op request.Operation, requests [][]request.Rows, call *tracing.Call) error {
	for _, rows := range requests {
		w := writeOf(op, rows)
		w.Tables, w.Rows, w.Requests = s.written.Tables+w.Tables, s.written.Rows+w.Rows, s.written.Requests+w.Requests
		s.written = w
		s.session.Writes().Add(1)
		s.counted++
		encoded := request.Encode(header, op, rows...)
		noteRequest(call, encoded, s.stream.Endpoint())
		if err := s.stream.Send(ctx, encoded); err != nil {
			return s.fail(ctx, err)
		}
		s.requests++
	}
	return nil
}

// CloseAndRecv ends the stream and waits until the server has executed everything. It returns
// the number of rows that the server accepted, including keys to delete. Call it once:
// afterwards the stream has ended, whatever CloseAndRecv returns. If ctx ends while a Send
// still blocks, that Send fails.
func (s *Stream) CloseAndRecv(ctx context.Context) (int64, error) {
	if !s.opened() {
		return 0, errNoStream
	}
	if err := s.acquire(ctx); err != nil {
		s.stream.Close() // so that the Send that holds the stream returns
		s.busy <- struct{}{}
		if errors.Is(s.err, greptime.Cancelled) {
			s.err = nil // it was this call that ended the Send: below, ctx says why
		}
	}
	defer s.release()
	if s.err != nil {
		return 0, s.err
	}
	tracer := s.session.Tracer()
	if tracer == nil {
		return s.receive(ctx)
	}
	ctx, call := tracer.Start(ctx, calltrace.Call{Kind: calltrace.StreamEnd, Database: s.session.Database(), Rows: s.written.Rows})
	n, err := s.receive(ctx)
	call.Endpoint, call.Rows = s.stream.Endpoint().Addr(), n
	call.End(err)
	return n, err
}

// receive ends the stream and waits for the answer.
func (s *Stream) receive(ctx context.Context) (int64, error) {
	ctx, cancel := s.session.Limit(ctx)
	defer cancel()
	n, err := s.stream.CloseAndRecv(ctx)
	if err != nil {
		return 0, s.fail(ctx, err)
	}
	s.err = ErrStreamEnded
	return int64(n), nil
}

// Close ends the stream without waiting for the server, unless it has already ended. The server
// may or may not execute the requests that were sent. You may call Close at any time, for
// example by defer.
func (s *Stream) Close() {
	if !s.opened() {
		return
	}
	// First, so that a Send that blocks returns.
	s.stream.Close()
	s.busy <- struct{}{}
	defer s.release()
	if s.err == nil {
		s.err = ErrStreamEnded
	}
}

// fail remembers why the stream failed.
func (s *Stream) fail(ctx context.Context, err error) error {
	err = s.session.Error(ctx, err, s.written)
	if !isAmbiguous(err) {
		s.session.Writes().TakeBack(s.counted)
		s.counted = 0
	}
	failure := &StreamError{Requests: s.requests, Err: err}
	s.err = failure
	return failure
}

// acquire waits for the stream's turn.
func (s *Stream) acquire(ctx context.Context) error {
	select {
	case s.busy <- struct{}{}:
		return nil
	default:
	}
	select {
	case s.busy <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Stream) release() { <-s.busy }
