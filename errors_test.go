package greptime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	internalsession "github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/transport"
)

// ending is how a recorded exchange ended.
type ending struct {
	file string
	captures.Status
}

func recordedEndings() []ending {
	var all []ending
	for _, e := range slices.Concat(captures.DoGets(), captures.AuthDoGets()) {
		all = append(all, ending{e.File, e.Status})
	}
	for _, e := range slices.Concat(captures.Handles(), captures.AuthHandles()) {
		all = append(all, ending{e.File, e.Status})
	}
	for _, e := range slices.Concat(captures.DoPuts(), captures.AuthDoPuts()) {
		all = append(all, ending{e.File, e.Status})
	}
	for _, e := range captures.Unaries() {
		all = append(all, ending{e.File, e.Status})
	}
	return all
}

func TestEveryRecordedErrorBecomesATypedError(t *testing.T) {
	t.Parallel()
	failed, coded := 0, make(map[Code]bool)
	for _, e := range recordedEndings() {
		if e.Code == codes.OK {
			continue
		}
		failed++
		err := newServerError(status.New(e.Code, e.GRPCMessage), e.Trailer, "db1:4001")
		text := err.Error()
		if err.GRPC != e.Code || err.Message != e.GRPCMessage || status.Code(err) != e.Code {
			t.Errorf("%s: error %#v has not the status %v %q", e.file, err, e.Code, e.GRPCMessage)
		}
		if !strings.HasPrefix(text, "greptime: "+e.GRPCMessage) || !strings.Contains(text, "db1:4001)") {
			t.Errorf("%s: text is %q", e.file, text)
		}

		number, sent := e.ErrorCode()
		if !sent {
			if err.Code != 0 || !strings.Contains(text, "gRPC "+e.CodeName) {
				t.Errorf("%s: without a code from the server, it is %v, text %q", e.file, err.Code, text)
			}
			continue
		}
		coded[err.Code] = true
		if int(err.Code) != number || codeNames[err.Code] == "" || !errors.Is(err, Code(number)) {
			t.Errorf("%s: code is %v, the server sent %d", e.file, err.Code, number)
		}
		if want := fmt.Sprintf("(%s %d, db1:4001)", err.Code.String(), number); !strings.Contains(text, want) {
			t.Errorf("%s: text %q lacks %q", e.file, text, want)
		}
		if errors.Is(err, Unknown) {
			t.Errorf("%s: code %v is taken for another one", e.file, err.Code)
		}
	}
	// The recordings have 284 errors, of 16 codes.
	if failed != 284 || len(coded) != 16 {
		t.Errorf("there were %d errors with %d different codes", failed, len(coded))
	}
}

func TestRecordedErrorsByName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Code{
		"error_missing_table":  TableNotFound,
		"error_syntax":         Unsupported,
		"error_table_exists":   TableAlreadyExists,
		"error_missing_column": PlanQuery,
		"error_unterminated":   InvalidSyntax,
	} {
		e := captures.DoGetByName(name)
		var err error = newServerError(status.New(e.Code, e.GRPCMessage), e.Trailer, "")
		err = fmt.Errorf("wrapped: %w", err)
		var typed *Error
		if !errors.Is(err, want) || !errors.As(err, &typed) || typed.Code != want {
			t.Errorf("%s: %v is not %v", name, err, want)
		}
		if errors.Is(err, StorageUnavailable) {
			t.Errorf("%s: %v is taken for StorageUnavailable", name, err)
		}
	}
}

func TestCodeOfAStatusWithoutOne(t *testing.T) {
	t.Parallel()
	tests := []struct {
		grpc    codes.Code
		trailer metadata.MD
		want    Code
	}{
		{codes.Canceled, nil, Cancelled},
		{codes.DeadlineExceeded, nil, DeadlineExceeded},
		{codes.Unavailable, nil, 0},
		{codes.Internal, nil, 0},
		{codes.Unknown, metadata.MD{}, 0},
		{codes.Unknown, metadata.Pairs(errCodeTrailer, "no number"), 0},
		{codes.Unknown, metadata.Pairs(errCodeTrailer, "-1"), 0},
		{codes.Unknown, metadata.Pairs(errCodeTrailer, "99999999999"), 0},
		{codes.Unknown, metadata.MD{errCodeTrailer: nil}, 0},
		{codes.Canceled, metadata.Pairs(errCodeTrailer, "1003"), Internal},
		{codes.Unknown, metadata.Pairs(errCodeTrailer, "4321"), 4321},
	}
	for _, test := range tests {
		if err := newServerError(status.New(test.grpc, "m"), test.trailer, ""); err.Code != test.want {
			t.Errorf("%v with %v has code %d, want %d", test.grpc, test.trailer, err.Code, test.want)
		}
	}
}

func TestRetryableIsTheServersOpinion(t *testing.T) {
	t.Parallel()
	retryable := []Code{Internal, RegionNotReady, RegionBusy, TableUnavailable, StorageUnavailable, RuntimeResourcesExhausted}
	for code := range codeNames {
		trailer := metadata.Pairs(errCodeTrailer, fmt.Sprint(uint32(code)))
		read := func() bool { return newServerError(status.New(codes.Unknown, ""), trailer, "").Retryable }
		if want := slices.Contains(retryable, code); read() != want {
			t.Errorf("%v without a hint: retryable is %v", code, !want)
		}
		trailer.Set(retryHintTrailer, "retryable")
		if !read() {
			t.Errorf("%v with the hint retryable is not", code)
		}
		trailer.Set(retryHintTrailer, "non_retryable")
		if read() {
			t.Errorf("%v with the hint non_retryable is", code)
		}
		trailer.Set(retryHintTrailer, "perhaps")
		if want := slices.Contains(retryable, code); read() != want {
			t.Errorf("%v with a hint that is not known: retryable is %v", code, !want)
		}
	}
	if newServerError(status.New(codes.Unavailable, ""), nil, "").Retryable {
		t.Error("an error that no server has seen is its opinion")
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  *Error
		want string
	}{
		{&Error{Code: TableNotFound, Message: "Table not found: x", GRPC: codes.NotFound, Endpoint: "h:1"},
			"greptime: Table not found: x (TableNotFound 4001, h:1)"},
		{&Error{Code: TableNotFound, Message: "Table not found: x"},
			"greptime: Table not found: x (TableNotFound 4001)"},
		{&Error{Code: 4321, Message: "new"}, "greptime: new (unknown code 4321)"},
		{&Error{Message: "refused", GRPC: codes.Unavailable, Endpoint: "h:1"}, "greptime: refused (gRPC Unavailable, h:1)"},
		{&Error{Message: "reset", GRPC: codes.Unavailable, Ambiguous: true},
			"greptime: reset (gRPC Unavailable); outcome unknown: the server may have executed the write, in whole or in part, so check before you repeat it"},
		{&Error{GRPC: codes.Unimplemented, Endpoint: "h:4002"},
			"greptime: the request failed and the server gave no reason (gRPC Unimplemented, h:4002); is this GreptimeDB's gRPC port, which is 4001 by default?"},
		{&Error{Code: AuthHeaderNotFound, Message: "Not found http or grpc authorization header"},
			"greptime: Not found http or grpc authorization header (AuthHeaderNotFound 7003); the server requires a user: greptime://user:password@host"},
		{&Error{Endpoint: "h:1", cause: ErrTruncated},
			"greptime: the server ended the result before it was complete; rows may be missing, so run the query again (h:1)"},
		{&Error{}, "greptime: the request failed and the server gave no reason"},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("text is\n%s, want\n%s", got, test.want)
		}
	}
}

// The answer of the server names only the word.
func TestUpdateSaysWhatToDoInItsPlace(t *testing.T) {
	t.Parallel()
	e := callError(t.Context(), &transport.CallError{
		Status:  status.New(codes.Unimplemented, "SQL statement is not supported, keyword: UPDATE"),
		Trailer: metadata.Pairs(errCodeTrailer, "1001"), Sent: true,
	}, internalsession.Write{Kind: internalsession.AnyStatement})
	if !errors.Is(e, Unsupported) || e.Ambiguous || !strings.Contains(e.Error(), "insert the whole row") {
		t.Errorf("%v (Ambiguous %v), want the remedy, and that nothing was written", e, e.Ambiguous)
	}
}

func TestErrorWrapsItsCause(t *testing.T) {
	t.Parallel()
	var err error = &Error{Code: Cancelled, GRPC: codes.Canceled, cause: context.Canceled}
	if !errors.Is(err, context.Canceled) || !errors.Is(err, Cancelled) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v is not exactly context.Canceled and Cancelled", err)
	}
	if errors.Unwrap(&Error{Code: Cancelled}) != nil {
		t.Error("an error without a cause has one")
	}
	if got := status.Code(fmt.Errorf("wrapped: %w", err)); got != codes.Canceled {
		t.Errorf("gRPC code is %v", got)
	}
	if got := status.Code(&Error{cause: ErrTruncated}); got != codes.Unknown {
		t.Errorf("gRPC code of an error without one is %v", got)
	}
}

func TestCodesHaveNamesAndNumbers(t *testing.T) {
	t.Parallel()
	if len(codeNames) != 40 {
		t.Errorf("there are %d codes, want 40", len(codeNames))
	}
	for code, name := range codeNames {
		if code.String() != name || code.Error() != fmt.Sprintf("greptime: %s (%d)", name, uint32(code)) {
			t.Errorf("%d is %s, as an error %s", uint32(code), code, code.Error())
		}
	}
	if got := TableNotFound.Error(); got != "greptime: TableNotFound (4001)" {
		t.Errorf("TableNotFound as an error is %s", got)
	}
	if got := Code(4321); got.String() != "Code(4321)" || got.Error() != "greptime: unknown code (4321)" {
		t.Errorf("a code without a name is %s, as an error %s", got.String(), got.Error())
	}
}
