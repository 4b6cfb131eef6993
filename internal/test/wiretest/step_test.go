package wiretest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/internal/test/captures"
)

func TestStepsChangeTheEnd(t *testing.T) {
	t.Parallel()
	union := captures.DoGetByName("batches_union") // schema, 4 batches, metrics
	tests := []struct {
		name     string
		step     Step
		messages int
		code     codes.Code
		errCode  string
	}{
		{"truncated at once", Before(0, Truncate()), 0, codes.OK, ""},
		{"truncated", Before(3, Truncate()), 3, codes.OK, ""},
		{"without metrics", Before(5, Truncate()), 5, codes.OK, ""},
		{"failed before", Before(0, Fail(codes.NotFound, "no table", 4001)), 0, codes.NotFound, "4001"},
		{"failed between", Before(2, Fail(codes.Internal, "cast", 3001)), 2, codes.Internal, "3001"},
		{"failed after", BeforeStatus(Fail(codes.Internal, "late", 0)), 6, codes.Internal, ""},
		{"reset before", Before(0, Reset(ResetCancel)), 0, codes.Canceled, ""},
		{"reset between", Before(4, Reset(ResetInternal)), 4, codes.Internal, ""},
		{"reset before the status", BeforeStatus(Reset(ResetEnhanceYourCalm)), 6, codes.ResourceExhausted, ""},
		{"dropped before", Before(0, Drop()), 0, codes.Unavailable, ""},
		{"dropped between", Before(4, Drop()), 4, codes.Unavailable, ""},
		{"dropped before the status", Before(6, Drop()), 6, codes.Unavailable, ""},
		{"delayed", Before(2, Delay(time.Millisecond)), 6, codes.OK, ""},
		{"flushed", Before(2, Flush()), 6, codes.OK, ""},
		{"out of range", Before(7, Delay(0)), 0, codes.Internal, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := Start(t, Replay(union, tt.step))
			a := doGet(t, dial(t, s))
			if len(a.messages) != tt.messages || status.Code(a.err) != tt.code {
				t.Errorf("%d messages and %v, want %d and %v", len(a.messages), a.err, tt.messages, tt.code)
			}
			if got := fmt.Sprint(a.trailer.Get("x-greptime-err-code")); got != "["+tt.errCode+"]" {
				t.Errorf("error code %s, want %s", got, tt.errCode)
			}
		})
	}
}

func TestTrailersOnlyWithoutMessages(t *testing.T) {
	t.Parallel()
	s := Start(t, func(c *Call) error { return c.Fail(codes.NotFound, "Tabelle fehlt: ä", 4001) })
	a := doGet(t, dial(t, s))
	if len(a.header) != 0 || a.trailer.Get("x-greptime-err-code")[0] != "4001" || status.Convert(a.err).Message() != "Tabelle fehlt: ä" {
		t.Errorf("header %v, trailer %v, %v", a.header, a.trailer, a.err)
	}
}

func TestBlockedCallGoesOnWhenReleased(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := Start(t, Replay(captures.DoGetByName("values"), Before(1, Block(release))))
	done := make(chan answer)
	cc := dial(t, s)
	go func() { done <- doGet(t, cc) }()
	s.WaitFor("the call", func() bool { return s.OpenStreams() == 1 })
	select {
	case a := <-done:
		t.Errorf("not blocked: %v", a.err)
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	if a := <-done; a.err != nil || len(a.messages) != 3 {
		t.Errorf("%d messages, %v", len(a.messages), a.err)
	}
	s.WaitFor("its end", func() bool { return s.OpenStreams() == 0 })
	if s.PeakStreams() != 1 {
		t.Errorf("peak %d", s.PeakStreams())
	}
}

func TestHangingCallEndsWithTheClient(t *testing.T) {
	t.Parallel()
	s := Start(t, Replay(captures.DoGetByName("values"), Before(2, Hang())))
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := dial(t, s).NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, MethodDoGet)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(stream.SendMsg(EncodeTicket([]byte("x"))), stream.CloseSend()); err != nil {
		t.Fatal(err)
	}
	var b []byte
	for range 2 {
		if err := stream.RecvMsg(&b); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := stream.RecvMsg(&b); status.Code(err) != codes.Canceled {
		t.Errorf("after cancel: %v", err)
	}
	s.WaitFor("the handler's end", func() bool { return s.OpenStreams() == 0 })
	if s.OpenConnections() != 1 {
		t.Errorf("%d connections", s.OpenConnections())
	}
}

// A call that the server says it has not handled is made again by gRPC itself, as is one that
// begins later on the connection; one that began before goes on.
func TestGoAway(t *testing.T) {
	t.Parallel()
	values := captures.DoGetByName("values")
	for _, tt := range []struct {
		name        string
		goAway      func(*Call, ResetCode) error
		calls       int
		connections int
	}{
		{"handled", (*Call).GoAway, 1, 1},
		{"not handled", (*Call).GoAwayBefore, 2, 2},
	} {
		s := Start(t, func(c *Call) error {
			if c.N == 1 {
				if err := tt.goAway(c, ResetNoError); err != nil {
					return err
				}
			}
			return Replay(values)(c)
		})
		if a := doGet(t, dial(t, s)); a.err != nil || len(a.messages) != len(values.Messages) {
			t.Errorf("%s: %d messages, %v", tt.name, len(a.messages), a.err)
		}
		if s.Calls("") != tt.calls || s.Accepted() != tt.connections {
			t.Errorf("%s: %d calls on %d connections", tt.name, s.Calls(""), s.Accepted())
		}
	}
}

// A server that has begun a later call cannot say by GOAWAY that it has not handled the
// first.
func TestGoAwayBeforeLeavesLaterStreamsAlone(t *testing.T) {
	t.Parallel()
	values := captures.DoGetByName("values")
	second := make(chan struct{})
	s := Start(t, func(c *Call) error {
		switch c.N {
		case 1:
			<-second
			if err := c.GoAwayBefore(ResetNoError); err != nil {
				return err
			}
			return c.Context().Err()
		case 2:
			close(second)
		}
		return Replay(values)(c)
	})
	cc := dial(t, s)
	done := make(chan answer)
	go func() { done <- doGet(t, cc) }()
	s.WaitFor("the first call", func() bool { return s.Calls("") == 1 })
	for _, a := range []answer{doGet(t, cc), <-done} {
		if a.err != nil || len(a.messages) != len(values.Messages) {
			t.Errorf("%d messages, %v", len(a.messages), a.err)
		}
	}
	if s.Calls("") != 3 || s.Accepted() != 1 {
		t.Errorf("%d calls on %d connections", s.Calls(""), s.Accepted())
	}
}

func TestResetLeavesOtherStreamsAlone(t *testing.T) {
	t.Parallel()
	union := captures.DoGetByName("batches_union")
	release := make(chan struct{})
	healthy := Replay(union, Before(1, Block(release)))
	reset := Replay(union, Before(2, Reset(ResetInternal)))
	s := Start(t, func(c *Call) error {
		if c.N == 1 {
			return healthy(c)
		}
		return reset(c)
	})
	cc := dial(t, s)
	first := make(chan answer)
	go func() { first <- doGet(t, cc) }()
	s.WaitFor("the first call", func() bool { return s.Calls(MethodDoGet) == 1 })
	for range 20 {
		if a := doGet(t, cc); status.Code(a.err) != codes.Internal || len(a.messages) != 2 {
			t.Fatalf("%d messages, %v", len(a.messages), a.err)
		}
	}
	close(release)
	if a := <-first; a.err != nil || len(a.messages) != 6 {
		t.Errorf("%d messages, %v", len(a.messages), a.err)
	}
	if s.Accepted() != 1 {
		t.Errorf("%d connections", s.Accepted())
	}
}

// TestResetComesAfterLargeMessages covers a message that gRPC writes in many frames
// and over many window updates.
func TestResetComesAfterLargeMessages(t *testing.T) {
	t.Parallel()
	large := make([]byte, 5<<20)
	s := Start(t, func(c *Call) error {
		if err := c.Send(large); err != nil {
			return err
		}
		return c.Reset(ResetInternal)
	})
	a := doGet(t, dial(t, s))
	if len(a.messages) != 1 || len(a.messages[0]) != len(large) || status.Code(a.err) != codes.Internal {
		t.Errorf("%d messages, %v", len(a.messages), a.err)
	}
}

func TestCallHelpers(t *testing.T) {
	t.Parallel()
	s := Start(t, func(c *Call) error {
		switch c.Method {
		case MethodDoGet:
			text, err := c.SQL()
			if err != nil {
				return err
			}
			if err := c.SendHeader(metadata.Pairs("seen", c.Metadata.Get("sent")[0])); err != nil {
				return err
			}
			return c.Send([]byte(text))
		case MethodDoPut:
			for {
				m, err := c.RecvFlight()
				if errors.Is(err, io.EOF) {
					return nil
				} else if err != nil {
					return err
				}
				if err := c.SendPutResult(string(m.AppMetadata)); err != nil {
					return err
				}
			}
		}
		req, err := c.Request()
		if err != nil {
			return err
		}
		return c.Respond(uint32(len(req.GetRowInserts().GetInserts())))
	})
	cc := dial(t, s)
	d := captures.DoGetByName("values")
	a := call(metadata.AppendToOutgoingContext(t.Context(), "sent", "it"), cc, MethodDoGet, EncodeTicket(d.Ticket))
	if a.err != nil || string(a.messages[0]) != d.Request.SQL || a.header.Get("seen")[0] != "it" {
		t.Errorf("DoGet: %q, %v, %v", a.messages, a.header, a.err)
	}
	a = call(t.Context(), cc, MethodDoPut, EncodeFlightData(captures.Message{AppMetadata: []byte("x")}))
	if a.err != nil || len(a.messages) != 1 {
		t.Fatalf("DoPut: %v", a.err)
	}
	if b, err := DecodePutResult(a.messages[0]); string(b) != "x" || err != nil {
		t.Errorf("DoPut: %q, %v", b, err)
	}
	h := captures.HandleByName("auto_create")
	a = call(t.Context(), cc, MethodHandle, h.Requests[0].Bytes)
	if a.err != nil || len(a.messages) != 1 || len(a.messages[0]) == 0 {
		t.Errorf("Handle: %q, %v", a.messages, a.err)
	}
	if a := call(t.Context(), cc, MethodDoGet, []byte{0xff}); a.err == nil {
		t.Error("a bad ticket was accepted")
	}
	if a := call(t.Context(), cc, MethodHandle, []byte{0xff}); status.Code(a.err) != codes.InvalidArgument {
		t.Errorf("a bad request: %v", a.err)
	}
}
