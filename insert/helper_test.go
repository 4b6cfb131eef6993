package insert_test

import (
	"log/slog"
	"sync"
	"testing"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// connTo is a connection to a scripted server; nothing is sent to open it.
func connTo(t testing.TB, dsn string) *greptime.Conn {
	t.Helper()
	cfg, err := greptime.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	return connWith(t, cfg)
}

func connWith(t testing.TB, cfg *greptime.Config) *greptime.Conn {
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
	return c.(*greptime.Conn)
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

// sensors is a table like those of the examples.
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
