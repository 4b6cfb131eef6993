package bulk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// A batch that the server refuses may be written in part, unless its answer proves that
// it is not.
func TestARefusedBatchMayBeWrittenInPart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code    codes.Code
		message string
		errCode int
		rows    int
		want    bool
	}{
		{codes.Internal, "Failed to create RecordBatch from vectors: Invalid argument error: Column 'v' is declared as non-nullable but contains null values", 1002, 2, true},
		{codes.InvalidArgument, "Invalid request to region 1(1, 0), reason: column v is not null but input has null", 1004, 2, true},
		{codes.InvalidArgument, "Invalid request to region 1(1, 0), reason: column v is not null but input has null", 1004, 1, false},
		{codes.InvalidArgument, "Partition time range for timestamp 9223372036854775807::Nanosecond is out of bound", 1004, 2, true},
		{codes.NotFound, "Table not found: greptime.public.t", 4001, 2, false},
		{codes.PermissionDenied, "User is not authorized to perform this action", 7006, 2, false},
		{codes.ResourceExhausted, "stream terminated by RST_STREAM with error code: ENHANCE_YOUR_CALM", 0, 1, true},
		{codes.PermissionDenied, "stream terminated by RST_STREAM with error code: INADEQUATE_SECURITY", 0, 1, true},
	} {
		s := putServer(t, script(map[int64]func(*putCall, received) error{
			1: func(c *putCall, _ received) error { return c.Fail(test.code, test.message, test.errCode) },
		}))
		w := openWriter(t, s.DSN(), Options{Streams: 1})
		_, err := w.Write(short(t), fill(t, w.NewBatch(test.rows), 0, test.rows))
		var e *WriteError
		if !errors.As(err, &e) || e.Failed[0].Ambiguous != test.want {
			t.Errorf("%d rows, %q: %v, want Ambiguous %v", test.rows, test.message, err, test.want)
		}
	}
}

// A stream that is reset says nothing about the batches in flight.
func TestAResetLeavesBatchesOpen(t *testing.T) {
	t.Parallel()
	for _, code := range []wiretest.ResetCode{0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13} {
		s := putServer(t, script(map[int64]func(*putCall, received) error{
			1: func(c *putCall, _ received) error { return c.Reset(code) },
		}))
		w := openWriter(t, s.DSN(), Options{Streams: 1})
		_, err := w.Write(short(t), fill(t, w.NewBatch(1), 0, 1))
		var e *WriteError
		if !errors.As(err, &e) || !e.Failed[0].Ambiguous {
			t.Errorf("reset with %d: %v, want an ambiguous failure", code, err)
		}
	}
}

// The error of the last attempt does not deny what an earlier one may have written.
func TestTheErrorOfABatchIsAmbiguousIfTheBatchIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		then func(*wiretest.Call) error // after a stream that was reset
	}{
		{"no stream is opened", func(c *wiretest.Call) error {
			return c.Fail(codes.PermissionDenied, "User is not authorized to perform this action", int(greptime.PermissionDenied))
		}},
		{"the batch is refused", script(map[int64]func(*putCall, received) error{
			1: func(c *putCall, _ received) error {
				return c.Fail(codes.InvalidArgument, "Failed to find schema, schema info: x", int(greptime.InvalidArguments))
			},
		})},
	} {
		var streams atomic.Int64
		s := putServer(t, func(c *wiretest.Call) error {
			if streams.Add(1) > 1 {
				return test.then(c)
			}
			return script(map[int64]func(*putCall, received) error{
				1: func(c *putCall, _ received) error { return c.Reset(wiretest.ResetInternal) },
			})(c)
		})
		w := openWriter(t, s.DSN(), Options{Streams: 1, Retry: insert.Retry{MinBackoff: time.Millisecond, AtLeastOnce: true}})
		_, err := w.Write(short(t), fill(t, w.NewBatch(1), 0, 1))
		var failed *WriteError
		var e *greptime.Error
		if !errors.As(err, &failed) || !failed.Failed[0].Ambiguous || !errors.As(failed.Failed[0].Err, &e) || !e.Ambiguous {
			t.Errorf("%s: %v, want a failure whose error is ambiguous, too", test.name, err)
		}
	}
}

// Who asks a WriteError whether the call may be made again asks about all batches.
func TestWriteErrorIsAmbiguousIfAnyBatchIs(t *testing.T) {
	t.Parallel()
	refused, lost := &greptime.Error{Message: "refused"}, &greptime.Error{Message: "lost", Ambiguous: true}
	err := &WriteError{Failed: []FailedBatch{{ID: 1, Err: refused}, {ID: 2, Err: lost, Ambiguous: true}, {ID: 3, Err: refused}}}
	var e *greptime.Error
	if !errors.As(err, &e) || e.SafeToRetry() {
		t.Errorf("errors.As finds %v, want the ambiguous error", e)
	}
	if got := err.Unwrap(); len(got) != 2 {
		t.Errorf("Unwrap returns %v, want each reason once", got)
	}
}

// Of a stream that ended here, only the batches that were sent may be written.
func TestABatchThatWasNotSentHasNoAmbiguousError(t *testing.T) {
	t.Parallel()
	l := &lane{writer: &Writer{}}
	outcomeOf, _ := l.classify(&stream{closing: &greptime.Error{Message: "the stream broke", Ambiguous: true}})
	for _, sent := range []bool{true, false} {
		o := outcomeOf(&Pending{sent: sent}, false)
		var e *greptime.Error
		if o.ambiguous != sent || !errors.As(o.err, &e) || e.Ambiguous != sent {
			t.Errorf("sent %t: ambiguous %t with the error %v", sent, o.ambiguous, o.err)
		}
	}
}

// A refusal without a text is explained whether the batch was sent or not.
func TestARefusalWithoutATextIsExplained(t *testing.T) {
	t.Parallel()
	w := &Writer{table: &catalog.Table{Name: "t"}}
	layoutOfTable := new(layout)
	w.layout.Store(layoutOfTable)
	refusal := &greptime.Error{Message: "Execute gRPC request error", GRPC: codes.Unknown, Ambiguous: true}
	outcomeOf, _ := (&lane{writer: w}).classify(&stream{layout: layoutOfTable, refusal: refusal, failure: refusal})
	for _, sent := range []bool{true, false} {
		o := outcomeOf(&Pending{sent: sent}, true)
		var e *greptime.Error
		if !strings.Contains(o.err.Error(), "Possible causes: ") || !errors.As(o.err, &e) || e.Ambiguous != sent {
			t.Errorf("sent %t: %v", sent, o.err)
		}
	}
}

// Batches that end together have one reason, which is ambiguous for some of them alone.
func TestDoubtStaysWithItsBatch(t *testing.T) {
	t.Parallel()
	server := &greptime.Error{Message: "Table not found", Code: greptime.TableNotFound}
	for _, shared := range []error{server, fmt.Errorf("%w: %w", ErrTableChanged, server)} {
		doubtful := inDoubt(shared)
		var e *greptime.Error
		if !errors.As(doubtful, &e) || !e.Ambiguous {
			t.Errorf("%v became %v, ambiguous %t", shared, doubtful, e.Ambiguous)
		}
		if errors.Is(shared, ErrTableChanged) != errors.Is(doubtful, ErrTableChanged) || !errors.Is(doubtful, greptime.TableNotFound) {
			t.Errorf("%v lost what it is", doubtful)
		}
		if server.Ambiguous {
			t.Error("the error of the other batches is ambiguous, too")
		}
	}
	if err := error(&greptime.Error{Ambiguous: true}); inDoubt(err) != err {
		t.Errorf("%v became another error", err)
	}
}

// The errors of all ambiguous batches say so, also those that are no errors of the server: among
// several batches, errors.As finds such an error before one that proves that nothing was written.
func TestErrorsOfTheWriterItselfAreAmbiguous(t *testing.T) {
	t.Parallel()
	refused := FailedBatch{ID: 1, Err: &greptime.Error{Message: "busy", Code: greptime.RateLimited}}
	for _, cause := range []error{ErrTimeout, ErrUnanswered, ErrAckLost, fmt.Errorf("Close could not wait: %w", context.DeadlineExceeded)} {
		err := inDoubt(cause)
		for _, err := range []error{err, &WriteError{Failed: []FailedBatch{refused, {ID: 2, Ambiguous: true, Err: err}}}} {
			var e *greptime.Error
			if !errors.As(err, &e) || !e.Ambiguous || e.SafeToRetry() {
				t.Errorf("%v: %v is not ambiguous", cause, err)
			}
			if !errors.Is(err, errors.Unwrap(cause)) && !errors.Is(err, cause) {
				t.Errorf("%v lost what it is", err)
			}
		}
		if err.Error() != cause.Error() {
			t.Errorf("%v became %v", cause, err)
		}
	}
}
