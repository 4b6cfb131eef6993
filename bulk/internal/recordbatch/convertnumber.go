package recordbatch

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
)

// convertNumbers returns an integer, FLOAT or DOUBLE column. It checks each integer of
// another width or sign, and each DOUBLE for a FLOAT. It refuses other types, whose values
// would be rounded: the user must cast them.
func convertNumbers(t column.Type, a arrow.Array) (Column, error) {
	if arrow.TypeEqual(a.DataType(), catalog.ArrowType(t)) {
		return fixedWidth(t, a)
	}
	switch k := t.Kind(); {
	case k == column.Float32:
		if f, ok := a.(*array.Float64); ok {
			return narrowFloats(t, f)
		}
	case k >= column.Int8 && k <= column.Uint64:
		if set := integerSetter(t, a); set != nil {
			return convertCells(t, a, set)
		}
	}
	return Column{}, errNoCast
}

// convertCells returns a column of the rows of an array. set sets a cell to the value of a row
// that is not NULL.
func convertCells(t column.Type, a arrow.Array, set func(c *column.Cell, row int) error) (Column, error) {
	var cell column.Cell
	return copyValues(t, a, func(dst []byte, row int) ([]byte, error) {
		if err := set(&cell, row); err != nil {
			return nil, err
		}
		return cell.AppendArrow(dst, t.ArrowWidth()), nil
	})
}

// integerSetter returns a function that sets a cell to an integer of the array. The function
// returns an error if the integer is out of the column's range. integerSetter returns nil for
// an array of another type.
func integerSetter(t column.Type, a arrow.Array) func(c *column.Cell, row int) error {
	switch a := a.(type) {
	case *array.Int8:
		return func(c *column.Cell, row int) error { return c.SetInt(t, int64(a.Value(row))) }
	case *array.Int16:
		return func(c *column.Cell, row int) error { return c.SetInt(t, int64(a.Value(row))) }
	case *array.Int32:
		return func(c *column.Cell, row int) error { return c.SetInt(t, int64(a.Value(row))) }
	case *array.Int64:
		return func(c *column.Cell, row int) error { return c.SetInt(t, a.Value(row)) }
	case *array.Uint8:
		return func(c *column.Cell, row int) error { return c.SetUint(t, uint64(a.Value(row))) }
	case *array.Uint16:
		return func(c *column.Cell, row int) error { return c.SetUint(t, uint64(a.Value(row))) }
	case *array.Uint32:
		return func(c *column.Cell, row int) error { return c.SetUint(t, uint64(a.Value(row))) }
	case *array.Uint64:
		return func(c *column.Cell, row int) error { return c.SetUint(t, a.Value(row)) }
	}
	return nil
}

// narrowFloats returns a FLOAT column of DOUBLEs that are exact as FLOATs.
func narrowFloats(t column.Type, a *array.Float64) (Column, error) {
	return convertCells(t, a, func(c *column.Cell, row int) error {
		v := a.Value(row)
		if float64(float32(v)) != v && !math.IsNaN(v) {
			return &column.Error{Type: t, Value: v, Reason: "not exact as a FLOAT; cast the array to float32 if rounding is meant"}
		}
		return c.SetFloat64(t, v)
	})
}
