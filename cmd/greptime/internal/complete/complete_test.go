package complete

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	_ "github.com/greptime-go/greptime/driver"
	"github.com/greptime-go/greptime/greptimetest"
)

var catalog = Catalog{
	databases: []string{"metrics", "public"},
	tables:    []string{"cpu", "Mixed Case", "weather"},
	columns: map[string][]Column{
		"cpu":        {{"host", "String"}, {"ts", "TimestampMillisecond"}, {"usage", "Float64"}},
		"weather":    {{"ts", "TimestampMillisecond"}, {"temp", "Float64"}, {"order", "Int64"}},
		"Mixed Case": {{"A b", "String"}},
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
		{"SELECT * FROM ", "", []string{"=", "cpu", `"Mixed Case"`, "weather"}},
		{"SELECT * FROM c", "c", []string{"=", "cpu"}},
		{"SELECT * FROM M", "M", []string{"=", `"Mixed Case"`}},
		{`SELECT * FROM "M`, `"M`, []string{"=", `"Mixed Case"`}},
		{`SELECT * FROM "c`, `"c`, []string{"=", `"cpu"`}},
		{"INSERT INTO w", "w", []string{"=", "weather"}},
		{"SELECT * FROM cpu JOIN ", "", []string{"=", "cpu", `"Mixed Case"`, "weather"}},
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
		{"SELECT 1 -- te", "", []string{"="}},
		{"SELECT count(", "", []string{"host", "temp"}},
	} {
		prefix, candidates := catalog.Complete(c.text)
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
	_, candidates := c.Complete("SELECT * FROM cpu WHERE ")
	if len(candidates) < 3 || candidates[0].Name != "host" || !strings.EqualFold(candidates[0].About, "string") {
		t.Errorf("columns %+v", candidates[:min(3, len(candidates))])
	}
	if _, tables := c.Complete("DESC "); len(tables) != 1 || tables[0].Name != "cpu" {
		t.Errorf("tables %+v", tables)
	}
	if _, databases := c.Complete("USE pub"); len(databases) != 1 {
		t.Errorf("databases %+v", databases)
	}
	s.Close()
	if err := c.Load(t.Context(), db, "public"); err == nil {
		t.Error("loaded from a server that is gone")
	}
	if _, tables := c.Complete("DESC "); len(tables) != 1 {
		t.Errorf("after a failure: tables %+v", tables)
	}
}
