package expr

import "github.com/greptime-go/greptime/greptimetest/internal/schema"

// TimestampFrom makes a timestamp of a number of its units.
func TimestampFrom(t schema.Type, n string) string {
	switch t.Kind {
	case schema.TimestampNano:
		return "make_timestamp_ns(" + n + ")"
	case schema.TimestampMicro:
		return "make_timestamp(" + n + ")"
	case schema.TimestampMilli:
		return "CAST(make_timestamp_ms(" + n + ") AS TIMESTAMP_MS)"
	default:
		return "CAST(make_timestamp(" + n + " * 1000000) AS TIMESTAMP_S)"
	}
}

// UnitsOf returns a timestamp as a number of its units.
func UnitsOf(e Expr) string {
	switch e.Type.Kind {
	case schema.TimestampNano:
		return "epoch_ns(" + e.SQL + ")"
	case schema.TimestampMicro:
		return "epoch_us(" + e.SQL + ")"
	case schema.TimestampMilli:
		return "epoch_ms(" + e.SQL + ")"
	default:
		return "(epoch_us(" + e.SQL + ") // 1000000)"
	}
}

// MicrosOf returns a timestamp as DuckDB's TIMESTAMP, whose unit is the microsecond. Its own
// cast from nanoseconds cuts towards zero, which is the wrong second before 1970.
func MicrosOf(e Expr) string {
	if e.Type.Kind == schema.TimestampNano {
		return "make_timestamp(greptime_floor_divide(epoch_ns(" + e.SQL + "), 1000))"
	}
	return "CAST(" + e.SQL + " AS TIMESTAMP)"
}
