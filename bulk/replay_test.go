package bulk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/flightdecode"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// Reasons why a recording cannot be replayed: the driver never sends such a thing.
const (
	noIDs       = "every batch has an id of its own above 0"
	noRows      = "batches without rows are not sent"
	castBefore  = "the column is cast to what the server takes before it is sent"
	noSuchType  = "no column of a table has that type"
	refused     = "refused before it is sent"
	wellFormed  = "the driver's messages are well-formed"
	sendsTable  = "the first message always has the table, and only it, as its path"
	oneSchema   = "a stream has one schema"
	noStream    = "a stream is opened when there is a batch to send"
	oneCatalog  = "the catalog is left out, unless the database's name has a hyphen"
	otherSchema = "all batches of a stream have its columns"
)

var exempt = map[string]string{
	"database_with_catalog":              oneCatalog,
	"error_batch_garbage":                wellFormed,
	"error_body_cut":                     wellFormed, // TestServerEndsWithOKAndDoesNotAnswer has its end
	"error_date64":                       noSuchType,
	"error_descriptor_cmd":               sendsTable,
	"error_field_dictionary":             castBefore,
	"error_first_garbage":                wellFormed,
	"error_first_not_schema":             wellFormed,
	"error_in_second_batch":              otherSchema,
	"error_large_binary":                 castBefore,
	"error_large_utf8":                   castBefore,
	"error_missing_time_index":           refused,
	"error_no_descriptor":                sendsTable,
	"error_null_type":                    castBefore,
	"error_second_schema":                oneSchema,
	"error_time_index_zone":              castBefore,
	"error_timestamp_zone":               castBefore,
	"error_two_path_elements":            sendsTable,
	"error_utf8_view":                    castBefore,
	"metadata_id_as_text":                noIDs,
	"metadata_negative_and_repeated_ids": noIDs,
	"metadata_no_request_id":             noIDs,
	"metadata_none":                      noIDs,
	"metadata_not_json":                  noIDs,
	"no_batches":                         noStream,
	"nothing_sent":                       noStream,
	"tag_dictionary":                     castBefore,
	"tag_dictionary_int32":               castBefore,
	"tag_large_utf8":                     castBefore,
	"tag_utf8_view":                      castBefore,
	"time_index_all_null":                refused,
	"time_index_int64":                   refused,
	"time_index_some_null":               refused,
	"time_index_utf8":                    refused,
	"zero_rows":                          noRows,
}

func TestEveryRecordingIsReportedAsAcknowledged(t *testing.T) {
	t.Parallel()
	for _, e := range captures.DoPuts() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			err := replay(t, e)
			reason := exempt[e.Base]
			switch {
			case reason == "" && err != nil:
				t.Error(err)
			case reason != "" && err == nil:
				t.Errorf("needlessly exempt (%s)", reason)
			}
		})
	}
}

// replay writes what was recorded to a server that answers as recorded. Its error says
// why that cannot be, or what came out otherwise.
func replay(t *testing.T, e captures.DoPut) error {
	sent, err := recorded(e)
	if err != nil {
		return err
	}
	database := "public"
	if v, ok := e.CallMetadata["x-greptime-db-name"]; ok {
		database = v
	}
	put := wiretest.Replay(e)
	s := putServer(t, func(c *wiretest.Call) error {
		if got := c.Metadata.Get("x-greptime-db-name"); len(got) != 1 || got[0] != database {
			return fmt.Errorf("database %q, recorded %q", got, database)
		}
		return put(c)
	})
	dsn := strings.Replace(s.DSN(), "/public", "/"+database, 1)
	w, err := NewWriter(t.Context(), openConn(t, dsn), sent.table, Options{Schema: sent.schema, Streams: 1, InFlight: MaxInFlight})
	if err != nil {
		return err
	}
	defer w.Close(short(t))
	if !sameTypes(w.table.Arrow(), sent.arrow) {
		return fmt.Errorf("the driver sends %v, recorded is %v", w.table.Arrow(), sent.arrow)
	}
	acks := map[int64]int64{}
	for _, r := range e.Results[1:] {
		a, err := parseAck(r.AppMetadata)
		if err != nil {
			return err
		}
		acks[a.ID] = a.Rows
	}
	var pending []*Pending
	for i, record := range sent.records {
		w.ids.Store(sent.ids[i] - 1)
		p, err := w.WriteRecord(short(t), record)
		if err != nil {
			return err
		}
		pending = append(pending, p)
		if e.InStep {
			_, _ = p.Wait(short(t))
		}
	}
	return compareWithAcks(t, e, pending, acks)
}

// compareWithAcks looks at what was reported for each batch.
func compareWithAcks(t *testing.T, e captures.DoPut, pending []*Pending, acks map[int64]int64) error {
	first := true // of those that are not answered
	for _, p := range pending {
		ack, err := p.Wait(short(t))
		rows, answered := acks[p.ID()]
		var failed *WriteError
		switch {
		case answered && (err != nil || ack.Rows != rows):
			return fmt.Errorf("batch %d: %+v, %w; recorded are %d rows", p.ID(), ack, err, rows)
		case answered:
			continue
		case !errors.As(err, &failed) || len(failed.Failed) != 1 || failed.Failed[0].ID != p.ID():
			return fmt.Errorf("batch %d, not answered: %+v, %w", p.ID(), ack, err)
		}
		f := failed.Failed[0]
		if e.Code == codes.OK {
			if !f.Ambiguous || !errors.Is(err, ErrUnanswered) {
				return fmt.Errorf("batch %d, not answered at an end with OK: %+v", p.ID(), f)
			}
			continue
		}
		if code, ok := e.ErrorCode(); ok {
			// Whoever may not write, or names a table that is not there, has written nothing;
			// an unexpected error proves nothing.
			never := code == int(greptime.TableNotFound) || code == int(greptime.PermissionDenied)
			if f.Ambiguous && never || first && !f.Ambiguous && code == int(greptime.Unexpected) {
				return fmt.Errorf("batch %d: ambiguous is %t: %w", p.ID(), f.Ambiguous, err)
			}
			if !strings.Contains(err.Error(), e.GRPCMessage) {
				return fmt.Errorf("batch %d: the error does not explain itself: %w", p.ID(), err)
			}
			first = false
			continue
		}
		// Those after the first were not processed; or they came when the stream had ended
		// already, and were the first that was refused on another.
		if first && !f.Ambiguous {
			return fmt.Errorf("batch %d was refused, but is not ambiguous", p.ID())
		}
		explanation := "not processed, because the server refused batch "
		if f.Ambiguous {
			explanation = "Possible causes"
		}
		if !strings.Contains(err.Error(), e.GRPCMessage) || !strings.Contains(err.Error(), explanation) {
			return fmt.Errorf("batch %d: the error does not explain itself: %w", p.ID(), err)
		}
		first = false
	}
	return nil
}

// recording is what a client sent.
type recording struct {
	table   string
	schema  *insert.Schema
	arrow   *arrow.Schema
	records []arrow.RecordBatch
	ids     []int64
}

func recorded(e captures.DoPut) (*recording, error) {
	if len(e.Sent) < 2 {
		return nil, errors.New("no batch was sent")
	}
	first := e.Sent[0]
	if first.Kind != "Schema" || first.Descriptor == nil || first.Descriptor.Type != "PATH" || len(first.Descriptor.Path) != 1 {
		return nil, errors.New("the first message has no schema, or other than one table")
	}
	r := &recording{table: first.Descriptor.Path[0]}
	rd, err := flightdecode.NewReader(func(m *flightdecode.Message) error {
		if r.arrow != nil {
			return io.EOF
		}
		*m = flightdecode.Message{Header: first.Header}
		return nil
	}, flightdecode.Options{})
	if err != nil {
		return nil, err
	}
	defer rd.Release()
	r.arrow = rd.Schema()
	var columns []insert.Column
	for _, f := range r.arrow.Fields() {
		typ, err := catalog.TypeOf(f)
		if err != nil {
			return nil, err
		}
		c := insert.Field(f.Name, insert.Type(typ))
		if f.Name == "ts" {
			c = insert.Time(f.Name, insert.Unit(0))
			c.Type = insert.Type(typ)
		}
		columns = append(columns, c)
	}
	if r.schema, err = insert.NewSchema(columns...); err != nil {
		return nil, err
	}
	seen := map[int64]bool{}
	for _, m := range e.Sent[1:] {
		var meta struct {
			ID int64 `json:"request_id"`
		}
		if err := json.Unmarshal(m.AppMetadata, &meta); err != nil || meta.ID <= 0 || seen[meta.ID] {
			return nil, fmt.Errorf("request id %q", m.AppMetadata)
		}
		seen[meta.ID] = true
		record, err := decodeRecord(first, m)
		if err != nil {
			return nil, err
		}
		if record.NumRows() == 0 {
			return nil, errors.New("a batch without rows")
		}
		r.ids = append(r.ids, meta.ID)
		r.records = append(r.records, record)
	}
	return r, nil
}

// sameTypes compares names and types, of which the server takes note.
func sameTypes(a, b *arrow.Schema) bool {
	if a.NumFields() != b.NumFields() {
		return false
	}
	for i, f := range a.Fields() {
		if g := b.Field(i); f.Name != g.Name || !arrow.TypeEqual(f.Type, g.Type) {
			return false
		}
	}
	return true
}

func TestRecordedBatchesAreSentAsTheyWere(t *testing.T) {
	t.Parallel()
	compared := 0
	for _, e := range captures.DoPuts() {
		sent, err := recorded(e)
		if err != nil {
			continue
		}
		table, err := tableOf(sent.table, sent.schema)
		if err != nil || !sameTypes(table.Arrow(), sent.arrow) {
			continue
		}
		for _, record := range sent.records {
			columns, err := recordColumns(newLayout(table, len(table.Columns)), record)
			if err != nil {
				continue // exempt, above
			}
			b := &Batch{table: table, columns: columns, rows: int(record.NumRows())}
			for _, codec := range []Compression{None, LZ4, ZSTD} {
				data, m := encodeBatch(t, b, codec)
				got, err := decodeRecord(schemaMessage(b), data)
				if err != nil {
					t.Fatalf("%s, %v: %v", e.Name, codec, err)
				}
				for i := range columns {
					if !array.ApproxEqual(got.Column(i), record.Column(i), array.WithNaNsEqual(true)) {
						t.Errorf("%s, %v, column %d: %v, recorded %v", e.Name, codec, i, got.Column(i), record.Column(i))
					}
				}
				if _, err := m.Decode(); err != nil {
					t.Errorf("%s, %v: %v", e.Name, codec, err)
				}
			}
			compared++
		}
	}
	if compared < 90 {
		t.Errorf("only %d batches were compared, want at least 90", compared)
	}
}

func TestRecordedRefusalsOfUsers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"auth/doput_wrong_password": "auth failed",
		"auth/doput_read_only":      "the user may only read",
	} {
		s := putServer(t, wiretest.Replay(captures.DoPutByName(name)))
		w := openWriter(t, s.DSN(), Options{})
		_, err := w.Write(short(t), fill(t, w.NewBatch(1), 0, 1))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}
