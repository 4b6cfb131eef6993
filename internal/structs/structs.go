// Package structs makes plans of struct types: which field is which column, the type of the
// column, and how the field's values are stored in cells. A plan is made once per type, and
// reveals everything that can never work.
//
// # Tags
//
// The tag of a field makes it a column, `greptime:"column,option,…"`:
//
//	column        the exact name; if it is empty or there is no tag, the name of the Go field
//	-             alone: the field is ignored
//	tag, field, time   the role; the default is a field. One column is the time index
//	type=T        the column's type, if the Go type has several: as in SQL, or as in Go
//	precision=N   of decimal, or 0, 3, 6, 9 for timestamps (default 3) and times of day (9)
//	scale=N       of decimal
//	dim=N         of vector
//
// The characters ; and : are refused, because they belong to the tags of other libraries.
//
// Fields of embedded structs are columns as if they were fields of the outer struct, unless
// the tag of the embedded field names a column. A nil embedded pointer makes them NULL.
// Unexported fields are ignored.
//
// # Go types
//
// The package supports everything that package govalue knows, named types of those, pointers
// to them and sql.Null of them (nil and invalid are NULL), and driver.Valuers, which need
// type=.
package structs

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
)

// Column is a column of a plan.
type Column struct {
	Name string
	Role catalog.Role
	Type column.Type

	// Go is the kind of the values if they have one of the usual Go types: bool, a number,
	// text, bytes (Slice) or time.Time (Struct). It is Invalid for other types.
	Go reflect.Kind

	place
	set setter
}

// Plan converts structs of a type to rows. It is immutable and safe for concurrent use.
type Plan struct {
	Columns []Column
}

var plans sync.Map // reflect.Type → result

type result struct {
	plan *Plan
	err  error
}

// Of returns the plan of a struct type. The first call creates it.
func Of(rt reflect.Type) (*Plan, error) {
	if r, ok := plans.Load(rt); ok {
		return r.(result).plan, r.(result).err
	}
	var r result
	r.plan, r.err = newPlan(rt)
	stored, _ := plans.LoadOrStore(rt, r)
	return stored.(result).plan, stored.(result).err
}

func newPlan(rt reflect.Type) (*Plan, error) {
	if rt == nil || rt.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%v is not a struct", rt)
	}
	p := &Plan{}
	if err := p.addStruct(rt, nil, nil); err != nil {
		return nil, fmt.Errorf("struct %v: %w", rt, err)
	}
	seen := map[string]bool{}
	times := 0
	for _, c := range p.Columns {
		if seen[c.Name] {
			return nil, fmt.Errorf("struct %v: two fields are column %q; rename one, or leave it out with the tag \"-\"", rt, c.Name)
		}
		seen[c.Name] = true
		if c.Role == catalog.TimeIndex {
			times++
		}
	}
	switch {
	case times == 0:
		return nil, fmt.Errorf("struct %v: no field is the time index; give one the tag `greptime:\"ts,time\"`", rt)
	case times > 1:
		return nil, fmt.Errorf("struct %v: %d fields are the time index; a table has only one", rt, times)
	}
	return p, nil
}

// addStruct adds the fields of a struct as columns.
func (p *Plan) addStruct(rt reflect.Type, path []int, outer []reflect.Type) error {
	return walk(rt, path, outer, func(f reflect.StructField, tag string, at []int) error {
		c, err := newColumn(f, tag)
		if err != nil {
			return err
		}
		c.place = placeOf(rt, at)
		p.Columns = append(p.Columns, c)
		return nil
	})
}

// walk calls visit for the fields of a struct that are columns, with their tags and their
// index paths. outer are the structs around it, to detect a struct that contains itself.
func walk(rt reflect.Type, path []int, outer []reflect.Type, visit func(f reflect.StructField, tag string, at []int) error) error {
	for _, o := range outer {
		if o == rt {
			return fmt.Errorf("embedded struct %v contains itself", rt)
		}
	}
	outer = append(outer[:len(outer):len(outer)], rt)
	for i := range rt.NumField() {
		f := rt.Field(i)
		at := append(path[:len(path):len(path)], i)
		text, tagged := f.Tag.Lookup("greptime")
		if text == "-" {
			continue
		}
		if inner, ok := embedded(f, text); ok {
			if text != "" {
				return fmt.Errorf("field %s: the tag %q of an embedded struct does not apply to its fields, which are the columns; tag the fields instead", f.Name, text)
			}
			if inner != f.Type && !f.IsExported() {
				return fmt.Errorf("field %s: an embedded pointer to an unexported struct cannot be used; embed the struct itself", f.Name)
			}
			if err := walk(inner, at, outer, visit); err != nil {
				return err
			}
			continue
		}
		if !f.IsExported() {
			if tagged {
				return fmt.Errorf("field %s has a tag but is not exported; begin it with a capital letter", f.Name)
			}
			continue
		}
		if err := visit(f, text, at); err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return nil
}

// Field is a field of a struct that a column of its name is read into.
type Field struct {
	Name string // of the column
	Path []int  // the field's index path, through embedded structs
	Type reflect.Type
	Go   string // the name of the field
}

// Fields returns the fields of a struct type that are columns, by the same rules as Of. Types
// and roles of the columns do not matter for reading.
func Fields(rt reflect.Type) ([]Field, error) {
	var fields []Field
	seen := map[string]bool{}
	err := walk(rt, nil, nil, func(f reflect.StructField, tag string, at []int) error {
		name, err := columnName(f, tag)
		if err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("another field is column %q, too; rename one, or leave it out with the tag \"-\"", name)
		}
		seen[name] = true
		fields = append(fields, Field{Name: name, Path: at, Type: f.Type, Go: f.Name})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("struct %v: %w", rt, err)
	}
	return fields, nil
}

// columnName returns the name of a field's column.
func columnName(f reflect.StructField, tag string) (string, error) {
	if strings.ContainsAny(tag, ";:") {
		return "", foreignTag(f, tag)
	}
	name, _, err := parseTag(tag)
	if name == "" {
		name = f.Name
	}
	return name, err
}

// HasTag reports whether a tag of only a name makes a field the column of that name.
func HasTag(name string) bool {
	return name != "" && name != "-" && !strings.ContainsAny(name, ",;:`")
}

// embedded returns the struct whose fields are columns in place of the field.
func embedded(f reflect.StructField, tag string) (reflect.Type, bool) {
	name, _, _ := strings.Cut(tag, ",")
	rt := f.Type
	if rt.Kind() == reflect.Pointer {
		rt = rt.Elem()
	}
	if !f.Anonymous || name != "" || rt.Kind() != reflect.Struct || isValue(rt) {
		return nil, false
	}
	return rt, true
}

// Struct returns the type that pointers refer to.
func Struct(rt reflect.Type) reflect.Type {
	for n := 0; n < govalue.MaxIndirections && rt.Kind() == reflect.Pointer; n++ {
		rt = rt.Elem()
	}
	return rt
}

// isEndless reports whether a type never leads to a value.
func isEndless(rt reflect.Type) bool {
	for range govalue.MaxIndirections {
		switch {
		case rt.Kind() == reflect.Pointer:
			rt = rt.Elem()
		case govalue.Nullable(rt):
			rt = rt.Field(0).Type
		default:
			return false
		}
	}
	return true
}

func newColumn(f reflect.StructField, text string) (Column, error) {
	if isEndless(f.Type) {
		return Column{}, fmt.Errorf("%v never leads to a value; leave it out with the tag \"-\"", f.Type)
	}
	if strings.ContainsAny(text, ";:") {
		return Column{}, foreignTag(f, text)
	}
	name, o, err := parseTag(text)
	if err != nil {
		return Column{}, err
	}
	c := Column{Name: name, Role: o.role}
	if c.Name == "" {
		c.Name = f.Name
	}
	if c.Type, err = o.columnType(f.Type); err != nil {
		return Column{}, err
	}
	if err := c.Type.Check(); err != nil {
		return Column{}, fmt.Errorf("type %s: %w", c.Type, err)
	}
	if c.Role == catalog.TimeIndex && !c.Type.Kind().IsTimestamp() {
		return Column{}, fmt.Errorf("the time index is %s; it must be a timestamp: type=timestamp", c.Type)
	}
	value := placeOf(f.Type, nil).value
	if c.set, err = newSetter(value); err != nil {
		return Column{}, err
	}
	c.Go = usualKind(value)
	if !takes(c.Type, f.Type) {
		return Column{}, fmt.Errorf("a %v can never be stored as %s; change type=, or the field", f.Type, c.Type)
	}
	return c, nil
}

// Value returns the value of the column in a row.
func (c *Column) Value(r Row) Value {
	if len(c.steps) == 0 {
		return Value{unsafe.Add(r.at, c.offset)}
	}
	return Value{c.find(r.at)}
}

// Set stores a value of the column in the cell. t is the column's type in the table, which may
// differ from the plan's. Errors are *column.Error.
func (c *Column) Set(cell *column.Cell, t column.Type, v Value) error {
	if v.IsNull() {
		cell.SetNull()
		return nil
	}
	switch c.Go {
	case reflect.Bool:
		return cell.SetBool(t, v.Bool())
	case reflect.Int:
		return cell.SetInt(t, int64(v.Int()))
	case reflect.Int8:
		return cell.SetInt(t, int64(*(*int8)(v.at)))
	case reflect.Int16:
		return cell.SetInt(t, int64(*(*int16)(v.at)))
	case reflect.Int32:
		return cell.SetInt(t, int64(v.Int32()))
	case reflect.Int64:
		return cell.SetInt(t, v.Int64())
	case reflect.Uint:
		return cell.SetUint(t, uint64(*(*uint)(v.at)))
	case reflect.Uint8:
		return cell.SetUint(t, uint64(*(*uint8)(v.at)))
	case reflect.Uint16:
		return cell.SetUint(t, uint64(*(*uint16)(v.at)))
	case reflect.Uint32:
		return cell.SetUint(t, uint64(*(*uint32)(v.at)))
	case reflect.Uint64:
		return cell.SetUint(t, *(*uint64)(v.at))
	case reflect.Float32:
		return cell.SetFloat32(t, *(*float32)(v.at))
	case reflect.Float64:
		return cell.SetFloat64(t, v.Float64())
	case reflect.String:
		return cell.SetString(t, v.Text())
	case reflect.Slice:
		return cell.SetBytes(t, *(*[]byte)(v.at))
	case reflect.Struct:
		return cell.SetTime(t, v.Time())
	}
	return c.set(cell, t, reflect.NewAt(c.value, v.at).Elem())
}

// options are the options of a tag.
type options struct {
	role                  catalog.Role
	typeName              string
	precision, scale, dim int // -1 if not given
}

func parseTag(text string) (name string, o options, err error) {
	o = options{precision: -1, scale: -1, dim: -1}
	name, rest, more := strings.Cut(text, ",")
	hasRole := false
	for more {
		var option string
		option, rest, more = cutOption(rest)
		key, value, hasValue := strings.Cut(strings.TrimSpace(option), "=")
		role, isRole := map[string]catalog.Role{"field": catalog.Field, "tag": catalog.Tag, "time": catalog.TimeIndex}[key]
		switch {
		case isRole && !hasValue:
			if hasRole {
				return "", o, errors.New("the tag has more than one of tag, field and time")
			}
			o.role, hasRole = role, true
		case key == "type" && hasValue:
			o.typeName = value
		case key == "precision" && hasValue:
			o.precision, err = parseNumber(key, value)
		case key == "scale" && hasValue:
			o.scale, err = parseNumber(key, value)
		case key == "dim" && hasValue:
			o.dim, err = parseNumber(key, value)
		default:
			err = fmt.Errorf("unknown tag option %q; use tag, field, time, type=, precision=, scale= or dim=", option)
		}
		if err != nil {
			return "", o, err
		}
	}
	return name, o, nil
}

// cutOption cuts at the first comma outside parentheses: type=decimal(10,2) is one option.
func cutOption(text string) (option, rest string, more bool) {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth <= 0 {
				return text[:i], text[i+1:], true
			}
		}
	}
	return text, "", false
}

func parseNumber(key, value string) (int, error) {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("tag option %s=%s is not a number", key, value)
	}
	return int(n), nil
}

// columnType returns the type of the column according to the tag or, without type=, to the
// field's Go type.
func (o *options) columnType(rt reflect.Type) (column.Type, error) {
	name := strings.ToLower(strings.TrimSpace(o.typeName))
	if name == "" {
		var err error
		if name, err = defaultType(rt); err != nil {
			return 0, err
		}
	}
	var params []int
	switch name {
	case "decimal", "numeric":
		if o.precision < 0 || o.scale < 0 {
			return 0, errors.New("a decimal needs precision= and scale=")
		}
		params, o.precision, o.scale = []int{o.precision, o.scale}, -1, -1
	case "timestamp", "time":
		if o.precision >= 0 {
			params, o.precision = []int{o.precision}, -1
		}
	case "vector":
		if o.dim < 0 {
			return 0, errors.New("a vector needs dim=")
		}
		params, o.dim = []int{o.dim}, -1
	}
	if o.precision >= 0 || o.scale >= 0 || o.dim >= 0 {
		return 0, fmt.Errorf("the tag has precision=, scale= or dim=, which type %s does not have", name)
	}
	if len(params) > 0 {
		texts := make([]string, len(params))
		for i, n := range params {
			texts[i] = strconv.Itoa(n)
		}
		name += "(" + strings.Join(texts, ",") + ")"
	}
	return column.ParseType(name)
}
