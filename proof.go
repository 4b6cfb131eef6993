package greptime

import (
	"strings"

	"google.golang.org/grpc/codes"

	internalsession "github.com/greptime-go/greptime/internal/session"
)

// proof describes what an answer of the server proves about a write.
type proof uint8

const (
	unproven          proof = iota // some or all of it may have been written
	provenByOneRegion              // nothing was written, if the table has only one region
	proven                         // nothing was written
)

// provesNothingWritten returns what e proves about the write w that it answers.
//
// GreptimeDB splits a write by table, region and time partition. The parts run in parallel,
// nothing is rolled back, and the first error is the answer. So an error proves that nothing
// was written in three cases only: the frontend returned it before it passed anything on; a
// region returned it because of the request's columns, which are the same for all rows of its
// table; or it refuses the only row of the request, for example because of its value. An error
// that does not come from GreptimeDB itself, such as a reset of the stream, proves nothing. In
// doubt the result is unproven.
//
// Seen on GreptimeDB 1.0.2 and 1.1.4.
func (e *Error) provesNothingWritten(w internalsession.Write) proof {
	switch {
	case w.Requests > 1:
		return unproven // those before the last were executed
	case !e.fromServer:
		return statusProof(e)
	}
	switch e.Code {
	case Suspended, InvalidSyntax, DatabaseNotFound,
		UserNotFound, UnsupportedPasswordType, UserPasswordMismatch, AuthHeaderNotFound, InvalidAuthHeader, AccessDenied, PermissionDenied:
		return proven // the frontend decides these first, for every request
	case Unsupported:
		if strings.HasPrefix(e.Message, unknownStatement) {
			return proven // the parser decides this, before it passes any statement on
		}
	}
	switch w.Kind {
	case internalsession.Rows, internalsession.Keys:
		return rowsProof(e, w)
	case internalsession.DeleteStatement:
		return deleteProof(e)
	case internalsession.DDLStatement:
		return ddlProof(e)
	}
	if e.Code == InvalidArguments && hasPrefix(e.Message, refusedAsText) {
		return proven
	}
	return unproven
}

// unknownStatement begins the message about a statement whose first word GreptimeDB does not know.
const unknownStatement = "SQL statement is not supported, keyword: "

// statusProof returns what a status without GreptimeDB's code proves. Only a few statuses
// are certainly sent before the server executes anything; grpc-go also returns
// ResourceExhausted and PermissionDenied for a stream that was reset after the request had
// been executed.
func statusProof(e *Error) proof {
	switch {
	case e.GRPC == codes.Unimplemented && !strings.HasSuffix(e.Message, " for query"), // that one follows a result
		e.GRPC == codes.OutOfRange && strings.HasPrefix(e.Message, "Error, decoded message length too large"),
		e.GRPC == codes.Unauthenticated && e.Message == "auth failed":
		return proven
	}
	return unproven
}

// rowsProof returns what the answer to rows with given values, or to keys, proves.
func rowsProof(e *Error, w internalsession.Write) proof {
	single := w.Tables <= 1
	oneRow := single && w.Rows == 1
	switch e.Code {
	case PlanQuery, RateLimited:
		return proven
	case Unsupported, TableNotFound:
		return provenIf(single)
	case InvalidArguments:
		switch reason, byRegion := regionReason(e.Message); {
		case byRegion && reason == appendModeRefusal && single:
			return proven
		case byRegion && isAboutSchema(reason) && single && !oneRow:
			return provenByOneRegion
		case !byRegion && (hasPrefix(e.Message, refusedAsText) || isRefusedRequest(e.Message)):
			return proven
		}
		return provenIf(oneRow)
	case TableAlreadyExists, TableColumnNotFound, TableColumnExists, DatabaseAlreadyExists:
		return provenIf(oneRow)
	}
	return unproven
}

// deleteProof returns what the answer to DELETE … WHERE proves, which reads before it deletes.
func deleteProof(e *Error) proof {
	switch e.Code {
	case PlanQuery, TableNotFound, Unsupported:
		return proven
	case InvalidArguments:
		reason, byRegion := regionReason(e.Message)
		switch {
		case byRegion && reason == appendModeRefusal, !byRegion && hasPrefix(e.Message, refusedAsText):
			return proven
		}
	}
	return unproven
}

// ddlProof returns what the answer to a CREATE, ALTER, DROP, TRUNCATE or COMMENT proves.
func ddlProof(e *Error) proof {
	switch e.Code {
	case Unsupported, PlanQuery, TableAlreadyExists, TableNotFound, TableColumnNotFound, TableColumnExists, DatabaseAlreadyExists,
		FlowAlreadyExists, FlowNotFound, TriggerAlreadyExists, TriggerNotFound:
		return proven
	case InvalidArguments:
		_, byRegion := regionReason(e.Message)
		return provenIf(!byRegion)
	}
	return unproven
}

func provenIf(ok bool) proof {
	if ok {
		return proven
	}
	return unproven
}

// refusedAsText lists prefixes of messages with which the frontend refuses a request
// (InvalidArguments) before it knows its tables.
var refusedAsText = []string{
	"Failed to find schema, ",
	"Illegal param: ",
	"Invalid SQL, error: ",
	"Invalid query: ",
	"Unknown hint: ",
}

// refusedRows lists prefixes of messages with which the frontend refuses rows
// (InvalidArguments) before it passes any on.
var refusedRows = []string{
	"Invalid InsertRequest, reason: ",
	"Invalid table name: ",
	"Missing timestamp column, ",
	"Duplicated timestamp column in gRPC requests, ",
	"Duplicated column name in gRPC requests, ",
	"Unknown proto column datatype: ",
	"Cannot find column by name: ",
	"Invalid sql value: ",
	"Invalid JSON: ",
	"Invalid Vector: ",
}

// isRefusedRequest reports whether the frontend refuses the rows of a request with message.
func isRefusedRequest(message string) bool {
	if hasPrefix(message, refusedRows) {
		return true
	}
	return strings.HasPrefix(message, "Column ") && strings.Contains(message, " expect type: ") && strings.Contains(message, ", actual: ")
}

// appendModeRefusal is a reason of a region that applies to every region of its table.
const appendModeRefusal = "DELETE is not allowed under append mode"

// regionReason returns why a region refuses a request.
func regionReason(message string) (reason string, ok bool) {
	if !strings.HasPrefix(message, "Invalid request to region ") {
		return "", false
	}
	_, reason, _ = strings.Cut(message, ", reason: ")
	return reason, true
}

// isAboutSchema reports whether a region's reason is about the columns of a request, and
// not about a value in one of its rows. A column's name may be any text, so the end of
// the reason counts, too.
func isAboutSchema(reason string) bool {
	if strings.HasSuffix(reason, "is not null but input has null") {
		return false
	}
	switch {
	case strings.HasPrefix(reason, "unknown columns: "), strings.HasPrefix(reason, "missing column "), strings.HasPrefix(reason, "duplicate column "),
		strings.HasPrefix(reason, "delete requests need column "):
		return true
	}
	return strings.HasPrefix(reason, "column ") && strings.Contains(reason, ", given: ") &&
		(strings.Contains(reason, " expect type ") || strings.Contains(reason, " has semantic type "))
}

func hasPrefix(text string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(text, p) {
			return true
		}
	}
	return false
}
