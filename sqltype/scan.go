package sqltype

import (
	"database/sql"
	"database/sql/driver"
	"encoding"
	"fmt"
)

// valueType has the methods that all types of the package have in common.
type valueType interface {
	driver.Valuer
	encoding.TextMarshaler
	fmt.Stringer
}

var (
	_ valueType = Date{}
	_ valueType = TimeOfDay(0)
	_ valueType = Decimal("")
	_ valueType = Interval{}
	_ valueType = Vector(nil)

	_ sql.Scanner = (*Date)(nil)
	_ sql.Scanner = (*TimeOfDay)(nil)
	_ sql.Scanner = (*Decimal)(nil)
	_ sql.Scanner = (*Interval)(nil)
	_ sql.Scanner = (*Vector)(nil)

	_ encoding.TextUnmarshaler = (*Date)(nil)
	_ encoding.TextUnmarshaler = (*TimeOfDay)(nil)
	_ encoding.TextUnmarshaler = (*Decimal)(nil)
	_ encoding.TextUnmarshaler = (*Interval)(nil)
	_ encoding.TextUnmarshaler = (*Vector)(nil)
)

// scanText passes the text in src to parse. typeName is the destination, for errors.
func scanText[T any](dst *T, src any, typeName string, parse func(string) (T, error)) error {
	var text string
	switch src := src.(type) {
	case string:
		text = src
	case []byte:
		text = string(src)
	case nil:
		return fmt.Errorf("greptime: NULL does not fit a %[1]s; scan into a sql.Null[%[1]s] or a **%[1]s", typeName)
	default:
		return fmt.Errorf("greptime: a %T does not fit a %s; select a column of that type, or its text", src, typeName)
	}
	value, err := parse(text)
	if err != nil {
		return err
	}
	*dst = value
	return nil
}

// unmarshalText implements UnmarshalText for a type that parse reads.
func unmarshalText[T any](dst *T, text []byte, parse func(string) (T, error)) error {
	value, err := parse(string(text))
	if err != nil {
		return err
	}
	*dst = value
	return nil
}
