package greptimebun

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/schema"
)

// writerOf returns how the values of a field are written if its column needs another form than
// bun's, or nil.
func (d *Dialect) writerOf(field *schema.Field) schema.AppenderFunc {
	column := strings.ToUpper(strings.ReplaceAll(field.CreateTableSQLType, " ", ""))
	if column == "DATE" && field.IndirectType.Kind() == reflect.String {
		return ofPointer(d.appendDateText)
	}
	switch field.IndirectType {
	case reflect.TypeFor[json.RawMessage]():
		if column == "JSON" {
			return ofPointer(appendRawJSON)
		}
	case reflect.TypeFor[time.Time]():
		if column == "DATE" {
			return ofPointer(appendDate)
		}
		if unit, ok := units[column]; ok {
			return ofPointer(coarseTimeWriter(unit))
		}
	}
	return nil
}

// units are those of the columns of times that are coarser than nanoseconds.
var units = map[string]time.Duration{
	"TIMESTAMP(0)": time.Second, "TIMESTAMP(3)": time.Millisecond, "TIMESTAMP": time.Millisecond,
	"TIMESTAMP(6)": time.Microsecond, "DATETIME": time.Microsecond,
}

// ofPointer returns a writer of values, and of pointers to them, which may be nil.
func ofPointer(write schema.AppenderFunc) schema.AppenderFunc {
	return func(gen schema.QueryGen, b []byte, v reflect.Value) []byte {
		for v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return dialect.AppendNull(b)
			}
			v = v.Elem()
		}
		return write(gen, b, v)
	}
}

// appendRawJSON appends JSON. As text it would be stored unread beside an expression.
func appendRawJSON(gen schema.QueryGen, b []byte, v reflect.Value) []byte {
	if v.IsNil() {
		return dialect.AppendNull(b)
	}
	return gen.Dialect().AppendJSON(b, v.Bytes())
}

// appendDate refuses a time for a date: which day it is depends on a time zone.
func appendDate(_ schema.QueryGen, b []byte, _ reflect.Value) []byte {
	return appendRefused(b, "a DATE column takes no time.Time; use a string in the form 2006-01-02")
}

// appendDateText appends a date as text. In VALUES the server takes it for midnight in the
// session's time zone and stores the day in UTC, which may be the one before.
func (d *Dialect) appendDateText(gen schema.QueryGen, b []byte, v reflect.Value) []byte {
	if zone := d.zone; zone != nil && zone.String() != "UTC" && inValues(b) {
		return appendRefused(b, fmt.Sprintf("with the time zone %s the server may store the day before a date; leave timezone out of the DSN", zone))
	}
	return gen.Dialect().AppendString(b, v.String())
}

// coarseTimeWriter returns a writer of times for a column of the unit. It can also express times
// beyond those of nanoseconds. A condition has the time that the column would store.
func coarseTimeWriter(unit time.Duration) schema.AppenderFunc {
	return func(gen schema.QueryGen, b []byte, v reflect.Value) []byte {
		t := v.Interface().(time.Time).UTC().Truncate(unit)
		switch {
		case inNanoseconds(t):
			return gen.Dialect().AppendTime(b, t)
		case t.Year() < 1 || t.Year() > 9999:
			return appendRefused(b, fmt.Sprintf("the year of the time %s is not between 1 and 9999", t.Format(time.RFC3339)))
		case inValues(b):
			return t.AppendFormat(b, "'2006-01-02T15:04:05.999999Z'")
		}
		return fmt.Appendf(b, "arrow_cast(%d, 'Timestamp(Microsecond, None)')", t.UnixMicro())
	}
}
