package greptimetest_test

import (
	"context"
	"strings"
	"testing"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/greptimetest"
)

// send sends a request through DoGet.
func (c *client) send(t testing.TB, req *v1.GreptimeRequest) answer {
	t.Helper()
	req.Header = &v1.RequestHeader{Dbname: "public", Authorization: c.auth}
	return c.ticket(t, req)
}

func (c *client) ticket(t testing.TB, req *v1.GreptimeRequest) answer {
	t.Helper()
	ticket, err := proto.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	return c.doGet(t.Context(), ticket)
}

func columnInsert(table string, rows uint32, cols ...*v1.Column) *v1.GreptimeRequest {
	return &v1.GreptimeRequest{Request: &v1.GreptimeRequest_Inserts{Inserts: &v1.InsertRequests{
		Inserts: []*v1.InsertRequest{{TableName: table, RowCount: rows, Columns: cols}},
	}}}
}

func oneRow(table string, schema []*v1.ColumnSchema, values ...*v1.Value) *v1.GreptimeRequest {
	return &v1.GreptimeRequest{Request: &v1.GreptimeRequest_RowInserts{RowInserts: &v1.RowInsertRequests{
		Inserts: []*v1.RowInsertRequest{{TableName: table, Rows: &v1.Rows{Schema: schema, Rows: []*v1.Row{{Values: values}}}}},
	}}}
}

func ddlRequest(d *v1.DdlRequest) *v1.GreptimeRequest {
	return &v1.GreptimeRequest{Request: &v1.GreptimeRequest_Ddl{Ddl: d}}
}

var (
	tsColumn = &v1.Column{ColumnName: "ts", Datatype: v1.ColumnDataType_TIMESTAMP_MILLISECOND, SemanticType: v1.SemanticType_TIMESTAMP,
		Values: &v1.Column_Values{TimestampMillisecondValues: []int64{1}}}
	tsSchema = &v1.ColumnSchema{ColumnName: "ts", Datatype: v1.ColumnDataType_TIMESTAMP_MILLISECOND, SemanticType: v1.SemanticType_TIMESTAMP}
	tsValue  = &v1.Value{ValueData: &v1.Value_TimestampMillisecondValue{TimestampMillisecondValue: 1}}
)

// TestMalformedRequests: requests that no client should send are errors, and leave
// the server as it was.
func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, "CREATE TABLE base (ts TIMESTAMP TIME INDEX, v INT)")
	c.sql(t, "CREATE VIEW seen AS SELECT ts, v FROM base")
	role := func(n v1.SemanticType) *v1.Column {
		return &v1.Column{ColumnName: "x", Datatype: v1.ColumnDataType_INT32, SemanticType: n, Values: &v1.Column_Values{I32Values: []int32{1}}}
	}
	for name, tt := range map[string]struct {
		req         *v1.GreptimeRequest
		code, names string
	}{
		"a row count without values":  {columnInsert("base", 1<<30, &v1.Column{ColumnName: "ts", Datatype: v1.ColumnDataType_TIMESTAMP_MILLISECOND, SemanticType: v1.SemanticType_TIMESTAMP}), "1004", "Expecting 1073741824 rows of data for column 'ts', but got 0"},
		"a row count without columns": {columnInsert("base", 1<<30), "1004", "no columns"},
		"columns of two lengths":      {columnInsert("base", 1, tsColumn, &v1.Column{ColumnName: "v", Datatype: v1.ColumnDataType_INT32, SemanticType: v1.SemanticType_FIELD}), "1004", "column 'v', but got 0"},
		"an unknown role in columns":  {columnInsert("made", 1, tsColumn, role(9)), "1004", "semantic type 9"},
		"a negative role":             {columnInsert("made", 1, tsColumn, role(-1)), "1004", "semantic type -1"},
		"an unknown role in rows":     {oneRow("made", []*v1.ColumnSchema{tsSchema, {ColumnName: "x", Datatype: v1.ColumnDataType_INT32, SemanticType: 9}}, tsValue, &v1.Value{}), "1004", "semantic type 9"},
		"an unknown role in DDL": {ddlRequest(&v1.DdlRequest{Expr: &v1.DdlRequest_CreateTable{CreateTable: &v1.CreateTableExpr{TableName: "made", TimeIndex: "ts", ColumnDefs: []*v1.ColumnDef{
			{Name: "ts", DataType: v1.ColumnDataType_TIMESTAMP_MILLISECOND, SemanticType: 9}}}}}), "1004", "semantic type 9"},
		"rows for a view":           {oneRow("seen", []*v1.ColumnSchema{tsSchema}, tsValue), "1004", "seen is a view"},
		"columns for a view":        {columnInsert("seen", 1, tsColumn), "1004", "seen is a view"},
		"a database without a name": {ddlRequest(&v1.DdlRequest{Expr: &v1.DdlRequest_CreateDatabase{CreateDatabase: &v1.CreateDatabaseExpr{}}}), "1002", "Invalid database name"},
		"nothing to drop":           {ddlRequest(&v1.DdlRequest{Expr: &v1.DdlRequest_DropTable{}}), "4001", ""},
	} {
		a := c.send(t, tt.req)
		if a.errCode != tt.code || !strings.Contains(a.message, tt.names) {
			t.Errorf("%s: %v, want code %s and %q", name, a.err(), tt.code, tt.names)
		}
	}
	if got := c.sql(t, "SHOW TABLES").text(); got != "base\nseen" {
		t.Errorf("tables %q", got)
	}
	if got := c.sql(t, "SHOW DATABASES").text(); got != "greptime_private\ninformation_schema\npublic" {
		t.Errorf("databases %q", got)
	}
}

// TestAddColumnsWithDefaults: several defaults in one statement, of rows that are
// there.
func TestAddColumnsWithDefaults(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, "CREATE TABLE t (ts TIMESTAMP TIME INDEX)")
	c.sql(t, "INSERT INTO t VALUES (1)")
	c.sql(t, "ALTER TABLE t ADD COLUMN u INT DEFAULT 5, ADD COLUMN v STRING DEFAULT 'z', ADD COLUMN w INT")
	if got := c.sql(t, "SELECT * FROM t").text(); got != "1|5|z|NULL" {
		t.Errorf("rows %q", got)
	}
}

// TestViewsDoNotReadThemselves, and what replaces a view replaces it at once.
func TestViewsDoNotReadThemselves(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, "CREATE VIEW a AS SELECT 1 AS x")
	c.sql(t, "CREATE VIEW b AS SELECT x FROM a")
	for _, q := range []string{"CREATE OR REPLACE VIEW a AS SELECT * FROM a", "CREATE OR REPLACE VIEW a AS SELECT x FROM b"} {
		if r := c.try(t, q); r.errCode != "1001" {
			t.Errorf("%s: %v", q, r.err())
		}
	}
	c.sql(t, "CREATE OR REPLACE VIEW a AS SELECT 2 AS x")
	if got := c.sql(t, "SELECT x FROM b").text(); got != "2" {
		t.Errorf("rows %q", got)
	}
}

// TestOneServerForAFolder: a second one would not see what the first one writes.
func TestOneServerForAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	greptimetest.Start(t, greptimetest.Options{Dir: dir})
	if s, err := greptimetest.New(greptimetest.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second server: %v %v", s, err)
	}
}

// FuzzNativeRequest: no request breaks the server, whatever its fields say.
func FuzzNativeRequest(f *testing.F) {
	for _, req := range []*v1.GreptimeRequest{
		columnInsert("t", 1<<30, tsColumn),
		columnInsert("t", 1, tsColumn, &v1.Column{ColumnName: "x", Datatype: v1.ColumnDataType_STRING, SemanticType: 1, NullMask: []byte{1}}),
		oneRow("t", []*v1.ColumnSchema{tsSchema, {ColumnName: "v", Datatype: v1.ColumnDataType_DECIMAL128, SemanticType: 1}}, tsValue, &v1.Value{}),
		oneRow("seen", []*v1.ColumnSchema{tsSchema}, tsValue),
		{Request: &v1.GreptimeRequest_Deletes{Deletes: &v1.DeleteRequests{Deletes: []*v1.DeleteRequest{{TableName: "t", RowCount: 1, KeyColumns: []*v1.Column{tsColumn}}}}}},
		{Request: &v1.GreptimeRequest_RowDeletes{RowDeletes: &v1.RowDeleteRequests{Deletes: []*v1.RowDeleteRequest{{TableName: "t", Rows: &v1.Rows{Schema: []*v1.ColumnSchema{tsSchema}, Rows: []*v1.Row{{Values: []*v1.Value{tsValue}}}}}}}}},
		ddlRequest(&v1.DdlRequest{Expr: &v1.DdlRequest_CreateTable{CreateTable: &v1.CreateTableExpr{TableName: "u", TimeIndex: "ts", PrimaryKeys: []string{"h"}, ColumnDefs: []*v1.ColumnDef{
			{Name: "ts", DataType: v1.ColumnDataType_TIMESTAMP_NANOSECOND}, {Name: "h", DataType: v1.ColumnDataType_STRING}}}}}),
		ddlRequest(&v1.DdlRequest{Expr: &v1.DdlRequest_DropTable{DropTable: &v1.DropTableExpr{TableName: "u", DropIfExists: true}}}),
		ddlRequest(&v1.DdlRequest{Expr: &v1.DdlRequest_CreateDatabase{CreateDatabase: &v1.CreateDatabaseExpr{SchemaName: "d"}}}),
	} {
		b, err := proto.Marshal(req)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	c := dial(f, greptimetest.Start(f))
	c.sql(f, "CREATE TABLE t (ts TIMESTAMP TIME INDEX)")
	c.sql(f, "CREATE VIEW seen AS SELECT ts FROM t")
	f.Fuzz(func(t *testing.T, data []byte) {
		req := &v1.GreptimeRequest{}
		if proto.Unmarshal(data, req) != nil || req.GetRequest() == nil {
			return
		}
		if _, query := req.Request.(*v1.GreptimeRequest_Query); query {
			return
		}
		resp, err := v1.NewGreptimeDatabaseClient(c.conn).Handle(context.Background(), req)
		if err == nil && resp.GetHeader().GetStatus() == nil {
			t.Error("an answer without a status")
		}
		if err != nil && strings.Contains(err.Error(), "task panicked with message") { // what recovers here says so
			t.Error(err)
		}
		if a := c.try(t, "SELECT 1"); a.err() != nil {
			t.Errorf("afterwards: %v", a.err())
		}
	})
}
