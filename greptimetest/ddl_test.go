package greptimetest_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// TestKeywordsAsColumnNames: the words that the recorded server refused, and no
// others; quoted, all of them are fine.
func TestKeywordsAsColumnNames(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	var quoted []string
	for _, w := range captures.Keywords() {
		if a := c.try(t, "CREATE TABLE k ("+w+" STRING, ts TIMESTAMP TIME INDEX)"); a.errCode != "2000" {
			t.Errorf("%s: %v", w, a.err())
		}
		quoted = append(quoted, `"`+w+`" STRING`)
	}
	c.sql(t, "CREATE TABLE k ("+strings.Join(quoted, ", ")+", ts_index TIMESTAMP TIME INDEX)")
	c.sql(t, "CREATE TABLE free (host STRING, cpu INT, state INT, device INT, temperature INT, ts TIMESTAMP TIME INDEX)")
}

// TestColumnTypes: every type, by every name.
func TestColumnTypes(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	types := map[string]string{
		"BOOLEAN": "Boolean", "BOOL": "Boolean", "TINYINT": "Int8", "SMALLINT": "Int16", "INT2": "Int16", "INT": "Int32", "INTEGER": "Int32", "INT4": "Int32",
		"BIGINT": "Int64", "INT8": "Int64", "INT64": "Int64", "TINYINT UNSIGNED": "UInt8", "SMALLINT UNSIGNED": "UInt16", "INT UNSIGNED": "UInt32",
		"BIGINT UNSIGNED": "UInt64", "UINT8": "UInt8", "UINT64": "UInt64", "FLOAT": "Float32", "FLOAT4": "Float32", "FLOAT32": "Float32", "DOUBLE": "Float64",
		"FLOAT8": "Float64", "FLOAT64": "Float64", "STRING": "String", "TEXT": "String", "VARCHAR(20)": "String", "CHAR": "String", "VARBINARY": "Binary",
		"BINARY": "Binary", "BLOB": "Binary", "BYTEA": "Binary", "DATE": "Date", "DATETIME": "TimestampMicrosecond", "DATETIME(3)": "TimestampMicrosecond",
		"TIMESTAMP": "TimestampMillisecond", "TIMESTAMP(0)": "TimestampSecond", "TIMESTAMP(6)": "TimestampMicrosecond", "TIMESTAMP_NS": "TimestampNanosecond",
		"TIMESTAMPTZ": "TimestampMillisecond", "TIMESTAMP(9) WITH TIME ZONE": "TimestampNanosecond", "DECIMAL": "Decimal(38, 10)", "DECIMAL(12)": "Decimal(12, 0)",
		"DECIMAL(10,2)": "Decimal(10, 2)", "JSON": "Json", "VECTOR(7)": "Vector(7)",
	}
	var defs, names []string
	for name := range types {
		defs = append(defs, fmt.Sprintf(`"%s" %s`, strings.ToLower(name)+"_", name))
		names = append(names, name)
	}
	c.sql(t, "CREATE TABLE types (ts_index TIMESTAMP TIME INDEX, "+strings.Join(defs, ", ")+")")
	rows := c.sql(t, "DESC TABLE types").rows[1:]
	for i, name := range names {
		if rows[i][1] != types[name] {
			t.Errorf("%s is %s, want %s", name, rows[i][1], types[name])
		}
	}
	for name, code := range map[string]string{
		"TIME": "2000", "REAL": "2000", "NUMERIC": "2000", "DOUBLE PRECISION": "2000", "UUID": "2000", "TIMESTAMP(1)": "2000", "TIMESTAMP(4)": "2000",
		"INT[]": "2000", "INTERVAL": "1004", "DECIMAL(39,1)": "1002", "DECIMAL(5,6)": "1002", "DECIMAL(5,-1)": "1002", "NOTHING": "2000",
	} {
		if a := c.try(t, "CREATE TABLE bad (ts_index TIMESTAMP TIME INDEX, a "+name+")"); a.errCode != code {
			t.Errorf("%s: %v, want code %s", name, a.err(), code)
		}
	}
	for _, name := range []string{"DATE", "DATETIME", "BIGINT", "STRING"} {
		if a := c.try(t, "CREATE TABLE bad (ts_index "+name+" TIME INDEX)"); a.errCode != "1004" {
			t.Errorf("time index of type %s: %v", name, a.err())
		}
	}
}

// TestDatabases: names keep their case and may have a dash.
func TestDatabases(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, `CREATE DATABASE "My-Db"`)
	c.sql(t, `CREATE TABLE "My-Db".t (ts TIMESTAMP TIME INDEX)`)
	c.sql(t, `INSERT INTO "My-Db".t VALUES (1)`)
	if got := c.sql(t, `SELECT * FROM greptime."My-Db".t`).text(); got != "1" {
		t.Errorf("rows %q", got)
	}
	if a := c.try(t, `SELECT * FROM "my-db".t`); a.errCode != "4001" {
		t.Errorf("%v", a.err())
	}
	if a := c.try(t, `CREATE DATABASE "a b"`); a.errCode != "1002" {
		t.Errorf("%v", a.err())
	}
	c.sql(t, `DROP DATABASE "My-Db"`)
	if got := c.sql(t, "SHOW DATABASES LIKE 'My%'").text(); got != "" {
		t.Errorf("databases %q", got)
	}
}

// TestDatabaseInUse: the database of the request cannot be dropped, that of another can.
func TestDatabaseInUse(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, "CREATE DATABASE mine")
	from := func(database, q string) answer {
		req := c.request(q)
		req.Header.Dbname = database
		ticket, err := proto.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		return c.doGet(t.Context(), ticket)
	}
	for _, tt := range []struct{ database, sql, code, message string }{
		{"mine", "DROP DATABASE mine", "1004", "Schema `mine` is in use"},
		{"mine", "DROP DATABASE IF EXISTS mine", "1004", "Schema `mine` is in use"},
		{"greptime-mine", "DROP SCHEMA mine", "1004", "Schema `mine` is in use"},
		{"public", "DROP DATABASE public", "1004", "Schema `public` is in use"},
		{"nowhere", "DROP DATABASE nowhere", "1004", "Failed to find schema, schema info: nowhere"},
		{"nowhere", "DROP DATABASE IF EXISTS nowhere", "", ""},
		{"information_schema", "DROP DATABASE information_schema", "1001", "Schema `information_schema` is read-only"},
		{"public", "DROP DATABASE mine", "", ""},
		{"mine", "DROP DATABASE mine", "1004", "Failed to find schema, schema info: mine"},
	} {
		if a := from(tt.database, tt.sql); a.errCode != tt.code || a.message != tt.message {
			t.Errorf("%s in %s: %s %q, want %s %q", tt.sql, tt.database, a.errCode, a.message, tt.code, tt.message)
		}
	}
}

// TestPlannerPath: one expression in VALUES sends the INSERT through the planner,
// where text is stored raw in JSON and VECTOR columns unless it is parsed.
func TestPlannerPath(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, "CREATE TABLE p (host STRING, ts TIMESTAMP TIME INDEX, f DOUBLE, n INT, j JSON, v VECTOR(2), d DECIMAL(10,2), PRIMARY KEY(host))")
	c.sql(t, `INSERT INTO p VALUES (concat('a', 'b'), TIMESTAMP '2024-01-01T00:00:00Z', CAST('NaN' AS DOUBLE), 1 + 1, '{"a":1}', '[1,2]', CAST('1.50' AS DECIMAL(5,2)))`)
	c.sql(t, `INSERT INTO p VALUES ('c', now(), 1, NULL, parse_json('{"a":1}'), parse_vec('[1,2]'), 2)`)
	got := c.sql(t, `SELECT host, f, n, j, v, d FROM p ORDER BY host`).text()
	want := "ab|NaN|2|7b2261223a317d|5b312c325d|150\nc|1 3ff0000000000000|NULL|4000000110000001200000026150" + "01|0000803f00000040|200"
	if got != want {
		t.Errorf("\n got  %s\n want %s", got, want)
	}
	for _, q := range []string{
		"INSERT INTO p (host, ts, n) VALUES ('x', 1, 2147483647 + 1)",
		"INSERT INTO p (host, ts, n) VALUES ('x', 1, concat('1', 'x'))",
	} {
		if a := c.try(t, q); a.errCode != "3001" {
			t.Errorf("%s: %v", q, a.err())
		}
	}
}

// TestRefusedAlterTable: what other databases take in ALTER TABLE and in columns, GreptimeDB's
// parser does not.
func TestRefusedAlterTable(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v INT, s STRING)")
	before := c.sql(t, "SHOW CREATE TABLE t").text()
	for _, tt := range []struct{ sql, code string }{
		{"ALTER TABLE t RENAME TO u", "2000"},
		{"ALTER TABLE t MODIFY v BIGINT", "2000"},
		{"ALTER TABLE t DROP COLUMN IF EXISTS v", "2000"},
		{"ALTER TABLE t DROP v", "1001"},
		{"ALTER TABLE t MODIFY COLUMN v SET FULLTEXT INDEX", "1004"},
		{"CREATE TABLE u (ts TIMESTAMP TIME INDEX, s STRING FULLTEXT)", "1004"},
		{"CREATE TABLE u (ts TIMESTAMP TIME INDEX, v INT FULLTEXT INDEX)", "1004"},
		{"COMMENT ON COLUMN v IS 'x'", "1004"},
		{"COMMENT ON COLUMN t.missing IS 'x'", "4002"},
		{"COMMENT ON COLUMN missing.v IS 'x'", "4001"},
	} {
		if a := c.try(t, tt.sql); a.errCode != tt.code {
			t.Errorf("%s: %s %q, want %s", tt.sql, a.errCode, a.message, tt.code)
		}
	}
	if after := c.sql(t, "SHOW CREATE TABLE t").text(); after != before {
		t.Errorf("the table has changed:\n%s", after)
	}
}

func TestCommentOnColumn(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, `CREATE TABLE t (ts TIMESTAMP TIME INDEX, "V" INT COMMENT 'old')`)
	for text, want := range map[string]string{"'it''s new'": `"V" INT NULL COMMENT 'it''s new',`, "NULL": `"V" INT NULL,`} {
		c.sql(t, `COMMENT ON COLUMN public.t."V" IS `+text)
		if got := c.sql(t, "SHOW CREATE TABLE t").text(); !strings.Contains(got, want) {
			t.Errorf("IS %s: the table has no %s:\n%s", text, want, got)
		}
	}
}
