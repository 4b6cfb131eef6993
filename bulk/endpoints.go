package bulk

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/backoff"
	"github.com/greptime-go/greptime/internal/transport"
)

// An endpoint that fails is left out this long, twice as long with each failure.
const (
	leftOutFirst = 200 * time.Millisecond
	leftOutMost  = 10 * time.Second
)

// endpoint is a server as a writer sees it.
type endpoint struct {
	target   *transport.Endpoint
	streams  int  // open
	used     bool // a stream was opened there
	failures int  // since it worked last
	leftOut  time.Time
}

// endpoints spreads a writer's streams. It is guarded by the writer's mutex.
type endpoints []*endpoint

func newEndpoints(list []*transport.Endpoint) endpoints {
	es := make(endpoints, len(list))
	for i, e := range list {
		es[i] = &endpoint{target: e}
	}
	return es
}

func (e *endpoint) usable(now time.Time) bool { return !now.Before(e.leftOut) }

// order returns the endpoints as a lane tries them: those with the fewest streams first, and
// last those that are left out, in the order in which they are to be tried again.
func (es endpoints) order(slot int) []*endpoint {
	now := time.Now()
	list := append(slices.Clone(es[slot%len(es):]), es[:slot%len(es)]...)
	slices.SortStableFunc(list, func(a, b *endpoint) int {
		switch ua, ub := a.usable(now), b.usable(now); {
		case ua && ub:
			return a.streams - b.streams
		case ua:
			return -1
		case ub:
			return 1
		}
		return a.leftOut.Compare(b.leftOut)
	})
	return list
}

// better reports whether another endpoint has so many fewer streams that one should move
// there: one that was left out and may be tried again.
func (es endpoints) better(than *endpoint) bool {
	if len(es) == 1 {
		return false
	}
	now := time.Now()
	return slices.ContainsFunc(es, func(e *endpoint) bool {
		return e.usable(now) && e.streams+1 < than.streams
	})
}

func (es endpoints) use(e *endpoint)  { e.streams, e.used = e.streams+1, true }
func (es endpoints) drop(e *endpoint) { e.streams-- }

// succeeded notes an ack.
func (es endpoints) succeeded(e *endpoint) { e.failures, e.leftOut = 0, time.Time{} }

func (es endpoints) leaveOut(e *endpoint) {
	e.failures++
	e.leftOut = time.Now().Add(backoff.Doubled(leftOutFirst, leftOutMost, e.failures))
}

// isUnavailable reports whether another endpoint, or the same one later, may do better.
func isUnavailable(err error) bool {
	var e *greptime.Error
	if !errors.As(err, &e) || errors.Is(err, greptime.ErrClosed) {
		return false
	}
	switch e.GRPC {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Internal, codes.ResourceExhausted:
		return true
	}
	return e.Retryable
}

// credentialsError is a failure of Config.Credentials: nothing was sent, and asking again
// may do better.
type credentialsError struct{ error }

func (e *credentialsError) Unwrap() error { return e.error }

func isCredentials(err error) bool {
	var e *credentialsError
	return errors.As(err, &e)
}

// putRequest returns what a stream of that layout begins with. DoPut takes credentials and
// database from the call's metadata, and nothing else.
func putRequest(ctx context.Context, w *Writer, l *layout) (transport.PutRequest, error) {
	header, err := w.session.Header(ctx)
	if err != nil {
		return transport.PutRequest{}, &credentialsError{err}
	}
	md := metadata.Pairs("x-greptime-db-name", header.GetDbname())
	if basic := header.GetAuthorization().GetBasic(); basic != nil {
		md.Set("x-greptime-auth", "Basic "+base64.StdEncoding.EncodeToString([]byte(basic.GetUsername()+":"+basic.GetPassword())))
	}
	return transport.PutRequest{Metadata: md, Table: w.table.Name, Schema: l.schema}, nil
}

func errUnknownAck(id int64) error {
	return fmt.Errorf("greptime: bulk: the server acknowledged batch %d, which is not in flight on that stream", id)
}
