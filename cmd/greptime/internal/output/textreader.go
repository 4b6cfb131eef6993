package output

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime"
)

// textReader is a reader whose columns that other programs could not read are text: JSON,
// which GreptimeDB sends in an encoding of its own, and for Parquet intervals. Its timestamps
// have the zone UTC: GreptimeDB's are points in time, and without a zone other programs take
// them for those of a clock on the wall.
type textReader struct {
	array.RecordReader
	schema  *arrow.Schema
	columns []int // that become text, or get the zone
	batch   arrow.RecordBatch
	err     error
}

// newTextReader returns rd, or a textReader of it.
func newTextReader(rd array.RecordReader, forParquet bool) (array.RecordReader, error) {
	fields := slices.Clone(rd.Schema().Fields())
	t := &textReader{RecordReader: rd}
	for i, f := range fields {
		switch {
		case isJSON(f):
			fields[i] = arrow.Field{Name: f.Name, Type: arrow.BinaryTypes.String, Nullable: f.Nullable, Metadata: markedJSON}
		case forParquet && isInterval(f.Type):
			fields[i] = arrow.Field{Name: f.Name, Type: arrow.BinaryTypes.String, Nullable: f.Nullable}
		case lacksZone(f.Type):
			fields[i].Type = inUTC(f.Type)
		default:
			continue
		}
		t.columns = append(t.columns, i)
	}
	if len(t.columns) == 0 {
		return rd, nil
	}
	metadata := rd.Schema().Metadata()
	t.schema = arrow.NewSchema(fields, &metadata)
	return t, nil
}

// markedJSON is the metadata by which a column of text can be told to be JSON.
var markedJSON = arrow.NewMetadata([]string{"greptime:type"}, []string{"Json"})

func lacksZone(t arrow.DataType) bool {
	stamp, ok := t.(*arrow.TimestampType)
	return ok && stamp.TimeZone == ""
}

// inUTC returns a type of timestamps with the zone UTC.
func inUTC(t arrow.DataType) arrow.DataType {
	return &arrow.TimestampType{Unit: t.(*arrow.TimestampType).Unit, TimeZone: "UTC"}
}

// isJSON reports whether GreptimeDB marks a field as JSON in its own encoding.
func isJSON(f arrow.Field) bool {
	if f.Type.ID() != arrow.BINARY {
		return false
	}
	mark, _ := f.Metadata.GetValue("greptime:type")
	extension, _ := f.Metadata.GetValue("ARROW:extension:name")
	return mark == "Json" || extension == "greptime.json" || extension == "greptime.json2"
}

func isInterval(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.INTERVAL_MONTHS, arrow.INTERVAL_DAY_TIME, arrow.INTERVAL_MONTH_DAY_NANO:
		return true
	}
	return false
}

func (t *textReader) Schema() *arrow.Schema { return t.schema }

func (t *textReader) Next() bool {
	t.drop()
	if t.err != nil || !t.RecordReader.Next() {
		return false
	}
	t.batch, t.err = t.convert(t.RecordReader.RecordBatch())
	return t.err == nil
}

func (t *textReader) RecordBatch() arrow.RecordBatch { return t.batch }

func (t *textReader) Record() arrow.RecordBatch { return t.batch }

func (t *textReader) Err() error {
	if t.err != nil {
		return t.err
	}
	return t.RecordReader.Err()
}

// drop releases the batch of the last Next.
func (t *textReader) drop() {
	if t.batch != nil {
		t.batch.Release()
		t.batch = nil
	}
}

// convert returns a batch with the columns as text.
func (t *textReader) convert(batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	columns := slices.Clone(batch.Columns())
	for _, i := range t.columns {
		field := t.RecordReader.Schema().Field(i)
		if lacksZone(field.Type) {
			data := columns[i].Data()
			data = array.NewData(inUTC(field.Type), data.Len(), data.Buffers(), nil, data.NullN(), data.Offset())
			columns[i] = array.MakeFromData(data)
			data.Release()
			defer columns[i].Release()
			continue
		}
		converted, err := textOf(field, columns[i])
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", field.Name, err)
		}
		defer converted.Release()
		columns[i] = converted
	}
	return array.NewRecordBatch(t.schema, columns, batch.NumRows()), nil
}

// textOf returns a column as text, as database/sql returns it.
func textOf(field arrow.Field, column arrow.Array) (arrow.Array, error) {
	schema := arrow.NewSchema([]arrow.Field{field}, nil)
	batch := array.NewRecordBatch(schema, []arrow.Array{column}, int64(column.Len()))
	defer batch.Release()
	one, err := array.NewRecordReader(schema, []arrow.RecordBatch{batch})
	if err != nil {
		return nil, err
	}
	defer one.Release()
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(column.Len())
	if isJSON(field) {
		err = appendText(b, one, func(v json.RawMessage) string { return string(v) })
	} else {
		err = appendText(b, one, greptime.Interval.String)
	}
	if err != nil {
		return nil, err
	}
	return b.NewArray(), nil
}

func appendText[T any](b *array.StringBuilder, rd array.RecordReader, text func(T) string) error {
	for v, err := range greptime.EachReader[*T](rd) {
		switch {
		case err != nil:
			return err
		case v == nil:
			b.AppendNull()
		default:
			b.Append(text(*v))
		}
	}
	return nil
}
