package scan

import (
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/int128"

	"github.com/greptime-go/greptime/sqltype"
)

// nestedColumn converts lists and structs to JSON text. QueryArrow gives typed access.
type nestedColumn struct {
	columnInfo
	loc     *time.Location
	arr     arrow.Array
	written int64 // bytes of JSON, since Load
}

func (c *nestedColumn) Load(arr arrow.Array) error {
	c.arr, c.written = arr, 0
	return nil
}

// appendJSON appends a value.
func (c *nestedColumn) appendJSON(dst []byte, i int) ([]byte, error) {
	text, err := appendJSON(dst, c.arr, i, c.loc)
	c.written += int64(max(0, len(text)-len(dst)))
	return text, err
}

// nestedOf returns the nested column that c is, or whose dictionary c has, or nil.
func nestedOf(c Column) *nestedColumn {
	if d, ok := c.(*dictionaryColumn); ok {
		c = d.Column
	}
	n, _ := c.(*nestedColumn)
	return n
}

// IsNested reports whether the values of a column are read as the JSON of lists or structs, whose
// length is not known before it is written.
func IsNested(c Column) bool { return nestedOf(c) != nil }

// WrittenJSON returns the bytes of JSON that were made of the values of a nested column since it
// was loaded.
func WrittenJSON(c Column) int64 { return nestedOf(c).written }

func (c *nestedColumn) current() arrow.Array { return c.arr }

func (c *nestedColumn) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	text, err := c.appendJSON(nil, i)
	if err != nil {
		return nil, err
	}
	return text, nil
}

func (c *nestedColumn) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		return scanNullBytes(dest), nil
	}
	text, err := c.appendJSON(nil, i)
	if err != nil {
		return false, err
	}
	switch d := dest.(type) {
	case *json.RawMessage:
		*d = text
	case *string:
		*d = string(text)
	default:
		return scanBytes(text, dest), nil
	}
	return true, nil
}

// maxJSON is the greatest length of the JSON text of a value, in bytes. The elements of a list may
// take no bytes in a message, such as NULLs, or share them, such as those of a dictionary, so that
// a short message may have a value without bounds.
const maxJSON = 256 << 20

var errLongJSON = fmt.Errorf("the value would be more than %d MiB of JSON; read the column with QueryArrow", maxJSON>>20)

// appendJSON appends element i of arr as JSON: integers and floats as numbers,
// binaries as base64, timestamps as RFC 3339, other types (including decimals) as the
// text that a column of that type has. NaN and infinities, which JSON has no numbers
// for, are strings.
func appendJSON(dst []byte, arr arrow.Array, i int, loc *time.Location) ([]byte, error) {
	if len(dst) > maxJSON {
		return nil, errLongJSON
	}
	if arr.IsNull(i) {
		return append(dst, "null"...), nil
	}
	switch a := arr.(type) {
	case *array.Null:
		return append(dst, "null"...), nil
	case *array.Boolean:
		return strconv.AppendBool(dst, a.Value(i)), nil
	case *array.Int8:
		return strconv.AppendInt(dst, int64(a.Value(i)), 10), nil
	case *array.Int16:
		return strconv.AppendInt(dst, int64(a.Value(i)), 10), nil
	case *array.Int32:
		return strconv.AppendInt(dst, int64(a.Value(i)), 10), nil
	case *array.Int64:
		return strconv.AppendInt(dst, a.Value(i), 10), nil
	case *array.Uint8:
		return strconv.AppendUint(dst, uint64(a.Value(i)), 10), nil
	case *array.Uint16:
		return strconv.AppendUint(dst, uint64(a.Value(i)), 10), nil
	case *array.Uint32:
		return strconv.AppendUint(dst, uint64(a.Value(i)), 10), nil
	case *array.Uint64:
		return strconv.AppendUint(dst, a.Value(i), 10), nil
	case *array.Float32:
		return appendJSONFloat(dst, float64(a.Value(i)), 32), nil
	case *array.Float64:
		return appendJSONFloat(dst, a.Value(i), 64), nil
	case *array.Decimal128:
		return appendJSONString(dst, int128.Decimal(a.Value(i), a.DataType().(*arrow.Decimal128Type).Scale))
	case textArray:
		return appendJSONString(dst, a.Value(i))
	case bytesArray:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, a.Value(i))
		return append(dst, '"'), nil
	case *array.Date32:
		return appendJSONString(dst, sqltype.DateFromEpochDays(int32(a.Value(i))).String())
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		return appendJSONString(dst, rfc3339(Instant(int64(a.Value(i)), unit).In(loc)))
	case *array.Time32:
		return appendJSONTimeOfDay(dst, a, i, a.DataType().(*arrow.Time32Type).Unit)
	case *array.Time64:
		return appendJSONTimeOfDay(dst, a, i, a.DataType().(*arrow.Time64Type).Unit)
	case *array.Duration:
		n, err := durationNanos(a, i, a.DataType().(*arrow.DurationType).Unit)
		return strconv.AppendInt(dst, n, 10), err
	case *array.MonthInterval, *array.DayTimeInterval, *array.MonthDayNanoInterval:
		return appendJSONString(dst, interval(arr, i).String())
	case *array.Dictionary:
		return appendJSON(dst, a.Dictionary(), a.GetValueIndex(i), loc)
	case *array.Struct:
		return appendJSONStruct(dst, a, i, loc)
	case array.ListLike:
		return appendJSONList(dst, a, i, loc)
	default:
		return dst, fmt.Errorf("values of the Arrow type %s cannot be written as JSON; read the column with QueryArrow", arr.DataType())
	}
}

// rfc3339 returns a time as RFC 3339, which has no seconds of an offset. The local times of long
// ago have such offsets, until 1900 in Asia/Shanghai: these times are in UTC.
func rfc3339(t time.Time) string {
	if _, offset := t.Zone(); offset%60 != 0 {
		t = t.UTC()
	}
	return t.Format(time.RFC3339Nano)
}

func appendJSONList(dst []byte, a array.ListLike, i int, loc *time.Location) (_ []byte, err error) {
	start, end := a.ValueOffsets(i)
	if end-start > maxJSON/2 { // a byte and a comma for each
		return nil, errLongJSON
	}
	dst = append(dst, '[')
	for k := start; k < end; k++ {
		if k > start {
			dst = append(dst, ',')
		}
		if dst, err = appendJSON(dst, a.ListValues(), int(k), loc); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendJSONStruct(dst []byte, a *array.Struct, i int, loc *time.Location) (_ []byte, err error) {
	fields := a.DataType().(*arrow.StructType).Fields()
	dst = append(dst, '{')
	for k, f := range fields {
		if k > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendJSONString(dst, f.Name); err != nil {
			return nil, err
		}
		dst = append(dst, ':')
		if dst, err = appendJSON(dst, a.Field(k), i, loc); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func appendJSONTimeOfDay(dst []byte, arr arrow.Array, i int, unit arrow.TimeUnit) ([]byte, error) {
	t, err := timeOfDay(arr, i, unit)
	if err != nil {
		return dst, err
	}
	return appendJSONString(dst, t.String())
}

func appendJSONFloat(dst []byte, v float64, bits int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		dst = append(dst, '"')
		dst = strconv.AppendFloat(dst, v, 'g', -1, bits)
		return append(dst, '"')
	}
	return strconv.AppendFloat(dst, v, 'g', -1, bits)
}

func appendJSONString(dst []byte, s string) ([]byte, error) {
	text, err := json.Marshal(s)
	return append(dst, text...), err
}
