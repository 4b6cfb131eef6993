package insert

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/greptime-go/greptime/internal/column"
)

var (
	// ErrNoRows reports an insert or delete without rows. Nothing was sent.
	ErrNoRows = errors.New("greptime: insert: there are no rows")

	// ErrNull reports that the column that a method of [AppendedRow] was to read is NULL.
	ErrNull = errors.New("greptime: the value is NULL")

	// ErrStreamEnded reports that CloseAndRecv or Close has ended the Stream.
	ErrStreamEnded = errors.New("greptime: insert: the stream has ended; open another one with NewStream")
)

// ValueError reports a value or row that this package or package bulk refused before anything
// of it was sent. The rows before and after it are not affected. If a record batch has such a
// value, none of its rows is written.
type ValueError struct {
	Table  string // empty for a bulk batch without a Writer
	Column string // empty if the row as a whole is wrong
	Type   Type   // of the column; 0 if the error is not about its type
	Row    int    // its index in the table, batch or record batch, from 0; the text also counts from 1
	Value  any    // the refused value, copied; nil for NULL, and if Reason describes it
	Reason string
}

// Error returns table, column, row, value and reason as text.
func (e *ValueError) Error() string {
	where := "greptime: "
	if e.Table != "" {
		where += "table " + strconv.Quote(e.Table) + ", "
	}
	where += fmt.Sprintf("row %d (index %d)", e.Row+1, e.Row)
	if e.Column == "" && e.Type == 0 {
		return where + ": " + e.Reason
	}
	where += ", column " + strconv.Quote(e.Column) + ": "
	if e.Type == 0 {
		return where + e.Reason
	}
	return where + (&column.Error{Type: column.Type(e.Type), Value: e.Value, Reason: e.Reason}).Error()
}

// StreamError reports that a Stream failed. Every later call on the stream returns it.
type StreamError struct {
	// Requests is the number of requests that had been sent when the failure was noticed. The
	// server executes them one after the other up to the one that fails. Those before it remain
	// written; the server does not report how many there are.
	Requests int

	// Err is a *greptime.Error. Its Ambiguous covers all rows of the stream: with more than one
	// request it is true.
	Err error
}

// Error returns the cause and the number of requests that had been sent.
func (e *StreamError) Error() string {
	return fmt.Sprintf("%v; the stream had sent %d requests, of which those before the failure remain written", e.Err, e.Requests)
}

// Unwrap returns the *greptime.Error.
func (e *StreamError) Unwrap() error { return e.Err }
