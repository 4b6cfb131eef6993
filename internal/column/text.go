package column

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

const (
	reasonUTF8        = "not valid UTF-8"
	reasonJSON        = "not valid JSON text"
	reasonJSONNumber  = "it has a number beyond the range of a float64"
	reasonTextNumber  = "text is not a number; parse it"
	reasonVectorRange = "it has a number beyond the range of a float32"
	reasonVector      = "write it like [1,2.5], or pass greptime.Vector or []float32"
)

// SetString sets text. These types accept it: STRING (valid UTF-8), VARBINARY (the bytes),
// JSON (valid JSON text), DECIMAL (see SetDecimal), DATE (2006-01-02), TIME
// (15:04:05.999999999), timestamps (RFC 3339, including the zone, so that no setting
// changes the meaning) and VECTOR ([1,2.5], the form in which it is read).
func (c *Cell) SetString(t Type, v string) error {
	switch k := t.Kind(); {
	case k == String:
		if !utf8.ValidString(v) {
			return refuse(t, v, reasonUTF8)
		}
		return c.setText(v)
	case k == Binary:
		return c.setText(v)
	case k == JSON:
		// This copy is reused; []byte(v) would allocate each time.
		c.json = append(c.json[:0], v...)
		if reason := notJSON(c.json); reason != "" {
			return refuse(t, v, reason)
		}
		return c.setText(v)
	case k == Decimal:
		return c.SetDecimal(t, v)
	case k == Date:
		at, err := time.Parse(time.DateOnly, v)
		if err != nil {
			return refuse(t, v, "write it like 2006-01-02")
		}
		return c.SetTime(t, at)
	case k.IsTimestamp():
		at, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return refuse(t, v, "write it like 2006-01-02T15:04:05.999999999Z, with a zone, or pass a time.Time")
		}
		if err := c.SetTime(t, at); err != nil {
			return refuse(t, v, reasonTimestampRange)
		}
		return nil
	case k.IsTimeOfDay():
		at, err := time.Parse(time.TimeOnly, v)
		if err != nil {
			return refuse(t, v, "write it like 15:04:05.999999999")
		}
		return c.SetTime(t, at)
	case k == Vector:
		return c.setVectorText(t, v)
	case k == Boolean:
		return refuse(t, v, "text is not a bool; parse it")
	}
	return refuse(t, v, reasonTextNumber)
}

// SetBytes sets bytes. These types accept them: VARBINARY, STRING (valid UTF-8), JSON
// (valid JSON text) and VECTOR (four little-endian bytes per number). nil is NULL.
func (c *Cell) SetBytes(t Type, v []byte) error {
	if v == nil {
		c.SetNull()
		return nil
	}
	switch t.Kind() {
	case Binary:
		return c.setBytes(v)
	case String:
		if !utf8.Valid(v) {
			return refuse(t, v, reasonUTF8)
		}
		return c.setBytes(v)
	case JSON:
		return c.SetJSON(t, v)
	case Vector:
		if len(v) != 4*t.Dim() {
			return refuse(t, v, fmt.Sprintf("%d bytes, but the vector takes %d: four for each number", len(v), 4*t.Dim()))
		}
		return c.setBytes(v)
	}
	return refuse(t, v, "bytes do not fit this type")
}

// SetJSON checks and sets JSON text, for JSON, STRING and VARBINARY. nil is NULL.
func (c *Cell) SetJSON(t Type, v json.RawMessage) error {
	if v == nil {
		c.SetNull()
		return nil
	}
	switch t.Kind() {
	case JSON:
		if reason := notJSON(v); reason != "" {
			return refuse(t, string(v), reason)
		}
		return c.setBytes(v)
	case String, Binary:
		if !isJSON(v) {
			return refuse(t, string(v), reasonJSON)
		}
		return c.setBytes(v)
	}
	return refuse(t, string(v), "JSON text fits JSON, STRING and VARBINARY")
}
