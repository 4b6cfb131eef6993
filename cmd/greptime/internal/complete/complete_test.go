package complete

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	_ "github.com/greptime-go/greptime/driver"
	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

var catalog = Catalog{
	database:  "public",
	databases: []string{"metrics", "public"},
	tables:    []string{"cpu", "Mixed Case", "weather", "wet\x1b[2J", "wet\u202e", "größe", `a"b`},
	columns: map[string][]Column{
		"cpu":        {{"host", "String"}, {"ts", "TimestampMillisecond"}, {"usage", "Float64"}},
		"weather":    {{"ts", "TimestampMillisecond"}, {"temp", "Float64"}, {"order", "Int64"}},
		"Mixed Case": {{"A b", "String"}},
		"größe":      {{"Länge", "Float64\x1b[2J"}},
		`a"b`:        {{`c"d`, "String"}},
	},
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text   string
		prefix string
		want   []string // the only candidates, if they begin with =; otherwise some of them
	}{
		{"", "", []string{"SELECT", "SHOW", "USE"}},
		{"sel", "sel", []string{"=", "SELECT"}},
		{"SELECT 1; sel", "sel", []string{"=", "SELECT"}},
		{"SELECT * FROM ", "", []string{"=", "cpu", `"Mixed Case"`, "weather", `"größe"`, `"a""b"`}},
		{"SELECT * FROM c", "c", []string{"=", "cpu"}},
		{"SELECT * FROM M", "M", []string{"=", `"Mixed Case"`}},
		{`SELECT * FROM "M`, `"M`, []string{"=", `"Mixed Case"`}},
		{`SELECT * FROM "c`, `"c`, []string{"=", `"cpu"`}},
		{"INSERT INTO w", "w", []string{"=", "weather"}},
		{"SELECT * FROM cpu JOIN ", "", []string{"=", "cpu", `"Mixed Case"`, "weather", `"größe"`, `"a""b"`}},
		{"DESC w", "w", []string{"=", "weather"}},
		{"DROP TABLE IF EXISTS w", "w", []string{"=", "weather"}},
		{"USE ", "", []string{"=", "metrics", "public"}},
		{"SHOW ", "", []string{"TABLES", "DATABASES"}},
		{"SELECT * FROM cpu WHERE us", "us", []string{"=", "usage", "USE", "USING"}},
		{"SELECT * FROM cpu WHERE t", "t", []string{"ts", "tan(", "THEN"}},
		{"SELECT te", "te", []string{"=", "temp", "TEXT"}},
		{"SELECT * FROM cpu ORDER BY usage DESC ", "", []string{"host", "LIMIT"}},
		{"SELECT * FROM weather WHERE ord", "ord", []string{"=", `"order"`, "ORDER"}},
		{"SELECT cpu.", "", []string{"=", "host", "ts", "usage"}},
		{"SELECT * FROM cpu AS c WHERE c.u", "u", []string{"=", "usage"}},
		{"SELECT * FROM weather w WHERE w.t", "t", []string{"=", "temp", "ts"}},
		{"SELECT * FR", "FR", []string{"=", "FROM"}},
		{"SELECT * FROM cpu WHERE date_b", "date_b", []string{"=", "date_bin("}},
		{"SELECT nothing.", "", []string{"="}},
		{"SELECT 'te", "", []string{"="}},
		{"SELECT 1", "", []string{"="}},
		{"SELECT 'te'", "", []string{"="}},
		{`SELECT "ts"`, "", []string{"="}},
		{"SELECT 1 -- te", "", []string{"="}},
		{"SELECT count(", "", []string{"host", "temp"}},
		{"SELECT COU", "COU", []string{"=", "count("}},
		{"SELECT * FROM `Mi", "`Mi", []string{"=", `"Mixed Case"`}},
		{`SELECT * FROM "a""`, `"a""`, []string{"=", `"a""b"`}},
		{"SELECT * FROM a", "a", []string{"=", `"a""b"`}},
		{"SELECT * FROM GR", "GR", []string{"=", `"größe"`}},
		{"SELECT * FROM grö", "grö", []string{"=", `"größe"`}},
		{`SELECT * FROM "größe" WHERE L`, "L", []string{`"Länge"`, "LIKE"}},
		{`SELECT "a""b".`, "", []string{"=", `"c""d"`}},
		{"SELECT * FROM public.w", "w", []string{"=", "weather"}},
		{"SELECT te| FROM cpu", "te", []string{"=", "TEXT"}},
		{"SELECT u|; SELECT temp FROM weather", "u", []string{"usage"}},
		{"SELECT c.u| FROM cpu c", "u", []string{"=", "usage"}},
		{"SELECT temp FROM weather; SELECT h| FROM cpu", "h", []string{"=", "host", "h3_latlng_to_cell(", "hll(", "hll_count(", "HAVING"}},
	} {
		before, after, _ := strings.Cut(c.text, "|") // the cursor, if it is not at the end
		prefix, candidates := catalog.Complete(before+after, len(before))
		var got []string
		for _, candidate := range candidates {
			got = append(got, candidate.Text)
		}
		if prefix != c.prefix {
			t.Errorf("%q: prefix %q, want %q", c.text, prefix, c.prefix)
		}
		if len(c.want) > 0 && c.want[0] == "=" {
			if !slices.Equal(got, c.want[1:]) && len(got)+len(c.want) > 1 {
				t.Errorf("%q: got %q, want %q", c.text, got, c.want[1:])
			}
			continue
		}
		for _, want := range c.want {
			if !slices.Contains(got, want) {
				t.Errorf("%q: no %q in %q", c.text, want, got)
			}
		}
	}
}

// complete returns the candidates at the end of a text.
func (c *Catalog) complete(text string) []Candidate {
	_, candidates := c.Complete(text, len(text))
	return candidates
}

func TestTypesOfColumnsAreVisible(t *testing.T) {
	t.Parallel()
	if list := catalog.complete(`SELECT * FROM "größe" WHERE Län`); len(list) != 1 || list[0].About != `Float64\x1b[2J` {
		t.Errorf("%+v", list)
	}
}

func TestQuotedNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"cpu": "cpu", "cpu_1": "cpu_1", "Cpu": `"Cpu"`, "order": `"order"`, "a b": `"a b"`, `a"b`: `"a""b"`, "1a": `"1a"`, "": `""`, "größe": `"größe"`,
	} {
		if got := Quote(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestCatalogOfAServer(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	db, err := sql.Open("greptime", s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE cpu (ts TIMESTAMP TIME INDEX, host STRING PRIMARY KEY, v DOUBLE)`); err != nil {
		t.Fatal(err)
	}
	var c Catalog
	if err := c.Load(t.Context(), db, "public"); err != nil {
		t.Fatal(err)
	}
	candidates := c.complete("SELECT * FROM cpu WHERE ")
	if len(candidates) < 3 || candidates[0].Name != "host" || !strings.EqualFold(candidates[0].About, "string") {
		t.Errorf("columns %+v", candidates[:min(3, len(candidates))])
	}
	if tables := c.complete("DESC "); len(tables) != 1 || tables[0].Name != "cpu" {
		t.Errorf("tables %+v", tables)
	}
	if databases := c.complete("USE pub"); len(databases) != 1 {
		t.Errorf("databases %+v", databases)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Load(ended, db, "other"); !errors.Is(err, context.Canceled) || len(c.complete("DESC ")) != 1 {
		t.Errorf("a call that is ended: %v, tables %+v", err, c.complete("DESC "))
	}
	s.Close()
	if err := c.Load(t.Context(), db, "public"); err == nil {
		t.Error("loaded from a server that is gone")
	}
	if tables := c.complete("DESC "); len(tables) != 1 {
		t.Errorf("after a failure: tables %+v", tables)
	}
	if err := c.Load(t.Context(), db, "other"); err == nil {
		t.Error("loaded from a server that is gone")
	}
	if tables := c.complete("DESC "); len(tables) != 0 {
		t.Errorf("tables of another database: %+v", tables)
	}
}

// A user who may not see the databases may see the columns, and the other way round.
func TestPartsOfTheCatalogAreOfUse(t *testing.T) {
	t.Parallel()
	columns, err := wiretest.TextMessages("Databases", "public")
	if err != nil {
		t.Fatal(err)
	}
	s := wiretest.Start(t, wiretest.NewMux().SQL("SHOW DATABASES", wiretest.Flight(columns)).Handle)
	db, err := sql.Open("greptime", s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var c Catalog
	if err := c.Load(t.Context(), db, "public"); err == nil {
		t.Error("the columns were refused")
	}
	if databases := c.complete("USE "); len(databases) != 1 {
		t.Errorf("databases %+v", databases)
	}
}

// A server that goes on for ever fills no memory.
func TestCatalogWithoutAnEnd(t *testing.T) {
	t.Parallel()
	endless := func(columns ...string) func(*wiretest.Call) error {
		fields := make([]arrow.Field, len(columns))
		for i, name := range columns {
			fields[i] = arrow.Field{Name: name, Type: arrow.BinaryTypes.String}
		}
		b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
		for range 8192 {
			for i := range fields {
				b.Field(i).(*array.StringBuilder).Append("a")
			}
		}
		batch, err := wiretest.BatchMessage(b.NewRecordBatch())
		if err != nil {
			t.Fatal(err)
		}
		return func(c *wiretest.Call) error {
			err := c.SendFlight(wiretest.SchemaMessage(b.Schema()))
			for err == nil {
				err = c.SendFlight(batch)
			}
			return err
		}
	}
	databases, columns := endless("Database"), endless("table_name", "column_name", "data_type")
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		if text, err := c.SQL(); err != nil || !strings.HasPrefix(text, "SHOW") {
			return errors.Join(err, columns(c))
		}
		return databases(c)
	})
	db, err := sql.Open("greptime", s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var c Catalog
	if err := c.Load(t.Context(), db, "public"); err != nil {
		t.Error(err)
	}
	if len(c.databases) != maxColumns || len(c.columns["a"]) != maxColumns {
		t.Errorf("%d databases and %d columns, want %d of each", len(c.databases), len(c.columns["a"]), maxColumns)
	}
}
