package bulk

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
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
	selects int               // how many of them asked SELECT, too
	streams [][]string        // columns of each DoPut
	rows    map[int64][]string
	sent    map[int64][]string // columns of each batch that was written
	memory  map[int64]bool     // batches that a crash would lose
	onAck   func(r received)   // before the ack
	fail    map[string]wiretest.Handler
	hang    string // a statement without an answer
	flushed chan struct{}
}

func newAlterServer(t testing.TB, version string, columns ...catalog.Column) *alterServer {
	t.Helper()
	return startAlterServer(t, version, columns)
}

// newMemoryAlterServer is newAlterServer in memory.
func newMemoryAlterServer(t testing.TB, version string) *alterServer {
	t.Helper()
	return startAlterServer(t, version, nil, wiretest.InMemory())
}

func startAlterServer(t testing.TB, version string, columns []catalog.Column, opts ...wiretest.Option) *alterServer {
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
	}, opts...)
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
	if text == s.hang {
		s.mu.Unlock()
		<-c.Context().Done()
		return nil
	}
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
			s.selects++
			return c.SendFlight(wiretest.SchemaMessage(s.table.Arrow()), wiretest.MetricsMessage())
		}
		s.reads++
		messages, err := wiretest.DescribeMessages(s.table.Columns)
		return sendResult(c, messages, err)
	case text == "SELECT version()":
		return answerText(c, "version()", s.version)
	case strings.HasPrefix(text, "ADMIN flush_table("):
		s.asked = append(s.asked, text)
		clear(s.memory)
		s.flushed <- struct{}{}
		return answerText(c, "flush", "0")
	case strings.HasPrefix(text, "SELECT count(*) FROM information_schema.partitions"):
		messages, err := wiretest.CountMessages(1)
		return sendResult(c, messages, err)
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

func (s *alterServer) fieldReads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.selects
}

// open opens a writer of the table.
func (s *alterServer) open(t testing.TB, opts Options) *Writer {
	t.Helper()
	return s.openOn(t, openConn(t, s.DSN()), opts)
}

// openMemory is open for a server in memory.
func (s *alterServer) openMemory(t testing.TB, opts Options) *Writer {
	t.Helper()
	return s.openOn(t, openMemory(t, s.DSN(), s.Dial), opts)
}

func (s *alterServer) openOn(t testing.TB, conn *greptime.Conn, opts Options) *Writer {
	t.Helper()
	w, err := NewWriter(t.Context(), conn, "t", opts)
	if err != nil {
		t.Fatal(err)
	}
	if !w.Verified() {
		t.Fatal("the columns were not read")
	}
	t.Cleanup(func() { _, _ = w.Close(short(t)) })
	return w
}

// sendResult sends a result, or the error of making it.
func sendResult(c *wiretest.Call, messages []captures.Message, err error) error {
	if err != nil {
		return err
	}
	return c.SendFlight(messages...)
}

// answerText sends a result of one text.
func answerText(c *wiretest.Call, name, value string) error {
	messages, err := wiretest.TextMessages(name, value)
	return sendResult(c, messages, err)
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
