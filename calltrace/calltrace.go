// Package calltrace describes the calls that the driver makes to a tracer, which
// Config.Trace of package greptime names: statements, native inserts and deletes, requests of
// streams and of the buffered writer, and bulk batches.
//
// [Log] is a tracer that writes to a [slog.Logger]. To measure, count or trace in another way,
// implement [Tracer].
//
// # What is one call
//
//   - A [Statement] of a text is a call, and so is a [PromQL] query. It ends when its result is
//     read to the end or released, that is, when the rows of a query are closed.
//   - A call of insert.Write or insert.Delete is a call, even if it takes several requests.
//   - Each Send and Delete of an insert.Stream is a call. It ends when gRPC has taken the rows,
//     before the server has answered. [StreamEnd] is the call that gets the answer.
//   - A request of an insert.Writer is a call, with all the attempts to send it and the pauses
//     between them.
//   - A batch of a bulk.Writer is a call, from the moment in which it is queued to its
//     acknowledgment or failure, with all attempts.
//
// If the driver tries several endpoints, that is one call, too. What the driver refuses by its
// text and arguments alone is not a call: for example an argument of the wrong type, or a text
// of several statements without multi_statements=true. What it refuses later is a call that
// fails: a value that does not fit its column, or a write in a read-only transaction. The
// driver's own small queries are not calls either: those of Ping, of Use, for the columns of a
// table, or for the server's version.
//
// # Values
//
// No value of an argument or a row is passed to a tracer, unless Config.TraceArguments is set.
// Call.Text has the placeholders. The literals in a text are part of it. The server's errors may
// repeat values, so the error of a call with arguments or rows has a text without the server's
// message; errors.Is and errors.As give its code as for the original error.
package calltrace

import (
	"context"
	"time"
)

// Tracer is told when a call begins and when it ends.
//
// The driver calls its methods from several goroutines at once. A call that waits for the
// tracer takes longer by that, so both methods should return soon. They must not use the
// connection, stream, writer or result that the call belongs to. The driver does not recover
// from a panic of a tracer.
type Tracer interface {
	// Start is called before a call. It returns ctx, or a context derived from it, with which
	// the call continues. So the spans that an interceptor of gRPC begins are children of one in
	// this context. Batches of a bulk.Writer share their streams, which have the context of none.
	//
	// ctx is the context of the method that was called. For an insert.Writer, whose requests
	// have rows of several calls, it is a context of the writer's own.
	Start(ctx context.Context, call Call) context.Context

	// End is called once for each Start, with the context that Start returned, which may have
	// ended. It is called on the goroutine that reads or releases a result, on those of an
	// insert.Writer, and on one that a bulk.Writer has for it. The last End of a writer is before
	// its Close returns, unless the context of Close ends first.
	End(ctx context.Context, call Call, outcome Outcome)
}

// Kind is the kind of a call.
type Kind string

// The kinds of calls.
const (
	Statement      Kind = "statement"       // SQL, queries as well as others
	PromQL         Kind = "PromQL"          // Conn.PromQL
	Insert         Kind = "insert"          // insert.Write and WriteStructs
	Delete         Kind = "delete"          // insert.Delete
	StreamInsert   Kind = "stream insert"   // Send of an insert.Stream
	StreamDelete   Kind = "stream delete"   // Delete of an insert.Stream
	StreamEnd      Kind = "stream end"      // CloseAndRecv of an insert.Stream
	BufferedInsert Kind = "buffered insert" // a request of an insert.Writer
	BulkBatch      Kind = "bulk batch"      // a batch of a bulk.Writer
)

// Call is what is known when a call begins.
type Call struct {
	Kind     Kind
	Database string // of the session

	// Text is the text of a Statement or PromQL query. It has the placeholders and not the
	// arguments.
	Text string

	// BoundText is the text that the arguments are part of, if Config.TraceArguments is set.
	// Otherwise, and if there are no arguments, it is empty. It is also empty if an argument, such
	// as NaN in an INSERT, has no literal.
	BoundText string

	// Tables are the tables that rows are written to or deleted from. A Statement names its
	// tables in the Text.
	Tables []string

	Args int // the number of arguments
	Rows int // the number of rows to write, or of keys to delete; 0 for a Statement
}

// Outcome is what is known when a call has ended.
type Outcome struct {
	// Endpoint is the server that answered, or that failed last, as host:port or unix:path. It
	// is empty if there was none, as for USE.
	Endpoint string

	// Duration is the time since Start returned.
	Duration time.Duration

	// Rows is the number of rows in the record batches that were received, or the number of
	// rows that the server counted as affected. Rows that the driver only reads to end a closed
	// result do not count.
	Rows int64

	// Bytes is the length of the messages of a query's result, as received, or of the requests
	// with rows, as handed to gRPC; of several attempts, of one.
	Bytes int64

	// Attempts is how often a writer has sent the rows. It is 1 for other calls.
	Attempts int

	// Native reports that an INSERT statement traveled as rows, and not as text.
	Native bool

	// Err is the error of the call, or nil. A result that was closed before its end has no
	// error, unless its context had ended. See the package documentation for its text.
	Err error
}
