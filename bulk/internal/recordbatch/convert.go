package recordbatch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/int128"
)

var errNoCast = errors.New("is not what the column takes, and no exact cast leads there; cast it before")

// RowError reports a value of an array that a column cannot have.
type RowError struct {
	Row int // counted from 0
	Err error
}

// Error returns the text of Err.
func (e *RowError) Error() string { return e.Err.Error() }

// FromArray returns the values of an array as a column of type t. It makes exact casts only.
// Buffers that need no change are not copied, so the column is valid as long as the array.
// The error is a *[RowError] if it is about a value.
func FromArray(t column.Type, a arrow.Array) (c Column, err error) {
	defer func() { // the methods of an array that is not in Arrow's layout panic
		if cause := recover(); cause != nil {
			c, err = Column{}, fmt.Errorf("the array is not in Arrow's layout: %v", cause)
		}
	}()
	return convert(t, a)
}

// convert is FromArray with panics.
func convert(t column.Type, a arrow.Array) (Column, error) {
	switch a := a.(type) {
	case *array.Null:
		return allNull(t, a.Len())
	case array.ExtensionArray:
		return convert(t, a.Storage())
	case *array.Dictionary:
		return convertDictionary(t, a)
	case *array.RunEndEncoded:
		return convertRuns(t, a)
	}
	switch k := t.Kind(); {
	case k == column.Boolean:
		if b, ok := a.(*array.Boolean); ok {
			return booleans(t, b)
		}
	case k == column.String:
		return convertStrings(t, a)
	case k == column.Binary:
		return convertBinary(t, a)
	case k == column.JSON:
		return convertJSON(t, a)
	case k == column.Vector:
		return convertVectors(t, a)
	case k.IsTimestamp() || k.IsTimeOfDay():
		return convertTimes(t, a)
	case k == column.Date:
		return convertDates(t, a)
	case k == column.Decimal:
		return convertDecimals(t, a)
	default:
		return convertNumbers(t, a)
	}
	return Column{}, errNoCast
}

// allNull returns a column of NULLs.
func allNull(t column.Type, rows int) (Column, error) {
	var null column.Cell
	return Repeat(t, rows, &null)
}

// withNulls takes over the NULLs of an array. One without validity has none, whatever it
// says of their number.
func (c *Column) withNulls(a arrow.Array) {
	if bitmap := a.NullBitmapBytes(); len(bitmap) > 0 && a.NullN() > 0 {
		offset := a.Data().Offset()
		c.valid = bitmap[offset>>3:]
		if offset&7 != 0 {
			c.valid = copyBits(nil, bitmap, offset, a.Len())
		}
		c.valid = c.valid[:(a.Len()+7)>>3]
	}
}

// errNoValues refuses an array that is not in Arrow's layout.
var errNoValues = errors.New("the array has no values for rows that are not NULL")

// fixedWidth returns the column of an array whose values take as many bytes as the
// column's.
func fixedWidth(t column.Type, a arrow.Array) (Column, error) {
	c := Column{typ: t, width: t.ArrowWidth()}
	c.withNulls(a)
	offset, values := a.Data().Offset(), valueBytes(a, 1)
	if end := (offset + a.Len()) * c.width; end <= len(values) {
		c.values = values[offset*c.width : end]
		return c, nil
	}
	return c.withoutValues(a)
}

func booleans(t column.Type, a *array.Boolean) (Column, error) {
	c := Column{typ: t}
	c.withNulls(a)
	offset, values := a.Data().Offset(), valueBytes(a, 1)
	if offset+a.Len() <= 8*len(values) {
		c.values = copyBits(nil, values, offset, a.Len())
		return c, nil
	}
	return c.withoutValues(a)
}

// withoutValues returns the column of an array that has no values: of NULLs, which need
// none, or of no rows.
func (c *Column) withoutValues(a arrow.Array) (Column, error) {
	if c.nulls(a.Len()) < a.Len() {
		return Column{}, errNoValues
	}
	return allNull(c.typ, a.Len())
}

// bytesArray is any array of bytes.
type bytesArray interface {
	arrow.Array
	Value(i int) []byte
}

// variableWidth is a Utf8 or Binary array, or ok is false.
func variableWidth(t column.Type, a arrow.Array) (c Column, ok bool) {
	var offsetsOf func() []int32
	switch a := a.(type) {
	case *array.String:
		offsetsOf = a.ValueOffsets
	case *array.Binary:
		offsetsOf = a.ValueOffsets
	default:
		return c, false
	}
	c.typ = t
	c.withNulls(a)
	rows := a.Len()
	if rows == 0 { // it need not have offsets
		c.offsets = []int32{0}
		return c, true
	}
	offsets, values := offsetsOf(), valueBytes(a, 2)
	checkOffsets(offsets[:rows+1])
	first := offsets[0]
	c.values = values[first:offsets[rows]]
	c.offsets = offsets[:rows+1]
	if first != 0 {
		c.offsets = make([]int32, rows+1)
		for i := range c.offsets {
			c.offsets[i] = offsets[i] - first
		}
	}
	return c, true
}

// checkOffsets panics, for FromArray, if offsets go back. A sign that is set in any
// difference is found without a branch for each row.
func checkOffsets(offsets []int32) {
	last := offsets[0]
	signs := last
	for _, o := range offsets[1:] {
		signs |= o | (o - last)
		last = o
	}
	if signs >= 0 {
		return
	}
	for i := range len(offsets) - 1 {
		if offsets[i] < 0 || offsets[i] > offsets[i+1] {
			panic(fmt.Sprintf("the bytes of row %d (index %d) end before they begin", i+1, i))
		}
	}
	panic("an offset is negative")
}

// valueBytes returns the array's buffer i, which may be missing.
func valueBytes(a arrow.Array, i int) []byte {
	if b := a.Data().Buffers()[i]; b != nil {
		return b.Bytes()
	}
	return nil
}

// copyValues makes a column of what value returns for each row that is not NULL.
func copyValues(t column.Type, a arrow.Array, value func(dst []byte, row int) ([]byte, error)) (Column, error) {
	out := NewColumn(t, a.Len())
	var null column.Cell
	for row := range a.Len() {
		if a.IsNull(row) {
			_ = out.Set(row, &null) // NULL fits every type
			continue
		}
		values, err := value(out.upTo(row), row)
		if err != nil {
			return Column{}, &RowError{row, err}
		}
		if out.hasOffsets() { // otherwise there is room, and the value in its place
			if err := out.endBytes(row, values); err != nil {
				return Column{}, err
			}
		}
	}
	return out, nil
}

func convertStrings(t column.Type, a arrow.Array) (Column, error) {
	s, ok := a.(array.StringLike)
	if !ok {
		return Column{}, errNoCast
	}
	if c, ok := variableWidth(t, a); ok && c.validUTF8() {
		return c, nil
	}
	return copyValues(t, a, func(dst []byte, row int) ([]byte, error) {
		if v := s.Value(row); utf8.ValidString(v) {
			return append(dst, v...), nil
		}
		return nil, &column.Error{Type: t, Value: string([]byte(s.Value(row))), Reason: "not valid UTF-8"}
	})
}

// validUTF8 reports whether all values are valid, those of NULLs included.
func (c *Column) validUTF8() bool {
	if !utf8.Valid(c.values) {
		return false
	}
	for _, at := range c.offsets {
		if int(at) < len(c.values) && !utf8.RuneStart(c.values[at]) {
			return false
		}
	}
	return true
}

func convertBinary(t column.Type, a arrow.Array) (Column, error) {
	if _, isText := a.(array.StringLike); isText {
		return Column{}, errNoCast
	}
	if c, ok := variableWidth(t, a); ok {
		return c, nil
	}
	b, ok := a.(bytesArray)
	if !ok {
		return Column{}, errNoCast
	}
	return copyValues(t, a, func(dst []byte, row int) ([]byte, error) { return append(dst, b.Value(row)...), nil })
}

func convertDictionary(t column.Type, a *array.Dictionary) (Column, error) {
	if a.Len() == 0 { // it need not have a dictionary
		return NewColumn(t, 0), nil
	}
	values, err := convert(t, a.Dictionary())
	if err != nil {
		var bad *RowError
		if errors.As(err, &bad) {
			for row := range a.Len() {
				if a.IsValid(row) && a.GetValueIndex(row) == bad.Row {
					return Column{}, &RowError{row, bad.Err}
				}
			}
			return Column{}, fmt.Errorf("value %d of the dictionary: %w", bad.Row, bad.Err)
		}
		return Column{}, err
	}
	rows := make([]int, a.Len())
	for i := range rows {
		rows[i] = -1
		if !a.IsNull(i) {
			if rows[i] = a.GetValueIndex(i); rows[i] < 0 || rows[i] >= a.Dictionary().Len() {
				return Column{}, &RowError{i, fmt.Errorf("index %d is beyond the dictionary, which has %d values", rows[i], a.Dictionary().Len())}
			}
		}
	}
	return values.take(rows)
}

// convertRuns repeats the values of an array of runs.
func convertRuns(t column.Type, a *array.RunEndEncoded) (Column, error) {
	values, err := convert(t, a.Values())
	if err != nil {
		var bad *RowError
		if errors.As(err, &bad) {
			return Column{}, fmt.Errorf("the value of run %d: %w", bad.Row, bad.Err)
		}
		return Column{}, err
	}
	rows := make([]int, a.Len())
	for i := range rows {
		rows[i] = a.GetPhysicalIndex(i)
	}
	return values.take(rows)
}

// timeUnit is the unit of a time array that a column of the kind can take, and its
// values.
func timeUnit(k column.Kind, a arrow.Array) (unit arrow.TimeUnit, value func(row int) int64, err error) {
	switch a := a.(type) {
	case *array.Timestamp:
		dt := a.DataType().(*arrow.TimestampType)
		if !k.IsTimestamp() {
			return 0, nil, errNoCast
		}
		switch dt.TimeZone {
		case "", "UTC", "utc", "Etc/UTC", "Z", "+00:00", "+0000", "+00":
		default:
			return 0, nil, errors.New("has a time zone other than UTC, which the column does not keep; cast it to UTC or to no zone")
		}
		return dt.Unit, func(row int) int64 { return int64(a.Value(row)) }, nil
	case *array.Time32:
		if k.IsTimeOfDay() {
			return a.DataType().(*arrow.Time32Type).Unit, func(row int) int64 { return int64(a.Value(row)) }, nil
		}
	case *array.Time64:
		if k.IsTimeOfDay() {
			return a.DataType().(*arrow.Time64Type).Unit, func(row int) int64 { return int64(a.Value(row)) }, nil
		}
	}
	return 0, nil, errNoCast
}

func convertTimes(t column.Type, a arrow.Array) (Column, error) {
	from, value, err := timeUnit(t.Kind(), a)
	if err != nil {
		return Column{}, err
	}
	to := catalog.ArrowType(t).(interface{ TimeUnit() arrow.TimeUnit }).TimeUnit()
	if from == to {
		return fixedWidth(t, a)
	}
	factor := int64(1)
	for range max(int(to)-int(from), int(from)-int(to)) {
		factor *= 1000
	}
	return copyValues(t, a, func(dst []byte, row int) ([]byte, error) {
		v := value(row)
		out, ok := v/factor, v%factor == 0
		if to > from {
			out = v * factor
			ok = out/factor == v
		}
		if !ok || t.ArrowWidth() == 4 && out != int64(int32(out)) {
			return nil, fmt.Errorf("%d %s is not exact in the column's unit", v, from)
		}
		return appendInt(dst, t, out), nil
	})
}

// appendInt appends an integer in as many bytes as the column's values have.
func appendInt(dst []byte, t column.Type, v int64) []byte {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(v))
	return append(dst, b[:t.ArrowWidth()]...)
}

const dayMilliseconds = 24 * 60 * 60 * 1000

func convertDates(t column.Type, a arrow.Array) (Column, error) {
	switch a := a.(type) {
	case *array.Date32:
		return fixedWidth(t, a)
	case *array.Date64:
		return copyValues(t, a, func(dst []byte, row int) ([]byte, error) {
			v := int64(a.Value(row))
			days := v / dayMilliseconds
			if v%dayMilliseconds != 0 || days < math.MinInt32 || days > math.MaxInt32 {
				return nil, fmt.Errorf("%d ms is no day of a DATE", v)
			}
			return appendInt(dst, t, days), nil
		})
	}
	return Column{}, errNoCast
}

func convertDecimals(t column.Type, a arrow.Array) (Column, error) {
	d, ok := a.(*array.Decimal128)
	if !ok {
		return Column{}, errNoCast
	}
	dt := d.DataType().(*arrow.Decimal128Type)
	if int(dt.Precision) == t.Precision() && int(dt.Scale) == t.Scale() {
		return fixedWidth(t, a)
	}
	return copyValues(t, a, func(dst []byte, row int) ([]byte, error) {
		v := d.Value(row)
		scaled, ok := rescale(int128.ToBig(v), t.Scale()-int(dt.Scale))
		if !ok || scaled.CmpAbs(tenTo(t.Precision())) >= 0 {
			return nil, fmt.Errorf("%s is not exact as %s", int128.Decimal(v, dt.Scale), t)
		}
		n, _ := int128.FromBig(scaled) // its digits are those of the precision, at most 38
		return appendDecimal(dst, n), nil
	})
}

// rescale is v times 10^digits, if that is an integer. arrow-go's own panics when the
// result does not fit.
func rescale(v *big.Int, digits int) (*big.Int, bool) {
	const most = 2 * column.MaxPrecision
	if digits > most || digits < -most {
		return v, v.Sign() == 0
	}
	if digits >= 0 {
		return v.Mul(v, tenTo(digits)), true
	}
	q, r := v.QuoRem(v, tenTo(-digits), new(big.Int))
	return q, r.Sign() == 0
}

func tenTo(digits int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
}

func appendDecimal(dst []byte, v decimal128.Num) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, v.LowBits())
	return binary.LittleEndian.AppendUint64(dst, uint64(v.HighBits()))
}
