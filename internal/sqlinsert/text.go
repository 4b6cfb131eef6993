package sqlinsert

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/greptime-go/greptime/internal/column"
)

// SetString sets text. It reads numbers and times only in the forms for which the server's
// reading is known.
func (c *Cell) SetString(t column.Type, v string) error {
	switch k := t.Kind(); {
	case k == column.Binary && !utf8.ValidString(v):
		return errText // the text of a statement cannot contain it
	case k == column.JSON && column.IsJSONOutOfRange(v):
		return errJSONNumber
	case k == column.String, k == column.Binary, k == column.JSON:
		if c.cell.SetString(t, v) != nil {
			return errText
		}
		return nil
	case k == column.Decimal:
		err := c.setDecimal(t, v)
		if err == nil && (v[0] == '+' || v[0] == '.' || v[len(v)-1] == '.' || strings.HasPrefix(v, "-.")) {
			return errText
		}
		return err
	case k == column.Vector:
		return c.setVectorText(t, v)
	case k == column.Date:
		day, err := time.Parse(time.DateOnly, v)
		switch {
		case err != nil || len(v) != len(time.DateOnly):
			return errText
		case !c.UTC:
			return errNaiveTime
		}
		return c.SetDate(t, day.Year(), int32(day.Unix()/secondsPerDay))
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

// setVectorText sets the text of a vector without spaces. The server turns a number that is
// too large into an infinity.
func (c *Cell) setVectorText(t column.Type, v string) error {
	switch err := c.cell.SetString(t, v); {
	case err != nil && column.IsVectorOutOfRange(v):
		return errOverflow
	case err != nil || strings.ContainsAny(v, " \t\r\n"):
		return errText
	}
	return nil
}

// SetBytes sets bytes, which are X'…' in the text. JSON columns refuse that, and accept bytes
// in the form in which they are read, JSON text. nil is NULL.
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
	case column.JSON:
		return c.SetJSON(t, v)
	}
	return errNoPair
}

// SetJSON sets JSON text, which is a string for columns that are not JSON. nil is NULL.
func (c *Cell) SetJSON(t column.Type, v json.RawMessage) error {
	if v == nil {
		c.SetNull()
		return nil
	}
	switch k := t.Kind(); k {
	case column.JSON, column.String, column.Binary:
		if k == column.JSON && column.IsJSONOutOfRange(v) {
			return errJSONNumber
		}
		if c.cell.SetJSON(t, v) != nil {
			return errText
		}
		return nil
	case column.Decimal, column.Vector: // for which it is text
		return leftToServer(c.SetString(t, string(v)))
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
