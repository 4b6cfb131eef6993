package catalog

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/int128"
)

// metadataDefault is the key under which GreptimeDB stores the DEFAULT of a column: JSON such
// as {"Value":{"Int32":5}}, {"Value":"Null"} or {"Function":"now()"}.
const metadataDefault = "greptime:default_constraint"

// SetDefault sets the cell to the column's DEFAULT if that is a constant. It sets the cell to
// NULL if the column has no DEFAULT, or one that is a function. It returns an error for a
// constant of an unknown form.
func (c *Column) SetDefault(cell *column.Cell) error {
	cell.SetNull()
	if c.constraint == "" {
		return c.setDescribed(cell)
	}
	var constraint struct {
		Value    json.RawMessage
		Function *string
	}
	if err := json.Unmarshal([]byte(c.constraint), &constraint); err != nil {
		return c.unknownDefault(c.constraint)
	}
	if constraint.Function != nil || string(constraint.Value) == `"Null"` {
		return nil
	}
	var byType map[string]json.RawMessage
	if err := json.Unmarshal(constraint.Value, &byType); err != nil || len(byType) != 1 {
		return c.unknownDefault(c.constraint)
	}
	for _, value := range byType {
		if err := c.setConstant(cell, value); err != nil {
			return c.unknownDefault(c.constraint)
		}
	}
	return nil
}

// setDescribed sets the cell to a DEFAULT for which there is only the text in DESC TABLE.
func (c *Column) setDescribed(cell *column.Cell) error {
	value := json.RawMessage(c.Default)
	switch k := c.Type.Kind(); {
	case c.Default == "", k.IsTimestamp() && (strings.HasSuffix(c.Default, "()") || strings.EqualFold(c.Default, "current_timestamp")):
		return nil
	case k == column.String:
		quoted, err := json.Marshal(c.Default)
		if err != nil {
			return c.unknownDefault(c.Default)
		}
		value = quoted
	}
	if err := c.setConstant(cell, value); err != nil {
		return c.unknownDefault(c.Default)
	}
	return nil
}

func (c *Column) unknownDefault(text string) error {
	return fmt.Errorf("its DEFAULT (%.100s) is not understood", text)
}

// unitNames are GreptimeDB's names of time units.
var unitNames = [...]string{arrow.Second: "Second", arrow.Millisecond: "Millisecond", arrow.Microsecond: "Microsecond", arrow.Nanosecond: "Nanosecond"}

// setConstant sets the cell to a constant in the form in which GreptimeDB writes values of
// the column's type.
func (c *Column) setConstant(cell *column.Cell, value json.RawMessage) error {
	switch k := c.Type.Kind(); {
	case k == column.String:
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return err
		}
		return cell.SetString(c.Type, text)
	case k == column.Boolean:
		var b bool
		if err := json.Unmarshal(value, &b); err != nil {
			return err
		}
		return cell.SetBool(c.Type, b)
	case k == column.Float32, k == column.Float64:
		f, err := strconv.ParseFloat(string(value), 64)
		if err != nil {
			return err
		}
		return cell.SetFloat64(c.Type, f)
	case k == column.Uint64:
		n, err := strconv.ParseUint(string(value), 10, 64)
		if err != nil {
			return err
		}
		return cell.SetUint(c.Type, n)
	case k == column.Date:
		return c.setUnits(cell, value)
	case k.IsTimestamp(), k.IsTimeOfDay():
		var t struct {
			Value json.RawMessage
			Unit  string
		}
		if err := json.Unmarshal(value, &t); err != nil {
			return err
		}
		if unit := ArrowType(c.Type).(arrow.TemporalWithUnit).TimeUnit(); t.Unit != unitNames[unit] {
			return fmt.Errorf("unit %q", t.Unit)
		}
		return c.setUnits(cell, t.Value)
	case k == column.Decimal:
		var d struct {
			Value            json.Number
			Precision, Scale int
		}
		if err := json.Unmarshal(value, &d); err != nil {
			return err
		}
		if d.Scale < 0 || d.Scale > column.MaxPrecision {
			return fmt.Errorf("scale %d", d.Scale)
		}
		n, ok := new(big.Int).SetString(string(d.Value), 10)
		if !ok {
			return fmt.Errorf("%s is not an integer", d.Value)
		}
		unscaled, ok := int128.FromBig(n)
		if !ok {
			return fmt.Errorf("%s is too long", d.Value)
		}
		return cell.SetDecimal(c.Type, int128.Decimal(unscaled, int32(d.Scale)))
	}
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return err
	}
	return cell.SetInt(c.Type, n)
}

// setUnits sets the cell to a number of the column's own units since 1970, or since
// midnight.
func (c *Column) setUnits(cell *column.Cell, value json.RawMessage) error {
	n, err := strconv.ParseInt(string(value), 10, 8*c.Type.ArrowWidth())
	if err != nil {
		return err
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	cell.ReadArrow(c.Type, b[:c.Type.ArrowWidth()])
	return nil
}

// SameDefault reports whether the columns have the same DEFAULT.
func (c *Column) SameDefault(other *Column) bool {
	return c.Default == other.Default && c.constraint == other.constraint
}
