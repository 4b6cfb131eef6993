package insert

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/greptime-go/greptime/internal/column"
)

var (
	// ErrNoRows is an insert or delete without rows; nothing was sent.
	ErrNoRows = errors.New("greptime: insert: there are no rows")

	// ErrNull is what the typed getters of an appended row return for NULL.
	ErrNull = errors.New("greptime: insert: the value is NULL")

	// ErrStreamEnded is what a Stream returns after CloseAndRecv or Close.
	ErrStreamEnded = errors.New("greptime: insert: the stream has ended; open another one with NewStream")
)

// ValueError is a row that was refused before anything of it was sent. The rows
// before and after it are not affected.
type ValueError struct {
	Table  string
	Column string // empty if the row as a whole is wrong
	Type   Type   // of the column
	Row    int    // its number in the table, counted from 0
	Value  any    // what was refused, as a copy; nil for NULL and where the text says it
	Reason string
}

// Error tells table, column, row and value.
func (e *ValueError) Error() string {
	where := fmt.Sprintf("greptime: insert: table %s, row %d", strconv.Quote(e.Table), e.Row)
	if e.Column == "" && e.Type == 0 {
		return where + ": " + e.Reason
	}
	return fmt.Sprintf("%s, column %s: %s", where, strconv.Quote(e.Column), (&column.Error{Type: column.Type(e.Type), Value: e.Value, Reason: e.Reason}).Error())
}

// StreamError is a Stream that failed. Every later call on it returns the same.
type StreamError struct {
	// Requests is the number of requests that had been sent when the failure was
	// noticed. The server executes them one after the
	// other up to the one that fails; those before it stay written, and the server does
	// not say how many they are.
	Requests int

	// Err is a *greptime.Error. Its Ambiguous is about all rows of the stream: with more
	// than one request it is true.
	Err error
}

// Error tells the cause and how many requests had been sent.
func (e *StreamError) Error() string {
	return fmt.Sprintf("%v; the stream had sent %d requests, of which those before the failure stay written", e.Err, e.Requests)
}

// Unwrap is the *greptime.Error.
func (e *StreamError) Unwrap() error { return e.Err }
