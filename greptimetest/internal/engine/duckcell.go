package engine

import (
	"math/big"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// toDuck returns a cell as DuckDB's driver takes it for a column of type t.
func toDuck(t schema.Type, cell any) any {
	if cell == nil {
		return nil
	}
	switch t.Kind {
	case schema.Date:
		return time.Unix(cell.(int64)*86400, 0).UTC()
	case schema.TimestampSecond:
		return time.Unix(cell.(int64), 0).UTC()
	case schema.TimestampMilli:
		return time.UnixMilli(cell.(int64)).UTC()
	case schema.TimestampMicro:
		return shiftYear(time.UnixMicro(cell.(int64)).UTC(), -290307, 294246)
	case schema.TimestampNano:
		return shiftYear(time.Unix(0, cell.(int64)).UTC(), 1678, 2262)
	case schema.Decimal:
		if t.Precision > 18 { // a HUGEINT inside
			return cell
		}
		return cell.(*big.Int).Int64()
	}
	return cell
}

// shiftYear moves an instant at either end of a unit's range into a zone where
// its year is one that DuckDB's driver lets pass: the driver looks at the year and
// refuses a few months that the 64-bit number can hold.
func shiftYear(t time.Time, first, last int) time.Time {
	const year = 366 * 86400
	switch {
	case t.Year() < first:
		return t.In(time.FixedZone("", year))
	case t.Year() > last:
		return t.In(time.FixedZone("", -year))
	}
	return t
}

// fromDuck returns the cell of a value read from a DuckDB column that holds type t.
func fromDuck(t schema.Type, v any) any {
	switch v := v.(type) {
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case uint8:
		return uint64(v)
	case uint16:
		return uint64(v)
	case uint32:
		return uint64(v)
	case duckdb.Decimal:
		return v.Value
	case time.Time:
		if t.Kind == schema.Date {
			return schema.FloorDiv(v.Unix(), 86400)
		}
		if ts, ok := t.Arrow().(*arrow.TimestampType); ok {
			return units(v, ts.Unit)
		}
		return v.UnixNano()
	}
	return v
}

func units(t time.Time, u arrow.TimeUnit) int64 {
	switch u {
	case arrow.Second:
		return t.Unix()
	case arrow.Millisecond:
		return t.UnixMilli()
	case arrow.Microsecond:
		return t.UnixMicro()
	default:
		return t.UnixNano()
	}
}
