// Package rawgrpc carries messages over gRPC as the bytes that they are. The null
// server is made of it, and so is the floor of each measurement: what gRPC alone costs
// for the same bytes.
package rawgrpc

import (
	"context"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// The methods that are called.
const (
	Handle         = "/greptime.v1.GreptimeDatabase/Handle"
	HandleRequests = "/greptime.v1.GreptimeDatabase/HandleRequests"
	DoGet          = "/arrow.flight.protocol.FlightService/DoGet"
	DoPut          = "/arrow.flight.protocol.FlightService/DoPut"
	GetFlightInfo  = "/arrow.flight.protocol.FlightService/GetFlightInfo"
)

// MaxMessageSize is the limit on both sides, the driver's default.
const MaxMessageSize = 512 << 20

// Message is an encoded message to be sent. It is not copied and must not change.
type Message []byte

// Receiver is what to receive into: a function that is called with the message, whose
// memory is gRPC's again when it returns.
type Receiver func(mem.BufferSlice) error

// Discard receives a message and does nothing with it.
var Discard Receiver = func(mem.BufferSlice) error { return nil }

// Codec is the gRPC codec of Message and Receiver.
type Codec struct{}

// Name returns protobuf's name: on the wire nothing differs.
func (Codec) Name() string { return "proto" }

// Marshal takes a Message.
func (Codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(Message)
	if !ok {
		return nil, fmt.Errorf("rawgrpc: cannot send a %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(m)}, nil
}

// Unmarshal takes a Receiver.
func (Codec) Unmarshal(data mem.BufferSlice, v any) error {
	receive, ok := v.(Receiver)
	if !ok {
		return fmt.Errorf("rawgrpc: cannot receive into a %T", v)
	}
	return receive(data)
}

// Floor is a way to set up the channel of a floor.
type Floor struct {
	suffix  string
	options []grpc.DialOption
}

// The floors.
var (
	// Plain is gRPC as it comes.
	Plain = Floor{}
	// Tuned is gRPC with the windows and the write buffer of the driver's channels.
	Tuned = Floor{", the driver's channel", []grpc.DialOption{
		grpc.WithInitialWindowSize(4 << 20), grpc.WithInitialConnWindowSize(16 << 20), grpc.WithWriteBufferSize(48 << 10),
	}}
)

// Name returns the name of a scenario on such a channel.
func (f Floor) Name(name string) string { return name + f.suffix }

// Dial returns a channel on which every call uses Codec.
func (f Floor) Dial(addr string) (*grpc.ClientConn, error) {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithDefaultCallOptions(
			grpc.ForceCodecV2(Codec{}),
			grpc.MaxCallRecvMsgSize(MaxMessageSize), grpc.MaxCallSendMsgSize(MaxMessageSize)),
	}
	return grpc.NewClient("passthrough:///"+addr, append(options, f.options...)...)
}

// Unary sends a message and waits for the answer.
func Unary(ctx context.Context, cc *grpc.ClientConn, method string, m Message) error {
	return cc.Invoke(ctx, method, m, Discard)
}

// ReceiveAll makes a call that is answered by a stream, reads it to its end, and
// returns the number of messages.
func ReceiveAll(ctx context.Context, cc *grpc.ClientConn, method string, request Message) (int, error) {
	stream, err := cc.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, method)
	if err != nil {
		return 0, err
	}
	if err := stream.SendMsg(request); err != nil {
		return 0, err
	}
	if err := stream.CloseSend(); err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		switch err := stream.RecvMsg(Discard); err {
		case nil:
		case io.EOF:
			return n, nil
		default:
			return n, err
		}
	}
}

// Request returns a GreptimeRequest that runs a statement.
func Request(sql string) []byte {
	field := func(num protowire.Number, v []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), v)
	}
	const header, query, queryRequestSQL = 1, 3, 1
	return append(field(header, nil), field(query, field(queryRequestSQL, []byte(sql)))...)
}

// Ticket returns a DoGet's ticket with a Request.
func Ticket(sql string) Message {
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), Request(sql))
}
