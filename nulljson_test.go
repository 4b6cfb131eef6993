package greptime_test

import (
	"database/sql"
	"encoding/json"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// The destinations hold JSON of the row before when NULL comes.
func TestNullJSONIsNilInEveryDestination(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{{
		Name: "j", Type: arrow.BinaryTypes.Binary, Nullable: true, Metadata: arrow.NewMetadata([]string{"greptime:type"}, []string{"Json"}),
	}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.BinaryBuilder).Append([]byte(`{"a":1}`))
	b.Field(0).(*array.BinaryBuilder).AppendNull()
	batch := b.NewRecordBatch()
	defer batch.Release()
	messages := resultMessages(t, schema, batch)
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		for _, m := range messages {
			if err := c.Send(wiretest.EncodeFlightData(m)); err != nil {
				return err
			}
		}
		return nil
	})
	db := openServer(t, s)

	var raw json.RawMessage
	var bytes []byte
	var rawBytes sql.RawBytes
	var value any
	var null sql.Null[json.RawMessage]
	var own greptime.Null[json.RawMessage]
	var pointer *json.RawMessage
	var text sql.NullString
	dests := []struct {
		dest   any
		isNull func() bool
	}{
		{&bytes, func() bool { return bytes == nil }},
		{&rawBytes, func() bool { return rawBytes == nil }},
		{&value, func() bool { return value == nil }},
		{&null, func() bool { return !null.Valid && null.V == nil }},
		{&own, func() bool { return !own.Valid && own.V == nil }},
		{&pointer, func() bool { return pointer == nil }},
		{&text, func() bool { return !text.Valid && text.String == "" }},
		{&raw, func() bool { return raw == nil }},
	}
	for _, d := range dests {
		rows, err := db.Query("SELECT j FROM t")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		if err := rows.Scan(d.dest); err != nil || d.isNull() {
			t.Errorf("%T: JSON: NULL %v, error %v", d.dest, d.isNull(), err)
		}
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		_, isRaw := d.dest.(*json.RawMessage)
		works := !isRaw || rawMessageTakesNULL
		if err := rows.Scan(d.dest); (err == nil) != works || works && !d.isNull() {
			t.Errorf("%T: NULL: NULL %v, error %v", d.dest, d.isNull(), err)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}
