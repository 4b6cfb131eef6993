package integration

import (
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/greptime-go/greptime"
)

const everyType = `CREATE TABLE every_type (
	host STRING, ts TIMESTAMP(3) TIME INDEX,
	b BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT, i64 BIGINT,
	u8 TINYINT UNSIGNED, u16 SMALLINT UNSIGNED, u32 INT UNSIGNED, u64 BIGINT UNSIGNED,
	f32 FLOAT, f64 DOUBLE, s STRING, bin VARBINARY, d DATE,
	ts_s TIMESTAMP(0), ts_us TIMESTAMP(6), ts_ns TIMESTAMP(9), dt DATETIME,
	dec_ DECIMAL(20,4), j JSON, v VECTOR(3),
	PRIMARY KEY (host))`

// values has a field for every type, of the type itself.
type values struct {
	Host string
	TS   time.Time
	B    bool
	I8   int8
	I16  int16
	I32  int32
	I64  int64
	U8   uint8
	U16  uint16
	U32  uint32
	U64  uint64
	F32  float32
	F64  float64
	S    string
	Bin  []byte
	D    greptime.Date
	TSS  time.Time `db:"ts_s"`
	TSUS time.Time `db:"ts_us"`
	TSNS time.Time `db:"ts_ns"`
	DT   time.Time
	Dec  greptime.Decimal `db:"dec_"`
	J    json.RawMessage
	V    greptime.Vector
}

// pointers and nullables are the same columns where they may be NULL.
type pointers struct {
	Host string
	TS   time.Time
	B    *bool
	I8   *int8
	I16  *int16
	I32  *int32
	I64  *int64
	U8   *uint8
	U16  *uint16
	U32  *uint32
	U64  *uint64
	F32  *float32
	F64  *float64
	S    *string
	Bin  *[]byte
	D    *time.Time
	TSS  *time.Time `db:"ts_s"`
	TSUS *time.Time `db:"ts_us"`
	TSNS *time.Time `db:"ts_ns"`
	DT   *time.Time
	Dec  *string `db:"dec_"`
	J    *string
	V    *string
}

type nullables struct {
	Host string
	TS   time.Time
	B    sql.NullBool
	I8   sql.Null[int8]
	I16  sql.NullInt16
	I32  sql.NullInt32
	I64  sql.NullInt64
	U8   sql.NullByte
	U16  sql.Null[uint16]
	U32  sql.Null[uint32]
	U64  sql.Null[uint64]
	F32  sql.Null[float32]
	F64  sql.NullFloat64
	S    sql.NullString
	Bin  sql.Null[[]byte]
	D    sql.Null[greptime.Date]
	TSS  sql.NullTime        `db:"ts_s"`
	TSUS sql.Null[time.Time] `db:"ts_us"`
	TSNS sql.NullTime        `db:"ts_ns"`
	DT   sql.NullTime
	Dec  sql.Null[greptime.Decimal] `db:"dec_"`
	J    sql.Null[json.RawMessage]
	V    sql.Null[greptime.Vector]
}

var limits = values{
	Host: "full", TS: time.UnixMilli(1704067200001).UTC(),
	B: true, I8: math.MinInt8, I16: math.MinInt16, I32: math.MinInt32, I64: math.MinInt64,
	U8: math.MaxUint8, U16: math.MaxUint16, U32: math.MaxUint32, U64: math.MaxUint64,
	F32: math.MaxFloat32, F64: math.SmallestNonzeroFloat64,
	S: `it's — "q" \ %`, Bin: []byte{0, 0xff, 0x10}, D: greptime.Date{Year: 1969, Month: 12, Day: 31},
	TSS: time.Unix(-1, 0).UTC(), TSUS: time.UnixMicro(-1).UTC(), TSNS: time.Unix(0, 1).UTC(),
	DT: time.Date(2024, 2, 29, 12, 34, 56, 123456e3, time.UTC), Dec: "-1234567890123456.7891",
	J: json.RawMessage(`{"k":[1,-2,3.5,null,true]}`), V: greptime.Vector{1, -2.5, 0},
}

const insertEveryType = `INSERT INTO every_type (host, ts, b, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, s, bin, d, ts_s, ts_us, ts_ns, dt, dec_, j, v)
	VALUES (:host, :ts, :b, :i8, :i16, :i32, :i64, :u8, :u16, :u32, :u64, :f32, :f64, :s, :bin, :d, :ts_s, :ts_us, :ts_ns, :dt, :dec_, :j, :v)`

// fill makes the table and two rows: one at the limits of every type, one of NULL.
func fill(t *testing.T, db *sqlx.DB) {
	t.Helper()
	db.MapperFunc(lower)
	mustExec(t, db, everyType)
	if _, err := db.NamedExecContext(t.Context(), insertEveryType, limits); err != nil {
		t.Fatal(err)
	}
	mustExec(t, db, "INSERT INTO every_type (host, ts) VALUES (?, ?)", "null", limits.TS.Add(time.Millisecond))
}

func TestStructScanOfEveryType(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	fill(t, db)
	var got values
	if err := db.GetContext(t.Context(), &got, "SELECT * FROM every_type WHERE host = ?", "full"); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, limits) {
		t.Errorf("read   %+v\nwritten %+v", got, limits)
	}
}

func TestNullIntoPointersAndNullables(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	fill(t, db)

	var list []pointers
	if err := db.SelectContext(t.Context(), &list, "SELECT * FROM every_type ORDER BY ts"); err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || *list[0].U64 != math.MaxUint64 || *list[0].Dec != string(limits.Dec) || !list[0].TSNS.Equal(limits.TSNS) {
		t.Errorf("%d rows, the first %+v", len(list), list[0])
	}
	if want := (pointers{Host: "null", TS: limits.TS.Add(time.Millisecond)}); !reflect.DeepEqual(list[1], want) {
		t.Errorf("the row of NULL: %+v", list[1])
	}

	// The same variables for both rows: what the first left there has to go.
	rows, err := db.QueryxContext(t.Context(), "SELECT * FROM every_type ORDER BY ts")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var n nullables
	var p pointers
	for _, host := range []string{"full", "null"} {
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		if err := errors.Join(rows.StructScan(&n)); err != nil {
			t.Fatal(err)
		}
		if n.Host != host || n.S.Valid != (host == "full") || n.V.Valid != (host == "full") {
			t.Errorf("%+v", n)
		}
	}
	if want := (nullables{Host: "null", TS: limits.TS.Add(time.Millisecond)}); !reflect.DeepEqual(n, want) {
		t.Errorf("after a row of NULL: %+v", n)
	}
	rows.Close()

	if rows, err = db.QueryxContext(t.Context(), "SELECT * FROM every_type ORDER BY ts"); err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.StructScan(&p); err != nil {
			t.Fatal(err)
		}
	}
	if want := (pointers{Host: "null", TS: limits.TS.Add(time.Millisecond)}); !reflect.DeepEqual(p, want) {
		t.Errorf("after a row of NULL: %+v", p)
	}
}

func TestNamedQueryAndIn(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	fill(t, db)
	rows, err := db.NamedQueryContext(t.Context(), "SELECT host FROM every_type WHERE ts = :ts AND i64 = :i64", limits)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() || rows.Next() || rows.Err() != nil {
		t.Errorf("not one row: %v", rows.Err())
	}

	query, args, err := sqlx.In("SELECT host FROM every_type WHERE host IN (?) AND ts >= ? ORDER BY host", []string{"full", "null", "?"}, limits.TS)
	if err != nil {
		t.Fatal(err)
	}
	var hosts []string
	if err := db.SelectContext(t.Context(), &hosts, db.Rebind(query), args...); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(hosts, []string{"full", "null"}) {
		t.Errorf("hosts %q", hosts)
	}
	var count int
	if err := db.GetContext(t.Context(), &count, "SELECT count(*) FROM every_type WHERE host = $1 OR host = $2", "full", "nobody"); err != nil || count != 1 {
		t.Errorf("%d, %v", count, err)
	}
	if err := db.GetContext(t.Context(), &count, "SELECT i64 FROM every_type WHERE host = ?", "nobody"); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("error %v", err)
	}
}

func TestNamedExecOfASlice(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	db.MapperFunc(lower)
	mustExec(t, db, everyType)
	var list []values
	for i := range 500 {
		v := limits
		v.TS = v.TS.Add(time.Duration(i) * time.Millisecond)
		list = append(list, v)
	}
	result, err := db.NamedExecContext(t.Context(), insertEveryType, list)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := result.RowsAffected(); n != 500 {
		t.Errorf("%d affected rows", n)
	}
	var got []values
	if err := db.SelectContext(t.Context(), &got, "SELECT * FROM every_type ORDER BY ts"); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, list) {
		t.Error("other rows came back than were written")
	}
}
