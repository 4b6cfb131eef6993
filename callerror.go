package greptime

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/flightdecode"
	internalsession "github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/transport"
)

// callError returns the error that users see of a failed call. w is what the call writes.
func callError(ctx context.Context, err error, w internalsession.Write) *Error {
	writes := w.Kind != internalsession.ReadStatement
	var call *transport.CallError
	if !errors.As(err, &call) {
		// The server's messages could not be understood.
		e := &Error{Message: err.Error(), GRPC: codes.Internal, Ambiguous: writes, cause: err}
		if errors.Is(err, flightdecode.ErrTooLarge) {
			e.details = append(e.details, "for the driver, the limit is 1 GiB, or twice max_message_size if that is more")
		}
		return e
	}
	e := newServerError(call.Status, call.Trailer, call.Endpoint)
	e.proof = callProof(call, w)
	switch {
	case errors.Is(call.Cause, transport.ErrClosed):
		e.cause = ErrClosed
	case ctx.Err() != nil:
		e.cause = ctx.Err()
	case expired(ctx, e):
		e.Code, e.cause = DeadlineExceeded, context.DeadlineExceeded
	}
	for _, other := range call.Others { // of a write that was repeated
		var before *transport.CallError
		if errors.As(other, &before) {
			e.proof = min(e.proof, callProof(before, w))
		}
	}
	e.Ambiguous = writes && e.proof != proven
	if e.Code == 0 {
		e.details = append(e.details, remedy(e))
	}
	for _, other := range call.Others {
		e.details = append(e.details, "before that, "+other.Error())
	}
	return e
}

// callProof decides what a failed call proves about the write w.
func callProof(call *transport.CallError, w internalsession.Write) proof {
	if !call.Sent && w.Requests <= 1 {
		return proven
	}
	return newServerError(call.Status, call.Trailer, call.Endpoint).provesNothingWritten(w)
}

// expired says whether a call ended because of its deadline although the context
// does not say so yet: its timer may be a moment late, and the server, which knows
// the deadline, says Cancelled, "Timeout expired", when it is the first to see it
// pass.
func expired(ctx context.Context, e *Error) bool {
	deadline, ok := ctx.Deadline()
	if !ok {
		return false
	}
	return !time.Now().Before(deadline) || e.GRPC == codes.Canceled && e.Message == "Timeout expired"
}

// remedy says what to do about the errors that grpc-go makes itself.
func remedy(e *Error) string {
	if e.GRPC == codes.Unavailable && isConnectTimeout(e.Message) {
		return "there was no connection within connect_timeout: the host does not answer"
	}
	for _, r := range remedies {
		if e.GRPC == r.code && strings.Contains(e.Message, r.text) {
			return r.remedy
		}
	}
	return ""
}

// isConnectTimeout says whether grpc-go gave up an attempt to connect, which it does
// after connect_timeout, too: by closing the connection under whoever waits for an answer.
func isConnectTimeout(message string) bool {
	for _, waiting := range [][2]string{
		{"Error while dialing", "i/o timeout"},
		{"authentication handshake failed", "context deadline exceeded"},
		{"error reading server preface", "use of closed network connection"},
	} {
		if strings.Contains(message, waiting[0]) && strings.Contains(message, waiting[1]) {
			return true
		}
	}
	return false
}

var remedies = []struct {
	code         codes.Code
	text, remedy string
}{
	{codes.Unavailable, "first record does not look like a TLS handshake", "the server speaks plaintext there: write tls=off, or the port that has TLS"},
	{codes.Unavailable, "unknown authority", "name the authority's certificate with tls_ca"},
	{codes.Unavailable, "cannot validate certificate for", "name a host that the certificate is for with tls_server_name"},
	{codes.Unavailable, "certificate is valid for", "name a host that the certificate is for with tls_server_name"},
	{codes.Unavailable, "certificate required", "the server wants a client certificate: tls_cert and tls_key"},
	{codes.Unavailable, "error reading server preface", "no gRPC there: GreptimeDB's gRPC port is 4001 by default, and where it has TLS write tls=on"},
	{codes.Unavailable, "connection refused", "check that GreptimeDB runs there and that its gRPC port (4001 by default) is meant"},
	{codes.Unavailable, "produced zero addresses", "check the host's name"},
	{codes.Unavailable, "no such host", "check the host's name"},
	{codes.ResourceExhausted, "larger than max", "raise max_message_size"},
}
