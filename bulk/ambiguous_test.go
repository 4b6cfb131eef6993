package bulk

import (
	"errors"
	"testing"

	"google.golang.org/grpc/codes"

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
