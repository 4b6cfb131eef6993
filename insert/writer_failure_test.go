package insert_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// Requests that provably were not carried out are repeated without being asked, those
// with an unknown outcome only if that does no harm.
func TestWriterRepeats(t *testing.T) {
	t.Parallel()
	failWith := func(code codes.Code, message string, errCode int) func(*wiretest.Call) error {
		return func(c *wiretest.Call) error { return c.Fail(code, message, errCode) }
	}
	fail := func(code codes.Code, errCode int) func(*wiretest.Call) error {
		return failWith(code, "not now", errCode)
	}
	drop := func(c *wiretest.Call) error { return wiretest.Drop()(c) }
	hang := func(c *wiretest.Call) error { return wiretest.Hang()(c) }
	for _, test := range []struct {
		name   string
		fail   func(*wiretest.Call) error
		always bool // repeated
		mayBe  bool // repeated with AtLeastOnce
	}{
		{"RateLimited", fail(codes.ResourceExhausted, int(greptime.RateLimited)), true, true},
		{"Suspended", fail(codes.ResourceExhausted, int(greptime.Suspended)), true, true},
		{"ResourceExhausted of a proxy", fail(codes.ResourceExhausted, 0), false, true},
		{"PermissionDenied of a proxy", fail(codes.PermissionDenied, 0), false, true},
		{"RegionBusy", fail(codes.ResourceExhausted, int(greptime.RegionBusy)), false, true},
		{"StorageUnavailable", fail(codes.Unavailable, int(greptime.StorageUnavailable)), false, true},
		{"Unavailable", fail(codes.Unavailable, 0), false, true},
		{"the connection drops", drop, false, true},
		{"no answer", hang, false, true},
		{"a request without its columns", failWith(codes.InvalidArgument, "Invalid InsertRequest, reason: column count mismatch, columns: 3, values: 4", int(greptime.InvalidArguments)), false, false},
		{"PermissionDenied", fail(codes.PermissionDenied, int(greptime.PermissionDenied)), false, false},
	} {
		for _, atLeastOnce := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, AtLeastOnce %v", test.name, atLeastOnce), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := startStore(t, failures(test.fail, test.fail), wiretest.InMemory())
					w := bufferedInMemory(t, s, insert.WriterOptions{
						Retry:   insert.Retry{MinBackoff: time.Millisecond, AtLeastOnce: atLeastOnce},
						Timeout: 10 * time.Second,
					})
					appendNumbers(t, w.Table("r", meters), 0, 5)
					err := w.Close(t.Context())
					if test.always || atLeastOnce && test.mayBe {
						if err != nil {
							t.Fatal(err)
						}
						if got := s.numbers(); !slices.Equal(got, count(0, 5)) {
							t.Fatalf("stored %v, want 0 to 4", got)
						}
						if got := w.Stats(); got.Retries != 2 || got.Acknowledged != 5 {
							t.Errorf("stats %+v, want 2 retries and 5 rows acknowledged", got)
						}
						return
					}
					list := undelivered(t, err)
					var e *greptime.Error
					if len(list) != 1 || len(metersIn(t, list[0].Table)) != 5 || !errors.As(list[0].Err, &e) || list[0].Attempts != 1 {
						t.Fatalf("given back: %v, want 5 rows in one table, after 1 attempt", list)
					}
					if list[0].Ambiguous != test.mayBe || e.Ambiguous != test.mayBe {
						t.Errorf("Ambiguous is %v and %v, want %v", list[0].Ambiguous, e.Ambiguous, test.mayBe)
					}
				})
			})
		}
	}
}

// The error of the last request does not deny what an earlier one may have written.
func TestTheErrorOfFailedRowsIsAmbiguousIfTheRowsAre(t *testing.T) {
	t.Parallel()
	drop := func(c *wiretest.Call) error { return wiretest.Drop()(c) }
	for _, code := range []greptime.Code{greptime.PermissionDenied, greptime.UserPasswordMismatch, greptime.TableNotFound, greptime.RateLimited} {
		synctest.Test(t, func(t *testing.T) {
			refuse := func(c *wiretest.Call) error { return c.Fail(codes.ResourceExhausted, "no", int(code)) }
			s := startStore(t, failures(append([]func(*wiretest.Call) error{drop}, slices.Repeat([]func(*wiretest.Call) error{refuse}, 100)...)...), wiretest.InMemory())
			w := bufferedInMemory(t, s, insert.WriterOptions{Retry: insert.Retry{For: 10 * time.Second, AtLeastOnce: true}})
			appendNumbers(t, w.Table("r", meters), 0, 5)
			list := undelivered(t, w.Close(t.Context()))
			var e *greptime.Error
			if !list[0].Ambiguous || !errors.As(list[0].Err, &e) || !errors.Is(e, code) || !e.Ambiguous {
				t.Errorf("%v: Ambiguous %v with the error %v, want both ambiguous", code, list[0].Ambiguous, list[0].Err)
			}
			if got, again := list[0].Attempts, code == greptime.RateLimited; again != (got > 2) {
				t.Errorf("%v: %d attempts", code, got)
			}
		})
	}
}

// Rows of a request that may have been executed stay ambiguous if they no longer fit one
// request, because the credentials have become longer.
func TestRowsOfARequestThatIsSplitStayAmbiguous(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		if _, err := c.Recv(); err != nil {
			return err
		}
		switch c.N {
		case 1:
			return wiretest.Drop()(c)
		case 2:
			return c.Respond(1)
		}
		return c.Fail(codes.PermissionDenied, "no", int(greptime.PermissionDenied))
	})
	cfg := parseDSN(t, s.DSN())
	cfg.MaxMessageSize = 800
	var asked atomic.Int32
	cfg.Credentials = func(context.Context) (string, string, error) {
		if asked.Add(1) == 1 {
			return "user", "password", nil
		}
		return "user", strings.Repeat("p", 400), nil
	}
	schema, err := insert.NewSchema(insert.Tag("host", insert.String), insert.Time("ts", insert.Second))
	if err != nil {
		t.Fatal(err)
	}
	w := bufferedOn(t, connWith(t, cfg), insert.WriterOptions{Retry: insert.Retry{MinBackoff: time.Millisecond, AtLeastOnce: true}})
	rows := schema.NewTable("r")
	for i := range 2 {
		if err := rows.Append(strings.Repeat("h", 150), i); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	list := undelivered(t, w.Close(t.Context()))
	var e *greptime.Error
	if len(list) != 1 || list[0].Table.Len() != 1 || !list[0].Ambiguous || !errors.As(list[0].Err, &e) || !e.Ambiguous {
		t.Errorf("given back: %+v, want the second row, ambiguous", list)
	}
}

// An error that is not the server's does not deny what an earlier request may have written.
func TestErrorOfCredentialsIsAmbiguousIfTheRowsAre(t *testing.T) {
	t.Parallel()
	s := startStore(t, failures(wiretest.Drop()))
	cfg := parseDSN(t, s.DSN())
	sealed := errors.New("the vault is sealed")
	var asked atomic.Int32
	cfg.Credentials = func(context.Context) (string, string, error) {
		if asked.Add(1) > 1 {
			return "", "", sealed
		}
		return "user", "password", nil
	}
	w := bufferedOn(t, connWith(t, cfg), insert.WriterOptions{Retry: insert.Retry{For: 50 * time.Millisecond, MinBackoff: time.Millisecond, AtLeastOnce: true}})
	appendNumbers(t, w.Table("r", meters), 0, 5)
	list := undelivered(t, w.Close(t.Context()))
	var e *greptime.Error
	if len(list) != 1 || !list[0].Ambiguous || !errors.As(list[0].Err, &e) || !e.Ambiguous || !errors.Is(list[0].Err, sealed) {
		t.Errorf("given back: %+v, want ambiguous rows with an ambiguous error", list)
	}
	if got := asked.Load(); got < 3 {
		t.Errorf("the credentials were asked for %d times, want attempts again", got)
	}
}

func TestWriterSurvivesAServerThatIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startStore(t, nil, wiretest.InMemory())
		w := bufferedInMemory(t, s, insert.WriterOptions{
			// The first request after the server went may find the connection still there.
			Retry:     insert.Retry{MinBackoff: 5 * time.Millisecond, MaxBackoff: 50 * time.Millisecond, AtLeastOnce: true},
			FlushRows: 10,
		})
		table := w.Table("r", meters)
		appendNumbers(t, table, 0, 100)
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Stop()
		restart := time.AfterFunc(30*time.Second, s.Restart)
		defer restart.Stop()
		appendNumbers(t, table, 100, 5000)
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.numbers(); !slices.Equal(got, count(0, 5000)) {
			t.Fatalf("%d rows stored, or not in their order, want 5000", len(got))
		}
		if got := w.Stats(); got.Retries == 0 {
			t.Errorf("stats %+v, want retries", got)
		}
	})
}

func TestWriterGivesUpAfterItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startStore(t, nil, wiretest.InMemory())
		s.Stop()
		given := make(chan insert.FailedRows, 1)
		w := bufferedInMemory(t, s, insert.WriterOptions{
			FlushRows: 5, Retry: insert.Retry{For: time.Hour},
			OnError: func(u insert.FailedRows) { given <- u },
		})
		began := time.Now()
		appendNumbers(t, w.Table("r", meters), 0, 5)
		u := <-given
		if d := time.Since(began); d > time.Hour || d < time.Hour-11*time.Second {
			t.Errorf("it gave up after %v, want an hour, or up to the longest pause less", d)
		}
		if u.Ambiguous || u.Attempts < 2 || u.Table.Len() != 5 {
			t.Errorf("given back: %d rows, ambiguous %v, %d attempts: %v; want 5 rows, not ambiguous, after 2 attempts or more", u.Table.Len(), u.Ambiguous, u.Attempts, u.Err)
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Errorf("Flush returned rows that OnError has: %v, want none", err)
		}
		if got := w.Stats(); got != (insert.WriterStats{Failed: 5, Retries: got.Retries}) {
			t.Errorf("stats %+v, want 5 rows failed", got)
		}

		if err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}

		// The rows are the caller's, and can be written again.
		s.Restart()
		again := bufferedInMemory(t, s, insert.WriterOptions{})
		if err := again.Write(t.Context(), u.Table); err != nil {
			t.Fatal(err)
		}
		if err := again.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.numbers(); !slices.Equal(got, count(0, 5)) {
			t.Fatalf("stored %v, want 0 to 4", got)
		}
	})
}

func TestWriterOnErrorMayWriteAgain(t *testing.T) {
	t.Parallel()
	s := startStore(t, failures(func(c *wiretest.Call) error {
		return c.Fail(codes.InvalidArgument, "no", int(greptime.InvalidArguments))
	}))
	var w *insert.Writer
	w = buffered(t, s.DSN(), insert.WriterOptions{OnError: func(u insert.FailedRows) {
		if err := w.Write(t.Context(), u.Table); err != nil {
			t.Error(err)
		}
	}})
	appendNumbers(t, w.Table("r", meters), 0, 5)
	for range 2 {
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.numbers(); !slices.Equal(got, count(0, 5)) {
		t.Fatalf("stored %v, want 0 to 4", got)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestWriterRepeatsWhenCredentialsCannotBeHad(t *testing.T) {
	t.Parallel()
	s := startStore(t, nil)
	cfg, err := greptime.ParseDSN(s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	cfg.Credentials = func(context.Context) (string, string, error) {
		if asked.Add(1) < 3 {
			return "", "", errors.New("the vault is sealed")
		}
		return "user", "password", nil
	}
	w, err := insert.NewWriter(connWith(t, cfg), insert.WriterOptions{Retry: insert.Retry{MinBackoff: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	appendNumbers(t, w.Table("r", meters), 0, 5)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.numbers(); !slices.Equal(got, count(0, 5)) {
		t.Fatalf("stored %v, want 0 to 4", got)
	}
}

func TestWriterTablesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := startStore(t, func(c *wiretest.Call, rows []meter) (bool, error) {
			if rows[0].table == "slow" {
				return false, wiretest.Block(release)(c)
			}
			if rows[0].table == "wrong" {
				return true, c.Fail(codes.InvalidArgument, "no such column", int(greptime.InvalidArguments))
			}
			return false, nil
		}, wiretest.InMemory())
		w := bufferedInMemory(t, s, insert.WriterOptions{FlushRows: 1})
		for _, name := range []string{"slow", "wrong", "r"} {
			appendNumbers(t, w.Table(name, meters), 0, 1)
		}
		synctest.Wait()
		if n := len(s.numbers()); n != 1 {
			t.Errorf("%d rows are stored while another table waits, want 1", n)
		}
		close(release)
		list := undelivered(t, w.Close(t.Context()))
		if len(list) != 1 || list[0].Table.Name() != "wrong" || !errors.Is(list[0].Err, greptime.InvalidArguments) {
			t.Errorf("given back: %v, want the table wrong with %v", list, greptime.InvalidArguments)
		}
	})
}

func TestWriterRefusesWrongRows(t *testing.T) {
	t.Parallel()
	s := startStore(t, nil)
	w := buffered(t, s.DSN(), insert.WriterOptions{})
	var value *insert.ValueError
	if err := w.Table("r", meters).Append(t.Context(), "a", "not a number", time.Now()); !errors.As(err, &value) || value.Column != "n" {
		t.Errorf("wrong value: %v, want a ValueError of column n", err)
	}
	if err := w.Table("r", nil).Append(t.Context(), "a"); err == nil {
		t.Error("no schema: no error")
	}
	if err := w.Write(t.Context(), insert.NewTable("r")); err == nil {
		t.Error("a table with an error: no error")
	}
	if err := w.Write(t.Context(), meters.NewTable("r")); !errors.Is(err, insert.ErrNoRows) {
		t.Errorf("no rows: %v, want %v", err, insert.ErrNoRows)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := s.Calls(""); n != 0 {
		t.Errorf("%d calls, want none", n)
	}
}

func TestWriterCloseReturnsWhatIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) { return true, wiretest.Hang()(c) }, wiretest.InMemory())
		reported := false
		w := bufferedInMemory(t, s, insert.WriterOptions{
			FlushRows: 10, FlushBytes: 4 << 20, MaxBytes: 1 << 20,
			OnError: func(insert.FailedRows) { reported = true },
		})
		table := w.Table("r", meters)
		appendNumbers(t, table, 0, 10)
		synctest.Wait()
		if n := s.Calls(""); n != 1 {
			t.Fatalf("%d requests, want 1", n)
		}
		appendNumbers(t, table, 10, 30)

		// One waits for room.
		big := metersTable(t, 100, 20_100)
		if err := w.Write(t.Context(), big); err != nil {
			t.Fatal(err)
		}
		blocked := make(chan error, 1)
		go func() { blocked <- w.Write(context.Background(), big) }()
		synctest.Wait()
		if n := w.Waiting(); n != 1 {
			t.Fatalf("%d calls wait, want 1", n)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		err := w.Close(ctx)
		if d := time.Since(began); d != 10*time.Second {
			t.Errorf("Close took %v, want as long as its context, 10s", d)
		}
		if got := <-blocked; !errors.Is(got, insert.ErrClosed) {
			t.Errorf("who waited for room got %v, want %v", got, insert.ErrClosed)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v, want %v", err, context.DeadlineExceeded)
		}
		got := map[bool]int{}
		for _, u := range undelivered(t, err) {
			got[u.Ambiguous] += u.Table.Len()
			if !errors.Is(u.Err, context.DeadlineExceeded) {
				t.Errorf("%d rows: %v, want %v", u.Table.Len(), u.Err, context.DeadlineExceeded)
			}
		}
		if got[true] != 10 || got[false] != 20_020 {
			t.Errorf("ambiguous %d rows, not sent %d; want 10 and 20020", got[true], got[false])
		}
		if reported {
			t.Error("OnError was called, too")
		}
		if got := w.Stats(); got.Pending != 0 || got.PendingBytes != 0 {
			t.Errorf("stats after Close: %+v, want nothing pending", got)
		}
		if err := table.Append(t.Context(), "a", 1, time.Now()); !errors.Is(err, insert.ErrClosed) {
			t.Errorf("Append after Close: %v, want %v", err, insert.ErrClosed)
		}
		if err := errors.Join(w.Flush(t.Context()), w.Close(t.Context())); err != nil {
			t.Errorf("Flush and Close after Close: %v, want no error", err)
		}
	})
}

func TestWriterFlushEndsWithItsContext(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) {
		return false, wiretest.Block(release)(c)
	})
	w := buffered(t, s.DSN(), insert.WriterOptions{})
	appendNumbers(t, w.Table("r", meters), 0, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := w.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Flush: %v, want %v", err, context.DeadlineExceeded)
	}
	close(release)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.numbers(); !slices.Equal(got, count(0, 3)) {
		t.Fatalf("stored %v, want 0 to 2", got)
	}
}

func TestWriterAfterTheConnectorIsClosed(t *testing.T) {
	t.Parallel()
	s := startStore(t, nil)
	conn, connector := openConnector(t, parseDSN(t, s.DSN()))
	w := bufferedOn(t, conn, insert.WriterOptions{})
	conn.Close() // the connection is not needed any more
	appendNumbers(t, w.Table("r", meters), 0, 3)
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	appendNumbers(t, w.Table("r", meters), 3, 5)
	connector.Close()
	list := undelivered(t, w.Close(t.Context()))
	if len(list) != 1 || !errors.Is(list[0].Err, greptime.ErrClosed) || list[0].Ambiguous {
		t.Errorf("given back: %v, want one table with %v, not ambiguous", list, greptime.ErrClosed)
	}
	if _, err := insert.NewWriter(conn, insert.WriterOptions{}); !errors.Is(err, greptime.ErrClosed) {
		t.Errorf("NewWriter on a closed connection: %v, want %v", err, greptime.ErrClosed)
	}
}

// A request is shared out over several if it is too long, and what fails is only the
// part that was sent.
func TestWriterKeepsToTheMessageSize(t *testing.T) {
	t.Parallel()
	s := startStore(t, nil)
	cfg, err := greptime.ParseDSN(s.DSN("max_message_size=4KiB"))
	if err != nil {
		t.Fatal(err)
	}
	// So long a header that half of the limit is too much for the rows.
	cfg.User, cfg.Password = "u", greptime.NewSecret(strings.Repeat("p", 3000))
	w, err := insert.NewWriter(connWith(t, cfg), insert.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	table := w.Table("r", meters)
	appendNumbers(t, table, 0, 300)
	if err := table.Append(t.Context(), strings.Repeat("long", 1024), 0, time.Now()); err != nil {
		t.Fatal(err)
	}
	appendNumbers(t, table, 301, 600)
	list := undelivered(t, w.Close(t.Context()))
	var value *insert.ValueError
	if len(list) != 1 || list[0].Table.Len() != 1 || !errors.As(list[0].Err, &value) || list[0].Ambiguous {
		t.Errorf("given back: %v, want the row that is too long, not ambiguous", list)
	}
	if got := w.Stats(); got.Acknowledged != 599 || got.PendingBytes != 0 || got.Pending != 0 {
		t.Errorf("stats %+v, want 599 acknowledged, nothing pending", got)
	}
	// Nothing longer could have been sent.
	if got := s.numbers(); !slices.Equal(got, append(count(0, 300), count(301, 600)...)) {
		t.Errorf("stored %v, want 0 to 599 without 300", got)
	}
}

// The rows that are given back are those that were appended, byte by byte.
func TestWriterGivesBackTheSameRows(t *testing.T) {
	t.Parallel()
	var sent bytes.Buffer
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		b, err := c.Recv()
		if err != nil {
			return err
		}
		sent.Write(b)
		if c.N == 1 {
			return c.Fail(codes.InvalidArgument, "no", int(greptime.InvalidArguments))
		}
		return c.Respond(3)
	})
	conn := connTo(t, s.DSN())
	w, err := insert.NewWriter(conn, insert.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	appendNumbers(t, w.Table("r", meters), 0, 3)
	list := undelivered(t, w.Close(t.Context()))
	first := bytes.Clone(sent.Bytes())
	sent.Reset()
	if _, err := insert.Write(t.Context(), conn, list[0].Table); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, sent.Bytes()) {
		t.Errorf("first sent\n%x\nthen\n%x, want the same", first, sent.Bytes())
	}
}

func TestWriterOptionsAreChecked(t *testing.T) {
	t.Parallel()
	conn := connTo(t, "greptime://127.0.0.1:1")
	for _, o := range []insert.WriterOptions{
		{FlushRows: -1}, {FlushBytes: -1}, {FlushInterval: -1}, {MaxBytes: -1}, {InFlight: -1},
		{Timeout: -1}, {Retry: insert.Retry{MinBackoff: -1}}, {Retry: insert.Retry{MaxBackoff: -1}},
		{Options: insert.Options{AtLeastOnce: true}}, // it is said in Retry
		{Options: insert.Options{AppendMode: true, MergeMode: insert.LastRow}},
	} {
		if _, err := insert.NewWriter(conn, o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	if _, err := insert.NewWriter(nil, insert.WriterOptions{}); err == nil {
		t.Error("no connection: no error")
	}
}

func TestWriterLeavesNoGoroutine(t *testing.T) {
	s := startStore(t, func(c *wiretest.Call, rows []meter) (bool, error) {
		if rows[0].table == "hangs" {
			return true, wiretest.Hang()(c)
		}
		return false, nil
	})
	conn := connTo(t, s.DSN())
	if _, err := insert.Write(t.Context(), conn, func() *insert.Table {
		table := meters.NewTable("r")
		if err := table.Append("a", 0, time.Now()); err != nil {
			t.Fatal(err)
		}
		return table
	}()); err != nil {
		t.Fatal(err) // so that the connection stands
	}
	before := goleak.IgnoreCurrent()
	w, err := insert.NewWriter(conn, insert.WriterOptions{FlushRows: 1})
	if err != nil {
		t.Fatal(err)
	}
	appendNumbers(t, w.Table("r", meters), 0, 100)
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before) // none without rows

	appendNumbers(t, w.Table("hangs", meters), 0, 100)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	undelivered(t, w.Close(ctx))
	s.WaitFor("the handler to end", func() bool { return s.OpenStreams() == 0 })
	goleak.VerifyNone(t, before)
}

// A refusal that is no code of GreptimeDB, but will be the same again, is not repeated, even
// if an earlier request may have written the rows.
func TestWriterDoesNotRepeatPermanentRefusals(t *testing.T) {
	t.Parallel()
	for code, message := range map[codes.Code]string{
		codes.Unimplemented:   "unknown service greptime.v1.GreptimeDatabase",
		codes.OutOfRange:      "Error, decoded message length too large: found 9 bytes, the limit is: 8 bytes",
		codes.Unauthenticated: "auth failed",
	} {
		synctest.Test(t, func(t *testing.T) {
			refuse := func(c *wiretest.Call) error { return c.Fail(code, message, 0) }
			drop := func(c *wiretest.Call) error { return wiretest.Drop()(c) }
			s := startStore(t, failures(drop, refuse, refuse), wiretest.InMemory())
			w := bufferedInMemory(t, s, insert.WriterOptions{Retry: insert.Retry{MinBackoff: time.Millisecond, AtLeastOnce: true}})
			appendNumbers(t, w.Table("r", meters), 0, 5)
			list := undelivered(t, w.Close(t.Context()))
			if len(list) != 1 || list[0].Attempts != 2 || !list[0].Ambiguous {
				t.Errorf("%v: given back %v, want ambiguous rows after 2 attempts", code, list)
			}
		})
	}
}
