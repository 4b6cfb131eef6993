package bulk_test

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/bulk"
)

// TestWriterThatNobodyMade: what a failed NewWriter returns, and the zero Writer, say
// so in each call.
func TestWriterThatNobodyMade(t *testing.T) {
	t.Parallel()
	failed, err := bulk.NewWriter(t.Context(), nil, "t", bulk.Options{})
	if err == nil || failed != nil {
		t.Fatalf("NewWriter without a Conn returns %v, %v; want an error alone", failed, err)
	}
	for name, w := range map[string]*bulk.Writer{"failed": failed, "zero": {}} {
		b := w.NewBatch(10)
		if err := b.Append(1); err == nil || !strings.Contains(err.Error(), "NewBatch") {
			t.Errorf("%s: Append to its Batch returns %v, want an error", name, err)
		}
		if b.Len() != 0 || b.Size() != 0 || len(b.Columns()) != 0 {
			t.Errorf("%s: its Batch has %d rows of columns %q, want none", name, b.Len(), b.Columns())
		}
		schema := arrow.NewSchema(nil, nil)
		record := array.NewRecordBatch(schema, nil, 0)
		defer record.Release()
		rd, err := array.NewRecordReader(schema, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer rd.Release()
		calls := map[string]func() error{
			"Write":       func() error { _, err := w.Write(t.Context(), b); return err },
			"WriteAsync":  func() error { _, err := w.WriteAsync(t.Context(), b); return err },
			"WriteRecord": func() error { _, err := w.WriteRecord(t.Context(), record); return err },
			"WriteReader": func() error { _, err := w.WriteReader(t.Context(), rd, nil); return err },
			"Flush":       func() error { return w.Flush(t.Context()) },
			"Close":       func() error { _, err := w.Close(t.Context()); return err },
		}
		for call, f := range calls {
			if err := f(); err == nil || !strings.Contains(err.Error(), "NewWriter returned an error") {
				t.Errorf("%s: %s returns %v, want that NewWriter's error must be checked", name, call, err)
			}
		}
		if w.Table() != "" || w.Verified() || w.Progress() != (bulk.Progress{}) {
			t.Errorf("%s: table %q, verified %t, progress %v; want zero values", name, w.Table(), w.Verified(), w.Progress())
		}
	}
}
