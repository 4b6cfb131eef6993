package recordbatch

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
)

// timeUnit returns the unit and the values of an array of times, if a column of the kind can
// store them.
func timeUnit(k column.Kind, a arrow.Array) (unit arrow.TimeUnit, value func(row int) int64, err error) {
	switch a := a.(type) {
	case *array.Timestamp:
		dt := a.DataType().(*arrow.TimestampType)
		if !k.IsTimestamp() {
			return 0, nil, errNoCast
		}
		switch dt.TimeZone {
		case "", "UTC", "utc", "Etc/UTC", "Z", "+00:00", "+0000", "+00":
		default:
			return 0, nil, errors.New("has a time zone other than UTC, which the column does not keep; cast it to UTC or to no zone")
		}
		return dt.Unit, func(row int) int64 { return int64(a.Value(row)) }, nil
	case *array.Time32:
		if k.IsTimeOfDay() {
			return a.DataType().(*arrow.Time32Type).Unit, func(row int) int64 { return int64(a.Value(row)) }, nil
		}
	case *array.Time64:
		if k.IsTimeOfDay() {
			return a.DataType().(*arrow.Time64Type).Unit, func(row int) int64 { return int64(a.Value(row)) }, nil
		}
	}
	return 0, nil, errNoCast
}

// convertTimes returns a timestamp or TIME column.
func convertTimes(t column.Type, a arrow.Array) (Column, error) {
	from, value, err := timeUnit(t.Kind(), a)
	if err != nil {
		return Column{}, err
	}
	to := catalog.ArrowType(t).(interface{ TimeUnit() arrow.TimeUnit }).TimeUnit()
	if from == to {
		return fixedWidth(t, a)
	}
	factor := int64(1)
	for range max(int(to)-int(from), int(from)-int(to)) {
		factor *= 1000
	}
	return copyValues(t, a, func(dst []byte, row int) ([]byte, error) {
		v := value(row)
		out, ok := v/factor, v%factor == 0
		if to > from {
			out = v * factor
			ok = out/factor == v
		}
		if !ok || t.ArrowWidth() == 4 && out != int64(int32(out)) {
			return nil, fmt.Errorf("%d %s is not exact in the column's unit", v, from)
		}
		return appendInt(dst, t, out), nil
	})
}

const dayMilliseconds = 24 * 60 * 60 * 1000

// convertDates returns a DATE column.
func convertDates(t column.Type, a arrow.Array) (Column, error) {
	switch a := a.(type) {
	case *array.Date32:
		return fixedWidth(t, a)
	case *array.Date64:
		return copyValues(t, a, func(dst []byte, row int) ([]byte, error) {
			v := int64(a.Value(row))
			days := v / dayMilliseconds
			if v%dayMilliseconds != 0 || days < math.MinInt32 || days > math.MaxInt32 {
				return nil, fmt.Errorf("%d ms since 1970 is not a day of a DATE", v)
			}
			return appendInt(dst, t, days), nil
		})
	}
	return Column{}, errNoCast
}
