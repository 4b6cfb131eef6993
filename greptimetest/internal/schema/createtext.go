package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CreateText returns the statement that makes the table.
func (t *Table) CreateText() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s (\n", Quote(t.Name))
	for i := range t.Columns {
		col := &t.Columns[i]
		fmt.Fprintf(&b, "  %s %s %s", Quote(col.Name), col.Type.SQL(), YesNo(col.Nullable, "NULL", "NOT NULL"))
		if col.Default != "" {
			b.WriteString(" DEFAULT " + col.Default)
		}
		if col.Comment != "" {
			b.WriteString(" COMMENT " + QuoteText(col.Comment))
		}
		for _, k := range slices.Sorted(maps.Keys(col.Index)) {
			b.WriteString(map[string]string{
				"greptime:inverted_index": " INVERTED INDEX",
				"greptime:fulltext":       " FULLTEXT INDEX WITH(analyzer = 'English', backend = 'bloom', case_sensitive = 'false', false_positive_rate = '0.01', granularity = '10240')",
				"greptime:skipping_index": " SKIPPING INDEX WITH(false_positive_rate = '0.01', granularity = '10240', type = 'BLOOM')",
			}[k])
		}
		b.WriteString(",\n")
	}
	fmt.Fprintf(&b, "  TIME INDEX (%s)", Quote(t.Columns[t.TimeIndex()].Name))
	if len(t.Tags) > 0 {
		names := make([]string, len(t.Tags))
		for i, tag := range t.Tags {
			names[i] = Quote(tag)
		}
		fmt.Fprintf(&b, ",\n  PRIMARY KEY (%s)", strings.Join(names, ", "))
	}
	b.WriteString("\n)\n" + t.partitionText() + "\nENGINE=mito\n")
	if len(t.Options) > 0 {
		var opts []string
		for _, k := range slices.Sorted(maps.Keys(t.Options)) {
			name := k
			if k == "comment" || strings.Contains(k, ".") {
				name = QuoteText(k)
			}
			opts = append(opts, "  "+name+" = "+QuoteText(t.Options[k]))
		}
		b.WriteString("WITH(\n" + strings.Join(opts, ",\n") + "\n)")
	}
	return b.String()
}

// partitionText returns the PARTITION clause as SHOW CREATE TABLE prints it.
func (t *Table) partitionText() string {
	if len(t.Partitions.Columns) == 0 {
		return ""
	}
	names := make([]string, len(t.Partitions.Columns))
	for i, n := range t.Partitions.Columns {
		names[i] = Quote(n)
	}
	return "PARTITION ON COLUMNS (" + strings.Join(names, ", ") + ") (\n  " + strings.Join(t.Partitions.Rules, ",\n  ") + "\n)"
}
