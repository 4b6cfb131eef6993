package wiretest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/internal/test/captures"
)

// The methods that the driver calls.
const (
	MethodDoGet          = "/arrow.flight.protocol.FlightService/DoGet"
	MethodDoPut          = "/arrow.flight.protocol.FlightService/DoPut"
	MethodHandle         = captures.MethodHandle
	MethodHandleRequests = captures.MethodHandleRequests
	MethodHealthCheck    = "/greptime.v1.HealthCheck/HealthCheck"
)

// Handler answers one call. It returns the status of the RPC: nil is OK, an error of package
// status is that status, and any other error is Unknown. It runs on its own goroutine and
// must return when the call's context is done.
type Handler func(*Call) error

// Call is one RPC on the server. It is for one goroutine, except that a second one may Send
// while the first receives.
type Call struct {
	Method   string      // "/arrow.flight.protocol.FlightService/DoGet"
	Metadata metadata.MD // what the client sent
	N        int         // the number of the call on this server, from 1

	stream grpc.ServerStream
	conn   *conn
	id     uint32 // HTTP/2 stream
	sent   atomic.Int64
	ticket []byte // of DoGet, once received
	asked  bool   // the ticket has been received
}

// Context returns a context that is done when the client cancels or its deadline passes,
// when the connection breaks, and when the server stops.
func (c *Call) Context() context.Context { return c.stream.Context() }

// Recv returns the next message of the client, or io.EOF after the last.
func (c *Call) Recv() ([]byte, error) {
	var b []byte
	err := c.stream.RecvMsg(&b)
	return b, err
}

// Send sends a message. It returns when gRPC has accepted the message, which may be before
// the client has received it.
func (c *Call) Send(b []byte) error {
	if err := c.stream.SendMsg(b); err != nil {
		return err
	}
	c.sent.Add(1)
	return nil
}

// SendHeader sends the response's header now. Otherwise the header is sent with the first
// message, or not at all.
func (c *Call) SendHeader(md metadata.MD) error { return c.stream.SendHeader(md) }

// SetTrailer sets metadata that is sent with the status. Several calls add up.
func (c *Call) SetTrailer(md metadata.MD) { c.stream.SetTrailer(md) }

// SendFlight sends FlightData messages.
func (c *Call) SendFlight(messages ...captures.Message) error {
	for _, m := range messages {
		if err := c.Send(EncodeFlightData(m)); err != nil {
			return err
		}
	}
	return nil
}

// RecvFlight returns the next FlightData of a DoPut, or io.EOF after the last.
func (c *Call) RecvFlight() (captures.Message, error) {
	b, err := c.Recv()
	if err != nil {
		return captures.Message{}, err
	}
	return DecodeFlightData(b)
}

// SendPutResult answers a DoPut with the metadata of a PutResult, GreptimeDB's
// {"request_id":1,"affected_rows":3,"elapsed_secs":0.001}.
func (c *Call) SendPutResult(appMetadata string) error {
	return c.Send(EncodePutResult([]byte(appMetadata)))
}

// TicketBytes returns the ticket of a DoGet. The first call receives it.
func (c *Call) TicketBytes() ([]byte, error) {
	if c.asked {
		return c.ticket, nil
	}
	b, err := c.Recv()
	if errors.Is(err, io.EOF) {
		return nil, status.Error(codes.Internal, "wiretest: the client sent no ticket")
	} else if err != nil {
		return nil, err
	}
	if c.ticket, err = DecodeTicket(b); err != nil {
		return nil, err
	}
	c.asked = true
	return c.ticket, nil
}

// Ticket returns the request in the ticket of a DoGet.
func (c *Call) Ticket() (*greptimev1.GreptimeRequest, error) {
	b, err := c.TicketBytes()
	if err != nil {
		return nil, err
	}
	return decodeRequest(b)
}

// SQL returns the SQL text in the ticket of a DoGet, or "" if it has another request.
func (c *Call) SQL() (string, error) {
	req, err := c.Ticket()
	return req.GetQuery().GetSql(), err
}

// Request returns the next request of a Handle or HandleRequests, or io.EOF after
// the last.
func (c *Call) Request() (*greptimev1.GreptimeRequest, error) {
	b, err := c.Recv()
	if err != nil {
		return nil, err
	}
	return decodeRequest(b)
}

// Respond answers a Handle or HandleRequests with affected rows.
func (c *Call) Respond(affectedRows uint32) error {
	b, err := proto.Marshal(&greptimev1.GreptimeResponse{
		Header:   &greptimev1.ResponseHeader{Status: &greptimev1.Status{}},
		Response: &greptimev1.GreptimeResponse_AffectedRows{AffectedRows: &greptimev1.AffectedRows{Value: affectedRows}},
	})
	if err != nil {
		return err
	}
	return c.Send(b)
}

// Fail returns the error for a handler to end with as GreptimeDB does. errCode, unless 0, is
// sent in the trailer x-greptime-err-code.
func (c *Call) Fail(code codes.Code, message string, errCode int) error {
	if errCode != 0 {
		c.SetTrailer(metadata.Pairs("x-greptime-err-code", strconv.Itoa(errCode)))
	}
	return status.Error(code, message)
}

// Flush waits until everything sent so far has been written to the connection, which
// requires a client that reads. It fails when the call's context is done.
func (c *Call) Flush() error {
	return c.conn.waitMessages(c.Context(), c.id, c.sent.Load())
}

// Reset ends the stream with an RST_STREAM frame, after everything sent before, and without
// a status. Other streams of the connection continue.
func (c *Call) Reset(code ResetCode) error {
	if err := c.Flush(); err != nil {
		return err
	}
	return c.conn.control(rstStream(c.id, code))
}

// GoAway sends a GOAWAY frame, after everything sent before. Calls that the client has begun
// on the connection continue. Calls that it begins later on the connection are not handled:
// gRPC repeats them by itself on another connection.
func (c *Call) GoAway(code ResetCode) error {
	if err := c.Flush(); err != nil {
		return err
	}
	return c.conn.goAway(0, code)
}

// GoAwayBefore is like GoAway, but the frame states that this call is not handled either. If
// a later call has begun on the connection, it resets the stream with REFUSED_STREAM instead,
// which states the same about this call alone.
func (c *Call) GoAwayBefore(code ResetCode) error {
	if err := c.Flush(); err != nil {
		return err
	}
	if c.conn.goAway(c.id, code) != nil {
		return c.Reset(ResetRefused)
	}
	return nil
}

// Drop breaks the connection (TCP RST), after everything sent before. The other streams of
// the connection break, too.
func (c *Call) Drop() error {
	if err := c.Flush(); err != nil {
		return err
	}
	c.conn.reset()
	return nil
}

func decodeRequest(b []byte) (*greptimev1.GreptimeRequest, error) {
	req := &greptimev1.GreptimeRequest{}
	if err := proto.Unmarshal(b, req); err != nil {
		return nil, status.Error(codes.InvalidArgument, fmt.Sprintf("wiretest: GreptimeRequest: %v", err))
	}
	return req, nil
}
