package bulk

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestTextOfCreateTable(t *testing.T) {
	t.Parallel()
	s, err := insert.NewSchema(insert.Tag(`ho"st`, insert.String), insert.Time("ts", insert.Nanosecond), insert.Field("v", insert.Vector(3)),
		insert.Field("d", insert.Decimal(10, 2)), insert.Tag("u", insert.Uint64), insert.Field("j", insert.JSON))
	if err != nil {
		t.Fatal(err)
	}
	text, err := createTable("my table", s, map[string]string{"ttl": "7d", "append_mode": "true", "it's": "x"})
	want := `CREATE TABLE IF NOT EXISTS "my table" ("ho""st" STRING, "ts" TIMESTAMP(9) NOT NULL TIME INDEX, "v" VECTOR(3), "d" DECIMAL(10,2), "u" BIGINT UNSIGNED, "j" JSON, ` +
		`PRIMARY KEY ("ho""st", "u")) WITH ('append_mode' = 'true', 'it''s' = 'x', 'ttl' = '7d')`
	if err != nil || text != want {
		t.Errorf("%v\n%s\nwant %s", err, text, want)
	}
	if _, err := createTable("t", s, map[string]string{"ttl": "\xff"}); err == nil || !strings.Contains(err.Error(), `"ttl"`) {
		t.Errorf("createTable: %v, want an error of the option ttl", err)
	}
	s, err = insert.NewSchema(insert.Time("ts", insert.Second), insert.Field("at", insert.TimeOfDay(insert.Second)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := createTable("t", s, nil); err == nil || !strings.Contains(err.Error(), "package insert") {
		t.Errorf("TIME: %v, want an error that names package insert", err)
	}
	if CreateTable(t.Context(), nil, "t", s, nil) == nil {
		t.Error("no connection, no error")
	}
}

func TestWrongRecordBatchMidwayNeverReachesTheWire(t *testing.T) {
	t.Parallel()
	var got seen
	s := putServer(t, acknowledgeAll(got.add))
	w := openWriter(t, s.DSN(), Options{Streams: 1})
	good := map[string]arrow.Array{"ts": arrayOf(t, ts(arrow.Millisecond, ""), `[1]`), "host": arrayOf(t, arrow.BinaryTypes.String, `["a"]`), "cpu": arrayOf(t, arrow.PrimitiveTypes.Float64, `[1]`)}
	bad := map[string]arrow.Array{"ts": good["ts"], "host": good["host"], "cpu": arrayOf(t, arrow.PrimitiveTypes.Float32, `[1]`)}
	for i, columns := range []map[string]arrow.Array{good, bad, good} {
		if _, err := w.WriteRecord(short(t), recordOf(t, columns)); (err != nil) != (i == 1) {
			t.Errorf("record batch %d: %v, want an error for record batch 1 alone", i, err)
		}
	}
	if sum, err := w.Close(short(t)); err != nil || sum.Acknowledged != 2 || len(got.sorted()) != 2 || s.Calls(wiretest.MethodDoPut) != 1 {
		t.Errorf("Close: %+v, %v; the server got %v; want 2 batches on one stream", sum, err, got.sorted())
	}
}
