package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/flightdecode"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// replay answers a text with a recording.
func replay(t testing.TB, byText map[string]string) Query {
	return func(_ context.Context, sql string) (array.RecordReader, error) {
		name, ok := byText[sql]
		if !ok {
			t.Errorf("asked %q", sql)
			return nil, errors.New("not recorded")
		}
		messages := captures.DoGetByName(name).Messages
		return flightdecode.NewReader(func(m *flightdecode.Message) error {
			if len(messages) == 0 {
				return io.EOF
			}
			*m = flightdecode.Message{Header: messages[0].Header, AppMetadata: messages[0].AppMetadata, Body: messages[0].Body}
			messages = messages[1:]
			return nil
		}, flightdecode.Options{})
	}
}

func TestRecordedTable(t *testing.T) {
	t.Parallel()
	table, err := Read(t.Context(), replay(t, map[string]string{
		`SELECT * FROM "every_type" LIMIT 0`: "select_limit_0",
		`DESC TABLE "every_type"`:            "describe_table",
	}), "every_type")
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, c := range table.Columns {
		text = append(text, c.Name+" "+c.Type.String())
	}
	want := "host STRING, ts TIMESTAMP(3), b BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT, i64 BIGINT, u8 TINYINT UNSIGNED, u16 SMALLINT UNSIGNED, u32 INT UNSIGNED, " +
		"u64 BIGINT UNSIGNED, f32 FLOAT, f64 DOUBLE, s STRING, bin VARBINARY, d DATE, ts_s TIMESTAMP(0), ts_us TIMESTAMP(6), ts_ns TIMESTAMP(9), dt TIMESTAMP(6), dec_ DECIMAL(20,4), j JSON, v VECTOR(3)"
	if got := strings.Join(text, ", "); got != want {
		t.Errorf("columns %s\nwant    %s", got, want)
	}
	if table.TimeIndex != 1 || table.Columns[0].Role != Tag || table.Columns[1].Role != TimeIndex || table.Columns[2].Role != Field || table.Columns[1].Nullable || !table.Columns[2].Nullable {
		t.Errorf("roles: %+v", table.Columns[:3])
	}
	if i, ok := table.Index("v"); !ok || i != 22 {
		t.Errorf("v is column %d, %v", i, ok)
	}
	if _, ok := table.Index("V"); ok {
		t.Error("names are read without case")
	}
	// What DoPut gets has the types that the server showed.
	for i, f := range table.Arrow().Fields() {
		typ, err := TypeOf(f)
		if err != nil || typ != table.Columns[i].Type {
			t.Errorf("%s: %v, %v", f.Name, typ, err)
		}
	}
}

// A table whose columns are the same is read again by one statement.
func TestReadAgain(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		`SELECT * FROM "every_type" LIMIT 0`: "select_limit_0",
		`DESC TABLE "every_type"`:            "describe_table",
	}
	table, err := Read(t.Context(), replay(t, texts), "every_type")
	if err != nil {
		t.Fatal(err)
	}
	delete(texts, `SELECT * FROM "every_type" LIMIT 0`)
	if again, err := table.ReadAgain(t.Context(), replay(t, texts)); err != nil || again != table {
		t.Errorf("the same columns are read as %p, %v; want %p", again, err, table)
	}

	// Whatever differs is read in full.
	for what, change := range map[string]func([]described) []described{
		"a column more":         func(d []described) []described { return append(d, described{Column: Column{Name: "more"}}) },
		"a column less":         func(d []described) []described { return d[:len(d)-1] },
		"no column, as a view":  func([]described) []described { return nil },
		"a column renamed":      func(d []described) []described { d[5].Name = "other"; return d },
		"a column not null":     func(d []described) []described { d[5].Nullable = !d[5].Nullable; return d },
		"a column's type":       func(d []described) []described { d[5].typeName = "Float64"; return d },
		"no types":              func(d []described) []described { d[5].typeName = ""; return d },
		"a tag that is a field": func(d []described) []described { d[0].Role = Field; return d },
		"a column's default":    func(d []described) []described { d[5].Default = "1"; return d },
		"two columns in a swap": func(d []described) []described { d[4], d[5] = d[5], d[4]; return d },
		"another time index":    func(d []described) []described { d[1].Role = Field; return d },
		"a field that is a tag": func(d []described) []described { d[5].Role = Tag; return d },
	} {
		known := *table
		known.described = change(slices.Clone(table.described))
		asked := errors.New("SELECT is asked")
		_, err := known.ReadAgain(t.Context(), func(ctx context.Context, sql string) (array.RecordReader, error) {
			if strings.HasPrefix(sql, "SELECT") {
				return nil, asked
			}
			return replay(t, texts)(ctx, sql)
		})
		if err != asked {
			t.Errorf("%s: %v, want the columns to be read in full", what, err)
		}
	}
}

func TestRecordedDefaults(t *testing.T) {
	t.Parallel()
	table, err := Read(t.Context(), replay(t, map[string]string{
		`SELECT * FROM "metas" LIMIT 0`: "field_metadata",
		`DESC TABLE "metas"`:            "field_metadata_describe",
	}), "metas")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"ts": "now()", "s": "x", "i": "5", "u": "", "id": ""} {
		i, _ := table.Index(name)
		if c := table.Columns[i]; c.Default != want || c.Nullable != (name != "ts" && name != "i") {
			t.Errorf("%+v, want DEFAULT %q", c, want)
		}
	}
}

func TestNamesAreQuoted(t *testing.T) {
	t.Parallel()
	var asked []string
	_, err := Read(t.Context(), func(_ context.Context, sql string) (array.RecordReader, error) {
		asked = append(asked, sql)
		return nil, io.ErrUnexpectedEOF
	}, `a"; DROP TABLE b`)
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(asked) != 1 || asked[0] != `SELECT * FROM "a""; DROP TABLE b" LIMIT 0` {
		t.Errorf("%q, %v", asked, err)
	}
}

// answers has a SELECT show fields, and DESC rows of column, null, default, role.
func answers(fields []arrow.Field, rows ...[4]string) Query {
	var list [][]string
	for _, r := range rows {
		list = append(list, r[:])
	}
	return describes(fields, []string{"Column", "Null", "Default", "Semantic Type"}, list)
}

// describes has a SELECT show fields, and DESC rows of what is named.
func describes(fields []arrow.Field, names []string, rows [][]string) Query {
	return func(_ context.Context, sql string) (array.RecordReader, error) {
		if strings.HasPrefix(sql, "SELECT") {
			return array.NewRecordReader(arrow.NewSchema(fields, nil), nil)
		}
		var list []arrow.Field
		var columns []arrow.Array
		for i, name := range names {
			b := array.NewStringBuilder(memory.DefaultAllocator)
			for _, r := range rows {
				b.Append(r[i])
			}
			list, columns = append(list, arrow.Field{Name: name, Type: arrow.BinaryTypes.String}), append(columns, b.NewArray())
		}
		schema := arrow.NewSchema(list, nil)
		return array.NewRecordReader(schema, []arrow.RecordBatch{array.NewRecordBatch(schema, columns, int64(len(rows)))})
	}
}

func TestTablesThatAreRefused(t *testing.T) {
	t.Parallel()
	ts := arrow.Field{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_ms}
	n := arrow.Field{Name: "n", Type: arrow.PrimitiveTypes.Int64}
	list := arrow.Field{Name: "n", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64)}
	marked := arrow.Field{Name: "n", Type: arrow.BinaryTypes.Binary, Metadata: arrow.NewMetadata([]string{"greptime:type"}, []string{"Vector(0)"})}
	for text, query := range map[string]Query{
		"has no time index":      answers([]arrow.Field{n}, [4]string{"n", "YES", "", "FIELD"}),
		"a view has none":        answers([]arrow.Field{ts, n}), // DESC TABLE of a view has no rows
		"was altered":            answers([]arrow.Field{ts}, [4]string{"ts", "NO", "", "TIMESTAMP"}, [4]string{"n", "YES", "", "FIELD"}),
		"altered while":          answers([]arrow.Field{ts, n}, [4]string{"ts", "NO", "", "TIMESTAMP"}, [4]string{"m", "YES", "", "FIELD"}),
		"two time indexes":       answers([]arrow.Field{ts, {Name: "t2", Type: ts.Type}}, [4]string{"ts", "NO", "", "TIMESTAMP"}, [4]string{"t2", "NO", "", "TIMESTAMP"}),
		"not a timestamp":        answers([]arrow.Field{n}, [4]string{"n", "NO", "", "TIMESTAMP"}),
		"list<item: int64":       answers([]arrow.Field{ts, list}, [4]string{"ts", "NO", "", "TIMESTAMP"}, [4]string{"n", "YES", "", "FIELD"}),
		`"Vector(0)" is unknown`: answers([]arrow.Field{ts, marked}, [4]string{"ts", "NO", "", "TIMESTAMP"}, [4]string{"n", "YES", "", "FIELD"}),
		`has column "ts" tw`:     answers([]arrow.Field{ts, ts}, [4]string{"ts", "NO", "", "FIELD"}, [4]string{"ts", "NO", "", "TIMESTAMP"}),
	} {
		if _, err := Read(t.Context(), query, "t"); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %q", err, text)
		}
	}
}

// JSON2 is marked as JSON is, and by an extension, and DESC TABLE has another name for it.
func TestJSON2IsNotJSON(t *testing.T) {
	t.Parallel()
	const settings = `{"json_settings":{"type_hints":[],"max_auto_expanded_paths":100},"layout_version":2}`
	for _, test := range []struct {
		extension, metadata, described string
		isJSON2                        bool
	}{
		{"", "", "Json", false}, // GreptimeDB 1.1.4
		{"greptime.json", `{"json_structure_settings":{"Structured":null}}`, "Json", false}, // 1.0.2
		{"", "", "Json2", true},
		{"greptime.json", settings, "Json2", true},
		{"greptime.json", settings, "Json", true},
		{"greptime.json", `{"json_structure_settings":{"Structured":null}}`, "Json2", true},
		{"greptime.json2", settings, "Json2", true},
		{"greptime.json2", "", "Json", true},
	} {
		for _, mark := range []string{"Json", ""} {
			if mark == "" && test.extension == "" {
				continue // VARBINARY
			}
			metadata := map[string]string{"ARROW:extension:name": test.extension, "ARROW:extension:metadata": test.metadata, "greptime:type": mark}
			for key, value := range metadata {
				if value == "" {
					delete(metadata, key)
				}
			}
			fields := []arrow.Field{
				{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_ms},
				{Name: "j", Type: arrow.BinaryTypes.Binary, Metadata: arrow.MetadataFrom(metadata)},
			}
			table, err := Read(t.Context(), describes(fields, []string{"Column", "Type", "Null", "Default", "Semantic Type"},
				[][]string{{"ts", "TimestampMillisecond", "NO", "", "TIMESTAMP"}, {"j", test.described, "YES", "", "FIELD"}}), "t")
			var unwritable *UnwritableError
			switch {
			case test.isJSON2 && (!errors.As(err, &unwritable) || !strings.Contains(err.Error(), `column "j": JSON2`)):
				t.Errorf("%v, DESC %s: %v", metadata, test.described, err)
			case !test.isJSON2 && mark == "Json" && (err != nil || table.Columns[1].Type != column.Of(column.JSON)):
				t.Errorf("%v, DESC %s: %v", metadata, test.described, err)
			}
		}
	}
}

func TestEveryColumnTypeHasAnArrowType(t *testing.T) {
	t.Parallel()
	for k := column.Kind(1); k < 64; k++ {
		typ := column.Of(k)
		switch k {
		case column.Decimal:
			typ = column.DecimalOf(10, 2)
		case column.Vector:
			typ = column.VectorOf(3)
		}
		dt := ArrowType(typ)
		if (typ.Check() == nil) != (dt != nil) {
			t.Errorf("%v: %v", typ, dt)
		}
	}
}

func TestCacheReadsOnce(t *testing.T) {
	t.Parallel()
	reads := 0
	query := answers([]arrow.Field{{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_ms}}, [4]string{"ts", "NO", "now()", "TIMESTAMP"})
	count := func(ctx context.Context, sql string) (array.RecordReader, error) {
		reads++
		return query(ctx, sql)
	}
	var c Cache
	for _, database := range []string{"a", "b"} {
		for range 3 {
			table, err := c.Get(t.Context(), count, database, "t")
			if err != nil || table.Columns[0].Default != "now()" {
				t.Fatalf("%+v, %v", table, err)
			}
		}
	}
	if reads != 4 {
		t.Errorf("%d statements, want 2 for each database", reads)
	}
	c.Drop("a", "t")
	if _, ok, _ := c.Lookup("a", "t"); ok {
		t.Error("dropped, but there")
	}
	if _, ok, _ := c.Lookup("b", "t"); !ok {
		t.Error("the other database's is gone")
	}
	if _, err := c.Get(t.Context(), func(context.Context, string) (array.RecordReader, error) { return nil, io.ErrClosedPipe }, "a", "t"); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

// A table that was read while the cache was cleared may have been read before the change that was the
// reason for it. It is returned, but not kept.
func TestCacheKeepsNothingReadBeforeAClear(t *testing.T) {
	t.Parallel()
	query := answers([]arrow.Field{{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_ms}}, [4]string{"ts", "NO", "now()", "TIMESTAMP"})
	var c Cache
	clearing := func(ctx context.Context, sql string) (array.RecordReader, error) {
		c.Clear()
		return query(ctx, sql)
	}
	if table, err := c.Get(t.Context(), clearing, "a", "t"); err != nil || table == nil {
		t.Fatalf("%v, %v", table, err)
	}
	if _, known, _ := c.Lookup("a", "t"); known {
		t.Error("what was read before the Clear is kept")
	}
	if _, err := c.Get(t.Context(), query, "a", "t"); err != nil {
		t.Fatal(err)
	}
	if _, known, _ := c.Lookup("a", "t"); !known {
		t.Error("what was read after the Clear is not kept")
	}
}

// The tables that are in use stay when there are more than the cache keeps.
func TestCacheForgetsWhatWasUsedLeastRecently(t *testing.T) {
	t.Parallel()
	const width = 1000
	fields := []arrow.Field{{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_ms}}
	rows := [][4]string{{"ts", "NO", "", "TIMESTAMP"}}
	for i := range width - 1 {
		name := fmt.Sprint("c", i)
		fields = append(fields, arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int64, Nullable: true})
		rows = append(rows, [4]string{name, "YES", "", "FIELD"})
	}
	var c Cache
	reads := 0
	query := func(ctx context.Context, sql string) (array.RecordReader, error) {
		reads++
		return answers(fields, rows...)(ctx, sql)
	}
	get := func(table string) {
		t.Helper()
		if _, err := c.Get(t.Context(), query, "a", table); err != nil {
			t.Fatal(err)
		}
	}
	const kept = cacheLimit / (1 + width)
	for i := range 2 * kept {
		get(fmt.Sprint("t", i))
		get("in use")
	}
	if reads != 2*(2*kept+1) {
		t.Errorf("%d statements for %d tables", reads, 2*kept+1)
	}
	if c.columns > cacheLimit || len(c.entries) != c.recent.Len() || len(c.entries) != kept {
		t.Errorf("%d columns of %d tables, of which %d are in order", c.columns, len(c.entries), c.recent.Len())
	}
	if _, known, _ := c.Lookup("a", "t0"); known {
		t.Error("the first table is still there")
	}
	for i := range kept - 1 {
		table := fmt.Sprint("t", 2*kept-1-i)
		if _, known, _ := c.Lookup("a", table); !known {
			t.Errorf("table %s is gone", table)
		}
	}
}

// A cache that is full stays useful: INSERTs into many small tables in turn find them.
func TestCacheKeepsThousandsOfTables(t *testing.T) {
	t.Parallel()
	reads := 0
	one := answers([]arrow.Field{{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_ms}}, [4]string{"ts", "NO", "", "TIMESTAMP"})
	query := func(ctx context.Context, sql string) (array.RecordReader, error) {
		reads++
		return one(ctx, sql)
	}
	var c Cache
	const tables = 3000
	for range 3 {
		for i := range tables {
			if _, err := c.Get(t.Context(), query, "a", fmt.Sprint("t", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if reads != 2*tables {
		t.Errorf("%d statements, want 2 for each of %d tables", reads, tables)
	}
}

func TestCacheRemembersWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	ts := arrow.Field{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_ms}
	list := arrow.Field{Name: "n", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64)}
	row, other := [4]string{"ts", "NO", "", "TIMESTAMP"}, [4]string{"n", "YES", "", "FIELD"}
	for what, test := range map[string]struct {
		query Query
		reads int // statements, when it is wanted three times
	}{
		"a list":                  {answers([]arrow.Field{ts, list}, row, other), 2},
		"no time index":           {answers([]arrow.Field{list}, other), 2},
		"a view":                  {answers([]arrow.Field{ts}), 2},
		"a table that is altered": {answers([]arrow.Field{ts}, row, other), 18},
	} {
		var c Cache
		reads := 0
		for range 3 {
			_, err := c.Get(t.Context(), func(ctx context.Context, sql string) (array.RecordReader, error) {
				reads++
				return test.query(ctx, sql)
			}, "a", "t")
			var unwritable *UnwritableError
			if err == nil || errors.As(err, &unwritable) != (test.reads == 2) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if reads != test.reads {
			t.Errorf("%s: %d statements, want %d", what, reads, test.reads)
		}
		if _, known, err := c.Lookup("a", "t"); known != (test.reads == 2) || known != (err != nil) {
			t.Errorf("%s: known %v, %v", what, known, err)
		}
	}
}

func TestUnwritableIsForgottenAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ts := arrow.Field{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_ms}
		list := arrow.Field{Name: "n", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64)}
		lists := answers([]arrow.Field{ts, list}, [4]string{"ts", "NO", "", "TIMESTAMP"}, [4]string{"n", "YES", "", "FIELD"})
		plain := answers([]arrow.Field{ts}, [4]string{"ts", "NO", "", "TIMESTAMP"})
		var c Cache
		if _, err := c.Get(t.Context(), lists, "a", "t"); err == nil {
			t.Fatal("a list can be written")
		}
		if _, known, err := c.Lookup("a", "t"); !known || err == nil {
			t.Errorf("at once: %v, %v", known, err)
		}
		time.Sleep(2 * time.Minute) // there is another table by its name now
		if _, known, err := c.Lookup("a", "t"); known || err != nil {
			t.Errorf("two minutes later: %v, %v", known, err)
		}
		if _, err := c.Get(t.Context(), plain, "a", "t"); err != nil {
			t.Error(err)
		}
	})
}
