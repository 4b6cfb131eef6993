package greptimetest_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/flight"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// TestFaultsOfBatches shows, for the second of three batches, what its fault does to the
// stream and to the rows.
func TestFaultsOfBatches(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		version captures.Version
		fault   greptimetest.Fault
		code    codes.Code
		errCode string
		text    string
		rows    string
	}{
		"code":              {captures.V1_1_4, greptimetest.Fault{Batch: 2, Code: 4008, Message: "not ready"}, codes.Unavailable, "4008", "not ready", "1"},
		"code as 1.0.2":     {captures.V1_0_2, greptimetest.Fault{Batch: 2, Code: 4008, Message: "not ready"}, codes.Unknown, "", "Execute gRPC request error", "1"},
		"status":            {captures.V1_1_4, greptimetest.Fault{Batch: 2, GRPC: codes.ResourceExhausted, Message: "too much"}, codes.ResourceExhausted, "", "too much", "1"},
		"drop":              {captures.V1_1_4, greptimetest.Fault{Batch: 2, Drop: true}, codes.Unavailable, "", "", "1"},
		"drop once written": {captures.V1_1_4, greptimetest.Fault{Batch: 2, Drop: true, After: 1}, codes.Unavailable, "", "", "1, 2"},
		"truncate":          {captures.V1_1_4, greptimetest.Fault{Batch: 2, Truncate: true}, codes.OK, "", "", "1"},
		"delay":             {captures.V1_1_4, greptimetest.Fault{Batch: 2, Delay: time.Millisecond}, codes.OK, "", "", "1, 2, 3"},
		"a later batch":     {captures.V1_1_4, greptimetest.Fault{Batch: 4, Code: 4008}, codes.OK, "", "", "1, 2, 3"},
		"another method":    {captures.V1_1_4, greptimetest.Fault{Batch: 2, Method: "DoGet", Code: 4008}, codes.OK, "", "", "1, 2, 3"},
		"any batch":         {captures.V1_1_4, greptimetest.Fault{Batch: greptimetest.AnyBatch, Code: 4008, Message: "not ready"}, codes.Unavailable, "4008", "not ready", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startAs(t, tt.version, greptimetest.Options{})
			c := dial(t, s)
			c.sql(t, "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v BIGINT)")
			tt.fault.Requests = 1
			s.Inject(tt.fault)
			x := bulk(t, "t", tsAndV, `[{"ts":1,"v":1}]`, `[{"ts":2,"v":2}]`, `[{"ts":3,"v":3}]`)
			_, trailer, err := c.put(t.Context(), x)
			st := status.Convert(err)
			if got := strings.Join(trailer.Get("x-greptime-err-code"), ""); st.Code() != tt.code || got != tt.errCode || tt.text != "" && st.Message() != tt.text {
				t.Errorf("%v with code %q, want %v with %q", err, got, tt.code, tt.errCode)
			}
			c = dial(t, s)
			if got := c.rowsOf(t, "SELECT v FROM t ORDER BY ts"); got != tt.rows {
				t.Errorf("%q is there, want %q", got, tt.rows)
			}
			if s.Faults() == 0 {
				c.mustPut(t, x) // the fault was met, and the server is well
			}
		})
	}
}

// TestRunningStreamMeetsAFault shows that a fault is met by a stream that was open before.
func TestRunningStreamMeetsAFault(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	c := dial(t, s)
	c.sql(t, "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v BIGINT)")
	x := bulk(t, "t", tsAndV, `[{"ts":1,"v":1}]`, `[{"ts":2,"v":2}]`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stream, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, flight.MethodDoPut)
	if err != nil {
		t.Fatal(err)
	}
	recv := func() error {
		var ack flight.PutResult
		return stream.RecvMsg(&ack)
	}
	for i, m := range x.Sent {
		d := &flight.FlightData{DataHeader: m.Header, DataBody: m.Body, AppMetadata: m.AppMetadata}
		if m.Descriptor != nil {
			d.Descriptor = &flight.Descriptor{Path: m.Descriptor.Path, Type: flight.DescriptorPath}
		}
		if err := stream.SendMsg(d); err != nil {
			t.Fatal(err)
		}
		err := recv() // the first one comes before anything is read
		switch {
		case i == 1:
			s.Inject(greptimetest.Fault{Batch: greptimetest.AnyBatch, Requests: 1, Code: 4009, Message: "busy"})
			fallthrough
		case i == 0:
			if err != nil {
				t.Fatal(err)
			}
		case status.Code(err) != codes.ResourceExhausted:
			t.Errorf("the batch after the fault: %v", err)
		}
	}
	if got := c.rowsOf(t, "SELECT v FROM t"); got != "1" {
		t.Errorf("%s", got)
	}
}

// sentCalls counts the calls whose headers were sent.
type sentCalls struct{ n atomic.Int64 }

func (s *sentCalls) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (s *sentCalls) HandleRPC(_ context.Context, e stats.RPCStats) {
	if _, ok := e.(*stats.OutHeader); ok {
		s.n.Add(1)
	}
}
func (s *sentCalls) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (s *sentCalls) HandleConn(context.Context, stats.ConnStats)                       {}

// TestFirstCallAfterRefuseIsNotSent shows that a client with a connection has noticed its
// end when Refuse returns.
func TestFirstCallAfterRefuseIsNotSent(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	for range 20 {
		var sent sentCalls
		c := dial(t, s, grpc.WithStatsHandler(&sent))
		c.sql(t, "SELECT 1")
		s.Refuse()
		if a := c.try(t, "SELECT 1"); a.code != codes.Unavailable {
			t.Errorf("%v", a.err())
		}
		if n := sent.n.Load(); n != 1 {
			t.Errorf("%d calls were sent, want the first one alone", n)
		}
		s.ClearFaults()
	}
}
