package insert

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/structs"
)

// tableNamer is a struct that names its table, as structs do for GORM.
type tableNamer interface{ TableName() string }

// structSchema is what is known of a struct type.
type structSchema struct {
	schema *Schema
	plan   *structs.Plan
	err    error
}

var structSchemas sync.Map // reflect.Type → *structSchema

func structSchemaOf(rt reflect.Type) *structSchema {
	rt = structs.Struct(rt)
	if s, ok := structSchemas.Load(rt); ok {
		return s.(*structSchema)
	}
	s, _ := structSchemas.LoadOrStore(rt, newStructSchema(rt))
	return s.(*structSchema)
}

func newStructSchema(rt reflect.Type) *structSchema {
	plan, err := structs.Of(rt)
	if err != nil {
		return &structSchema{err: fmt.Errorf("greptime: insert: %w", err)}
	}
	columns := make([]Column, len(plan.Columns))
	for i, c := range plan.Columns {
		columns[i] = Column{Name: c.Name, Type: Type(c.Type), role: c.Role}
	}
	s, err := NewSchema(columns...)
	return &structSchema{schema: s, plan: plan, err: err}
}

// SchemaOf returns the columns of a struct type, or of a pointer to one, by its fields and
// their tags:
//
//	type Reading struct {
//		Device      string    `greptime:"device_id,tag"`
//		Temperature float64   `greptime:"temperature"`
//		Price       *string   `greptime:"price,type=decimal,precision=10,scale=2"`
//		At          time.Time `greptime:"ts,time,precision=9"`
//		cached      bool
//		Note        string    `greptime:"-"`
//	}
//
// The first part of a tag is the name of the column, used unchanged; without it the column has
// the name of the field. tag, field and time are the roles; the default is field. type= names
// the type of the column, in the words of SQL or Go, if it is not that of the Go type.
// precision= and scale= are those of decimals, timestamps (0, 3, 6 or 9; milliseconds by
// default) and times of day; dim= is the length of vectors. Fields of embedded structs are
// columns, too. Pointers and sql.Null values can be NULL. A type with a Value method
// (driver.Valuer) needs type=. A tag with ; or : is refused, and the error spells it out in the
// form of this package: `greptime:"tag;column:id;type:int64"` is `greptime:"id,tag"`.
//
// A field that can never be stored is an error. Each type is examined once.
func SchemaOf[T any]() (*Schema, error) {
	s := structSchemaOf(reflect.TypeFor[T]())
	return s.schema, s.err
}

// TableOf returns an empty table with the columns of a struct type. An empty name stands for
// the one that T's method TableName returns for its zero value. If the type has an error,
// the table has it; see [Table.Err].
func TableOf[T any](name string) *Table {
	s := structSchemaOf(reflect.TypeFor[T]())
	if s.err != nil {
		return &Table{name: name, err: s.err}
	}
	if name == "" {
		var err error
		if name, err = tableName(reflect.TypeFor[T]()); err != nil {
			return &Table{err: err}
		}
	}
	return newTable(name, s.schema)
}

func tableName(rt reflect.Type) (string, error) {
	rt = structs.Struct(rt)
	if namer, ok := reflect.New(rt).Interface().(tableNamer); ok {
		return namer.TableName(), nil
	}
	return "", fmt.Errorf("greptime: insert: %v has no method TableName; name the table", rt)
}

// AppendStructs appends a row for each struct, or each struct pointed to, to a table with their
// columns: one of TableOf, or of a Schema of SchemaOf. It appends all rows, or returns the
// first error, a *[ValueError], and appends none.
func AppendStructs[T any](t *Table, rows ...T) error {
	if err := t.Err(); err != nil {
		return err
	}
	s := structSchemaOf(reflect.TypeFor[T]())
	if s.err != nil {
		return s.err
	}
	if t.schema != s.schema {
		return t.rowError(fmt.Sprintf("the table was not made for %v; make it with insert.TableOf", reflect.TypeFor[T]()))
	}
	return t.appendStructs(s.plan, structs.RowsOf(rows))
}

// Room is made at once for so many structs at most, and so many bytes a value, which is
// what most take.
const (
	roomRows  = 1000
	roomValue = 16
)

func (t *Table) appendStructs(plan *structs.Plan, rows structs.Rows) error {
	before, end, n := len(t.starts), t.end, rows.Len()
	t.starts = slices.Grow(t.starts, n)
	t.body.Bytes = slices.Grow(t.body.Bytes[:end], min(n, roomRows)*len(t.schema.types)*roomValue)
	for i := range n {
		if err := t.appendStruct(plan, &rows, i); err != nil {
			t.starts, t.end = t.starts[:before], end
			return err
		}
	}
	return nil
}

func (t *Table) appendStruct(plan *structs.Plan, rows *structs.Rows, i int) error {
	row, err := rows.At(i)
	if err != nil {
		return t.rowError(err.Error())
	}
	t.begin()
	if err := t.appendFields(plan.Columns, row); err != nil {
		return err
	}
	t.commit()
	return nil
}

// WriteStructs inserts a row for each struct: it calls AppendStructs on a new table, and Write.
// An empty table name stands for that of T's method TableName. If a struct has an error,
// nothing is sent. To insert with [Options], call [TableOf], AppendStructs and [Options.Write].
func WriteStructs[T any](ctx context.Context, pool greptime.Pool, table string, rows []T) (int64, error) {
	t := TableOf[T](table)
	if err := AppendStructs(t, rows...); err != nil {
		return 0, err
	}
	return Write(ctx, pool, t)
}
