// Package catalog reads the columns of a table from the server. It sends SQL through a
// function, because the driver itself uses this package.
package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/sqltext"
)

// Query runs a statement. The caller must release the result.
type Query func(ctx context.Context, sql string) (array.RecordReader, error)

// Role is the role of a column in its table.
type Role uint8

// The roles.
const (
	Field Role = iota
	Tag
	TimeIndex
)

// SemanticType returns the role as it is in requests.
func (r Role) SemanticType() greptimev1.SemanticType {
	switch r {
	case Tag:
		return greptimev1.SemanticType_TAG
	case TimeIndex:
		return greptimev1.SemanticType_TIMESTAMP
	}
	return greptimev1.SemanticType_FIELD
}

// Column is a column of a table.
type Column struct {
	Name     string
	Type     column.Type
	Role     Role
	Nullable bool
	Default  string // as DESC TABLE shows it; empty if there is none

	constraint string // the DEFAULT in the metadata of a SELECT
}

// Table holds the columns of a table, in order. It is immutable and safe for concurrent use.
type Table struct {
	Name    string
	Columns []Column
	// TimeIndex is the index of the time index among the Columns.
	TimeIndex int

	index     map[string]int
	described []described // by DESC TABLE, if the table was read
}

// NewTable returns a table of the given columns. Exactly one must be the time index, and
// names must be unique.
func NewTable(name string, columns []Column) (*Table, error) {
	t := &Table{Name: name, Columns: columns, TimeIndex: -1, index: make(map[string]int, len(columns))}
	for i, c := range columns {
		if _, twice := t.index[c.Name]; twice {
			return nil, fmt.Errorf("table %s has column %s twice", strconv.Quote(name), strconv.Quote(c.Name))
		}
		t.index[c.Name] = i
		if c.Role != TimeIndex {
			continue
		}
		if t.TimeIndex >= 0 {
			return nil, fmt.Errorf("table %s has two time indexes", strconv.Quote(name))
		}
		if !c.Type.Kind().IsTimestamp() {
			return nil, fmt.Errorf("table %s: the time index %s is %s, not a timestamp", strconv.Quote(name), strconv.Quote(c.Name), c.Type)
		}
		t.TimeIndex = i
	}
	if t.TimeIndex < 0 {
		return nil, fmt.Errorf("%s has no time index: a view, or no table of GreptimeDB's own", strconv.Quote(name))
	}
	return t, nil
}

// Index returns the index of a column, whose name is case-sensitive.
func (t *Table) Index(name string) (int, bool) {
	i, ok := t.index[name]
	return i, ok
}

// Read reads a table of the session's database from the server. The name is case-sensitive.
//
// The error is an *UnwritableError if the server answered and only a text can write rows of the
// table.
//
// Read takes two statements: the result of a SELECT has the exact types, including JSON and
// VECTOR, and DESC TABLE has roles, nullability and defaults. If somebody alters the table between
// them, Read begins again. The error is an ErrAltered if that happens each time.
func Read(ctx context.Context, query Query, table string) (*Table, error) {
	const attempts = 3
	for n := 1; ; n++ {
		t, err := readOnce(ctx, query, table)
		if n == attempts || !errors.Is(err, ErrAltered) {
			return t, err
		}
	}
}

func readOnce(ctx context.Context, query Query, table string) (*Table, error) {
	name := sqltext.QuoteIdent(table)
	fields, err := readFields(ctx, query, "SELECT * FROM "+name+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	described, err := describe(ctx, query, "DESC TABLE "+name, len(fields))
	if err != nil {
		return nil, err
	}
	switch {
	case len(described) == 0 && len(fields) > 0:
		// GreptimeDB stores a view as a table without columns.
		return nil, &UnwritableError{fmt.Errorf("%s has no columns of its own, as a view has none", strconv.Quote(table))}
	case len(fields) != len(described):
		return nil, errChanged(table)
	}
	columns := make([]Column, len(fields))
	for i, f := range fields {
		c := described[i].Column
		if c.Name != f.Name {
			return nil, errChanged(table)
		}
		if c.Type, err = TypeOf(f); err == nil && isJSON2(described[i].typeName) {
			err = errJSON2
		}
		if err != nil {
			return nil, &UnwritableError{fmt.Errorf("table %s, column %s: %w", strconv.Quote(table), strconv.Quote(f.Name), err)}
		}
		if constraint, ok := f.Metadata.GetValue(metadataDefault); ok {
			c.constraint = strings.Clone(constraint)
			if c.Default == "" { // of text that DESC TABLE shows as empty
				c.Default = c.constraint
			}
		}
		columns[i] = c
	}
	t, err := NewTable(table, columns)
	if err != nil {
		return nil, &UnwritableError{err}
	}
	t.described = described
	return t, nil
}

// ReadAgain reads a table that was read before. It returns t itself if DESC TABLE, one statement
// in place of two, shows the same columns with the same types and roles. DESC TABLE does not tell
// a DEFAULT of empty text from none.
func (t *Table) ReadAgain(ctx context.Context, query Query) (*Table, error) {
	now, err := describe(ctx, query, "DESC TABLE "+sqltext.QuoteIdent(t.Name), len(t.described))
	if err != nil {
		return nil, err
	}
	noTypes := func(d described) bool { return d.typeName == "" }
	if len(now) > 0 && slices.Equal(now, t.described) && !slices.ContainsFunc(now, noTypes) {
		return t, nil
	}
	return Read(ctx, query, t.Name)
}

// UnwritableError is the error for a table whose rows cannot be written natively: it has a column
// of a type that requests cannot contain, or no time index, or it is a view or must not be
// read.
type UnwritableError struct{ cause error }

// NewUnwritableError returns an UnwritableError for a cause that only a Query knows. The Query
// returns it.
func NewUnwritableError(cause error) *UnwritableError { return &UnwritableError{cause} }

// Error returns the text of the cause.
func (e *UnwritableError) Error() string { return e.cause.Error() }

// Unwrap returns the cause.
func (e *UnwritableError) Unwrap() error { return e.cause }

// ErrAltered reports that a table was altered while its columns were read.
var ErrAltered = errors.New("altered while its columns were read; try again")

func errChanged(table string) error {
	return fmt.Errorf("table %s was %w", strconv.Quote(table), ErrAltered)
}

func readFields(ctx context.Context, query Query, sql string) ([]arrow.Field, error) {
	rd, err := query(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer rd.Release()
	for rd.Next() {
	}
	return rd.Schema().Fields(), rd.Err()
}

// described is a column in the output of DESC TABLE. It has only the name of its Type.
type described struct {
	Column
	typeName string
}

// describe reads the answer to DESC TABLE. GreptimeDB 1.0.2 answers with the columns
// Column, Type, Key, Null, Default and Semantic Type, all text. It stops when there are more
// than most rows.
func describe(ctx context.Context, query Query, sql string, most int) ([]described, error) {
	rd, err := query(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer rd.Release()
	var columns []described
	for rd.Next() {
		batch := rd.RecordBatch()
		text := func(name string) (array.StringLike, error) {
			for i, f := range batch.Schema().Fields() {
				if f.Name == name {
					if a, ok := batch.Column(i).(array.StringLike); ok {
						return a, nil
					}
				}
			}
			return nil, fmt.Errorf("the answer to %s has no text column %q", sql, name)
		}
		names, err1 := text("Column")
		nulls, err2 := text("Null")
		defaults, err3 := text("Default")
		roles, err4 := text("Semantic Type")
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			return nil, err
		}
		types, err := text("Type")
		for i := range int(batch.NumRows()) {
			c := described{Column: Column{
				Name:     strings.Clone(names.Value(i)),
				Nullable: nulls.Value(i) == "YES",
				Default:  strings.Clone(defaults.Value(i)),
				Role:     roleOf(roles.Value(i)),
			}}
			if err == nil {
				c.typeName = strings.Clone(types.Value(i))
			}
			columns = append(columns, c)
			if len(columns) > most {
				return columns, nil
			}
		}
	}
	return columns, rd.Err()
}

func roleOf(semanticType string) Role {
	switch semanticType {
	case "TAG":
		return Tag
	case "TIMESTAMP":
		return TimeIndex
	}
	return Field
}
