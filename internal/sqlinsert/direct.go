package sqlinsert

import (
	"database/sql/driver"
	"time"

	"github.com/greptime-go/greptime/internal/column"
)

// appendArgs appends arguments to the values of a greptime.v1.Row, one for each kind of column,
// up to the first that does not have the Go type that is most common for its column. It returns
// the number of arguments appended. It does the same as SetArg of Cell and AppendValue, in a
// third of the time (BenchmarkAppendArgs); the Cell decides about all other arguments.
func appendArgs(dst []byte, kinds []column.Kind, args []driver.NamedValue) (b []byte, n int) {
	args = args[:len(kinds)]
	for i, k := range kinds {
		v := args[i].Value
		switch k {
		case column.Float64:
			if v, ok := v.(float64); ok {
				dst = column.AppendDouble(dst, v)
				continue
			}
		case column.String:
			if v, ok := v.(string); ok {
				if dst, ok = column.AppendText(dst, v); ok {
					continue
				}
			}
		case column.TimestampSecond, column.TimestampMillisecond, column.TimestampMicrosecond, column.TimestampNanosecond:
			if v, ok := v.(time.Time); ok {
				if n, ok := column.Epoch(k, v); ok {
					dst = column.AppendEpoch(dst, k, n)
					continue
				}
			}
		case column.Int64:
			switch v := v.(type) {
			case int64:
				dst = column.AppendNumber(dst, k, uint64(v))
				continue
			case int:
				dst = column.AppendNumber(dst, k, uint64(v))
				continue
			}
		case column.Int32:
			if v, ok := v.(int32); ok {
				dst = column.AppendNumber(dst, k, uint64(v))
				continue
			}
		case column.Boolean:
			if v, ok := v.(bool); ok {
				dst = column.AppendBool(dst, v)
				continue
			}
		}
		return dst, i
	}
	return dst, len(kinds)
}
