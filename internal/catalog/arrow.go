package catalog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/internal/column"
)

// metadataType is the key under which GreptimeDB stores the real type of a Binary column.
const metadataType = "greptime:type"

// TypeOf returns the column type for a field of the result of a plain SELECT.
func TypeOf(f arrow.Field) (column.Type, error) {
	switch dt := f.Type.(type) {
	case *arrow.BooleanType:
		return column.Of(column.Boolean), nil
	case *arrow.Int8Type:
		return column.Of(column.Int8), nil
	case *arrow.Int16Type:
		return column.Of(column.Int16), nil
	case *arrow.Int32Type:
		return column.Of(column.Int32), nil
	case *arrow.Int64Type:
		return column.Of(column.Int64), nil
	case *arrow.Uint8Type:
		return column.Of(column.Uint8), nil
	case *arrow.Uint16Type:
		return column.Of(column.Uint16), nil
	case *arrow.Uint32Type:
		return column.Of(column.Uint32), nil
	case *arrow.Uint64Type:
		return column.Of(column.Uint64), nil
	case *arrow.Float32Type:
		return column.Of(column.Float32), nil
	case *arrow.Float64Type:
		return column.Of(column.Float64), nil
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return column.Of(column.String), nil
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType:
		return binaryType(f)
	case *arrow.Date32Type:
		return column.Of(column.Date), nil
	case *arrow.TimestampType:
		return column.Of(column.TimestampSecond + column.Kind(dt.Unit)), nil
	case *arrow.Time32Type:
		return column.Of(column.TimeSecond + column.Kind(dt.Unit)), nil
	case *arrow.Time64Type:
		return column.Of(column.TimeSecond + column.Kind(dt.Unit)), nil
	case *arrow.Decimal128Type:
		t := column.DecimalOf(int(dt.Precision), int(dt.Scale))
		if t.Check() != nil {
			return 0, fmt.Errorf("no column has its type %s", f.Type)
		}
		return t, nil
	}
	return 0, fmt.Errorf("its Arrow type %s has no column type that can be written", f.Type)
}

// binaryType distinguishes VARBINARY, JSON and VECTOR by the field's metadata.
func binaryType(f arrow.Field) (column.Type, error) {
	mark, ok := f.Metadata.GetValue(metadataType)
	switch {
	case hasJSON2Extension(f):
		return 0, errJSON2
	case !ok:
		return column.Of(column.Binary), nil
	case mark == "Json":
		return column.Of(column.JSON), nil
	}
	dim, isVector := strings.CutPrefix(mark, "Vector(")
	dim, closed := strings.CutSuffix(dim, ")")
	n, err := strconv.ParseUint(dim, 10, 31)
	if !isVector || !closed || err != nil || n == 0 {
		return 0, fmt.Errorf("its type %.100q is unknown", mark)
	}
	return column.VectorOf(int(n)), nil
}

var errJSON2 = errors.New("JSON2 columns accept neither native inserts nor bulk loads; insert such rows with INSERT INTO … VALUES, which accepts JSON text for a JSON2 column")

// hasJSON2Extension reports whether a field is marked as a JSON2 column, of GreptimeDB 1.2
// and later. GreptimeDB 1.0 marks JSON columns with greptime.json, too, but with other
// metadata.
func hasJSON2Extension(f arrow.Field) bool {
	name, _ := f.Metadata.GetValue("ARROW:extension:name")
	metadata, _ := f.Metadata.GetValue("ARROW:extension:metadata")
	return name == "greptime.json2" || name == "greptime.json" && strings.Contains(metadata, `"json_settings"`)
}

// isJSON2 reports whether a type in the output of DESC TABLE is JSON2.
func isJSON2(typeName string) bool { return strings.HasPrefix(strings.ToLower(typeName), "json2") }

// ArrowType returns the Arrow type in which DoPut expects values of a column type;
// GreptimeDB 1.0.2 casts nothing. It returns nil for types that no column has.
func ArrowType(t column.Type) arrow.DataType {
	switch k := t.Kind(); k {
	case column.Boolean:
		return arrow.FixedWidthTypes.Boolean
	case column.Int8:
		return arrow.PrimitiveTypes.Int8
	case column.Int16:
		return arrow.PrimitiveTypes.Int16
	case column.Int32:
		return arrow.PrimitiveTypes.Int32
	case column.Int64:
		return arrow.PrimitiveTypes.Int64
	case column.Uint8:
		return arrow.PrimitiveTypes.Uint8
	case column.Uint16:
		return arrow.PrimitiveTypes.Uint16
	case column.Uint32:
		return arrow.PrimitiveTypes.Uint32
	case column.Uint64:
		return arrow.PrimitiveTypes.Uint64
	case column.Float32:
		return arrow.PrimitiveTypes.Float32
	case column.Float64:
		return arrow.PrimitiveTypes.Float64
	case column.String:
		return arrow.BinaryTypes.String
	case column.Binary, column.JSON, column.Vector:
		return arrow.BinaryTypes.Binary
	case column.Date:
		return arrow.FixedWidthTypes.Date32
	case column.TimestampSecond, column.TimestampMillisecond, column.TimestampMicrosecond, column.TimestampNanosecond:
		return &arrow.TimestampType{Unit: arrow.TimeUnit(k - column.TimestampSecond)}
	case column.TimeSecond, column.TimeMillisecond:
		return &arrow.Time32Type{Unit: arrow.TimeUnit(k - column.TimeSecond)}
	case column.TimeMicrosecond, column.TimeNanosecond:
		return &arrow.Time64Type{Unit: arrow.TimeUnit(k - column.TimeSecond)}
	case column.Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Precision()), Scale: int32(t.Scale())}
	}
	return nil
}

// Arrow returns the table as the Arrow schema that DoPut expects: in the table's order, with
// GreptimeDB's marks on JSON and VECTOR columns and on the time index.
func (t *Table) Arrow() *arrow.Schema {
	fields := make([]arrow.Field, len(t.Columns))
	for i, c := range t.Columns {
		fields[i] = arrow.Field{Name: c.Name, Type: ArrowType(c.Type), Nullable: c.Nullable}
		switch k := c.Type.Kind(); {
		case k == column.JSON:
			fields[i].Metadata = arrow.NewMetadata([]string{metadataType}, []string{"Json"})
		case k == column.Vector:
			fields[i].Metadata = arrow.NewMetadata([]string{metadataType}, []string{fmt.Sprintf("Vector(%d)", c.Type.Dim())})
		case c.Role == TimeIndex:
			fields[i].Metadata = arrow.NewMetadata([]string{"greptime:time_index"}, []string{"true"})
		}
	}
	return arrow.NewSchema(fields, nil)
}
