package greptime_test

import (
	"bytes"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/captures"
)

// resultMessages are the messages of a query's result with these batches, made by
// arrow-go's writer, bodies LZ4, with metrics at the end as GreptimeDB sends them.
func resultMessages(t testing.TB, schema *arrow.Schema, batches ...arrow.RecordBatch) []captures.Message {
	t.Helper()
	payload := ipc.GetSchemaPayload(schema, memory.DefaultAllocator)
	messages := []captures.Message{{Kind: "Schema", Header: bytes.Clone(payload.Meta().Bytes())}}
	payload.Release()
	for _, batch := range batches {
		messages = append(messages, batchMessage(t, batch))
	}
	return append(messages, metricsMessage())
}

func batchMessage(t testing.TB, batch arrow.RecordBatch) captures.Message {
	t.Helper()
	payload, err := ipc.GetRecordBatchPayload(batch, ipc.WithLZ4())
	if err != nil {
		t.Fatal(err)
	}
	defer payload.Release()
	var body bytes.Buffer
	if err := payload.SerializeBody(&body); err != nil {
		t.Fatal(err)
	}
	return captures.Message{Kind: "RecordBatch", Header: bytes.Clone(payload.Meta().Bytes()), Body: body.Bytes()}
}

// metricsMessage is the message that ended a recorded result.
func metricsMessage() captures.Message {
	messages := captures.DoGetByName("select_constants").Messages
	return messages[len(messages)-1]
}
