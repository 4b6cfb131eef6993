package integration

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/greptime-go/greptime"
)

// methodCount counts the calls of a pool by their method.
type methodCount struct {
	dsn string // of the pool

	mu    sync.Mutex
	calls map[string]int
}

func (m *methodCount) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls[info.FullMethodName[strings.LastIndex(info.FullMethodName, "/")+1:]]++
	return ctx
}

func (m *methodCount) HandleRPC(context.Context, stats.RPCStats) {}

func (m *methodCount) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (m *methodCount) HandleConn(context.Context, stats.ConnStats) {}

// natively is the number of native inserts since it was asked last.
func (m *methodCount) natively() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.calls["Handle"]
	m.calls = map[string]int{}
	return n
}

// openCounted is open, and counts the calls.
func openCounted(t *testing.T, params string) (*sqlx.DB, *methodCount) {
	t.Helper()
	count := &methodCount{dsn: dsn(t, params), calls: map[string]int{}}
	cfg, err := greptime.ParseDSN(count.dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.DialOptions = append(cfg.DialOptions, grpc.WithStatsHandler(count))
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sqlx.NewDb(sql.OpenDB(connector), "greptime")
	db.MapperFunc(lower)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, count
}

// everyPointer is a row of every_type in which each value may be NULL.
type everyPointer struct {
	Host *string
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
	D    *greptime.Date
	TSS  *time.Time `db:"ts_s"`
	TSUS *time.Time `db:"ts_us"`
	TSNS *time.Time `db:"ts_ns"`
	DT   *time.Time
	Dec  *greptime.Decimal `db:"dec_"`
	J    *json.RawMessage
	V    *greptime.Vector
}

// randomRows are rows whose values are anything that both ways take.
func randomRows(r *rand.Rand, n int) []everyPointer {
	at := func(unit time.Duration) time.Time {
		return time.Unix(r.Int64N(8e9)-4e9, r.Int64N(1e9)).UTC().Truncate(unit)
	}
	runes := []rune(`ab'"\%?:$1 ` + "\n\x00" + `—世界`)
	text := func() string {
		var b strings.Builder
		for range r.IntN(20) {
			b.WriteRune(runes[r.IntN(len(runes))])
		}
		return b.String()
	}
	rows := make([]everyPointer, n)
	for i := range rows {
		p := &rows[i]
		p.TS = limits.TS.Add(time.Duration(i) * time.Millisecond)
		j, _ := json.Marshal(map[string]any{"a": r.IntN(100), "b": []any{true, nil, 1.5}})
		f64 := math.Float64frombits(r.Uint64())
		if math.IsNaN(f64) || math.IsInf(f64, 0) {
			f64 = 0.1
		}
		f32 := float32(r.NormFloat64())
		bin := []byte(text())
		v := values{
			Host: text(), B: r.IntN(2) == 0, I8: int8(r.Uint32()), I16: int16(r.Uint32()), I32: int32(r.Uint32()), I64: int64(r.Uint64()),
			U8: uint8(r.Uint32()), U16: uint16(r.Uint32()), U32: r.Uint32(), U64: r.Uint64(), S: text(),
			D: greptime.DateFromEpochDays(int32(r.IntN(40000) - 10000)), TSS: at(time.Second), TSUS: at(time.Microsecond), TSNS: at(1), DT: at(time.Microsecond),
			Dec: greptime.Decimal(fmt.Sprintf("%d.%04d", r.Int64N(2e15)-1e15, r.IntN(10000))), J: j,
			V: greptime.Vector{float32(r.NormFloat64()), -1, 0},
		}
		fields := reflect.ValueOf(p).Elem()
		v.F64, v.F32, v.Bin = f64, f32, bin
		for f := range fields.NumField() {
			name := fields.Type().Field(f).Name
			if name == "TS" || r.IntN(8) == 0 {
				continue // NULL
			}
			value := reflect.ValueOf(v).FieldByName(name)
			pointer := reflect.New(value.Type())
			pointer.Elem().Set(value)
			fields.Field(f).Set(pointer)
		}
	}
	return rows
}

// sqlx's NamedExec of a slice stores the same, whichever way it travels.
func TestNamedExecStoresTheSameOnEveryWay(t *testing.T) {
	t.Parallel()
	rows := randomRows(rand.New(rand.NewPCG(5, 1)), 200)
	for _, mode := range []string{"sql", "auto", "native"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			db, count := openCounted(t, "insert="+mode)
			mustExec(t, db, everyType)
			result, err := db.NamedExecContext(t.Context(), insertEveryType, rows)
			if err != nil {
				t.Fatal(err)
			}
			if n, _ := result.RowsAffected(); n != int64(len(rows)) {
				t.Errorf("%d affected rows", n)
			}
			if n := count.natively(); (n == 1) != (mode != "sql") {
				t.Errorf("%d native inserts", n)
			}
			var got []everyPointer
			if err := db.SelectContext(t.Context(), &got, "SELECT * FROM every_type ORDER BY ts"); err != nil {
				t.Fatal(err)
			}
			if len(got) != len(rows) {
				t.Fatalf("%d rows of %d", len(got), len(rows))
			}
			for i := range rows {
				g, w := reflect.ValueOf(got[i]), reflect.ValueOf(rows[i])
				for f := range g.NumField() {
					if !reflect.DeepEqual(g.Field(f).Interface(), w.Field(f).Interface()) {
						t.Errorf("row %d, %s: read %v, written %v", i, g.Type().Field(f).Name, show(g.Field(f)), show(w.Field(f)))
					}
				}
			}
		})
	}
}

func show(v reflect.Value) any {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		return v.Elem().Interface()
	}
	return v.Interface()
}

// Literals and arguments at the limits are read back as they were written, on both
// ways.
func TestLiteralsAndArgumentsOnBothWays(t *testing.T) {
	t.Parallel()
	read := map[string][]map[string]any{}
	for _, mode := range []string{"sql", "native"} {
		db, count := openCounted(t, "insert="+mode)
		mustExec(t, db, everyType)
		columns := "(host, ts, b, i8, u64, f32, f64, s, bin, d, ts_s, ts_ns, dec_, j, v)"
		mustExec(t, db, "INSERT INTO every_type "+columns+` VALUES
			('it''s \ — "q"', '2024-01-01T00:00:00.0019Z', TRUE, -128, 18446744073709551615, 3.4028235e38, 5e-324, '', X'00ff', '1969-12-31', -1, '1969-12-31T23:59:59.9999Z', -0.00005, '{"a": 1}', NULL),
			(NULL, 1, 0, +5, 007, .5, -0.0, 'x', '', '9999-12-31', '9999-12-31 23:59:59', 0, '1.50', 'null', X'0000803f0000004000004040')`)
		mustExec(t, db, "INSERT INTO every_type "+columns+" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			"args", time.UnixMilli(7), false, int8(-1), uint64(math.MaxUint64), 0.1, float32(0.1), []byte("text"), "bytes", "2024-02-29",
			int64(-62135596800+1), "2024-01-01T08:00:00.000000001+08:00", 0.1, "[1]", greptime.Vector{0.1, -1, 3})
		if n := count.natively(); (n == 2) != (mode == "native") {
			t.Errorf("insert=%s: %d native inserts", mode, n)
		}
		rows, err := db.QueryxContext(t.Context(), "SELECT * FROM every_type ORDER BY ts")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			row := map[string]any{}
			if err := rows.MapScan(row); err != nil {
				t.Fatal(err)
			}
			read[mode] = append(read[mode], row)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if len(read["sql"]) != 3 || !reflect.DeepEqual(read["sql"], read["native"]) {
		t.Errorf("by text  %v\nnatively %v", read["sql"], read["native"])
	}
}

func TestValuesWithoutLiterals(t *testing.T) {
	t.Parallel()
	db, count := openCounted(t, "timezone=Asia/Shanghai")
	mustExec(t, db, everyType)
	day := greptime.Date{Year: 2024, Month: 1, Day: 1}
	mustExec(t, db, "INSERT INTO every_type (ts, f64, f32, j, d) VALUES (?, ?, ?, ?, ?)", time.UnixMilli(1), math.NaN(), math.Inf(-1), `{"a":1}`, day)
	if n := count.natively(); n != 1 {
		t.Errorf("%d native inserts", n)
	}
	var got everyPointer
	if err := db.GetContext(t.Context(), &got, "SELECT * FROM every_type"); err != nil {
		t.Fatal(err)
	}
	if !math.IsNaN(*got.F64) || !math.IsInf(float64(*got.F32), -1) || string(*got.J) != `{"a":1}` || *got.D != day {
		t.Errorf("%v %v %s %v", *got.F64, *got.F32, *got.J, *got.D)
	}
}

// The table changes behind the driver's back; every INSERT does what its text does.
func TestTableThatChangesUnderInserts(t *testing.T) {
	t.Parallel()
	db, count := openCounted(t, "")
	other := func(query string) { // another client: the pool that inserts learns nothing of it
		t.Helper()
		c, err := greptime.Connect(t.Context(), count.dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Exec(t.Context(), query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	insert := func(columns, row string) error {
		_, err := db.ExecContext(t.Context(), "INSERT INTO changing ("+columns+") VALUES "+strings.TrimSuffix(strings.Repeat(row+", ", 20), ", "))
		return err
	}
	expect := func(query string, want any) {
		t.Helper()
		var got string
		if err := db.GetContext(t.Context(), &got, query); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", query, got, err, want)
		}
	}
	other("CREATE TABLE changing (ts TIMESTAMP(3) TIME INDEX, v DOUBLE) WITH (append_mode = 'true')")
	if err := insert("ts, v", "(1, 1)"); err != nil {
		t.Fatal(err)
	}
	expect("SELECT CAST(count(*) AS STRING) FROM changing", "20")

	other("ALTER TABLE changing ADD COLUMN s STRING")
	if err := insert("ts, v, s", "(2, 1, 'x')"); err != nil {
		t.Fatal(err)
	}
	// Not count(s), with which servers count NULLs of rows that are older than the column.
	expect("SELECT CAST(count(*) AS STRING) FROM changing WHERE s IS NOT NULL", "20")

	other("DROP TABLE changing")
	if err := insert("ts, v", "(1, 1)"); !errors.Is(err, greptime.TableNotFound) {
		t.Errorf("of a table that is gone: %v", err)
	}
	other("CREATE TABLE changing (v BIGINT, ts TIMESTAMP(6) TIME INDEX, x BIGINT DEFAULT 3) WITH (append_mode = 'true')")
	if err := insert("ts, v", "(1, 7)"); err != nil {
		t.Fatal(err)
	}
	expect("SELECT CAST(count(*) AS STRING) FROM changing WHERE v = 7 AND x = 3", "20")

	other("DROP TABLE changing")
	other("CREATE TABLE changing (ts TIMESTAMP(6) TIME INDEX, v STRING) WITH (append_mode = 'true')")
	if err := insert("ts, v", "(1, 7)"); err == nil {
		t.Error("a number went into a STRING column")
	}
	if err := insert("ts, v", "(1, '7')"); err != nil {
		t.Fatal(err)
	}
	expect("SELECT CAST(count(*) AS STRING) FROM changing", "20") // each row once
	if count.natively() == 0 {
		t.Error("nothing went natively")
	}
}
