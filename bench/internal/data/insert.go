package data

import (
	"time"

	"github.com/greptime-go/greptime/insert"
)

// InsertSchema returns these columns as those of native inserts: strings are tags.
func InsertSchema(columns []string) (*insert.Schema, error) {
	of := make([]insert.Column, len(columns))
	for i, name := range columns {
		switch (&Row{}).Value(name).(type) {
		case string:
			of[i] = insert.Tag(name, insert.String)
		case float64:
			of[i] = insert.Field(name, insert.Float64)
		case int64:
			of[i] = insert.Field(name, insert.Int64)
		case bool:
			of[i] = insert.Field(name, insert.Bool)
		case time.Time:
			of[i] = insert.Time(name, insert.Millisecond)
		}
	}
	return insert.NewSchema(of...)
}
