package schema

import (
	"errors"
	"fmt"
)

// Code is a StatusCode of GreptimeDB.
type Code uint32

// The codes that this server answers with.
const (
	Unknown             Code = 1000
	Unsupported         Code = 1001
	Unexpected          Code = 1002
	Internal            Code = 1003
	InvalidArguments    Code = 1004
	Cancelled           Code = 1005
	InvalidSyntax       Code = 2000
	PlanQuery           Code = 3000
	EngineExecuteQuery  Code = 3001
	TableAlreadyExists  Code = 4000
	TableNotFound       Code = 4001
	TableColumnNotFound Code = 4002
	TableColumnExists   Code = 4003
	StorageUnavailable  Code = 5000
	UserNotFound        Code = 7000
	PasswordMismatch    Code = 7002
	AuthHeaderNotFound  Code = 7003
	InvalidAuthHeader   Code = 7004
	PermissionDenied    Code = 7006
)

// Error is an answer that is an error: GreptimeDB's code, and a text that agrees
// with GreptimeDB's as far as it is stable there.
type Error struct {
	Code    Code
	Message string
}

// Error returns the text of the answer.
func (e *Error) Error() string { return e.Message }

// Errorf returns an error of a code.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// NotSupported returns the error for a feature of GreptimeDB that this server does not have.
func NotSupported(format string, args ...any) *Error {
	return Errorf(Unsupported, "Not supported by greptimetest: "+format, args...)
}

// AsError gives every error a code; one that has none is a failure of execution.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Errorf(EngineExecuteQuery, "%v", err)
}

// PlanError returns the error of a statement that the planner refuses.
func PlanError(format string, args ...any) *Error {
	return Errorf(PlanQuery, "Failed to plan SQL: "+format, args...)
}

// WithCode changes the code of an error and returns it.
func (e *Error) WithCode(c Code) *Error {
	e.Code = c
	return e
}

// NoTable returns the error for a table that does not exist.
func NoTable(n TableName) *Error {
	return Errorf(TableNotFound, "Table not found: %s", n)
}
