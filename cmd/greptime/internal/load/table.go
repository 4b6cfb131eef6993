package load

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime"

	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
)

// Role is what a column is in its table.
type Role uint8

// The roles.
const (
	Field Role = iota
	Tag
	TimeIndex
)

// Column is a column of a table.
type Column struct {
	Name     string
	Type     Type
	Role     Role
	Nullable bool
	Default  string // as DESC TABLE shows it; empty if there is none
}

// readColumns returns the columns of a table, or none if there is no such table.
func readColumns(ctx context.Context, conn *greptime.Conn, table string) ([]Column, error) {
	fields, err := readFields(ctx, conn, "SELECT * FROM "+script.Quote(table)+" LIMIT 0")
	switch {
	case errors.Is(err, greptime.TableNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading the columns of table %s: %w", strconv.Quote(table), err)
	}
	columns, err := describe(ctx, conn, table)
	if err != nil {
		return nil, fmt.Errorf("reading the columns of table %s: %w", strconv.Quote(table), err)
	}
	if len(columns) == 0 && len(fields) > 0 {
		return nil, fmt.Errorf("%s is a view; name the table to import into", strconv.Quote(table))
	}
	if len(columns) != len(fields) {
		return nil, fmt.Errorf("table %s was altered while its columns were read; try again", strconv.Quote(table))
	}
	for i, f := range fields {
		if f.Name != columns[i].Name {
			return nil, fmt.Errorf("table %s was altered while its columns were read; try again", strconv.Quote(table))
		}
		if columns[i].Type, err = columnType(f); err != nil {
			return nil, fmt.Errorf("table %s, column %s: %w", strconv.Quote(table), strconv.Quote(f.Name), err)
		}
	}
	return columns, nil
}

func readFields(ctx context.Context, conn *greptime.Conn, query string) ([]arrow.Field, error) {
	rd, err := conn.QueryArrow(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rd.Release()
	for rd.Next() {
	}
	return rd.Schema().Fields(), rd.Err()
}

// describe returns the columns without their types.
func describe(ctx context.Context, conn *greptime.Conn, table string) ([]Column, error) {
	rd, err := conn.QueryArrow(ctx, "DESC TABLE "+script.Quote(table))
	if err != nil {
		return nil, err
	}
	defer rd.Release()
	var columns []Column
	for batch, err := range rd.All() {
		if err != nil {
			return nil, err
		}
		var texts [4]array.StringLike
		for i, name := range []string{"Column", "Null", "Default", "Semantic Type"} {
			at := batch.Schema().FieldIndices(name)
			if len(at) == 0 {
				return nil, fmt.Errorf("DESC TABLE shows no %s", name)
			}
			text, ok := batch.Column(at[0]).(array.StringLike)
			if !ok {
				return nil, fmt.Errorf("DESC TABLE shows %s as %s", name, batch.Column(at[0]).DataType())
			}
			texts[i] = text
		}
		for row := range int(batch.NumRows()) {
			c := Column{
				Name:     strings.Clone(texts[0].Value(row)),
				Nullable: strings.EqualFold(texts[1].Value(row), "YES"),
				Default:  strings.Clone(texts[2].Value(row)),
			}
			switch texts[3].Value(row) {
			case "TAG":
				c.Role = Tag
			case "TIMESTAMP":
				c.Role = TimeIndex
			}
			columns = append(columns, c)
		}
	}
	return columns, nil
}

// createTable returns the statement that makes a table.
func createTable(table string, columns []Column, appendMode bool) string {
	var b strings.Builder
	b.WriteString("CREATE TABLE IF NOT EXISTS " + script.Quote(table) + " (\n")
	var tags []string
	for i, c := range columns {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString("  " + script.Quote(c.Name) + " " + c.Type.String())
		switch c.Role {
		case TimeIndex:
			b.WriteString(" NOT NULL TIME INDEX")
		case Tag:
			tags = append(tags, script.Quote(c.Name))
		}
	}
	if len(tags) > 0 {
		b.WriteString(",\n  PRIMARY KEY (" + strings.Join(tags, ", ") + ")")
	}
	b.WriteString("\n)")
	if appendMode {
		b.WriteString(" WITH (append_mode = 'true')")
	}
	return b.String()
}
