package scan

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/jsonb"
	"github.com/greptime-go/greptime/sqltype"
)

// bytesArray is the interface that the three Arrow layouts of binaries share. Their values
// are part of the batch and must be copied before they are returned.
type bytesArray interface {
	arrow.Array
	Value(int) []byte
}

// stringColumn converts STRING.
type stringColumn struct {
	columnInfo
	arr  textArray
	text textBlocks
}

func (c *stringColumn) Load(arr arrow.Array) error { return c.loadFor(arr, arr.Len()) }

func (c *stringColumn) current() arrow.Array { return c.arr }

// loadFor does what load does; rows is the number of rows that will be read.
func (c *stringColumn) loadFor(arr arrow.Array, rows int) error {
	if err := loadAs(&c.arr, arr); err != nil {
		return err
	}
	c.text.load(c.arr, rows)
	return nil
}

func (c *stringColumn) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return c.text.string(i), nil
}

func (c *stringColumn) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		return scanNullText(dest), nil
	}
	if d, ok := dest.(*[]byte); ok {
		*d = []byte(c.arr.Value(i))
		return true, nil
	}
	return scanString(c.text.string(i), dest), nil
}

// fillStrings fills strings with copies that neighbouring rows share.
func (c *stringColumn) fillStrings(r Rows) (int, error) {
	if r.Skip == nil && c.arr.NullN() == 0 {
		c.text.fill(r)
		return r.N, nil
	}
	for k := range r.N {
		switch {
		case r.skips(k):
		case c.arr.IsValid(r.From + k):
			*(*string)(r.at(k)) = c.text.string(r.From + k)
		case !r.leaveNulls:
			return k, ErrNull
		}
	}
	return r.N, nil
}

// scanString fills destinations for text with s, which belongs to the caller.
func scanString(s string, dest any) bool {
	switch d := dest.(type) {
	case *string:
		*d = s
	case *sql.NullString:
		*d = sql.NullString{String: s, Valid: true}
	case *sql.Null[string]:
		*d = sql.Null[string]{V: s, Valid: true}
	case *any:
		*d = s
	default:
		return false
	}
	return true
}

// scanAs writes a value of a type of package sqltype into dest: as it is, nullable, or as text.
func scanAs[T fmt.Stringer](v T, dest any) bool {
	switch d := dest.(type) {
	case *T:
		*d = v
	case *sql.Null[T]:
		*d = sql.Null[T]{V: v, Valid: true}
	default:
		return scanString(v.String(), dest)
	}
	return true
}

// scanNullAs writes the NULL of a column whose values scanAs writes.
func scanNullAs[T fmt.Stringer](dest any) bool {
	if d, ok := dest.(*sql.Null[T]); ok {
		*d = sql.Null[T]{}
		return true
	}
	return scanNullText(dest)
}

func scanNullText(dest any) bool {
	switch d := dest.(type) {
	case *sql.NullString:
		*d = sql.NullString{}
	case *[]byte:
		*d = nil
	default:
		return scanNull[string](dest)
	}
	return true
}

// binaryColumn converts VARBINARY.
type binaryColumn struct {
	columnInfo
	arr bytesArray
}

func (c *binaryColumn) Load(arr arrow.Array) error { return loadAs(&c.arr, arr) }

func (c *binaryColumn) current() arrow.Array { return c.arr }

func (c *binaryColumn) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return own(c.arr.Value(i)), nil
}

func (c *binaryColumn) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		return scanNullBytes(dest), nil
	}
	return scanBytes(own(c.arr.Value(i)), dest), nil
}

// own returns a copy of v. The copy of an empty v is not nil, which would be NULL.
func own(v []byte) []byte { return append([]byte{}, v...) }

// scanBytes fills destinations for bytes with b, which belongs to the caller.
func scanBytes(b []byte, dest any) bool {
	switch d := dest.(type) {
	case *[]byte:
		*d = b
	case *sql.Null[[]byte]:
		*d = sql.Null[[]byte]{V: b, Valid: true}
	case *any:
		*d = b
	default:
		return false
	}
	return true
}

func scanNullBytes(dest any) bool {
	switch d := dest.(type) {
	case *[]byte:
		*d = nil
	case *json.RawMessage:
		*d = nil // which database/sql itself refuses
	case *sql.Null[json.RawMessage]:
		*d = sql.Null[json.RawMessage]{}
	case *sqltype.Null[json.RawMessage]:
		*d = sqltype.Null[json.RawMessage]{}
	default:
		return scanNull[[]byte](dest)
	}
	return true
}

// jsonColumn converts JSON. A cell has JSONB, or the JSON text that an INSERT with an
// expression stores in such a column.
type jsonColumn struct {
	columnInfo
	arr bytesArray
}

func (c *jsonColumn) Load(arr arrow.Array) error { return loadAs(&c.arr, arr) }

func (c *jsonColumn) current() arrow.Array { return c.arr }

func (c *jsonColumn) text(i int) ([]byte, error) {
	text, err := jsonb.AppendStored(nil, c.arr.Value(i))
	if err != nil {
		return nil, fmt.Errorf("row %d of the batch holds neither JSONB nor JSON text; read its bytes with QueryArrow: %w", i, err)
	}
	return text, nil
}

func (c *jsonColumn) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	text, err := c.text(i)
	if err != nil {
		return nil, err
	}
	return text, nil
}

func (c *jsonColumn) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		return scanNullBytes(dest), nil
	}
	text, err := c.text(i)
	if err != nil {
		return false, err
	}
	switch d := dest.(type) {
	case *json.RawMessage:
		*d = text
	case *sql.Null[json.RawMessage]:
		*d = sql.Null[json.RawMessage]{V: text, Valid: true}
	case *sqltype.Null[json.RawMessage]:
		*d = sqltype.Null[json.RawMessage]{V: text, Valid: true}
	case *string:
		*d = string(text)
	default:
		return scanBytes(text, dest), nil
	}
	return true, nil
}

// vectorColumn converts VECTOR(dim), which is little-endian float32s. An INSERT with an
// expression, and DoPut, may store bytes of any length in such a column. The text of a
// vector that such an INSERT stored is parsed; other bytes are an error.
type vectorColumn struct {
	columnInfo
	arr bytesArray
	dim int
}

func (c *vectorColumn) Load(arr arrow.Array) error { return loadAs(&c.arr, arr) }

func (c *vectorColumn) current() arrow.Array { return c.arr }

func (c *vectorColumn) vector(i int) (sqltype.Vector, error) {
	b := c.arr.Value(i)
	// Check this first, because text may be as long as the numbers; numbers never look like text.
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) {
		if v, err := sqltype.ParseVector(string(b)); err == nil && len(v) == c.dim {
			return v, nil
		}
	}
	if len(b) == 4*c.dim {
		v := make(sqltype.Vector, c.dim)
		for k := range v {
			v[k] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*k:]))
		}
		return v, nil
	}
	return nil, fmt.Errorf("row %d of the batch holds %d bytes, not the %d of a VECTOR(%d); read them with QueryArrow", i, len(b), 4*c.dim, c.dim)
}

func (c *vectorColumn) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	v, err := c.vector(i)
	if err != nil {
		return nil, err
	}
	return v.String(), nil
}

func (c *vectorColumn) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		return scanNullAs[sqltype.Vector](dest), nil
	}
	v, err := c.vector(i)
	if err != nil {
		return false, err
	}
	return scanAs(v, dest), nil
}

// dictionaryColumn converts a column that sends each of its values once and refers to it.
type dictionaryColumn struct {
	Column // of the dictionary's values
	arr    *array.Dictionary
}

func (c *dictionaryColumn) Load(arr arrow.Array) error {
	if err := loadAs(&c.arr, arr); err != nil {
		return err
	}
	if s, ok := c.Column.(*stringColumn); ok {
		return s.loadFor(c.arr.Dictionary(), c.arr.Len())
	}
	return c.Column.Load(c.arr.Dictionary())
}

func (c *dictionaryColumn) current() arrow.Array { return c.arr }

func (c *dictionaryColumn) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return c.Column.Value(c.arr.GetValueIndex(i))
}

// scan leaves NULL to database/sql, because the dictionary has no value for it.
func (c *dictionaryColumn) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		return false, nil
	}
	return c.Column.Scan(c.arr.GetValueIndex(i), dest)
}
