package insert

import (
	"reflect"
	"time"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
	"github.com/greptime-go/greptime/internal/rowvalue"
	"github.com/greptime-go/greptime/internal/structs"
)

// appendValues appends a row's values. Those of just the Go type of which columns of a
// type are usually made go straight to the bytes; for all others, for conversions,
// NULL and refusals, it is the Cell that decides.
func (t *Table) appendValues(values []any) error {
	b, types := t.body.Bytes, t.schema.types[:len(values)]
	for i, v := range values {
		var ok bool
		switch k := types[i].Kind(); k {
		case column.Float64:
			if v, ok := v.(float64); ok {
				b = column.AppendDouble(b, v)
				continue
			}
		case column.String:
			if v, ok := v.(string); ok {
				if b, ok = column.AppendText(b, v); ok {
					continue
				}
			}
		case column.TimestampSecond, column.TimestampMillisecond, column.TimestampMicrosecond, column.TimestampNanosecond:
			if v, ok := v.(time.Time); ok {
				if n, ok := column.Epoch(k, v); ok {
					b = column.AppendEpoch(b, k, n)
					continue
				}
			}
		case column.Int64:
			var n int64
			if n, ok = v.(int64); !ok {
				var m int
				m, ok = v.(int)
				n = int64(m)
			}
			if ok {
				b = column.AppendNumber(b, k, uint64(n))
				continue
			}
		case column.Int32:
			if v, ok := v.(int32); ok {
				b = column.AppendNumber(b, k, uint64(v))
				continue
			}
		case column.Boolean:
			if v, ok := v.(bool); ok {
				b = column.AppendBool(b, v)
				continue
			}
		}
		t.body.Bytes = b
		if err := govalue.Set(&t.cell, types[i], v); err != nil {
			return t.refuse(i, err)
		}
		if err := t.put(i, &t.cell); err != nil {
			return err
		}
		b = t.body.Bytes
	}
	t.body.Bytes = b
	return nil
}

// appendFields appends the values of a struct as appendValues does.
func (t *Table) appendFields(fields []structs.Column, row structs.Row) error {
	b, types := t.body.Bytes, t.schema.types[:len(fields)]
	for i := range fields {
		f := &fields[i]
		v := f.Value(row)
		if !v.IsNull() {
			switch k := types[i].Kind(); k {
			case column.Float64:
				if f.Go == reflect.Float64 {
					b = column.AppendDouble(b, v.Float64())
					continue
				}
			case column.String:
				if f.Go == reflect.String {
					var ok bool
					if b, ok = column.AppendText(b, v.Text()); ok {
						continue
					}
				}
			case column.TimestampSecond, column.TimestampMillisecond, column.TimestampMicrosecond, column.TimestampNanosecond:
				if f.Go == reflect.Struct {
					if n, ok := column.Epoch(k, v.Time()); ok {
						b = column.AppendEpoch(b, k, n)
						continue
					}
				}
			case column.Int64:
				switch f.Go {
				case reflect.Int64:
					b = column.AppendNumber(b, k, uint64(v.Int64()))
					continue
				case reflect.Int:
					b = column.AppendNumber(b, k, uint64(v.Int()))
					continue
				}
			case column.Int32:
				if f.Go == reflect.Int32 {
					b = column.AppendNumber(b, k, uint64(v.Int32()))
					continue
				}
			case column.Boolean:
				if f.Go == reflect.Bool {
					b = column.AppendBool(b, v.Bool())
					continue
				}
			}
		}
		t.body.Bytes = b
		if err := f.Set(&t.cell, types[i], v); err != nil {
			return t.refuse(i, err)
		}
		if err := t.put(i, &t.cell); err != nil {
			return err
		}
		b = t.body.Bytes
	}
	t.body.Bytes = b
	return nil
}

// directValues returns a function that appends one of the values as appendValues does. It
// is nil for values of another type than those that go straight to the bytes.
func directValues(values rowvalue.Values) func(dst []byte, k column.Kind, i int) (b []byte, ok bool) {
	switch values := values.(type) {
	case rowvalue.Slice[float64]:
		return func(dst []byte, k column.Kind, i int) ([]byte, bool) {
			if k != column.Float64 {
				return dst, false
			}
			return column.AppendDouble(dst, values[i]), true
		}
	case rowvalue.Slice[string]:
		return func(dst []byte, k column.Kind, i int) ([]byte, bool) {
			if k != column.String {
				return dst, false
			}
			return column.AppendText(dst, values[i])
		}
	case rowvalue.Slice[time.Time]:
		return func(dst []byte, k column.Kind, i int) ([]byte, bool) {
			n, ok := column.Epoch(k, values[i])
			if !ok {
				return dst, false
			}
			return column.AppendEpoch(dst, k, n), true
		}
	case rowvalue.Slice[int64]:
		return func(dst []byte, k column.Kind, i int) ([]byte, bool) {
			if k != column.Int64 {
				return dst, false
			}
			return column.AppendNumber(dst, k, uint64(values[i])), true
		}
	case rowvalue.Slice[bool]:
		return func(dst []byte, k column.Kind, i int) ([]byte, bool) {
			if k != column.Boolean {
				return dst, false
			}
			return column.AppendBool(dst, values[i]), true
		}
	}
	return nil
}
