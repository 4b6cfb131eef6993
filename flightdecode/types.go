package flightdecode

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

// typeID is the tag of the union Type in Schema.fbs.
type typeID uint8

const (
	typeNull typeID = iota + 1
	typeInt
	typeFloatingPoint
	typeBinary
	typeUtf8
	typeBool
	typeDecimal
	typeDate
	typeTime
	typeTimestamp
	typeInterval
	typeList
	typeStruct
	typeUnion
	typeFixedSizeBinary
	typeFixedSizeList
	typeMap
	typeDuration
	typeLargeBinary
	typeLargeUtf8
	typeLargeList
	typeRunEndEncoded
	typeBinaryView
	typeUtf8View
	typeListView
	typeLargeListView
)

// refusedTypes are the types that are not decoded. GreptimeDB sends none of them.
var refusedTypes = map[typeID]string{
	typeUnion:         "Union",
	typeRunEndEncoded: "RunEndEncoded",
	typeListView:      "ListView",
	typeLargeListView: "LargeListView",
}

// Slots of the tables of types.
const (
	intBitWidth = 0
	intIsSigned = 1

	floatingPointPrecision = 0

	decimalPrecision = 0
	decimalScale     = 1
	decimalBitWidth  = 2

	unitSlot     = 0 // Date, Time, Timestamp, Interval, Duration
	timeBitWidth = 1
	timestampTZ  = 1

	fixedSizeBinaryWidth = 0
	fixedSizeListSize    = 0
	mapKeysSorted        = 0
)

// setType sets the type and the layout of c.
func (c *column) setType(id typeID, params table, children []arrow.Field) error {
	switch id {
	case typeNull:
		c.dtype, c.layout = arrow.Null, layoutNull
	case typeBool:
		c.dtype, c.layout = arrow.FixedWidthTypes.Boolean, layoutBoolean
	case typeUtf8:
		c.dtype, c.layout = arrow.BinaryTypes.String, layoutBinary
	case typeBinary:
		c.dtype, c.layout = arrow.BinaryTypes.Binary, layoutBinary
	case typeLargeUtf8:
		c.dtype, c.layout = arrow.BinaryTypes.LargeString, layoutLargeBinary
	case typeLargeBinary:
		c.dtype, c.layout = arrow.BinaryTypes.LargeBinary, layoutLargeBinary
	case typeUtf8View:
		c.dtype, c.layout = arrow.BinaryTypes.StringView, layoutView
	case typeBinaryView:
		c.dtype, c.layout = arrow.BinaryTypes.BinaryView, layoutView
	case typeList, typeLargeList, typeFixedSizeList, typeStruct, typeMap:
		return c.setNestedType(id, params, children)
	default:
		if name, ok := refusedTypes[id]; ok {
			return c.errorf("type %s is not supported: cast the column to another type", name)
		}
		dtype, err := fixedWidthType(id, params)
		if err != nil {
			return c.errorf("%w", err)
		}
		c.dtype, c.layout, c.width = dtype, layoutFixed, byteWidth(dtype)
	}
	if len(children) != 0 {
		return c.errorf("its type %s has no children, but the schema names %d", c.dtype, len(children))
	}
	return nil
}

func (c *column) setNestedType(id typeID, params table, children []arrow.Field) error {
	if id == typeStruct {
		c.dtype, c.layout = arrow.StructOf(children...), layoutStruct
		return nil
	}
	if len(children) != 1 {
		return c.errorf("a list or map has one child, but the schema names %d", len(children))
	}
	child := children[0]
	switch id {
	case typeList:
		c.dtype, c.layout = arrow.ListOfField(child), layoutList
	case typeLargeList:
		c.dtype, c.layout = arrow.LargeListOfField(child), layoutLargeList
	case typeFixedSizeList:
		size := params.int32(fixedSizeListSize, 0)
		if size <= 0 {
			return c.errorf("a fixed size list of %d values is not supported", size)
		}
		c.dtype, c.layout, c.width = arrow.FixedSizeListOfField(size, child), layoutFixedList, int(size)
	case typeMap:
		entries, ok := child.Type.(*arrow.StructType)
		if !ok || child.Nullable || entries.NumFields() != 2 || entries.Field(0).Nullable {
			return c.errorf("the entries of a map must be structs of a key and a value; entries and keys must not be nullable")
		}
		m := arrow.MapOfFields(entries.Field(0), entries.Field(1))
		m.KeysSorted = params.bool(mapKeysSorted)
		c.dtype, c.layout = m, layoutMap
		// MapOfFields gives the entries names of its own, the same as arrow-go's.
		c.children[0].dtype = m.Elem()
	}
	return nil
}

// fixedWidthType returns a type whose values all have the same number of bytes.
func fixedWidthType(id typeID, params table) (arrow.DataType, error) {
	unit := params.int16(unitSlot, defaultUnit(id))
	var dtype arrow.DataType
	switch id {
	case typeInt:
		dtype = intType(params)
	case typeFloatingPoint:
		dtype = nth(params.int16(floatingPointPrecision, 0),
			arrow.FixedWidthTypes.Float16, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64)
	case typeDecimal:
		return decimalType(params)
	case typeDate:
		dtype = nth(unit, arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Date64)
	case typeTime:
		switch params.int32(timeBitWidth, 32) {
		case 32:
			dtype = nth(unit, arrow.FixedWidthTypes.Time32s, arrow.FixedWidthTypes.Time32ms)
		case 64:
			dtype = nth(unit, nil, nil, arrow.FixedWidthTypes.Time64us, arrow.FixedWidthTypes.Time64ns)
		}
	case typeTimestamp:
		// Schema.fbs and arrow-go number units in the same way: second, milli, micro, nano.
		if unit >= 0 && unit <= int16(arrow.Nanosecond) {
			dtype = &arrow.TimestampType{Unit: arrow.TimeUnit(unit), TimeZone: params.string(timestampTZ)}
		}
	case typeInterval:
		dtype = nth(unit, arrow.FixedWidthTypes.MonthInterval, arrow.FixedWidthTypes.DayTimeInterval, arrow.FixedWidthTypes.MonthDayNanoInterval)
	case typeDuration:
		dtype = nth(unit, arrow.FixedWidthTypes.Duration_s, arrow.FixedWidthTypes.Duration_ms,
			arrow.FixedWidthTypes.Duration_us, arrow.FixedWidthTypes.Duration_ns)
	case typeFixedSizeBinary:
		if width := params.int32(fixedSizeBinaryWidth, 0); width >= 0 {
			dtype = &arrow.FixedSizeBinaryType{ByteWidth: int(width)}
		}
	default:
		return nil, fmt.Errorf("type number %d is unknown", id)
	}
	if dtype == nil {
		return nil, fmt.Errorf("type number %d has an impossible unit, precision or width", id)
	}
	return dtype, nil
}

// defaultUnit returns the meaning of an absent unit: Schema.fbs chose milliseconds for
// most types.
func defaultUnit(id typeID) int16 {
	if id == typeTimestamp || id == typeInterval {
		return 0
	}
	return 1
}

func nth(i int16, dtypes ...arrow.DataType) arrow.DataType {
	if i < 0 || int(i) >= len(dtypes) {
		return nil
	}
	return dtypes[i]
}

// intType returns the integer type of an Int table, or nil.
func intType(params table) arrow.DataType {
	signed := params.bool(intIsSigned)
	switch params.int32(intBitWidth, 0) {
	case 8:
		return either(signed, arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Uint8)
	case 16:
		return either(signed, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Uint16)
	case 32:
		return either(signed, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Uint32)
	case 64:
		return either(signed, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint64)
	}
	return nil
}

func either(signed bool, yes, no arrow.DataType) arrow.DataType {
	if signed {
		return yes
	}
	return no
}

// decimalType checks precision and scale: a scale beyond their bounds would make
// readers compute an arbitrarily large power of ten to print a value.
func decimalType(params table) (arrow.DataType, error) {
	precision, scale := params.int32(decimalPrecision, 0), params.int32(decimalScale, 0)
	width := params.int32(decimalBitWidth, 128)
	var most int32
	var dtype arrow.DataType
	switch width {
	case 32:
		most, dtype = 9, &arrow.Decimal32Type{Precision: precision, Scale: scale}
	case 64:
		most, dtype = 18, &arrow.Decimal64Type{Precision: precision, Scale: scale}
	case 128:
		most, dtype = 38, &arrow.Decimal128Type{Precision: precision, Scale: scale}
	case 256:
		most, dtype = 76, &arrow.Decimal256Type{Precision: precision, Scale: scale}
	default:
		return nil, fmt.Errorf("decimals of %d bits are unknown", width)
	}
	if precision < 1 || precision > most || scale < -most || scale > most {
		return nil, fmt.Errorf("a decimal of %d bits cannot have precision %d and scale %d", width, precision, scale)
	}
	return dtype, nil
}
