package insert

import (
	"errors"
	"fmt"
)

var (
	// ErrClosed is what a Writer returns that was closed; the rows were
	// not taken.
	ErrClosed = errors.New("greptime: insert: the buffered writer was closed")

	// ErrFull is what a Writer returns for rows that never fit its
	// Memory, or not before those that failed have been taken out of it by Flush. The
	// rows were not taken.
	ErrFull = errors.New("greptime: insert: no room in the buffered writer")
)

// FailedRows is rows of a table that a Writer gives back because the server
// did not acknowledge them. They belong to whoever gets them.
type FailedRows struct {
	// Table has the rows, in the order in which they were appended. They can be written
	// again.
	Table *Table

	// Err is why. What the server, or the way to it, answered is a *greptime.Error in
	// it.
	Err error

	// Ambiguous is true if the rows may have been written, at whatever attempt. If it is
	// false, they provably were not.
	Ambiguous bool

	// Attempts is how many requests with the rows were made.
	Attempts int
}

// WriteError is what Flush and Close of a Writer return if there are
// rows to give back.
type WriteError struct {
	Failed []FailedRows
}

// Error tells how many rows there are, and why the first.
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

// Unwrap is the errors of all rows.
func (e *WriteError) Unwrap() []error {
	errs := make([]error, len(e.Failed))
	for i, u := range e.Failed {
		errs[i] = u.Err
	}
	return errs
}
