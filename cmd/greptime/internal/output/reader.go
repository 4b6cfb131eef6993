package output

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime"
)

// WriteReader writes a result of record batches, as of PromQL, in any format. It returns the number
// of rows written. It does not release rd.
func WriteReader(w io.Writer, rd array.RecordReader, o Options) (n int64, err error) {
	if o.Format.FromBatches() {
		return WriteBatches(w, rd, o)
	}
	var columns []column
	for _, f := range rd.Schema().Fields() {
		columns = append(columns, batchColumn(f, o.Format.ForEyes()))
	}
	buffered := bufio.NewWriterSize(w, 64<<10)
	p := newPrinter(buffered, o)
	n, err = printMaps(p, rd, columns)
	if err == nil {
		err = p.end(n)
	}
	return n, errors.Join(err, buffered.Flush())
}

func printMaps(p printer, rd array.RecordReader, columns []column) (n int64, err error) {
	if err := p.begin(columns); err != nil {
		return 0, err
	}
	cells := make([]cell, len(columns))
	for row, err := range greptime.EachReader[map[string]any](rd) {
		if err != nil {
			return n, err
		}
		for i, c := range columns {
			*c.dest.(*any) = row[c.name]
			text, ok := c.appendText(cells[i].text[:0])
			cells[i] = cell{text, !ok}
		}
		if err := p.row(cells); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// batchColumn returns a column whose destination is an *any.
func batchColumn(f arrow.Field, forEyes bool) column {
	v := new(any)
	c := column{name: f.Name, dest: v}
	layout := ""
	switch t := f.Type.(type) {
	case *arrow.TimestampType:
		layout = layoutOf(3*int(t.Unit), forEyes)
	case *arrow.BooleanType:
		c.kind = boolean
	default:
		if arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) {
			c.kind = number
		}
	}
	c.appendText = func(dst []byte) ([]byte, bool) {
		switch v := (*v).(type) {
		case nil:
			return dst, false
		case string:
			return append(dst, v...), true
		case float64:
			return appendFloat(dst, v, 64), true
		case float32:
			return appendFloat(dst, float64(v), 32), true
		case int64:
			return strconv.AppendInt(dst, v, 10), true
		case time.Time:
			return appendTime(dst, v, layout), true
		default:
			return fmt.Append(dst, v), true
		}
	}
	return c
}
