package sqlinsert

import "errors"

// NotNativeError is the error for an INSERT, or a value of one, that must be sent as text.
type NotNativeError struct {
	Reason string
	Cause  error // may be nil

	// Stale reports that the statement does not fit the columns of its table: they may have
	// changed since they were read.
	Stale bool
}

// Error returns the reason.
func (e *NotNativeError) Error() string { return e.Reason }

// Unwrap returns the cause.
func (e *NotNativeError) Unwrap() error { return e.Cause }

// LossyError is the error for a value that would not be stored unchanged.
type LossyError struct{ Reason string }

// Error returns the reason.
func (e *LossyError) Error() string { return e.Reason }

func isLossy(err error) bool {
	var e *LossyError
	return errors.As(err, &e)
}

var (
	errNoPair     = &NotNativeError{Reason: "such a value is left to the server to read for this type of column"}
	errRange      = &NotNativeError{Reason: "the value may be out of range for the column"}
	errText       = &NotNativeError{Reason: "text in this form is left to the server to read"}
	errNumber     = &NotNativeError{Reason: "a number in this form is left to the server to read"}
	errNaiveTime  = &NotNativeError{Reason: "the server reads text without a time zone in the session's, which is not UTC"}
	errHalfway    = &NotNativeError{Reason: "the number may lie halfway between two FLOATs, and the server rounds it"}
	errDefault    = &NotNativeError{Reason: "DEFAULT is the server's to fill in"}
	errNotUTF8    = &LossyError{Reason: "the bytes are not valid UTF-8, and GreptimeDB would store NULL"}
	errManyDigits = &LossyError{Reason: "the number has more digits before the point than the column takes, and GreptimeDB would store NULL"}
	errOverflow   = &LossyError{Reason: "the number is beyond the largest of the column's type, and GreptimeDB would store an infinity"}
	errJSONNumber = &LossyError{Reason: "the JSON has a number beyond the range of a float64, and GreptimeDB would store an infinity"}
)
