package greptimetest_test

import (
	"math"
	"strings"
	"testing"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// insertOf is a row insert into one table of host, a time in nanoseconds and v. A nil v
// is NULL.
type hostRow struct {
	host string
	ts   int64
	v    any
}

func insertOf(table string, typ v1.ColumnDataType, list ...hostRow) *v1.RowInsertRequest {
	rows := make([]*v1.Row, len(list))
	for i, r := range list {
		v := &v1.Value{}
		switch x := r.v.(type) {
		case int:
			v.ValueData = &v1.Value_I64Value{I64Value: int64(x)}
		case string:
			v.ValueData = &v1.Value_StringValue{StringValue: x}
		}
		rows[i] = &v1.Row{Values: []*v1.Value{
			{ValueData: &v1.Value_StringValue{StringValue: r.host}}, {ValueData: &v1.Value_TimestampNanosecondValue{TimestampNanosecondValue: r.ts}}, v}}
	}
	return &v1.RowInsertRequest{TableName: table, Rows: &v1.Rows{Rows: rows, Schema: []*v1.ColumnSchema{
		{ColumnName: "host", Datatype: v1.ColumnDataType_STRING, SemanticType: v1.SemanticType_TAG},
		{ColumnName: "ts", Datatype: v1.ColumnDataType_TIMESTAMP_NANOSECOND, SemanticType: v1.SemanticType_TIMESTAMP},
		{ColumnName: "v", Datatype: typ, SemanticType: v1.SemanticType_FIELD}}}}
}

func inserts(list ...*v1.RowInsertRequest) *v1.GreptimeRequest {
	return &v1.GreptimeRequest{Request: &v1.GreptimeRequest_RowInserts{RowInserts: &v1.RowInsertRequests{Inserts: list}}}
}

const (
	nanoTable = " (host STRING, ts TIMESTAMP(9) TIME INDEX, v BIGINT NOT NULL, PRIMARY KEY(host))"
	twoParts  = " PARTITION ON COLUMNS (host) (host < 'm', host >= 'm')"
)

// TestPartsBeforeARefusalAreWritten shows, for every way of writing, what is there after
// an error.
func TestPartsBeforeARefusalAreWritten(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{{Name: "host", Type: arrow.BinaryTypes.String}, {Name: "ts", Type: &arrow.TimestampType{Unit: arrow.Nanosecond}}, vField}, nil)
	const lastDay = math.MaxInt64
	for name, tt := range map[string]struct {
		partitions string
		do         any
		code       string // as 1.1.4
		want       string
	}{
		"row insert, a time beyond the last day":     {"", inserts(insertOf("t", v1.ColumnDataType_INT64, hostRow{"a", 1, 1}, hostRow{"b", lastDay, 2}, hostRow{"c", 3, 3})), "1004", "a 1, c 3"},
		"row insert, a time before the first day":    {"", inserts(insertOf("t", v1.ColumnDataType_INT64, hostRow{"a", math.MinInt64, 1}, hostRow{"c", 3, 3})), "1004", "c 3"},
		"row insert, one row":                        {"", inserts(insertOf("t", v1.ColumnDataType_INT64, hostRow{"a", lastDay, 1})), "1004", ""},
		"row insert, a NULL in the same region":      {"", inserts(insertOf("t", v1.ColumnDataType_INT64, hostRow{"a", 1, 1}, hostRow{"z", 2, nil})), "1004", ""},
		"row insert, a NULL in another region":       {twoParts, inserts(insertOf("t", v1.ColumnDataType_INT64, hostRow{"a", 1, 1}, hostRow{"z", 2, nil}, hostRow{"y", 3, 3})), "1004", "a 1"},
		"row insert, a wrong type":                   {twoParts, inserts(insertOf("t", v1.ColumnDataType_STRING, hostRow{"a", 1, "1"}, hostRow{"z", 2, "2"})), "1004", ""},
		"row insert, the second table is refused":    {"", inserts(insertOf("t", v1.ColumnDataType_INT64, hostRow{"a", 1, 1}), insertOf("u", v1.ColumnDataType_STRING, hostRow{"a", 1, "1"})), "1004", "a 1"},
		"row insert, the first table is refused":     {"", inserts(insertOf("u", v1.ColumnDataType_STRING, hostRow{"a", 1, "1"}), insertOf("t", v1.ColumnDataType_INT64, hostRow{"a", 1, 1})), "1004", "a 1"},
		"INSERT, a time beyond the last day":         {"", "INSERT INTO t VALUES ('a', 1, 1), ('b', 9223372036854775807, 2), ('c', 3, 3)", "1004", "a 1, c 3"},
		"INSERT, a NULL in another region":           {twoParts, "INSERT INTO t VALUES ('a', 1, 1), ('z', 2, NULL)", "1004", "a 1"},
		"INSERT with an expression, another region":  {twoParts, "INSERT INTO t VALUES ('a', TIMESTAMP '2024-01-01T00:00:00Z', 1), ('z', TIMESTAMP '2024-01-01T00:00:00Z', NULL)", "1004", "a 1"},
		"INSERT, a bad literal":                      {twoParts, "INSERT INTO t VALUES ('a', 1, 1), ('z', 2, 'x')", "1004", ""},
		"INSERT … SELECT, a time in a later batch":   {"", "INSERT INTO t SELECT 'a', CASE WHEN value = 10000 THEN 9223372036854775807 ELSE value END, value FROM generate_series(1, 20000)", "1004", "count 16383"},
		"INSERT … SELECT, a cast in a later batch":   {"", "INSERT INTO t SELECT 'a', value, CASE WHEN value = 10000 THEN 'x' ELSE '1' END FROM generate_series(1, 20000)", "3001", "count 8192"},
		"DoPut, a time beyond the last day":          {"", bulk(t, "t", schema, `[{"host":"a","ts":1,"v":1},{"host":"b","ts":9223372036854775807,"v":2}]`), "1004", "a 1"},
		"DoPut, a NULL in another region":            {twoParts, bulk(t, "t", schema, `[{"host":"a","ts":1,"v":1},{"host":"z","ts":2,"v":null}]`), "1002", "a 1"},
		"DoPut, a NULL in the second of two batches": {"", bulk(t, "t", schema, `[{"host":"a","ts":1,"v":1}]`, `[{"host":"b","ts":1,"v":1},{"host":"c","ts":1,"v":null}]`), "1002", "a 1"},
	} {
		for _, v := range captures.Versions() {
			t.Run(string(v)+"/"+name, func(t *testing.T) {
				t.Parallel()
				c := dial(t, startAs(t, v, greptimetest.Options{}))
				c.sql(t, "CREATE TABLE t"+nanoTable+tt.partitions)
				c.sql(t, "CREATE TABLE u"+nanoTable)
				var code string
				switch do := tt.do.(type) {
				case string:
					code = c.try(t, do).errCode
				case *v1.GreptimeRequest:
					code = c.send(t, do).errCode
				case captures.DoPut:
					_, trailer, err := c.put(t.Context(), do)
					if code = strings.Join(trailer.Get("x-greptime-err-code"), ""); code == "" && err != nil && v == captures.V1_0_2 {
						code = tt.code // which has none
					}
				}
				if code != tt.code {
					t.Errorf("code %q, want %q", code, tt.code)
				}
				sql := "SELECT host, v FROM t ORDER BY host"
				if strings.HasPrefix(tt.want, "count ") {
					sql = "SELECT 'count', count(*) FROM t"
				}
				if got := c.rowsOf(t, sql); got != tt.want {
					t.Errorf("%q is there, want %q", got, tt.want)
				}
			})
		}
	}
}

// TestDaysAtTheEndsOfInt64 shows which times of a TIMESTAMP(9) have a day that fits.
func TestDaysAtTheEndsOfInt64(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, "CREATE TABLE t"+nanoTable)
	const day int64 = 86400 * 1e9
	for ts, reason := range map[int64]string{
		math.MinInt64: "Timestamp out of range", math.MinInt64/day*day - 1: "Timestamp out of range", math.MinInt64 / day * day: "",
		0: "", math.MaxInt64/day*day - 1: "", math.MaxInt64 / day * day: "is out of bound", math.MaxInt64: "is out of bound",
	} {
		a := c.send(t, inserts(insertOf("t", v1.ColumnDataType_INT64, hostRow{"a", ts, 1})))
		if (a.errCode == "1004") != (reason != "") || !strings.Contains(a.message, reason) {
			t.Errorf("%d: %v, want %q", ts, a.err(), reason)
		}
	}
}

// TestPartitions shows what a partitioned table says of itself.
func TestPartitions(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, v captures.Version) {
		c := dial(t, startAs(t, v, greptimetest.Options{}))
		const count = "SELECT count(*) FROM information_schema.partitions WHERE table_schema = 'public' AND table_name = 't'"
		for rules, want := range map[string]struct {
			text    string
			regions string
		}{
			"": {")\n\nENGINE=mito", "1"},
			"PARTITION ON COLUMNS (host) (host < 'b', host >= 'b')":                                       {")\nPARTITION ON COLUMNS (\"host\") (\n  host < 'b',\n  host >= 'b'\n)\nENGINE=mito", "2"},
			"PARTITION ON COLUMNS (host, n) (host<'b' and n < -5, host < 'b' AND n >= -5, (host >= 'b'))": {"(\"host\", \"n\") (\n  host < 'b' AND n < -5,\n  host < 'b' AND n >= -5,\n  (host >= 'b')\n)", "3"},
		} {
			c.sql(t, "CREATE TABLE t (host STRING, n BIGINT, ts TIMESTAMP TIME INDEX, v INT, PRIMARY KEY(host, n)) "+rules)
			if got := c.rowsOf(t, "SHOW CREATE TABLE t"); !strings.Contains(got, want.text) {
				t.Errorf("%s: %s", rules, got)
			}
			if got := c.rowsOf(t, count); got != want.regions {
				t.Errorf("%s: %s regions", rules, got)
			}
			c.sql(t, "ALTER TABLE t ADD COLUMN w INT")
			c.sql(t, "INSERT INTO t VALUES ('a', -6, 1, 1, 1), ('a', 3, 1, 1, 1), ('z', 0, 1, 1, 1), (NULL, NULL, 1, 1, 1)")
			if got := c.rowsOf(t, "SELECT count(*) FROM t"); got != "4" {
				t.Errorf("%s: %s rows", rules, got)
			}
			c.sql(t, "DROP TABLE t")
		}
		for rules, code := range map[string]string{
			"PARTITION ON COLUMNS (x) (x < 1, x >= 1)":        "1004",
			"PARTITION ON COLUMNS (host) (v < 1, v >= 1)":     "1004",
			"PARTITION ON COLUMNS (host) (host, host)":        "1001",
			"PARTITION ON COLUMNS (host) (host < upper('b'))": "1001",
			"PARTITION ON COLUMNS (host) (host < 'b'":         "2000",
		} {
			if a := c.try(t, "CREATE TABLE bad (host STRING, ts TIMESTAMP TIME INDEX, v INT, PRIMARY KEY(host)) "+rules); a.errCode != code {
				t.Errorf("%s: %v, want %s", rules, a.err(), code)
			}
		}
	})
}

// TestPartitionsStay shows that a folder keeps the rules.
func TestPartitionsStay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 2 {
		s, err := greptimetest.New(greptimetest.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		c := dial(t, s)
		if i == 0 {
			c.sql(t, "CREATE TABLE t"+nanoTable+twoParts)
		}
		if a := c.try(t, "INSERT INTO t VALUES ('a', 1, 1), ('z', 2, NULL)"); a.errCode != "1004" {
			t.Errorf("%v", a.err())
		}
		if got := c.rowsOf(t, "SELECT host FROM t"); got != "a" {
			t.Errorf("%s", got)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDeletesOfSeveralTables shows that a table that refuses its deletes stops no other.
func TestDeletesOfSeveralTables(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	var deletes []*v1.RowDeleteRequest
	for name, options := range map[string]string{"kept": " WITH (append_mode = 'true')", "gone": ""} {
		c.sql(t, "CREATE TABLE "+name+nanoTable+options)
		c.sql(t, "INSERT INTO "+name+" VALUES ('a', 1, 1)")
		rows := insertOf(name, v1.ColumnDataType_INT64, hostRow{"a", 1, 1}).Rows
		deletes = append(deletes, &v1.RowDeleteRequest{TableName: name, Rows: rows})
	}
	a := c.send(t, &v1.GreptimeRequest{Request: &v1.GreptimeRequest_RowDeletes{RowDeletes: &v1.RowDeleteRequests{Deletes: deletes}}})
	if a.errCode != "1004" {
		t.Errorf("%v", a.err())
	}
	if kept, gone := c.rowsOf(t, "SELECT count(*) FROM kept"), c.rowsOf(t, "SELECT count(*) FROM gone"); kept != "1" || gone != "0" {
		t.Errorf("%s and %s rows", kept, gone)
	}
}
