package greptime_test

import (
	"errors"
	"testing"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// isAmbiguous returns the Ambiguous of err, and fails the test if err is no *greptime.Error.
func isAmbiguous(t *testing.T, err error) bool {
	t.Helper()
	var e *greptime.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want a *greptime.Error", err)
	}
	return e.Ambiguous
}

// An answer about a value of one row leaves open whether the other rows were written: the
// INSERT is not sent again, and its error says so.
func TestNativeInsertIsNotRepeatedAfterAPartMayBeWritten(t *testing.T) {
	t.Parallel()
	for _, message := range []string{
		"Partition time range for timestamp 9223372036854775807::Nanosecond is out of bound",
		"Invalid request to region 1(1, 0), reason: column v is not null but input has null",
		"a message of another version",
	} {
		s := newTableServer(t)
		db := openServer(t, s.Server)
		s.know(t, db)
		s.answerNative(refuse(codes.InvalidArgument, message, 1004))
		_, err := db.ExecContext(t.Context(), manyRows("INSERT INTO t (host, ts) VALUES ", "('a', 1)", 16))
		if !isAmbiguous(t, err) {
			t.Errorf("%s: %v", message, err)
		}
		if got := s.ways(); got != "native" {
			t.Errorf("%s: went %s", message, got)
		}
		// What is known of the columns may have been the cause.
		s.answerNative(nil)
		exec(t, db, manyRows("INSERT INTO t (host, ts) VALUES ", "('a', 1)", 16))
		if got := s.ways(); got != "columns, native" {
			t.Errorf("%s: then went %s", message, got)
		}
	}
}

// Columns that are out of date heal by the text if the table has one region, which is
// asked only then; with several, rows of another region may be written.
func TestStaleColumnsHealInOneRegion(t *testing.T) {
	t.Parallel()
	for regions, want := range map[int]string{1: "native, regions, text", 2: "native, regions"} {
		s := newTableServer(t)
		s.extra = regions - 1
		db := openServer(t, s.Server)
		s.know(t, db)
		s.answerNative(refuse(codes.InvalidArgument, `Invalid request to region 1(1, 0), reason: unknown columns: ["host"]`, 1004))
		_, err := db.ExecContext(t.Context(), manyRows("INSERT INTO t (host, ts) VALUES ", "('a', 1)", 16))
		if regions == 1 && err != nil || regions > 1 && !isAmbiguous(t, err) {
			t.Errorf("%d regions: %v", regions, err)
		}
		if got := s.ways(); got != want {
			t.Errorf("%d regions: went %s, want %s", regions, got, want)
		}
	}
}

// INSERT … SELECT may have written rows before it fails at another.
func TestInsertSelectThatFailsIsAmbiguous(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server)
	s.answerText(func(c *wiretest.Call) error { return c.Fail(codes.InvalidArgument, "Timestamp out of range", 1004) })
	for text, want := range map[string]bool{
		"INSERT INTO t SELECT * FROM s":                             true,
		"INSERT INTO t (ts) VALUES (1), (2) UNION SELECT ts FROM s": true,
		"INSERT INTO t (ts) VALUES (1), (2)":                        true,
		"INSERT INTO t (ts) VALUES (1)":                             false,
		"DELETE FROM t WHERE ts > 1":                                true,
		"COPY t FROM '/f'":                                          true,
	} {
		_, err := db.ExecContext(t.Context(), text)
		if isAmbiguous(t, err) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A stream that is reset after the rows were written is no refusal, whatever grpc-go
// makes of the reset.
func TestAResetIsNoRefusal(t *testing.T) {
	t.Parallel()
	for _, code := range []wiretest.ResetCode{0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13} {
		s := newTableServer(t)
		db := openServer(t, s.Server)
		s.know(t, db)
		s.answerNative(func(c *wiretest.Call, _ *greptimev1.GreptimeRequest) error { return c.Reset(code) })
		_, err := db.ExecContext(t.Context(), "INSERT INTO t (host, ts) VALUES ('a', 1)")
		if !isAmbiguous(t, err) {
			t.Errorf("reset with %d: %v", code, err)
		}
		if got := s.ways(); got != "native" {
			t.Errorf("reset with %d: went %s", code, got)
		}
	}
}

// What was executed of a text of several statements makes its error ambiguous: the text
// must not be sent again.
func TestAScriptOfWhichAWriteWasExecutedIsAmbiguous(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server, "multi_statements=true")
	n := 0
	s.answerText(func(c *wiretest.Call) error {
		if n++; n%2 == 1 {
			return wiretest.Replay(captures.DoGetByName("insert_two_rows"))(c)
		}
		return c.Fail(codes.InvalidArgument, "Invalid SQL syntax: x", 2000)
	})
	_, err := db.ExecContext(t.Context(), "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)")
	if !isAmbiguous(t, err) {
		t.Error(err)
	}
	_, err = db.QueryContext(t.Context(), "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)")
	if !isAmbiguous(t, err) {
		t.Error(err)
	}
}
