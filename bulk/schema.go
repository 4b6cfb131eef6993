package bulk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/sqltext"
)

// tableOf returns a table of the given columns. A Schema does not say which columns are NOT
// NULL, so all but the time index are nullable.
func tableOf(name string, s *insert.Schema) (*catalog.Table, error) {
	var columns []catalog.Column
	for _, c := range s.Columns() {
		out := catalog.Column{Name: c.Name, Type: column.Type(c.Type), Nullable: true}
		switch {
		case c.IsTag():
			out.Role = catalog.Tag
		case c.IsTime():
			out.Role, out.Nullable = catalog.TimeIndex, false
		}
		columns = append(columns, out)
	}
	t, err := catalog.NewTable(name, columns)
	if err != nil {
		return nil, fmt.Errorf("greptime: bulk: %w", err)
	}
	return t, nil
}

// checkSchema compares the given columns with those of the table.
func checkSchema(t *catalog.Table, given *insert.Schema) error {
	var wrong []string
	seen := make([]bool, len(t.Columns))
	for _, c := range given.Columns() {
		i, ok := t.Index(c.Name)
		if !ok {
			wrong = append(wrong, fmt.Sprintf("the table has no column %s", strconv.Quote(c.Name)))
			continue
		}
		seen[i] = true
		have := t.Columns[i]
		if want := column.Type(c.Type); want != have.Type {
			wrong = append(wrong, fmt.Sprintf("column %s is %s, not %s", strconv.Quote(c.Name), have.Type, want))
		} else if c.IsTag() != (have.Role == catalog.Tag) || c.IsTime() != (have.Role == catalog.TimeIndex) {
			wrong = append(wrong, fmt.Sprintf("column %s is a %s", strconv.Quote(c.Name), roleName(have.Role)))
		}
	}
	for i, c := range t.Columns {
		if !seen[i] {
			wrong = append(wrong, fmt.Sprintf("column %s (%s) is missing, and bulk loads must send every column", strconv.Quote(c.Name), c.Type))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("greptime: bulk: Options.Schema does not fit table %s: %s", strconv.Quote(t.Name), strings.Join(wrong, "; "))
	}
	return nil
}

func roleName(r catalog.Role) string {
	switch r {
	case catalog.Tag:
		return "tag"
	case catalog.TimeIndex:
		return "time index"
	}
	return "field"
}

// CreateTable creates a table with these columns in the connection's database, unless it
// exists. It does not check the columns of an existing table; [NewWriter] with Options.Schema
// does. options are those of the table, such as "ttl" → "7d" or "append_mode" → "true".
//
// GreptimeDB 1.0.2 has no SQL for TIME columns; write a first row by package insert to create
// them.
func CreateTable(ctx context.Context, pool greptime.Pool, table string, s *insert.Schema, options map[string]string) error {
	if s == nil {
		return errors.New("greptime: bulk: CreateTable needs a schema")
	}
	text, err := createTable(table, s, options)
	if err != nil {
		return err
	}
	return greptime.Raw(ctx, pool, func(c *greptime.Conn) error {
		_, err := c.Exec(ctx, text)
		return err
	})
}

func createTable(table string, s *insert.Schema, options map[string]string) (string, error) {
	var lines, tags []string
	for _, c := range s.Columns() {
		t := column.Type(c.Type)
		if t.Kind().IsTimeOfDay() {
			return "", fmt.Errorf("greptime: bulk: column %s: GreptimeDB has no SQL for columns of type %s; make the table by a first row of package insert", strconv.Quote(c.Name), t)
		}
		line := sqltext.QuoteIdent(c.Name) + " " + t.String()
		switch {
		case c.IsTime():
			line += " NOT NULL TIME INDEX"
		case c.IsTag():
			tags = append(tags, sqltext.QuoteIdent(c.Name))
		}
		lines = append(lines, line)
	}
	if len(tags) > 0 {
		lines = append(lines, "PRIMARY KEY ("+strings.Join(tags, ", ")+")")
	}
	text := "CREATE TABLE IF NOT EXISTS " + sqltext.QuoteIdent(table) + " (" + strings.Join(lines, ", ") + ")"
	var with []string
	for k, v := range options {
		key, err := sqltext.QuoteString(k)
		if err != nil {
			return "", fmt.Errorf("greptime: bulk: option %s: %w", strconv.Quote(k), err)
		}
		value, err := sqltext.QuoteString(v)
		if err != nil {
			return "", fmt.Errorf("greptime: bulk: option %s: %w", strconv.Quote(k), err)
		}
		with = append(with, key+" = "+value)
	}
	if len(with) > 0 {
		slices.Sort(with)
		text += " WITH (" + strings.Join(with, ", ") + ")"
	}
	return text, nil
}
