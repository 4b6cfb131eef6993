package transport

import (
	"fmt"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// CallError is how a call failed.
type CallError struct {
	Status   *status.Status // never nil, never OK
	Trailer  metadata.MD    // with x-greptime-err-code where GreptimeDB set it
	Endpoint string         // host:port that the call was made to
	Sent     bool           // the request may have reached the server
	Answered bool           // the endpoint has answered a call before
	Waited   int64          // if not 0: so many calls had the streams of the connection, and this one waited for one in vain
	Others   []error        // the failures of endpoints tried before this one
	Cause    error          // what gRPC returned, or the context's error
}

// Error tells the status; the driver's own error type says more.
func (e *CallError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.Endpoint, e.Status.Code(), e.Status.Message())
}

// Unwrap returns the cause.
func (e *CallError) Unwrap() error { return e.Cause }
