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
		ok := false
		switch v := args[i].Value; k {
		case column.Float64:
			var f float64
			if f, ok = v.(float64); ok {
				dst = column.AppendDouble(dst, f)
			}
		case column.String:
			var s string
			if s, ok = v.(string); ok {
				dst, ok = column.AppendText(dst, s)
			}
		case column.TimestampSecond, column.TimestampMillisecond, column.TimestampMicrosecond, column.TimestampNanosecond:
			if at, isTime := v.(time.Time); isTime {
				var epoch int64
				if epoch, ok = column.Epoch(k, at); ok {
					dst = column.AppendEpoch(dst, k, epoch)
				}
			}
		case column.Int64:
			var m int64
			if m, ok = v.(int64); !ok {
				var short int
				short, ok = v.(int)
				m = int64(short)
			}
			if ok {
				dst = column.AppendNumber(dst, k, uint64(m))
			}
		case column.Int32:
			var m int32
			if m, ok = v.(int32); ok {
				dst = column.AppendNumber(dst, k, uint64(m))
			}
		case column.Boolean:
			var truth bool
			if truth, ok = v.(bool); ok {
				dst = column.AppendBool(dst, truth)
			}
		}
		if !ok {
			return dst, i
		}
	}
	return dst, len(kinds)
}
