package greptime

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	internalsession "github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/transport"
)

const region = "Invalid request to region 4638564679680(1080, 0), reason: "

// What an error proves about a write depends on its code, its text, on who decided it,
// and on the rows and tables of the request.
func TestWhatAnAnswerProves(t *testing.T) {
	t.Parallel()
	rows := func(tables, rows int) internalsession.Write {
		return internalsession.Write{Kind: internalsession.Rows, Tables: tables, Rows: rows}
	}
	keys := internalsession.Write{Kind: internalsession.Keys, Tables: 1, Rows: 2}
	oneRow, twoRows, twoTables, oneRowTwice := rows(1, 1), rows(1, 2), rows(2, 2), internalsession.Write{Kind: internalsession.Rows, Tables: 2, Rows: 2, Requests: 2}
	insertSelect := internalsession.Write{Kind: internalsession.AnyStatement}
	deleteWhere := internalsession.Write{Kind: internalsession.DeleteStatement}
	ddl := internalsession.Write{Kind: internalsession.DDLStatement}

	for _, test := range []struct {
		code    Code // 0: not GreptimeDB's own status
		grpc    codes.Code
		message string
		want    map[*internalsession.Write]proof
	}{
		{InvalidSyntax, codes.InvalidArgument, "Invalid SQL syntax: sql parser error: x", map[*internalsession.Write]proof{
			&oneRow: proven, &twoRows: proven, &twoTables: proven, &keys: proven, &insertSelect: proven, &deleteWhere: proven, &ddl: proven, &oneRowTwice: unproven}},
		{PermissionDenied, codes.PermissionDenied, "User is not authorized to perform this action", map[*internalsession.Write]proof{
			&twoTables: proven, &insertSelect: proven, &deleteWhere: proven, &oneRowTwice: unproven}},
		{Suspended, codes.ResourceExhausted, "suspended", map[*internalsession.Write]proof{&twoTables: proven, &insertSelect: proven}},
		{Unsupported, codes.Unimplemented, "SQL statement is not supported, keyword: UPDATE", map[*internalsession.Write]proof{
			&insertSelect: proven, &deleteWhere: proven, &ddl: proven, &oneRowTwice: unproven}},
		{Unsupported, codes.Unimplemented, "Not supported: execute multiple statements in SQL query string through GRPC interface", map[*internalsession.Write]proof{&insertSelect: unproven}},
		{PlanQuery, codes.Internal, "Failed to plan SQL: No field named x.", map[*internalsession.Write]proof{
			&twoRows: proven, &deleteWhere: proven, &insertSelect: unproven}},
		{TableNotFound, codes.NotFound, "Table not found: greptime.public.t", map[*internalsession.Write]proof{
			&oneRow: proven, &twoRows: proven, &keys: proven, &deleteWhere: proven, &ddl: proven, &twoTables: unproven, &insertSelect: unproven}},
		{InvalidArguments, codes.InvalidArgument, "Failed to find schema, schema info: x", map[*internalsession.Write]proof{
			&twoRows: proven, &twoTables: proven, &insertSelect: proven, &deleteWhere: proven}},
		{InvalidArguments, codes.InvalidArgument, "Invalid InsertRequest, reason: Table `t` does not exist, and `auto_create_table` hint is disabled", map[*internalsession.Write]proof{
			&twoRows: proven, &twoTables: proven, &insertSelect: unproven}},
		{InvalidArguments, codes.InvalidArgument, "Column v expect type: Float64(Float64Type), actual: String(StringType)", map[*internalsession.Write]proof{
			&twoRows: proven, &insertSelect: unproven}},
		{InvalidArguments, codes.InvalidArgument, region + "unknown columns: [\"v\"]", map[*internalsession.Write]proof{
			&oneRow: proven, &twoRows: provenByOneRegion, &twoTables: unproven, &insertSelect: unproven}},
		{InvalidArguments, codes.InvalidArgument, region + "missing column n", map[*internalsession.Write]proof{&twoRows: provenByOneRegion, &twoTables: unproven}},
		{InvalidArguments, codes.InvalidArgument, region + "duplicate column n", map[*internalsession.Write]proof{&twoRows: provenByOneRegion}},
		{InvalidArguments, codes.InvalidArgument, region + "column n expect type Int64(Int64Type), given: INT32(3)", map[*internalsession.Write]proof{&twoRows: provenByOneRegion}},
		{InvalidArguments, codes.InvalidArgument, region + "column n has semantic type Field, given: TAG(0)", map[*internalsession.Write]proof{&twoRows: provenByOneRegion}},
		{InvalidArguments, codes.InvalidArgument, region + "delete requests need column host", map[*internalsession.Write]proof{&keys: provenByOneRegion}},
		{InvalidArguments, codes.InvalidArgument, region + "DELETE is not allowed under append mode", map[*internalsession.Write]proof{&keys: proven, &deleteWhere: proven, &twoTables: unproven}},
		{InvalidArguments, codes.InvalidArgument, region + "column v is not null but input has null", map[*internalsession.Write]proof{
			&oneRow: proven, &twoRows: unproven, &twoTables: unproven, &insertSelect: unproven}},
		{InvalidArguments, codes.InvalidArgument, region + "column a expect type b, given: is not null but input has null", map[*internalsession.Write]proof{&twoRows: unproven}},
		{InvalidArguments, codes.InvalidArgument, "Partition time range for timestamp 9223372036854775807::Nanosecond is out of bound", map[*internalsession.Write]proof{&oneRow: proven, &twoRows: unproven}},
		{InvalidArguments, codes.InvalidArgument, "Timestamp out of range", map[*internalsession.Write]proof{&oneRow: proven, &twoRows: unproven, &insertSelect: unproven}},
		{InvalidArguments, codes.InvalidArgument, "a text of another version", map[*internalsession.Write]proof{&oneRow: proven, &twoRows: unproven, &ddl: proven}},
		{RateLimited, codes.ResourceExhausted, "too many", map[*internalsession.Write]proof{&twoRows: proven, &keys: proven, &insertSelect: unproven, &deleteWhere: unproven}},
		{Unexpected, codes.Internal, "panic", map[*internalsession.Write]proof{&oneRow: unproven, &ddl: unproven}},
		{Internal, codes.Internal, "Internal error: 1003", map[*internalsession.Write]proof{&oneRow: unproven}},
		{Cancelled, codes.Canceled, "", map[*internalsession.Write]proof{&oneRow: unproven}},
		{DeadlineExceeded, codes.DeadlineExceeded, "", map[*internalsession.Write]proof{&oneRow: unproven}},
		{StorageUnavailable, codes.Unavailable, "", map[*internalsession.Write]proof{&oneRow: unproven}},
		{EngineExecuteQuery, codes.Internal, "", map[*internalsession.Write]proof{&oneRow: unproven, &insertSelect: unproven}},
		{RegionBusy, codes.ResourceExhausted, "", map[*internalsession.Write]proof{&oneRow: unproven}},
		{Code(12345), codes.Unknown, "of another version", map[*internalsession.Write]proof{&oneRow: unproven, &ddl: unproven}},
		{TableAlreadyExists, codes.AlreadyExists, "", map[*internalsession.Write]proof{&ddl: proven, &twoRows: unproven}},

		{0, codes.ResourceExhausted, "stream terminated by RST_STREAM with error code: ENHANCE_YOUR_CALM", map[*internalsession.Write]proof{&oneRow: unproven}},
		{0, codes.PermissionDenied, "stream terminated by RST_STREAM with error code: INADEQUATE_SECURITY", map[*internalsession.Write]proof{&oneRow: unproven}},
		{0, codes.ResourceExhausted, "grpc: received message larger than max (5 vs. 4)", map[*internalsession.Write]proof{&oneRow: unproven}},
		{0, codes.InvalidArgument, "of a proxy", map[*internalsession.Write]proof{&oneRow: unproven}},
		{0, codes.NotFound, "of a proxy", map[*internalsession.Write]proof{&oneRow: unproven}},
		{0, codes.Unauthenticated, "of a proxy", map[*internalsession.Write]proof{&oneRow: unproven}},
		{0, codes.Unauthenticated, "auth failed", map[*internalsession.Write]proof{&oneRow: proven}},
		{0, codes.Unimplemented, "", map[*internalsession.Write]proof{&twoTables: proven}},
		{0, codes.Unimplemented, "GreptimeDatabase::Handle for query", map[*internalsession.Write]proof{&oneRow: unproven}},
		{0, codes.OutOfRange, "Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes", map[*internalsession.Write]proof{&twoTables: proven}},
		{0, codes.OutOfRange, "Error, encoded message length too large: found 5 bytes, the limit is: 4 bytes", map[*internalsession.Write]proof{&oneRow: unproven}},
		{0, codes.Unknown, "Execute gRPC request error", map[*internalsession.Write]proof{&oneRow: unproven}},
	} {
		trailer := metadata.MD{}
		if test.code != 0 {
			trailer.Set(errCodeTrailer, strconv.Itoa(int(test.code)))
		}
		for w, want := range test.want {
			e := callError(t.Context(), &transport.CallError{Status: status.New(test.grpc, test.message), Trailer: trailer, Sent: true}, *w)
			if e.proof != want || e.Ambiguous != (want != proven) {
				t.Errorf("%v, %q, of %+v: proof %d, Ambiguous %v; want %d", test.code, test.message, *w, e.proof, e.Ambiguous, want)
			}
		}
	}
}

// A call that was never sent wrote nothing, whatever its status.
func TestACallThatWasNotSentProvesThatNothingWasWritten(t *testing.T) {
	t.Parallel()
	call := &transport.CallError{Status: status.New(codes.Unavailable, "connection refused")}
	if e := callError(t.Context(), call, internalsession.Write{}); e.Ambiguous {
		t.Error(e)
	}
	if e := callError(t.Context(), call, internalsession.Write{Requests: 2}); !e.Ambiguous {
		t.Errorf("the request before it was executed, and it says %v", e)
	}
	again := &transport.CallError{Status: call.Status, Others: []error{&transport.CallError{Status: call.Status, Sent: true}}}
	if e := callError(t.Context(), again, internalsession.Write{}); !e.Ambiguous {
		t.Errorf("the attempt before was sent, and it says %v", e)
	}
	if e := callError(t.Context(), again, internalsession.Write{Kind: internalsession.ReadStatement}); e.Ambiguous {
		t.Error("a read is ambiguous")
	}
}

// An error that becomes ambiguous, because the call has written before, is another one: a tracer may
// have the first.
func TestAmbiguousLeavesTheErrorAsItIs(t *testing.T) {
	t.Parallel()
	first := &Error{Message: "no table", Code: TableNotFound}
	for _, err := range []error{first, fmt.Errorf("greptime: column c: %w", first), errors.New("not the server's")} {
		marked := ambiguous(err)
		var e *Error
		if !errors.As(marked, &e) || !e.Ambiguous || !strings.Contains(marked.Error(), err.Error()) {
			t.Errorf("%v became %v", err, marked)
		}
		if err != error(first) && !errors.Is(marked, err) || errors.Is(err, TableNotFound) != errors.Is(marked, TableNotFound) {
			t.Errorf("%v lost what it is", marked)
		}
		if first.Ambiguous {
			t.Errorf("%v changed the error that it got", err)
		}
	}
}

// FuzzProof has any status and trailers: GreptimeDB's code is the decimal number of the trailer, or
// there is none. What proves nothing about a write proves nothing about a greater one, and a status
// without the code proves the same about each.
func FuzzProof(f *testing.F) {
	for _, message := range []string{"Table not found: greptime.public.t", region + "unknown columns: [\"v\"]", "auth failed", "unknown service x for query", "Error, decoded message length too large: 1", "SQL statement is not supported, keyword: UPDATE", ""} {
		for _, code := range []string{"", "0", "1001", "1004", "2000", "4001", "7002", "+1004", "01004", "-1", "1e3", "4294967296", "1004\x00"} {
			f.Add(uint8(codes.Internal), message, code, "retryable", uint8(0), uint8(0))
		}
		f.Add(uint8(codes.Unimplemented), message, "", "", uint8(1), uint8(1))
		f.Add(uint8(codes.OutOfRange), message, "1001", "non_retryable", uint8(2), uint8(0))
		f.Add(uint8(codes.Unauthenticated), message, "", "perhaps", uint8(0), uint8(3))
	}
	f.Fuzz(func(t *testing.T, grpc uint8, message, code, hint string, moreTables, moreRows uint8) {
		trailer := metadata.Pairs(retryHintTrailer, hint)
		if code != "" {
			trailer.Set(errCodeTrailer, code)
		}
		e := newServerError(status.New(codes.Code(grpc%16+1), message), trailer, "h:1")
		digits := code != "" && strings.Trim(code, "0123456789") == ""
		number := strings.TrimLeft(code, "0")
		isNumber := digits && (len(number) < 10 || len(number) == 10 && number <= "4294967295")
		if e.fromServer != isNumber || isNumber && number != "" && strconv.FormatUint(uint64(e.Code), 10) != number {
			t.Errorf("%q is code %d, from the server %v", code, e.Code, e.fromServer)
		}
		if hint == "retryable" != e.Retryable && hint == "retryable" || hint == "non_retryable" && e.Retryable {
			t.Errorf("hint %q: retryable %v", hint, e.Retryable)
		}
		if message != "" && !strings.Contains(e.Error(), strings.TrimPrefix(message, "greptime: ")) {
			t.Errorf("%q lacks %q", e.Error(), message)
		}
		for kind := internalsession.AnyStatement; kind <= internalsession.DDLStatement; kind++ {
			small := internalsession.Write{Kind: kind, Tables: 1, Rows: 1, Requests: 1}
			great := small
			great.Tables += int(moreTables)
			great.Rows += int(moreTables) + int(moreRows)
			of := func(w internalsession.Write) proof { return e.provesNothingWritten(w) }
			if of(great) > of(small) {
				t.Errorf("kind %d, code %v, %q: %d of a write of %d rows, %d of %d rows and %d tables", kind, e.Code, message, of(small), small.Rows, of(great), great.Rows, great.Tables)
			}
			if !e.fromServer && of(great) != of(small) {
				t.Errorf("kind %d, %q without a code: %d and %d", kind, message, of(small), of(great))
			}
			if great.Requests = 2; of(great) != unproven {
				t.Errorf("kind %d, code %v, %q: %d of the second request", kind, e.Code, message, of(great))
			}
		}
	})
}
