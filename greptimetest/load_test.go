package greptimetest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/greptimetest"
)

// rowInsert is a native insert of rows host, ts, cpu.
func rowInsert(table string, rows ...*v1.Row) *v1.GreptimeRequest {
	return &v1.GreptimeRequest{
		Header: &v1.RequestHeader{Dbname: "public"},
		Request: &v1.GreptimeRequest_RowInserts{RowInserts: &v1.RowInsertRequests{Inserts: []*v1.RowInsertRequest{{
			TableName: table,
			Rows: &v1.Rows{
				Schema: []*v1.ColumnSchema{
					{ColumnName: "host", Datatype: v1.ColumnDataType_STRING, SemanticType: v1.SemanticType_TAG},
					{ColumnName: "ts", Datatype: v1.ColumnDataType_TIMESTAMP_MILLISECOND, SemanticType: v1.SemanticType_TIMESTAMP},
					{ColumnName: "cpu", Datatype: v1.ColumnDataType_FLOAT64, SemanticType: v1.SemanticType_FIELD},
				},
				Rows: rows,
			},
		}}}},
	}
}

func row(host string, ts int64, cpu float64) *v1.Row {
	return &v1.Row{Values: []*v1.Value{
		{ValueData: &v1.Value_StringValue{StringValue: host}},
		{ValueData: &v1.Value_TimestampMillisecondValue{TimestampMillisecondValue: ts}},
		{ValueData: &v1.Value_F64Value{F64Value: cpu}},
	}}
}

func (c *client) insert(ctx context.Context, req *v1.GreptimeRequest) error {
	b, err := proto.Marshal(req)
	if err != nil {
		return err
	}
	_, _, err = c.handle(ctx, "/greptime.v1.GreptimeDatabase/Handle", [][]byte{b})
	return err
}

// TestManyConnections reads and writes through a hundred connections at once: rows
// come to one table natively and by SQL, while others count, alter and drop.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	const connections, rounds = 100, 6
	s := greptimetest.Start(t)
	dial(t, s).sql(t, "CREATE TABLE load (host STRING, ts TIMESTAMP(3) TIME INDEX, cpu DOUBLE, PRIMARY KEY(host))")
	var wg sync.WaitGroup
	for n := range connections {
		c := dial(t, s)
		wg.Go(func() {
			for r := range rounds {
				host, ts := fmt.Sprintf("h%d", n%10), int64(n/10*1000+r)
				var err error
				switch n % 4 {
				case 0:
					err = c.insert(t.Context(), rowInsert("load", row(host, ts, 1), row(host, ts, 2)))
				case 1:
					err = c.try(t, fmt.Sprintf("INSERT INTO load (host, ts, cpu) VALUES ('%s', %d, 3.5)", host, ts)).err()
				case 2:
					err = c.try(t, "SELECT host, count(*), max(cpu) FROM load GROUP BY host ORDER BY host").err()
				default:
					table := fmt.Sprintf("load_%d", n)
					if err = c.insert(t.Context(), rowInsert(table, row(host, ts, 1))); err == nil {
						err = c.try(t, "DROP TABLE "+table).err()
					}
				}
				if err != nil {
					t.Errorf("connection %d, round %d: %v", n, r, err)
					return
				}
			}
		})
	}
	wg.Wait()
	// Every writer had keys of its own: two kinds of fifty writers wrote six rows each.
	if got := dial(t, s).sql(t, "SELECT count(*) FROM load").text(); got != fmt.Sprint(connections/2*rounds) {
		t.Errorf("%s rows, want %d", got, connections/2*rounds)
	}
}

// TestKillLosesNothing writes to a server in another process, kills it without
// warning, and looks for every acknowledged row in a new one.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv("GREPTIMETEST_DIR"); dir != "" {
		s, err := greptimetest.New(greptimetest.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("address", s.Addr())
		time.Sleep(time.Minute) // until killed
		return
	}
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestKillLosesNothing$", "-test.v")
	child.Env = append(os.Environ(), "GREPTIMETEST_DIR="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	kill := func() {
		if !killed {
			killed = true
			_ = child.Process.Kill()
			_ = child.Wait()
		}
	}
	defer kill()
	addr := ""
	buf := make([]byte, 4096)
	for text := ""; addr == ""; {
		n, err := out.Read(buf)
		if err != nil {
			t.Fatalf("the server did not start: %v, %s", err, text)
		}
		text += string(buf[:n])
		if _, rest, ok := strings.Cut(text, "address "); ok && strings.Contains(rest, "\n") {
			addr, _, _ = strings.Cut(rest, "\n")
		}
	}
	c := dialAddr(t, addr)
	if err := c.insert(t.Context(), rowInsert("kept", row("a", 0, 0))); err != nil {
		t.Fatal(err)
	}
	c.sql(t, "CREATE DATABASE other")
	c.sql(t, "CREATE VIEW a_view AS SELECT host FROM kept")
	var mu sync.Mutex
	acked := 1
	var wg sync.WaitGroup
	for w := range 4 {
		c := dialAddr(t, addr)
		wg.Go(func() {
			for i := range 1000 {
				if c.insert(t.Context(), rowInsert("kept", row(fmt.Sprintf("w%d", w), int64(i), 1))) != nil {
					return // killed
				}
				mu.Lock()
				acked++
				mu.Unlock()
			}
		})
	}
	time.Sleep(200 * time.Millisecond)
	kill()
	wg.Wait()
	s := greptimetest.Start(t, greptimetest.Options{Dir: dir})
	again := dial(t, s)
	var rows int
	if _, err := fmt.Sscan(again.sql(t, "SELECT count(*) FROM a_view").text(), &rows); err != nil {
		t.Fatal(err)
	}
	// Rows may be there whose acknowledgement was on its way: one for each writer.
	if rows < acked || rows > acked+4 {
		t.Errorf("%d rows after the kill, %d acknowledged", rows, acked)
	}
	// And the table takes rows again, new ones and old ones.
	if err := again.insert(t.Context(), rowInsert("kept", row("a", 0, 5), row("new", 1, 1))); err != nil {
		t.Fatal(err)
	}
	if got := again.sql(t, "SELECT cpu FROM kept WHERE host = 'a'").text(); got != "5 4014000000000000" {
		t.Errorf("after an upsert: %s", got)
	}
	if got := again.sql(t, "SHOW DATABASES LIKE 'other'").text(); got != "other" {
		t.Errorf("databases: %q", got)
	}
}
