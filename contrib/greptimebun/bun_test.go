package greptimebun

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/greptime-go/greptime"
	_ "github.com/greptime-go/greptime/driver"
	"github.com/greptime-go/greptime/greptimetest"
)

// open opens a database of the test's own, on the server that GREPTIME_TEST_DSN names, or
// else on greptimetest.
func open(t testing.TB) *bun.DB { return openIn(t, "UTC") }

// openIn opens it with sessions in a time zone.
func openIn(t testing.TB, zone string) *bun.DB {
	t.Helper()
	base := os.Getenv("GREPTIME_TEST_DSN")
	if base == "" {
		base = greptimetest.Start(t).DSN()
	}
	cfg, err := greptime.ParseDSN(base)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := greptime.Connect(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database = fmt.Sprintf("greptimebun_%d_%s", os.Getpid(), strings.ToLower(t.Name()))
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+cfg.Database); err != nil {
		t.Fatal(err)
	}
	cfg.TimeZone = zone
	pool, err := sql.Open("greptime", cfg.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		pool.Close()
		if _, err := admin.Exec(context.Background(), "DROP DATABASE "+cfg.Database); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	return bun.NewDB(pool, New())
}

// Reading has a column of every kind.
type Reading struct {
	bun.BaseModel `bun:"table:readings"`
	Device        string    `bun:"device,pk"`
	Time          time.Time `bun:"ts,pk"`
	Value         float64   `bun:"value"`
	Note          *string   `bun:"note"`
	Level         string    `bun:"level"` // a keyword
	Bytes         []byte
	Labels        map[string]string `bun:"labels"`
	List          []int             `bun:"list"`
	Raw           json.RawMessage   `bun:"raw"`
	Count         uint64
	Small         int8
	Flag          bool
	Single        float32
	Seen          time.Time `bun:"seen,nullzero"`
}

// awkward is text that is written wrongly where there are backslash escapes.
const awkward = `a 'quoted' \ back\'slash \\ ? $1 :name "double" -- /* ` + "\n\tü"

func reading(device string, at time.Time) Reading {
	note := awkward
	return Reading{Device: device, Time: at, Value: -1.5, Note: &note, Level: `\`, Bytes: []byte{0, 0xff, '\'', '\\'},
		Labels: map[string]string{"it's": awkward}, List: []int{1, 2}, Raw: json.RawMessage(`{"k":"\\'"}`), Count: 1<<64 - 1, Small: -128, Flag: true, Single: 0.1, Seen: at.Add(-time.Nanosecond)}
}

func created(t testing.TB) *bun.DB {
	t.Helper()
	db := open(t)
	for range 2 { // the second finds the table
		if err := CreateTable(t.Context(), db, (*Reading)(nil), "WITH ('ttl'='7d')"); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

var noon = time.Date(2024, 5, 6, 12, 0, 0, 0, time.UTC)

func all(t testing.TB, db *bun.DB) (readings []Reading) {
	t.Helper()
	if err := db.NewSelect().Model(&readings).Order("device", "ts").Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range readings {
		readings[i].Time, readings[i].Seen = readings[i].Time.UTC(), readings[i].Seen.UTC()
	}
	return readings
}

func TestModelsAreStoredAndFoundAsTheyAre(t *testing.T) {
	t.Parallel()
	db := created(t)
	var want []Reading
	for i := range 20 {
		want = append(want, reading(fmt.Sprintf("d%02d", i), noon.Add(time.Duration(i)*123456789)))
	}
	one := want[0]
	if _, err := db.NewInsert().Model(&one).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	rest := want[1:]
	result, err := db.NewInsert().Model(&rest).Exec(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 19 {
		t.Errorf("%d rows, %v", n, err)
	}
	if got := all(t, db); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	again := Reading{Device: "d03", Time: want[3].Time}
	if err := db.NewSelect().Model(&again).WherePK().Scan(t.Context()); err != nil || *again.Note != awkward {
		t.Errorf("%+v, %v", again, err)
	}
	// A row with the same tags and time is replaced.
	again.Value, again.Note = 7, nil
	if _, err := db.NewInsert().Model(&again).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := all(t, db); len(got) != 20 || got[3].Value != 7 || got[3].Note != nil {
		t.Errorf("%+v", got)
	}
	if _, err := db.NewDelete().Model(&again).WherePK().Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.NewDelete().Model((*Reading)(nil)).Where("note = ?", awkward).Where("ts > ?", want[5].Time).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := all(t, db); len(got) != 5 {
		t.Errorf("%d are left, want 5", len(got))
	}
}

// Text on a whole second would also match the rest of the second.
func TestTimesCompareExactly(t *testing.T) {
	t.Parallel()
	db := created(t)
	rows := []Reading{reading("a", noon), reading("a", noon.Add(time.Nanosecond)), reading("a", noon.Add(time.Second))}
	if _, err := db.NewInsert().Model(&rows).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		condition string
		at        time.Time
		want      int64
	}{
		{"ts <= ?", noon, 1}, {"ts > ?", noon, 2}, {"ts = ?", noon.Add(time.Nanosecond), 1},
		{"ts < ?", noon.Add(time.Second).In(time.FixedZone("", 3600)), 2},
	} {
		n, err := db.NewSelect().Model((*Reading)(nil)).Where(test.condition, test.at).Count(t.Context())
		if err != nil || n != test.want {
			t.Errorf("%s: %d rows, %v, want %d", test.condition, n, err, test.want)
		}
	}
	var mean float64
	if err := db.NewRaw("SELECT avg(value) FROM readings WHERE device IN (?) AND ts >= ?", bun.List([]string{"a", awkward}), noon).Scan(t.Context(), &mean); err != nil || mean != -1.5 {
		t.Errorf("%v, %v", mean, err)
	}
}

func TestValuesAreWrittenAsGreptimeDBReadsThem(t *testing.T) {
	t.Parallel()
	d := New()
	const values = `INSERT INTO "a"".b" ("x (1)", "values") VALUES (1, 'SELECT', `
	for _, test := range []struct {
		got  []byte
		want string
	}{
		{d.AppendTime([]byte(values), noon), values + `'2024-05-06T12:00:00.000000000Z'`},
		{d.AppendTime([]byte("insert into t values ("), noon), `insert into t values ('2024-05-06T12:00:00.000000000Z'`},
		{d.AppendTime([]byte("/* a */ /* VALUES ( */ "+values), noon), "/* a */ /* VALUES ( */ " + values + `'2024-05-06T12:00:00.000000000Z'`},
		{d.AppendTime([]byte("/* INSERT INTO t VALUES (1, */ SELECT "), noon), `/* INSERT INTO t VALUES (1, */ SELECT TIMESTAMP '2024-05-06T12:00:00.000000000Z'`},
		{d.AppendTime(nil, noon.Add(1)), `TIMESTAMP '2024-05-06T12:00:00.000000001Z'`},
		{d.AppendTime([]byte(`INSERT INTO t ("values (") SELECT `), noon), `INSERT INTO t ("values (") SELECT TIMESTAMP '2024-05-06T12:00:00.000000000Z'`},
		{d.AppendTime([]byte("SELECT 'INSERT INTO t VALUES (', "), noon), `SELECT 'INSERT INTO t VALUES (', TIMESTAMP '2024-05-06T12:00:00.000000000Z'`},
		{d.AppendString(nil, `it's \' \`), `'it''s \'' \'`},
		{d.AppendBytes(nil, []byte{0, 255}), `X'00ff'`},
		{d.AppendBytes(nil, nil), `NULL`},
		{d.AppendBytes(nil, []byte{}), `X''`},
		{d.AppendJSON([]byte(values), []byte(`{"a":"'\\\u0000"}`)), values + `'{"a":"''\\\u0000"}'`},
		{d.AppendJSON(nil, []byte(`[1]`)), `parse_json('[1]')`},
	} {
		if string(test.got) != test.want {
			t.Errorf("%s, want %s", test.got, test.want)
		}
	}
}

func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	t.Parallel()
	db := created(t)
	type dated struct {
		bun.BaseModel `bun:"table:readings"`
		Time          time.Time `bun:"ts,pk"`
		Seen          time.Time `bun:"type:date"`
	}
	bad := func(change func(*Reading)) error {
		r := reading("a", noon)
		change(&r)
		_, err := db.NewInsert().Model(&r).Exec(t.Context())
		return err
	}
	r := reading("a", noon)
	exec := func(q interface {
		Exec(ctx context.Context, dest ...any) (sql.Result, error)
	}) error {
		_, err := q.Exec(t.Context())
		return err
	}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"zero time":   {bad(func(r *Reading) { r.Time = time.Time{} }), "use nullzero"},
		"late time":   {bad(func(r *Reading) { r.Time = time.Date(2263, 1, 1, 0, 0, 0, 0, time.UTC) }), "2263-01-01"},
		"not UTF-8":   {bad(func(r *Reading) { r.Level = "\xff" }), "use []byte"},
		"condition":   {db.NewSelect().Model(&r).Where("level = ?", "\xff").Scan(t.Context()), "use []byte"},
		"date":        {exec(db.NewInsert().Model(&dated{Time: noon, Seen: noon})), "use a string"},
		"update":      {exec(db.NewUpdate().Model(&r).WherePK()), "insert the whole row"},
		"transaction": {db.RunInTx(t.Context(), nil, func(context.Context, bun.Tx) error { return nil }), "no transactions"},
		"merge":       {exec(db.NewMerge().Model(&r)), "not supported"},
		"lock":        {db.NewSelect().Model(&r).For("UPDATE").Scan(t.Context()), "locking clause is not supported"},
	} {
		if test.err == nil || !strings.Contains(strings.ToLower(test.err.Error()), strings.ToLower(test.want)) {
			t.Errorf("%s: %v, want an error with %q", name, test.err, test.want)
		}
	}
	if got := all(t, db); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// With another time zone the server would store the day before.
func TestDatesAreThoseOfUTC(t *testing.T) {
	t.Parallel()
	db := openIn(t, "Asia/Shanghai")
	if err := CreateTable(t.Context(), db, (*Coarse)(nil), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := db.NewInsert().Model(&Coarse{Time: noon, Date: "2024-05-06", Micro: &noon, Default: "own", Decimal: "1"}).Exec(t.Context()); err == nil || !strings.Contains(strings.ToLower(err.Error()), "leave timezone out") {
		t.Errorf("%v, want an error with the remedy", err)
	}
	if _, err := db.NewInsert().Model(&Coarse{Time: noon}).Exec(t.Context()); err != nil {
		t.Error(err)
	}
	if n, err := db.NewSelect().Model((*Coarse)(nil)).Where("ts = ?", noon).Where("date IS NULL").Count(t.Context()); err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// Coarse has times of all units, and JSON of a named type.
type Coarse struct {
	bun.BaseModel `bun:"table:coarse"`
	Time          time.Time       `bun:"ts,pk,type:timestamp(3)"`
	Second        time.Time       `bun:"type:timestamp(0)"`
	Milli         time.Time       `bun:"type:timestamp(3)"`
	Micro         *time.Time      `bun:"type:timestamp(6)"`
	Date          string          `bun:"type:date,nullzero"`
	Raw           json.RawMessage `bun:"type:json"`
	Took          time.Duration
	Number        sql.NullInt64
	When          bun.NullTime
	Nested        struct{ A int }
	Default       string `bun:"default:'by the server'"`
	Decimal       string `bun:"type:decimal(10,2),nullzero"`
	Huge          float64
}

func TestEveryTypeOfAField(t *testing.T) {
	t.Parallel()
	db := open(t)
	if err := CreateTable(t.Context(), db, (*Coarse)(nil), ""); err != nil {
		t.Fatal(err)
	}
	far := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	want := []Coarse{
		{Time: noon.Add(123456789), Second: far, Milli: far.Add(999 * time.Millisecond), Micro: new(far.Add(999999 * time.Microsecond)), Date: "2024-05-06", Raw: json.RawMessage(`{"it's":"\\"}`), Took: time.Second,
			Number: sql.NullInt64{Int64: -5, Valid: true}, When: bun.NullTime{Time: noon}, Nested: struct{ A int }{7}, Default: "own", Decimal: "1.25", Huge: 1e300},
		{Time: noon.Add(time.Minute), Raw: json.RawMessage(`[]`)}, // the zero time of seconds is a time
	}
	for _, comment := range []string{"", "it's a comment"} {
		if _, err := db.NewInsert().Model(&want).Comment(comment).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []Coarse
		if err := db.NewSelect().Model(&got).Order("ts").Scan(t.Context()); err != nil || len(got) != 2 {
			t.Fatalf("%d rows, %v", len(got), err)
		}
		for i := range got {
			got[i].Time, got[i].Second, got[i].Milli, got[i].When.Time = got[i].Time.UTC(), got[i].Second.UTC(), got[i].Milli.UTC(), got[i].When.UTC()
			if m := got[i].Micro; m != nil {
				got[i].Micro = new(m.UTC())
			}
			if len(got[i].Date) > 10 {
				got[i].Date = got[i].Date[:10] // bun reads a time as text
			}
		}
		stored := slices.Clone(want)
		stored[0].Time = stored[0].Time.Truncate(time.Millisecond)
		stored[1].Default = "by the server"
		if !reflect.DeepEqual(got, stored) {
			t.Errorf("%+v, want %+v", got, stored)
		}
	}
	for _, column := range []string{"ts", "second", "milli", "micro"} { // finer digits than the column, or a time beyond nanoseconds
		one := want[0]
		if err := db.NewSelect().Model(&one).WherePK(column).Scan(t.Context()); err != nil || one.Took != time.Second {
			t.Errorf("by %s: %+v, %v", column, one, err)
		}
	}
	if err := db.NewSelect().Model(&[]Coarse{}).Where("took = ? AND number = ?", time.Second, -5).Scan(t.Context()); err != nil {
		t.Error(err)
	}
	for _, statement := range []interface {
		Exec(ctx context.Context, dest ...any) (sql.Result, error)
	}{
		db.NewAddColumn().Model((*Coarse)(nil)).ColumnExpr(`"Added" STRING`), db.NewDropColumn().Model((*Coarse)(nil)).Column("Added"),
		db.NewDelete().Model(&want[0]).WherePK(), db.NewTruncateTable().Model((*Coarse)(nil)), db.NewDropTable().Model((*Coarse)(nil)).IfExists(),
	} {
		if _, err := statement.Exec(t.Context()); err != nil {
			t.Errorf("%v: %v", statement, err)
		}
	}
}

// bun writes structs as JSON, but for these.
func TestTypesOfStructsThatAreNotJSON(t *testing.T) {
	t.Parallel()
	type nullable struct {
		Time     time.Time `bun:"ts,pk"`
		Moment   sql.Null[time.Time]
		Text     sql.Null[string]
		Number   sql.Null[int64]
		Fraction sql.Null[float64]
		Flag     sql.Null[bool]
		Bytes    sql.Null[[]byte]
		Int32    sql.NullInt32
		Int16    sql.NullInt16
		Byte     sql.NullByte
		Net      net.IPNet
		Addr     netip.Addr
		Prefix   *netip.Prefix
	}
	prefix := netip.MustParsePrefix("fe80::/64")
	full := nullable{noon, sql.Null[time.Time]{V: noon.Add(1), Valid: true}, sql.Null[string]{V: "it's", Valid: true}, sql.Null[int64]{V: -5, Valid: true},
		sql.Null[float64]{V: 1.5, Valid: true}, sql.Null[bool]{V: true, Valid: true}, sql.Null[[]byte]{V: []byte{0, 0xff}, Valid: true},
		sql.NullInt32{Int32: -5, Valid: true}, sql.NullInt16{Int16: -5, Valid: true}, sql.NullByte{Byte: 255, Valid: true},
		net.IPNet{IP: net.IPv4(10, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}, netip.MustParseAddr("1.2.3.4"), &prefix}
	db := open(t)
	if err := CreateTable(t.Context(), db, (*nullable)(nil), ""); err != nil {
		t.Fatal(err)
	}
	typ := reflect.TypeFor[nullable]()
	for i := 1; i < typ.NumField(); i++ {
		name := db.Table(typ).Fields[i].Name
		if _, err := db.NewInsert().Model(&full).Column("ts", name).Exec(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := reflect.ValueOf(full).Field(i).Interface()
		var got nullable
		if err := db.NewSelect().Model(&got).Where("? = ?", bun.Ident(name), want).Scan(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got.Moment.V = got.Moment.V.UTC()
		if got := reflect.ValueOf(got).Field(i).Interface(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestModelsThatCannotBeTables(t *testing.T) {
	t.Parallel()
	db := open(t)
	for _, test := range []struct {
		model any
		want  string
	}{
		{nil, "needs a struct"},
		{[]Reading{}, "needs a struct"},
		{(*struct {
			Name string `bun:",pk"`
		})(nil), "no time in its primary key"},
		{(*struct {
			A time.Time `bun:",pk"`
			B time.Time `bun:",pk"`
		})(nil), "two times"},
		{(*struct {
			Name string    `bun:",unique"`
			A    time.Time `bun:",pk"`
		})(nil), "no unique columns"},
		{(*struct {
			ID int64     `bun:",pk,autoincrement"`
			A  time.Time `bun:",pk"`
		})(nil), "generates no keys"},
	} {
		if err := CreateTable(t.Context(), db, test.model, ""); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%T: %v, want an error with %q", test.model, err, test.want)
		}
	}
}
