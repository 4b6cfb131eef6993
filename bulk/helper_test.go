package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk/internal/recordbatch"
	"github.com/greptime-go/greptime/flightdecode"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
	"github.com/greptime-go/greptime/internal/transport"
)

// putServer is a scripted server: queries are refused as those of a user who may only
// write, and put answers each DoPut.
func putServer(t testing.TB, put wiretest.Handler, opts ...wiretest.Option) *wiretest.Server {
	t.Helper()
	mux := wiretest.NewMux().Method(wiretest.MethodDoPut, put)
	return wiretest.Start(t, func(c *wiretest.Call) error {
		if c.Method == wiretest.MethodDoGet {
			if _, err := c.Recv(); err != nil {
				return err
			}
			return c.Fail(codes.PermissionDenied, "User is not authorized to perform this action", 7006)
		}
		return mux.Handle(c)
	}, opts...)
}

// openConn opens a connection that ends with the test.
func openConn(t testing.TB, dsn string) *greptime.Conn {
	t.Helper()
	return openConfig(t, parseDSN(t, dsn))
}

// openMemory opens a connection to servers in memory, by their DSN, that ends with the test.
func openMemory(t testing.TB, dsn string, dial func(context.Context, string) (net.Conn, error)) *greptime.Conn {
	t.Helper()
	cfg := parseDSN(t, dsn)
	cfg.Dialer = dial
	return openConfig(t, cfg)
}

func parseDSN(t testing.TB, dsn string) *greptime.Config {
	t.Helper()
	cfg, err := greptime.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// openConfig opens a connection that ends with the test.
func openConfig(t testing.TB, cfg *greptime.Config) *greptime.Conn {
	t.Helper()
	conn, _ := openConnector(t, cfg)
	return conn
}

// openConnector opens a connection, and returns its Connector, too. Both end with the test.
func openConnector(t testing.TB, cfg *greptime.Config) (*greptime.Conn, *greptime.Connector) {
	t.Helper()
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connector.Close() })
	c, err := connector.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.(*greptime.Conn), connector
}

// testSchema is the columns of most tests.
func testSchema(t testing.TB) *insert.Schema {
	t.Helper()
	s, err := insert.NewSchema(insert.Tag("host", insert.String), insert.Field("cpu", insert.Float64), insert.Time("ts", insert.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// openWriter creates a writer for table t, which is closed at the end of the test unless the
// test does.
func openWriter(t testing.TB, dsn string, opts Options) *Writer {
	t.Helper()
	return newTestWriter(t, openConn(t, dsn), opts)
}

// openMemoryWriter is openWriter for a server in memory.
func openMemoryWriter(t testing.TB, s *wiretest.Server, opts Options) *Writer {
	t.Helper()
	return newTestWriter(t, openMemory(t, s.DSN(), s.Dial), opts)
}

// newTestWriter creates a writer on a connection, with the columns of testSchema if opts has
// none.
func newTestWriter(t testing.TB, conn *greptime.Conn, opts Options) *Writer {
	t.Helper()
	if opts.Schema == nil {
		opts.Schema = testSchema(t)
	}
	w, err := NewWriter(t.Context(), conn, "t", opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, _ = w.Close(ctx)
	})
	return w
}

// fill appends rows whose times begin with first.
func fill(t testing.TB, b *Batch, first, rows int) *Batch {
	t.Helper()
	for i := range rows {
		if err := b.Append("a", float64(i), time.UnixMilli(int64(first+i))); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// putCall is a DoPut on the server's side.
type putCall struct {
	*wiretest.Call
	schema captures.Message
}

// received is a batch as the server sees it.
type received struct {
	id     int64
	record arrow.RecordBatch
}

// begin acknowledges the call, as GreptimeDB does, and receives the schema.
func begin(c *wiretest.Call) (*putCall, error) {
	if err := c.SendPutResult(`{"request_id":0,"affected_rows":0,"elapsed_secs":0.0}`); err != nil {
		return nil, err
	}
	first, err := c.RecvFlight()
	if err != nil {
		return nil, err
	}
	if d := first.Descriptor; d == nil || d.Type != "PATH" || !slices.Equal(d.Path, []string{"t"}) {
		return nil, fmt.Errorf("descriptor %+v, want the path t", d)
	}
	return &putCall{c, first}, nil
}

// next receives a batch; io.EOF is the end.
func (c *putCall) next() (received, error) {
	m, err := c.RecvFlight()
	if err != nil {
		return received{}, err
	}
	return c.decode(m)
}

func (c *putCall) decode(m captures.Message) (received, error) {
	var meta struct {
		ID int64 `json:"request_id"`
	}
	if err := json.Unmarshal(m.AppMetadata, &meta); err != nil || meta.ID == 0 {
		return received{}, fmt.Errorf("metadata %q: %w", m.AppMetadata, err)
	}
	record, err := decodeRecord(c.schema, m)
	return received{meta.ID, record}, err
}

// decodeRecord reads a record batch by the driver's decoder for queries, which checks
// everything.
func decodeRecord(messages ...captures.Message) (arrow.RecordBatch, error) {
	i := 0
	rd, err := flightdecode.NewReader(func(m *flightdecode.Message) error {
		if i == len(messages) {
			return io.EOF
		}
		*m = flightdecode.Message{Header: messages[i].Header, Body: messages[i].Body}
		i++
		return nil
	}, flightdecode.Options{})
	if err != nil {
		return nil, err
	}
	defer rd.Release()
	if !rd.Next() {
		return nil, errors.Join(errors.New("no record batch"), rd.Err())
	}
	record := rd.RecordBatch()
	record.Retain()
	return record, nil
}

func (c *putCall) ack(id int64, rows int64) error {
	return c.SendPutResult(fmt.Sprintf(`{"request_id":%d,"affected_rows":%d,"elapsed_secs":0.0015}`, id, rows))
}

// acknowledgeAll is a server on which everything works. see is told of each batch.
func acknowledgeAll(see func(received)) wiretest.Handler {
	return func(call *wiretest.Call) error {
		c, err := begin(call)
		if err != nil {
			return err
		}
		for {
			r, err := c.next()
			if errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if see != nil {
				see(r)
			}
			if err := c.ack(r.id, r.record.NumRows()); err != nil {
				return err
			}
		}
	}
}

// seen collects ids.
type seen struct {
	mu  sync.Mutex
	ids []int64
}

func (s *seen) add(r received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids = append(s.ids, r.id)
}

func (s *seen) sorted() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := slices.Clone(s.ids)
	slices.Sort(ids)
	return ids
}

// short returns a context that ends soon enough for a test, and that only a call that does not
// return exceeds, however slow the machine is.
func short(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// encodeBatch returns a batch as a message, and what the test server reads of it.
func encodeBatch(t testing.TB, b *Batch, codec Compression) (captures.Message, *recordbatch.Message) {
	t.Helper()
	m := &recordbatch.Message{}
	if err := recordbatch.NewEncoder(codec.codec()).Encode(m, appendRequestID(nil, 7), b.rows, b.columns); err != nil {
		t.Fatal(err)
	}
	data, err := wiretest.DecodeFlightData(transport.Join(m.Parts()))
	if err != nil {
		t.Fatal(err)
	}
	if string(data.AppMetadata) != `{"request_id":7}` {
		t.Errorf("app_metadata is %q, want request_id 7", data.AppMetadata)
	}
	return data, m
}

// schemaMessage returns the schema of a batch as it is sent.
func schemaMessage(b *Batch) captures.Message {
	return captures.Message{Header: newLayout(b.table, len(b.table.Columns)).schema}
}

// decodeEncoded returns the record batch that the server reads of a batch.
func decodeEncoded(t testing.TB, b *Batch) (arrow.RecordBatch, error) {
	t.Helper()
	data, _ := encodeBatch(t, b, None)
	return decodeRecord(schemaMessage(b), data)
}

// arrayOf returns an array with the values of a JSON text; null is NULL.
func arrayOf(t testing.TB, dt arrow.DataType, text string) arrow.Array {
	t.Helper()
	a, _, err := array.FromJSON(memory.DefaultAllocator, dt, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func ts(unit arrow.TimeUnit, zone string) arrow.DataType {
	return &arrow.TimestampType{Unit: unit, TimeZone: zone}
}

// recordOf returns a record batch of these columns, in any order.
func recordOf(t testing.TB, columns map[string]arrow.Array) arrow.RecordBatch {
	t.Helper()
	var fields []arrow.Field
	var list []arrow.Array
	for name, a := range columns {
		fields = append(fields, arrow.Field{Name: name, Type: a.DataType(), Nullable: true})
		list = append(list, a)
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), list, -1)
}

// script answers the batches of a call in turn, by their ids. A nil step acknowledges.
func script(steps map[int64]func(c *putCall, r received) error) wiretest.Handler {
	return func(call *wiretest.Call) error {
		c, err := begin(call)
		if err != nil {
			return err
		}
		for {
			r, err := c.next()
			if errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if step := steps[r.id]; step != nil {
				if err := step(c, r); errors.Is(err, errContinue) {
					continue
				} else {
					return err
				}
			}
			if err := c.ack(r.id, r.record.NumRows()); err != nil {
				return err
			}
		}
	}
}

// errContinue makes script continue without an ack.
var errContinue = errors.New("continue")

// regionError fails a call as GreptimeDB 1.0.2 does when a region refuses a batch.
func regionError(c *putCall, _ received) error {
	return c.Fail(codes.Unknown, "Execute gRPC request error", 0)
}

// submit writes batches of one row each, and waits for all of them.
func submit(t *testing.T, w *Writer, n int) (acked []int64, failed []FailedBatch) {
	t.Helper()
	var pending []*Pending
	for i := range n {
		p, err := w.WriteAsync(short(t), fill(t, w.NewBatch(1), i, 1))
		if err != nil {
			t.Fatal(err)
		}
		pending = append(pending, p)
	}
	for _, p := range pending {
		_, err := p.Wait(short(t))
		var e *WriteError
		switch {
		case err == nil:
			acked = append(acked, p.ID())
		case errors.As(err, &e) && len(e.Failed) == 1 && e.Failed[0].ID == p.ID():
			failed = append(failed, e.Failed[0])
		default:
			t.Fatalf("batch %d: %v", p.ID(), err)
		}
	}
	return acked, failed
}

// ambiguous returns the ids of the batches that may have been written.
func ambiguous(failed []FailedBatch) (ids []int64) {
	for _, f := range failed {
		if f.Ambiguous {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// failedIDs returns the ids of the batches.
func failedIDs(failed []FailedBatch) []int64 { return (&WriteError{Failed: failed}).IDs() }

// failing returns how many batches have failed and are not settled.
func (w *Writer) failing() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, p := range w.unsettled {
		if p.failures > 0 {
			n++
		}
	}
	return n
}

// hasSent reports whether gRPC has taken a batch that is not acknowledged.
func (w *Writer) hasSent() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.streams {
		if slices.ContainsFunc(s.inflight, func(p *Pending) bool { return p.sent }) {
			return true
		}
	}
	return false
}

func loadSchema(t testing.TB) *insert.Schema {
	t.Helper()
	s, err := insert.NewSchema(
		insert.Tag("region", insert.String), insert.Tag("host", insert.String), insert.Tag("rack", insert.String), insert.Tag("os", insert.String),
		insert.Field("a", insert.Float64), insert.Field("b", insert.Float64), insert.Field("c", insert.Float64), insert.Field("d", insert.Float64), insert.Field("e", insert.Float64),
		insert.Field("n", insert.Int64), insert.Field("ok", insert.Bool),
		insert.Time("ts", insert.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
