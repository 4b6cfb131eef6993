package flightdecode

import (
	"errors"
	"fmt"
)

// Error is a stream that breaks the rules of Arrow Flight or of GreptimeDB's use
// of it: a message that is malformed, in the wrong place, of a type that is not
// supported, or beyond a limit of [Options]. Errors of the function that receives
// messages are never wrapped in it.
type Error struct {
	// Index is the position of the message in the stream, from 0.
	Index int
	// Kind is the type that the message's header tells: "Schema",
	// "DictionaryBatch", "RecordBatch", "NONE" or another one of Arrow IPC. It
	// is empty if the header could not be read.
	Kind string
	// Err says what is wrong.
	Err error
}

// Error names the message and what is wrong with it.
func (e *Error) Error() string {
	if e.Kind == "" {
		return fmt.Sprintf("flightdecode: message %d: %v", e.Index, e.Err)
	}
	return fmt.Sprintf("flightdecode: message %d (%s): %v", e.Index, e.Kind, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// ErrTooLarge is that a message takes more memory than Options.MaxBatchBytes.
var ErrTooLarge = errors.New("the decompressed body is beyond the limit")

func errTooLarge(limit int64) error {
	return fmt.Errorf("%w of %d bytes: select fewer columns or rows at a time, or raise Options.MaxBatchBytes", ErrTooLarge, limit)
}

// Faults of record batches that have no details.
var (
	errRunsOut = errors.New("it has fewer buffers, field nodes or variadic counts than its schema needs")
	errOffsets = errors.New("its offsets do not ascend from 0 or more")
)
