package wiretest

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dial makes a plain grpc-go client, which connects when it is used.
func dial(t testing.TB, s *Server, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:///"+s.Addr(), append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(RawCodec{}), grpc.MaxCallRecvMsgSize(maxMessageSize)),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return cc
}

// answer is what a call got.
type answer struct {
	messages        [][]byte
	header, trailer metadata.MD
	err             error // nil after OK
}

// callTimeout limits a call. Only a call that hangs takes that long, however slow the machine is.
const callTimeout = time.Minute

// call sends the messages and reads everything.
func call(ctx context.Context, cc *grpc.ClientConn, method string, messages ...[]byte) answer {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	stream, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method)
	if err != nil {
		return answer{err: err}
	}
	for _, m := range messages {
		if err := stream.SendMsg(m); errors.Is(err, io.EOF) {
			break // the server has ended the stream
		} else if err != nil {
			return answer{err: err}
		}
	}
	if err := stream.CloseSend(); err != nil {
		return answer{err: err}
	}
	var a answer
	for {
		var b []byte
		if err := stream.RecvMsg(&b); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			a.err = err
			break
		}
		a.messages = append(a.messages, b)
	}
	a.header, _ = stream.Header()
	a.trailer = stream.Trailer()
	return a
}

func doGet(t testing.TB, cc *grpc.ClientConn) answer {
	t.Helper()
	return call(t.Context(), cc, MethodDoGet, EncodeTicket([]byte("ticket")))
}
