package bulk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/captures"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/wiretest"
)

// alterServer is a server with the table t, whose columns can change while streams are
// open. What it does with a batch that lacks a column is what GreptimeDB of that version
// does.
type alterServer struct {
	*wiretest.Server
	version string

	mu      sync.Mutex
	table   *catalog.Table
	exact   *greptime.Version // of version; nil if that is none
	asked   []string          // statements, but for those that read columns
	reads   int               // of columns
	streams [][]string        // columns of each DoPut
	rows    map[int64][]string
	sent    map[int64][]string // columns of each batch that was written
	memory  map[int64]bool     // batches that a crash would lose
	onAck   func(r received)   // before the ack
	fail    map[string]wiretest.Handler
	flushed chan struct{}
}

func newAlterServer(t testing.TB, version string, columns ...catalog.Column) *alterServer {
	t.Helper()
	s := &alterServer{
		version: version,
		rows:    map[int64][]string{}, sent: map[int64][]string{}, memory: map[int64]bool{},
		fail:    map[string]wiretest.Handler{},
		flushed: make(chan struct{}, 100),
	}
	if v, err := greptime.ParseVersion(version); err == nil {
		s.exact = &v
	}
	if len(columns) == 0 {
		columns = alterColumns()
	}
	s.alter(t, columns...)
	s.Server = wiretest.Start(t, func(c *wiretest.Call) error {
		if c.Method == wiretest.MethodDoPut {
			return s.put(c)
		}
		return s.query(c)
	})
	return s
}

// alterColumns is the columns of testSchema.
func alterColumns(more ...catalog.Column) []catalog.Column {
	return append([]catalog.Column{
		{Name: "host", Type: column.Of(column.String), Role: catalog.Tag, Nullable: true},
		{Name: "cpu", Type: column.Of(column.Float64), Nullable: true},
		{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex},
	}, more...)
}

// note is the column that most tests add.
var note = catalog.Column{Name: "note", Type: column.Of(column.String), Nullable: true}

// alter makes the columns of the table these; none drops the table.
func (s *alterServer) alter(t testing.TB, columns ...catalog.Column) {
	t.Helper()
	var table *catalog.Table
	if len(columns) > 0 {
		var err error
		if table, err = catalog.NewTable("t", columns); err != nil {
			t.Fatal(err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table = table
}

// failWith makes the server answer a statement with that handler, or as usual if it is nil.
func (s *alterServer) failWith(text string, h wiretest.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail[text] = h
}

func (s *alterServer) query(c *wiretest.Call) error {
	text, err := c.SQL()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for prefix, h := range s.fail {
		if h != nil && strings.HasPrefix(text, prefix) {
			return h(c)
		}
	}
	switch {
	case text == `SELECT * FROM "t" LIMIT 0` || text == `DESC TABLE "t"`:
		if s.table == nil {
			return c.Fail(codes.NotFound, "Table not found: t", 4001)
		}
		if strings.HasPrefix(text, "SELECT") {
			s.reads++
			return c.SendFlight(flightMessages(s.table.Arrow(), nil)...)
		}
		return c.SendFlight(describeTable(s.table)...)
	case text == "SELECT version()":
		return c.SendFlight(textMessages("version()", s.version)...)
	case strings.HasPrefix(text, "ADMIN flush_table("):
		s.asked = append(s.asked, text)
		clear(s.memory)
		s.flushed <- struct{}{}
		return c.SendFlight(textMessages("flush", "0")...)
	case strings.HasPrefix(text, "SELECT count(*) FROM information_schema.partitions"):
		return c.SendFlight(countMessages(1)...)
	}
	return c.Fail(codes.Unimplemented, "not known: "+text, 1001)
}

// put takes the batches of a stream.
func (s *alterServer) put(call *wiretest.Call) error {
	c, err := begin(call)
	if err != nil {
		return err
	}
	first := true
	for {
		r, err := c.next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var names []string
		for _, f := range r.record.Schema().Fields() {
			names = append(names, f.Name)
		}
		if first {
			s.mu.Lock()
			s.streams = append(s.streams, names)
			s.mu.Unlock()
			first = false
		}
		s.mu.Lock()
		onAck := s.onAck
		s.mu.Unlock()
		if onAck != nil {
			onAck(r)
		}
		if err := s.write(c, r, names); err != nil {
			return err
		}
		if err := c.ack(r.id, r.record.NumRows()); err != nil {
			return err
		}
	}
}

// write writes a batch as the version does.
func (s *alterServer) write(c *putCall, r received, names []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.table == nil {
		return s.refuse(c, codes.NotFound, "Table not found: greptime.public.t", 4001)
	}
	for _, col := range s.table.Columns {
		at := slices.Index(names, col.Name)
		switch {
		case at < 0 && s.before("1.1.0"):
			return s.refuse(c, codes.Unknown, "", 0)
		case at < 0 && !s.before("1.1.2") && !col.Nullable:
			return s.refuse(c, codes.InvalidArgument, "Invalid request to region 1(1, 0), reason: missing column "+col.Name, 1004)
		case at < 0 && s.before("1.2.0-beta.2"):
			s.memory[r.id] = true
		case at >= 0 && !arrow.TypeEqual(catalog.ArrowType(col.Type), r.record.Column(at).DataType()):
			return s.refuse(c, codes.Internal, "Failed to create RecordBatch", 1002)
		}
	}
	for row := range int(r.record.NumRows()) {
		var cells []string
		for i, col := range r.record.Columns() {
			if _, ok := s.table.Index(names[i]); ok {
				cells = append(cells, names[i]+"="+col.ValueStr(row))
			}
		}
		s.rows[r.id] = append(s.rows[r.id], strings.Join(cells, " "))
	}
	s.sent[r.id] = names
	return nil
}

// before reports whether the server's version is less than that.
func (s *alterServer) before(version string) bool {
	v, err := greptime.ParseVersion(version)
	return err == nil && s.exact != nil && s.exact.Compare(v) < 0
}

// refuse ends a stream as the version does.
func (s *alterServer) refuse(c *putCall, code codes.Code, message string, errCode int) error {
	if s.before("1.1.2") {
		return c.Fail(codes.Unknown, "Execute gRPC request error", 0)
	}
	return c.Fail(code, message, errCode)
}

// crash loses what is nowhere but in memory, and returns how many rows are left.
func (s *alterServer) crash() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.memory {
		delete(s.rows, id)
	}
	clear(s.memory)
	n := 0
	for _, rows := range s.rows {
		n += len(rows)
	}
	return n
}

// flushes is the statements by which the table was flushed.
func (s *alterServer) flushes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// batch is the rows of a batch that was written, as text.
func (s *alterServer) batch(id int64) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rows[id])
}

// schemas is the columns of each stream.
func (s *alterServer) schemas() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, names := range s.streams {
		list = append(list, strings.Join(names, ","))
	}
	return list
}

func (s *alterServer) columnReads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

// open opens a writer of the table.
func (s *alterServer) open(t testing.TB, opts Options) *Writer {
	t.Helper()
	w, err := NewWriter(t.Context(), openConn(t, s.DSN()), "t", opts)
	if err != nil {
		t.Fatal(err)
	}
	if !w.Verified() {
		t.Fatal("the columns were not read")
	}
	t.Cleanup(func() { _, _ = w.Close(short(t)) })
	return w
}

// flightMessages is a result of at most one batch.
func flightMessages(schema *arrow.Schema, batch arrow.RecordBatch) []captures.Message {
	p := ipc.GetSchemaPayload(schema, memory.DefaultAllocator)
	defer p.Release()
	messages := []captures.Message{{Kind: "Schema", Header: bytes.Clone(p.Meta().Bytes())}}
	if batch != nil {
		p, err := ipc.GetRecordBatchPayload(batch)
		if err != nil {
			panic(err) // of a test's own batch
		}
		defer p.Release()
		var body bytes.Buffer
		if err := p.SerializeBody(&body); err != nil {
			panic(err)
		}
		messages = append(messages, captures.Message{Kind: "RecordBatch", Header: bytes.Clone(p.Meta().Bytes()), Body: body.Bytes()})
	}
	recorded := captures.DoGetByName("select_constants").Messages
	return append(messages, recorded[len(recorded)-1]) // metrics
}

// countMessages is a result of one number.
func countMessages(n int64) []captures.Message {
	schema := arrow.NewSchema([]arrow.Field{{Name: "count(*)", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.Int64Builder).Append(n)
	batch := b.NewRecordBatch()
	defer batch.Release()
	return flightMessages(schema, batch)
}

// textMessages is a result of one text.
func textMessages(name, value string) []captures.Message {
	return textRows([]string{name}, [][]string{{value}})
}

func textRows(names []string, rows [][]string) []captures.Message {
	var fields []arrow.Field
	for _, name := range names {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.BinaryTypes.String})
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for _, row := range rows {
		for i, v := range row {
			b.Field(i).(*array.StringBuilder).Append(v)
		}
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	return flightMessages(schema, batch)
}

// describeTable is the answer to DESC TABLE, which ends without metrics.
func describeTable(t *catalog.Table) []captures.Message {
	var rows [][]string
	for _, col := range t.Columns {
		null := map[bool]string{true: "YES", false: "NO"}[col.Nullable]
		role := map[catalog.Role]string{catalog.Tag: "TAG", catalog.Field: "FIELD", catalog.TimeIndex: "TIMESTAMP"}[col.Role]
		rows = append(rows, []string{col.Name, col.Type.String(), "", null, col.Default, role})
	}
	messages := textRows([]string{"Column", "Type", "Key", "Null", "Default", "Semantic Type"}, rows)
	return messages[:len(messages)-1]
}

// writeRow writes a batch of one row and returns its id.
func writeRow(t testing.TB, w *Writer, n int) int64 {
	t.Helper()
	ack, err := w.Write(short(t), fill(t, w.NewBatch(1), n, 1))
	if err != nil {
		t.Fatal(err)
	}
	return ack.ID
}

func rowText(n int, more string) string {
	return strings.TrimSpace(fmt.Sprintf("host=a cpu=0 ts=1970-01-01T00:00:00.%03d %s", n, more))
}
