package load

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// newParquetReader reads Parquet. Pages are read one by one, because a column of a row group
// can be larger than the memory.
func newParquetReader(src *source) (_ *recordReader, err error) {
	r := &recordReader{src: src}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", src.name, err)
		}
	}()
	defer recovered(&err)
	properties := parquet.NewReaderProperties(memory.DefaultAllocator)
	properties.BufferedStreamEnabled = true
	properties.BufferSize = 64 << 10
	f, err := file.NewParquetReader(src.file, file.WithReadProps(properties))
	if err != nil {
		return nil, fmt.Errorf("it is not a Parquet file, or it is damaged: %w", err)
	}
	dropUnreadableSchema(f.MetaData())
	reader, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: parquetRows(f)}, memory.DefaultAllocator)
	if err != nil {
		return nil, notReadable(err)
	}
	records, err := reader.GetRecordReader(context.Background(), nil, nil)
	if err != nil {
		return nil, notReadable(err)
	}
	r.closers = append(r.closers, func() error { records.Release(); return nil })
	total, done := f.NumRows(), int64(0)
	r.part = func() float64 { return fractionOf(done, total) }
	r.read = func() (arrow.RecordBatch, error) {
		if done == total {
			return nil, io.EOF
		}
		if !records.Next() {
			if err := records.Err(); err != nil && err != io.EOF {
				return nil, notReadable(err)
			}
			return nil, fmt.Errorf("it is damaged: it ends after %d of %d rows", done, total)
		}
		if err := checkRecord(records.RecordBatch()); err != nil {
			return nil, fmt.Errorf("the file is damaged: %w", err)
		}
		done += records.RecordBatch().NumRows()
		return records.RecordBatch(), nil
	}
	if err := r.setColumns(records.Schema()); err != nil {
		return nil, err
	}
	root := f.MetaData().Schema.Root()
	for i := range r.cols {
		switch root.Field(i).LogicalType().(type) {
		case schema.JSONLogicalType:
			r.cols[i].typ = typeJSON
		case schema.EnumLogicalType:
			r.cols[i].typ = typeString
		}
	}
	return r, nil
}

// notReadable returns an error of arrow-go, which does not tell the one from the other.
func notReadable(err error) error {
	return fmt.Errorf("the file is damaged, or not supported: %w", err)
}

// checkRecord returns an error if values of a record batch are not there. arrow-go reads lists
// that are longer than their values, and indices that lie outside a dictionary, and panics when
// it is asked for the values.
func checkRecord(record arrow.RecordBatch) error {
	if err := array.ValidateRecord(record); err != nil {
		return err
	}
	for _, c := range record.Columns() {
		if err := checkIndices(c); err != nil {
			return err
		}
	}
	return nil
}

// checkIndices returns an error if an index lies outside its dictionary.
func checkIndices(a arrow.Array) error {
	switch a := a.(type) {
	case *array.Dictionary:
		checked, err := array.NewValidatedDictionaryArray(a.DataType().(*arrow.DictionaryType), a.Indices(), a.Dictionary())
		if err == nil {
			checked.Release()
		}
		return err
	case array.ExtensionArray:
		return checkIndices(a.Storage())
	case array.ListLike:
		return checkIndices(a.ListValues())
	case *array.Struct:
		for i := range a.NumField() {
			if err := checkIndices(a.Field(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// parquetRows returns how many rows of a file to read at a time.
func parquetRows(f *file.Reader) int64 {
	bytes, rows := int64(0), int64(0)
	for i := range f.NumRowGroups() {
		group := f.MetaData().RowGroup(i)
		bytes += group.TotalByteSize()
		rows += group.NumRows()
	}
	return rowsOfPiece(rows, bytes)
}

// schemaKey is the key of the metadata with the Arrow schema that a Parquet file was written of.
const schemaKey = "ARROW:schema"

// dropUnreadableSchema removes the Arrow schema from the metadata of a file if flightdecode
// cannot read it, because it is damaged or has a type that is not supported: arrow-go allocates as
// much memory as it claims. The columns then have the types of Parquet's own schema.
func dropUnreadableSchema(m *metadata.FileMetaData) {
	text := m.KeyValueMetadata().FindValue(schemaKey)
	if text == nil {
		return
	}
	encoding := base64.StdEncoding
	if len(*text)%4 != 0 {
		encoding = base64.RawStdEncoding
	}
	stored, err := encoding.DecodeString(*text)
	if err == nil {
		err = checkIPCSchema(stored)
	}
	if err == nil {
		return
	}
	others := m.FileMetaData.KeyValueMetadata[:0]
	for _, kv := range m.FileMetaData.KeyValueMetadata {
		if kv.Key != schemaKey {
			others = append(others, kv)
		}
	}
	m.FileMetaData.KeyValueMetadata = others
}
