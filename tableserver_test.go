package greptime_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// tableServer is a server with tables. It answers for their columns, takes native
// inserts as it is told, and answers every other text as a recorded INSERT of two rows.
type tableServer struct {
	*wiretest.Server
	mu         sync.Mutex
	tables     map[string]*catalog.Table // by database and name, "public.t"
	unwritable map[string]arrow.Field    // tables that have another column besides, of a type that cannot be written
	calls      []tableCall
	refusal    greptime.Code                                           // of the statements that read columns; 0: none
	altered    int                                                     // how many times a table gets a column more between SELECT and DESC TABLE
	extra      int                                                     // regions of each table beyond the first
	native     func(*wiretest.Call, *greptimev1.GreptimeRequest) error // of Handle; nil: it counts the rows
	text       wiretest.Handler                                        // of INSERTs by text
}

// tableCall is a request that a tableServer got.
type tableCall struct {
	sql    string // empty for a native insert
	native *greptimev1.GreptimeRequest
	hints  []string
	header *greptimev1.RequestHeader
}

func newTableServer(t testing.TB, opts ...wiretest.Option) *tableServer {
	s := &tableServer{tables: map[string]*catalog.Table{}}
	s.Server = wiretest.Start(t, s.handle, opts...)
	s.put(t, "public.t",
		catalog.Column{Name: "host", Type: column.Of(column.String), Role: catalog.Tag, Nullable: true},
		catalog.Column{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex},
		catalog.Column{Name: "v", Type: column.Of(column.Float64), Nullable: true},
		catalog.Column{Name: "n", Type: column.Of(column.Int64), Nullable: true},
		catalog.Column{Name: "d", Type: column.Of(column.Date), Nullable: true},
		catalog.Column{Name: "Upper", Type: column.Of(column.String), Nullable: true},
		catalog.Column{Name: "dec", Type: column.DecimalOf(5, 2), Nullable: true},
		catalog.Column{Name: "j", Type: column.Of(column.JSON), Nullable: true},
		catalog.Column{Name: "vec", Type: column.VectorOf(2), Nullable: true},
		catalog.Column{Name: "note", Type: column.Of(column.String), Nullable: true, Default: "none"},
	)
	return s
}

func (s *tableServer) put(t testing.TB, name string, list ...catalog.Column) {
	t.Helper()
	table, err := catalog.NewTable(name[strings.LastIndex(name, ".")+1:], list)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables[name] = table
}

// alter gives a table another column in the place of the one by its name.
func (s *tableServer) alter(t testing.TB, name string, c catalog.Column) {
	t.Helper()
	s.mu.Lock()
	table := s.tables[name]
	s.mu.Unlock()
	list := slices.Clone(table.Columns)
	at, _ := table.Index(c.Name)
	list[at] = c
	s.put(t, name, list...)
}

// setList sets whether a table has a column that cannot be written.
func (s *tableServer) setList(name string, has bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unwritable = nil
	if has {
		s.unwritable = map[string]arrow.Field{name: {Name: "list", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64), Nullable: true}}
	}
}

// json2Field is a column as GreptimeDB 1.2 marks JSON2.
var json2Field = arrow.Field{Name: "doc", Type: arrow.BinaryTypes.Binary, Nullable: true, Metadata: arrow.MetadataFrom(map[string]string{
	"greptime:type": "Json", "ARROW:extension:name": "greptime.json2",
	"ARROW:extension:metadata": `{"json_settings":{"type_hints":[],"max_auto_expanded_paths":100},"layout_version":2}`,
})}

// setJSON2 gives a table a column of the type JSON2.
func (s *tableServer) setJSON2(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unwritable = map[string]arrow.Field{name: json2Field}
}

// refuseColumns makes the statements that read columns fail from now on; 0 ends that.
func (s *tableServer) refuseColumns(code greptime.Code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = code
}

// alterWhileRead makes the next n attempts to read columns meet a table that is being altered.
func (s *tableServer) alterWhileRead(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.altered = n
}

// answerNative says what becomes of native inserts from now on.
func (s *tableServer) answerNative(answer func(*wiretest.Call, *greptimev1.GreptimeRequest) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.native = answer
}

func (s *tableServer) answerText(answer wiretest.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = answer
}

func (s *tableServer) handle(c *wiretest.Call) error {
	var request *greptimev1.GreptimeRequest
	var err error
	if c.Method == wiretest.MethodHandle {
		request, err = c.Request()
	} else {
		request, err = c.Ticket()
	}
	if err != nil {
		return err
	}
	text := request.GetQuery().GetSql()
	call := tableCall{sql: text, hints: c.Metadata.Get("x-greptime-hints"), header: request.Header}
	if c.Method == wiretest.MethodHandle {
		call.native = request
	}
	s.mu.Lock()
	s.calls = append(s.calls, call)
	native, textAnswer, extra := s.native, s.text, s.extra
	s.mu.Unlock()
	switch {
	case call.native != nil && native != nil:
		return native(c, request)
	case call.native != nil:
		return c.Respond(uint32(len(request.GetRowInserts().Inserts[0].Rows.Rows)))
	case strings.HasPrefix(text, "SELECT count(*) FROM information_schema.partitions "):
		messages, err := wiretest.CountMessages(int64(1 + extra))
		if err != nil {
			return err
		}
		return c.SendFlight(messages...)
	case strings.HasPrefix(text, "SELECT * FROM "), strings.HasPrefix(text, "DESC TABLE "):
		return s.describe(c, request.Header.Dbname, text)
	case textAnswer != nil:
		return textAnswer(c)
	default:
		return wiretest.Replay(captures.DoGetByName("insert_two_rows"))(c)
	}
}

// describe answers the statements that read a table's columns.
func (s *tableServer) describe(c *wiretest.Call, database, text string) error {
	name := strings.Trim(strings.Fields(strings.NewReplacer("SELECT * FROM ", "", "DESC TABLE ", "").Replace(text))[0], `"`)
	s.mu.Lock()
	table := s.tables[database+"."+name]
	extra, hasExtra := s.unwritable[database+"."+name]
	refusal := s.refusal
	s.mu.Unlock()
	if refusal != 0 {
		return c.Fail(codes.Internal, "Columns cannot be read", int(refusal))
	}
	if table == nil {
		return c.Fail(codes.NotFound, "Table not found: "+name, 4001)
	}
	described := table.Columns
	schema := table.Arrow()
	if hasExtra {
		described = append(slices.Clone(described), catalog.Column{Name: extra.Name, Nullable: true})
		schema = arrow.NewSchema(append(schema.Fields(), extra), nil)
	}
	if strings.HasPrefix(text, "SELECT") {
		return c.SendFlight(resultMessages(discard{}, schema)...)
	}
	s.mu.Lock()
	if s.altered > 0 {
		s.altered--
		described = append(slices.Clone(described), catalog.Column{Name: "added", Nullable: true})
	}
	s.mu.Unlock()
	messages, err := wiretest.DescribeMessages(described)
	if err != nil {
		return err
	}
	return c.SendFlight(messages...)
}

// discard is a testing.TB for handlers, which must not fail the test on a goroutine of
// their own.
type discard struct{ testing.TB }

func (discard) Helper() {}

func (discard) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// ways returns how the requests travelled, and forgets them: "columns" for the two
// statements that read the columns, "regions" for the count of a table's regions,
// "native", and "text".
func (s *tableServer) ways() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ways []string
	for _, c := range s.calls {
		switch {
		case c.native != nil:
			ways = append(ways, "native")
		case strings.HasPrefix(c.sql, "DESC TABLE"):
		case strings.HasPrefix(c.sql, "SELECT * FROM"):
			ways = append(ways, "columns")
		case strings.HasPrefix(c.sql, "SELECT count(*) FROM information_schema.partitions"):
			ways = append(ways, "regions")
		default:
			ways = append(ways, "text")
		}
	}
	s.calls = nil
	return strings.Join(ways, ", ")
}

func (s *tableServer) lastCall(t testing.TB) tableCall {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) == 0 {
		t.Fatal("no request")
	}
	return s.calls[len(s.calls)-1]
}

// know makes the driver read the columns of table t.
func (s *tableServer) know(t *testing.T, db *sql.DB) {
	t.Helper()
	exec(t, db, manyRows("INSERT INTO t (host, ts) VALUES ", "('a', 1)", 16))
	if got := s.ways(); got != "columns, native" {
		t.Fatalf("16 rows went %s", got)
	}
}
