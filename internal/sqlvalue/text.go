package sqlvalue

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/greptime-go/greptime/internal/column"
)

// SetString sets text. Of numbers and times it reads the forms of which it is known
// how the server reads them.
func (c *Cell) SetString(t column.Type, v string) error {
	switch k := t.Kind(); {
	case k == column.Binary && !utf8.ValidString(v):
		return errText // which the text of a statement cannot have
	case k == column.String, k == column.Binary, k == column.JSON:
		if c.cell.SetString(t, v) != nil {
			return errText
		}
		return nil
	case k == column.Decimal:
		if v == "" || v[0] == '+' || v[0] == '.' || v[len(v)-1] == '.' || strings.HasPrefix(v, "-.") {
			return errText
		}
		return c.setDecimal(t, v)
	case k == column.Date:
		day, err := time.Parse(time.DateOnly, v)
		switch {
		case err != nil || len(v) != len(time.DateOnly):
			return errText
		case !c.UTC:
			return errNaiveTime
		}
		return c.SetDate(t, day.Year(), int32(day.Unix()/(24*60*60)))
	case k.IsTimestamp():
		at, zoned, ok := parseTime(v)
		switch {
		case !ok:
			return errText
		case !zoned && !c.UTC:
			return errNaiveTime
		case isWrittenInNanoseconds(v) && c.cell.SetTime(column.Of(column.TimestampNanosecond), at) != nil:
			return errRange // see SetTime: the digits may be zeros
		}
		return c.SetTime(t, at)
	}
	return errNoPair
}

// SetBytes sets what X'…' stands for. nil is NULL.
func (c *Cell) SetBytes(t column.Type, v []byte) error {
	if v == nil {
		c.SetNull()
		return nil
	}
	switch t.Kind() {
	case column.Binary, column.Vector: // a vector of another length is refused
		return textUnless(c.cell.SetBytes(t, v))
	case column.String:
		if c.cell.SetBytes(t, v) != nil {
			return errNotUTF8
		}
		return nil
	}
	return errNoPair
}

// SetJSON sets JSON text, which is a string to the columns that are not JSON. nil is
// NULL.
func (c *Cell) SetJSON(t column.Type, v json.RawMessage) error {
	if v == nil {
		c.SetNull()
		return nil
	}
	switch t.Kind() {
	case column.JSON, column.String, column.Binary:
		if c.cell.SetJSON(t, v) != nil {
			return errText
		}
		return nil
	}
	return errNoPair
}

// SetVector sets the numbers of a VECTOR. nil is NULL.
func (c *Cell) SetVector(t column.Type, v []float32) error {
	if v != nil && t.Kind() != column.Vector {
		return errNoPair
	}
	return textUnless(c.cell.SetVector(t, v)) // one of another length is refused
}
