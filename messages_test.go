package greptime_test

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// resultMessages returns the messages of a query's result with these batches, with
// metrics at the end as GreptimeDB sends them.
func resultMessages(t testing.TB, schema *arrow.Schema, batches ...arrow.RecordBatch) []captures.Message {
	t.Helper()
	messages := []captures.Message{wiretest.SchemaMessage(schema)}
	for _, batch := range batches {
		message, err := wiretest.BatchMessage(batch)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, message)
	}
	return append(messages, wiretest.MetricsMessage())
}
