package greptimegorm

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/datatypes"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/calltrace"
	"github.com/greptime-go/greptime/greptimetest"
)

// open opens a database of the test's own, on the server that GREPTIME_TEST_DSN names, or
// else on greptimetest.
func open(t testing.TB) *gorm.DB {
	t.Helper()
	return openDSN(t, newDatabase(t).FormatDSN())
}

// openDSN opens a database. It is closed at the end of the test.
func openDSN(t testing.TB, dsn string) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(Open(dsn), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, db)
	return db
}

// What GORM keeps shows no password: the Dialector, the Config of a DB, and the error of a DSN.
func TestThePasswordIsNotShown(t *testing.T) {
	t.Parallel()
	const password = "sesame99"
	d := Open("greptime://joe:" + password + "@127.0.0.1:1/public")
	db, err := gorm.Open(d, &gorm.Config{Logger: logger.Discard, DisableAutomaticPing: true})
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, db)
	_, malformed := gorm.Open(Open("greptime://joe:"+password+"@h/db?tls=maybe"), &gorm.Config{Logger: logger.Discard})
	refused := db.Exec("SELECT 1").Error
	for _, v := range []any{d, *d.(*Dialector), db, db.Config, *db.Config, db.Dialector, db.ConnPool, db.Migrator(), malformed, refused} {
		for _, wrapped := range []any{v, struct{ v any }{v}, []any{v}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
				if shown := fmt.Sprintf(verb, wrapped); strings.Contains(shown, password) || strings.Contains(shown, fmt.Sprintf("%x", password)) {
					t.Errorf("%T by %s shows the password", v, verb)
				}
			}
			if b, err := json.Marshal(wrapped); err == nil && strings.Contains(string(b), password) {
				t.Errorf("%T as JSON shows the password", v)
			}
		}
	}
}

// A Config as a part of a program's own configuration, which is printed, logged and encoded.
func TestAConfigDoesNotShowThePassword(t *testing.T) {
	t.Parallel()
	const password = "sesame99"
	type program struct {
		Name     string
		Database Config
	}
	for name, test := range map[string]struct{ dsn, shown string }{
		"a password":          {"greptime://joe:" + password + "@db:4001/public?timezone=Asia/Shanghai", "joe:***@db:4001"},
		"a percent sign":      {"greptime://joe:%73esame99" + password + "@db", "joe:***@db"},
		"a DSN with an error": {"greptime://joe:" + password + "@db?tls=maybe", "***"},
		"no DSN":              {"joe " + password, "***"},
		"no password":         {"greptime://db:4001/public", "greptime://db:4001/public"},
	} {
		c := Config{DSN: test.dsn}
		p := program{"p", c}
		for _, v := range []any{
			c, &c, p, &p, []Config{c}, []*Config{&c}, map[string]Config{"c": c}, map[string][]program{"c": {p}}, struct{ V any }{c}, []any{p},
		} {
			var shown []string
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
				shown = append(shown, fmt.Sprintf(verb, v))
			}
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			var text, structured strings.Builder
			slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
			slog.New(slog.NewJSONHandler(&structured, nil)).Info("m", "v", v)
			shown = append(shown, string(b), text.String(), structured.String())
			for _, s := range shown {
				if strings.Contains(s, "sesame99") || strings.Contains(strings.ToLower(s), hex.EncodeToString([]byte("sesame99"))) {
					t.Errorf("%s in a %T: the password is shown: %s", name, v, s)
				}
			}
			if !strings.Contains(string(b), test.shown) {
				t.Errorf("%s in a %T: %s does not show %s", name, v, b, test.shown)
			}
		}
		for verb, want := range map[string]string{"%v": test.shown, "%s": test.shown, "%+v": test.shown, "%#v": `greptimegorm.Config("`} {
			if s := fmt.Sprintf(verb, c); !strings.Contains(s, want) {
				t.Errorf("%s: %s shows %s, want %s in it", name, verb, s, want)
			}
		}
		if s := fmt.Sprint(Config{DSN: test.dsn, Conn: new(sql.DB)}); s != "*sql.DB" {
			t.Errorf("%s: with a Conn it is %s", name, s)
		}
		if c.DSN != test.dsn {
			t.Errorf("%s: the DSN has become %s", name, c.DSN)
		}
	}
}

// closeAtEnd closes the pool at the end of the test, before its database is dropped.
func closeAtEnd(t testing.TB, db *gorm.DB) {
	t.Helper()
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
}

// newDatabase creates a database and drops it at the end of the test.
func newDatabase(t testing.TB) *greptime.Config {
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
	name := strings.NewReplacer("/", "_", "=", "_").Replace(strings.ToLower(t.Name()))
	cfg.Database = fmt.Sprintf("greptimegorm_%d_%s", os.Getpid(), name)
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+cfg.Database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(context.Background(), "DROP DATABASE "+cfg.Database); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	return cfg
}

// Reading has two tags and a time.
type Reading struct {
	Device string    `gorm:"primaryKey"`
	Port   uint16    `gorm:"primaryKey;autoIncrement:false"`
	At     time.Time `gorm:"primaryKey;timeIndex;column:ts"`
	Value  float64
	Note   *string
	Level  string // a keyword
}

func migrated[T any](t testing.TB) *gorm.DB {
	t.Helper()
	db := open(t)
	if err := db.AutoMigrate(new(T)); err != nil {
		t.Fatal(err)
	}
	return db
}

var noon = time.Date(2024, 5, 6, 12, 0, 0, 123456789, time.UTC)

func reading(device string, port uint16, seconds int, value float64) Reading {
	return Reading{Device: device, Port: port, At: noon.Add(time.Duration(seconds) * time.Second), Value: value, Level: "it's \\ok"}
}

func all(t testing.TB, db *gorm.DB) (readings []Reading) {
	t.Helper()
	if err := db.Order("device, port, ts").Find(&readings).Error; err != nil {
		t.Fatal(err)
	}
	for i := range readings {
		readings[i].At = readings[i].At.UTC()
	}
	return readings
}

func TestModelsAreStoredAndFoundAsTheyAre(t *testing.T) {
	t.Parallel()
	db := migrated[Reading](t)
	note := "a 'quoted' \\ note"
	want := []Reading{reading("a", 0, 0, 1), reading("a", 1, 0, 2), reading("b", 0, 5, 3)}
	want[1].Note = &note
	if tx := db.Create(&want[0]); tx.Error != nil || tx.RowsAffected != 1 {
		t.Fatalf("%d rows, %v", tx.RowsAffected, tx.Error)
	}
	if tx := db.Create(want[1:]); tx.Error != nil || tx.RowsAffected != 2 {
		t.Fatalf("%d rows, %v", tx.RowsAffected, tx.Error)
	}
	if got := all(t, db); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	var one Reading
	if err := db.First(&one, "device = ? AND ts = ?", "b", want[2].At).Error; err != nil || one.Value != 3 {
		t.Errorf("%+v, %v", one, err)
	}
	key := Reading{Device: "a", Port: 1, At: noon}
	if err := db.Find(&key).Error; err != nil || key.Value != 2 || key.Note == nil || *key.Note != note {
		t.Errorf("by key: %+v, %v", key, err)
	}
	if err := db.First(&Reading{}, "device = ?", "none").Error; !errors.Is(err, gorm.ErrRecordNotFound) {
		t.Errorf("%v, want %v", err, gorm.ErrRecordNotFound)
	}
	var count int64
	if err := db.Model(&Reading{}).Where("value > ?", 1.5).Count(&count).Error; err != nil || count != 2 {
		t.Errorf("%d, %v", count, err)
	}
	var notes []sql.NullString
	if err := db.Model(&Reading{}).Order("device, port").Pluck("note", &notes).Error; err != nil || len(notes) != 3 || notes[1].String != note || notes[0].Valid {
		t.Errorf("%v, %v", notes, err)
	}
	if err := db.Create(map[string]any{}).Error; err == nil {
		t.Error("a map without a model is inserted")
	}
	if tx := db.Model(&Reading{}).Create(map[string]any{"Device": "map", "Port": 7, "At": noon, "Value": 1.0}); tx.Error != nil || tx.RowsAffected != 1 {
		t.Errorf("map: %d rows, %v", tx.RowsAffected, tx.Error)
	}
}

func TestGroupRawAndRows(t *testing.T) {
	t.Parallel()
	db := migrated[Reading](t)
	if err := db.Create([]Reading{reading("a", 0, 0, 1), reading("a", 0, 1, 3), reading("b", 0, 0, 10)}).Error; err != nil {
		t.Fatal(err)
	}
	type mean struct {
		Device string
		Mean   float64
	}
	want := []mean{{"a", 2}}
	var got []mean
	if err := db.Model(&Reading{}).Select("device, avg(value) AS mean").Group("device").Having("avg(value) < ?", 5).Scan(&got).Error; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	got = nil
	if err := db.Raw("SELECT device, avg(value) AS mean FROM readings WHERE device = @device AND ts >= @from GROUP BY device", sql.Named("device", "a"), sql.Named("from", noon)).Scan(&got).Error; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if err := db.Raw("SELECT device, avg(value) AS mean FROM readings WHERE device IN ? AND ts >= ? GROUP BY device", []string{"a", "c"}, noon).Scan(&got).Error; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	var page []Reading
	if err := db.Where(&Reading{Device: "a"}).Order("ts DESC").Limit(1).Offset(1).Find(&page).Error; err != nil || len(page) != 1 || page[0].Value != 1 {
		t.Errorf("%v, %v", page, err)
	}
	sub := db.Model(&Reading{}).Select("max(value)")
	if err := db.Where("value = (?)", sub).Find(&page).Error; err != nil || len(page) != 1 || page[0].Value != 10 {
		t.Errorf("%v, %v", page, err)
	}
	if err := db.Exec("INSERT INTO readings (device, port, ts, value) VALUES (?, ?, ?, ?)", "raw", 1, noon, 7.5).Error; err != nil {
		t.Error(err)
	}
}

func TestSaveAndOnConflictReplaceTheRow(t *testing.T) {
	t.Parallel()
	db := migrated[Reading](t)
	r := reading("a", 0, 0, 1)
	note := "kept?"
	r.Note = &note
	for value := range 3 {
		r.Value = float64(value)
		tx := db.Save(&r)
		if tx.Error != nil || tx.RowsAffected != 1 {
			t.Fatalf("%d rows, %v", tx.RowsAffected, tx.Error)
		}
		if got := all(t, db); len(got) != 1 || got[0].Value != r.Value {
			t.Fatalf("%+v", got)
		}
	}
	r.Value, r.Note = 0, nil // zero values are saved, too
	if err := db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&r).Error; err != nil {
		t.Fatal(err)
	}
	if got := all(t, db); len(got) != 1 || got[0].Value != 0 || got[0].Note != nil {
		t.Errorf("%+v", got)
	}
	key := []clause.Column{{Name: "ts"}, {Name: "device"}, {Name: "port"}}
	if err := db.Clauses(clause.OnConflict{Columns: key, UpdateAll: true}).Create(&r).Error; err != nil {
		t.Error(err)
	}
	more := []Reading{r, reading("b", 0, 0, 5)}
	if tx := db.Save(&more); tx.Error != nil || tx.RowsAffected != 2 {
		t.Errorf("%d rows, %v", tx.RowsAffected, tx.Error)
	}
	if got := all(t, db); len(got) != 2 {
		t.Errorf("%+v", got)
	}
}

// Create takes the default of a field in place of its zero value, as with any database. Save
// stores what the model has, but for the zero time, which TIMESTAMP(9) cannot express.
func TestSaveStoresTheDefaultForNilOfANotNullField(t *testing.T) {
	t.Parallel()
	type setting struct {
		At     time.Time      `gorm:"primaryKey;timeIndex"`
		Number *int64         `gorm:"default:7;not null"`
		Word   sql.NullString `gorm:"default:x;not null"`
	}
	db := migrated[setting](t)
	if err := db.Save(&setting{At: noon}).Error; err != nil {
		t.Fatal(err)
	}
	var got setting
	if err := db.First(&got).Error; err != nil {
		t.Fatal(err)
	}
	if got.Number == nil || *got.Number != 7 || got.Word.String != "x" {
		t.Errorf("%+v, want the defaults", got)
	}
}

func TestSaveAlwaysHasTheSameText(t *testing.T) {
	t.Parallel()
	type setting struct {
		At time.Time `gorm:"primaryKey;timeIndex"`
		A  int64     `gorm:"default:(-)"`
		B  int64     `gorm:"default:(-)"`
		C  int64     `gorm:"default:(-)"`
	}
	db := migrated[setting](t).Session(&gorm.Session{DryRun: true})
	texts := map[string]bool{}
	for range 20 {
		texts[db.Save(&setting{At: noon}).Statement.SQL.String()] = true
	}
	if len(texts) != 1 {
		t.Errorf("%d texts: %v", len(texts), texts)
	}
}

func TestSaveStoresZeroValuesOfFieldsWithADefault(t *testing.T) {
	t.Parallel()
	type places struct {
		City string `gorm:"default:Bern"`
	}
	type setting struct {
		At      time.Time `gorm:"primaryKey;timeIndex"`
		On      bool      `gorm:"default:true"`
		Number  int64     `gorm:"default:42"`
		Word    string    `gorm:"default:a word"`
		Pointer *int64    `gorm:"default:7"`
		Left    int64     `gorm:"default:(-)"` // left out by Create
		Changed time.Time `gorm:"default:now()"`
		Place   places    `gorm:"embedded"`
	}
	db := migrated[setting](t)
	for name, save := range map[string]func(*setting) error{
		"Save":       func(s *setting) error { return db.Save(s).Error },
		"Select all": func(s *setting) error { return db.Select("*").Updates(s).Error },
	} {
		created := setting{At: noon}
		if err := db.Create(&created).Error; err != nil {
			t.Fatal(err)
		}
		var got setting
		if err := db.First(&got).Error; err != nil {
			t.Fatal(err)
		}
		if !got.On || got.Number != 42 || got.Word != "a word" || got.Pointer == nil || got.Changed.IsZero() || got.Place.City != "Bern" {
			t.Errorf("%s: created %+v, want the defaults", name, got)
		}
		want := setting{At: noon}
		saved := want
		if err := save(&saved); err != nil {
			t.Fatal(err)
		}
		if saved != want {
			t.Errorf("%s changed the model to %+v, want %+v", name, saved, want)
		}
		got = setting{}
		if err := db.First(&got).Error; err != nil {
			t.Fatal(err)
		}
		if got.Changed.IsZero() {
			t.Errorf("%s: the time is zero, want the default", name)
		}
		got.At, got.Changed = got.At.UTC(), time.Time{}
		if got != want {
			t.Errorf("%s stored %+v, want %+v", name, got, want)
		}
	}
}

// Save takes a model itself, too: it need not be a pointer.
func TestSaveOfAModelThatIsNoPointer(t *testing.T) {
	t.Parallel()
	type setting struct {
		At        time.Time `gorm:"primaryKey;timeIndex"`
		On        bool      `gorm:"default:true"`
		UpdatedAt time.Time
	}
	db := migrated[setting](t)
	if err := db.Save(setting{At: noon}).Error; err != nil {
		t.Fatal(err)
	}
	var got setting
	if err := db.First(&got).Error; err != nil || got.On || got.UpdatedAt.IsZero() {
		t.Errorf("%+v, %v, want false and the time of the Save", got, err)
	}
}

// With last_non_null a row of some columns keeps the others.
func TestSelectedColumnsAreMergedIntoTheRow(t *testing.T) {
	t.Parallel()
	db := open(t)
	if err := db.Set("gorm:table_options", "WITH ('merge_mode'='last_non_null')").AutoMigrate(&Reading{}); err != nil {
		t.Fatal(err)
	}
	r := reading("a", 1, 0, 1)
	r.Note = new("kept")
	if err := db.Create(&r).Error; err != nil {
		t.Fatal(err)
	}
	want := r
	want.Value = 2
	if err := db.Select("Device", "Port", "At", "Value").Create(&Reading{Device: r.Device, Port: r.Port, At: r.At, Value: 2, Level: "not selected"}).Error; err != nil {
		t.Fatal(err)
	}
	if got := all(t, db); !reflect.DeepEqual(got, []Reading{want}) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// natives counts the INSERTs that traveled as rows and those that traveled as text.
type natives struct{ native, text atomic.Int64 }

func (n *natives) Start(ctx context.Context, _ calltrace.Call) context.Context { return ctx }

func (n *natives) End(_ context.Context, call calltrace.Call, outcome calltrace.Outcome) {
	switch {
	case !strings.HasPrefix(call.Text, "INSERT"):
	case outcome.Native:
		n.native.Add(1)
	default:
		n.text.Add(1)
	}
}

// A batch of models is one native insert, with prepared statements, too.
func TestBatchesAreCreatedNatively(t *testing.T) {
	t.Parallel()
	for _, prepare := range []bool{false, true} {
		t.Run(fmt.Sprintf("PrepareStmt=%v", prepare), func(t *testing.T) {
			t.Parallel()
			testBatchesAreCreatedNatively(t, prepare)
		})
	}
}

func testBatchesAreCreatedNatively(t *testing.T, prepare bool) {
	cfg, inserts := newDatabase(t), new(natives)
	cfg.Trace = inserts
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db, err := gorm.Open(New(Config{Conn: sql.OpenDB(connector)}), &gorm.Config{Logger: logger.Discard, PrepareStmt: prepare})
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, db)
	if err := db.AutoMigrate(&Reading{}, &Document{}); err != nil {
		t.Fatal(err)
	}
	var readings []Reading
	for i := range 250 {
		readings = append(readings, reading("a", 1, i, float64(i)))
	}
	if tx := db.CreateInBatches(readings, 100); tx.Error != nil || tx.RowsAffected != 250 {
		t.Errorf("%d rows, %v", tx.RowsAffected, tx.Error)
	}
	if got := all(t, db); !reflect.DeepEqual(got, readings) {
		t.Errorf("%d readings come back differently", len(got))
	}
	// Values that are NULL or empty keep a batch native, too.
	documents := []Document{{At: noon, Body: datatypes.JSON(`{"a":1}`), Price: "1"}, {At: noon.Add(1), Price: "2", Raw: json.RawMessage("2"), Bytes: []byte{}}}
	if err := db.Create(&documents).Error; err != nil {
		t.Error(err)
	}
	var got []Document
	if err := db.Order("ts").Find(&got).Error; err != nil || len(got) != 2 || string(got[0].Body) != `{"a":1}` || string(got[1].Raw) != "2" || got[0].Bytes != nil || got[1].Bytes == nil {
		t.Errorf("%+v, %v", got, err)
	}
	if native, text := inserts.native.Load(), inserts.text.Load(); native != 4 || text != 0 {
		t.Errorf("%d native inserts and %d as text, want 4 and 0", native, text)
	}
}

// Document has JSON in the forms that GORM's users have.
type Document struct {
	At         time.Time `gorm:"primaryKey;timeIndex;column:ts"`
	Body       datatypes.JSON
	Map        datatypes.JSONMap `gorm:"column:dict"`
	Tags       datatypes.JSONSlice[string]
	Typed      datatypes.JSONType[map[string]int]
	Raw        json.RawMessage `gorm:"type:json"`
	Serialized map[string]bool `gorm:"type:json;serializer:json"`
	Bytes      []byte
	Price      string `gorm:"type:decimal(20,4)"`
	Small      int8
	Flag       bool
	Single     float32
}

func TestEveryTypeOfAModel(t *testing.T) {
	t.Parallel()
	db := migrated[Document](t)
	if err := db.AutoMigrate(&Document{}); err != nil { // nothing has changed
		t.Error(err)
	}
	want := Document{At: noon, Body: datatypes.JSON(`{"it's":"\\"}`), Map: datatypes.JSONMap{"k": "v"}, Tags: datatypes.JSONSlice[string]{"x", "y"},
		Typed: datatypes.NewJSONType(map[string]int{"n": 1}), Raw: json.RawMessage(`[1,2]`), Serialized: map[string]bool{"yes": true},
		Bytes: []byte{0, 0xff, '\''}, Price: "12.5000", Small: -128, Flag: true, Single: 0.1}
	for _, rows := range []int{1, 20} { // as text, and natively
		for i := range rows {
			d := want
			d.At = noon.Add(time.Duration(i))
			if err := db.Create(&d).Error; err != nil {
				t.Fatal(err)
			}
		}
		var got Document
		if err := db.First(&got, "ts = ?", noon).Error; err != nil {
			t.Fatal(err)
		}
		got.At = got.At.UTC()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	var names []string
	if err := db.Model(&Document{}).Where("json_get_string(dict, 'k') = ?", "v").Limit(1).Pluck("json_get_string(dict, 'k')", &names).Error; err != nil || len(names) != 1 {
		t.Errorf("%v, %v", names, err)
	}
}

func TestDeleteByKeyAndByConditions(t *testing.T) {
	t.Parallel()
	db := migrated[Reading](t)
	fill := func() {
		t.Helper()
		if err := db.Create([]Reading{reading("a", 0, 0, 1), reading("a", 0, 1, 2), reading("a", 1, 0, 3), reading("b", 0, 0, 4)}).Error; err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name string
		tx   func() *gorm.DB
		left []float64
	}{
		{"model", func() *gorm.DB { r := reading("a", 0, 0, 0); return db.Delete(&r) }, []float64{2, 3, 4}},
		{"models", func() *gorm.DB { return db.Delete([]Reading{reading("a", 0, 0, 0), reading("b", 0, 0, 0)}) }, []float64{2, 3}},
		{"conditions", func() *gorm.DB { return db.Where("device = ?", "a").Delete(&Reading{}) }, []float64{4}},
		{"inline", func() *gorm.DB { return db.Delete(&Reading{}, "device = ? AND ts > ?", "a", noon) }, []float64{1, 3, 4}},
		{"key and conditions", func() *gorm.DB { r := reading("a", 0, 0, 0); return db.Where("value > ?", 5).Delete(&r) }, []float64{1, 2, 3, 4}},
		{"of a model", func() *gorm.DB { r := reading("a", 0, 0, 0); return db.Model(&r).Delete(&Reading{}) }, []float64{2, 3, 4}},
		{"all", func() *gorm.DB {
			return db.Session(&gorm.Session{AllowGlobalUpdate: true}).Delete(&Reading{})
		}, nil},
	} {
		fill()
		if err := test.tx().Error; err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		var left []float64
		for _, r := range all(t, db) {
			left = append(left, r.Value)
		}
		if !reflect.DeepEqual(left, test.left) {
			t.Errorf("%s: %v are left, want %v", test.name, left, test.left)
		}
	}
}

// Soft has a field that makes GORM delete softly.
type Soft struct {
	At        time.Time `gorm:"primaryKey;timeIndex"`
	DeletedAt gorm.DeletedAt
}

// Counter has a key that other databases would generate.
type Counter struct {
	ID int64     `gorm:"primaryKey"`
	At time.Time `gorm:"primaryKey;timeIndex;autoCreateTime"`
}

func TestWhatGreptimeDBLacksIsAnErrorWithTheRemedy(t *testing.T) {
	t.Parallel()
	db := migrated[Reading](t)
	if err := db.AutoMigrate(&Soft{}, &Counter{}); err != nil {
		t.Fatal(err)
	}
	r := reading("a", 1, 0, 1) // GORM takes Save of a model with a zero in its key for Create
	if err := db.Create(&r).Error; err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"Update", db.Model(&r).Update("value", 2).Error, "Save"},
		{"Updates of a map", db.Model(&r).Updates(map[string]any{"value": 2}).Error, "has no UPDATE"},
		{"Updates of a struct", db.Model(&r).Updates(Reading{Value: 2}).Error, "has no UPDATE"},
		{"Updates of the model", db.Updates(&r).Error, "has no UPDATE"},
		{"UpdateColumn", db.Model(&r).UpdateColumn("value", 2).Error, "has no UPDATE"},
		{"Update with conditions", db.Model(&Reading{}).Where("device = ?", "a").Update("value", 2).Error, "has no UPDATE"},
		{"Save of a selection", db.Select("value").Save(&r).Error, "has no UPDATE"},
		{"Save without a column", db.Omit("note").Save(&r).Error, "has no UPDATE"},
		{"Save with conditions", db.Where("value > 5").Save(&r).Error, "has no UPDATE"},
		{"Transaction", db.Transaction(func(tx *gorm.DB) error { return tx.Create(&r).Error }), "no transactions"},
		{"Begin", db.Begin().Error, "no transactions"},
		{"DoNothing", db.Clauses(clause.OnConflict{DoNothing: true}).Create(&r).Error, "UpdateAll"},
		{"DoUpdates", db.Clauses(clause.OnConflict{DoUpdates: clause.AssignmentColumns([]string{"value"})}).Create(&r).Error, "UpdateAll"},
		{"another key", db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "value"}}, UpdateAll: true}).Create(&r).Error, "leave Columns out"},
		{"conditional upsert", db.Clauses(clause.OnConflict{UpdateAll: true, Where: clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "1=1"}}}}).Create(&r).Error, "conditions"},
		{"no time", db.Create(&Reading{Device: "a"}).Error, "the time index, has no time"},
		{"no time in a batch", db.Create([]Reading{r, {Device: "a"}}).Error, "the time index, has no time"},
		{"zero time in a field", db.Create(&struct {
			Soft
			Seen time.Time
		}{Soft: Soft{At: noon}}).Error, "Seen is the zero time"},
		{"zero time in a field that is not NULL", db.Create(&struct {
			Soft
			Seen time.Time `gorm:"type:TIMESTAMP(9) NOT NULL"`
		}{Soft: Soft{At: noon}}).Error, "Seen is the zero time"},
		{"Save without a time", db.Save(&Reading{Device: "a"}).Error, "the time index, has no time"},
		{"generated key", db.Create(&Counter{}).Error, "generates none"},
		{"Delete of everything", db.Delete(&Reading{}).Error, "WHERE conditions required"},
		{"Delete without the time", db.Delete(&Reading{Device: "a"}).Error, "no At"},
		{"soft delete", db.Delete(&Soft{At: noon}).Error, "Unscoped"},
		{"index", db.Migrator().CreateIndex(&Reading{}, "x"), "part of a column"},
		{"constraint", db.Migrator().CreateConstraint(&Reading{}, "x"), "no constraints"},
		{"rename of a column", db.Migrator().RenameColumn(&Reading{}, "value", "v"), "cannot rename"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("%s: %v, want an error with %q", test.name, test.err, test.want)
		}
	}
	if got := all(t, db); !reflect.DeepEqual(got, []Reading{r}) {
		t.Errorf("something was written: %+v", got)
	}
	if err := db.Unscoped().Delete(&Soft{At: noon}).Error; err != nil {
		t.Error(err)
	}
	counter := Counter{ID: 7}
	if err := db.Create(&counter).Error; err != nil || counter.At.IsZero() {
		t.Errorf("%+v, %v", counter, err)
	}
}

func TestModelsThatCannotBeTables(t *testing.T) {
	t.Parallel()
	db := open(t)
	for _, test := range []struct {
		model any
		want  string
	}{
		{&struct {
			gorm.Model
			Name string
		}{}, "has no time index"},
		{&struct {
			A time.Time `gorm:"primaryKey;timeIndex"`
			B time.Time `gorm:"primaryKey;timeIndex"`
		}{}, "two time indexes"},
		{&struct {
			At time.Time `gorm:"timeIndex"`
		}{}, "primaryKey;timeIndex"},
		{&struct {
			UpdatedAt time.Time `gorm:"primaryKey;timeIndex"`
		}{}, "autoUpdateTime:false"},
		{&struct {
			At   time.Time `gorm:"primaryKey;timeIndex"`
			Name string    `gorm:"unique"`
		}{}, "unique"},
		{&struct {
			At   time.Time `gorm:"primaryKey;timeIndex"`
			Name string    `gorm:"uniqueIndex"`
		}{}, "is unique"},
		{&struct {
			At time.Time `gorm:"primaryKey;timeIndex"`
			A  string    `gorm:"index:ab"`
			B  string    `gorm:"index:ab"`
		}{}, "not about one column"},
		{&struct {
			At time.Time `gorm:"primaryKey;timeIndex"`
			A  string    `gorm:"index:,class:HASH"`
		}{}, "INVERTED, SKIPPING and FULLTEXT"},
	} {
		if err := db.Table("refused").AutoMigrate(test.model); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%T: %v, want an error with %q", test.model, err, test.want)
		}
	}
	if tables, err := db.Migrator().GetTables(); err != nil || len(tables) != 0 {
		t.Errorf("tables %q, %v", tables, err)
	}
}

func TestAutoMigrateCreatesAndExtendsTables(t *testing.T) {
	t.Parallel()
	db := open(t)
	type v1 struct {
		Host string    `gorm:"primaryKey;comment:it's the host"`
		At   time.Time `gorm:"primaryKey;timeIndex;precision:3"`
		CPU  float64   `gorm:"index"`
		Mode string    `gorm:"default:'auto';index:,class:SKIPPING"`
	}
	metrics := db.Table("metrics").Set("gorm:table_options", "WITH ('ttl'='7d', 'merge_mode'='last_non_null')")
	for range 2 {
		if err := metrics.AutoMigrate(&v1{}); err != nil {
			t.Fatal(err)
		}
	}
	at := noon.Truncate(time.Millisecond)
	if err := db.Table("metrics").Create(&v1{Host: "a", At: at, CPU: 1}).Error; err != nil {
		t.Fatal(err)
	}
	if !db.Migrator().HasTable("metrics") || db.Migrator().HasTable("other") || !db.Migrator().HasColumn("metrics", "cpu") || db.Migrator().HasColumn("metrics", "zone") {
		t.Error("the migrator does not know what is there")
	}
	if err := db.Table("metrics").AutoMigrate(&struct {
		Host string    `gorm:"primaryKey"`
		At   time.Time `gorm:"primaryKey;timeIndex;precision:3"`
		CPU  string
	}{}); err == nil || !strings.Contains(err.Error(), "column cpu of table metrics is DOUBLE") {
		t.Errorf("%v, want an error about the type of cpu", err)
	}
	type extended struct {
		Host   string    `gorm:"primaryKey"`
		Zone   string    `gorm:"primaryKey"`
		At     time.Time `gorm:"primaryKey;timeIndex;precision:3"`
		CPU    float64
		Mode   string
		Memory uint32 `gorm:"not null;default:7"`
	}
	if err := db.Table("metrics").AutoMigrate(&extended{}); err != nil {
		t.Fatal(err)
	}
	var got extended
	if err := db.Table("metrics").Take(&got).Error; err != nil || got.Host != "a" || got.Mode != "auto" || got.Memory != 7 || !got.At.Equal(at) {
		t.Errorf("%+v, %v", got, err)
	}
	var name, text string
	if err := db.Raw("SHOW CREATE TABLE metrics").Row().Scan(&name, &text); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"TIME INDEX", `PRIMARY KEY ("host", "zone")`, "7days", "last_non_null", "INVERTED INDEX", "SKIPPING INDEX", "it''s the host"} {
		if !strings.Contains(text, part) {
			t.Errorf("the table has no %s:\n%s", part, text)
		}
	}
	m := db.Migrator()
	if err := m.RenameTable("metrics", "renamed"); err != nil || !m.HasTable("renamed") {
		t.Error(err)
	}
	if err := m.DropColumn("renamed", "cpu"); err != nil || m.HasColumn("renamed", "cpu") {
		t.Error(err)
	}
	if err := m.DropTable("renamed"); err != nil || m.HasTable("renamed") {
		t.Error(err)
	}
	if name := m.CurrentDatabase(); !strings.HasPrefix(name, "greptimegorm_") {
		t.Errorf("the database is %q", name)
	}
}

func TestNothingIsInATransactionByItself(t *testing.T) {
	t.Parallel()
	db, err := gorm.Open(Open("greptime://127.0.0.1:1"), &gorm.Config{DryRun: true, DisableAutomaticPing: true, Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, db)
	if !db.SkipDefaultTransaction || !db.Session(&gorm.Session{}).SkipDefaultTransaction {
		t.Error("GORM would begin transactions")
	}
	text := db.ToSQL(func(tx *gorm.DB) *gorm.DB { r := reading("it's \\", 1, 0, 1); return tx.Create(&r) })
	if want := `INSERT INTO "readings" ("device","port","ts","value","note","level") VALUES ('it''s \',1,'2024-05-06T12:00:00.123456789Z',1,NULL,'it''s \ok')`; text != want {
		t.Errorf("%s, want %s", text, want)
	}
	if _, err := gorm.Open(Open("mysql://nowhere"), &gorm.Config{Logger: logger.Discard}); err == nil || !strings.Contains(err.Error(), "greptime: DSN") {
		t.Errorf("%v, want an error about the DSN", err)
	}
}

// A log shows the instant that is sent, whatever the location and the type of the time.
func TestTimesAreExplainedInUTC(t *testing.T) {
	t.Parallel()
	at := noon.In(time.FixedZone("", 2*60*60))
	for _, value := range []any{at, &at, sql.NullTime{Time: at, Valid: true}, &sql.NullTime{Time: at, Valid: true}, sql.Null[time.Time]{V: at, Valid: true}} {
		if got, want := new(Dialector).Explain("SELECT ?", value), "SELECT '2024-05-06T12:00:00.123456789Z'"; got != want {
			t.Errorf("%T: %s, want %s", value, got, want)
		}
	}
	for _, value := range []any{nil, (*time.Time)(nil), sql.NullTime{}, (*sql.NullTime)(nil)} {
		if got, want := new(Dialector).Explain("SELECT ?", value), "SELECT NULL"; got != want {
			t.Errorf("%T: %s, want %s", value, got, want)
		}
	}
}

func TestNamesAreQuoted(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a": `"a"`, "t.c": `"t"."c"`, `a"b`: `"a""b"`, `"t".c`: `"t"."c"`, "t.*": `"t".*`, `"a"; DROP TABLE t; --"`: `"""a""; DROP TABLE t; --"""`, `"a""b"`: `"a""b"`, `"`: `""""`, "a\\'b": `"a\'b"`,
	} {
		var b strings.Builder
		(&Dialector{}).QuoteTo(&b, name)
		if b.String() != want {
			t.Errorf("%s is %s, want %s", name, b.String(), want)
		}
	}
}
