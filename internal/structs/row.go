package structs

import (
	"errors"
	"reflect"
	"time"
	"unsafe"

	"github.com/greptime-go/greptime/internal/govalue"
)

// Rows are structs, or pointers to structs, in the memory of a slice. They keep the slice alive,
// and must not be used after it has changed.
type Rows struct {
	first    unsafe.Pointer
	stride   uintptr
	n        int
	pointers int // around each struct
}

// RowsOf returns the rows of a slice of structs, or of pointers to them.
func RowsOf[T any](rows []T) Rows {
	var zero T
	r := Rows{first: unsafe.Pointer(unsafe.SliceData(rows)), stride: unsafe.Sizeof(zero), n: len(rows)}
	for rt := reflect.TypeFor[T](); r.pointers < govalue.MaxIndirections && rt.Kind() == reflect.Pointer; rt = rt.Elem() {
		r.pointers++
	}
	return r
}

// Len returns the number of rows.
func (r *Rows) Len() int { return r.n }

// At returns row i. It returns an error if a pointer to the struct is nil.
func (r *Rows) At(i int) (Row, error) {
	at := unsafe.Add(r.first, uintptr(i)*r.stride)
	for range r.pointers {
		if at = *(*unsafe.Pointer)(at); at == nil {
			return Row{}, errNilStruct
		}
	}
	return Row{at}, nil
}

var errNilStruct = errors.New("the pointer to its struct is nil")

// Row is a struct in memory, of the type of a Plan.
type Row struct{ at unsafe.Pointer }

// Value is the value of a column in a Row. The methods that read it must be those of its Go
// kind; see [Column].
type Value struct{ at unsafe.Pointer }

// IsNull reports whether the value is NULL; then it must not be read.
func (v Value) IsNull() bool { return v.at == nil }

// Bool returns a value of kind Bool.
func (v Value) Bool() bool { return *(*bool)(v.at) }

// Int64 returns a value of kind Int64.
func (v Value) Int64() int64 { return *(*int64)(v.at) }

// Int returns a value of kind Int.
func (v Value) Int() int { return *(*int)(v.at) }

// Int32 returns a value of kind Int32.
func (v Value) Int32() int32 { return *(*int32)(v.at) }

// Float64 returns a value of kind Float64.
func (v Value) Float64() float64 { return *(*float64)(v.at) }

// Text returns a value of kind String.
func (v Value) Text() string { return *(*string)(v.at) }

// Time returns a value of kind Struct.
func (v Value) Time() time.Time { return *(*time.Time)(v.at) }
