package insert_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/wiretest"
)

// meters is the columns of what the tests of the buffered writer write.
var meters = func() *insert.Schema {
	s, err := insert.NewSchema(
		insert.Tag("device", insert.String),
		insert.Field("n", insert.Int64),
		insert.Time("ts", insert.Millisecond))
	if err != nil {
		panic(err)
	}
	return s
}()

// meter is a row of them, a number of a device.
type meter struct {
	table, device string
	n             int64
}

// metersOf are the rows of a request, whatever the order of their columns.
func metersOf(req *greptimev1.GreptimeRequest) (list []meter) {
	for _, r := range req.GetRowInserts().GetInserts() {
		columns := map[string]int{}
		for i, c := range r.GetRows().GetSchema() {
			columns[c.GetColumnName()] = i
		}
		for _, row := range r.GetRows().GetRows() {
			list = append(list, meter{
				r.GetTableName(),
				row.GetValues()[columns["device"]].GetStringValue(),
				row.GetValues()[columns["n"]].GetI64Value(),
			})
		}
	}
	return list
}

// metersIn are the rows of a table that was given back.
func metersIn(t testing.TB, table *insert.Table) (list []meter) {
	t.Helper()
	for i := range table.Len() {
		device, err1 := table.At(i).String("device")
		n, err2 := table.At(i).Int64("n")
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		list = append(list, meter{table.Name(), device, n})
	}
	return list
}

// store is a server that stores meters, unless fault, which is asked before each
// request is carried out, answers it.
type store struct {
	*wiretest.Server
	fault func(c *wiretest.Call, rows []meter) (answered bool, err error)

	mu       sync.Mutex
	requests [][]meter
}

func startStore(t testing.TB, fault func(*wiretest.Call, []meter) (bool, error), opts ...wiretest.Option) *store {
	s := &store{fault: fault}
	s.Server = wiretest.Start(t, s.handle, opts...)
	return s
}

func (s *store) handle(c *wiretest.Call) error {
	req, err := c.Request()
	if err != nil {
		return err
	}
	rows := metersOf(req)
	if s.fault != nil {
		if answered, err := s.fault(c, rows); answered || err != nil {
			return err
		}
	}
	s.add(rows)
	return c.Respond(uint32(len(rows)))
}

func (s *store) add(rows []meter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, rows)
}

// stored are all requests that were carried out.
func (s *store) stored() [][]meter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// numbers are the n of all rows stored, in their order.
func (s *store) numbers() (list []int64) {
	for _, request := range s.stored() {
		for _, r := range request {
			list = append(list, r.n)
		}
	}
	return list
}

// failures answers the first calls with errors, one after the other.
func failures(errs ...func(*wiretest.Call) error) func(*wiretest.Call, []meter) (bool, error) {
	var n atomic.Int32
	return func(c *wiretest.Call, _ []meter) (bool, error) {
		if i := int(n.Add(1)); i <= len(errs) {
			return true, errs[i-1](c)
		}
		return false, nil
	}
}

func buffered(t testing.TB, dsn string, o insert.BufferedOptions) *insert.Buffered {
	t.Helper()
	w, err := insert.NewBuffered(connTo(t, dsn), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = w.Close(ctx) // the test has closed it, unless it failed
	})
	return w
}

// appendNumbers appends rows from n up to m, exclusively.
func appendNumbers(t testing.TB, b *insert.BufferedTable, n, m int64) {
	t.Helper()
	for ; n < m; n++ {
		if err := b.Append(t.Context(), "a", n, time.UnixMilli(n)); err != nil {
			t.Fatal(err)
		}
	}
}

func count(n, m int64) (list []int64) {
	for ; n < m; n++ {
		list = append(list, n)
	}
	return list
}

// soon waits for a condition.
func soon(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited 10 s for %s", what)
		}
	}
}

// undelivered are the rows that an error gives back.
func undelivered(t testing.TB, err error) []insert.Undelivered {
	t.Helper()
	var e *insert.UndeliveredError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *UndeliveredError", err)
	}
	return e.Undelivered
}

func TestBufferedFlushes(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for _, test := range []struct {
		name string
		opts insert.BufferedOptions
		rows int64
	}{
		{"by rows", insert.BufferedOptions{FlushRows: 10, FlushInterval: hour}, 10},
		{"by bytes", insert.BufferedOptions{FlushBytes: 300, FlushInterval: hour}, 30},
		{"by interval", insert.BufferedOptions{FlushInterval: 10 * time.Millisecond}, 3},
		{"with the options' defaults", insert.BufferedOptions{}, 1000},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := startStore(t, nil)
			w := buffered(t, s.DSN(), test.opts)
			appendNumbers(t, w.Table("r", meters), 0, test.rows)
			soon(t, "the rows", func() bool { return len(s.numbers()) > 0 })
			if err := w.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := s.numbers(); !slices.Equal(got, count(0, test.rows)) {
				t.Fatalf("stored %v", got)
			}
			if got := w.Stats(); got != (insert.BufferedStats{Delivered: test.rows}) {
				t.Errorf("stats after Close: %+v", got)
			}
		})
	}
}

func TestBufferedKeepsRowsUntilTheyAreDue(t *testing.T) {
	t.Parallel()
	s := startStore(t, nil)
	w := buffered(t, s.DSN(), insert.BufferedOptions{FlushRows: 10, FlushInterval: time.Hour})
	appendNumbers(t, w.Table("r", meters), 0, 9)
	time.Sleep(30 * time.Millisecond)
	if n := s.Calls(""); n != 0 {
		t.Fatalf("%d calls before the rows were due", n)
	}
	if got := w.Stats(); got.Rows != 9 || got.Bytes == 0 {
		t.Errorf("stats: %+v", got)
	}
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.numbers(); !slices.Equal(got, count(0, 9)) {
		t.Fatalf("after Flush, stored %v", got)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestBufferedGathersWhileARequestIsUnderWay(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var once sync.Once
	s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) {
		return false, wiretest.Block(release)(c)
	})
	t.Cleanup(func() { once.Do(func() { close(release) }) })
	w := buffered(t, s.DSN(), insert.BufferedOptions{FlushRows: 10})
	table := w.Table("r", meters)
	appendNumbers(t, table, 0, 10)
	s.WaitFor("the first request", func() bool { return s.Calls("") == 1 })
	appendNumbers(t, table, 10, 500)
	once.Do(func() { close(release) })
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.stored(); len(got) != 2 || len(got[0]) != 10 || len(got[1]) != 490 {
		t.Fatalf("%d requests, want 10 rows, then 490", len(got))
	}
}

func TestBufferedTakesTablesWholeAndStructs(t *testing.T) {
	t.Parallel()
	type row struct {
		Device string    `greptime:"device,tag"`
		N      int64     `greptime:"n"`
		At     time.Time `greptime:"ts,time"`
	}
	schema, err := insert.SchemaOf[row]()
	if err != nil {
		t.Fatal(err)
	}
	s := startStore(t, nil)
	w := buffered(t, s.DSN(), insert.BufferedOptions{})
	if err := insert.BufferStructs(t.Context(), w.Table("r", schema), row{"a", 0, time.UnixMilli(0)}, row{"a", 1, time.UnixMilli(1)}); err != nil {
		t.Fatal(err)
	}
	// The same table with columns in another order: rows stay in their order.
	other := insert.NewTable("r", insert.Time("ts", insert.Millisecond), insert.Field("n", insert.Int64), insert.Tag("device", insert.String))
	for n := range int64(2) {
		if err := other.Append(time.UnixMilli(n), n+2, "a"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	other.Reset() // it has been copied
	if err := other.Append(time.UnixMilli(4), 100, "a"); err != nil {
		t.Fatal(err)
	}
	appendNumbers(t, w.Table("r", meters), 4, 5)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.numbers(); !slices.Equal(got, count(0, 5)) {
		t.Fatalf("stored %v", got)
	}
}

func TestBufferedSendsHintsAndDatabase(t *testing.T) {
	t.Parallel()
	var server requests
	s := wiretest.Start(t, server.accept)
	w := buffered(t, s.DSN(), insert.BufferedOptions{Options: insert.Options{AppendMode: true}})
	appendNumbers(t, w.Table("r", meters), 0, 1)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if got := server.meta[0]["x-greptime-hints"]; !slices.Equal(got, []string{"append_mode=true"}) {
		t.Errorf("hints %q", got)
	}
	if got := server.list[0].GetHeader().GetDbname(); got != "public" {
		t.Errorf("database %q", got)
	}
}

// Requests that provably were not carried out are repeated without being asked, those
// with an unknown outcome only if that does no harm.
func TestBufferedRepeats(t *testing.T) {
	t.Parallel()
	fail := func(code codes.Code, errCode int) func(*wiretest.Call) error {
		return func(c *wiretest.Call) error { return c.Fail(code, "not now", errCode) }
	}
	drop := func(c *wiretest.Call) error { return wiretest.Drop()(c) }
	hang := func(c *wiretest.Call) error { return wiretest.Hang()(c) }
	for _, test := range []struct {
		name       string
		fail       func(*wiretest.Call) error
		always     bool // repeated
		idempotent bool // repeated if idempotent
	}{
		{"RateLimited", fail(codes.ResourceExhausted, int(greptime.RateLimited)), true, true},
		{"Suspended", fail(codes.ResourceExhausted, int(greptime.Suspended)), true, true},
		{"ResourceExhausted of a proxy", fail(codes.ResourceExhausted, 0), true, true},
		{"RegionBusy", fail(codes.ResourceExhausted, int(greptime.RegionBusy)), false, true},
		{"StorageUnavailable", fail(codes.Unavailable, int(greptime.StorageUnavailable)), false, true},
		{"Unavailable", fail(codes.Unavailable, 0), false, true},
		{"the connection drops", drop, false, true},
		{"no answer", hang, false, true},
		{"InvalidArguments", fail(codes.InvalidArgument, int(greptime.InvalidArguments)), false, false},
		{"PermissionDenied", fail(codes.PermissionDenied, int(greptime.PermissionDenied)), false, false},
	} {
		for _, idempotent := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, idempotent %v", test.name, idempotent), func(t *testing.T) {
				t.Parallel()
				s := startStore(t, failures(test.fail, test.fail))
				w := buffered(t, s.DSN(), insert.BufferedOptions{
					Options: insert.Options{Idempotent: idempotent},
					Backoff: time.Millisecond, Timeout: 200 * time.Millisecond,
				})
				appendNumbers(t, w.Table("r", meters), 0, 5)
				err := w.Close(t.Context())
				if test.always || idempotent && test.idempotent {
					if err != nil {
						t.Fatal(err)
					}
					if got := s.numbers(); !slices.Equal(got, count(0, 5)) {
						t.Fatalf("stored %v", got)
					}
					if got := w.Stats(); got.Retries != 2 || got.Delivered != 5 {
						t.Errorf("stats %+v", got)
					}
					return
				}
				list := undelivered(t, err)
				var e *greptime.Error
				if len(list) != 1 || len(metersIn(t, list[0].Table)) != 5 || !errors.As(list[0].Err, &e) || list[0].Attempts != 1 {
					t.Fatalf("given back: %v", list)
				}
				if list[0].Ambiguous != test.idempotent || e.Ambiguous != test.idempotent {
					t.Errorf("Ambiguous is %v and %v, want %v", list[0].Ambiguous, e.Ambiguous, test.idempotent)
				}
			})
		}
	}
}

func TestBufferedSurvivesAServerThatIsDown(t *testing.T) {
	t.Parallel()
	s := startStore(t, nil)
	w := buffered(t, s.DSN(), insert.BufferedOptions{
		// The first request after the server went may find the connection still there.
		Options:   insert.Options{Idempotent: true},
		FlushRows: 10, Backoff: 5 * time.Millisecond, MaxBackoff: 50 * time.Millisecond,
	})
	table := w.Table("r", meters)
	appendNumbers(t, table, 0, 100)
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	down := time.Second
	if *long {
		down = 10 * time.Second
	}
	restart := time.AfterFunc(down, s.Restart)
	defer restart.Stop()
	appendNumbers(t, table, 100, 5000)
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.numbers(); !slices.Equal(got, count(0, 5000)) {
		t.Fatalf("%d rows stored, or not in their order", len(got))
	}
	if got := w.Stats(); got.Retries == 0 {
		t.Errorf("stats %+v", got)
	}
}

func TestBufferedGivesUpAfterRetryFor(t *testing.T) {
	t.Parallel()
	s := startStore(t, nil)
	s.Stop()
	given := make(chan insert.Undelivered, 1)
	w := buffered(t, s.DSN(), insert.BufferedOptions{
		FlushRows: 5, Backoff: time.Millisecond, RetryFor: 30 * time.Millisecond,
		OnError: func(u insert.Undelivered) { given <- u },
	})
	began := time.Now()
	appendNumbers(t, w.Table("r", meters), 0, 5)
	u := <-given
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("it gave up after %v", d)
	}
	if u.Ambiguous || u.Attempts < 2 || u.Table.Len() != 5 {
		t.Errorf("given back: %d rows, ambiguous %v, %d attempts: %v", u.Table.Len(), u.Ambiguous, u.Attempts, u.Err)
	}
	if err := w.Flush(t.Context()); err != nil {
		t.Errorf("Flush returned rows that OnError has: %v", err)
	}
	if got := w.Stats(); got != (insert.BufferedStats{Undelivered: 5, Retries: got.Retries}) {
		t.Errorf("stats %+v", got)
	}

	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	// The rows are the caller's, and can be written again.
	s.Restart()
	again := buffered(t, s.DSN(), insert.BufferedOptions{})
	if err := again.Write(t.Context(), u.Table); err != nil {
		t.Fatal(err)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.numbers(); !slices.Equal(got, count(0, 5)) {
		t.Fatalf("stored %v", got)
	}
}

func TestBufferedOnErrorMayWriteAgain(t *testing.T) {
	t.Parallel()
	s := startStore(t, failures(func(c *wiretest.Call) error {
		return c.Fail(codes.InvalidArgument, "no", int(greptime.InvalidArguments))
	}))
	var w *insert.Buffered
	w = buffered(t, s.DSN(), insert.BufferedOptions{OnError: func(u insert.Undelivered) {
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
		t.Fatalf("stored %v", got)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestBufferedRepeatsWhenCredentialsCannotBeHad(t *testing.T) {
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
	w, err := insert.NewBuffered(connWith(t, cfg), insert.BufferedOptions{Backoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	appendNumbers(t, w.Table("r", meters), 0, 5)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.numbers(); !slices.Equal(got, count(0, 5)) {
		t.Fatalf("stored %v", got)
	}
}

func TestBufferedTablesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := startStore(t, func(c *wiretest.Call, rows []meter) (bool, error) {
		if rows[0].table == "slow" {
			return false, wiretest.Block(release)(c)
		}
		if rows[0].table == "wrong" {
			return true, c.Fail(codes.InvalidArgument, "no such column", int(greptime.InvalidArguments))
		}
		return false, nil
	})
	w := buffered(t, s.DSN(), insert.BufferedOptions{FlushRows: 1})
	for _, name := range []string{"slow", "wrong", "r"} {
		appendNumbers(t, w.Table(name, meters), 0, 1)
	}
	soon(t, "the rows of the table that is fine", func() bool { return len(s.numbers()) == 1 })
	close(release)
	list := undelivered(t, w.Close(t.Context()))
	if len(list) != 1 || list[0].Table.Name() != "wrong" || !errors.Is(list[0].Err, greptime.InvalidArguments) {
		t.Errorf("given back: %v", list)
	}
}

func TestBufferedBlocksWhenMemoryIsShort(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) {
		return false, wiretest.Block(release)(c)
	})
	const limit = 2000
	// Neither rows nor bytes nor time make it send, only that memory is short.
	w := buffered(t, s.DSN(), insert.BufferedOptions{Memory: limit, FlushInterval: time.Hour})
	table := w.Table("r", meters)
	taken := int64(0)
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		err := table.Append(ctx, "a", taken, time.UnixMilli(taken))
		cancel()
		if err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			break
		}
		taken++
	}
	if got := w.Stats(); got.Bytes > limit || got.Bytes < limit-100 || got.Rows != int(taken) {
		t.Fatalf("stats when full: %+v after %d rows", got, taken)
	}
	// Many wait now, and all get through.
	var wg sync.WaitGroup
	for i := range int64(50) {
		wg.Go(func() {
			if err := table.Append(t.Context(), fmt.Sprint(i), taken+i, time.UnixMilli(i)); err != nil {
				t.Error(err)
			}
		})
	}
	time.Sleep(5 * time.Millisecond)
	close(release)
	wg.Wait()
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := s.numbers()
	slices.Sort(got)
	if !slices.Equal(got, count(0, taken+50)) {
		t.Fatalf("%d rows stored, want %d", len(got), taken+50)
	}
}

// metersTable is a table of the numbers from n up to m, exclusively.
func metersTable(t testing.TB, n, m int64) *insert.Table {
	t.Helper()
	table := meters.NewTable("r")
	for ; n < m; n++ {
		if err := table.Append("a", n, time.UnixMilli(n)); err != nil {
			t.Fatal(err)
		}
	}
	return table
}

// Room is given in the order in which it was asked for, and who gives up does not hold
// up the others.
func TestBufferedWaitersTakeTurns(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) {
		return false, wiretest.Block(release)(c)
	})
	w := buffered(t, s.DSN(), insert.BufferedOptions{Memory: 3500, FlushInterval: time.Hour})
	if err := w.Write(t.Context(), metersTable(t, 0, 100)); err != nil {
		t.Fatal(err)
	}
	if used := w.Stats().Bytes; used < 2300 || used > 3400 {
		t.Fatalf("%d bytes are in use, which is not what the test is about", used)
	}
	write := func(ctx context.Context, table *insert.Table) <-chan error {
		done := make(chan error, 1)
		go func() { done <- w.Write(ctx, table) }()
		time.Sleep(20 * time.Millisecond) // until it waits
		return done
	}
	ctx, cancel := context.WithCancel(t.Context())
	impatient := write(ctx, metersTable(t, 100, 200))
	small := write(t.Context(), metersTable(t, 200, 201)) // for which there is room, but not its turn
	select {
	case err := <-small:
		t.Fatalf("it was not its turn: %v", err)
	default:
	}
	cancel()
	if err := <-impatient; !errors.Is(err, context.Canceled) {
		t.Fatalf("who gave up: %v", err)
	}
	if err := <-small; err != nil {
		t.Fatal(err)
	}

	// The rows of the first of two who wait are not held back while the second waits.
	first, second := write(t.Context(), metersTable(t, 300, 350)), write(t.Context(), metersTable(t, 400, 520))
	close(release)
	for _, done := range []<-chan error{first, second} {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := slices.Concat(count(0, 100), count(200, 201), count(300, 350), count(400, 520))
	if got := s.numbers(); !slices.Equal(got, want) {
		t.Errorf("stored %v", got)
	}
}

func TestBufferedRefusesWhatNeverFits(t *testing.T) {
	t.Parallel()
	s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) {
		return true, c.Fail(codes.InvalidArgument, "no", int(greptime.InvalidArguments))
	})
	w := buffered(t, s.DSN(), insert.BufferedOptions{Memory: 1000})
	table := w.Table("r", meters)
	if err := table.Append(t.Context(), strings.Repeat("a", 1000), 1, time.Now()); !errors.Is(err, insert.ErrBufferFull) {
		t.Fatalf("a row larger than Memory: %v", err)
	}
	// Without OnError the rows that failed stay, until there is no room for others.
	var err error
	n := 0
	for ; err == nil; n++ {
		err = table.Append(t.Context(), "a", n, time.Now())
	}
	if !errors.Is(err, insert.ErrBufferFull) {
		t.Fatalf("when rows that failed fill it: %v", err)
	}
	rows := 0
	for _, u := range undelivered(t, w.Flush(t.Context())) {
		rows += u.Table.Len()
	}
	if rows != n-1 {
		t.Errorf("Flush gave %d rows back, want %d", rows, n-1)
	}
	if got := w.Stats(); got.Bytes != 0 {
		t.Errorf("stats after Flush: %+v", got)
	}
	appendNumbers(t, table, 0, 1)
	undelivered(t, w.Close(t.Context()))
}

func TestBufferedRefusesWrongRows(t *testing.T) {
	t.Parallel()
	s := startStore(t, nil)
	w := buffered(t, s.DSN(), insert.BufferedOptions{})
	var value *insert.ValueError
	if err := w.Table("r", meters).Append(t.Context(), "a", "not a number", time.Now()); !errors.As(err, &value) || value.Column != "n" {
		t.Errorf("wrong value: %v", err)
	}
	if err := w.Table("r", nil).Append(t.Context(), "a"); err == nil {
		t.Error("no schema: no error")
	}
	if err := w.Write(t.Context(), insert.NewTable("r")); err == nil {
		t.Error("a table with an error: no error")
	}
	if err := w.Write(t.Context(), meters.NewTable("r")); !errors.Is(err, insert.ErrNoRows) {
		t.Errorf("no rows: %v", err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := s.Calls(""); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestBufferedCloseReturnsWhatIsLeft(t *testing.T) {
	t.Parallel()
	s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) { return true, wiretest.Hang()(c) })
	reported := false
	w := buffered(t, s.DSN(), insert.BufferedOptions{
		FlushRows: 10, FlushBytes: 4 << 20, Memory: 1 << 20,
		OnError: func(insert.Undelivered) { reported = true },
	})
	table := w.Table("r", meters)
	appendNumbers(t, table, 0, 10)
	s.WaitFor("the request", func() bool { return s.Calls("") == 1 })
	appendNumbers(t, table, 10, 30)

	// One waits for room.
	big := metersTable(t, 100, 20_100)
	if err := w.Write(t.Context(), big); err != nil {
		t.Fatal(err)
	}
	blocked := make(chan error)
	go func() { blocked <- w.Write(context.Background(), big) }()
	time.Sleep(5 * time.Millisecond)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := w.Close(ctx)
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("Close took %v with a deadline of 50 ms", d)
	}
	if got := <-blocked; !errors.Is(got, insert.ErrBufferedClosed) {
		t.Errorf("who waited for room got %v", got)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close: %v", err)
	}
	got := map[bool]int{}
	for _, u := range undelivered(t, err) {
		got[u.Ambiguous] += u.Table.Len()
		if !errors.Is(u.Err, context.DeadlineExceeded) {
			t.Errorf("%d rows: %v", u.Table.Len(), u.Err)
		}
	}
	if got[true] != 10 || got[false] != 20_020 {
		t.Errorf("ambiguous %d rows, not sent %d; want 10 and 20020", got[true], got[false])
	}
	if reported {
		t.Error("OnError was called, too")
	}
	if got := w.Stats(); got.Rows != 0 || got.Bytes != 0 {
		t.Errorf("stats after Close: %+v", got)
	}
	if err := table.Append(t.Context(), "a", 1, time.Now()); !errors.Is(err, insert.ErrBufferedClosed) {
		t.Errorf("Append after Close: %v", err)
	}
	if err := errors.Join(w.Flush(t.Context()), w.Close(t.Context())); err != nil {
		t.Errorf("Flush and Close after Close: %v", err)
	}
}

func TestBufferedFlushEndsWithItsContext(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) {
		return false, wiretest.Block(release)(c)
	})
	w := buffered(t, s.DSN(), insert.BufferedOptions{})
	appendNumbers(t, w.Table("r", meters), 0, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := w.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Flush: %v", err)
	}
	close(release)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.numbers(); !slices.Equal(got, count(0, 3)) {
		t.Fatalf("stored %v", got)
	}
}

func TestBufferedAfterTheConnectorIsClosed(t *testing.T) {
	t.Parallel()
	s := startStore(t, nil)
	cfg, err := greptime.ParseDSN(s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c, err := connector.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w, err := insert.NewBuffered(c.(*greptime.Conn), insert.BufferedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Close() // the connection is not needed any more
	appendNumbers(t, w.Table("r", meters), 0, 3)
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	appendNumbers(t, w.Table("r", meters), 3, 5)
	connector.Close()
	list := undelivered(t, w.Close(t.Context()))
	if len(list) != 1 || !errors.Is(list[0].Err, greptime.ErrClosed) || list[0].Ambiguous {
		t.Errorf("given back: %v", list)
	}
	if _, err := insert.NewBuffered(c.(*greptime.Conn), insert.BufferedOptions{}); !errors.Is(err, greptime.ErrClosed) {
		t.Errorf("NewBuffered on a closed connection: %v", err)
	}
}

// A request is shared out over several if it is too long, and what fails is only the
// part that was sent.
func TestBufferedKeepsToTheMessageSize(t *testing.T) {
	t.Parallel()
	s := startStore(t, nil)
	cfg, err := greptime.ParseDSN(s.DSN("max_message_size=4KiB"))
	if err != nil {
		t.Fatal(err)
	}
	// So long a header that half of the limit is too much for the rows.
	cfg.User, cfg.Password = "u", strings.Repeat("p", 3000)
	w, err := insert.NewBuffered(connWith(t, cfg), insert.BufferedOptions{})
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
		t.Errorf("given back: %v", list)
	}
	if got := w.Stats(); got.Delivered != 599 || got.Bytes != 0 || got.Rows != 0 {
		t.Errorf("stats %+v", got)
	}
	// Nothing longer could have been sent.
	if got := s.numbers(); !slices.Equal(got, append(count(0, 300), count(301, 600)...)) {
		t.Errorf("stored %v", got)
	}
}

// The rows that are given back are those that were appended, byte by byte.
func TestBufferedGivesBackTheSameRows(t *testing.T) {
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
	w, err := insert.NewBuffered(conn, insert.BufferedOptions{})
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
		t.Errorf("first sent\n%x\nthen\n%x", first, sent.Bytes())
	}
}

func TestBufferedOptionsAreChecked(t *testing.T) {
	t.Parallel()
	conn := connTo(t, "greptime://127.0.0.1:1")
	for _, o := range []insert.BufferedOptions{
		{FlushRows: -1}, {FlushBytes: -1}, {FlushInterval: -1}, {Memory: -1}, {Requests: -1},
		{Timeout: -1}, {Backoff: -1}, {MaxBackoff: -1},
		{Options: insert.Options{AppendMode: true, MergeMode: insert.LastRow}},
	} {
		if _, err := insert.NewBuffered(conn, o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	if _, err := insert.NewBuffered(nil, insert.BufferedOptions{}); err == nil {
		t.Error("no connection: no error")
	}
}

func TestBufferedLeavesNoGoroutine(t *testing.T) {
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
	w, err := insert.NewBuffered(conn, insert.BufferedOptions{FlushRows: 1})
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
