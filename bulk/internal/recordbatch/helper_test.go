package recordbatch

import (
	"bytes"
	"encoding/binary"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
	"github.com/greptime-go/greptime/internal/transport"
)

// cellOf returns a Go value as a Cell.
func cellOf(t testing.TB, typ column.Type, value any) column.Cell {
	t.Helper()
	var cell column.Cell
	if err := govalue.Set(&cell, typ, value); err != nil {
		t.Fatal(err)
	}
	return cell
}

// buffersOf returns the buffers of a column: values, offsets and validity.
func buffersOf(c *Column, rows int) [3]string {
	c.finish(rows)
	buffers := [3]string{string(c.upTo(rows))}
	if c.hasOffsets() {
		buffers[1] = string(bytesOf(c.offsets[:rows+1]))
	}
	if c.nulls(rows) > 0 {
		buffers[2] = string(c.valid)
	}
	return buffers
}

// columnsOf returns columns of these types that have the values of rows, set by a Cell.
func columnsOf(t testing.TB, types []column.Type, rows ...[]any) []Column {
	t.Helper()
	columns := make([]Column, len(types))
	for i := range columns {
		columns[i] = NewColumn(types[i], len(rows))
		for row, values := range rows {
			cell := cellOf(t, types[i], values[i])
			if err := columns[i].Set(row, &cell); err != nil {
				t.Fatal(err)
			}
		}
	}
	return columns
}

// encode returns the columns as a message, and what the test server reads of it.
func encode(t testing.TB, e *Encoder, rows int, columns []Column) (*Message, captures.Message) {
	t.Helper()
	const metadata = `{"request_id":7}`
	m := &Message{}
	if err := e.Encode(m, []byte(metadata), rows, columns); err != nil {
		t.Fatal(err)
	}
	if most := MaxSize(rows, columns); int64(m.Size()) > most {
		t.Errorf("the message has %d bytes, want at most %d", m.Size(), most)
	}
	data, err := wiretest.DecodeFlightData(transport.Join(m.Parts()))
	if err != nil {
		t.Fatal(err)
	}
	if string(data.AppMetadata) != metadata {
		t.Errorf("app_metadata is %q, want %q", data.AppMetadata, metadata)
	}
	return m, data
}

// readBack encodes columns and returns the record batch that arrow-go's reader reads of the
// message.
func readBack(t testing.TB, codec Codec, rows int, columns []Column) arrow.RecordBatch {
	t.Helper()
	var fields []arrow.Field
	for i, c := range columns {
		fields = append(fields, arrow.Field{Name: strconv.Itoa(i), Type: catalog.ArrowType(c.typ), Nullable: true})
	}
	schema := ipc.GetSchemaPayload(arrow.NewSchema(fields, nil), memory.DefaultAllocator)
	defer schema.Release()
	meta := schema.Meta()
	defer meta.Release()
	_, data := encode(t, NewEncoder(codec), rows, columns)

	var stream bytes.Buffer
	for _, m := range []captures.Message{{Header: bytes.Clone(meta.Bytes())}, data} {
		header := m.Header
		for len(header)%8 != 0 {
			header = append(header, 0)
		}
		_ = binary.Write(&stream, binary.LittleEndian, []uint32{0xffffffff, uint32(len(header))})
		stream.Write(header)
		stream.Write(m.Body)
	}
	rd, err := ipc.NewReader(&stream)
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Release()
	if !rd.Next() {
		t.Fatalf("codec %d: arrow-go reads no record batch: %v", codec, rd.Err())
	}
	record := rd.RecordBatch()
	record.Retain()
	t.Cleanup(record.Release)
	if rd.Next() || rd.Err() != nil && rd.Err() != io.EOF {
		t.Fatalf("codec %d: after the record batch arrow-go reads another or %v, want the end", codec, rd.Err())
	}
	return record
}

// roundTrip returns the column that an array becomes, read back after encoding.
func roundTrip(t *testing.T, typ column.Type, a arrow.Array) (arrow.Array, error) {
	t.Helper()
	data, err := FromArray(typ, a)
	if err != nil {
		return nil, err
	}
	return readBack(t, None, a.Len(), []Column{data}).Column(0), nil
}

// arrayOf returns an array with the values of a JSON text; null is NULL.
func arrayOf(t testing.TB, dt arrow.DataType, text string) arrow.Array {
	t.Helper()
	a, _, err := array.FromJSON(memory.DefaultAllocator, dt, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func timestamps(unit arrow.TimeUnit, zone string) arrow.DataType {
	return &arrow.TimestampType{Unit: unit, TimeZone: zone}
}

func dictionary(values arrow.DataType) arrow.DataType {
	return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: values}
}
