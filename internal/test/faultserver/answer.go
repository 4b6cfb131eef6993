package faultserver

import (
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// proof is what an answer proves about a write.
type proof uint8

const (
	// never proves nothing: the server may give the answer after any part of the write.
	never proof = iota
	// always proves that nothing was written: the frontend decides before it writes.
	always
	// ofTable is decided for a table before anything is written to it.
	ofTable
	// ofRegion is decided by a region for all its rows. Nothing is written if the write has
	// one table of one region, or one row. Other regions may have written their rows, and so
	// may the earlier batches of a statement with a query.
	ofRegion
	// ofRow is decided by a row. Nothing is written if there is no other row.
	ofRow
)

// answer is an error of GreptimeDB, or of a proxy before it.
type answer struct {
	code    codes.Code
	errCode int // 0: without x-greptime-err-code
	message string
	proof   proof
	ways    way // 0: every way
}

// proves reports whether no part of a write is executed before the answer.
func (a *answer) proves(w *write) bool {
	switch a.proof {
	case always:
		return true
	case ofTable:
		return w.tables == 1
	case ofRegion:
		return len(w.rows) == 1 || w.tables == 1 && w.regions == 1 && w.way&(selected|deletion) == 0
	case ofRow:
		return len(w.rows) == 1
	}
	return false
}

func (a *answer) ending() ending {
	return ending{
		name: fmt.Sprintf("%v %d %q", a.code, a.errCode, a.message),
		end:  func(c *wiretest.Call) error { return c.Fail(a.code, a.message, a.errCode) },
	}
}

const (
	invalidArgument = codes.InvalidArgument
	region          = "Invalid request to region 4398046511104(1024, 0), reason: "
)

// answers are the errors that a write can end with.
var answers = []answer{
	// Errors of the frontend.
	{invalidArgument, 2000, "Invalid SQL syntax: sql parser error: Expected: end of statement, found: x at Line: 1, Column: 7", always, text | selected | deletion},
	{invalidArgument, 2000, "Failed to parse value: invalid digit found in string", always, text},
	{codes.Internal, 3000, "Failed to plan SQL: No field named x.", always, text | deletion},
	{codes.Unimplemented, 1001, "SQL statement is not supported, keyword: INSERT", always, text | selected | deletion},
	{codes.Unimplemented, 1001, "Schema public is read-only", always, native | text},
	{invalidArgument, 1004, "Failed to find schema, schema info: public", always, native},
	{invalidArgument, 1004, "Table `t` does not exist, and `auto_create_table` hint is disabled", always, native},
	{invalidArgument, 1004, "Table `t` does not exist, and auto-create table is disabled by frontend config", always, native},
	{invalidArgument, 1004, "Column v expect type: Int64(Int64Type), actual: String(StringType)", always, text},
	{invalidArgument, 1004, "Invalid SQL, error: column count mismatch, columns: 4, values: 3", always, text},
	{invalidArgument, 1004, "column count mismatch, columns: 4, values: 3", always, native},
	{codes.NotFound, 7000, "User not found, username: u", always, 0},
	{codes.Unauthenticated, 7001, "Unsupported password type", always, 0},
	{codes.Unauthenticated, 7002, "Username and password does not match, username: u", always, 0},
	{codes.Unauthenticated, 7003, "Not found http or grpc authorization header", always, 0},
	{codes.Unauthenticated, 7004, "Unsupported http auth scheme, name: Token AuthScheme", always, 0},
	{codes.PermissionDenied, 7005, "Access denied for user 'u' to database 'greptime-public'", always, 0},
	{codes.PermissionDenied, 7006, "User is not authorized to perform this action", always, 0},
	{codes.ResourceExhausted, 1009, "Instance is suspended", always, 0},
	{codes.ResourceExhausted, 6001, "Rate limited, in-flight write bytes exceeded", always, native | text | put},
	{codes.OutOfRange, 0, "Error, decoded message length too large: found 68 bytes, the limit is: 64 bytes", always, 0},
	{codes.Unimplemented, 0, "", always, native},

	// Errors of a region about the table's columns.
	{invalidArgument, 1004, region + `unknown columns: ["note"]`, ofRegion, native | text | selected | put},
	{invalidArgument, 1004, region + "missing column note", ofRegion, native | text | selected | put},
	{invalidArgument, 1004, region + "duplicate column v", ofRegion, native | text | selected | put},
	{invalidArgument, 1004, region + "column v expect type Float64(Float64Type), given: INT64(4)", ofRegion, native | text | selected | put},
	{invalidArgument, 1004, region + "column v has semantic type Tag, given: FIELD(1)", ofRegion, native | text | selected | put},
	{invalidArgument, 1004, region + "delete requests need column host", ofRegion, native | deletion},
	{invalidArgument, 1004, region + "DELETE is not allowed under append mode", ofTable, native | deletion},
	{codes.NotFound, 4001, "Table not found: greptime.public.t", ofTable, 0},
	{codes.NotFound, 4001, "Failed to plan SQL: Table not found: greptime.public.t", ofTable, deletion},

	// Errors of a region about a row.
	{invalidArgument, 1004, region + "column v is not null but input has null", ofRow, 0},
	{invalidArgument, 1004, region + "value has type Int64, but column v has type Float64(10)", ofRow, native},
	{invalidArgument, 1004, "Partition time range for 9223372036854775807::Nanosecond is out of bound", ofRow, 0},
	{invalidArgument, 1004, "Timestamp out of range: 9223372036854775807", ofRow, 0},
	{invalidArgument, 1004, region + "a reason of later versions", ofRow, 0},
	{invalidArgument, 1004, "A reason of later versions", ofRow, 0},
	{codes.NotFound, 4005, "Region not found: 4398046511104(1024, 0)", ofRow, 0},
	{codes.PermissionDenied, 4007, "Region 4398046511104(1024, 0) is read only", ofRow, 0},

	// Errors that do not prove anything.
	{codes.Unknown, 1000, "Internal error: 1000", never, 0},
	{codes.Internal, 1002, `Failed to join task: task 7 panicked with message "no"`, never, 0},
	{codes.Internal, 1003, "Internal error: 1003", never, 0},
	{codes.Canceled, 1005, "Cancelled", never, 0},
	{codes.Internal, 1006, "Illegal state", never, 0},
	{codes.Unknown, 1007, "External error", never, 0},
	{codes.DeadlineExceeded, 1008, "Deadline exceeded", never, 0},
	{codes.Internal, 3000, "Failed to plan SQL: later", never, selected},
	{codes.Internal, 3001, "Execution error", never, 0},
	{codes.Unavailable, 4008, "Region 4398046511104(1024, 0) is not ready", never, 0},
	{codes.ResourceExhausted, 4009, "Region 4398046511104(1024, 0) is busy", never, 0},
	{codes.Unavailable, 4010, "Table is not available", never, 0},
	{codes.Unavailable, 5000, "Write buffer is full", never, 0},
	{invalidArgument, 5001, "Request outdated", never, 0},
	{codes.ResourceExhausted, 6000, "Memory limit exceeded", never, 0},
	{codes.ResourceExhausted, 6001, "Too many files to read concurrently", never, selected | deletion},
	{codes.Internal, 9999, "A code of later versions", never, 0},
}

// strangers are statuses without x-greptime-err-code. They prove nothing.
var strangers = []answer{
	{code: codes.ResourceExhausted, message: "grpc: received message larger than max (68 vs. 64)"},
	{code: codes.ResourceExhausted, message: "stream terminated by RST_STREAM with error code: ENHANCE_YOUR_CALM"},
	{code: codes.PermissionDenied, message: "stream terminated by RST_STREAM with error code: INADEQUATE_SECURITY"},
	{code: codes.PermissionDenied, message: "no"},
	{code: codes.InvalidArgument, message: "no"},
	{code: codes.NotFound, message: "no"},
	{code: codes.Unknown, message: "Execute gRPC request error"},
	{code: codes.Unknown, message: "unexpected HTTP status code received from server: 502"},
	{code: codes.Unavailable, message: "the proxy has lost the server"},
	{code: codes.Internal, message: "no"},
	{code: codes.Aborted, message: "no"},
	{code: codes.DataLoss, message: "no"},
	{code: codes.FailedPrecondition, message: "no"},
	{code: codes.AlreadyExists, message: "no"},
	{code: codes.Canceled, message: "Timeout expired"},
	{code: codes.DeadlineExceeded, message: "no"},
	{code: codes.OutOfRange, message: "Error, encoded message length too large: found 68 bytes, the limit is: 64 bytes"},
}

// contentless is the error of every bulk load before GreptimeDB 1.1.2.
var contentless = answer{code: codes.Unknown, message: "Execute gRPC request error"}

// draw draws an ending other than OK, and whether any part of the write may be executed
// before it.
func (s *Server) draw(w *write) (e ending, open bool) {
	s.drawn++
	switch n := s.rand.IntN(100); {
	case n < 55 && w.way == put && s.options.OldPuts:
		return contentless.ending(), true
	case n < 55:
		for {
			if a := &answers[s.rand.IntN(len(answers))]; a.ways == 0 || a.ways&w.way != 0 {
				return a.ending(), !a.proves(w)
			}
		}
	case n < 70:
		return strangers[s.rand.IntN(len(strangers))].ending(), true
	case n < 84:
		code := wiretest.ResetCode(s.rand.IntN(14)) // NO_ERROR to HTTP_1_1_REQUIRED
		if code == wiretest.ResetRefused {
			return s.unprocessed(w, ending{name: "RST_STREAM with REFUSED_STREAM", end: wiretest.Reset(code)})
		}
		return ending{name: fmt.Sprint("RST_STREAM ", code), end: wiretest.Reset(code)}, true
	case n < 88:
		return brokenConnection, true
	case n < 90:
		return ending{name: "GOAWAY, and the connection breaks", end: goAwayAndDrop(wiretest.ResetCode(s.rand.IntN(14)))}, true
	case n < 92:
		return s.unprocessed(w, ending{name: "GOAWAY before the call", end: goAwayBefore})
	case n < 95:
		return ending{name: "OK without an answer", end: func(*wiretest.Call) error { return nil }}, true
	case n < 97:
		return ending{name: "OK with an answer that is none", end: sendGarbage}, true
	}
	return ending{name: "nothing", end: s.hang}, true
}

var brokenConnection = ending{name: "the connection breaks", end: wiretest.Drop()}

// unprocessed returns an ending by which HTTP/2 reports that the server has not processed
// the call, so that gRPC repeats it by itself. A call that has written before cannot end
// this way.
func (s *Server) unprocessed(w *write, e ending) (ending, bool) {
	if w.later {
		return brokenConnection, true
	}
	return e, false
}

func goAwayAndDrop(code wiretest.ResetCode) wiretest.Action {
	return func(c *wiretest.Call) error {
		if err := c.GoAway(code); err != nil {
			return err
		}
		return wiretest.Drop()(c)
	}
}

// goAwayBefore sends a GOAWAY which means that the call was not processed.
func goAwayBefore(c *wiretest.Call) error {
	if err := c.GoAwayBefore(wiretest.ResetNoError); err != nil {
		return err
	}
	return wiretest.Hang()(c)
}

func sendGarbage(c *wiretest.Call) error { return c.Send([]byte{0xff, 0xff, 0xff}) }

// hang leaves the call without an answer until the client ends it.
func (s *Server) hang(c *wiretest.Call) error {
	if s.options.Hang != nil {
		s.options.Hang()
	}
	return wiretest.Hang()(c)
}
