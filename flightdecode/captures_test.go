package flightdecode

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/internal/test/captures"
)

// errStatus stands for the status that ended an exchange.
var errStatus = errors.New("status")

func answers() []captures.DoGet {
	return slices.Concat(captures.DoGets(), captures.AuthDoGets())
}

func endOf(exchange captures.DoGet) error {
	if exchange.Code == codes.OK {
		return io.EOF
	}
	return errStatus
}

func TestCapturesReadAsRecorded(t *testing.T) {
	t.Parallel()
	for _, exchange := range answers() {
		t.Run(exchange.Name, func(t *testing.T) {
			t.Parallel()
			end := endOf(exchange)
			got := read(messagesOf(exchange), end)
			if len(exchange.Messages) == 0 {
				if got.err != errStatus {
					t.Fatalf("error %v, want the status as it is", got.err)
				}
				return
			}
			if want := map[error]error{io.EOF: nil, errStatus: errStatus}[end]; got.err != want {
				t.Fatalf("error %v, want %v", got.err, want)
			}
			checkSchema(t, got.schema, exchange)
			checkRows(t, got, exchange)
			checkMetadata(t, got, exchange)
		})
	}
}

func checkSchema(t *testing.T, schema *arrow.Schema, exchange captures.DoGet) {
	t.Helper()
	if schema.NumFields() != len(exchange.Fields) {
		t.Fatalf("%d fields, want %d", schema.NumFields(), len(exchange.Fields))
	}
	for i, want := range exchange.Fields {
		f := schema.Field(i)
		if f.Name != want.Name || f.Type.String() != want.Type || f.Nullable != want.Nullable {
			t.Errorf("field %d is %q %s nullable=%t, want %q %s nullable=%t",
				i, f.Name, f.Type, f.Nullable, want.Name, want.Type, want.Nullable)
		}
		if !maps.Equal(f.Metadata.ToMap(), want.Metadata) {
			t.Errorf("metadata of field %q is %v, want %v", f.Name, f.Metadata, want.Metadata)
		}
	}
	if got := schema.Metadata(); !maps.Equal(got.ToMap(), exchange.SchemaMetadata) {
		t.Errorf("metadata of the schema is %v, want %v", got, exchange.SchemaMetadata)
	}
}

func checkRows(t *testing.T, got answer, exchange captures.DoGet) {
	t.Helper()
	var rowsPerBatch []int
	var rows [][]string
	for _, batch := range got.batches {
		render(t, batch)
		rowsPerBatch = append(rowsPerBatch, int(batch.NumRows()))
		for i := 0; i < int(batch.NumRows()) && len(rows) < len(exchange.ArrowGoRows); i++ {
			rows = append(rows, recordedRow(batch, i))
		}
		for _, column := range batch.Columns() {
			if err := array.ValidateFull(column); err != nil {
				t.Errorf("arrow-go finds fault: %v", err)
			}
		}
	}
	if !slices.Equal(rowsPerBatch, exchange.RowsPerBatch) {
		t.Fatalf("rows per batch %v, want %v", rowsPerBatch, exchange.RowsPerBatch)
	}
	for i, want := range exchange.ArrowGoRows {
		if !slices.EqualFunc(rows[i], want, sameText) {
			t.Errorf("row %d is\n%q, want\n%q", i, rows[i], want)
		}
	}
}

// recordedRow formats a row as the recording does.
func recordedRow(batch arrow.RecordBatch, i int) []string {
	row := []string{}
	for _, column := range batch.Columns() {
		if times, ok := column.(*array.Timestamp); ok && times.IsValid(i) {
			row = append(row, strconv.FormatInt(int64(times.Value(i)), 10))
			continue
		}
		row = append(row, column.ValueStr(i))
	}
	return row
}

// sameText compares with a recorded text, which is cut if it is long.
func sameText(got, want string) bool {
	if cut, ok := strings.CutSuffix(want, "…"); ok && len(got) > len(cut) {
		return strings.HasPrefix(got, cut)
	}
	return got == want
}

func checkMetadata(t *testing.T, got answer, exchange captures.DoGet) {
	t.Helper()
	var affectedRows uint64
	hasAffectedRows, metricsLast := false, false
	metrics := ""
	for i, m := range exchange.Messages {
		if m.Kind != "NONE" {
			continue
		}
		if i == 0 {
			var value struct{ Value uint64 }
			if err := json.Unmarshal([]byte(m.AppMetadataText), &value); err != nil {
				t.Fatal(err)
			}
			affectedRows, hasAffectedRows = value.Value, true
			continue
		}
		metrics, metricsLast = m.AppMetadataText, i == len(exchange.Messages)-1
	}
	if got.affectedRows != affectedRows || got.hasAffectedRows != hasAffectedRows {
		t.Errorf("affected rows %d, %t, want %d, %t", got.affectedRows, got.hasAffectedRows, affectedRows, hasAffectedRows)
	}
	if got.metrics != metrics || got.metricsLast != metricsLast {
		t.Errorf("metrics %q last=%t, want %q last=%t", got.metrics, got.metricsLast, metrics, metricsLast)
	}
}

// TestCutStreams cuts every recorded answer after each message. A stream that ends
// with an error must return it; a stream that ends with OK must return the rows so far.
func TestCutStreams(t *testing.T) {
	t.Parallel()
	for _, exchange := range answers() {
		messages := messagesOf(exchange)
		whole := read(messages, io.EOF)
		for n := range messages {
			got := read(messages[:n], errStatus)
			if got.err != errStatus {
				t.Errorf("%s cut to %d messages: error %v, want %v", exchange.Name, n, got.err, errStatus)
			}
			cut := read(messages[:n], io.EOF)
			if n == 0 {
				var e *Error
				if !errors.As(cut.err, &e) || !errors.Is(cut.err, io.ErrUnexpectedEOF) {
					t.Errorf("%s without a message: error %v, want an *Error that is io.ErrUnexpectedEOF", exchange.Name, cut.err)
				}
				continue
			}
			if cut.err != nil || len(cut.batches) != len(got.batches) {
				t.Errorf("%s cut to %d messages: %d batches and %v after OK, %d after an error",
					exchange.Name, n, len(cut.batches), cut.err, len(got.batches))
			}
			for i, batch := range cut.batches {
				if !sameBatch(batch, whole.batches[i]) {
					t.Errorf("%s cut to %d messages: batch %d differs", exchange.Name, n, i)
				}
			}
			// EXPLAIN ANALYZE VERBOSE of 1.1 and later has metrics after every batch: a cut
			// behind one of them looks like the end.
			if last := exchange.Messages[n-1]; cut.metricsLast != (last.Kind == "NONE") {
				t.Errorf("%s cut to %d messages, the last a %s: ended with metrics is %t", exchange.Name, n, last.Kind, cut.metricsLast)
			}
		}
	}
}

// TestCorruptedCaptures changes every byte of some answers, one at a time. Batches
// that still decode must read in full, and nothing may panic.
func TestCorruptedCaptures(t *testing.T) {
	t.Parallel()
	names := []string{
		"select_every_type", "plain_select_every_type", "compressed_bodies",
		"type_utf8_view", "plain_type_utf8_view", "type_list_of_struct", "plain_type_list_rows",
		"type_struct_nested", "dictionary_replaced", "plain_dictionary_replaced", "dictionary_int64_largeutf8",
		"field_metadata", "insert_two_rows", "type_list_empty_null_type", "type_interval_month_day_nano",
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messages := captured(name)
			for i := range messages {
				for _, part := range []*[]byte{&messages[i].Header, &messages[i].AppMetadata, &messages[i].Body} {
					sweep(t, messages, part)
				}
			}
		})
	}
}

// sweep corrupts each byte of a part of messages.
func sweep(t *testing.T, messages []Message, part *[]byte) {
	t.Helper()
	original := *part
	masks := []byte{0x01, 0x80, 0xff}
	if len(original) > 200 {
		masks = masks[2:]
	}
	for at := 0; at < len(original); at += 1 + len(original)/400 {
		for _, mask := range masks {
			// Arrays lie in bodies, so each attempt gets one of its own.
			corrupt := slices.Clone(original)
			corrupt[at] ^= mask
			*part = corrupt
			got := read(messages, io.EOF)
			for _, batch := range got.batches {
				touch(t, batch)
			}
			var e *Error
			if got.err != nil && !errors.As(got.err, &e) {
				t.Errorf("byte %d ^ %#x: error %v is not an *Error", at, mask, got.err)
			}
		}
	}
	*part = original
}

// TestMutatedStreams changes a few bytes of streams of all types, also nested ones
// that GreptimeDB does not send.
func TestMutatedStreams(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 7))
		schema, batches := randomBatches(rng, 1+rng.IntN(5), 2, 20)
		messages := encode(t, schema, batches, bodies[seed%2].opts...)
		for range 40 {
			mutant := slices.Clone(messages)
			m := &mutant[rng.IntN(len(mutant))]
			part := &m.Header
			if len(m.Body) > 0 && rng.IntN(3) == 0 {
				part = &m.Body
			}
			*part = slices.Clone(*part)
			for range 1 + rng.IntN(3) {
				(*part)[rng.IntN(len(*part))] = []byte{0, 1, 0x7f, 0x80, 0xff, byte(rng.Uint32())}[rng.IntN(6)]
			}
			for _, batch := range read(mutant, io.EOF).batches {
				touch(t, batch)
			}
		}
	}
}

// TestTruncatedParts cuts headers, metadata and bodies short, at every length.
func TestTruncatedParts(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain_select_every_type", "type_utf8_view", "dictionary_kept", "insert_two_rows"} {
		messages := captured(name)
		for i := range messages {
			for what, part := range map[string]*[]byte{
				"header": &messages[i].Header, "metadata": &messages[i].AppMetadata, "body": &messages[i].Body,
			} {
				original := *part
				for n := 0; n < len(original); n += 1 + n/40 {
					*part = slices.Clone(original[:n])
					got := read(messages, io.EOF)
					for _, batch := range got.batches {
						touch(t, batch)
					}
					if got.err == nil && what == "body" {
						t.Errorf("%s: message %d with %d of %d bytes of body was accepted", name, i, n, len(original))
					}
				}
				*part = original
			}
		}
	}
}

func TestNoneMessagesAnywhereAfterTheSchema(t *testing.T) {
	t.Parallel()
	messages := captured("dictionary_replaced")
	metrics := messages[len(messages)-1]
	unknown := Message{Header: metrics.Header, AppMetadata: []byte{0x1a, 1, 'x'}} // field 3
	want := read(messages, io.EOF)
	for at := 1; at <= len(messages); at++ {
		for _, none := range []Message{metrics, unknown, {Header: metrics.Header}} {
			got := read(slices.Insert(slices.Clone(messages), at, none), io.EOF)
			if got.err != nil || len(got.batches) != len(want.batches) {
				t.Fatalf("NONE at %d: %d batches, error %v", at, len(got.batches), got.err)
			}
			for i := range got.batches {
				if !sameBatch(got.batches[i], want.batches[i]) {
					t.Errorf("NONE at %d: batch %d differs", at, i)
				}
			}
			if got.metrics != want.metrics {
				t.Errorf("NONE at %d: metrics %q", at, got.metrics)
			}
			last := at < len(messages) || len(none.AppMetadata) == len(metrics.AppMetadata)
			if got.metricsLast != last {
				t.Errorf("NONE at %d: ended with metrics is %t, want %t", at, got.metricsLast, last)
			}
		}
	}
}

func TestMessagesInTheWrongPlace(t *testing.T) {
	t.Parallel()
	query := captured("dictionary_two_columns") // schema, 2 dictionaries, batch, metrics
	schema, dictionary, batch, metrics := query[0], query[1], query[3], query[4]
	affected := captured("insert_two_rows")[0]
	both := Message{Header: affected.Header, AppMetadata: slices.Concat(affected.AppMetadata, metrics.AppMetadata)}

	tests := []struct {
		name     string
		messages []Message
		index    int
		kind     string
		want     string // part of the error; "" for none
	}{
		{"affected rows", []Message{affected}, 0, "", ""},
		{"affected rows, metrics", []Message{affected, metrics}, 0, "", ""},
		{"affected rows with metrics", []Message{both}, 0, "", ""},
		{"affected rows, schema", []Message{affected, schema}, 1, "Schema", "after affected rows"},
		{"affected rows, dictionary", []Message{affected, dictionary}, 1, "DictionaryBatch", "after affected rows"},
		{"affected rows, batch", []Message{affected, batch}, 1, "RecordBatch", "after affected rows"},
		{"affected rows twice", []Message{affected, affected}, 1, "NONE", "arrived twice"},
		{"affected rows after a schema", []Message{schema, affected}, 1, "NONE", "after a schema"},
		{"affected rows after a batch", []Message{schema, query[1], query[2], batch, both}, 4, "NONE", "after a schema"},
		{"second schema", []Message{schema, schema}, 1, "Schema", "second schema"},
		{"schema after a batch", []Message{schema, query[1], query[2], batch, schema}, 4, "Schema", "second schema"},
		{"batch first", []Message{batch}, 0, "RecordBatch", "before the schema"},
		{"dictionary first", []Message{dictionary}, 0, "DictionaryBatch", "before the schema"},
		{"metrics first", []Message{metrics}, 0, "NONE", "schema or affected rows"},
		{"nothing first", []Message{{Header: metrics.Header}}, 0, "NONE", "schema or affected rows"},
		{"batch before its dictionary", []Message{schema, batch}, 1, "RecordBatch", "no DictionaryBatch"},
		{"empty message", []Message{schema, {}}, 1, "", "no data_header"},
		{"empty message first", []Message{{}}, 0, "", "no data_header"},
		{"garbage", []Message{schema, {Header: []byte("garbage")}}, 1, "", "malformed header"},
		{"tensor", []Message{schema, {Header: message(t, kindTensor, nil)}}, 1, "Tensor", "only Schema"},
		{"unknown type", []Message{schema, {Header: message(t, 9, nil)}}, 1, "header type 9", "only Schema"},
		{"broken metadata", []Message{schema, {Header: metrics.Header, AppMetadata: []byte{0x0a, 5}}}, 1, "NONE", "protobuf"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := read(test.messages, io.EOF)
			if test.want == "" {
				if got.err != nil {
					t.Fatal(got.err)
				}
				if rows := got.affectedRows; rows != 2 || !got.hasAffectedRows || got.schema.NumFields() != 0 {
					t.Errorf("affected rows %d, %t with %v", rows, got.hasAffectedRows, got.schema)
				}
				if want := len(test.messages) == 2 || len(test.messages[0].AppMetadata) > 4; got.metricsLast != want {
					t.Errorf("ended with metrics is %t, want %t", got.metricsLast, want)
				}
				return
			}
			var e *Error
			if !errors.As(got.err, &e) {
				t.Fatalf("error %v is not an *Error", got.err)
			}
			if e.Index != test.index || e.Kind != test.kind || !strings.Contains(e.Err.Error(), test.want) {
				t.Errorf("error %v at %d (%s), want %q at %d (%s)", e.Err, e.Index, e.Kind, test.want, test.index, test.kind)
			}
			if want := fmt.Sprintf("message %d", test.index); !strings.Contains(e.Error(), want) {
				t.Errorf("%q does not say %q", e, want)
			}
		})
	}
}

func TestErrorsOfRecvComeBackAsTheyAre(t *testing.T) {
	t.Parallel()
	messages := captured("batches_union")
	// An error that wraps io.EOF is not the end of the stream.
	for _, end := range []error{errStatus, io.ErrUnexpectedEOF, fmt.Errorf("connection: %w", io.EOF)} {
		for n := range len(messages) {
			if got := read(messages[:n], end); got.err != end {
				t.Errorf("after %d messages: %v, want %v", n, got.err, end)
			}
		}
	}
}

func TestNextStaysAtTheEnd(t *testing.T) {
	t.Parallel()
	messages := captured("batches_union")
	for _, end := range []error{io.EOF, errStatus} {
		calls := 0
		recv := received(messages, end)
		r, err := NewReader(func(m *Message) error { calls++; return recv(m) }, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for r.Next() {
		}
		before := calls
		if r.Next() || r.RecordBatch() != nil || calls != before {
			t.Errorf("Next went on after the end: %d calls, then %d", before, calls)
		}
		if end == errStatus && r.Err() != errStatus {
			t.Errorf("error %v was lost", r.Err())
		}
		r.Release()
	}
}

func TestReleasedReaderStops(t *testing.T) {
	t.Parallel()
	r, err := NewReader(received(captured("dictionary_kept"), io.EOF), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Next() {
		t.Fatal(r.Err())
	}
	batch := r.RecordBatch()
	batch.Retain()
	r.Retain()
	r.Release()
	if r.RecordBatch() == nil {
		t.Error("a reader that is still referred to let its batch go")
	}
	r.Release()
	if r.Next() || r.RecordBatch() != nil {
		t.Error("a released reader went on")
	}
	touch(t, batch) // retained: with its dictionary
	batch.Release()
}
