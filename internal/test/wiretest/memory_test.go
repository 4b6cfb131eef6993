package wiretest

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/internal/test/captures"
)

// A server in memory does what one on a port does, in the time of its bubble.
func TestServerInMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := Start(t, Replay(captures.DoGetByName("values"), Before(1, func(c *Call) error {
			if c.N == 1 {
				return Hang()(c)
			}
			return nil
		})), InMemory())
		cc := dial(t, s, grpc.WithContextDialer(s.Dial))
		begun := time.Now()
		if a := doGet(t, cc); status.Code(a.err) != codes.DeadlineExceeded {
			t.Errorf("a call without an answer: got %v, want DeadlineExceeded", a.err)
		}
		if d := time.Since(begun); d != callTimeout {
			t.Errorf("the call took %v of the bubble's time, want its timeout, %v", d, callTimeout)
		}
		if a := doGet(t, cc); a.err != nil {
			t.Errorf("a call with an answer: %v", a.err)
		}
		if n := s.OpenConnections(); n != 1 {
			t.Errorf("%d connections are open, want 1", n)
		}
		s.BreakConnections()
		synctest.Wait()
		if n := s.OpenConnections(); n != 0 {
			t.Errorf("%d connections are open after they broke, want none", n)
		}
		if a := doGet(t, cc); a.err != nil {
			t.Errorf("after the connection broke: %v", a.err)
		}
		s.Stop()
		if a := doGet(t, cc); status.Code(a.err) != codes.Unavailable {
			t.Errorf("stopped: got %v, want Unavailable", a.err)
		}
		s.Restart()
		time.Sleep(5 * time.Second) // gRPC's pause after a failed connection
		if a := doGet(t, cc); a.err != nil {
			t.Errorf("started again: %v", a.err)
		}
	})
}
