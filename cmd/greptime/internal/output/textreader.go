package output

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime"
)

// textReader is a reader whose columns other programs can read. GreptimeDB's JSON, which has an
// encoding of its own, is text. Its timestamps have the zone UTC: they are points in time, and
// without a zone other programs take them for those of a clock on the wall. For Parquet, columns
// have types that it has.
type textReader struct {
	array.RecordReader
	schema  *arrow.Schema
	columns map[int]conversion
	batch   arrow.RecordBatch
	err     error
}

// A conversion returns the values of a column as another type.
type conversion func(field arrow.Field, column arrow.Array) (arrow.Array, error)

// newTextReader returns rd, or a textReader of it.
func newTextReader(rd array.RecordReader, forParquet bool) array.RecordReader {
	fields := slices.Clone(rd.Schema().Fields())
	t := &textReader{RecordReader: rd, columns: map[int]conversion{}}
	for i, f := range fields {
		to, convert := readable(f)
		if convert == nil && forParquet {
			to, convert = inParquet(f)
		}
		if convert != nil {
			fields[i], t.columns[i] = to, convert
		}
	}
	if len(t.columns) == 0 {
		return rd
	}
	metadata := rd.Schema().Metadata()
	t.schema = arrow.NewSchema(fields, &metadata)
	return t
}

// readable returns the field that other programs can read in place of f, and the conversion,
// which is nil if f can stay.
func readable(f arrow.Field) (arrow.Field, conversion) {
	switch {
	case isJSON(f):
		return arrow.Field{Name: f.Name, Type: arrow.BinaryTypes.String, Nullable: f.Nullable, Metadata: markedJSON}, textOf
	case lacksZone(f.Type):
		f.Type = inUTC(f.Type)
		return f, storageAs(f.Type)
	}
	return f, nil
}

// inParquet returns the field that a Parquet file has in place of f, and the conversion, which is
// nil if f can stay. What Parquet has no type for is text, or JSON if it is nested.
func inParquet(f arrow.Field) (arrow.Field, conversion) {
	switch id := f.Type.ID(); {
	case id == arrow.BINARY_VIEW:
		f.Type = arrow.BinaryTypes.Binary
		return f, withoutViews
	case id == arrow.DURATION:
		f.Type = arrow.PrimitiveTypes.Int64
		return f, storageAs(f.Type)
	case id == arrow.NULL:
		f.Nullable = true
		return f, storageAs(f.Type)
	case !parquetHas(f.Type):
		f.Type = arrow.BinaryTypes.String
		return f, textOf
	case id == arrow.DICTIONARY:
		return f, withoutNullValues
	}
	return f, nil
}

// parquetHas reports whether Parquet has columns of a type.
func parquetHas(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return !arrow.IsNested(t.ValueType.ID()) && parquetHas(t.ValueType)
	case arrow.ListLikeType:
		return parquetHas(t.Elem())
	case *arrow.StructType:
		return t.NumFields() > 0 && !slices.ContainsFunc(t.Fields(), func(f arrow.Field) bool { return !parquetHas(f.Type) })
	}
	switch t.ID() {
	case arrow.NULL, arrow.STRING_VIEW, arrow.BINARY_VIEW, arrow.DURATION, arrow.INTERVAL_MONTHS, arrow.INTERVAL_DAY_TIME, arrow.INTERVAL_MONTH_DAY_NANO:
		return false
	}
	return true
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

// convert returns a batch with the columns converted.
func (t *textReader) convert(batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	columns := slices.Clone(batch.Columns())
	for i, convert := range t.columns {
		field := t.RecordReader.Schema().Field(i)
		converted, err := convert(field, columns[i])
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", field.Name, err)
		}
		defer converted.Release()
		columns[i] = converted
	}
	return array.NewRecordBatch(t.schema, columns, batch.NumRows()), nil
}

// storageAs takes the values of a column for those of another type with the same layout.
func storageAs(to arrow.DataType) conversion {
	return func(_ arrow.Field, column arrow.Array) (arrow.Array, error) {
		data := column.Data()
		data = array.NewData(to, data.Len(), data.Buffers(), nil, data.NullN(), data.Offset())
		defer data.Release()
		return array.MakeFromData(data), nil
	}
}

// withoutViews returns a column of BinaryView as one of Binary.
func withoutViews(_ arrow.Field, column arrow.Array) (arrow.Array, error) {
	views, ok := column.(*array.BinaryView)
	if !ok {
		return nil, fmt.Errorf("%s is not BinaryView", column.DataType())
	}
	b := array.NewBinaryBuilder(memory.DefaultAllocator, arrow.BinaryTypes.Binary)
	defer b.Release()
	b.Reserve(views.Len())
	for i := range views.Len() {
		if views.IsNull(i) {
			b.AppendNull()
		} else {
			b.Append(views.Value(i))
		}
	}
	return b.NewArray(), nil
}

// withoutNullValues returns a column whose dictionary may have NULL as one whose rows are NULL
// instead, which is the only way that Parquet's writer accepts.
func withoutNullValues(_ arrow.Field, column arrow.Array) (arrow.Array, error) {
	d, ok := column.(*array.Dictionary)
	if !ok {
		return nil, fmt.Errorf("%s is not a dictionary", column.DataType())
	}
	values := d.Dictionary().Data()
	if values.NullN() == 0 {
		d.Retain()
		return d, nil
	}
	offset := d.Data().Offset()
	valid, nulls := make([]byte, bitutil.BytesForBits(int64(offset+d.Len()))), 0
	for row := range d.Len() {
		if d.IsValid(row) && d.Dictionary().IsValid(d.GetValueIndex(row)) {
			bitutil.SetBit(valid, offset+row)
		} else {
			nulls++
		}
	}
	plain := array.NewData(values.DataType(), values.Len(), append([]*memory.Buffer{nil}, values.Buffers()[1:]...), nil, 0, values.Offset())
	defer plain.Release()
	buffers := []*memory.Buffer{memory.NewBufferBytes(valid), d.Data().Buffers()[1]}
	data := array.NewDataWithDictionary(d.DataType(), d.Len(), buffers, nulls, offset, plain)
	defer data.Release()
	return array.MakeFromData(data), nil
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
	for v, err := range greptime.EachReader[*string](one) {
		switch {
		case err != nil:
			return nil, err
		case v == nil:
			b.AppendNull()
		default:
			b.Append(*v)
		}
	}
	return b.NewArray(), nil
}
