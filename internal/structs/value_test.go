package structs

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
	"github.com/greptime-go/greptime/internal/test/columntypes"
	"github.com/greptime-go/greptime/internal/valuer"
	"github.com/greptime-go/greptime/sqltype"
)

type (
	named[T any] struct{ v T } // a Valuer
	flag         bool
	short        int8
	number       int
	big64        int64
	word         uint16
	ratio        float32
	degrees      float64
	label        string
	blob         []byte
	raw          json.RawMessage
	floats       []float32
	digits       sqltype.Decimal
	hours        sqltype.TimeOfDay
)

func (n named[T]) Value() (driver.Value, error) { return any(n.v), nil }

type byPointer struct{ text string }

func (p *byPointer) Value() (driver.Value, error) {
	if p == nil {
		return "none", nil
	}
	return p.text, nil
}

// forms returns the values as fields may have them: themselves, behind pointers, and nullable.
func forms[T any](values ...T) []any {
	list := []any{(*T)(nil), (**T)(nil), new(*T), sql.Null[T]{}, (*sql.Null[T])(nil), &sql.Null[T]{}, sql.Null[*T]{}, sql.Null[*T]{Valid: true}, sqltype.Null[T]{}}
	for _, v := range values {
		p := &v
		list = append(list, v, p, &p, sql.Null[T]{V: v}, sql.Null[T]{V: v, Valid: true}, &sql.Null[T]{V: v, Valid: true}, sql.Null[*T]{V: p, Valid: true}, sqltype.Null[T]{V: v, Valid: true})
	}
	return list
}

// limits returns values at the limits of the Go types that fields may have.
func limits() []any {
	texts := []string{"", "a", "eight888", "0", "-12.5", "1e5", "2024-02-29", "15:04:05.5", "2024-02-29T12:00:00.5+01:00", "[1,2.5]", "[1]", `{"a":1}`, "ünï", "\xff", strings.Repeat("x", 200)}
	times := []time.Time{
		{}, time.Unix(0, 0), time.Unix(0, -1), time.Unix(1<<33-1, 999_999_999), time.Unix(1<<33, 0), time.Unix(1<<62, 0), time.Unix(-1<<62, 0),
		time.Date(2262, 4, 11, 23, 47, 16, 854775807, time.UTC), time.Date(2262, 4, 12, 0, 0, 0, 0, time.UTC), time.Date(2024, 2, 29, 23, 0, 0, 1, time.FixedZone("", 3600)),
	}
	var list []any
	for _, l := range [][]any{
		forms(true, false), forms[flag](true, false),
		forms[int](math.MinInt, -1, 0, 1, 128, 1<<24+1, math.MaxInt), forms[number](math.MinInt, 7),
		forms[int8](math.MinInt8, -1, 0, 1, math.MaxInt8), forms[short](math.MinInt8, 1),
		forms[int16](math.MinInt16, -1, 0, 1, math.MaxInt16),
		forms[int32](math.MinInt32, -1, 0, 1, 1<<24+1, math.MaxInt32),
		forms[int64](math.MinInt64, -1<<53-1, -1, 0, 1, 255, 256, 65535, 65536, 1<<32-1, 1<<32, 1<<53, 1<<53+1, math.MaxInt64), forms[big64](math.MinInt64, 1),
		forms[uint](0, 1, 255, math.MaxUint), forms[uint8](0, 1, 2, math.MaxUint8), forms[uint16](0, 1, math.MaxUint16), forms[word](256),
		forms[uint32](0, 1, math.MaxUint32), forms[uint64](0, 1, math.MaxInt64, math.MaxInt64+1, math.MaxUint64),
		forms(0, float32(math.Copysign(0, -1)), -1.5, 0.1, math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.NaN()), float32(math.Inf(-1))), forms[ratio](0.1),
		forms(0, math.Copysign(0, -1), -1.5, 0.1, 1e15, math.MaxFloat32, math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1)), forms[degrees](0.1, 1e300),
		forms(texts...), forms[label]("", "tag", "\xff", "7"),
		forms(nil, []byte{}, []byte("a"), []byte("12345678"), []byte("{}"), []byte("\xff")), forms[blob](nil, blob{}, blob("12345678"), blob("\xff")),
		forms(nil, json.RawMessage(`{"a":1}`), json.RawMessage(`{`), json.RawMessage{}), forms[raw](nil, raw(`{"a":1}`), raw(`{`)),
		forms(times...),
		forms(sqltype.DateFromEpochDays(0), sqltype.DateFromEpochDays(-1), sqltype.DateFromEpochDays(math.MaxInt32), sqltype.Date{Year: 2023, Month: 2, Day: 29}),
		forms[sqltype.TimeOfDay](0, -1, 1, 24*3600e9-1, 24*3600e9), forms[hours](0, 1),
		forms[sqltype.Decimal]("0", "-12.345", "123456789012345", "x"), forms[digits]("1.5", "x"),
		forms(nil, sqltype.Vector{}, sqltype.Vector{1, 2}, sqltype.Vector{1, float32(math.NaN())}), forms(nil, []float32{}, []float32{1, 2}, []float32{1, 2, 3}), forms[floats](nil, floats{1, 2}),
		forms(nil, big.NewRat(1, 3), big.NewRat(-1, 1)),
		forms(named[string]{"12"}, named[string]{"\xff"}), forms(named[int64]{12}), forms(named[time.Time]{times[1]}),
		forms(byPointer{"12"}), forms(nil, &byPointer{"12"}),
		{sql.NullString{}, sql.NullString{String: "a", Valid: true}, sql.NullInt64{Int64: 5}, sql.NullInt64{Int64: 5, Valid: true}, sql.NullInt32{Int32: -5, Valid: true},
			sql.NullInt16{Int16: 5, Valid: true}, sql.NullByte{Byte: 5, Valid: true}, sql.NullFloat64{Float64: 5.5, Valid: true}, sql.NullBool{Bool: true, Valid: true},
			sql.NullTime{Time: times[1], Valid: true}, sql.NullTime{Time: times[1]}},
	} {
		list = append(list, l...)
	}
	return list
}

// columnOfType returns the column of a field of a Go type at an index path of a struct.
func columnOfType(t *testing.T, rt, in reflect.Type, path ...int) Column {
	t.Helper()
	for _, tag := range []string{"a", "a,precision=10,scale=2", "a,dim=2", "a,type=string", "a,type=int64", "a,type=timestamp"} {
		if c, err := newColumn(reflect.StructField{Name: "F", Type: rt}, tag); err == nil {
			c.place = placeOf(in, path)
			return c
		}
	}
	t.Fatalf("%v cannot be a column", rt)
	return Column{}
}

// setBoxed stores a boxed value, as Append does. Append wants Valuers wrapped.
func setBoxed(c *column.Cell, t column.Type, boxed reflect.Value) error {
	v := boxed
	for {
		rt := v.Type()
		_, known := valueTypes[rt]
		switch {
		case known || rt == ratType:
			return govalue.Set(c, t, boxed.Interface())
		case govalue.Nullable(rt):
			if !v.Field(1).Bool() {
				return govalue.Set(c, t, nil)
			}
			v = v.Field(0)
		case rt.Kind() == reflect.Pointer && !valuer.AsksNil(rt):
			if v.IsNil() {
				return govalue.Set(c, t, nil)
			}
			v = v.Elem()
		case rt.Implements(valuerType):
			return govalue.Set(c, t, govalue.Valuer{Valuer: v.Interface().(driver.Valuer)})
		case isValuer(rt):
			return govalue.Set(c, t, govalue.Valuer{Valuer: v.Addr().Interface().(driver.Valuer)})
		default:
			return govalue.Set(c, t, boxed.Interface())
		}
	}
}

// describe returns what a cell holds, or why a value was refused.
func describe(t column.Type, c *column.Cell, err error) string {
	var refused *column.Error
	switch {
	case errors.As(err, &refused):
		return fmt.Sprintf("%v; %T %v", err, refused.Value, refused.Value)
	case err != nil:
		return fmt.Sprintf("not a *column.Error: %v", err)
	}
	return fmt.Sprintf("%x", t.AppendValue(nil, c))
}

// A field's value is stored, or refused, as the same value is by Append: for all Go types and
// all types of columns, wherever in the struct the field is.
func TestFieldsAreStoredAsBoxedValuesAre(t *testing.T) {
	t.Parallel()
	types := columntypes.All()
	stored := map[reflect.Type]int{}
	for _, v := range limits() {
		rt := reflect.TypeOf(v)
		field := reflect.StructField{Name: "F", Type: rt}
		pad := reflect.StructField{Name: "Pad", Type: reflect.TypeFor[int8]()}
		inner := reflect.StructOf([]reflect.StructField{pad, field})
		outer := reflect.StructOf([]reflect.StructField{pad, field, {Name: "In", Type: inner}, {Name: "Ptr", Type: reflect.PointerTo(inner)}, {Name: "None", Type: reflect.PointerTo(inner)}})

		s := reflect.New(outer).Elem()
		s.Field(3).Set(reflect.New(inner))
		row := Row{s.Addr().UnsafePointer()}
		for _, place := range []struct {
			path []int
			at   reflect.Value
		}{
			{[]int{1}, s.Field(1)}, {[]int{2, 1}, s.Field(2).Field(1)}, {[]int{3, 1}, s.Field(3).Elem().Field(1)}, {[]int{4, 1}, reflect.Value{}},
		} {
			c := columnOfType(t, rt, outer, place.path...)
			if place.at.IsValid() {
				place.at.Set(reflect.ValueOf(v))
			}
			for _, typ := range types {
				var want, got column.Cell
				var err error
				if place.at.IsValid() {
					err = setBoxed(&want, typ, place.at)
				}
				expected := describe(typ, &want, err)
				if err := c.Set(&got, typ, c.Value(row)); describe(typ, &got, err) != expected {
					t.Errorf("%T %v at %v as %s: %s, want %s", v, v, place.path, typ, describe(typ, &got, err), expected)
				}
				if err == nil && !want.IsNull() {
					stored[c.value]++
				}
			}
		}
	}
	for _, rt := range []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[flag](), reflect.TypeFor[int](), reflect.TypeFor[uint8](), reflect.TypeFor[float32](), reflect.TypeFor[label](), reflect.TypeFor[blob](),
		reflect.TypeFor[time.Time](), reflect.TypeFor[sqltype.Date](), reflect.TypeFor[named[string]](), reflect.TypeFor[byPointer](), reflect.TypeFor[*byPointer](), ratType,
	} {
		if stored[rt] == 0 {
			t.Errorf("no %v was stored", rt)
		}
	}
}

// The kinds are those by which values are read from memory.
func TestUsualKinds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rt   reflect.Type
		want reflect.Kind
	}{
		{reflect.TypeFor[bool](), reflect.Bool}, {reflect.TypeFor[number](), reflect.Int}, {reflect.TypeFor[ratio](), reflect.Float32}, {reflect.TypeFor[label](), reflect.String},
		{reflect.TypeFor[[]byte](), reflect.Slice}, {reflect.TypeFor[blob](), reflect.Slice}, {reflect.TypeFor[raw](), reflect.Slice}, {reflect.TypeFor[time.Time](), reflect.Struct},
		{reflect.TypeFor[json.RawMessage](), reflect.Invalid}, {reflect.TypeFor[[]float32](), reflect.Invalid}, {reflect.TypeFor[floats](), reflect.Invalid},
		{reflect.TypeFor[sqltype.Decimal](), reflect.Invalid}, {reflect.TypeFor[sqltype.TimeOfDay](), reflect.Invalid}, {reflect.TypeFor[sqltype.Date](), reflect.Invalid},
		{reflect.TypeFor[digits](), reflect.String}, {reflect.TypeFor[hours](), reflect.Int64}, {reflect.TypeFor[named[int64]](), reflect.Invalid}, {reflect.TypeFor[byPointer](), reflect.Invalid},
		{reflect.TypeFor[driver.Valuer](), reflect.Invalid}, {ratType, reflect.Invalid}, {reflect.TypeFor[uintptr](), reflect.Invalid}, {reflect.TypeFor[unsafe.Pointer](), reflect.Invalid},
	} {
		if got := usualKind(test.rt); got != test.want {
			t.Errorf("%v: %v, want %v", test.rt, got, test.want)
		}
	}
}
