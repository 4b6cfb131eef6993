package transport_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/greptime-go/greptime/internal/test/wiretest"
	"github.com/greptime-go/greptime/internal/transport"
)

const firstAnswer = `{"request_id":0,"affected_rows":0,"elapsed_secs":0.0}`

func TestDoPutBeginsWithTableAndSchema(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		if err := c.SendPutResult(firstAnswer); err != nil {
			return err
		}
		first, err := c.RecvFlight()
		if err != nil {
			return err
		}
		if d := first.Descriptor; d == nil || d.Type != "PATH" || !slices.Equal(d.Path, []string{"a table"}) || string(first.Header) != "schema" ||
			!slices.Equal(c.Metadata.Get("x-greptime-db-name"), []string{"db"}) {
			return c.Fail(codes.InvalidArgument, "not what was meant", 1004)
		}
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
	})
	c := channelsTo(t, "none", s.Addr())
	// The context is for the opening only.
	ctx, cancel := context.WithCancel(t.Context())
	put, err := c.DoPut(ctx, c.Endpoints()[0], transport.PutRequest{Table: "a table", Schema: []byte("schema"), Metadata: metadata.Pairs("x-greptime-db-name", "db")})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for _, text := range []string{"one", "two"} {
		if err := put.Send(transport.Encoded{transport.Fixed(append([]byte{3<<3 | 2, byte(len(text))}, text...))}); err != nil {
			t.Fatal(err)
		}
		if answer, err := put.Recv(); err != nil || string(answer) != text {
			t.Errorf("%q, %v", answer, err)
		}
	}
	if err := put.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := put.Recv(); err != io.EOF {
		t.Errorf("the end is %v", err)
	}
	put.Close(nil)
}

func TestDoPutThatCannotBeginHasSentNothing(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]wiretest.Handler{
		"refused": func(c *wiretest.Call) error { return c.Fail(codes.Unauthenticated, "auth failed", 0) },
		"OK":      func(*wiretest.Call) error { return nil },
		"silent":  func(c *wiretest.Call) error { <-c.Context().Done(); return nil },
		"reset":   func(c *wiretest.Call) error { return c.Reset(wiretest.ResetInternal) },
	} {
		s := wiretest.Start(t, handler)
		c := channelsTo(t, "none", s.Addr())
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err := c.DoPut(ctx, c.Endpoints()[0], transport.PutRequest{Table: "t"})
		cancel()
		var call *transport.CallError
		if !errors.As(err, &call) || call.Sent || call.Status.Code() == codes.OK || call.Endpoint != s.Addr() {
			t.Errorf("%s: %#v", name, err)
		}
		if name == "silent" && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClosedDoPutEndsWithItsCause(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		if err := c.SendPutResult(firstAnswer); err != nil {
			return err
		}
		<-c.Context().Done()
		return nil
	})
	c := channelsTo(t, "none", s.Addr())
	put, err := c.DoPut(t.Context(), c.Endpoints()[0], transport.PutRequest{Table: "t"})
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("enough")
	put.Close(cause)
	put.Close(errors.New("too late"))
	if _, err := put.Recv(); !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
}
