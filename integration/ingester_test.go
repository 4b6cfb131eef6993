package integration

import (
	"database/sql"
	"net"
	"strconv"
	"testing"
	"time"

	ingester "github.com/GreptimeTeam/greptimedb-ingester-go"
	"github.com/GreptimeTeam/greptimedb-ingester-go/table"
	"github.com/GreptimeTeam/greptimedb-ingester-go/table/types"

	"github.com/greptime-go/greptime/greptimetest"
)

// GreptimeDB's own insert-only SDK is a client that shares no code with this
// project: what greptimetest says to it, it says to others.

func ingesterClient(t *testing.T, s *greptimetest.Server) *ingester.Client {
	t.Helper()
	host, port, err := net.SplitHostPort(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	client, err := ingester.NewClient(ingester.NewConfig(host).WithPort(number).WithDatabase("public").WithAuth("writer", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// monitors is a table with rows from first to last.
func monitors(t *testing.T, name string, first, last int) *table.Table {
	t.Helper()
	tbl, err := table.New(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		tbl.AddTagColumn("id", types.INT64),
		tbl.AddTagColumn("host", types.STRING),
		tbl.AddFieldColumn("memory", types.UINT64),
		tbl.AddFieldColumn("cpu", types.FLOAT64),
		tbl.AddFieldColumn("running", types.BOOLEAN),
		tbl.AddTimestampColumn("ts", types.TIMESTAMP_MILLISECOND),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := first; i < last; i++ {
		if err := tbl.AddRow(int64(i), "host-"+strconv.Itoa(i), uint64(i)<<32, float64(i)/4, i%2 == 0, time.UnixMilli(int64(i))); err != nil {
			t.Fatal(err)
		}
	}
	return tbl
}

func TestIngesterWritesToGreptimetest(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t, greptimetest.Options{Users: []greptimetest.User{{Name: "writer", Password: "secret"}}})
	client := ingesterClient(t, s)
	db, err := sql.Open("greptime", s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	check := func(name string, rows int) {
		t.Helper()
		var n, sum int64
		var cpu float64
		if err := db.QueryRow("SELECT count(*), sum(id), max(cpu) FROM "+name).Scan(&n, &sum, &cpu); err != nil {
			t.Fatal(err)
		}
		if want := int64(rows); n != want || sum != want*(want-1)/2 || cpu != float64(want-1)/4 {
			t.Errorf("%s: %d rows, sum %d, max %v", name, n, sum, cpu)
		}
		var id, memory int64
		var ts time.Time
		if err := db.QueryRow("SELECT id, memory, ts FROM "+name+" WHERE host = ?", "host-7").Scan(&id, &memory, &ts); err != nil || id != 7 || memory != 7<<32 || ts.UnixMilli() != 7 {
			t.Errorf("%s: %d, %d, %v, %v", name, id, memory, ts, err)
		}
	}

	response, err := client.Write(t.Context(), monitors(t, "unary", 0, 100))
	if err != nil || response.GetAffectedRows().GetValue() != 100 {
		t.Fatalf("unary: %v, %v", response, err)
	}
	check("unary", 100)

	for i := range 5 {
		if err := client.StreamWrite(t.Context(), monitors(t, "stream", i*20, i*20+20)); err != nil {
			t.Fatalf("stream: %v", err)
		}
	}
	affected, err := client.CloseStream(t.Context())
	if err != nil || affected.GetValue() != 100 {
		t.Fatalf("stream: %v, %v", affected, err)
	}
	check("stream", 100)

	response, err = client.Delete(t.Context(), monitors(t, "unary", 50, 100))
	if err != nil || response.GetAffectedRows().GetValue() != 50 {
		t.Fatalf("delete: %v, %v", response, err)
	}
	check("unary", 50)
}

// The SDK's bulk writer sends neither its database nor its credentials, and makes
// no table.
func TestIngesterBulkWritesToGreptimetest(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	client := ingesterClient(t, s)
	db, err := sql.Open("greptime", s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TABLE loaded ("id" BIGINT, host STRING, "memory" BIGINT UNSIGNED, cpu DOUBLE, running BOOLEAN,
		ts TIMESTAMP(3) TIME INDEX, PRIMARY KEY ("id", host))`); err != nil {
		t.Fatal(err)
	}
	response, err := client.BulkWrite(t.Context(), monitors(t, "loaded", 0, 1000))
	if err != nil || response.GetAffectedRows().GetValue() != 1000 {
		t.Fatalf("%v, %v", response, err)
	}
	var n, sum int64
	if err := db.QueryRow("SELECT count(*), sum(id) FROM loaded").Scan(&n, &sum); err != nil || n != 1000 || sum != 1000*999/2 {
		t.Errorf("%d rows, sum %d, %v", n, sum, err)
	}
	if _, err := client.BulkWrite(t.Context(), monitors(t, "missing", 0, 1)); err == nil {
		t.Error("a bulk load into a table that is not there works")
	}
	if _, err := client.HealthCheck(t.Context()); err != nil {
		t.Error(err)
	}
}
