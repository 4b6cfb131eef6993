package greptime

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/flightdecode"
	internalsession "github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/transport"
)

var (
	// ErrTruncated reports that the server broke a result off although it reported success.
	// GreptimeDB ends the result of a SELECT with a message of metrics; if it is missing, rows
	// may be missing.
	ErrTruncated = errors.New("greptime: the server ended the result before it was complete; rows may be missing, so run the query again")

	// ErrTransactions reports that GreptimeDB has no transactions. BeginTx and texts such as BEGIN
	// return it, unless Config.Transactions is ignore. With ignore, only what cannot be ignored returns
	// it: a Rollback after a write, a write in a read-only transaction, an isolation level, a second
	// transaction of a connection that has one open.
	ErrTransactions = errors.New("greptime: GreptimeDB has no transactions; leave them out, or set transactions=ignore in the DSN to make BEGIN, COMMIT and ROLLBACK do nothing")

	// ErrMultipleStatements reports that a text has several statements and was not sent, because
	// Config.MultiStatements is not set. GreptimeDB 1.0.2 runs such a text and answers with an error
	// even if it succeeds.
	ErrMultipleStatements = errors.New("greptime: the text has several statements; run them one by one, or set multi_statements=true in the DSN")

	// ErrClosed reports that a value of this package was used after it was closed. Packages insert
	// and bulk return it after the Connector was closed. (They have errors of their own for values
	// that were closed themselves: bulk.ErrClosed, insert.ErrClosed, insert.ErrStreamEnded.)
	ErrClosed = errors.New("greptime: already closed")
)

// Names of the trailers in which GreptimeDB sends its status code and, in versions after 1.1.4, its
// hint on retries.
const (
	errCodeTrailer   = "x-greptime-err-code"
	retryHintTrailer = "x-greptime-err-retry-hint"
)

// Error is an error that the server returned, or a failure to reach it.
//
// errors.Is matches its [Code], as in errors.Is(err, greptime.TableNotFound), and also the context's
// error if the context ended the request. The functions of grpc-go's package status return its gRPC
// code.
type Error struct {
	// Code is GreptimeDB's own status code, or 0 if the server gave none. There is none for errors of
	// the connection, for methods that the server does not have, and for failed bulk loads before
	// version 1.1.2. Cancelled and DeadlineExceeded may also come from the gRPC code.
	Code Code

	// Message is the server's text. For an error whose text the server hides, it is "Internal error"
	// with the number of the code.
	Message string

	// GRPC is the gRPC status code.
	GRPC codes.Code

	// Endpoint is the host:port, or unix:path, that answered or did not answer.
	Endpoint string

	// Ambiguous reports that the server may have executed the write, in whole or in part:
	// nothing proves that it did not. If Ambiguous is false, no row of the call was written.
	Ambiguous bool

	// Retryable reports that, by the server's judgment, the same request may succeed later. It comes
	// from the server's hint if there is one, and otherwise from the list of codes that GreptimeDB has
	// up to 1.1.4. It does not mean that a write can be repeated without harm: see SafeToRetry.
	Retryable bool

	fromServer bool  // GreptimeDB itself gave Code
	proof      proof // what the answer proves about a write
	cause      error
	details    []string // what the driver adds to the message
}

// newServerError returns an Error for a status that is not OK and its trailer. The caller sets
// Ambiguous and the cause.
func newServerError(st *status.Status, trailer metadata.MD, endpoint string) *Error {
	e := &Error{Message: st.Message(), GRPC: st.Code(), Endpoint: endpoint}
	if values := trailer.Get(errCodeTrailer); len(values) > 0 {
		if n, err := strconv.ParseUint(values[0], 10, 32); err == nil {
			e.Code, e.fromServer = Code(n), true
		}
	}
	if e.Code == 0 {
		// GreptimeDB's own client reads every other status without the trailer as Internal, which
		// would blame the database for an unreachable host.
		switch e.GRPC {
		case codes.Canceled:
			e.Code = Cancelled
		case codes.DeadlineExceeded:
			e.Code = DeadlineExceeded
		}
	}
	e.Retryable = e.Code.retryable()
	if hints := trailer.Get(retryHintTrailer); len(hints) > 0 {
		switch hints[0] {
		case "retryable":
			e.Retryable = true
		case "non_retryable":
			e.Retryable = false
		}
	}
	return e
}

// SafeToRetry reports whether you can make the same call again without repeating a write: the
// request was not sent, or the answer proves that the server refused it before it wrote
// anything, as RateLimited does for rows. It is true for every failed read. It does not report
// whether another attempt can succeed: Unavailable, RateLimited and Retryable errors are
// temporary, InvalidSyntax is not.
func (e *Error) SafeToRetry() bool { return !e.Ambiguous }

// Error returns the message with code and endpoint, and a remedy if one is known.
func (e *Error) Error() string {
	text := e.Message
	if text == "" && e.cause != nil {
		text = e.cause.Error()
	}
	if text == "" {
		text = "the request failed and the server gave no reason"
	}
	text = "greptime: " + strings.TrimPrefix(text, "greptime: ")

	var origin []string
	switch {
	case e.Code != 0:
		origin = append(origin, fmt.Sprintf("%s %d", e.Code.name(), uint32(e.Code)))
	case e.GRPC != codes.OK:
		origin = append(origin, "gRPC "+e.GRPC.String())
	}
	if e.Endpoint != "" {
		origin = append(origin, e.Endpoint)
	}
	if errors.Is(e.cause, ErrClosed) {
		origin = nil // the driver itself ended the call
	}
	if len(origin) > 0 {
		text += " (" + strings.Join(origin, ", ") + ")"
	}
	for _, detail := range append([]string{e.advice()}, e.details...) {
		if detail != "" {
			text += "; " + detail
		}
	}
	if e.Ambiguous {
		text += "; outcome unknown: the server may have executed the write, in whole or in part, so check before you repeat it"
	}
	return text
}

// advice returns the remedy for answers of the server that name none.
func (e *Error) advice() string {
	switch {
	case e.Code == AuthHeaderNotFound:
		return "the server requires a user: greptime://user:password@host"
	case e.Code == 0 && e.GRPC == codes.Unimplemented && e.Message == "":
		return "is this GreptimeDB's gRPC port, which is 4001 by default?"
	case isDateRefusal(e):
		return "for a DATE column pass a greptime.Date: greptime.DateOf(t) of a time.Time"
	case isJSONRefusal(e):
		return "for a JSON column pass json.RawMessage, or text: a []byte is binary"
	}
	return ""
}

// isRefusedAsRead reports whether the server refuses, in the text of an INSERT, a value that
// it would store natively: a DATE or JSON value as a query returns it. The server refuses it
// before it writes anything.
func isRefusedAsRead(err error) bool {
	var e *Error
	return errors.As(err, &e) && !e.Ambiguous && (isDateRefusal(e) || isJSONRefusal(e))
}

// isDateRefusal reports whether GreptimeDB refuses the text of a date and time for a DATE column.
func isDateRefusal(e *Error) bool {
	value, ok := strings.CutPrefix(e.Message, "Failed to parse value: Failed to parse ")
	if !ok || e.Code != InvalidSyntax {
		return false
	}
	value, ok = strings.CutSuffix(value, " to Date value")
	_, err := time.Parse(time.RFC3339Nano, value)
	return ok && err == nil
}

// isJSONRefusal reports whether GreptimeDB refuses bytes for a JSON column.
func isJSONRefusal(e *Error) bool {
	return e.Code == InvalidArguments && strings.HasPrefix(e.Message, "Column ") &&
		strings.Contains(e.Message, " expect type: Binary(") && strings.Contains(e.Message, ", actual: Json(")
}

// Is reports whether target is the Code of e.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// Unwrap returns the cause of a failure that is not an answer of the server, such as the context's
// error; otherwise nil.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus returns the gRPC status, for the functions of grpc-go's package status. It is nil for an
// Error without one.
func (e *Error) GRPCStatus() *status.Status {
	if e.GRPC == codes.OK {
		return nil
	}
	return status.New(e.GRPC, e.Message)
}

// callError returns the error of a failed call as users see it. w is what the call writes.
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
		if !e.fromServer { // gRPC's code, Cancelled, misleads
			e.Message, e.Code = ErrClosed.Error(), 0
		}
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
	e.details = append(e.details, remedy(e, call))
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

// expired reports whether a call ended by its deadline although ctx.Err does not report it
// yet. The context's timer may be a moment late. The server, which knows the deadline,
// answers Cancelled, "Timeout expired", if it notices first.
func expired(ctx context.Context, e *Error) bool {
	deadline, ok := ctx.Deadline()
	if !ok {
		return false
	}
	return !time.Now().Before(deadline) || e.GRPC == codes.Canceled && e.Message == "Timeout expired"
}
