// Package doubt marks errors of writes that may have been executed.
package doubt

// With returns err with an ambiguous error, which errors.As finds before any other. Its text is
// that of err, and errors.Is finds what it finds in err.
func With(err, ambiguous error) error { return &doubtful{err, ambiguous} }

type doubtful struct {
	error
	ambiguous error
}

func (e *doubtful) Unwrap() []error { return []error{e.ambiguous, e.error} }
