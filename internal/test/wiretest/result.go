package wiretest

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// SchemaMessage returns the first message of a result with the given columns.
func SchemaMessage(schema *arrow.Schema) captures.Message {
	payload := ipc.GetSchemaPayload(schema, memory.DefaultAllocator)
	defer payload.Release()
	return captures.Message{Kind: "Schema", Header: bytes.Clone(payload.Meta().Bytes())}
}

// BatchMessage returns the message of a record batch, with GreptimeDB's default
// compression.
func BatchMessage(batch arrow.RecordBatch) (captures.Message, error) {
	payload, err := ipc.GetRecordBatchPayload(batch, ipc.WithLZ4())
	if err != nil {
		return captures.Message{}, fmt.Errorf("wiretest: %w", err)
	}
	defer payload.Release()
	var body bytes.Buffer
	if err := payload.SerializeBody(&body); err != nil {
		return captures.Message{}, fmt.Errorf("wiretest: %w", err)
	}
	return captures.Message{Kind: "RecordBatch", Header: bytes.Clone(payload.Meta().Bytes()), Body: body.Bytes()}, nil
}

// MetricsMessage returns the message that ends the result of a SELECT, as recorded.
func MetricsMessage() captures.Message {
	messages := captures.DoGetByName("select_constants").Messages
	return messages[len(messages)-1]
}

// AffectedMessage returns the answer to a statement without a result.
func AffectedMessage(rows uint32) captures.Message {
	m := captures.DoGetByName("insert_two_rows").Messages[0]
	affected := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(rows))
	m.AppMetadata = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), affected)
	return m
}

// CountMessages returns the result of a SELECT count(*).
func CountMessages(n int64) ([]captures.Message, error) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "count(*)", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.Int64Builder).Append(n)
	batch := b.NewRecordBatch()
	defer batch.Release()
	message, err := BatchMessage(batch)
	return []captures.Message{SchemaMessage(schema), message, MetricsMessage()}, err
}

// TextMessages returns the result of a statement that answers one text.
func TextMessages(name, value string) ([]captures.Message, error) {
	messages, err := textRows([]string{name}, []string{value})
	return append(messages, MetricsMessage()), err
}

// DescribeMessages returns the answer to DESC TABLE for a table with these columns.
func DescribeMessages(columns []catalog.Column) ([]captures.Message, error) {
	var rows [][]string
	for _, c := range columns {
		null := map[bool]string{true: "YES", false: "NO"}[c.Nullable]
		role := map[catalog.Role]string{catalog.Tag: "TAG", catalog.Field: "FIELD", catalog.TimeIndex: "TIMESTAMP"}[c.Role]
		rows = append(rows, []string{c.Name, c.Type.String(), "", null, c.Default, role})
	}
	return textRows([]string{"Column", "Type", "Key", "Null", "Default", "Semantic Type"}, rows...) // DESC has no metrics
}

// textRows returns a result of text columns, without metrics.
func textRows(names []string, rows ...[]string) ([]captures.Message, error) {
	var fields []arrow.Field
	for _, name := range names {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.BinaryTypes.String})
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for _, row := range rows {
		for i, v := range row {
			b.Field(i).(*array.StringBuilder).Append(v)
		}
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	message, err := BatchMessage(batch)
	return []captures.Message{SchemaMessage(schema), message}, err
}
