package wiretest

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/internal/test/captures"
)

// TestCutAtEveryByte cuts a small answer at every byte before its status: the client
// must never see OK. One byte later it does.
func TestCutAtEveryByte(t *testing.T) {
	t.Parallel()
	ca := NewCA(t)
	for _, tt := range []struct {
		name  string
		fault Fault
		tls   bool
		step  int64
	}{
		{"break", Break, false, 1},
		{"close", Close, false, 1},
		{"break under TLS", Break, true, 17},
		{"close under TLS", Close, true, 17},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var at atomic.Int64
			at.Store(-1)
			opts := []Option{Faults(func(int) Plan {
				if at.Load() < 0 {
					return Plan{}
				}
				return Plan{Do: tt.fault, At: at.Load()}
			})}
			var dialOpts []grpc.DialOption
			if tt.tls {
				opts = append(opts, TLS(ca.Server()))
				dialOpts = append(dialOpts, grpc.WithTransportCredentials(credentials.NewTLS(ca.Client())))
			}
			s := Start(t, Replay(captures.DoGetByName("insert_two_rows")), opts...)
			query := func() answer {
				cc := dial(t, s, dialOpts...)
				defer func() { _ = cc.Close() }()
				return doGet(t, cc)
			}
			if a := query(); a.err != nil {
				t.Fatal(a.err)
			}
			tr := s.Traffic()[0]
			if len(tr.Statuses) != 1 || tr.Statuses[0] != tr.ResponseBytes {
				t.Fatalf("measured %+v", tr)
			}
			end := tr.Statuses[0]
			for n := int64(0); n < end; n += tt.step {
				at.Store(n)
				if a := query(); status.Code(a.err) != codes.Unavailable {
					t.Fatalf("cut at byte %d of %d: %d messages, %v", n, end, len(a.messages), a.err)
				}
			}
			at.Store(end)
			if a := query(); a.err != nil {
				t.Errorf("cut behind the status, at %d: %v", end, a.err)
			}
		})
	}
}

// TestMeasuredPositionsAreStable needs a response whose frames depend on flow
// control.
func TestMeasuredPositionsAreStable(t *testing.T) {
	t.Parallel()
	s := Start(t, Flight([]captures.Message{
		{Body: make([]byte, 3_000_000)}, {Body: make([]byte, 200_000)},
	}))
	for range 5 {
		cc := dial(t, s)
		if a := doGet(t, cc); a.err != nil {
			t.Fatal(a.err)
		}
		_ = cc.Close()
	}
	ts := s.Traffic()
	for i, tr := range ts {
		if len(ts) != 5 || fmt.Sprint(tr) != fmt.Sprint(ts[0]) || tr.ResponseBytes < 3_200_000 {
			t.Errorf("connection %d of %d: %+v, the first had %+v", i+1, len(ts), tr, ts[0])
		}
	}
}

func TestStatusesOfSeveralCallsAreMeasured(t *testing.T) {
	t.Parallel()
	s := Start(t, Replay(captures.DoGetByName("values")))
	cc := dial(t, s)
	for range 3 {
		if a := doGet(t, cc); a.err != nil {
			t.Fatal(a.err)
		}
	}
	tr := s.Traffic()
	if len(tr) != 1 || len(tr[0].Statuses) != 3 || tr[0].Statuses[0] >= tr[0].Statuses[1] || tr[0].Statuses[2] != tr[0].ResponseBytes {
		t.Errorf("%+v", tr)
	}
}

func TestStalledConnection(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		plan Plan
		code codes.Code
	}{
		{Plan{Do: Stall, At: 0}, codes.DeadlineExceeded},
		{Plan{Do: Stall, At: 40}, codes.DeadlineExceeded},
		{Plan{Do: Mute}, codes.DeadlineExceeded},
		{Plan{Do: Refuse}, codes.Unavailable},
	} {
		t.Run(tt.plan.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := Start(t, Replay(captures.DoGetByName("values")), Faults(func(int) Plan { return tt.plan }), InMemory())
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				a := call(ctx, dial(t, s, grpc.WithContextDialer(s.Dial)), MethodDoGet, EncodeTicket(nil))
				if status.Code(a.err) != tt.code {
					t.Errorf("%v, want %v", a.err, tt.code)
				}
			})
		})
	}
}

// TestOnlyTheChosenConnectionFails has the first connection break; the client's next
// call makes a second.
func TestOnlyTheChosenConnectionFails(t *testing.T) {
	t.Parallel()
	s := Start(t, Replay(captures.DoGetByName("values")), Faults(func(n int) Plan {
		if n == 1 {
			return Plan{Do: Break, At: 50}
		}
		return Plan{}
	}))
	cc := dial(t, s)
	if a := doGet(t, cc); status.Code(a.err) != codes.Unavailable {
		t.Errorf("first: %v", a.err)
	}
	if a := doGet(t, cc); a.err != nil {
		t.Errorf("second: %v", a.err)
	}
	if s.Accepted() != 2 {
		t.Errorf("%d connections", s.Accepted())
	}
	s.WaitFor("the end of the first connection", func() bool { return s.OpenConnections() == 1 })
}

func TestOptionsOfGRPCOverrideTheServersOwn(t *testing.T) {
	t.Parallel()
	s := Start(t, Replay(captures.DoGetByName("values")), GRPC(grpc.MaxSendMsgSize(10)))
	if a := doGet(t, dial(t, s)); status.Code(a.err) != codes.ResourceExhausted {
		t.Error(a.err)
	}
}

func TestMutualTLS(t *testing.T) {
	t.Parallel()
	ca, other := NewCA(t), NewCA(t)
	withoutCert := ca.Client()
	withoutCert.Certificates = nil
	unknownCA := ca.Client()
	unknownCA.RootCAs = other.Pool()
	wrongName := ca.Client()
	wrongName.ServerName = "example.com"
	for _, tt := range []struct {
		name   string
		server *tls.Config
		client *tls.Config
		code   codes.Code
	}{
		{"TLS", ca.Server(), withoutCert, codes.OK},
		{"unknown authority", ca.Server(), unknownCA, codes.Unavailable},
		{"wrong name", ca.Server(), wrongName, codes.Unavailable},
		{"name of the certificate", ca.Server("example.com"), wrongName, codes.OK},
		{"mutual", ca.MutualServer(), ca.Client(), codes.OK},
		{"mutual, no certificate", ca.MutualServer(), withoutCert, codes.Unavailable},
		{"mutual, other authority", ca.MutualServer(), &tls.Config{RootCAs: ca.Pool(), Certificates: other.Client().Certificates}, codes.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := Start(t, Replay(captures.DoGetByName("values")), TLS(tt.server))
			a := doGet(t, dial(t, s, grpc.WithTransportCredentials(credentials.NewTLS(tt.client))))
			if status.Code(a.err) != tt.code {
				t.Errorf("%v, want %v", a.err, tt.code)
			}
		})
	}
	caFile, certFile, keyFile := ca.Files()
	if _, err := tls.LoadX509KeyPair(certFile, keyFile); err != nil || caFile == "" {
		t.Error(err)
	}
}
