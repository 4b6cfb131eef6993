package wiretest

import (
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // registers "gzip"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/internal/test/captures"
)

func TestStopAndRestart(t *testing.T) {
	t.Parallel()
	s := Start(t, Replay(captures.DoGetByName("values"), Before(1, func(c *Call) error {
		if c.N == 1 {
			return Hang()(c)
		}
		return nil
	})))
	cc := dial(t, s, grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: time.Second}))
	done := make(chan answer)
	go func() { done <- doGet(t, cc) }()
	s.WaitFor("the call", func() bool { return s.OpenStreams() == 1 })
	s.Stop()
	if a := <-done; status.Code(a.err) != codes.Unavailable {
		t.Errorf("when stopped: %v", a.err)
	}
	if s.OpenStreams() != 0 || s.OpenConnections() != 0 {
		t.Errorf("%d streams and %d connections are open", s.OpenStreams(), s.OpenConnections())
	}
	if a := doGet(t, cc); status.Code(a.err) != codes.Unavailable {
		t.Errorf("stopped: %v", a.err)
	}
	addr := s.Addr()
	s.Restart()
	if s.Addr() != addr {
		t.Errorf("address %s, was %s", s.Addr(), addr)
	}
	if a := doGet(t, dial(t, s)); a.err != nil {
		t.Errorf("started again: %v", a.err)
	}
	before := s.Accepted()
	s.BreakConnections()
	// The first client may connect again by itself.
	s.WaitFor("the connections' end", func() bool { return s.OpenConnections() == 0 || s.Accepted() > before })
	if a := doGet(t, dial(t, s)); a.err != nil {
		t.Errorf("after the connections broke: %v", a.err)
	}
}

// While a server is stopped, its port may be somebody else's for a moment.
func TestRestartWaitsForThePort(t *testing.T) {
	t.Parallel()
	s := Start(t, Replay(captures.DoGetByName("values")))
	s.Stop()
	l, err := net.Listen("tcp", s.Addr())
	if err != nil {
		t.Skip(err) // somebody was faster
	}
	restarted := make(chan struct{})
	go func() {
		defer close(restarted)
		s.Restart()
	}()
	select {
	case <-restarted:
		t.Error("it did not wait")
	case <-time.After(50 * time.Millisecond):
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	<-restarted
	if a := doGet(t, dial(t, s)); a.err != nil {
		t.Error(a.err)
	}
}

func TestCompressionFollowsTheClientsList(t *testing.T) {
	t.Parallel()
	body := captures.Message{Body: make([]byte, 100_000)}
	sizes := map[string]int64{}
	for name, opts := range map[string][]Option{
		"none":  nil,
		"gzip":  {Compress("zstd", "gzip")},
		"other": {Compress("br")},
	} {
		s := Start(t, Flight([]captures.Message{body}, Before(1, Flush())), opts...)
		// A compressed request must not make the answer compressed.
		cc := dial(t, s, grpc.WithDefaultCallOptions(grpc.UseCompressor("gzip")))
		if a := doGet(t, cc); a.err != nil || len(a.messages) != 1 || len(a.messages[0]) < 100_000 {
			t.Errorf("%s: %v", name, a.err)
		}
		sizes[name] = s.Traffic()[0].ResponseBytes
	}
	if sizes["gzip"] > 10_000 || sizes["none"] < 100_000 || sizes["other"] < 100_000 {
		t.Errorf("bytes sent: %v", sizes)
	}
}

func TestDSN(t *testing.T) {
	t.Parallel()
	s := Start(t, Replay(captures.DoGetByName("values")))
	if got, want := s.DSN(), "greptime://"+s.Addr()+"/public"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := s.DSN("timezone=UTC", "tls=on"), "greptime://"+s.Addr()+"/public?timezone=UTC&tls=on"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
