package faultserver

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/test/wiretest"
	"github.com/greptime-go/greptime/internal/test/writemodel"
)

// Options configures a Server.
type Options struct {
	Seed      uint64
	Endpoints int // default 1
	// OldPuts removes the content of bulk load errors, as before GreptimeDB 1.1.2.
	OldPuts bool
	// Hang, if not nil, is called when the server leaves a call without an answer, so that
	// the test can cancel the call.
	Hang func()
}

// Server is a database with one or several endpoints. It is safe for concurrent use.
type Server struct {
	model     *writemodel.Model
	options   Options
	endpoints []*wiretest.Server

	mu       sync.Mutex
	rand     *rand.Rand
	faults   float64
	tables   map[string]*table
	requests int
	drawn    int // faults
	stale    int
}

// table is the present state of a table.
type table struct {
	name    string
	columns []catalog.Column
	regions int
}

// Start starts a server that reports to the model, unless it is nil. It executes
// all requests until SetFaults. The server stops at the end of the test.
func Start(t testing.TB, model *writemodel.Model, o Options) *Server {
	t.Helper()
	s := &Server{model: model, options: o, rand: rand.New(rand.NewPCG(o.Seed, 1)), tables: map[string]*table{}}
	for range max(o.Endpoints, 1) {
		s.endpoints = append(s.endpoints, wiretest.Start(t, s.handle, wiretest.Host(wiretest.OwnHost(0)), wiretest.Faults(s.plan)))
	}
	return s
}

// SetFaults sets how probable it is, from 0 to 1, that a write is not simply carried out.
// Queries fail a quarter as often, connections a tenth.
func (s *Server) SetFaults(probability float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = probability
}

// AddTable adds a table with the given number of regions and the columns host (STRING, a
// tag), ts, v (BIGINT) and note (STRING).
func (s *Server) AddTable(name string, regions int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables[name] = &table{name: name, regions: regions, columns: []catalog.Column{
		{Name: "host", Type: column.Of(column.String), Role: catalog.Tag, Nullable: true},
		{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex},
		{Name: "v", Type: column.Of(column.Int64), Nullable: true},
		{Name: "note", Type: column.Of(column.String), Nullable: true},
	}}
}

// SetType changes the type of a column, as if somebody had dropped the table and created
// another one.
func (s *Server) SetType(name, columnName string, typ column.Type) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.tables[name].columns {
		if c := &s.tables[name].columns[i]; c.Name == columnName {
			c.Type = typ
		}
	}
}

// AddColumn adds a column that may be NULL to a table. Servers with OldPuts refuse batches
// that lack it.
func (s *Server) AddColumn(name, columnName string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[name]
	t.columns = append(t.columns, catalog.Column{Name: columnName, Type: column.Of(column.Int64), Nullable: true})
}

// Chance draws whether something that the test does to the driver happens. It does not
// before SetFaults.
func (s *Server) Chance(probability float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults > 0 && s.chance(probability)
}

// Stale returns the number of writes that were refused because a column has changed since
// they read the schema.
func (s *Server) Stale() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stale
}

// Faults returns how many requests did not simply get their answer.
func (s *Server) Faults() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drawn
}

// Addrs returns the addresses of the endpoints.
func (s *Server) Addrs() []string {
	addrs := make([]string, len(s.endpoints))
	for i, e := range s.endpoints {
		addrs[i] = e.Addr()
	}
	return addrs
}

// Endpoint returns an endpoint, which can be stopped, drained and restarted by itself. The
// rows are those of the Server, so that they survive.
func (s *Server) Endpoint(i int) *wiretest.Server { return s.endpoints[i] }

// DSN returns the data source name of all endpoints, with params as in wiretest.
func (s *Server) DSN(params ...string) string {
	return fmt.Sprintf("greptime://%s/public?%s", strings.Join(s.Addrs(), ","), strings.Join(params, "&"))
}

// Stop stops all endpoints and waits until no request is being executed.
func (s *Server) Stop() {
	for _, e := range s.endpoints {
		e.Stop()
	}
}

// plan draws the faults of a connection.
func (s *Server) plan(int) wiretest.Plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.chance(s.faults / 10) {
		return wiretest.Plan{}
	}
	return wiretest.Plan{
		Do: []wiretest.Fault{wiretest.Refuse, wiretest.Break, wiretest.Close}[s.rand.IntN(3)],
		At: s.rand.Int64N(300),
	}
}

// chance returns true with the given probability. The caller holds mu.
func (s *Server) chance(probability float64) bool { return s.rand.Float64() < probability }
