package output

import (
	"database/sql"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// kind is how the values of a column appear in JSON, and on which side of a table's column.
type kind uint8

const (
	text kind = iota // a JSON string
	number
	boolean
	raw // JSON already
)

// column is a column of a result: a destination for Scan, and the text of what it holds.
type column struct {
	name string
	kind kind
	dest any
	// appendText appends the value to dst. It reports false for NULL.
	appendText func(dst []byte) ([]byte, bool)
}

// newColumns returns the columns of a result.
func newColumns(rows *sql.Rows, forEyes bool) ([]column, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	columns := make([]column, len(types))
	for i, t := range types {
		columns[i] = newColumn(t, forEyes)
	}
	return columns, nil
}

func newColumn(t *sql.ColumnType, forEyes bool) column {
	c := column{name: t.Name()}
	switch t.DatabaseTypeName() {
	case "BOOLEAN":
		c.kind = boolean
		bind(&c, strconv.AppendBool)
	case "TINYINT", "SMALLINT", "INT", "BIGINT", "TINYINT UNSIGNED", "SMALLINT UNSIGNED", "INT UNSIGNED":
		c.kind = number
		bind(&c, func(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) })
	case "BIGINT UNSIGNED":
		c.kind = number
		bind(&c, func(dst []byte, v uint64) []byte { return strconv.AppendUint(dst, v, 10) })
	case "FLOAT":
		c.kind = number
		bind(&c, func(dst []byte, v float32) []byte { return appendFloat(dst, float64(v), 32) })
	case "DOUBLE":
		c.kind = number
		bind(&c, func(dst []byte, v float64) []byte { return appendFloat(dst, v, 64) })
	case "DECIMAL":
		c.kind = number
		bind(&c, appendString)
	case "DATE":
		bind(&c, func(dst []byte, v time.Time) []byte { return v.AppendFormat(dst, time.DateOnly) })
	case "TIMESTAMP":
		layout := timestampLayout(t, forEyes)
		bind(&c, func(dst []byte, v time.Time) []byte { return appendTime(dst, v, layout) })
	case "DURATION":
		if forEyes {
			bind(&c, func(dst []byte, v int64) []byte { return append(dst, time.Duration(v).String()...) })
		} else {
			c.kind = number
			bind(&c, func(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) })
		}
	case "JSON", "VECTOR", "LIST", "STRUCT":
		c.kind = raw
		bind(&c, appendString)
	case "VARBINARY":
		bind(&c, func(dst []byte, v []byte) []byte { return hex.AppendEncode(append(dst, "0x"...), v) })
	case "STRING", "TIME", "INTERVAL":
		bind(&c, appendString)
	default: // NULL, and types to come
		var v any
		c.dest = &v
		c.appendText = func(dst []byte) ([]byte, bool) {
			if v == nil {
				return dst, false
			}
			return fmt.Append(dst, v), true
		}
	}
	return c
}

// bind makes c a column of values of type T, whose text write appends.
func bind[T any](c *column, write func(dst []byte, v T) []byte) {
	v := new(sql.Null[T])
	c.dest = v
	c.appendText = func(dst []byte) ([]byte, bool) {
		if !v.Valid {
			return dst, false
		}
		return write(dst, v.V), true
	}
}

func appendString(dst []byte, v string) []byte { return append(dst, v...) }

// appendFloat appends the shortest text that is exactly v.
func appendFloat(dst []byte, v float64, bits int) []byte {
	switch abs := math.Abs(v); {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	case abs != 0 && (abs < 1e-6 || abs >= 1e21):
		return strconv.AppendFloat(dst, v, 'e', -1, bits)
	default:
		return strconv.AppendFloat(dst, v, 'f', -1, bits)
	}
}

// appendTime appends a time. Offsets of long ago have seconds, which the layout has not.
func appendTime(dst []byte, t time.Time, layout string) []byte {
	if _, offset := t.Zone(); offset%60 != 0 && strings.HasSuffix(layout, "Z07:00") {
		layout += ":00"
	}
	return t.AppendFormat(dst, layout)
}

// timestampLayout returns the layout of a TIMESTAMP, with all digits of its column. Other
// programs get the zone, too.
func timestampLayout(t *sql.ColumnType, forEyes bool) string {
	digits, _, _ := t.DecimalSize()
	return layoutOf(int(digits), forEyes)
}

// layoutOf returns the layout of a time with a number of digits after the second.
func layoutOf(digits int, forEyes bool) string {
	fraction := ""
	if digits > 0 {
		fraction = ".000000000"[:1+digits]
	}
	if forEyes {
		return time.DateTime + fraction
	}
	return "2006-01-02T15:04:05" + fraction + "Z07:00"
}
