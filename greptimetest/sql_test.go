package greptimetest_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/greptimetest"
)

// withTables is a server with the tables that the statements below read.
func withTables(t *testing.T) *client {
	t.Helper()
	c := dial(t, greptimetest.Start(t))
	for _, q := range []string{
		`CREATE TABLE cpu (host STRING, "region" STRING, ts TIMESTAMP(3) NOT NULL, "usage" DOUBLE, "load" INT, "n" BIGINT UNSIGNED, "ok" BOOLEAN,
			TIME INDEX(ts), PRIMARY KEY(host, "region")) ENGINE=mito WITH(ttl='7d')`,
		`INSERT INTO cpu VALUES ('a','eu',1000,1.5,1,10,true), ('a','eu',2000,2.5,2,20,false), ('b','us',1000,3.5,3,30,NULL), ('b',NULL,5000,NULL,4,40,true)`,
		`CREATE TABLE kinds (ts TIMESTAMP(9) TIME INDEX, a TIMESTAMP(0), b TIMESTAMP(6), d DATE, x DECIMAL(10,2), j JSON, v VECTOR(2), bin BINARY)`,
		`INSERT INTO kinds VALUES ('2024-01-01T00:00:00.123456789Z', 1704067200, '2024-01-01 00:00:00.5', '2024-02-29', 1.25, '{"a":{"b":[1,2,"x"]}}', '[1,2]', X'00ff')`,
	} {
		c.sql(t, q)
	}
	return c
}

// TestQueries: results and their types. A float is shown with its bits, a decimal as
// its unscaled number, a timestamp as a number of its units, a date as days.
func TestQueries(t *testing.T) {
	t.Parallel()
	c := withTables(t)
	for _, tt := range []struct{ sql, types, want string }{
		{`SELECT host, count(*), max("load"), sum(n), sum("load") FROM cpu GROUP BY host ORDER BY host`, "utf8 int64 int32 uint64 int64", "a|2|2|30|3\nb|2|4|70|7"},
		{`SELECT host, count(*) FROM cpu GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 DESC`, "utf8 int64", "b|2\na|2"},
		{`SELECT c.host, d.load FROM cpu c JOIN cpu d ON c.host = d.host AND c.ts = d.ts WHERE d.load >= 2 ORDER BY c.host, c.ts`, "utf8 int32", "a|2\nb|3\nb|4"},
		{`SELECT c.host, d.load FROM cpu c LEFT JOIN (SELECT host, load FROM cpu WHERE load > 3) d ON c.host = d.host ORDER BY c.host, c.ts`, "utf8 int32", "a|NULL\na|NULL\nb|4\nb|4"},
		{`SELECT x.a, y.b FROM (SELECT 1 AS a) x JOIN (SELECT 1 AS a, 2 AS b) y USING (a)`, "int64 int64", "1|2"},
		{`SELECT load FROM cpu WHERE host IN ('a','c') AND region = 'eu' AND ts BETWEEN '1970-01-01 00:00:01' AND '1970-01-01 00:00:02' ORDER BY 1`, "int32", "1\n2"},
		{`SELECT load FROM cpu WHERE host LIKE 'a%' OR region IS NULL ORDER BY load`, "int32", "1\n2\n4"},
		{`SELECT date_trunc('second', ts) s, count(*) FROM cpu GROUP BY s ORDER BY s`, "timestamp[ms] int64", "1000|2\n2000|1\n5000|1"},
		{`SELECT date_bin(INTERVAL '2 seconds', ts) AS bin, count(*) FROM cpu GROUP BY bin ORDER BY bin`, "timestamp[ms] int64", "0|2\n2000|1\n4000|1"},
		{`SELECT date_bin('2 seconds', ts) FROM cpu WHERE load = 4`, "timestamp[ns]", "4000000000"},
		{`SELECT date_bin(INTERVAL '1 microsecond', ts) FROM kinds`, "timestamp[ns]", "1704067200123456000"},
		{`SELECT extract(year FROM ts), date_part('hour', ts), extract(dow FROM d) FROM kinds`, "int32 int32 int32", "2024|0|4"},
		{`SELECT ts + INTERVAL '1 day', ts - INTERVAL '1h' FROM cpu WHERE load = 1`, "timestamp[ms] timestamp[ms]", "86401000|-3599000"},
		{`SELECT ts + INTERVAL '1 nanosecond', ts - INTERVAL '1 month', a + INTERVAL '1 second', d + INTERVAL '1 day' FROM kinds`,
			"timestamp[ns] timestamp[ns] timestamp[s] date32", "1704067200123456790|1701388800123456789|1704067201|19783"},
		{`SELECT max(ts) - min(ts) FROM cpu`, "duration[ms]", "4000ms"},
		{`SELECT upper(host), length(host), substr(host, 1, 1), concat(host, '-', region), host || region, coalesce(region, 'none') FROM cpu WHERE load = 4`,
			"utf8 int32 string_view utf8 utf8 utf8", "B|1|b|b-|NULL|none"},
		{`SELECT row_number() OVER (PARTITION BY host ORDER BY ts) AS rn, lag(load) OVER (ORDER BY ts, host) AS prev, sum(load) OVER (ORDER BY ts, host) s FROM cpu ORDER BY s`,
			"uint64 int32 int64", "1|NULL|1\n1|1|4\n2|3|6\n2|2|10"},
		{`SELECT CASE WHEN load > 2 THEN 'high' WHEN load > 1 THEN 'mid' ELSE 'low' END AS l FROM cpu ORDER BY load`, "utf8", "low\nmid\nhigh\nhigh"},
		{`SELECT DISTINCT host FROM cpu ORDER BY host`, "utf8", "a\nb"},
		{`(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1 DESC`, "int64", "2\n1"},
		{`SELECT (SELECT max(load) FROM cpu) AS m, count(*) FROM cpu WHERE EXISTS (SELECT 1 FROM cpu WHERE load > 3)`, "int32 int64", "4|4"},
		{`WITH m AS (SELECT host, max(load) AS l FROM cpu GROUP BY host) SELECT * FROM m WHERE l > 2`, "utf8 int32", "b|4"},
		{`SELECT 7/2, 7.0/2, -7/2, -7%3, 2 * 3.5, 1.0/0`, "int64 float64 int64 int64 float64 float64", "3|3.5 400c000000000000|-3|-1|7 401c000000000000|+Inf 7ff0000000000000"},
		{`SELECT load * 1.5, load + CAST(n AS BIGINT), load / 2 FROM cpu WHERE load = 3`, "float64 int64 int64", "4.5 4012000000000000|33|1"},
		{`SELECT CAST('12' AS INT), CAST(1.9 AS INT), CAST(load AS STRING), CAST(usage AS STRING), CAST(ts AS STRING) FROM cpu WHERE load = 1`, "int32 int32 utf8 utf8 utf8", "12|1|1|1.5|1970-01-01T00:00:01"},
		{`SELECT CAST(ts AS BIGINT) a, CAST(d AS INT) b, CAST(ts AS DATE) c, ts::TIMESTAMP(3) d, a::TIMESTAMP(9) e FROM kinds`, "int64 int32 date32 timestamp[ms] timestamp[ns]", "1704067200123456789|19782|19723|1704067200123|1704067200000000000"},
		{`SELECT round(2.567, 2) = 2.57, round(-2.5), ceil(2.1), abs(-3)`, "bool float64 float64 int64", "true|-3 c008000000000000|3 4008000000000000|3"},
		{`SELECT count(DISTINCT host), count(*) FILTER (WHERE load > 1), first_value(load ORDER BY ts DESC) FROM cpu`, "int64 int64 int32", "2|3|4"},
		{`SELECT usage FROM cpu ORDER BY usage DESC LIMIT 2`, "float64", "NULL\n3.5 400c000000000000"},
		{`SELECT json_get_string(j, 'a.b[2]'), json_get_int(j,'a.b[0]'), json_path_exists(j,'$.a.c') FROM kinds`, "string_view int64 bool", "x|1|false"},
		{`SELECT vec_l2sq_distance(v, '[1,4]'), vec_dot_product(v, '[1,1]') FROM kinds`, "float32 float32", "4|3"},
		{`SELECT x, sum(x), x = 1.25, x = '1.25' FROM kinds GROUP BY x`, "decimal(10, 2) decimal(20, 2) bool bool", "125|125|true|true"},
		{`SELECT count(*) FROM kinds WHERE a >= '2024-01-01T00:00:00Z' AND a < TIMESTAMP '2024-01-01T00:00:01Z' AND b <= 1704067200500000 AND d > DATE '2024-01-01'`, "int64", "1"},
		{`SELECT 9223372036854775807, 9223372036854775808, -9223372036854775808, 99999999999999999999`, "int64 uint64 int64 float64", "9223372036854775807|9223372036854775808|-9223372036854775808|1e+20 4415af1d78b58c40"},
		{`SELECT 'abc' ~ 'b', regexp_like('abc', '^b'), 'a%' LIKE 'a\%', 'ab' LIKE 'a\%'`, "bool bool bool bool", "true|false|true|false"},
		{`SELECT value v FROM generate_series(1, 10) ORDER BY v DESC LIMIT 2 OFFSET 1`, "int64", "9\n8"},
		{`SELECT a FROM (VALUES (1),(2)) AS t(a) ORDER BY a`, "int64", "1\n2"},
		{`SELECT table_name, engine FROM information_schema.tables WHERE table_schema='public' ORDER BY 1`, "utf8 utf8", "cpu|mito\nkinds|mito"},
		{`SELECT column_name, data_type FROM information_schema.columns WHERE table_name='kinds' AND ordinal_position < 3 ORDER BY ordinal_position`, "utf8 utf8", "ts|timestamp(9)\na|timestamp(0)"},
		{"SELECT 'a\x00''b' AS s, length('\x00'), 'a\x00' = 'a'", "utf8 int32 bool", "a\x00'b|1|false"},
		{`SELECT concat(usage, ' ', ts, ' ', ok), usage || 'x', concat(1.0, 2) FROM cpu WHERE load = 1`, "utf8 utf8 utf8", "1.5 1970-01-01T00:00:01 true|1.5x|1.02"},
		{`SELECT count(*) FROM cpu WHERE ok = 1 OR ok = 'false'`, "int64", "3"},
		{`SELECT upper(host) AS "HOST", count(*) FROM cpu GROUP BY "HOST" HAVING "HOST" > 'A' ORDER BY "HOST"`, "utf8 int64", "B|2"},
		{`SELECT -load AS load FROM cpu ORDER BY load`, "int32", "-4\n-3\n-2\n-1"},
		{`SELECT -load AS load FROM cpu ORDER BY load + 0 LIMIT 1`, "int32", "-4"},
		{`WITH t1024 AS (SELECT 1 AS x) SELECT count(*) FROM cpu, t1024`, "int64", "4"},
		{`SELECT a, b FROM (SELECT 1 AS a) CROSS JOIN (SELECT 2 AS b)`, "int64 int64", "1|2"},
		{`SELECT extract(epoch FROM ts) FROM kinds`, "float64", "1.7040672001234567e+09 41d964802007e6b7"},
		{`SELECT x + 1, x * 2, x - x, x + 0.5 FROM kinds`, "decimal(23, 2) decimal(31, 2) decimal(11, 2) float64", "225|250|0|1.75 3ffc000000000000"},
		{`SELECT named_struct('a', load, 'b', host), array_agg(load ORDER BY load) FROM cpu WHERE load = 1 GROUP BY load, host`, "struct<a: int32 nullable, b: utf8 nullable> list<item: int32, nullable>", `{"a":1,"b":"a"}|[1]`},
		{`SELECT median(usage), cbrt(8.0), gcd(12, 18), ascii('a'), translate('abc', 'ab', 'xy') FROM cpu`, "float64 float64 int64 int32 utf8", "2.5 4004000000000000|2 4000000000000000|6|97|xyc"},
		{`SELECT make_array(1,2,3)[2], make_array('a','b')`, "int64 list<item: utf8, nullable>", `2|["a","b"]`},
	} {
		a := c.try(t, tt.sql)
		if a.err() != nil {
			t.Errorf("%s: %v", tt.sql, a.err())
			continue
		}
		var types []string
		for _, f := range a.schema.Fields() {
			types = append(types, f.Type.String())
		}
		if got := strings.Join(types, " "); got != tt.types {
			t.Errorf("%s\n types %s\n want  %s", tt.sql, got, tt.types)
		}
		if got := a.text(); got != tt.want {
			t.Errorf("%s\n got  %s\n want %s", tt.sql, got, tt.want)
		}
	}
}

// TestIntervalsInWords: an interval of months, days and nanoseconds, of whatever sign and
// size, added to times of each unit and as the width of a bin.
func TestIntervalsInWords(t *testing.T) {
	t.Parallel()
	c := withTables(t)
	for _, tt := range []struct{ sql, want string }{
		{`SELECT ts + INTERVAL '3600000000000 nanoseconds' AS a, ts - INTERVAL '3600000000000 nanoseconds' AS b FROM cpu WHERE load = 1`, "3601000|-3599000"},
		{`SELECT ts + INTERVAL '-3600000000000 nanoseconds' FROM cpu WHERE load = 1`, "-3599000"},
		{`SELECT ts + (INTERVAL '1 months -1 days 3600000000000 nanoseconds') FROM kinds`, "1706662800123456789"},
		{`SELECT ts + INTERVAL '0 days', a + INTERVAL '0 days', b + INTERVAL '0 days' FROM kinds`, "1704067200123456789|1704067200|1704067200500000"},
		{`SELECT a + INTERVAL '3600000000000 nanoseconds', b - INTERVAL '1000 nanoseconds' FROM kinds`, "1704070800|1704067200499999"},
		{`SELECT date_bin(INTERVAL '3600000000000 nanoseconds', ts) FROM kinds`, "1704067200000000000"},
		{`SELECT count(*) FROM cpu WHERE ts < TIMESTAMP '1970-01-01T01:00:05Z' - INTERVAL '3600000000000 nanoseconds'`, "3"},
		{`SELECT count(*) FROM kinds WHERE ts > now() - INTERVAL '2147483647 nanoseconds'`, "0"},
		{`SELECT INTERVAL '14 months -3 days -3600000000001 nanoseconds' AS i`, `{"months":14,"days":-3,"nanoseconds":-3600000000001}`},
	} {
		if got := c.sql(t, tt.sql).text(); got != tt.want {
			t.Errorf("%s\n got  %s\n want %s", tt.sql, got, tt.want)
		}
	}
}

// TestColumnNames: a result column without an alias is named after its expression.
func TestColumnNames(t *testing.T) {
	t.Parallel()
	c := withTables(t)
	for sql, want := range map[string]string{
		`SELECT date_trunc('hour', ts) FROM cpu`:                        `date_trunc(Utf8("hour"),cpu.ts)`,
		`SELECT coalesce(region, 'x') FROM cpu`:                         `coalesce(cpu.region,Utf8("x"))`,
		`SELECT make_array(1, 2)`:                                       `make_array(Int64(1),Int64(2))`,
		`SELECT ifnull(load, load) FROM cpu`:                            `ifnull(cpu.load,cpu.load)`,
		`SELECT extract(year FROM ts) FROM cpu`:                         `date_part(Utf8("YEAR"),cpu.ts)`,
		`SELECT trim(BOTH 'a' FROM host) FROM cpu`:                      `btrim(cpu.host,Utf8("a"))`,
		`SELECT position('a' IN host) FROM cpu`:                         `strpos(cpu.host,Utf8("a"))`,
		`SELECT substring(host, 1) FROM cpu`:                            `substr(cpu.host,Int64(1))`,
		`SELECT load IN (1, 2) FROM cpu`:                                `cpu.load IN Int64(1), Int64(2)`,
		`SELECT ts::TIMESTAMP(9) FROM cpu`:                              `arrow_cast(cpu.ts,Utf8("Timestamp(ns)"))`,
		`SELECT load::BIGINT FROM cpu`:                                  `cpu.load`,
		`SELECT first_value(load ORDER BY ts DESC) FROM cpu`:            `first_value(cpu.load) ORDER BY [cpu.ts DESC NULLS FIRST]`,
		`SELECT count(*) OVER () FROM cpu`:                              `count(*) ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING`,
		`SELECT rank() OVER (PARTITION BY host ORDER BY ts) FROM cpu`:   `rank() PARTITION BY [cpu.host] ORDER BY [cpu.ts ASC NULLS LAST] RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW`,
		`SELECT sum(load) OVER (ORDER BY ts ROWS 1 PRECEDING) FROM cpu`: `sum(cpu.load) ORDER BY [cpu.ts ASC NULLS LAST] ROWS BETWEEN 1 PRECEDING AND CURRENT ROW`,
	} {
		if got := c.sql(t, sql).schema.Field(0).Name; got != want {
			t.Errorf("%s\n got  %s\n want %s", sql, got, want)
		}
	}
}

// TestColumnBesideItsCast shows that the CAST of a column has the column's name, so that
// one of the two needs an alias.
func TestColumnBesideItsCast(t *testing.T) {
	t.Parallel()
	c := withTables(t)
	for sql, code := range map[string]string{
		"SELECT ts, CAST(ts AS BIGINT) FROM cpu":               "3000",
		"SELECT CAST(ts AS BIGINT), ts FROM cpu":               "3000",
		"SELECT *, ts::BIGINT FROM cpu":                        "3000",
		"SELECT ts, CAST(ts AS BIGINT) AS n FROM cpu":          "",
		"SELECT ts AS t, CAST(ts AS BIGINT) FROM cpu":          "",
		"SELECT a.ts, CAST(b.ts AS BIGINT) FROM cpu a, cpu b":  "",
		"SELECT CAST(ts AS BIGINT) FROM cpu ORDER BY ts":       "3000",
		"SELECT CAST(ts AS BIGINT) AS n FROM cpu ORDER BY ts":  "",
		"SELECT CAST(ts AS BIGINT) AS ts FROM cpu ORDER BY ts": "",
		"SELECT CAST(ts AS BIGINT) FROM cpu ORDER BY load":     "",
		"SELECT ts, arrow_cast(ts, 'Int64') FROM cpu":          "",
	} {
		if a := c.try(t, sql); a.errCode != code {
			t.Errorf("%s: %v, want %q", sql, a.err(), code)
		}
	}
}

// TestUnionNullability: a column is nullable if it is in one arm of the union.
func TestUnionNullability(t *testing.T) {
	t.Parallel()
	c := withTables(t)
	for sql, want := range map[string]bool{
		`SELECT 1 AS n UNION ALL SELECT 2`:               false,
		`SELECT 1 AS n UNION ALL SELECT NULL`:            true,
		`SELECT 2.5 AS n UNION ALL SELECT load FROM cpu`: true,
	} {
		if got := c.sql(t, sql); got.schema.Field(0).Nullable != want {
			t.Errorf("%s: nullable %t", sql, !want)
		}
	}
}

// TestRefusals: what is not supported says so, and is no other error.
func TestRefusals(t *testing.T) {
	t.Parallel()
	c := withTables(t)
	for _, tt := range []struct{ sql, code, names string }{
		{"SELECT approx_distinct(usage) FROM cpu", "1001", "approx_distinct"},
		{"SELECT x / 2 FROM kinds", "1001", "DECIMAL"},
		{"SELECT ts AT TIME ZONE 'Asia/Tokyo' FROM cpu", "1001", "AT TIME ZONE"},
		{"SELECT CAST(host AS TIME) FROM cpu", "1001", "TIME"},
		{"SELECT d - d FROM kinds", "1001", "DATE"},
		{"SELECT named_struct('a', j) FROM kinds", "1001", "struct"},
		{"SELECT WITH", "2000", ""},
		{"SELECT host, region FROM cpu GROUP BY ROLLUP(host, region)", "1001", "ROLLUP"},
		{"SELECT * FROM information_schema.engines", "1001", "engines"},
		{"SELECT ts, avg(usage) RANGE '10s' FROM cpu ALIGN '5s'", "1001", "ALIGN"},
		{"TQL EVAL (0, 10, '5s') cpu", "1001", "TQL"},
		{"SELECT * FROM cpu WHERE usage = CAST('NaN' AS DOUBLE)", "1001", "NaN"},
		{"SELECT j = j FROM kinds", "1001", "JSON"},
		{"COPY cpu TO '/tmp/x.parquet'", "1001", "COPY"},
		{"CREATE FLOW f SINK TO x AS SELECT 1", "1001", "FLOW"},
		{"CREATE TABLE m (ts TIMESTAMP TIME INDEX, v DOUBLE) ENGINE=metric", "1001", "metric"},
		{"CREATE TABLE m (ts TIMESTAMP TIME INDEX, a INT, \"A\" INT)", "1001", "case"},
		{"SHOW PROCESSLIST", "1001", "PROCESSLIST"},
		{"SELECT * EXCLUDE (host) FROM cpu", "1001", "exclude"},
		{"SELECT nosuch(1)", "3000", "nosuch"},
		{"SELECT unhex('00')", "3000", "unhex"},
		{"SELECT host FROM cpu WHERE h = 'a'", "3000", "No field named h"},
		{"SELECT HOST, \"HOST\" FROM cpu", "3000", "No field named HOST"},
		{"SELECT usage, count(*) FROM cpu", "3000", ""},
		{"SELECT FROM cpu", "2000", ""},
		{"SELECT * FROM cpu WHERE", "2000", ""},
		{"SELECT * FROM cpu LIMIT '1'", "3001", "LIMIT"},
		{"SELECT CAST('1.5' AS INT)", "3001", "1.5"},
		{"SELECT 1/0", "3001", "Divide by zero"},
		{"INSERT INTO cpu (host, ts) VALUES ('a', 1", "2000", ""},
		{"INSERT IGNORE INTO cpu (host, ts) VALUES ('a', 1)", "2000", "INTO"},
		{"INSERT INTO cpu (host, ts, n) VALUES ('a', 1, 1-2)", "3001", "UInt64"},
		{"CREATE TABLE t (a INT, b INT, PRIMARY KEY(a))", "2000", "time index"},
		{"CREATE TABLE t (ts TIMESTAMP TIME INDEX) WITH (nothing = 'x')", "1004", "nothing"},
		{"CREATE TABLE t (ts TIMESTAMP TIME INDEX) WITH (ttl = 'soon')", "1004", "ttl"},
		{"CREATE TABLE \"a b\" (ts TIMESTAMP TIME INDEX)", "1004", "Invalid table name"},
		{"ALTER TABLE cpu DROP COLUMN host", "1004", "host"},
		{"ALTER TABLE cpu ADD COLUMN extra INT NOT NULL", "1004", "extra"},
		{strings.Repeat("SELECT (", 500) + "1" + strings.Repeat(")", 500), "", ""},
	} {
		a := c.try(t, tt.sql)
		if a.err() == nil || tt.code != "" && a.errCode != tt.code || !strings.Contains(a.message, tt.names) {
			t.Errorf("%.100s: %v, want code %s and %q", tt.sql, a.err(), tt.code, tt.names)
		}
	}
}

// TestUpserts: what a second row with the same key does, NULL tags included, by SQL.
func TestUpserts(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	for _, tt := range []struct{ name, options, want string }{
		{"last_row", "", "NULL|1|NULL|8\na|1|NULL|9"},
		{"last_non_null", " WITH (merge_mode='last_non_null')", "NULL|1|5|8\na|1|1|9"},
		{"append", " WITH (append_mode='true')", "NULL|1|5|6\nNULL|1|NULL|8\na|1|1|2\na|1|NULL|9"},
	} {
		c.sql(t, "CREATE TABLE "+tt.name+" (host STRING, ts TIMESTAMP TIME INDEX, x INT, y INT, PRIMARY KEY(host))"+tt.options)
		c.sql(t, "INSERT INTO "+tt.name+" VALUES ('a', 1, 1, 2), (NULL, 1, 5, 6)")
		c.sql(t, "INSERT INTO "+tt.name+" (host, ts, y) VALUES ('a', 1, 9), (NULL, 1, 8)")
		q := "SELECT host, ts, x, y FROM " + tt.name + " ORDER BY host NULLS FIRST, y"
		if got := c.sql(t, q).text(); got != tt.want {
			t.Errorf("%s\n got  %q\n want %q", tt.name, got, tt.want)
		}
	}
}

// TestExtremes: the whole range of every timestamp unit and of other types arrives as
// it was sent, but for the days that do not fit into nanoseconds. 1677 and 294247 are
// years that DuckDB's driver would refuse.
func TestExtremes(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	const lo, hi = -1 << 63, 1<<63 - 1
	for i, want := range []int64{lo, lo + 1, -1, 0, 1, hi - 1, hi} {
		for unit, limit := range map[int]int64{0: 8210266876799, 3: 8210266876799999, 6: hi / 2, 9: 9223286399999999999} {
			v := want
			if v > limit {
				v = limit
			}
			if v < -limit {
				v = -limit
			}
			table := fmt.Sprintf("t%d_%d", unit, i)
			c.sql(t, fmt.Sprintf("CREATE TABLE %s (ts TIMESTAMP(%d) TIME INDEX)", table, unit))
			c.sql(t, fmt.Sprintf("INSERT INTO %s VALUES (%d)", table, v))
			c.sql(t, fmt.Sprintf("INSERT INTO %s VALUES (%d)", table, v)) // the same row again
			if got := c.sql(t, "SELECT ts FROM "+table).text(); got != fmt.Sprint(v) {
				t.Errorf("TIMESTAMP(%d): stored %d, read %s", unit, v, got)
			}
		}
	}
}

// TestLargeInsert: an INSERT of many rows in one text.
func TestLargeInsert(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, "CREATE TABLE big (host STRING, ts TIMESTAMP TIME INDEX, v DOUBLE, PRIMARY KEY(host))")
	var b strings.Builder
	b.WriteString("INSERT INTO big VALUES ")
	const n = 20000
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "('host-%d', %d, %d.5)", i%7, i, i)
	}
	if a := c.sql(t, b.String()); a.affected != n {
		t.Errorf("affected %d", a.affected)
	}
	a := c.sql(t, "SELECT v FROM big")
	if len(a.rows) != n || len(a.kinds) != 2+(n+8191)/8192 {
		t.Errorf("%d rows in %d messages", len(a.rows), len(a.kinds))
	}
}

// TestDataFolder: everything is there again after a restart.
func TestDataFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := greptimetest.New(greptimetest.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, first)
	c.sql(t, `CREATE TABLE "Kept" (host STRING, ts TIMESTAMP(9) TIME INDEX DEFAULT now(), d DOUBLE DEFAULT 1.5, PRIMARY KEY(host)) WITH (ttl='1h')`)
	c.sql(t, `ALTER TABLE "Kept" ADD COLUMN s STRING COMMENT 'text'`)
	c.sql(t, `INSERT INTO "Kept" (host, ts, s) VALUES ('a', 5, 'x')`)
	before := c.sql(t, `SHOW CREATE TABLE "Kept"`).text()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	c = dial(t, greptimetest.Start(t, greptimetest.Options{Dir: dir}))
	if after := c.sql(t, `SHOW CREATE TABLE "Kept"`).text(); after != before {
		t.Errorf("the table was\n%s\nand is\n%s", before, after)
	}
	a := c.sql(t, `SELECT * FROM "Kept"`)
	if got := a.text(); got != "a|5|1.5 3ff8000000000000|x" {
		t.Errorf("rows %s", got)
	}
	if v, _ := a.schema.Metadata().GetValue("greptime:version"); v != "1" {
		t.Errorf("schema version %q after one ALTER", v)
	}
}

// FuzzSQL: no text brings the server down, and every answer is well-formed.
func FuzzSQL(f *testing.F) {
	for _, q := range []string{
		"SELECT 1", "SELECT * FROM t WHERE ts <= '2024-01-01 00:00:00' AND host IN ('a', NULL)", "INSERT INTO t VALUES ('a', 1, 2.5), (NULL, -3, DEFAULT)",
		"CREATE TABLE x (ts TIMESTAMP(3) TIME INDEX, j JSON, PRIMARY KEY(j)) WITH (ttl='1d')", "DELETE FROM t WHERE host ~ 'a'", "SHOW FULL COLUMNS FROM t LIKE '%_'",
		"SELECT arrow_cast(1, 'Dictionary(Int8,Int64)'), INTERVAL '1 day', date_bin('1s', ts) FROM t GROUP BY 1", "ADMIN flush_table('t')", "EXPLAIN ANALYZE VERBOSE SELECT 1",
		"WITH a AS (VALUES (1, 'x')) SELECT * FROM a UNION SELECT 1, $$y$$ ORDER BY 1 NULLS FIRST LIMIT 3", "ALTER TABLE t ADD COLUMN c INT DEFAULT 5", "SET TIME ZONE 'x'; USE public",
		"SELECT json_get_int(parse_json('{}'), '$[0].a'), vec_dim('[1]'), X'0a', row_number() OVER (ORDER BY ts) FROM t",
	} {
		f.Add(q)
	}
	s := greptimetest.Start(f)
	c := dial(f, s)
	c.sql(f, "CREATE TABLE t (host STRING, ts TIMESTAMP TIME INDEX, v DOUBLE, PRIMARY KEY(host))")
	f.Fuzz(func(t *testing.T, q string) {
		if strings.Contains(strings.ToLower(q), "series") || strings.Contains(strings.ToLower(q), "repeat") || strings.Contains(strings.ToLower(q), "pad") {
			t.Skip() // these can be made to run for ever
		}
		ticket, err := proto.Marshal(c.request(strings.ToValidUTF8(q, "?")))
		if err != nil {
			t.Fatal(err)
		}
		a := c.doGet(t.Context(), ticket)
		if strings.Contains(a.message, "task panicked") {
			t.Errorf("%q: %s", q, a.message)
		}
		for _, k := range a.kinds {
			if strings.HasPrefix(k, "unreadable") || strings.HasPrefix(k, "bad") {
				t.Errorf("%q: %s", q, k)
			}
		}
	})
}
