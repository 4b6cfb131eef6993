// Package rowvalue gives package bulk access to the row types of package insert: it reads
// the values of a ColumnValues and creates an AppendedRow. Package insert sets the functions
// when it is initialized, so that it needs no exported methods for this.
package rowvalue

import (
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
)

// Values are the values of one column of several rows. Their type is a [Slice].
type Values interface {
	// Len returns the number of values.
	Len() int

	// Set sets c to value i for a column of type t. It returns the errors of govalue.Set.
	Set(c *column.Cell, t column.Type, i int) error
}

// Slice implements Values for a Go type.
type Slice[T any] []T

func (s Slice[T]) Len() int { return len(s) }

func (s Slice[T]) Set(c *column.Cell, t column.Type, i int) error { return govalue.Set(c, t, s[i]) }

// Reader reads the rows that were appended to a table or batch.
type Reader interface {
	// ReadCell returns the value of a column in a row, and its type. JSON is text.
	ReadCell(row int, name string) (column.Type, column.Cell, error)
}

var (
	// ColumnOf returns the name and the values of an insert.ColumnValues. The values are not nil.
	ColumnOf func(columnValues any) (name string, values Values)

	// NewAppendedRow returns the insert.AppendedRow for a row of r.
	NewAppendedRow func(r Reader, row int) any
)
