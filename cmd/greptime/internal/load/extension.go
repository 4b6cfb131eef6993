package load

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// withExtensions returns a schema with the extension types that the metadata of its fields
// names, as far as arrow-go knows them. It returns the same schema if there are none.
func withExtensions(s *arrow.Schema) *arrow.Schema {
	metadata := s.Metadata()
	if t := arrow.NewSchema(extendedFields(s.Fields()), &metadata); !t.Equal(s) {
		return t
	}
	return s
}

func extendedFields(fields []arrow.Field) []arrow.Field {
	fields = slices.Clone(fields)
	for i, f := range fields {
		fields[i].Type = extendedType(f)
	}
	return fields
}

func extendedType(f arrow.Field) arrow.DataType {
	dt := f.Type
	switch t := dt.(type) {
	case *arrow.StructType:
		dt = arrow.StructOf(extendedFields(t.Fields())...)
	case *arrow.ListType:
		dt = arrow.ListOfField(extendedFields(t.Fields())[0])
	case *arrow.LargeListType:
		dt = arrow.LargeListOfField(extendedFields(t.Fields())[0])
	case *arrow.FixedSizeListType:
		dt = arrow.FixedSizeListOfField(t.Len(), extendedFields(t.Fields())[0])
	case *arrow.MapType:
		entry := extendedFields([]arrow.Field{t.KeyField(), t.ItemField()})
		m := arrow.MapOfFields(entry[0], entry[1])
		m.KeysSorted = t.KeysSorted
		dt = m
	}
	name, _ := f.Metadata.GetValue(ipc.ExtensionTypeKeyName)
	if known := arrow.GetExtensionType(name); known != nil {
		parameters, _ := f.Metadata.GetValue(ipc.ExtensionMetadataKeyName)
		if extension, err := known.Deserialize(dt, parameters); err == nil {
			return extension
		}
	}
	return dt
}

// extended returns a record batch with the types of a schema of withExtensions. Its arrays lie
// in the same memory.
func extended(record arrow.RecordBatch, schema *arrow.Schema) arrow.RecordBatch {
	if record.Schema() == schema {
		return record
	}
	columns := make([]arrow.Array, record.NumCols())
	for i, c := range record.Columns() {
		data := extendedData(c.Data(), schema.Field(i).Type)
		columns[i] = array.MakeFromData(data)
		data.Release()
	}
	result := array.NewRecordBatch(schema, columns, record.NumRows())
	for _, c := range columns {
		c.Release()
	}
	return result
}

func extendedData(d arrow.ArrayData, dt arrow.DataType) arrow.ArrayData {
	storage := dt
	if extension, ok := dt.(arrow.ExtensionType); ok {
		storage = extension.StorageType()
	}
	switch t := storage.(type) {
	case *arrow.DictionaryType:
		return array.NewDataWithDictionary(dt, d.Len(), d.Buffers(), d.NullN(), d.Offset(), d.Dictionary().(*array.Data))
	case arrow.NestedType:
		children := slices.Clone(d.Children())
		for i, f := range t.Fields() {
			children[i] = extendedData(children[i], f.Type)
			defer children[i].Release()
		}
		return array.NewData(dt, d.Len(), d.Buffers(), children, d.NullN(), d.Offset())
	}
	return array.NewData(dt, d.Len(), d.Buffers(), nil, d.NullN(), d.Offset())
}
