package insert_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestStreamOfManySends(t *testing.T) {
	t.Parallel()
	var got requests
	s := wiretest.Start(t, got.accept)
	conn := connTo(t, s.DSN())
	stream, err := insert.Options{TTL: "7d"}.NewStream(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	conn.Close() // the stream lives on
	if err := stream.Send(t.Context(), sensors(t)); !errors.Is(err, insert.ErrNoRows) {
		t.Errorf("no rows: %v, want %v", err, insert.ErrNoRows)
	}
	var sends sync.WaitGroup
	for range 8 {
		sends.Go(func() {
			table := sensors(t)
			for range 20 {
				table.Reset()
				fill(t, table, 5)
				if err := stream.Send(t.Context(), table); err != nil {
					t.Error(err)
				}
			}
		})
	}
	sends.Wait()
	n, err := stream.CloseAndRecv(t.Context())
	if err != nil || n != 8*20*5 || len(got.all()) != 160 {
		t.Errorf("%d rows, %d requests, %v; want 800 rows in 160 requests", n, len(got.all()), err)
	}
	if md := got.meta[0]["x-greptime-hints"]; len(md) != 1 || md[0] != "ttl=7d" {
		t.Errorf("hints %v, want ttl=7d", md)
	}
	if _, err := stream.CloseAndRecv(t.Context()); !errors.Is(err, insert.ErrStreamEnded) {
		t.Errorf("a second CloseAndRecv: %v, want %v", err, insert.ErrStreamEnded)
	}
	if err := stream.Send(t.Context(), fill(t, sensors(t), 1)); !errors.Is(err, insert.ErrStreamEnded) {
		t.Errorf("Send after CloseAndRecv: %v, want %v", err, insert.ErrStreamEnded)
	}
}

func TestAFailedStreamSaysTheServersErrorFromThenOn(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		for range 2 {
			if _, err := c.Request(); err != nil {
				return err
			}
		}
		return c.Fail(codes.InvalidArgument, "column temperature expect type Int64", 1004)
	})
	stream := openStream(t, s)
	table := fill(t, sensors(t), 1)
	var err error
	sent := 0
	for err == nil {
		if err = stream.Send(t.Context(), table); err == nil {
			sent++
		}
		time.Sleep(time.Millisecond)
	}
	check := func(what string, err error) {
		t.Helper()
		var e *insert.StreamError
		if !errors.Is(err, greptime.InvalidArguments) || !errors.As(err, &e) || e.Requests != sent || sent < 2 {
			t.Errorf("%s: %v after %d requests, want %v after all requests that were sent, 2 or more", what, err, sent, greptime.InvalidArguments)
		}
	}
	check("Send", err)
	check("Send again", stream.Send(t.Context(), table))
	_, err = stream.CloseAndRecv(t.Context())
	check("CloseAndRecv", err)
	stream.Close()
	check("Send after Close", stream.Send(t.Context(), table))
}

func TestAStreamThatIsGivenUp(t *testing.T) {
	t.Parallel()
	var got requests
	s := wiretest.Start(t, got.accept)
	stream := openStream(t, s)
	if err := stream.Send(t.Context(), fill(t, sensors(t), 1)); err != nil {
		t.Fatal(err)
	}
	stream.Close()
	stream.Close()
	if _, err := stream.CloseAndRecv(t.Context()); !errors.Is(err, insert.ErrStreamEnded) {
		t.Errorf("CloseAndRecv after Close: %v, want %v", err, insert.ErrStreamEnded)
	}
	s.WaitFor("the end of the stream", func() bool { return s.OpenStreams() == 0 })
}

// The context of NewStream bounds the opening only; that of a Send that blocks ends
// the stream.
func TestContextsOfAStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := wiretest.Start(t, func(c *wiretest.Call) error { // reads nothing
			return wiretest.Hang()(c)
		}, wiretest.InMemory())
		opening, cancel := context.WithCancel(t.Context())
		stream, err := insert.NewStream(opening, connInMemory(t, s))
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		cancel()
		table := fill(t, sensors(t), 10_000)
		sent := 0
		for err == nil {
			ctx, cancelSend := context.WithTimeout(t.Context(), 500*time.Millisecond)
			if err = stream.Send(ctx, table); err == nil {
				sent++
			}
			cancelSend()
		}
		var e *insert.StreamError
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || e.Requests != sent || sent == 0 {
			t.Errorf("after %d requests: %v, want %v after some", sent, err, context.DeadlineExceeded)
		}
		if _, err := insert.NewStream(opening, connInMemory(t, s)); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled opening: %v, want %v", err, context.Canceled)
		}
	})
}

// A call that comes too late, as of a request that was given up, does not take the
// stream with it.
func TestAContextThatHasEndedLeavesTheStreamAsItIs(t *testing.T) {
	t.Parallel()
	var got requests
	s := wiretest.Start(t, got.accept)
	stream := openStream(t, s)
	table := fill(t, sensors(t), 1)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		if err := stream.Send(ended, table); !errors.Is(err, context.Canceled) {
			t.Errorf("Send: %v, want %v", err, context.Canceled)
		}
		if err := stream.Send(t.Context(), table); err != nil {
			t.Error(err)
		}
	}
	if n, err := stream.CloseAndRecv(t.Context()); n != 3 || err != nil {
		t.Errorf("%d rows, %v; want 3 rows", n, err)
	}
}

// CloseAndRecv is the end even if it comes too late: nothing of the stream is left.
func TestCloseAndRecvWithAContextThatHasEndedEndsTheStream(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error { return wiretest.Hang()(c) }) // never answers
	stream := openStream(t, s)
	table := fill(t, sensors(t), 1)
	if err := stream.Send(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := stream.CloseAndRecv(ended)
	var failed *insert.StreamError
	var e *greptime.Error
	if !errors.Is(err, context.Canceled) || !errors.As(err, &failed) || failed.Requests != 1 || !errors.As(err, &e) || !e.Ambiguous {
		t.Errorf("CloseAndRecv: %v, want %v of one request, ambiguous", err, context.Canceled)
	}
	s.WaitFor("the end of the stream", func() bool { return s.OpenStreams() == 0 })
	if again := stream.Send(t.Context(), table); again == nil || again.Error() != err.Error() {
		t.Errorf("then: %v, want the same error", again)
	}
}

// observedContext closes asked when somebody asks whether it has ended, which Send does
// as soon as it holds the stream.
type observedContext struct {
	context.Context
	once  *sync.Once
	asked chan struct{}
}

func (c observedContext) Err() error {
	c.once.Do(func() { close(c.asked) })
	return c.Context.Err()
}

// CloseAndRecv is the end also while a Send waits for a server that does not read.
func TestCloseAndRecvEndsAStreamThatASendHolds(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error { return wiretest.Hang()(c) }) // reads nothing
	stream := openStream(t, s)
	table := fill(t, sensors(t), 10_000)
	if err := stream.Send(t.Context(), table); err != nil { // gRPC takes one, and no more
		t.Fatal(err)
	}
	blocking := observedContext{t.Context(), new(sync.Once), make(chan struct{})}
	sent := make(chan error, 1)
	go func() { sent <- stream.Send(blocking, table) }()
	<-blocking.asked
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := stream.CloseAndRecv(ctx)
	var failed *insert.StreamError
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &failed) {
		t.Errorf("CloseAndRecv: %v, want %v", err, context.DeadlineExceeded)
	}
	if err := <-sent; !errors.As(err, &failed) {
		t.Errorf("Send: %v, want a StreamError", err)
	}
	if again := stream.Send(t.Context(), table); again == nil || again.Error() != err.Error() {
		t.Errorf("then: %v, want the same error", again)
	}
	s.WaitFor("the end of the stream", func() bool { return s.OpenStreams() == 0 })
}

func TestAStreamOfDeletes(t *testing.T) {
	t.Parallel()
	var got requests
	s := wiretest.Start(t, got.accept)
	stream := openStream(t, s)
	err := errors.Join(stream.Send(t.Context(), fill(t, sensors(t), 3)), stream.Delete(t.Context(), fill(t, sensors(t), 2)))
	n, end := stream.CloseAndRecv(t.Context())
	if err != nil || end != nil || n != 5 {
		t.Fatalf("%d rows, %v, %v; want 5 rows", n, err, end)
	}
	list := got.all()
	if len(list) != 2 || len(list[0].GetRowInserts().GetInserts()[0].GetRows().GetRows()) != 3 || len(list[1].GetRowDeletes().GetDeletes()[0].GetRows().GetRows()) != 2 {
		t.Errorf("requests %v, want 3 rows to insert, then 2 to delete", list)
	}
}

func TestCloseOfTheConnectorEndsStreams(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, new(requests).accept)
	conn, connector := openConnector(t, parseDSN(t, s.DSN()))
	stream, err := insert.NewStream(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	connector.Close()
	if _, err := stream.CloseAndRecv(t.Context()); !errors.Is(err, greptime.ErrClosed) {
		t.Errorf("error %v, want %v", err, greptime.ErrClosed)
	}
}

func TestAStreamWhoseServerGoesAway(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		if _, err := c.Recv(); err != nil {
			return err
		}
		return wiretest.Drop()(c)
	})
	stream := openStream(t, s)
	if err := stream.Send(t.Context(), fill(t, sensors(t), 1)); err != nil {
		t.Fatal(err)
	}
	_, err := stream.CloseAndRecv(t.Context())
	var e *insert.StreamError
	var server *greptime.Error
	if !errors.As(err, &e) || e.Requests != 1 || !errors.As(err, &server) || !server.Ambiguous {
		t.Errorf("error %v, want a StreamError of one request, ambiguous", err)
	}
}

// A Send that waits for its credentials does not hold up those that end the stream.
func TestCredentialsDoNotHoldAStream(t *testing.T) {
	t.Parallel()
	var got requests
	s := wiretest.Start(t, got.accept)
	cfg := parseDSN(t, s.DSN())
	asked, release := make(chan struct{}, 1), make(chan struct{})
	var slow atomic.Bool
	cfg.Credentials = func(context.Context) (string, string, error) {
		if slow.Load() {
			asked <- struct{}{}
			<-release
		}
		return "user", "password", nil
	}
	stream, err := insert.NewStream(t.Context(), connWith(t, cfg))
	if err != nil {
		t.Fatal(err)
	}
	slow.Store(true)
	sent := make(chan error, 1)
	go func() { sent <- stream.Send(context.Background(), fill(t, sensors(t), 1)) }()
	<-asked
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_, _ = stream.CloseAndRecv(ctx) // the server's answer, or that ctx has ended
		stream.Close()
	}()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("CloseAndRecv and Close wait for the credentials of a Send")
	}
	close(release)
	if err := <-sent; err == nil {
		t.Error("a Send after the stream has ended succeeded")
	}
}
