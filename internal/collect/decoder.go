// Package collect reads record batches as Go values: structs by their tags, scalars, and
// maps. It fills many rows of one column after the other, so that nothing is decided, boxed
// or looked up by reflection per value.
package collect

import (
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/internal/scan"
	"github.com/greptime-go/greptime/internal/structs"
)

// Options say what a result and a struct need not have in common.
type Options struct {
	ExtraColumns   bool // columns without a field are left out
	MissingColumns bool // fields without a column remain zero
}

// Decoder reads record batches of one schema as values of type T. It is for one goroutine.
type Decoder[T any] struct{ decoder }

// New returns a decoder. It checks everything that does not depend on the rows.
func New[T any](schema *arrow.Schema, loc *time.Location, o Options) (*Decoder[T], error) {
	d := &Decoder[T]{}
	if err := d.bind(reflect.TypeFor[T](), schema, loc, o); err != nil {
		return nil, err
	}
	return d, nil
}

// Decode reads rows of the current batch, from row from on, into dst, which must be zero. It
// returns how many rows it read before the first that has an error, and that error.
func (d *Decoder[T]) Decode(dst []T, from int) (int, error) {
	if len(dst) == 0 {
		return 0, nil
	}
	return d.target.fill(scan.Rows{From: from, N: len(dst), At: unsafe.Pointer(unsafe.SliceData(dst)), Stride: unsafe.Sizeof(dst[0])})
}

// decoder is a Decoder of any type.
type decoder struct {
	columns []*column // those that are read
	target  target
	before  int64 // rows of the batches before the current one
	rows    int64 // of the current batch

	shared    []sharedColumn // of the current batch
	sharedRow int64          // no row has more bytes in them
	nested    []*column
}

// column is a column that is read.
type column struct {
	scan.Column
	index int // in the batch
	name  string
	field string // of a struct: Go's name
	rt    reflect.Type
	fill  scan.Filler
	null  func(row int) bool // reports NULLs; nil outside embedded pointers
	owner *decoder
}

// Load makes batch the current batch.
func (d *decoder) Load(batch arrow.RecordBatch) error {
	d.before += d.rows
	d.rows = batch.NumRows()
	for _, c := range d.columns {
		if err := c.Load(batch.Column(c.index)); err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	d.loadShared(batch)
	return nil
}

// bind chooses how each column is read as a part of rt.
func (d *decoder) bind(rt reflect.Type, schema *arrow.Schema, loc *time.Location, o Options) error {
	pointed := rt
	if rt.Kind() == reflect.Pointer && isRow(rt.Elem()) {
		pointed = rt.Elem()
	}
	switch {
	case rt.Kind() == reflect.Map && rt.ConvertibleTo(reflect.TypeFor[map[string]any]()) && !isScanner(rt):
		return d.bindMap(schema, loc)
	case !isRow(pointed):
		return d.bindScalar(rt, schema, loc)
	case pointed != rt:
		inner := &structTarget{}
		d.target = &pointerTarget{elem: pointed, inner: inner}
		return d.bindStruct(pointed, inner, schema, loc, o)
	default:
		root := &structTarget{}
		d.target = root
		return d.bindStruct(rt, root, schema, loc, o)
	}
}

// isRow reports whether a type has a field for each column, and is not one value. A struct with a
// Value method, but without Scan, is a row: nothing could read it as one value, and package insert
// writes the fields of such a struct, too.
func isRow(rt reflect.Type) bool {
	return rt.Kind() == reflect.Struct && !scan.IsTime(rt) && !isScanner(rt) && rt != reflect.TypeFor[big.Rat]()
}

func isScanner(rt reflect.Type) bool {
	return reflect.PointerTo(rt).Implements(reflect.TypeFor[sql.Scanner]())
}

// checkName returns an error if two columns have a name.
func checkName(schema *arrow.Schema, name string) error {
	if len(schema.FieldIndices(name)) > 1 {
		return fmt.Errorf("two columns are named %s; rename one in the query, with AS", name)
	}
	return nil
}

// newColumn returns a column that is read as rt.
func (d *decoder) newColumn(schema *arrow.Schema, i int, loc *time.Location) (*column, error) {
	f := schema.Field(i)
	sc, err := scan.New(f, loc)
	if err != nil {
		return nil, err
	}
	c := &column{Column: sc, index: i, name: f.Name, owner: d}
	d.columns = append(d.columns, c)
	if scan.IsNested(sc) {
		d.nested = append(d.nested, c)
	}
	return c, nil
}

// setType chooses how the column is read as rt.
func (c *column) setType(rt reflect.Type, field string) (err error) {
	c.rt, c.field = rt, field
	if c.fill, err = scan.FillerOf(c.Column, rt); err == nil {
		return nil
	}
	if field != "" {
		return fmt.Errorf("column %s, field %s: %w; change the field, or cast the column in the query", c.name, field, err)
	}
	return fmt.Errorf("column %s: %w; read it as another type, or cast it in the query", c.name, err)
}

func (d *decoder) bindScalar(rt reflect.Type, schema *arrow.Schema, loc *time.Location) error {
	if n := schema.NumFields(); n != 1 {
		return fmt.Errorf("the result has %d columns, and a %v is read from one; use a struct or a map[string]any", n, rt)
	}
	c, err := d.newColumn(schema, 0, loc)
	if err != nil {
		return err
	}
	d.target = scalarTarget{c}
	return c.setType(rt, "")
}

func (d *decoder) bindMap(schema *arrow.Schema, loc *time.Location) error {
	for i := range schema.NumFields() {
		if err := checkName(schema, schema.Field(i).Name); err != nil {
			return err
		}
		if _, err := d.newColumn(schema, i, loc); err != nil {
			return err
		}
	}
	d.target = &mapTarget{d.columns}
	return nil
}

func (d *decoder) bindStruct(rt reflect.Type, root *structTarget, schema *arrow.Schema, loc *time.Location, o Options) error {
	p := planOf(rt)
	if p.err != nil {
		return p.err
	}
	found := make([]bool, len(p.fields))
	for i := range schema.NumFields() {
		f := schema.Field(i)
		k, ok := p.byName[f.Name]
		if !ok {
			if o.ExtraColumns {
				continue
			}
			return p.noField(rt, f.Name)
		}
		if err := checkName(schema, f.Name); err != nil {
			return err
		}
		found[k] = true
		c, err := d.newColumn(schema, i, loc)
		if err != nil {
			return err
		}
		if err := c.setType(p.fields[k].Type, p.fields[k].Go); err != nil {
			return err
		}
		root.add(rt, p.fields[k].Path, c)
	}
	for k, ok := range found {
		if !ok && !o.MissingColumns {
			f := p.fields[k]
			return fmt.Errorf("the result has no column %s for the field %s of %v; select it, leave the field out with the tag \"-\", or pass AllowMissingColumns", f.Name, f.Go, rt)
		}
	}
	return nil
}

// noField returns the error of a column that has no field.
func (p *plan) noField(rt reflect.Type, name string) error {
	if !structs.HasTag(name) {
		return fmt.Errorf("column %s has no field in %v, and no tag can have such a name; rename it in the query, with AS, or pass AllowExtraColumns", name, rt)
	}
	for _, f := range p.fields {
		if strings.EqualFold(f.Name, name) {
			return fmt.Errorf("column %s has no field in %v; the field %s differs in case: give it the tag `greptime:%q`", name, rt, f.Go, name)
		}
	}
	return fmt.Errorf("column %s has no field in %v; add one with the tag `greptime:%q`, or pass AllowExtraColumns", name, rt, name)
}

// rowError returns the error of a row of the current batch.
func (c *column) rowError(row int, err error) error {
	n := c.owner.before + int64(row)
	where := fmt.Sprintf("row %d (index %d), column %s", n+1, n, c.name)
	if !errors.Is(err, scan.ErrNull) {
		if c.field != "" {
			where += ", field " + c.field
		}
		return fmt.Errorf("%s: %w", where, err)
	}
	holder := fmt.Sprintf("a %v", c.rt)
	if c.field != "" {
		holder = fmt.Sprintf("the field %s, a %v,", c.field, c.rt)
	}
	return fmt.Errorf("%s: %w, which %s cannot hold; use *%v or sql.Null[%v], or coalesce(…) in the query", where, err, holder, c.rt, c.rt)
}
