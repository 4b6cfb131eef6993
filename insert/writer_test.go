package insert_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
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
		device, err1 := table.Row(i).String("device")
		n, err2 := table.Row(i).Int64("n")
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

func buffered(t testing.TB, dsn string, o insert.WriterOptions) *insert.Writer {
	t.Helper()
	w, err := insert.NewWriter(connTo(t, dsn), o)
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
func appendNumbers(t testing.TB, b *insert.WriterTable, n, m int64) {
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
func undelivered(t testing.TB, err error) []insert.FailedRows {
	t.Helper()
	var e *insert.WriteError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *WriteError", err)
	}
	return e.Failed
}

func TestWriterFlushes(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for _, test := range []struct {
		name string
		opts insert.WriterOptions
		rows int64
	}{
		{"by rows", insert.WriterOptions{FlushRows: 10, FlushInterval: hour}, 10},
		{"by bytes", insert.WriterOptions{FlushBytes: 300, FlushInterval: hour}, 30},
		{"by interval", insert.WriterOptions{FlushInterval: 10 * time.Millisecond}, 3},
		{"with the options' defaults", insert.WriterOptions{}, 1000},
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
			if got := w.Stats(); got != (insert.WriterStats{Acknowledged: test.rows}) {
				t.Errorf("stats after Close: %+v", got)
			}
		})
	}
}

func TestWriterKeepsRowsUntilTheyAreDue(t *testing.T) {
	t.Parallel()
	s := startStore(t, nil)
	w := buffered(t, s.DSN(), insert.WriterOptions{FlushRows: 10, FlushInterval: time.Hour})
	appendNumbers(t, w.Table("r", meters), 0, 9)
	time.Sleep(30 * time.Millisecond)
	if n := s.Calls(""); n != 0 {
		t.Fatalf("%d calls before the rows were due", n)
	}
	if got := w.Stats(); got.Pending != 9 || got.PendingBytes == 0 {
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

func TestWriterGathersWhileARequestIsUnderWay(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var once sync.Once
	s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) {
		return false, wiretest.Block(release)(c)
	})
	t.Cleanup(func() { once.Do(func() { close(release) }) })
	w := buffered(t, s.DSN(), insert.WriterOptions{FlushRows: 10})
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

func TestWriterTakesTablesWholeAndStructs(t *testing.T) {
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
	w := buffered(t, s.DSN(), insert.WriterOptions{})
	if err := insert.AppendStructsTo(t.Context(), w.Table("r", schema), row{"a", 0, time.UnixMilli(0)}, row{"a", 1, time.UnixMilli(1)}); err != nil {
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

func TestWriterSendsHintsAndDatabase(t *testing.T) {
	t.Parallel()
	var server requests
	s := wiretest.Start(t, server.accept)
	w := buffered(t, s.DSN(), insert.WriterOptions{Options: insert.Options{AppendMode: true}})
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
