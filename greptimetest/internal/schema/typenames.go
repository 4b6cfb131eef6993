package schema

import (
	"fmt"
	"strconv"
	"strings"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow"
)

// ProtoType returns the type without parameters that a declaration of the protocol names.
func ProtoType(dt v1.ColumnDataType) (Type, bool) {
	for k, info := range kinds {
		if info.proto == dt && k != Decimal && k != Vector {
			return Type{Kind: k}, true
		}
	}
	return Type{}, false
}

// UnitName returns the unit of a timestamp type as error texts print it.
func UnitName(t Type) string {
	return strings.TrimPrefix(t.Name(), "Timestamp")
}

// CastName returns a type as Arrow's cast errors print it.
func CastName(t Type) string {
	switch t.Kind {
	case Date:
		return "Date32"
	case TimestampSecond:
		return "Timestamp(s)"
	case TimestampMilli:
		return "Timestamp(ms)"
	case TimestampMicro:
		return "Timestamp(µs)"
	case TimestampNano:
		return "Timestamp(ns)"
	case Decimal:
		return "Decimal128(" + strconv.Itoa(int(t.Precision)) + ", " + strconv.Itoa(int(t.Scale)) + ")"
	}
	return t.Name()
}

// ArrowName returns a type as a plan error prints it.
func (t Type) ArrowName() string {
	switch {
	case t.Kind == String:
		return "Utf8"
	case t.Kind == Bool, t.IsInteger(), t.IsFloat():
		return t.Name()
	}
	return t.Arrow().String()
}

// TypeOf returns the column type whose values have this Arrow type; the zero Type
// if there is none.
func TypeOf(dt arrow.DataType) Type {
	switch dt.ID() {
	case arrow.STRING_VIEW, arrow.LARGE_STRING:
		return Type{Kind: String}
	case arrow.BINARY_VIEW, arrow.LARGE_BINARY:
		return Type{Kind: Binary}
	case arrow.DECIMAL128:
		d := dt.(*arrow.Decimal128Type)
		return Type{Kind: Decimal, Precision: d.Precision, Scale: d.Scale}
	case arrow.TIMESTAMP:
		if dt.(*arrow.TimestampType).TimeZone != "" {
			return Type{}
		}
	}
	for k := Bool; k <= TimeNano; k++ {
		if arrow.TypeEqual(kinds[k].arrow, dt) {
			return Type{Kind: k}
		}
	}
	return Type{}
}

// DuckType finds a type by DuckDB's name for it.
func DuckType(id string) (Type, bool) {
	switch id {
	case "INTEGER":
		return Type{Kind: Int32}, true
	case "BIGINT":
		return Type{Kind: Int64}, true
	}
	for k, info := range kinds {
		t := Type{Kind: k}
		if info.duck == id && !t.IsTime() && k != JSON && k != Vector {
			return t, true
		}
	}
	return Type{}, false
}

// ArrowType returns the column type that an Arrow type's name stands for.
func ArrowType(name string) (Type, bool) {
	switch name {
	case "Utf8":
		return Type{Kind: String}, true
	case "Date32":
		return Type{Kind: Date}, true
	case "Timestamp(Second, None)":
		return Type{Kind: TimestampSecond}, true
	case "Timestamp(Millisecond, None)":
		return Type{Kind: TimestampMilli}, true
	case "Timestamp(Microsecond, None)":
		return Type{Kind: TimestampMicro}, true
	case "Timestamp(Nanosecond, None)":
		return Type{Kind: TimestampNano}, true
	}
	var p, s int32
	if n, _ := fmt.Sscanf(name, "Decimal128(%d,%d)", &p, &s); n == 2 && p >= 1 && p <= 38 && s >= 0 && s <= p {
		return Type{Kind: Decimal, Precision: p, Scale: s}, true
	}
	for k := Bool; k <= Binary; k++ {
		if k != String && kinds[k].name == name {
			return Type{Kind: k}, true
		}
	}
	return Type{}, false
}
