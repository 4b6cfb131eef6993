package structs

import (
	"reflect"
	"unsafe"

	"github.com/greptime-go/greptime/internal/govalue"
	"github.com/greptime-go/greptime/internal/valuer"
)

// place is where a struct has the value of a column: steps, and an offset from where they lead
// to. Without steps the value is in the struct itself and is never NULL.
type place struct {
	steps  []step
	offset uintptr
	value  reflect.Type // neither a nullable nor a pointer to be followed
}

// step decides whether a value is NULL, by what is at an offset: the pointer to where the value
// is, or the bool of a nullable.
type step struct {
	offset    uintptr
	isPointer bool
}

// placeOf returns the place of the value of the field with an index path, from a struct of type
// rt on.
func placeOf(rt reflect.Type, path []int) place {
	var p place
	for n, at := range path {
		if n > 0 && rt.Kind() == reflect.Pointer {
			p.follow()
			rt = rt.Elem()
		}
		f := rt.Field(at)
		p.offset += f.Offset
		rt = f.Type
	}
	for {
		switch {
		case isLeaf(rt):
			p.value = rt
			return p
		case govalue.Nullable(rt):
			p.steps = append(p.steps, step{offset: p.offset + rt.Field(1).Offset})
			p.offset += rt.Field(0).Offset
			rt = rt.Field(0).Type
		default:
			p.follow()
			rt = rt.Elem()
		}
	}
}

// isLeaf reports whether a type is that of values, rather than of something around a value.
func isLeaf(rt reflect.Type) bool {
	_, known := valueTypes[rt]
	return known || rt == ratType || !govalue.Nullable(rt) && (rt.Kind() != reflect.Pointer || valuer.AsksNil(rt))
}

// follow goes to where the pointer at the current offset points to.
func (p *place) follow() {
	p.steps = append(p.steps, step{offset: p.offset, isPointer: true})
	p.offset = 0
}

// find returns the address of the value in the struct at an address, and nil for NULL.
func (p *place) find(at unsafe.Pointer) unsafe.Pointer {
	for _, s := range p.steps {
		decides := unsafe.Add(at, s.offset)
		if s.isPointer {
			at = *(*unsafe.Pointer)(decides)
		} else if !*(*bool)(decides) {
			at = nil
		}
		if at == nil {
			return nil
		}
	}
	return unsafe.Add(at, p.offset)
}
