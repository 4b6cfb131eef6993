package engine

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/internal/int128"
)

// output is how a column of a result becomes Arrow.
type output struct {
	dt arrow.DataType
	// iv is the value of a constant interval, which DuckDB would cut to
	// microseconds.
	iv *expr.Interval
}

// Next returns the next record batch of at most size rows, or io.EOF. The caller
// releases it.
func (r *Result) Next(size int) (arrow.RecordBatch, error) {
	b := array.NewRecordBuilder(memory.DefaultAllocator, r.Schema)
	defer b.Release()
	row := make([]driver.Value, len(r.cols))
	n := 0
	for ; n < size; n++ {
		err := r.rows.next(row)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, schema.AsError(err)
		}
		for i, v := range row {
			if err := r.cols[i].append(b.Field(i), v); err != nil {
				return nil, schema.AsError(err)
			}
		}
	}
	if n == 0 && !r.Empty {
		return nil, io.EOF
	}
	r.Empty = false
	return b.NewRecordBatch(), nil
}

func (o output) append(b array.Builder, v any) error {
	if v == nil {
		b.AppendNull()
		return nil
	}
	if o.iv != nil {
		v = *o.iv
	}
	return appendValue(b, v)
}

// appendValue adds a value from DuckDB's driver, or a cell.
func appendValue(b array.Builder, v any) error {
	switch b := b.(type) {
	case *array.NullBuilder:
		b.AppendNull()
	case *array.BooleanBuilder:
		if v, ok := v.(bool); ok {
			b.Append(v)
			return nil
		}
	case *array.Int8Builder:
		return appendInt(v, -1<<7, 1<<7-1, func(n int64) { b.Append(int8(n)) })
	case *array.Int16Builder:
		return appendInt(v, -1<<15, 1<<15-1, func(n int64) { b.Append(int16(n)) })
	case *array.Int32Builder:
		return appendInt(v, -1<<31, 1<<31-1, func(n int64) { b.Append(int32(n)) })
	case *array.Int64Builder:
		return appendInt(v, -1<<63, 1<<63-1, func(n int64) { b.Append(n) })
	case *array.Uint8Builder:
		return appendUint(v, 1<<8-1, func(n uint64) { b.Append(uint8(n)) })
	case *array.Uint16Builder:
		return appendUint(v, 1<<16-1, func(n uint64) { b.Append(uint16(n)) })
	case *array.Uint32Builder:
		return appendUint(v, 1<<32-1, func(n uint64) { b.Append(uint32(n)) })
	case *array.Uint64Builder:
		return appendUint(v, 1<<64-1, func(n uint64) { b.Append(n) })
	case *array.Float32Builder:
		switch v := v.(type) {
		case float32:
			b.Append(v)
			return nil
		case float64:
			b.Append(float32(v))
			return nil
		}
	case *array.Float64Builder:
		switch v := v.(type) {
		case float32:
			b.Append(float64(v))
			return nil
		case float64:
			b.Append(v)
			return nil
		}
	case *array.Decimal128Builder:
		if v, ok := bigInt(v); ok {
			if n, ok := int128.FromBig(v); ok {
				b.Append(n)
				return nil
			}
		}
	case *array.Date32Builder:
		switch v := v.(type) {
		case time.Time:
			b.Append(arrow.Date32(schema.FloorDiv(v.Unix(), 86400)))
			return nil
		case int64:
			b.Append(arrow.Date32(v))
			return nil
		}
	case *array.TimestampBuilder:
		switch v := v.(type) {
		case time.Time:
			b.Append(arrow.Timestamp(units(v, b.Type().(*arrow.TimestampType).Unit)))
			return nil
		case int64:
			b.Append(arrow.Timestamp(v))
			return nil
		}
	case *array.Time32Builder:
		return appendInt(v, -1<<31, 1<<31-1, func(n int64) { b.Append(arrow.Time32(n)) })
	case *array.Time64Builder:
		return appendInt(v, -1<<63, 1<<63-1, func(n int64) { b.Append(arrow.Time64(n)) })
	case *array.DurationBuilder:
		return appendInt(v, -1<<63, 1<<63-1, func(n int64) { b.Append(arrow.Duration(n)) })
	case *array.MonthIntervalBuilder:
		if iv, ok := intervalOf(v); ok {
			b.Append(arrow.MonthInterval(iv.Months))
			return nil
		}
	case *array.DayTimeIntervalBuilder:
		if iv, ok := intervalOf(v); ok {
			b.Append(arrow.DayTimeInterval{Days: iv.Days, Milliseconds: int32(iv.Nanos / 1e6)})
			return nil
		}
	case *array.MonthDayNanoIntervalBuilder:
		if iv, ok := intervalOf(v); ok {
			b.Append(arrow.MonthDayNanoInterval{Months: iv.Months, Days: iv.Days, Nanoseconds: iv.Nanos})
			return nil
		}
	case *array.BinaryDictionaryBuilder:
		if v, ok := v.(string); ok {
			return b.AppendString(v)
		}
	case *array.Int64DictionaryBuilder:
		var err error
		if e := appendInt(v, -1<<63, 1<<63-1, func(n int64) { err = b.Append(n) }); e != nil {
			return e
		}
		return err
	case *array.ListBuilder:
		if l, ok := v.([]any); ok {
			b.Append(true)
			for _, e := range l {
				if e == nil {
					b.ValueBuilder().AppendNull()
				} else if err := appendValue(b.ValueBuilder(), e); err != nil {
					return err
				}
			}
			return nil
		}
	case *array.StructBuilder:
		if m, ok := v.(map[string]any); ok {
			b.Append(true)
			for i, f := range b.Type().(*arrow.StructType).Fields() {
				if e := m[f.Name]; e == nil {
					b.FieldBuilder(i).AppendNull()
				} else if err := appendValue(b.FieldBuilder(i), e); err != nil {
					return err
				}
			}
			return nil
		}
	default:
		return appendBytes(b, v)
	}
	return fmt.Errorf("a value of type %T does not fit into a column of type %s", v, b.Type())
}

func appendBytes(b array.Builder, v any) error {
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case []byte:
		s = string(v)
	default:
		return fmt.Errorf("a value of type %T does not fit into a column of type %s", v, b.Type())
	}
	switch b := b.(type) {
	case interface{ Append(string) }:
		b.Append(s)
	case interface{ Append([]byte) }:
		b.Append([]byte(s))
	default:
		return schema.NotSupported("results of type %s", b.Type())
	}
	return nil
}

func bigInt(v any) (*big.Int, bool) {
	switch v := fromDuck(schema.Type{}, v).(type) {
	case *big.Int:
		return v, true
	case int64:
		return big.NewInt(v), true
	case uint64:
		return new(big.Int).SetUint64(v), true
	}
	return nil, false
}

func appendInt(v any, lo, hi int64, add func(int64)) error {
	n, ok := bigInt(v)
	if !ok || !n.IsInt64() || n.Int64() < lo || n.Int64() > hi {
		return schema.Errorf(schema.EngineExecuteQuery, "the value %v is out of range", v)
	}
	add(n.Int64())
	return nil
}

func appendUint(v any, hi uint64, add func(uint64)) error {
	n, ok := bigInt(v)
	if !ok || !n.IsUint64() || n.Uint64() > hi {
		return schema.Errorf(schema.EngineExecuteQuery, "the value %v is out of range", v)
	}
	add(n.Uint64())
	return nil
}

func intervalOf(v any) (expr.Interval, bool) {
	switch v := v.(type) {
	case expr.Interval:
		return v, true
	case duckdb.Interval:
		return expr.Interval{Months: v.Months, Days: v.Days, Nanos: v.Micros * 1000}, true
	}
	return expr.Interval{}, false
}

// column is a column of a table made here.
type column struct {
	name string
	dt   arrow.DataType
	null bool
}

// table returns a result made here: SHOW and its like, which end without metrics.
func table(cols []column, rows [][]driver.Value) *Result {
	r := &Result{cols: make([]output, len(cols))}
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		fields[i] = arrow.Field{Name: c.name, Type: c.dt, Nullable: c.null}
		r.cols[i] = output{dt: c.dt}
	}
	m := arrow.NewMetadata([]string{"greptime:version"}, []string{"0"})
	r.Schema = arrow.NewSchema(fields, &m)
	g := goRows(rows)
	r.rows = &g
	return r
}
