package greptime

import "fmt"

// Code is GreptimeDB's status code, which is more specific than that of gRPC. A Code is an error so
// that errors.Is(err, greptime.TableNotFound) works; the errors of this package are of type [*Error].
type Code uint32

// The status codes of GreptimeDB 1.0 to 1.3, by GreptimeDB's names. The server's code is not always
// the one that its name suggests: for a missing database it is mostly InvalidArguments or
// TableNotFound, and for a native insert that does not fit its table InvalidArguments.
const (
	Unknown          Code = 1000 // an error without a class; the server does not send its text
	Unsupported      Code = 1001 // statement, type or feature that GreptimeDB does not have
	Unexpected       Code = 1002 // a panic or broken assumption in the server
	Internal         Code = 1003 // an error within the server, which does not send its text
	InvalidArguments Code = 1004
	Cancelled        Code = 1005
	IllegalState     Code = 1006
	External         Code = 1007 // an error of a system that the server uses
	DeadlineExceeded Code = 1008
	Suspended        Code = 1009 // the instance is suspended and answers nothing

	InvalidSyntax Code = 2000 // SQL, PromQL or a literal that cannot be read

	PlanQuery          Code = 3000 // unknown column or function, types that do not match
	EngineExecuteQuery Code = 3001 // every error after the first record batch has this code

	TableAlreadyExists    Code = 4000
	TableNotFound         Code = 4001
	TableColumnNotFound   Code = 4002
	TableColumnExists     Code = 4003
	DatabaseNotFound      Code = 4004 // HTTP only in 1.0.2
	RegionNotFound        Code = 4005
	RegionAlreadyExists   Code = 4006
	RegionReadonly        Code = 4007
	RegionNotReady        Code = 4008
	RegionBusy            Code = 4009
	TableUnavailable      Code = 4010
	DatabaseAlreadyExists Code = 4011

	StorageUnavailable Code = 5000
	RequestOutdated    Code = 5001

	RuntimeResourcesExhausted Code = 6000
	RateLimited               Code = 6001

	UserNotFound            Code = 7000
	UnsupportedPasswordType Code = 7001
	UserPasswordMismatch    Code = 7002
	AuthHeaderNotFound      Code = 7003 // no credentials were sent
	InvalidAuthHeader       Code = 7004
	AccessDenied            Code = 7005
	PermissionDenied        Code = 7006 // read-only users may not even USE or SET, write-only ones not SELECT

	FlowAlreadyExists    Code = 8000
	FlowNotFound         Code = 8001
	TriggerAlreadyExists Code = 9000
	TriggerNotFound      Code = 9001
)

var codeNames = map[Code]string{
	Unknown:                   "Unknown",
	Unsupported:               "Unsupported",
	Unexpected:                "Unexpected",
	Internal:                  "Internal",
	InvalidArguments:          "InvalidArguments",
	Cancelled:                 "Cancelled",
	IllegalState:              "IllegalState",
	External:                  "External",
	DeadlineExceeded:          "DeadlineExceeded",
	Suspended:                 "Suspended",
	InvalidSyntax:             "InvalidSyntax",
	PlanQuery:                 "PlanQuery",
	EngineExecuteQuery:        "EngineExecuteQuery",
	TableAlreadyExists:        "TableAlreadyExists",
	TableNotFound:             "TableNotFound",
	TableColumnNotFound:       "TableColumnNotFound",
	TableColumnExists:         "TableColumnExists",
	DatabaseNotFound:          "DatabaseNotFound",
	RegionNotFound:            "RegionNotFound",
	RegionAlreadyExists:       "RegionAlreadyExists",
	RegionReadonly:            "RegionReadonly",
	RegionNotReady:            "RegionNotReady",
	RegionBusy:                "RegionBusy",
	TableUnavailable:          "TableUnavailable",
	DatabaseAlreadyExists:     "DatabaseAlreadyExists",
	StorageUnavailable:        "StorageUnavailable",
	RequestOutdated:           "RequestOutdated",
	RuntimeResourcesExhausted: "RuntimeResourcesExhausted",
	RateLimited:               "RateLimited",
	UserNotFound:              "UserNotFound",
	UnsupportedPasswordType:   "UnsupportedPasswordType",
	UserPasswordMismatch:      "UserPasswordMismatch",
	AuthHeaderNotFound:        "AuthHeaderNotFound",
	InvalidAuthHeader:         "InvalidAuthHeader",
	AccessDenied:              "AccessDenied",
	PermissionDenied:          "PermissionDenied",
	FlowAlreadyExists:         "FlowAlreadyExists",
	FlowNotFound:              "FlowNotFound",
	TriggerAlreadyExists:      "TriggerAlreadyExists",
	TriggerNotFound:           "TriggerNotFound",
}

var _ error = Code(0)

// String returns the name of the code, such as TableNotFound, or Code(4321) for an unknown code.
func (c Code) String() string {
	if name, ok := codeNames[c]; ok {
		return name
	}
	return fmt.Sprintf("Code(%d)", uint32(c))
}

// Error returns the name and the number of the code.
func (c Code) Error() string { return fmt.Sprintf("greptime: %s (%d)", c.name(), uint32(c)) }

// name returns the name of the code, for texts that also show its number.
func (c Code) name() string {
	if name, ok := codeNames[c]; ok {
		return name
	}
	return "unknown code"
}

// retryable reports whether GreptimeDB 1.0 to 1.1.4 classifies the code as retryable. Later versions
// send a hint with the error.
func (c Code) retryable() bool {
	switch c {
	case Internal, RegionNotReady, RegionBusy, TableUnavailable, StorageUnavailable, RuntimeResourcesExhausted:
		return true
	}
	return false
}
