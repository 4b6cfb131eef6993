package scan

import (
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"time"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/internal/govalue"
	"github.com/greptime-go/greptime/sqltype"
)

// Filler writes the values of a column into Go memory, many rows at a time. It is made once
// per result for a column and a Go type, so that nothing about types is decided per value.
//
// It returns the number of rows from the first on that it has written, and the error of the
// row behind them. [ErrNull] is the error of a NULL that the Go type cannot hold.
type Filler func(Rows) (int, error)

// ErrNull reports a NULL for a Go type that has no value for it.
var ErrNull = errors.New("the value is NULL")

// Rows are rows of the column's current array, and the memory for their values: At must point
// to N values of the filler's Go type, all zero, Stride bytes apart.
type Rows struct {
	From, N int
	At      unsafe.Pointer
	Stride  uintptr
	Skip    []bool // the rows to leave out, or nil

	leaveNulls bool // the value around this one shows that it is NULL
}

// at returns the address of the value of row k.
func (r *Rows) at(k int) unsafe.Pointer { return unsafe.Add(r.At, uintptr(k)*r.Stride) }

func (r *Rows) skips(k int) bool { return r.Skip != nil && r.Skip[k] }

// part returns rows from k to before end.
func (r *Rows) part(k, end int) Rows {
	p := Rows{From: r.From + k, N: end - k, At: r.at(k), Stride: r.Stride, leaveNulls: r.leaveNulls}
	if r.Skip != nil {
		p.Skip = r.Skip[k:end]
	}
	return p
}

var (
	scannerType = reflect.TypeFor[sql.Scanner]()
	timeType    = reflect.TypeFor[time.Time]()
	ratType     = reflect.TypeFor[*big.Rat]()
)

// FillerOf returns the filler of a column for a Go type. The types are those that
// database/sql scans the column into, and those that package insert writes to it.
func FillerOf(c Column, rt reflect.Type) (Filler, error) { return fillerOf(c, rt, 0) }

// fillerOf implements FillerOf; depth is the number of pointers and nullables around rt.
func fillerOf(c Column, rt reflect.Type, depth int) (Filler, error) {
	s := sourceOf(c)
	switch {
	case depth > govalue.MaxIndirections:
		return nil, fmt.Errorf("%v never leads to a value", rt)
	case rt == ratType && s.is("DECIMAL"):
		return leavingNulls(each(s, s.rat)), nil
	}
	if f := naturalFiller(s, rt); f != nil {
		return f, nil
	}
	switch {
	case govalue.Nullable(rt):
		inner, err := fillerOf(c, rt.Field(0).Type, depth+1)
		if err != nil {
			return nil, err
		}
		return nullableFiller(s, rt.Field(1).Offset, inner), nil
	case reflect.PointerTo(rt).Implements(scannerType):
		return scannerFiller(c, rt), nil
	case rt.Kind() == reflect.Pointer:
		inner, err := fillerOf(c, rt.Elem(), depth+1)
		if err != nil {
			return nil, err
		}
		return pointerFiller(s, rt.Elem(), inner), nil
	case rt.Kind() == reflect.Interface && rt.NumMethod() == 0:
		return anyFiller(c), nil
	case s.is("NULL"):
		if rt.Kind() == reflect.Slice {
			return leavingNulls(nullsOnly), nil
		}
		return nullsOnly, nil
	}
	if f := s.kindFiller(rt); f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("%s cannot be read as %v", c.Info().SQLType, rt)
}

// naturalFiller returns the filler for the types of values that a type of column has of its
// own, or nil.
func naturalFiller(s *source, rt reflect.Type) Filler {
	isTime := IsTime(rt)
	switch c := s.column.(type) {
	case *timestampColumn:
		switch {
		case isTime && s.dictionary == nil:
			return c.fillTimes
		case isTime:
			return each(s, func(i int) (time.Time, error) { return Instant(int64(c.arr.Value(i)), c.unit).In(c.loc), nil })
		}
	case *dateColumn:
		switch {
		case isTime:
			return each(s, func(i int) (time.Time, error) {
				return sqltype.DateFromEpochDays(int32(c.arr.Value(i))).Time(time.UTC), nil
			})
		case rt == reflect.TypeFor[sqltype.Date]():
			return each(s, func(i int) (sqltype.Date, error) { return sqltype.DateFromEpochDays(int32(c.arr.Value(i))), nil })
		}
	case *timeOfDayColumn:
		if rt == reflect.TypeFor[sqltype.TimeOfDay]() {
			return each(s, c.at)
		}
	case *intervalColumn:
		if rt == reflect.TypeFor[sqltype.Interval]() {
			return each(s, func(i int) (sqltype.Interval, error) { return interval(c.arr, i), nil })
		}
	case *decimalColumn:
		if rt == reflect.TypeFor[sqltype.Decimal]() {
			return each(s, func(i int) (string, error) { return c.decimal(i), nil })
		}
	case *vectorColumn:
		isFloats := rt.Kind() == reflect.Slice && rt.Elem().Kind() == reflect.Float32
		if isFloats && (rt == reflect.TypeFor[sqltype.Vector]() || !isScanner(rt)) {
			return leavingNulls(each(s, c.vector))
		}
	case *stringColumn:
		if rt.Kind() == reflect.String && s.dictionary == nil && !isScanner(rt) {
			return c.fillStrings
		}
	case *boolColumn:
		if rt.Kind() == reflect.Bool && !isScanner(rt) {
			return each(s, func(i int) (bool, error) { return c.arr.Value(i), nil })
		}
	case interface{ sameKind(reflect.Kind) Filler }: // numbers
		if !isScanner(rt) && s.dictionary == nil {
			return c.sameKind(rt.Kind())
		}
	}
	return nil
}

// IsTime reports whether a type is time.Time or has it as its underlying type.
func IsTime(rt reflect.Type) bool {
	return rt == timeType || rt.Kind() == reflect.Struct && rt.ConvertibleTo(timeType) && !isScanner(rt)
}

func isScanner(rt reflect.Type) bool { return reflect.PointerTo(rt).Implements(scannerType) }

// each returns the filler that gets every value by a function. V must have the layout of the
// filler's Go type.
func each[V any](s *source, get func(i int) (V, error)) Filler {
	return func(r Rows) (int, error) {
		for k := range r.N {
			if r.skips(k) {
				continue
			}
			i, ok := s.at(r.From + k)
			if !ok {
				if r.leaveNulls {
					continue
				}
				return k, ErrNull
			}
			v, err := get(i)
			if err != nil {
				return k, err
			}
			*(*V)(r.at(k)) = v
		}
		return r.N, nil
	}
}

// copyValues is the filler for an array whose values are those of the Go type.
func copyValues[V any](r Rows, arr arrow.Array, values []V) (int, error) {
	if r.Skip == nil && arr.NullN() == 0 {
		offset := uintptr(0) // not a pointer, which would leave the memory behind the last row
		for _, v := range values[r.From : r.From+r.N] {
			*(*V)(unsafe.Add(r.At, offset)) = v
			offset += r.Stride
		}
		return r.N, nil
	}
	for k := range r.N {
		switch {
		case r.skips(k):
		case arr.IsValid(r.From + k):
			*(*V)(r.at(k)) = values[r.From+k]
		case !r.leaveNulls:
			return k, ErrNull
		}
	}
	return r.N, nil
}

// leavingNulls returns a filler that leaves NULL at the zero value: nil of a slice.
func leavingNulls(f Filler) Filler {
	return func(r Rows) (int, error) {
		r.leaveNulls = true
		return f(r)
	}
}

// nullsOnly is the filler of SELECT NULL for types that have no value for NULL.
func nullsOnly(r Rows) (int, error) {
	for k := range r.N {
		if !r.skips(k) && !r.leaveNulls {
			return k, ErrNull
		}
	}
	return r.N, nil
}

// nullableFiller fills a struct of a value and a bool that is true if it is not NULL.
func nullableFiller(s *source, valid uintptr, inner Filler) Filler {
	return func(r Rows) (int, error) {
		r.leaveNulls = true
		done, err := inner(r)
		for k := range done {
			if !r.skips(k) && !s.isNull(r.From+k) {
				*(*bool)(unsafe.Add(r.at(k), valid)) = true
			}
		}
		return done, err
	}
}

// The values behind the pointers of neighbouring rows share memory, as short strings do:
// at most so many values and bytes.
const (
	maxPointed      = 256
	maxPointedBytes = 4 << 10
)

// pointerFiller fills a pointer with nil or the address of a value.
func pointerFiller(s *source, elem reflect.Type, inner Filler) Filler {
	list, size := reflect.SliceOf(elem), elem.Size()
	shared := int(min(maxPointed, max(1, maxPointedBytes/max(size, 1))))
	return func(r Rows) (int, error) {
		for from := 0; from < r.N; from += shared {
			part := r.part(from, min(from+shared, r.N))
			first := 0
			for first < part.N && (part.skips(first) || s.isNull(part.From+first)) {
				first++
			}
			if first == part.N {
				continue
			}
			values := reflect.MakeSlice(list, part.N, part.N).UnsafePointer()
			done, err := inner(Rows{From: part.From, N: part.N, At: values, Stride: size, Skip: part.Skip, leaveNulls: true})
			for k := first; k < done; k++ {
				if !part.skips(k) && !s.isNull(part.From+k) {
					*(*unsafe.Pointer)(part.at(k)) = unsafe.Add(values, uintptr(k)*size)
				}
			}
			if err != nil {
				return from + done, err
			}
		}
		return r.N, nil
	}
}

// anyFiller fills an interface with what database/sql scans into it.
func anyFiller(c Column) Filler {
	return func(r Rows) (int, error) {
		for k := range r.N {
			if r.skips(k) {
				continue
			}
			v, err := c.Value(r.From + k)
			if err != nil {
				return k, err
			}
			*(*any)(r.at(k)) = v
		}
		return r.N, nil
	}
}

// scannerFiller fills a type with a Scan method, which needs the value boxed.
func scannerFiller(c Column, rt reflect.Type) Filler {
	return func(r Rows) (int, error) {
		for k := range r.N {
			if r.skips(k) {
				continue
			}
			v, err := c.Value(r.From + k)
			if err != nil {
				return k, err
			}
			if v == nil && r.leaveNulls {
				continue
			}
			if err := reflect.NewAt(rt, r.at(k)).Interface().(sql.Scanner).Scan(v); err != nil {
				return k, err
			}
		}
		return r.N, nil
	}
}

// NullsOf returns the function that reports whether a row of the current array is NULL.
func NullsOf(c Column) func(row int) bool { return sourceOf(c).isNull }
