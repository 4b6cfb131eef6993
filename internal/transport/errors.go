package transport

import (
	"fmt"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// CallError describes a failed call.
type CallError struct {
	Status   *status.Status // never nil, never OK
	Trailer  metadata.MD    // with x-greptime-err-code where GreptimeDB set it
	Endpoint string         // the host:port that was called
	Sent     bool           // the request may have reached the server
	Answered bool           // the endpoint has answered a call before
	Waited   int64          // if not 0: the number of calls that held the streams of the connection while this one waited in vain
	Others   []error        // the errors of endpoints tried before this one
	Cause    error          // what gRPC returned, or the context's error
}

// Error returns the status as text. The driver's own error type has more details.
func (e *CallError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.Endpoint, e.Status.Code(), e.Status.Message())
}

// Unwrap returns the cause.
func (e *CallError) Unwrap() error { return e.Cause }
