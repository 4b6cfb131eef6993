package greptimetest_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/flight"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// payloads are the messages of an IPC stream.
type payloads []captures.Message

func (p *payloads) Start() error { return nil }
func (p *payloads) Close() error { return nil }

func (p *payloads) WritePayload(payload ipc.Payload) error {
	meta := payload.Meta()
	defer meta.Release()
	var body bytes.Buffer
	if err := payload.SerializeBody(&body); err != nil {
		return err
	}
	*p = append(*p, captures.Message{Header: bytes.Clone(meta.Bytes()), Body: body.Bytes()})
	return nil
}

// bulk is a DoPut of batches given as JSON, each acknowledged before the next is sent.
func bulk(t testing.TB, table string, schema *arrow.Schema, batches ...string) captures.DoPut {
	t.Helper()
	var p payloads
	w := ipc.NewWriterWithPayloadWriter(&p, ipc.WithSchema(schema))
	for _, text := range batches {
		rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		rec.Release()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range p {
		if i == 0 {
			p[i].Descriptor = &captures.Descriptor{Type: "PATH", Path: []string{table}}
		} else {
			p[i].AppMetadata = fmt.Appendf(nil, `{"request_id":%d}`, i)
		}
	}
	return captures.DoPut{InStep: true, Sent: p}
}

var (
	tsField = arrow.Field{Name: "ts", Type: &arrow.TimestampType{Unit: arrow.Millisecond}}
	vField  = arrow.Field{Name: "v", Type: arrow.PrimitiveTypes.Int64, Nullable: true}
	sField  = arrow.Field{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true}
	tsAndV  = arrow.NewSchema([]arrow.Field{tsField, vField}, nil)
	allOfIt = arrow.NewSchema([]arrow.Field{tsField, vField, sField}, nil)
)

// mustPut sends a DoPut that is acknowledged in full.
func (c *client) mustPut(t testing.TB, x captures.DoPut) {
	t.Helper()
	if acks, _, err := c.put(t.Context(), x); err != nil || len(acks) != len(x.Sent) {
		t.Fatalf("%d acks of %d: %v", len(acks), len(x.Sent), err)
	}
}

// rowsOf returns rows as text in the order of their times.
func (c *client) rowsOf(t testing.TB, sql string) string {
	t.Helper()
	var lines []string
	for _, r := range c.sql(t, sql).rows {
		lines = append(lines, strings.Join(r, " "))
	}
	return strings.Join(lines, ", ")
}

// TestBatchesOfOldColumnsAfterAddColumn shows that 1.0.2 refuses them, also on a new
// stream, and that 1.1.4 fills them.
func TestBatchesOfOldColumnsAfterAddColumn(t *testing.T) {
	t.Parallel()
	for v, want := range map[captures.Version]string{captures.V1_0_2: "1 1 NULL 5", captures.V1_1_4: "1 1 NULL 5, 2 2 NULL 5"} {
		c := dial(t, startAs(t, v, greptimetest.Options{}))
		c.sql(t, "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v BIGINT)")
		c.mustPut(t, bulk(t, "t", tsAndV, `[{"ts":1,"v":1}]`))
		c.sql(t, "ALTER TABLE t ADD COLUMN s STRING, ADD COLUMN d BIGINT DEFAULT 5")
		for range 2 {
			_, _, err := c.put(t.Context(), bulk(t, "t", tsAndV, `[{"ts":2,"v":2}]`))
			if (err == nil) != (v == captures.V1_1_4) {
				t.Errorf("%s: %v", v, err)
			}
		}
		if got := c.rowsOf(t, "SELECT * FROM t ORDER BY ts"); got != want {
			t.Errorf("%s: %s, want %s", v, got, want)
		}
	}
}

// TestNotNullColumnOfABatchIsNotFilled shows that only a DEFAULT fills it.
func TestNotNullColumnOfABatchIsNotFilled(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v BIGINT, s STRING NOT NULL)")
	x := bulk(t, "t", tsAndV, `[{"ts":1,"v":1}]`)
	if _, trailer, err := c.put(t.Context(), x); err == nil || trailer.Get("x-greptime-err-code")[0] != "1004" {
		t.Errorf("%v", err)
	}
}

func TestDroppedColumnOfABatchIsDiscarded(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v BIGINT, s STRING)")
	c.mustPut(t, bulk(t, "t", allOfIt, `[{"ts":1,"v":1,"s":"a"}]`))
	c.sql(t, "ALTER TABLE t DROP COLUMN s")
	c.mustPut(t, bulk(t, "t", allOfIt, `[{"ts":2,"v":2,"s":"b"}]`))
	if got := c.rowsOf(t, "SELECT * FROM t ORDER BY ts"); got != "1 1, 2 2" {
		t.Errorf("%s", got)
	}
}

// TestCrashLosesFilledBatches shows what a crash loses and what it does not.
func TestCrashLosesFilledBatches(t *testing.T) {
	t.Parallel()
	const add = "ALTER TABLE t ADD COLUMN s STRING"
	old := func(text string) any { return bulk(t, "t", tsAndV, text) }
	for name, tt := range map[string]struct {
		options string
		steps   []any // SQL, or a DoPut
		want    string
	}{
		"rows before and after the change":      {"", []any{old(`[{"ts":1,"v":1}]`), add, old(`[{"ts":2,"v":2}]`), old(`[{"ts":3,"v":3}]`)}, "1 1 NULL"},
		"after a flush":                         {"", []any{add, old(`[{"ts":2,"v":2}]`), "ADMIN flush_table('t')", old(`[{"ts":3,"v":3}]`)}, "2 2 NULL"},
		"a flush of another table":              {"", []any{`CREATE TABLE "T" (ts TIMESTAMP TIME INDEX)`, add, old(`[{"ts":2,"v":2}]`), `ADMIN flush_table('"T"')`}, ""},
		"a flush by a name in capitals":         {"", []any{add, old(`[{"ts":2,"v":2}]`), `ADMIN flush_table('PUBLIC.T')`}, "2 2 NULL"},
		"all columns":                           {"", []any{add, bulk(t, "t", allOfIt, `[{"ts":2,"v":2,"s":"x"}]`)}, "2 2 x"},
		"another change of columns":             {"", []any{add, old(`[{"ts":2,"v":2}]`), "ALTER TABLE t ADD COLUMN z INT"}, "2 2 NULL NULL"},
		"another change of the table":           {"", []any{add, old(`[{"ts":2,"v":2}]`), "ALTER TABLE t SET 'ttl' = '7d'"}, ""},
		"what was replaced":                     {"", []any{old(`[{"ts":1,"v":1}]`), add, old(`[{"ts":1,"v":2}]`), old(`[{"ts":1,"v":3}]`)}, "1 1 NULL"},
		"replaced by an INSERT":                 {"", []any{add, old(`[{"ts":1,"v":1}]`), "INSERT INTO t VALUES (1, 2, 'x')"}, "1 2 x"},
		"deleted":                               {"", []any{old(`[{"ts":1,"v":1}]`), add, old(`[{"ts":1,"v":2}]`), "DELETE FROM t WHERE ts = 1"}, ""},
		"truncated":                             {"", []any{add, old(`[{"ts":1,"v":2}]`), "TRUNCATE TABLE t", "INSERT INTO t VALUES (1, 2, 'x')"}, "1 2 x"},
		"last_non_null":                         {" WITH (merge_mode = 'last_non_null')", []any{old(`[{"ts":1,"v":1}]`), add, old(`[{"ts":1,"v":2}]`), "INSERT INTO t (ts, s) VALUES (1, 'x')"}, "1 1 x"},
		"last_non_null of a new row":            {" WITH (merge_mode = 'last_non_null')", []any{add, old(`[{"ts":1,"v":2}]`), "INSERT INTO t (ts, s) VALUES (1, 'x')"}, "1 NULL x"},
		"append_mode":                           {" WITH (append_mode = 'true')", []any{old(`[{"ts":1,"v":1}]`), add, old(`[{"ts":1,"v":1},{"ts":2,"v":1}]`), "INSERT INTO t VALUES (1, 1, NULL)"}, "1 1 NULL, 1 1 NULL"},
		"append_mode, and rows after the crash": {" WITH (append_mode = 'true')", []any{add, old(`[{"ts":1,"v":1}]`), crash, old(`[{"ts":2,"v":2}]`), "INSERT INTO t VALUES (3, 3, 'x')"}, "3 3 x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := greptimetest.Start(t)
			c := dial(t, s)
			c.sql(t, "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v BIGINT)"+tt.options)
			for _, step := range append(slices.Clone(tt.steps), crash) {
				switch step := step.(type) {
				case string:
					c.sql(t, step)
				case captures.DoPut:
					c.mustPut(t, step)
				case func(*greptimetest.Server) error:
					if err := step(s); err != nil {
						t.Fatal(err)
					}
					c = dial(t, s)
				}
			}
			if got := c.rowsOf(t, "SELECT * FROM t ORDER BY ts"); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// crash is a step of TestCrashLosesFilledBatches.
var crash = (*greptimetest.Server).Crash

// TestCrashBreaksConnections shows that a stream of a DoPut does not outlive it.
func TestCrashBreaksConnections(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	c := dial(t, s)
	c.sql(t, "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v BIGINT)")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, flight.MethodDoPut)
	if err != nil {
		t.Fatal(err)
	}
	var ack flight.PutResult
	if err := stream.RecvMsg(&ack); err != nil {
		t.Fatal(err)
	}
	if err := s.Crash(); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(&ack); status.Code(err) != codes.Unavailable {
		t.Errorf("the stream ends with %v", err)
	}
}

// TestSchemaVersion shows which statements raise greptime:version.
func TestSchemaVersion(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	const create = "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v INT, s STRING)"
	c.sql(t, create)
	want, id := 0, c.rowsOf(t, "SELECT table_id FROM information_schema.tables WHERE table_name = 't'")
	for _, tt := range []struct {
		sql    string
		raises bool
	}{
		{"ALTER TABLE t ADD COLUMN a INT", true},
		{"ALTER TABLE t ADD COLUMN IF NOT EXISTS a INT", false},
		{"ALTER TABLE t DROP COLUMN a", true},
		{"ALTER TABLE t MODIFY COLUMN v BIGINT", true},
		{"ALTER TABLE t MODIFY COLUMN v SET DEFAULT 5", true},
		{"ALTER TABLE t MODIFY COLUMN v DROP DEFAULT", true},
		{"ALTER TABLE t MODIFY COLUMN s SET INVERTED INDEX", true},
		{"ALTER TABLE t MODIFY COLUMN s SET SKIPPING INDEX", true},
		{"ALTER TABLE t MODIFY COLUMN s SET FULLTEXT INDEX", true},
		{"ALTER TABLE t MODIFY COLUMN s UNSET INVERTED INDEX", true},
		{"ALTER TABLE t SET 'ttl' = '7d'", false},
		{"ALTER TABLE t UNSET 'ttl'", false},
		{"TRUNCATE TABLE t", false},
		{"COMMENT ON TABLE t IS 'x'", false},
		{"INSERT INTO t VALUES (1, 2, 'x')", false},
	} {
		c.sql(t, tt.sql)
		if tt.raises {
			want++
		}
		if got, _ := c.sql(t, "SELECT * FROM t LIMIT 0").schema.Metadata().GetValue("greptime:version"); got != fmt.Sprint(want) {
			t.Errorf("after %s: version %s, want %d", tt.sql, got, want)
		}
	}
	c.sql(t, "ALTER TABLE t RENAME u")
	if got, _ := c.sql(t, "SELECT * FROM u LIMIT 0").schema.Metadata().GetValue("greptime:version"); got != fmt.Sprint(want) {
		t.Errorf("renamed: version %s, want %d", got, want)
	}
	c.sql(t, "ALTER TABLE u RENAME t")
	if got := c.rowsOf(t, "SELECT table_id FROM information_schema.tables WHERE table_name = 't'"); got != id {
		t.Errorf("table_id %s, was %s", got, id)
	}
	c.sql(t, "DROP TABLE t")
	c.sql(t, create)
	if got, _ := c.sql(t, "SELECT * FROM t LIMIT 0").schema.Metadata().GetValue("greptime:version"); got != "0" {
		t.Errorf("made again: version %s", got)
	}
	if got := c.rowsOf(t, "SELECT table_id FROM information_schema.tables WHERE table_name = 't'"); got == id {
		t.Errorf("made again: table_id %s as before", got)
	}
}

// TestModifyColumn shows what becomes of the column, and what is refused.
func TestModifyColumn(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, "CREATE TABLE t (host STRING PRIMARY KEY, ts TIMESTAMP TIME INDEX, v INT, n INT NOT NULL)")
	c.sql(t, "INSERT INTO t VALUES ('a', 1, 2, 3)")
	c.sql(t, "ALTER TABLE t MODIFY COLUMN v BIGINT")
	c.sql(t, "ALTER TABLE t MODIFY COLUMN v SET DEFAULT 9")
	c.sql(t, "ALTER TABLE t MODIFY COLUMN host SET INVERTED INDEX")
	c.sql(t, "INSERT INTO t (host, ts, n) VALUES ('b', 2, 3)")
	if got := c.rowsOf(t, "SELECT v FROM t ORDER BY ts"); got != "2, 9" {
		t.Errorf("%s", got)
	}
	if text := c.rowsOf(t, "SHOW CREATE TABLE t"); !strings.Contains(text, `"v" BIGINT NULL DEFAULT 9`) || !strings.Contains(text, "INVERTED INDEX") {
		t.Errorf("%s", text)
	}
	for sql, code := range map[string]string{
		"ALTER TABLE t MODIFY COLUMN host BIGINT":           "1004",
		"ALTER TABLE t MODIFY COLUMN n BIGINT":              "1004",
		"ALTER TABLE t MODIFY COLUMN x BIGINT":              "4002",
		"ALTER TABLE t MODIFY COLUMN v INT":                 "1001",
		"ALTER TABLE t MODIFY COLUMN v SET SOMETHING INDEX": "2000",
		"ALTER TABLE t MODIFY COLUMN v UNSET SOMETHING":     "2000",
	} {
		if a := c.try(t, sql); a.errCode != code {
			t.Errorf("%s: %v, want %s", sql, a.err(), code)
		}
	}
}

// TestFlushTableReadsAnIdentifier shows how ADMIN flush_table reads its argument.
func TestFlushTableReadsAnIdentifier(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	for _, name := range []string{"plain", `"UpCase"`, `"a.b"`} {
		c.sql(t, "CREATE TABLE "+name+" (ts TIMESTAMP TIME INDEX)")
	}
	for arg, code := range map[string]string{
		"plain": "", "PLAIN": "", "public.plain": "", "greptime.public.plain": "", `"UpCase"`: "", `public."UpCase"`: "", `"a.b"`: "",
		"UpCase": "4001", "a.b": "4001", `"PLAIN"`: "4001", "": "2000", "a b": "2000", `"open`: "2000",
	} {
		if a := c.try(t, "ADMIN flush_table('"+arg+"')"); a.errCode != code {
			t.Errorf("%s: %v, want code %q", arg, a.err(), code)
		}
	}
}
