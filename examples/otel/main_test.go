package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/greptime-go/greptime/greptimetest"
)

// In a pipe each span is a line of JSON, and the call of gRPC is in the trace of the statement.
func TestSpansAreOneTrace(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), greptimetest.Start(t).DSN(), &out, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "1 + 41 = 42\n") {
		t.Errorf("the result is not in %s", out.String())
	}
	names, ids := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var span struct {
			Name        string
			SpanContext struct{ TraceID string }
		}
		if err := json.Unmarshal([]byte(line), &span); err != nil {
			t.Fatal(err)
		}
		names[span.Name], ids[span.SpanContext.TraceID] = true, true
	}
	for _, want := range []string{"a day's work", "sql.conn.query", "arrow.flight.protocol.FlightService/DoGet"} {
		if !names[want] {
			t.Errorf("there is no span %q, only %v", want, names)
		}
	}
	if len(ids) != 1 {
		t.Errorf("the spans are of %d traces, want 1", len(ids))
	}
}
