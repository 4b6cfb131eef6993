package insert_test

import (
	"strings"
	"testing"

	"github.com/greptime-go/greptime/insert"
)

// TestWritersThatNobodyMade: what a failed NewWriter or NewStream returns, and the zero
// values, say so in each call.
func TestWritersThatNobodyMade(t *testing.T) {
	t.Parallel()
	buffered, err := insert.NewWriter(nil, insert.WriterOptions{})
	if err == nil || buffered != nil {
		t.Fatalf("NewWriter without a Conn returns %v, %v; want an error alone", buffered, err)
	}
	stream, err := insert.NewStream(t.Context(), nil)
	if err == nil || stream != nil {
		t.Fatalf("NewStream without a Conn returns %v, %v; want an error alone", stream, err)
	}
	type row struct {
		N int `greptime:"n,time"`
	}
	table := insert.NewTable("t", insert.Time("ts", insert.Millisecond))
	if err := table.Append(1); err != nil {
		t.Fatal(err)
	}
	calls := map[string]func() error{}
	for name, w := range map[string]*insert.Writer{"failed": buffered, "zero": {}} {
		calls[name+" Writer.Write"] = func() error { return w.Write(t.Context(), table) }
		calls[name+" Writer.Flush"] = func() error { return w.Flush(t.Context()) }
		calls[name+" Writer.Close"] = func() error { return w.Close(t.Context()) }
		calls[name+" Writer.Table.Append"] = func() error { return w.Table("t", table.Schema()).Append(t.Context(), 1) }
		if stats := w.Stats(); stats != (insert.WriterStats{}) {
			t.Errorf("%s Writer: %v, want zero values", name, stats)
		}
	}
	for name, b := range map[string]*insert.WriterTable{"nil": nil, "zero": {}} {
		calls[name+" WriterTable.Append"] = func() error { return b.Append(t.Context(), 1) }
		calls[name+" AppendStructsTo"] = func() error { return insert.AppendStructsTo(t.Context(), b, row{1}) }
	}
	for name, s := range map[string]*insert.Stream{"failed": stream, "zero": {}} {
		calls[name+" Stream.Send"] = func() error { return s.Send(t.Context(), table) }
		calls[name+" Stream.Delete"] = func() error { return s.Delete(t.Context(), table) }
		calls[name+" Stream.CloseAndRecv"] = func() error { _, err := s.CloseAndRecv(t.Context()); return err }
		s.Close()
	}
	for call, f := range calls {
		if err := f(); err == nil || !strings.Contains(err.Error(), "returned an error, which must be checked") {
			t.Errorf("%s returns %v, want that the constructor's error must be checked", call, err)
		}
	}
}
