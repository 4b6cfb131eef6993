package insert_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// connTo returns a connection to a scripted server, which ends with the test. Nothing is
// sent to open it.
func connTo(t testing.TB, dsn string) *greptime.Conn {
	t.Helper()
	return connWith(t, parseDSN(t, dsn))
}

// connInMemory is connTo for a server in memory.
func connInMemory(t testing.TB, s *wiretest.Server, params ...string) *greptime.Conn {
	t.Helper()
	cfg := parseDSN(t, s.DSN(params...))
	cfg.Dialer = s.Dial
	return connWith(t, cfg)
}

// parseDSN returns the Config of a DSN, which logs nothing.
func parseDSN(t testing.TB, dsn string) *greptime.Config {
	t.Helper()
	cfg, err := greptime.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	return cfg
}

// connWith returns a connection, which ends with the test.
func connWith(t testing.TB, cfg *greptime.Config) *greptime.Conn {
	t.Helper()
	conn, _ := openConnector(t, cfg)
	return conn
}

// openConnector returns a connection and its Connector, which end with the test.
func openConnector(t testing.TB, cfg *greptime.Config) (*greptime.Conn, *greptime.Connector) {
	t.Helper()
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connector.Close() })
	c, err := connector.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.(*greptime.Conn), connector
}

// requests records what a server received.
type requests struct {
	mu   sync.Mutex
	list []*greptimev1.GreptimeRequest
	meta []map[string][]string
}

func (r *requests) add(b []byte, md map[string][]string) error {
	req := &greptimev1.GreptimeRequest{}
	if err := proto.Unmarshal(b, req); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, req)
	r.meta = append(r.meta, md)
	return nil
}

func (r *requests) all() []*greptimev1.GreptimeRequest {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*greptimev1.GreptimeRequest{}, r.list...)
}

// rows counts the rows of a request.
func rows(req *greptimev1.GreptimeRequest) (n int) {
	for _, i := range req.GetRowInserts().GetInserts() {
		n += len(i.GetRows().GetRows())
	}
	for _, d := range req.GetRowDeletes().GetDeletes() {
		n += len(d.GetRows().GetRows())
	}
	return n
}

// accept answers Handle and HandleRequests with the number of rows received.
func (r *requests) accept(c *wiretest.Call) error {
	n := 0
	for {
		b, err := c.Recv()
		if err != nil {
			break
		}
		if err := r.add(b, c.Metadata); err != nil {
			return err
		}
		r.mu.Lock()
		n += rows(r.list[len(r.list)-1])
		r.mu.Unlock()
	}
	return c.Respond(uint32(n))
}

// sensors returns a table like those of the examples.
func sensors(t testing.TB) *insert.Table {
	t.Helper()
	table := insert.NewTable("sensor_data",
		insert.Tag("device_id", insert.String),
		insert.Field("temperature", insert.Float64),
		insert.Time("ts", insert.Millisecond))
	if err := table.Err(); err != nil {
		t.Fatal(err)
	}
	return table
}

func fill(t testing.TB, table *insert.Table, n int) *insert.Table {
	t.Helper()
	for i := range n {
		if err := table.Append(fmt.Sprint("device", i), float64(i), moment.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	return table
}

// openStream opens a stream to a server; the test ends it, if nothing before does.
func openStream(t *testing.T, s *wiretest.Server) *insert.Stream {
	t.Helper()
	stream, err := insert.NewStream(t.Context(), connTo(t, s.DSN()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stream.Close)
	return stream
}

// meters has the columns of the rows that the tests of the buffered writer write.
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

// meter is such a row, a number of a device.
type meter struct {
	table, device string
	n             int64
}

// metersOf returns the rows of a request, whatever the order of their columns.
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

// metersIn returns the rows of a table that was given back.
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

// startStore starts a store, which ends with the test.
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

// stored returns the rows of each request that was carried out.
func (s *store) stored() [][]meter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// numbers returns the n of all rows stored, in their order.
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

// buffered returns a writer, which ends with the test.
func buffered(t testing.TB, dsn string, o insert.WriterOptions) *insert.Writer {
	t.Helper()
	return bufferedOn(t, connTo(t, dsn), o)
}

// bufferedInMemory is buffered for a store in memory.
func bufferedInMemory(t testing.TB, s *store, o insert.WriterOptions) *insert.Writer {
	t.Helper()
	return bufferedOn(t, connInMemory(t, s.Server), o)
}

// bufferedOn is buffered for a connection.
func bufferedOn(t testing.TB, conn *greptime.Conn, o insert.WriterOptions) *insert.Writer {
	t.Helper()
	w, err := insert.NewWriter(conn, o)
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

// count returns the numbers from n up to m, exclusively.
func count(n, m int64) (list []int64) {
	for ; n < m; n++ {
		list = append(list, n)
	}
	return list
}

// undelivered returns the rows that an error gives back.
func undelivered(t testing.TB, err error) []insert.FailedRows {
	t.Helper()
	var e *insert.WriteError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *WriteError", err)
	}
	return e.Failed
}

// moment is a time with a part in each unit.
var moment = time.Date(2024, 1, 1, 12, 30, 15, 123456789, time.UTC)

// wantValueError checks that err is about that column and row, and has the text.
func wantValueError(t testing.TB, err error, column string, row int, text string) {
	t.Helper()
	var e *insert.ValueError
	if !errors.As(err, &e) || e.Column != column || e.Row != row || !strings.Contains(e.Error(), text) {
		t.Errorf("error %v, want a *ValueError of column %q, row %d, with %q", err, column, row, text)
	}
}

// sameRows compares what two tables would send.
func sameRows(t testing.TB, got, want *insert.Table) {
	t.Helper()
	if got.Len() != want.Len() || got.Size() != want.Size() {
		t.Errorf("%d rows of %d bytes, want %d of %d", got.Len(), got.Size(), want.Len(), want.Size())
	}
	g, w := sentRows(t, got), sentRows(t, want)
	if g != w {
		t.Errorf("sends %s\nwant %s", g, w)
	}
}

// sentRows returns what a table sends, as text.
func sentRows(t testing.TB, table *insert.Table) string {
	t.Helper()
	return fmt.Sprint(decodeTable(t, table).GetRows().GetRows())
}

// ptr returns a pointer to a copy of v.
func ptr[T any](v T) *T { return &v }

// wide returns the table of the allocation budgets, of ten columns.
func wide(t testing.TB) *insert.Table {
	table := insert.NewTable("wide",
		insert.Tag("host", insert.String), insert.Tag("region", insert.String), insert.Field("cpu", insert.Float64), insert.Field("memory", insert.Float64),
		insert.Field("load", insert.Float32), insert.Field("count", insert.Int64), insert.Field("code", insert.Int32), insert.Field("up", insert.Bool),
		insert.Field("note", insert.String), insert.Time("ts", insert.Millisecond))
	if err := table.Err(); err != nil {
		t.Fatal(err)
	}
	return table
}

// decodeTable returns what a table sends, read by the generated code.
func decodeTable(t testing.TB, table *insert.Table) *greptimev1.RowInsertRequest {
	t.Helper()
	encoded, err := insert.EncodeForTest(nil, false, 0, table)
	if err != nil {
		t.Fatal(err)
	}
	var req greptimev1.GreptimeRequest
	if err := proto.Unmarshal(encoded[0], &req); err != nil {
		t.Fatal(err)
	}
	return req.GetRowInserts().GetInserts()[0]
}

// metersTable returns a table of the numbers from n up to m, exclusively.
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
