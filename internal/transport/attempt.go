package transport

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// attempt is the context of a call. It finds out whether the request may have reached the
// server.
//
// gRPC itself repeats a call once if its stream provably was not processed: its connection
// ended before the stream's first frame was written, or the server refused the stream or
// sent GOAWAY before it. If there is no connection for the repetition, gRPC returns the
// reason for that. Only the picker can distinguish this from an error of the first attempt.
type attempt struct {
	context.Context
	picked       atomic.Bool // the picker was asked, which is not so with a balancer of Config.DialOptions
	onConnection atomic.Bool // the picker found a connection when it was last asked
	hasStream    bool        // gRPC has opened a stream, which may be long before it receives a message
	begun        atomic.Bool // gRPC has received a message
	again        atomic.Bool // gRPC has received it once more: an interceptor repeats the call
	mark         wireMark    // the state before that
}

// begin records that a message is about to be passed to gRPC for a connection.
func (a *attempt) begin(c *connection) {
	if !a.begun.Load() {
		a.mark = c.wire.mark()
		a.begun.Store(true)
	}
}

// marshal records that gRPC asks for the bytes of the only message of a call, for a connection.
// It asks once, also if gRPC itself repeats the call.
func (a *attempt) marshal(c *connection) {
	if a.begun.Load() {
		a.again.Store(true)
	}
	a.begin(c)
}

// sent reports whether the server may have received a message of the call, which failed.
func (a *attempt) sent(c *connection, failed *status.Status) bool {
	switch {
	case !a.begun.Load():
		return false
	case !a.picked.Load(), a.again.Load():
		return true
	case !a.onConnection.Load():
		return false
	case failed.Code() == codes.Unavailable:
		// A call that failed in another way may still be in gRPC's queue.
		return !c.wire.silentSince(a.mark)
	}
	return true
}

type attemptKey struct{}

// Value returns the attempt itself for its key. The picker calls it.
func (a *attempt) Value(key any) any {
	if key == (attemptKey{}) {
		return a
	}
	return a.Context.Value(key)
}

// noteAttempts is the name of a balancer that works like pick_first, gRPC's default, and
// records in the attempt of each call whether there was a connection.
const noteAttempts = "greptime_pick_first"

// noteAttemptsConfig makes a channel use that balancer.
const noteAttemptsConfig = `{"loadBalancingConfig":[{"` + noteAttempts + `":{}}]}`

func init() { balancer.Register(attemptBuilder{balancer.Get(pickfirst.Name)}) }

type attemptBuilder struct{ pickFirst balancer.Builder }

func (attemptBuilder) Name() string { return noteAttempts }

func (b attemptBuilder) Build(cc balancer.ClientConn, o balancer.BuildOptions) balancer.Balancer {
	return b.pickFirst.Build(attemptClientConn{cc}, o)
}

type attemptClientConn struct{ balancer.ClientConn }

func (cc attemptClientConn) UpdateState(s balancer.State) {
	s.Picker = attemptPicker{s.Picker}
	cc.ClientConn.UpdateState(s)
}

type attemptPicker struct{ balancer.Picker }

func (p attemptPicker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	result, err := p.Picker.Pick(info)
	if a, ok := info.Ctx.Value(attemptKey{}).(*attempt); ok {
		a.picked.Store(true)
		a.onConnection.Store(err == nil)
	}
	return result, err
}
