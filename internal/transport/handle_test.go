package transport_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/internal/test/wiretest"
	"github.com/greptime-go/greptime/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func channelsTo(t *testing.T, compression string, endpoints ...string) *transport.Channels {
	t.Helper()
	c, err := transport.New(transport.Options{Endpoints: endpoints, ConnectTimeout: 5 * time.Second, Connections: 1, MaxMessageSize: 64 << 20,
		Compression: compression, Balance: transport.Ordered, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// The parts arrive as one message, whatever their sizes, and gRPC gives them back.
func TestPartsAreSentAsTheyAreAndGivenBack(t *testing.T) {
	t.Parallel()
	for _, compression := range []string{"none", "gzip", "zstd"} {
		received := make(chan []byte, 1)
		s := wiretest.Start(t, func(c *wiretest.Call) error {
			b, err := c.Recv()
			if err != nil {
				return err
			}
			received <- b
			return c.Respond(7)
		})
		c := channelsTo(t, compression, s.Addr())
		body := &transport.Body{Bytes: bytes.Repeat([]byte("0123456789abcdef"), 1<<14)}
		for _, cut := range []int{0, 1, 100, 1024, 1025, 100_000, len(body.Bytes)} {
			request := transport.Encoded{transport.Fixed([]byte("head")), body.Part(0, cut), transport.Fixed([]byte("between")), body.Part(cut, len(body.Bytes))}
			want := append(append([]byte("head"), body.Bytes[:cut]...), append([]byte("between"), body.Bytes[cut:]...)...)
			answer, err := c.Handle(t.Context(), transport.HandleRequest{Request: request})
			if err != nil || answer.Affected != 7 || answer.Endpoint.Addr() != s.Addr() {
				t.Fatalf("%s: %+v, %v", compression, answer, err)
			}
			if !bytes.Equal(<-received, want) || request.Len() != len(want) || !bytes.Equal(transport.Join(request), want) {
				t.Errorf("%s, cut at %d: what arrived differs", compression, cut)
			}
			if body.InUse() {
				t.Errorf("%s, cut at %d: the body is in use after the answer", compression, cut)
			}
		}
	}
}

// After a call that was given up, the body is in use until gRPC has let go of it.
func TestABodyIsInUseWhileItIsSent(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error { return wiretest.Hang()(c) }) // reads nothing: the window fills
	c := channelsTo(t, "none", s.Addr())
	body := &transport.Body{Bytes: make([]byte, 8<<20)}
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := c.HandleRequests(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel() // bounds the opening only
	if err := stream.Send(t.Context(), transport.Encoded{body.Part(0, 1<<20)}); err != nil {
		t.Fatal(err)
	}
	if !body.InUse() {
		t.Error("the body is not in use although it has not been sent")
	}
	stream.Close()
	for deadline := time.Now().Add(time.Minute); body.InUse(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the body is in use after the stream has ended")
		}
	}
}

// Who is told that a request was sent can send the next one: a context that ends in the
// same moment either comes too late, or its call fails.
func TestSendThatSucceededLeavesTheStream(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		for {
			if _, err := c.Recv(); err != nil {
				return nil
			}
		}
	})
	c := channelsTo(t, "none", s.Addr())
	request := transport.Encoded{(&transport.Body{Bytes: make([]byte, 100)}).Part(0, 100)}
	for range 300 {
		stream, err := c.HandleRequests(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if stream.Send(ctx, request) == nil {
			for range 2 { // to the first, the end may not have come through
				if err := stream.Send(t.Context(), request); err != nil {
					t.Fatal(err)
				}
			}
		}
		stream.Close()
	}
}

func TestErrorsSayWhetherTheRequestWasSent(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		if _, err := c.Recv(); err != nil {
			return err
		}
		return c.Fail(codes.Unavailable, "overloaded", 0)
	})
	request := transport.HandleRequest{Request: transport.Encoded{transport.Fixed([]byte("x"))}}
	var e *transport.CallError
	if _, err := channelsTo(t, "none", s.Addr(), s.Addr()).Handle(t.Context(), request); !errors.As(err, &e) || !e.Sent || len(e.Others) != 0 {
		t.Errorf("a request that was sent: %+v", err)
	}
	request.Repeatable = true
	if _, err := channelsTo(t, "none", s.Addr(), s.Addr()).Handle(t.Context(), request); !errors.As(err, &e) || !e.Sent || len(e.Others) != 1 {
		t.Errorf("a repeatable request: %+v", err)
	}
	s.Stop()
	request.Repeatable = false
	if _, err := channelsTo(t, "none", s.Addr(), s.Addr()).Handle(t.Context(), request); !errors.As(err, &e) || e.Sent || len(e.Others) != 1 {
		t.Errorf("a request that was not sent: %+v", err)
	}
}

// Metadata of a call does not replace what the caller's context sends.
func TestMetadataOfTheCallersContextIsKept(t *testing.T) {
	t.Parallel()
	got := make(chan metadata.MD, 1)
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		got <- c.Metadata
		if _, err := c.Recv(); err != nil {
			return err
		}
		return c.Respond(0)
	})
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00-1")
	_, err := channelsTo(t, "none", s.Addr()).Handle(ctx, transport.HandleRequest{
		Request: transport.Encoded{transport.Fixed([]byte("x"))}, Metadata: metadata.Pairs("x-greptime-hints", "ttl=7d"),
	})
	if md := <-got; err != nil || len(md.Get("traceparent")) != 1 || len(md.Get("x-greptime-hints")) != 1 {
		t.Errorf("%v, %v", md, err)
	}
}

// A context may have ended because of the error of another call, which must not be taken for
// what the server said.
func TestCauseOfAContextIsNoAnswer(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		<-c.Context().Done()
		return c.Context().Err()
	})
	channels := channelsTo(t, "none", s.Addr())
	const attempts = 200 // in some of which gRPC takes the request although the context has ended
	for range attempts {
		stream, err := channels.HandleRequests(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(status.Error(codes.Unimplemented, "of another call"))
		err = stream.Send(ctx, transport.Encoded{transport.Fixed([]byte("request"))})
		stream.Close()
		var call *transport.CallError
		if err != nil && (!errors.As(err, &call) || call.Status.Code() != codes.Canceled) {
			t.Fatalf("the error is %v, want Canceled", err)
		}
	}
}
