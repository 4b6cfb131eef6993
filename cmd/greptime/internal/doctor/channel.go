package doctor

import (
	"context"
	"crypto/tls"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/types/known/emptypb"
)

// channel is the driver's channel to the server that answered last, by which doctor makes calls that
// the driver does not offer.
type channel struct {
	mu    sync.Mutex
	conn  *grpc.ClientConn
	state *tls.ConnectionState
}

// options return the options by which the driver's channels make themselves known.
func (ch *channel) options() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			ch.keep(cc)
			return invoke(ctx, method, req, reply, cc, opts...)
		}),
		grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			ch.keep(cc)
			return open(ctx, desc, cc, method, opts...)
		}),
	}
}

func (ch *channel) keep(cc *grpc.ClientConn) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.conn = cc
}

// health calls GreptimeDB's health check, which needs no user.
func (ch *channel) health(ctx context.Context) error {
	var from peer.Peer
	err := ch.current().Invoke(ctx, "/greptime.v1.HealthCheck/HealthCheck", &emptypb.Empty{}, &emptypb.Empty{}, protobuf(), grpc.Peer(&from))
	if info, ok := from.AuthInfo.(credentials.TLSInfo); ok {
		ch.mu.Lock()
		ch.state = &info.State
		ch.mu.Unlock()
	}
	return err
}

// openPut opens a stream of bulk inserts and closes it when the server has answered, which it does
// as soon as it has accepted the user. Nothing is sent on the stream.
func (ch *channel) openPut(ctx context.Context, database, authorization string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "x-greptime-db-name", database)
	if authorization != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "x-greptime-auth", authorization)
	}
	stream, err := ch.current().NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true},
		"/arrow.flight.protocol.FlightService/DoPut", protobuf())
	if err != nil {
		return err
	}
	return stream.RecvMsg(&emptypb.Empty{}) // the fields of the answer are unknown to it, and kept
}

func (ch *channel) current() *grpc.ClientConn {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.conn
}

// protobuf makes a call encode messages by their own methods, whatever the channel's codec is.
func protobuf() grpc.CallOption { return grpc.ForceCodecV2(encoding.GetCodecV2("proto")) }

// tlsState returns what is known of TLS after health, or nil without TLS.
func (ch *channel) tlsState() *tls.ConnectionState {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.state
}
