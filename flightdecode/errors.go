package flightdecode

import (
	"errors"
	"fmt"
)

// Error describes a stream that breaks the rules of Arrow Flight, or of GreptimeDB's
// use of it: a message is malformed, in the wrong place, of an unsupported type, or
// exceeds a limit of [Options]. Errors of the function that receives messages are
// never wrapped in an Error.
type Error struct {
	// Index is the position of the message in the stream, from 0.
	Index int
	// Kind is the type in the message's header: "Schema", "DictionaryBatch",
	// "RecordBatch", "NONE" or another type of Arrow IPC. It is empty if the
	// header could not be read.
	Kind string
	// Err describes the fault.
	Err error
}

// Error returns a text that names the message and describes the fault.
func (e *Error) Error() string {
	if e.Kind == "" {
		return fmt.Sprintf("flightdecode: message %d: %v", e.Index, e.Err)
	}
	return fmt.Sprintf("flightdecode: message %d (%s): %v", e.Index, e.Kind, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// ErrTooLarge reports that a message needs more memory than Options.MaxBatchBytes
// allows.
var ErrTooLarge = errors.New("the decompressed body exceeds the limit")

func errTooLarge(limit int64) error {
	return fmt.Errorf("%w of %d bytes: select fewer columns or rows at a time, or raise Options.MaxBatchBytes", ErrTooLarge, limit)
}

// Faults of record batches that need no details.
var (
	errRunsOut = errors.New("it has fewer buffers, field nodes or variadic counts than its schema needs")
	errOffsets = errors.New("its offsets do not ascend from 0 or more")
)
