package greptimetest_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// TestFaults: each fault does what its field says, to as many requests as it says,
// and the server is well afterwards.
func TestFaults(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t, greptimetest.Options{BatchSize: 10})
	dial(t, s).sql(t, "CREATE TABLE t (ts TIMESTAMP TIME INDEX)")
	dial(t, s).sql(t, "INSERT INTO t SELECT arrow_cast(value, 'Timestamp(Millisecond, None)') FROM generate_series(1, 100)")
	for _, tt := range []struct {
		name  string
		fault greptimetest.Fault
		code  codes.Code
		rows  int
	}{
		{"code", greptimetest.Fault{Requests: 1, Code: 4008, Message: "region not ready"}, codes.Unavailable, 0},
		{"status", greptimetest.Fault{Requests: 1, GRPC: codes.ResourceExhausted}, codes.ResourceExhausted, 0},
		{"drop at once", greptimetest.Fault{Requests: 1, Drop: true}, codes.Unavailable, 0},
		{"drop after schema and two batches", greptimetest.Fault{Requests: 1, Drop: true, After: 3}, codes.Unavailable, -1},
		{"truncate after schema and two batches", greptimetest.Fault{Requests: 1, Truncate: true, After: 3}, codes.OK, 20},
		{"another method", greptimetest.Fault{Requests: 1, Method: "DoPut", Code: 4008}, codes.OK, 100},
		{"delay", greptimetest.Fault{Requests: 1, Delay: time.Millisecond}, codes.OK, 100},
	} {
		s.Inject(tt.fault)
		c := dial(t, s)
		a := c.try(t, "SELECT ts FROM t")
		if a.code != tt.code || tt.rows >= 0 && len(a.rows) != tt.rows {
			t.Errorf("%s: %v and %d rows, want %v and %d", tt.name, a.err(), len(a.rows), tt.code, tt.rows)
		}
		s.ClearFaults()
		if a := dial(t, s).try(t, "SELECT ts FROM t"); len(a.rows) != 100 || a.metrics == "" {
			t.Errorf("after %s: %v and %d rows", tt.name, a.err(), len(a.rows))
		}
	}
}

func TestFaultCodeReachesTheClient(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	c := dial(t, s)
	s.Inject(greptimetest.Fault{Requests: 2, Code: 1003, Message: "hidden"})
	for range 2 {
		if a := c.try(t, "SELECT 1"); a.errCode != "1003" || a.message != "Internal error: 1003" {
			t.Errorf("%v", a.err())
		}
	}
	c.sql(t, "SELECT 1")
}

func TestDelayEndsWithTheCall(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	s.Inject(greptimetest.Fault{Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if a := dial(t, s).doGet(ctx, captures.DoGetByName("leading_semicolon").Ticket); a.code != codes.DeadlineExceeded {
		t.Errorf("%v", a.err())
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	c := dial(t, s)
	c.sql(t, "SELECT 1")
	s.Refuse()
	if a := c.try(t, "SELECT 1"); a.code != codes.Unavailable {
		t.Errorf("%v", a.err())
	}
	s.ClearFaults()
	deadline := time.Now().Add(time.Minute)
	for {
		a := c.try(t, "SELECT 1")
		if a.err() == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the client cannot come back: %v", a.err())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestDropConnections: running calls end, and the same client can come back.
func TestDropConnections(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	c := dial(t, s)
	c.sql(t, "SELECT 1")
	s.Inject(greptimetest.Fault{Requests: 1, Delay: time.Hour})
	ended := make(chan codes.Code, 1)
	go func() {
		ended <- c.doGet(context.Background(), captures.DoGetByName("leading_semicolon").Ticket).code
	}()
	for running := true; running; {
		select {
		case code := <-ended:
			if running = false; code != codes.Unavailable {
				t.Errorf("the call that ran ended with %v, want %v", code, codes.Unavailable)
			}
		case <-time.After(time.Millisecond):
			s.DropConnections() // it may not have begun before
		}
	}
	s.ClearFaults()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		a := c.try(t, "SELECT 1")
		if a.err() == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the client cannot come back: %v", a.err())
		}
	}
}

// TestHealthCheckMeetsNoFault unless it is named.
func TestHealthCheckMeetsNoFault(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	c := dial(t, s)
	check := func() error {
		var req, res rawMessage
		return c.invoke(t.Context(), "/greptime.v1.HealthCheck/HealthCheck", &req, &res, new(metadata.MD))
	}
	s.Inject(greptimetest.Fault{GRPC: codes.Unavailable})
	if err := check(); err != nil {
		t.Errorf("%v", err)
	}
	s.ClearFaults()
	s.Inject(greptimetest.Fault{Method: "HealthCheck", GRPC: codes.Unavailable})
	if err := check(); status.Code(err) != codes.Unavailable {
		t.Errorf("%v", err)
	}
}
