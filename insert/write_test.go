package insert_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestWriteSendsTheRowsOfAllTablesInOneRequest(t *testing.T) {
	t.Parallel()
	var got requests
	s := wiretest.Start(t, got.accept)
	conn := connTo(t, strings.Replace(s.DSN("timezone=Asia/Shanghai"), "://", "://alice:secret@", 1))
	schema := sensors(t).Schema()
	first, empty, second := fill(t, schema.NewTable("first"), 3), schema.NewTable("empty"), fill(t, schema.NewTable("second"), 2000)
	n, err := insert.Write(t.Context(), conn, first, empty, second)
	if err != nil || n != 2003 {
		t.Fatalf("rows %d, %v; want 2003", n, err)
	}
	all := got.all()
	if len(all) != 1 {
		t.Fatalf("%d requests, want 1", len(all))
	}
	h := all[0].Header
	if h.Dbname != "public" || h.Timezone != "Asia/Shanghai" || h.Authorization.GetBasic().GetUsername() != "alice" || h.Authorization.GetBasic().GetPassword() != "secret" {
		t.Errorf("header %v, want alice in public, with Asia/Shanghai", h)
	}
	tables := all[0].GetRowInserts().Inserts
	if len(tables) != 2 || tables[0].TableName != "first" || tables[1].TableName != "second" || len(tables[1].Rows.Rows) != 2000 {
		t.Errorf("%d tables, want first, and second with 2000 rows", len(tables))
	}
	if again, err := insert.Write(t.Context(), conn, first); err != nil || again != 3 {
		t.Errorf("the same rows again: %d, %v; want 3", again, err)
	}
	if s.Calls(wiretest.MethodHandle) != 2 || s.Calls("") != 2 {
		t.Errorf("%d calls, want 2", s.Calls(""))
	}
}

func TestDeleteSendsKeys(t *testing.T) {
	t.Parallel()
	var got requests
	s := wiretest.Start(t, got.accept)
	keys := insert.NewTable("t", insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond))
	if err := keys.Append("a", moment); err != nil {
		t.Fatal(err)
	}
	n, err := insert.Delete(t.Context(), connTo(t, s.DSN()), keys)
	if err != nil || n != 1 || got.all()[0].GetRowDeletes().GetDeletes()[0].TableName != "t" {
		t.Errorf("rows %d, %v, %v; want one deleted in t", n, err, got.all())
	}
}

func TestUseOfTheConnectionCounts(t *testing.T) {
	t.Parallel()
	var got requests
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		if c.Method == wiretest.MethodHandle {
			return got.accept(c)
		}
		return wiretest.Replay(captures.DoGetByName("show_databases"))(c)
	})
	cfg, err := greptime.ParseDSN(s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database = "my-db"
	cfg.Credentials = func(context.Context) (string, string, error) { return "carol", "token", nil }
	conn := connWith(t, cfg)
	if _, err := insert.Write(t.Context(), conn, fill(t, sensors(t), 1)); err != nil {
		t.Fatal(err)
	}
	if h := got.all()[0].Header; h.Dbname != "greptime-my-db" || h.Authorization.GetBasic().GetUsername() != "carol" {
		t.Errorf("header %v, want carol in greptime-my-db", h)
	}
}

// Nothing is sent when there is nothing to send, or what there is has an error.
func TestNothingIsSent(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, new(requests).accept)
	conn := connTo(t, s.DSN())
	good := fill(t, sensors(t), 1)
	for _, test := range []struct {
		name string
		run  func() (int64, error)
		want string
	}{
		{"no table", func() (int64, error) { return insert.Write(t.Context(), conn) }, "there are no rows"},
		{"no rows", func() (int64, error) { return insert.Write(t.Context(), conn, sensors(t)) }, `there are no rows in table "sensor_data"`},
		{"no keys", func() (int64, error) { return insert.Delete(t.Context(), conn, sensors(t)) }, "there are no rows"},
		{"nil table", func() (int64, error) { return insert.Write(t.Context(), conn, good, nil) }, "the table is nil"},
		{"bad columns", func() (int64, error) {
			return insert.Write(t.Context(), conn, good, insert.NewTable("x", insert.Tag("a", insert.String)))
		}, "no time index"},
		{"nil connection", func() (int64, error) { return insert.Write(t.Context(), nil, good) }, "the connection is nil"},
		{"hints that contradict", func() (int64, error) {
			return insert.Options{AppendMode: true, MergeMode: insert.LastRow}.Write(t.Context(), conn, good)
		}, "leave out one"},
		{"a hint twice", func() (int64, error) {
			return insert.Options{TTL: "7d", Hints: map[string]string{"ttl": "8d"}}.Write(t.Context(), conn, good)
		}, "ttl is in Hints and also set"},
		{"merge mode", func() (int64, error) { return insert.Options{MergeMode: "last"}.Write(t.Context(), conn, good) }, "insert.LastNonNull"},
		{"hint with a comma", func() (int64, error) {
			return insert.Options{TTL: "7d,append_mode=true"}.Write(t.Context(), conn, good)
		}, "without ','"},
		{"name that is not UTF-8", func() (int64, error) {
			return insert.Write(t.Context(), conn, good, good.Schema().NewTable("\xff"))
		}, "UTF-8"},
		{"structs", func() (int64, error) {
			return insert.WriteStructs(t.Context(), conn, "t", []reading{{At: time.Time{}, Price: "x"}})
		}, "not a decimal"},
		{"no structs", func() (int64, error) { return insert.WriteStructs[reading](t.Context(), conn, "t", nil) }, "there are no rows"},
	} {
		n, err := test.run()
		if n != 0 || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %d, %v, want %q", test.name, n, err, test.want)
		}
	}
	if s.Calls("") != 0 {
		t.Errorf("%d calls were made, want none", s.Calls(""))
	}
	if _, err := insert.Write(t.Context(), conn, sensors(t)); !errors.Is(err, insert.ErrNoRows) {
		t.Errorf("%v is not ErrNoRows", err)
	}
	conn.Close()
	if _, err := insert.Write(t.Context(), conn, good); !errors.Is(err, greptime.ErrClosed) {
		t.Errorf("after Close: %v, want %v", err, greptime.ErrClosed)
	}
}

func TestHintsOfOptionsWinOverThoseOfTheDSN(t *testing.T) {
	t.Parallel()
	var got requests
	s := wiretest.Start(t, got.accept)
	conn := connTo(t, s.DSN("hints=ttl%3D1d,comment%3Dx"))
	table := fill(t, sensors(t), 1)
	for _, o := range []insert.Options{
		{},
		{TTL: "7d", AppendMode: true, SkipWAL: true, ExistingOnly: true},
		{MergeMode: insert.LastNonNull, PhysicalTable: "metrics", Hints: map[string]string{"comment": "y", "sst_format": "flat"}},
	} {
		if _, err := o.Write(t.Context(), conn, table); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{
		"comment=x,ttl=1d",
		"append_mode=true,auto_create_table=false,comment=x,skip_wal=true,ttl=7d",
		"comment=y,merge_mode=last_non_null,physical_table=metrics,sst_format=flat,ttl=1d",
	} {
		if sent := strings.Join(got.meta[i]["x-greptime-hints"], ";"); sent != want {
			t.Errorf("hints %q, want %q", sent, want)
		}
	}
}

// Requests are split at rows, as full as they can be, and nothing is lost or doubled.
func TestLargeTablesAreSplitBelowTheMessageLimit(t *testing.T) {
	t.Parallel()
	const limit = 4096
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 50 {
		var tables []*insert.Table
		want := map[string][]string{}
		for k := range 1 + random.IntN(4) {
			table := sensors(t).Schema().NewTable(fmt.Sprint("table", k))
			for i := range random.IntN(200) {
				device := fmt.Sprint(k, "-", i, strings.Repeat("x", random.IntN(1<<random.IntN(11))))
				if err := table.Append(device, 1.5, moment); err != nil {
					t.Fatal(err)
				}
				want[table.Name()] = append(want[table.Name()], device)
			}
			tables = append(tables, table)
		}
		encoded, err := insert.EncodeForTest([]byte("\x22\x06public"), false, limit, tables...)
		if len(want) == 0 {
			if !errors.Is(err, insert.ErrNoRows) {
				t.Errorf("error %v, want %v", err, insert.ErrNoRows)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]string{}
		for i, b := range encoded {
			if len(b) > limit || i < len(encoded)-1 && len(b) < limit/4 {
				t.Errorf("round %d: request %d of %d has %d bytes, want at most %d, and at least a quarter of that", round, i, len(encoded), len(b), limit)
			}
			var req greptimev1.GreptimeRequest
			if err := proto.Unmarshal(b, &req); err != nil {
				t.Fatal(err)
			}
			for _, in := range req.GetRowInserts().GetInserts() {
				for _, row := range in.Rows.Rows {
					got[in.TableName] = append(got[in.TableName], row.Values[0].GetStringValue())
				}
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("round %d: what was sent differs", round)
		}
	}
}

func TestARowLongerThanAMessage(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, new(requests).accept)
	conn := connTo(t, s.DSN("max_message_size=64KiB"))
	table := fill(t, sensors(t), 3)
	if err := table.Append(strings.Repeat("x", 70_000), 1.5, moment); err != nil {
		t.Fatal(err)
	}
	_, err := insert.Write(t.Context(), conn, table)
	wantValueError(t, err, "", 3, "raise max_message_size")
	if s.Calls("") != 0 {
		t.Error("something was sent")
	}
}

func TestSeveralRequestsAndAFailure(t *testing.T) {
	t.Parallel()
	calls := 0
	var got requests
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		if calls++; calls == 3 {
			return c.Fail(codes.InvalidArgument, "no", 1004)
		}
		return got.accept(c)
	})
	conn := connTo(t, s.DSN("max_message_size=64KiB"))
	n, err := insert.Write(t.Context(), conn, fill(t, sensors(t), 10_000))
	written := int64(0)
	for _, req := range got.all() {
		written += int64(rows(req))
	}
	if !errors.Is(err, greptime.InvalidArguments) || !strings.Contains(err.Error(), "request 3 of ") || n != written || n == 0 {
		t.Errorf("%d rows of %d, %v; want those written, and an error of request 3", n, written, err)
	}
}

func TestServerErrorsAreTyped(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		capture   string
		code      greptime.Code
		ambiguous bool
	}{
		{"error_type_differs", greptime.InvalidArguments, false},
		{"error_delete_missing_table", greptime.TableNotFound, false},
		{"error_information_schema", greptime.Unsupported, false},
		{"auth/handle_insert_wrong_password", greptime.UserPasswordMismatch, false},
		{"auth/handle_insert_read_only", greptime.PermissionDenied, false},
	} {
		s := wiretest.Start(t, wiretest.Replay(captures.HandleByName(test.capture)))
		_, err := insert.Write(t.Context(), connTo(t, s.DSN()), fill(t, sensors(t), 1))
		var e *greptime.Error
		if !errors.Is(err, test.code) || !errors.As(err, &e) || e.Ambiguous != test.ambiguous || e.Endpoint != s.Addr() {
			t.Errorf("%s: %v, want %v, ambiguous %t", test.capture, err, test.code, test.ambiguous)
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for what, answer := range map[string][]byte{
		"no affected rows": {}, "status 1004: no": {0x0a, 0x09, 0x0a, 0x07, 0x08, 0xec, 0x07, 0x12, 0x02, 'n', 'o'}, "not a GreptimeResponse": {0xff},
	} {
		s := wiretest.Start(t, func(c *wiretest.Call) error {
			if _, err := c.Recv(); err != nil {
				return err
			}
			return c.Send(answer)
		})
		_, err := insert.Write(t.Context(), connTo(t, s.DSN()), fill(t, sensors(t), 1))
		var e *greptime.Error
		if !errors.As(err, &e) || !e.Ambiguous || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %q", err, what)
		}
	}
}

// A write goes to another endpoint only if it was not sent, or if it may be repeated.
func TestFailover(t *testing.T) {
	t.Parallel()
	var got requests
	good := wiretest.Start(t, got.accept)
	drops := wiretest.Start(t, func(c *wiretest.Call) error {
		if _, err := c.Recv(); err != nil {
			return err
		}
		return wiretest.Drop()(c)
	})
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	dsn := func(first string) string {
		return "greptime://" + first + "," + good.Addr() + "/public?balance=ordered&connect_timeout=1m"
	}
	table := fill(t, sensors(t), 1)
	if n, err := insert.Write(t.Context(), connTo(t, dsn(dead.Addr().String())), table); err != nil || n != 1 {
		t.Errorf("with nobody at the first endpoint: %d, %v; want 1 row", n, err)
	}
	_, err = insert.Write(t.Context(), connTo(t, dsn(drops.Addr())), table)
	var e *greptime.Error
	if !errors.As(err, &e) || !e.Ambiguous || e.GRPC != codes.Unavailable || e.Endpoint != drops.Addr() {
		t.Errorf("a write that was sent: %v, want Unavailable, ambiguous", err)
	}
	if n := len(got.all()); n != 1 {
		t.Errorf("the good endpoint had %d requests, want 1", n)
	}
	if n, err := (insert.Options{AtLeastOnce: true}).Write(t.Context(), connTo(t, dsn(drops.Addr())), table); err != nil || n != 1 {
		t.Errorf("an idempotent write: %d, %v; want 1 row", n, err)
	}
}

func TestContexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := wiretest.Start(t, func(c *wiretest.Call) error {
			if _, err := c.Recv(); err != nil {
				return err
			}
			return wiretest.Hang()(c)
		}, wiretest.InMemory())
		table := fill(t, sensors(t), 10_000)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err := insert.Write(ctx, connInMemory(t, s), table)
		var e *greptime.Error
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || !e.Ambiguous {
			t.Errorf("deadline: %v, want %v, ambiguous", err, context.DeadlineExceeded)
		}
		// What gRPC may still be reading must not change: the race detector watches.
		table.Reset()
		fill(t, table, 10_000)

		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if _, err := insert.Write(ctx, connInMemory(t, s), table); !errors.Is(err, context.Canceled) || errors.As(err, &e) && e.Ambiguous {
			t.Errorf("cancelled before: %v, want %v, not ambiguous", err, context.Canceled)
		}
		if _, err := insert.Write(t.Context(), connInMemory(t, s, "timeout=50ms"), table); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("timeout of the DSN: %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

// A table that is filled again while gRPC sends its old rows does not change them.
func TestRowsBeingSentDoNotChange(t *testing.T) {
	t.Parallel()
	go1, sums := make(chan struct{}), make(chan float64, 1)
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		<-go1
		sum := 0.0
		for {
			req, err := c.Request()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return err
			}
			for _, row := range req.GetRowInserts().Inserts[0].Rows.Rows {
				sum += row.Values[1].GetF64Value()
			}
		}
		sums <- sum
		return c.Respond(0)
	})
	stream, err := insert.NewStream(t.Context(), connTo(t, s.DSN()))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	table, want := sensors(t), 0.0
	for i := range 8 {
		table.Reset()
		for k := range 3000 {
			if err := table.Append("device", float64(i+k), moment); err != nil {
				t.Fatal(err)
			}
			want += float64(i + k)
		}
		if i == 2 {
			close(go1)
		}
		if err := stream.Send(t.Context(), table); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := stream.CloseAndRecv(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sum := <-sums; sum != want {
		t.Errorf("the rows that arrived have the sum %v, want %v", sum, want)
	}
}

// Filling and writing a table again and again allocates what the call takes, and
// nothing for rows.
func TestWriteAllocatesNothingPerRow(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	response, err := proto.Marshal(&greptimev1.GreptimeResponse{Header: &greptimev1.ResponseHeader{Status: &greptimev1.Status{}},
		Response: &greptimev1.GreptimeResponse_AffectedRows{AffectedRows: &greptimev1.AffectedRows{Value: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		if _, err := c.Recv(); err != nil {
			return err
		}
		return c.Send(response)
	})
	conn := connTo(t, s.DSN())
	table := wide(t)
	const n = 2000
	allocs := testing.AllocsPerRun(20, func() {
		table.Reset()
		for i := range n {
			if err := table.Append("host", "eu", float64(i), 1.5, float32(i), int64(i), int32(i), true, "note", moment); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := insert.Write(t.Context(), conn, table); err != nil {
			t.Fatal(err)
		}
	}) / n
	if allocs > 0.2 {
		t.Errorf("%v allocations a row, the server's included; want at most 0.2", allocs)
	}
}

// With transactions=ignore a Rollback after a native insert is the error that it is
// after an INSERT.
func TestARollbackKnowsOfTheWrite(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, new(requests).accept)
	conn := connTo(t, s.DSN("transactions=ignore"))
	for _, write := range []bool{false, true} {
		tx, err := conn.BeginTx(t.Context(), driver.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if write {
			if _, err := insert.Write(t.Context(), conn, fill(t, sensors(t), 1)); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Rollback(); (err != nil) != write {
			t.Errorf("written: %v, Rollback: %v; want an error after a write alone", write, err)
		}
	}
}

// The first endpoint may have written the rows, so the failure is ambiguous even
// though the second surely did not.
func TestRepeatedWriteStaysAmbiguous(t *testing.T) {
	t.Parallel()
	drops := wiretest.Start(t, func(c *wiretest.Call) error {
		if _, err := c.Request(); err != nil {
			return err
		}
		return c.Drop()
	})
	gone := wiretest.Start(t, func(*wiretest.Call) error { return nil })
	addr := gone.Addr()
	gone.Stop()
	conn := connTo(t, "greptime://"+drops.Addr()+","+addr+"?balance=ordered")
	table := insert.NewTable("t", insert.Time("ts", insert.Millisecond))
	if err := table.Append(time.UnixMilli(1)); err != nil {
		t.Fatal(err)
	}
	_, err := insert.Options{AtLeastOnce: true}.Write(t.Context(), conn, table)
	var e *greptime.Error
	if !errors.As(err, &e) || !e.Ambiguous {
		t.Errorf("error %v, want an ambiguous one", err)
	}
}
