package integration

import (
	"database/sql"
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

// What is written by struct tags is read back by the same tags, equal.
func TestCollectReadsWhatWriteStructsWrote(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	if _, err := insert.WriteStructs(t.Context(), db.DB, "", everythings()); err != nil {
		t.Fatal(err)
	}
	want := everythings()
	want[1].Audit = nil // all of its columns are NULL
	got, err := greptime.Collect[everything](t.Context(), db, `SELECT * FROM "Every_Thing" ORDER BY ts`)
	if err != nil {
		t.Fatal(err)
	}
	sameStructs(t, got, want)
	pointers, err := greptime.Collect[*everything](t.Context(), db, `SELECT * FROM "Every_Thing" ORDER BY ts`)
	if err != nil {
		t.Fatal(err)
	}
	got = nil
	for _, p := range pointers {
		got = append(got, *p)
	}
	sameStructs(t, got, want)
	n, err := greptime.One[int](t.Context(), db, `SELECT count(*) FROM "Every_Thing" WHERE i = ?`, math.MinInt)
	if err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
}

func sameStructs[T any](t *testing.T, got, want []T) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		g, w := reflect.ValueOf(got[i]), reflect.ValueOf(want[i])
		for f := range g.NumField() {
			if field := g.Type().Field(f); field.IsExported() && !reflect.DeepEqual(g.Field(f).Interface(), w.Field(f).Interface()) {
				t.Errorf("row %d, %s: read %+v, written %+v", i, field.Name, g.Field(f), w.Field(f))
			}
		}
	}
}

// elsewhere are fields in columns of other types than those of their own.
type elsewhere struct {
	Flag       uint8           `greptime:"flag,type=boolean"`
	Count      int64           `greptime:"count,type=double"`
	Small      *uint16         `greptime:"small,type=float"`
	Whole      int32           `greptime:"whole,type=decimal,precision=12,scale=3"`
	Large      uint64          `greptime:"large,type=DECIMAL(30,2)"`
	Epoch      int64           `greptime:"epoch,type=timestamp,precision=6,field"`
	EpochNull  sql.Null[int64] `greptime:"epoch_null,type=timestamp,field"`
	Wide       float32         `greptime:"wide,type=double"`
	Exact      float64         `greptime:"exact,type=DECIMAL(10,2)"`
	Ratio      *big.Rat        `greptime:"ratio,type=DECIMAL(10,2)"`
	NoRatio    *big.Rat        `greptime:"no_ratio,type=DECIMAL(10,2)"`
	Numbers    []float32       `greptime:"numbers,dim=2"`
	NoNumbers  []float32       `greptime:"no_numbers,dim=2"`
	NoVector   greptime.Vector `greptime:"no_vector,dim=2"`
	DocText    json.RawMessage `greptime:"doc_text,type=string"`
	DocBytes   json.RawMessage `greptime:"doc_bytes,type=binary"`
	NoDoc      json.RawMessage `greptime:"no_doc"`
	TextDoc    string          `greptime:"text_doc,type=json"`
	TextPrice  string          `greptime:"text_price,type=DECIMAL(10,2)"`
	TextTime   string          `greptime:"text_time,type=timestamp,precision=9,field"`
	TextClock  *string         `greptime:"text_clock,type=time"`
	TextVector string          `greptime:"text_vector,type=vector,dim=2"`
	TextBlob   string          `greptime:"text_blob,type=binary"`
	BlobText   []byte          `greptime:"blob_text,type=string"`
	BlobDoc    []byte          `greptime:"blob_doc,type=json"`
	NoBlob     []byte          `greptime:"no_blob"`
	Day        time.Time       `greptime:"day,type=date"`
	Wider      int16           `greptime:"wider,type=bigint"`
	Unsigned   int             `greptime:"unsigned,type=uint32"`
	TS         time.Time       `greptime:"ts,time"`
}

func TestCollectReadsWhatWasWrittenToColumnsOfOtherTypes(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	small, clock := uint16(65535), "23:59:59.123456789"
	want := []elsewhere{{
		Flag: 1, Count: 1 << 53, Small: &small, Whole: -123456789, Large: math.MaxUint64, Epoch: -1, EpochNull: sql.Null[int64]{V: math.MaxInt32, Valid: true},
		Wide: math.SmallestNonzeroFloat32, Exact: 1234.5, Ratio: big.NewRat(-5, 4), Numbers: []float32{1.5, -2},
		DocText: json.RawMessage(`{"a":1}`), DocBytes: json.RawMessage(`[true]`), TextDoc: `{"a":[1,null]}`, TextPrice: "-0.50", TextTime: "2024-01-02T03:04:05.000000006Z",
		TextClock: &clock, TextVector: "[1,2.5]", TextBlob: "a\x00\xff", BlobText: []byte("ä"), BlobDoc: []byte("null"), Day: time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC),
		Wider: math.MinInt16, Unsigned: math.MaxUint32, TS: time.UnixMilli(-1).UTC(),
	}}
	if _, err := insert.WriteStructs(t.Context(), db.DB, "elsewhere", want); err != nil {
		t.Fatal(err)
	}
	got, err := greptime.Collect[elsewhere](t.Context(), db, "SELECT * FROM elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	sameStructs(t, got, want)
}
