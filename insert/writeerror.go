package insert

import (
	"errors"
	"fmt"
)

var (
	// ErrClosed reports that the Writer was closed. The rows were not accepted.
	ErrClosed = errors.New("greptime: insert: the writer is closed")

	// ErrFull reports that rows never fit WriterOptions.MaxBytes, or fit only after Flush has
	// returned the rows that failed. The rows were not accepted.
	ErrFull = errors.New("greptime: insert: no room in the buffered writer")
)

// FailedRows are rows of a table that the server did not acknowledge. They belong to the
// function that receives them.
type FailedRows struct {
	// Table has the rows, in the order in which they were appended. You can write them again.
	Table *Table

	// Err is the reason. If a request failed, it wraps a *greptime.Error.
	Err error

	// Ambiguous reports that the rows may have been written, in whole or in part, by any attempt.
	// If it is false, it is proved that none was. A *greptime.Error in Err has the same Ambiguous,
	// and if it is true, there is one.
	Ambiguous bool

	// Attempts is the number of requests that were made with the rows.
	Attempts int
}

// WriteError reports rows that the server did not acknowledge. Flush and Close return it.
type WriteError struct {
	Failed []FailedRows
}

// Error returns the number of rows, and the reason of the first.
func (e *WriteError) Error() string {
	rows, ambiguous := 0, 0
	for _, u := range e.Failed {
		rows += u.Table.Len()
		if u.Ambiguous {
			ambiguous += u.Table.Len()
		}
	}
	text := fmt.Sprintf("greptime: insert: %d rows were not acknowledged", rows)
	if ambiguous > 0 {
		text += fmt.Sprintf(" (%d of them may have been written)", ambiguous)
	}
	if len(e.Failed) > 0 {
		first := e.Failed[0]
		text += fmt.Sprintf("; of table %q: %v", first.Table.name, first.Err)
	}
	return text
}

// Unwrap returns the errors of all rows. Those of ambiguous rows come first: so errors.As
// finds an ambiguous *greptime.Error before any other.
func (e *WriteError) Unwrap() []error {
	var ambiguous, refused []error
	for _, u := range e.Failed {
		if u.Ambiguous {
			ambiguous = append(ambiguous, u.Err)
		} else {
			refused = append(refused, u.Err)
		}
	}
	return append(ambiguous, refused...)
}
