package load

import (
	"fmt"
	"math/big"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// typeFor returns the type of a column for the values of an Arrow type. It reports false if
// there is none.
func typeFor(dt arrow.DataType) (Type, bool) {
	switch dt := dt.(type) {
	case *arrow.DictionaryType:
		return typeFor(dt.ValueType)
	case *arrow.RunEndEncodedType:
		return typeFor(dt.Encoded())
	case arrow.ExtensionType:
		switch dt.ExtensionName() {
		case "arrow.json":
			return typeJSON, true
		case "arrow.uuid":
			return typeString, true
		}
		return typeFor(dt.StorageType())
	case *arrow.TimestampType:
		return timestampOf(dt.Unit), true
	case *arrow.Decimal128Type:
		return Type{Arrow: dt}, dt.Scale >= 0
	case *arrow.Decimal256Type:
		return Type{Arrow: &arrow.Decimal128Type{Precision: min(dt.Precision, 38), Scale: dt.Scale}}, 0 <= dt.Scale && dt.Scale <= 38
	case *arrow.Decimal32Type:
		return Type{Arrow: &arrow.Decimal128Type{Precision: dt.Precision, Scale: dt.Scale}}, dt.Scale >= 0
	case *arrow.Decimal64Type:
		return Type{Arrow: &arrow.Decimal128Type{Precision: dt.Precision, Scale: dt.Scale}}, dt.Scale >= 0
	}
	switch dt.ID() {
	case arrow.BOOL, arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64,
		arrow.FLOAT32, arrow.FLOAT64, arrow.DATE32:
		return Type{Arrow: dt}, true
	case arrow.FLOAT16:
		return Type{Arrow: arrow.PrimitiveTypes.Float32}, true
	case arrow.DATE64:
		return typeDate, true
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW, arrow.TIME32, arrow.TIME64:
		return typeString, true // GreptimeDB has no SQL for columns of type TIME
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW, arrow.FIXED_SIZE_BINARY:
		return Type{Arrow: arrow.BinaryTypes.Binary}, true
	case arrow.DURATION:
		return typeInt64, true
	case arrow.LIST, arrow.LARGE_LIST, arrow.FIXED_SIZE_LIST, arrow.LIST_VIEW, arrow.STRUCT, arrow.MAP:
		return typeJSON, true
	case arrow.NULL:
		return typeString, true
	}
	return Type{}, false
}

// converter makes the arrays of a file's column those of the table's. It calls bad for each
// value that does not fit, and takes NULL for it. A nil converter leaves arrays as they are:
// what is exact is cast when they are sent.
type converter func(a arrow.Array, bad func(row int, err error)) (arrow.Array, error)

// converterOf returns how values of an Arrow type get into a column. zone, unless nil, is
// that of timestamps without one.
func converterOf(from arrow.DataType, to Type, times *timeParser, zone *time.Location) (converter, error) {
	switch dt := from.(type) {
	case *arrow.DictionaryType:
		return converterOfValues(dt.ValueType, to, times, zone)
	case arrow.ExtensionType:
		if to.Arrow.ID() == arrow.STRING && dt.ExtensionName() == "arrow.uuid" {
			return asText(to.Arrow), nil
		}
		inner, err := converterOf(dt.StorageType(), to, times, zone)
		if inner == nil || err != nil {
			return nil, err
		}
		return func(a arrow.Array, bad func(int, error)) (arrow.Array, error) {
			return inner(a.(array.ExtensionArray).Storage(), bad)
		}, nil
	case *arrow.TimestampType:
		switch {
		case !to.IsTimestamp():
		case dt.TimeZone != "":
			return withoutZone(dt.Unit), nil
		case zone != nil && zone != time.UTC:
			return fromZone(zone, dt.Unit), nil
		default:
			return nil, nil
		}
	}
	switch id := from.ID(); {
	case isText(from) && to.Arrow.ID() == arrow.STRING, id == arrow.NULL:
		return nil, nil
	case isText(from) && to.Arrow.ID() == arrow.BINARY && to.Dim == 0:
		return asStorage(binaryLike[id]), nil
	case isText(from), isBinary(from) && to.Arrow.ID() == arrow.STRING && !to.JSON:
		parse, err := parserOf(to, times)
		return fromText(to.Arrow, parse), err
	case to.IsTimestamp() && (arrow.IsInteger(id) || id == arrow.DATE32 || id == arrow.DATE64):
		return toTimestamps(to.Arrow.(*arrow.TimestampType), times), nil
	case to.Arrow.ID() == arrow.FLOAT64 && (arrow.IsInteger(id) || id == arrow.FLOAT32 || id == arrow.FLOAT16),
		to.Arrow.ID() == arrow.FLOAT32 && (arrow.IsInteger(id) || id == arrow.FLOAT16):
		return toFloats(to.Arrow), nil
	case to.Arrow.ID() == arrow.DECIMAL128 && (arrow.IsDecimal(id) && id != arrow.DECIMAL128 || arrow.IsInteger(id)):
		return toDecimals(to.Arrow.(*arrow.Decimal128Type)), nil
	case arrow.IsInteger(to.Arrow.ID()) && id == arrow.DURATION:
		return asStorage(arrow.PrimitiveTypes.Int64), nil
	case to.JSON && !isBinary(from), to.Arrow.ID() == arrow.STRING && !isBinary(from):
		return asText(to.Arrow), nil
	}
	return nil, nil
}

// converterOfValues is converterOf for the values of a dictionary.
func converterOfValues(from arrow.DataType, to Type, times *timeParser, zone *time.Location) (converter, error) {
	inner, err := converterOf(from, to, times, zone)
	if inner == nil || err != nil {
		return nil, err
	}
	return func(a arrow.Array, bad func(int, error)) (arrow.Array, error) {
		d := a.(*array.Dictionary)
		wrong := map[int]error{}
		values, err := inner(d.Dictionary(), func(i int, err error) { wrong[i] = err })
		if err != nil {
			return nil, err
		}
		defer values.Release()
		for row := range d.Len() {
			if len(wrong) == 0 {
				break
			}
			if d.IsValid(row) {
				if err := wrong[d.GetValueIndex(row)]; err != nil {
					bad(row, err)
				}
			}
		}
		dt := *d.DataType().(*arrow.DictionaryType)
		dt.ValueType = values.DataType()
		return array.NewDictionaryArray(&dt, d.Indices(), values), nil
	}, nil
}

func isText(dt arrow.DataType) bool {
	return dt.ID() == arrow.STRING || dt.ID() == arrow.LARGE_STRING || dt.ID() == arrow.STRING_VIEW
}

func isBinary(dt arrow.DataType) bool {
	switch dt.ID() {
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW, arrow.FIXED_SIZE_BINARY:
		return true
	}
	return false
}

// asStorage takes the values of an array for those of another type with the same layout.
func asStorage(to arrow.DataType) converter {
	return func(a arrow.Array, _ func(int, error)) (arrow.Array, error) {
		d := a.Data()
		data := array.NewData(to, d.Len(), d.Buffers(), nil, d.NullN(), d.Offset())
		defer data.Release()
		return array.MakeFromData(data), nil
	}
}

// binaryLike are the binary types that lay out their values as the types of text do.
var binaryLike = map[arrow.Type]arrow.DataType{
	arrow.STRING: arrow.BinaryTypes.Binary, arrow.LARGE_STRING: arrow.BinaryTypes.LargeBinary, arrow.STRING_VIEW: arrow.BinaryTypes.BinaryView,
}

// withoutZone takes the zone off timestamps, which count from 1970 in UTC whatever it is.
func withoutZone(unit arrow.TimeUnit) converter { return asStorage(&arrow.TimestampType{Unit: unit}) }

// eachRow builds an array with the value that set appends for each row that is not NULL.
func eachRow(a arrow.Array, b array.Builder, bad func(int, error), set func(row int) error) (arrow.Array, error) {
	defer b.Release()
	b.Reserve(a.Len())
	for row := range a.Len() {
		if a.IsNull(row) {
			b.AppendNull()
		} else if err := set(row); err != nil {
			bad(row, err)
			b.AppendNull()
		}
	}
	return b.NewArray(), nil
}

// fromZone takes timestamps as those of the clock in a zone.
func fromZone(zone *time.Location, unit arrow.TimeUnit) converter {
	return func(a arrow.Array, bad func(int, error)) (arrow.Array, error) {
		b := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: unit})
		times, ok := a.(*array.Timestamp)
		if !ok {
			return nil, fmt.Errorf("%s is not a timestamp", a.DataType())
		}
		perSecond := int64(time.Second) / int64(unit.Multiplier())
		return eachRow(a, b, bad, func(row int) error {
			v := int64(times.Value(row))
			seconds := v / perSecond
			if v%perSecond < 0 {
				seconds--
			}
			wall := time.Unix(seconds, 0).UTC()
			t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
			if t.Hour() != wall.Hour() || t.Minute() != wall.Minute() {
				return errForward(zone)
			}
			b.Append(arrow.Timestamp(v + (t.Unix()-seconds)*perSecond))
			return nil
		})
	}
}

// fromText reads texts as the values of a column.
func fromText(to arrow.DataType, parse parser) converter {
	return func(a arrow.Array, bad func(int, error)) (arrow.Array, error) {
		b := newBuilder(to, parse)
		for row := range a.Len() {
			if a.IsNull(row) {
				b.appendNull()
				continue
			}
			var text []byte
			switch a := a.(type) {
			case array.StringLike:
				text = []byte(a.Value(row))
			case interface{ Value(int) []byte }:
				text = a.Value(row)
			default:
				return nil, fmt.Errorf("%s is not text", a.DataType())
			}
			if err := b.append(text); err != nil {
				bad(row, fmt.Errorf("%.100q cannot be %s: %w", text, Type{Arrow: to}, err))
				b.appendNull()
			}
		}
		return b.array(), nil
	}
}

// asText writes values as text: nested ones as JSON.
func asText(to arrow.DataType) converter {
	return func(a arrow.Array, bad func(int, error)) (arrow.Array, error) {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		return eachRow(a, b, bad, func(row int) error {
			b.Append(a.ValueStr(row))
			return nil
		})
	}
}

// integerAt returns the integer of a row.
func integerAt(a arrow.Array, row int) (*big.Int, error) {
	text := a.ValueStr(row)
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return nil, fmt.Errorf("%q is not an integer", text)
	}
	return n, nil
}

func toFloats(to arrow.DataType) converter {
	bits := to.(arrow.FixedWidthDataType).BitWidth()
	exact := int64(1) << 53
	if bits == 32 {
		exact = 1 << 24
	}
	return func(a arrow.Array, bad func(int, error)) (arrow.Array, error) {
		b := array.NewBuilder(memory.DefaultAllocator, to)
		return eachRow(a, b, bad, func(row int) error {
			var v float64
			switch a := a.(type) {
			case *array.Float32:
				v = float64(a.Value(row))
			case *array.Float16:
				v = float64(a.Value(row).Float32())
			default:
				n, err := integerAt(a, row)
				if err != nil {
					return err
				}
				if n.CmpAbs(big.NewInt(exact)) > 0 {
					return fmt.Errorf("%s is not exact as %s", n, Type{Arrow: to})
				}
				v = float64(n.Int64())
			}
			switch b := b.(type) {
			case *array.Float64Builder:
				b.Append(v)
			case *array.Float32Builder:
				b.Append(float32(v))
			}
			return nil
		})
	}
}

func toDecimals(to *arrow.Decimal128Type) converter {
	return func(a arrow.Array, bad func(int, error)) (arrow.Array, error) {
		b := array.NewDecimal128Builder(memory.DefaultAllocator, to)
		return eachRow(a, b, bad, func(row int) error {
			text := a.ValueStr(row)
			n, err := parseDecimal([]byte(text), int(to.Precision), int(to.Scale))
			if err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
			b.Append(n)
			return nil
		})
	}
}

// toTimestamps takes integers as counts since 1970, and dates as their midnight in UTC.
func toTimestamps(to *arrow.TimestampType, times *timeParser) converter {
	from := times.counts
	if len(times.formats) > 0 {
		from = times.formats[0].unit
	}
	return func(a arrow.Array, bad func(int, error)) (arrow.Array, error) {
		b := array.NewTimestampBuilder(memory.DefaultAllocator, to)
		return eachRow(a, b, bad, func(row int) error {
			var v int64
			var err error
			switch a := a.(type) {
			case *array.Date32:
				v, err = inUnit(int64(a.Value(row))*86400, 0, to.Unit)
			case *array.Date64:
				v, err = count([]byte(strconv.FormatInt(int64(a.Value(row)), 10)), arrow.Millisecond, to.Unit)
			default:
				text := a.ValueStr(row)
				if v, err = count([]byte(text), from, to.Unit); err != nil {
					err = fmt.Errorf("%s: %w", text, err)
				}
			}
			if err == nil {
				b.Append(arrow.Timestamp(v))
			}
			return err
		})
	}
}
