package collect

import (
	"reflect"
	"unsafe"

	"github.com/greptime-go/greptime/internal/scan"
)

// target is memory that rows are read into.
type target interface {
	// fill reads rows, as a scan.Filler does.
	fill(rows scan.Rows) (int, error)
	// rowSize returns the bytes that a row takes, at least 1, without its texts and the like.
	// size is that of the row's type.
	rowSize(size int64) int64
}

// scalarTarget is a value of one column.
type scalarTarget struct{ *column }

func (t scalarTarget) fill(rows scan.Rows) (int, error) {
	n, err := t.column.fill(rows)
	if err != nil {
		err = t.rowError(rows.From+n, err)
	}
	return n, err
}

func (t scalarTarget) rowSize(size int64) int64 { return max(1, t.withPointed(size)) }

// structTarget is a struct.
type structTarget struct {
	columns  []part
	pointers []*embeddedPointer
}

// part is a field that has a column.
type part struct {
	*column
	offset uintptr
}

// embeddedPointer is an embedded pointer to a struct. It is nil in the rows in which all its
// columns are NULL.
type embeddedPointer struct {
	offset  uintptr
	target  pointerTarget
	columns []*column // all of the struct
	absent  []bool    // memory for the rows without the struct
}

// add adds a column for the field with an index path, from a struct of type rt on.
func (t *structTarget) add(rt reflect.Type, path []int, c *column) {
	offset := uintptr(0)
	for n, at := range path {
		f := rt.Field(at)
		offset += f.Offset
		rt = f.Type
		if n < len(path)-1 && rt.Kind() == reflect.Pointer {
			p := t.pointer(offset, rt.Elem())
			p.columns = append(p.columns, c)
			c.null = scan.NullsOf(c.Column)
			p.target.inner.add(rt.Elem(), path[n+1:], c)
			return
		}
	}
	t.columns = append(t.columns, part{c, offset})
}

// pointer returns the embedded pointer at an offset. The first call adds it.
func (t *structTarget) pointer(offset uintptr, elem reflect.Type) *embeddedPointer {
	for _, p := range t.pointers {
		if p.offset == offset {
			return p
		}
	}
	p := &embeddedPointer{offset: offset, target: pointerTarget{elem: elem, inner: &structTarget{}}}
	t.pointers = append(t.pointers, p)
	return p
}

// fill reads one column after the other. Behind an error it reads on only up to its row, to
// find the first row that has one.
func (t *structTarget) fill(rows scan.Rows) (int, error) {
	var first error
	at := rows.At
	for _, p := range t.columns {
		rows.At = unsafe.Add(at, p.offset)
		if n, err := p.column.fill(rows); err != nil {
			first = p.rowError(rows.From+n, err)
			rows.N = n
		}
	}
	for _, p := range t.pointers {
		rows.At = unsafe.Add(at, p.offset)
		if n, err := p.fill(rows); err != nil {
			first = err
			rows.N = n
		}
	}
	return rows.N, first
}

// withPointed returns size, that of a row, with what the column's pointers point to.
func (c *column) withPointed(size int64) int64 {
	for rt := c.rt; rt.Kind() == reflect.Pointer; rt = rt.Elem() {
		size += int64(rt.Elem().Size())
	}
	return size
}

func (p *embeddedPointer) fill(rows scan.Rows) (int, error) {
	p.absent = p.absent[:0]
	for k := range rows.N {
		absent := rows.Skip != nil && rows.Skip[k]
		if !absent {
			absent = true
			for _, c := range p.columns {
				absent = absent && c.null(rows.From+k)
			}
		}
		p.absent = append(p.absent, absent)
	}
	rows.Skip = p.absent
	return p.target.fill(rows)
}

func (t *structTarget) rowSize(size int64) int64 {
	for _, c := range t.columns {
		size = c.withPointed(size)
	}
	for _, p := range t.pointers {
		size = p.target.rowSize(size)
	}
	return max(1, size)
}

// pointerTarget is a pointer to a struct.
type pointerTarget struct {
	elem  reflect.Type
	inner *structTarget
}

// fill allocates the structs of all rows in one piece.
func (t *pointerTarget) fill(rows scan.Rows) (int, error) {
	first := 0
	for first < rows.N && rows.Skip != nil && rows.Skip[first] {
		first++
	}
	if first == rows.N {
		return rows.N, nil
	}
	list := reflect.MakeSlice(reflect.SliceOf(t.elem), rows.N, rows.N).UnsafePointer()
	inner := scan.Rows{From: rows.From, N: rows.N, At: list, Stride: t.elem.Size(), Skip: rows.Skip}
	n, err := t.inner.fill(inner)
	for k := first; k < n; k++ {
		if rows.Skip == nil || !rows.Skip[k] {
			*(*unsafe.Pointer)(unsafe.Add(rows.At, uintptr(k)*rows.Stride)) = unsafe.Add(list, uintptr(k)*t.elem.Size())
		}
	}
	return n, err
}

func (t *pointerTarget) rowSize(size int64) int64 {
	return size + t.inner.rowSize(int64(t.elem.Size()))
}

// mapTarget is a map from the names of the columns to their boxed values.
type mapTarget struct{ columns []*column }

func (t *mapTarget) fill(rows scan.Rows) (int, error) {
	for k := range rows.N {
		m := make(map[string]any, len(t.columns))
		for _, c := range t.columns {
			v, err := c.Value(rows.From + k)
			if err != nil {
				return k, c.rowError(rows.From+k, err)
			}
			m[c.name] = v
		}
		*(*map[string]any)(unsafe.Add(rows.At, uintptr(k)*rows.Stride)) = m
	}
	return rows.N, nil
}

// rowSize counts a map of up to eight columns as Go allocates it, and its values as an any.
func (t *mapTarget) rowSize(size int64) int64 {
	const header, entry, least = 48, 40, 8
	return size + header + entry*max(least, int64(len(t.columns)))
}
