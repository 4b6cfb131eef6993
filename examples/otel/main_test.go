package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/greptimetest"
)

// span is a span as the exporter prints it.
type span struct {
	Name        string
	SpanContext struct{ TraceID, SpanID string }
	Parent      struct{ SpanID string }
	Attributes  []struct {
		Key   string
		Value struct{ Value any }
	}
}

// printed returns the spans by their names. In a pipe each is a line of JSON.
func printed(t *testing.T, out string) map[string]span {
	t.Helper()
	all := map[string]span{}
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var s span
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		all[s.Name] = s
	}
	return all
}

// Each kind of call has a span, those of the caller in its trace, and no value is in any.
func TestEveryCallHasASpan(t *testing.T) {
	cfg, err := greptime.ParseDSN(greptimetest.Start(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(t.Context(), cfg, &out, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "readings: 12\n") {
		t.Errorf("the result is not in %s", out.String())
	}
	all := printed(t, out.String())
	work := all["a day's work"]
	for name, want := range map[string]struct{ parent, attribute string }{
		"sql.conn.query": {"a day's work", "db.query.text"},
		"statement":      {"sql.conn.query", "greptimedb.arguments"},
		"arrow.flight.protocol.FlightService/DoGet": {"statement", "rpc.method"},
		"insert readings":          {"a day's work", "greptimedb.rows"},
		"buffered insert readings": {"", "greptimedb.attempts"},
		"bulk batch readings":      {"a day's work", "greptimedb.bytes"},
	} {
		s, ok := all[name]
		switch {
		case !ok:
			t.Errorf("there is no span %q", name)
		case s.Parent.SpanID != all[want.parent].SpanContext.SpanID && want.parent != "":
			t.Errorf("the parent of span %q is not %q", name, want.parent)
		case want.parent != "" && s.SpanContext.TraceID != work.SpanContext.TraceID:
			t.Errorf("span %q is of another trace", name)
		}
		found := false
		for _, a := range s.Attributes {
			found = found || a.Key == want.attribute
		}
		if !found {
			t.Errorf("span %q has no attribute %s: %v", name, want.attribute, s.Attributes)
		}
	}
	for _, value := range []string{"43.5", `"a"`, `"40"`} {
		if strings.Contains(out.String(), value) {
			t.Errorf("the spans have the value %s", value)
		}
	}
}
