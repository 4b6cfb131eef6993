package greptimebun

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// CreateTable creates the table of a model, such as (*Reading)(nil), if it does not exist. The
// fields with pk are what identifies a row: exactly one of them has a TIMESTAMP column and is the
// time index, the others are tags. Options follow the columns, such as WITH ('ttl'='30d').
//
// bun's own NewCreateTable cannot name a time index.
func CreateTable(ctx context.Context, db *bun.DB, model any, options string) error {
	t := reflect.TypeOf(model)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return fmt.Errorf("greptimebun: CreateTable needs a struct or a pointer to one, not %T", model)
	}
	text, err := createTable(db.Table(t), options)
	if err != nil {
		return err
	}
	_, err = db.DB.ExecContext(ctx, text) // bun would look for placeholders
	return err
}

func createTable(table *schema.Table, options string) (string, error) {
	if len(table.Unique) > 0 {
		return "", fmt.Errorf("greptimebun: %s has a unique field, and GreptimeDB has no unique columns: a row replaces the one with the same tags and time; leave unique out", table.TypeName)
	}
	var timeIndex *schema.Field
	var columns, tags []string
	for _, field := range table.Fields {
		column := string(field.SQLName) + " " + field.CreateTableSQLType
		switch {
		case field.AutoIncrement:
			return "", fmt.Errorf("greptimebun: %s.%s is autoincrement, and GreptimeDB generates no keys; set it yourself", table.TypeName, field.GoName)
		case field.IsPK && strings.HasPrefix(strings.ToUpper(field.CreateTableSQLType), "TIMESTAMP"):
			if timeIndex != nil {
				return "", fmt.Errorf("greptimebun: %s has two times in its primary key, %s and %s, and a table has one time index; leave pk at one of them", table.TypeName, timeIndex.GoName, field.GoName)
			}
			timeIndex = field
			column += " NOT NULL"
		case field.IsPK:
			tags = append(tags, string(field.SQLName))
		case field.NotNull:
			column += " NOT NULL"
		}
		if field.SQLDefault != "" {
			column += " DEFAULT " + field.SQLDefault
		}
		columns = append(columns, column)
	}
	if timeIndex == nil {
		return "", fmt.Errorf("greptimebun: %s has no time in its primary key, and each table of GreptimeDB needs a time index; add a field such as Time time.Time `bun:\"ts,pk\"`", table.TypeName)
	}
	columns = append(columns, "TIME INDEX ("+string(timeIndex.SQLName)+")")
	if len(tags) > 0 {
		columns = append(columns, "PRIMARY KEY ("+strings.Join(tags, ", ")+")")
	}
	return strings.TrimSpace("CREATE TABLE IF NOT EXISTS " + string(table.SQLName) + " (" + strings.Join(columns, ", ") + ") " + options), nil
}
