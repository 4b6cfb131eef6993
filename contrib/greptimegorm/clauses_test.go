package greptimegorm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/datatypes"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/sqlshape"
)

func errorHas(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }

// Event has its time alone as key.
type Event struct {
	At   time.Time `gorm:"primaryKey;timeIndex;column:ts"`
	Name string
}

func TestConditions(t *testing.T) {
	t.Parallel()
	db := migrated[Reading](t)
	if err := db.Create([]Reading{reading("a", 0, 0, 1), reading("a", 1, 1, 2), reading("b", 0, 2, 3), reading("c", 0, 3, 4)}).Error; err != nil {
		t.Fatal(err)
	}
	keys := []clause.Column{{Table: clause.CurrentTable, Name: "device"}, {Table: clause.CurrentTable, Name: "ts"}}
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	some := []any{[]any{"a", at(0)}, []any{"a", at(5)}, []any{"c", at(3)}, []any{"b", at(2)}}
	for name, test := range map[string]struct {
		tx   *gorm.DB
		want int
	}{
		"struct":           {db.Where(&Reading{Device: "a", Port: 1}), 1},
		"map":              {db.Where(map[string]any{"device": []string{"a", "b"}, "port": 0}), 2},
		"IN":               {db.Where("device IN ?", []string{"a", "c"}), 3},
		"empty IN":         {db.Where("device IN ?", []string{}), 0},
		"NOT IN":           {db.Not(map[string]any{"device": []string{"a", "c"}}), 1},
		"or":               {db.Where("device = ?", "a").Or("value > ?", 3), 3},
		"groups":           {db.Where(db.Where("device = ?", "a").Or("device = ?", "b")).Where("port = 0"), 2},
		"named":            {db.Where("device = @device AND ts >= @from", map[string]any{"device": "a", "from": at(1)}), 1},
		"LIKE":             {db.Where("note IS NULL AND level LIKE ?", "it%"), 4},
		"BETWEEN":          {db.Where("ts BETWEEN ? AND ?", at(1), at(2)), 2},
		"keys":             {db.Where(clause.IN{Column: keys, Values: some}), 3},
		"one key":          {db.Where(clause.IN{Column: keys, Values: some[:1]}), 1},
		"no key":           {db.Where(clause.IN{Column: keys}), 0},
		"other keys":       {db.Not(clause.IN{Column: keys, Values: some}), 1},
		"keys in a group":  {db.Where(db.Where(clause.IN{Column: keys, Values: some}).Or("value = 2")), 4},
		"limit and offset": {db.Order("ts").Limit(2).Offset(3), 1},
		"offset":           {db.Order("ts").Offset(1), 3},
		"distinct":         {db.Distinct("device"), 3},
		"subquery":         {db.Where("value > (?)", db.Model(&Reading{}).Select("avg(value)")), 2},
		"exists":           {db.Where("EXISTS (?)", db.Model(&Reading{}).Select("1").Where("value > ?", 9)), 0},
	} {
		var found []Reading
		if err := test.tx.Find(&found).Error; err != nil || len(found) != test.want {
			t.Errorf("%s: %d rows, %v, want %d", name, len(found), err, test.want)
		}
	}
	var count int64
	if err := db.Model(&Reading{}).Distinct("device").Count(&count).Error; err != nil || count != 3 {
		t.Errorf("Count of distinct: %d, %v", count, err)
	}
	if err := db.Model(&Reading{}).Group("device").Count(&count).Error; err != nil || count != 3 {
		t.Errorf("Count of groups: %d, %v", count, err)
	}
	rows, err := db.Model(&Reading{}).Order("ts").Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	sum := 0.0
	for rows.Next() {
		var r Reading
		if err := db.ScanRows(rows, &r); err != nil {
			t.Fatal(err)
		}
		sum += r.Value
	}
	if err := rows.Err(); err != nil || sum != 10 {
		t.Errorf("Rows: sum %v, %v", sum, err)
	}
	found, err := gorm.G[Reading](db).Where("device = ?", "b").First(context.Background())
	if err != nil || found.Value != 3 {
		t.Errorf("generic API: %+v, %v", found, err)
	}
	if n, err := gorm.G[Reading](db).Where("device = ?", "b").Delete(context.Background()); err != nil || n != 1 {
		t.Errorf("generic API: %d rows are deleted, %v", n, err)
	}
}

// The order of a key of several columns is that of time.
func TestFirstAndLastAreThoseOfTheTime(t *testing.T) {
	t.Parallel()
	db := migrated[Reading](t)
	if err := db.Create([]Reading{reading("b", 0, 0, 1), reading("a", 0, 5, 2), reading("c", 0, 3, 3)}).Error; err != nil {
		t.Fatal(err)
	}
	var first, last, init Reading
	if err := db.First(&first).Error; err != nil || first.Device != "b" {
		t.Errorf("First: %+v, %v", first, err)
	}
	if err := db.Last(&last).Error; err != nil || last.Device != "a" {
		t.Errorf("Last: %+v, %v", last, err)
	}
	last = Reading{}
	if err := db.Where("device <> ?", "a").Last(&last).Error; err != nil || last.Device != "c" {
		t.Errorf("Last with a condition: %+v, %v", last, err)
	}
	if err := db.Where(Reading{Device: "d"}).Attrs(Reading{Value: 9}).FirstOrInit(&init).Error; err != nil || init.Device != "d" || init.Value != 9 {
		t.Errorf("FirstOrInit: %+v, %v", init, err)
	}
	for range 2 {
		var r Reading
		if err := db.Where(Reading{Device: "d", Port: 1, At: noon}).Attrs(Reading{Value: 9}).FirstOrCreate(&r).Error; err != nil || r.Value != 9 {
			t.Errorf("FirstOrCreate: %+v, %v", r, err)
		}
	}
	if got := all(t, db); len(got) != 4 {
		t.Errorf("%+v", got)
	}
}

func TestFindInBatchesNeedsAKeyOfOneColumn(t *testing.T) {
	t.Parallel()
	db := open(t)
	if err := db.AutoMigrate(&Event{}, &Counter{}); err != nil {
		t.Fatal(err)
	}
	var events []Event
	var counters []Counter
	for i := range 5 {
		events = append(events, Event{noon.Add(time.Duration(i)), fmt.Sprint(i)})
		counters = append(counters, Counter{ID: int64(i%2 + 1), At: noon.Add(time.Duration(i))})
	}
	if err := errors.Join(db.Create(&events).Error, db.Create(&counters).Error); err != nil {
		t.Fatal(err)
	}
	names := ""
	tx := db.FindInBatches(&events, 2, func(*gorm.DB, int) error {
		for _, e := range events {
			names += e.Name
		}
		return nil
	})
	if tx.Error != nil || tx.RowsAffected != 5 || names != "01234" {
		t.Errorf("%q, %d rows, %v", names, tx.RowsAffected, tx.Error)
	}
	for _, size := range []int{1, 2} {
		if err := db.FindInBatches(&counters, size, func(*gorm.DB, int) error { return nil }).Error; !errors.Is(err, gorm.ErrPrimaryKeyRequired) || !errorHas(err, "Rows") {
			t.Errorf("batches of %d: %v, want an error with the remedy", size, err)
		}
	}
}

func TestClausesThatGreptimeDBLacksAreErrors(t *testing.T) {
	t.Parallel()
	db := migrated[Document](t)
	r := Document{At: noon, Price: "1"}
	if err := db.Create(&r).Error; err != nil {
		t.Fatal(err)
	}
	var found []Document
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"FOR UPDATE":          {db.Clauses(clause.Locking{Strength: "UPDATE"}).Find(&found).Error, "no locks"},
		"INSERT RETURNING":    {db.Clauses(clause.Returning{}).Create(&Document{At: noon.Add(1), Price: "1"}).Error, "no rows from a write"},
		"Save RETURNING":      {db.Clauses(clause.Returning{}).Save(&Document{At: noon.Add(1), Price: "1"}).Error, "no rows from a write"},
		"DELETE RETURNING":    {db.Clauses(clause.Returning{}).Where("small = 0").Delete(&found).Error, "no rows from a write"},
		"datatypes.JSONQuery": {db.Where(datatypes.JSONQuery("body").HasKey("a")).Find(&found).Error, "json_get_string"},
		"delete by JSONQuery": {db.Where(datatypes.JSONQuery("body").HasKey("a")).Delete(&Document{}).Error, "json_get_string"},
		"nested JSONQuery":    {db.Where(db.Where(datatypes.JSONQuery("body").Equals(1, "a")).Or("flag")).Find(&found).Error, "json_get_string"},
		"savepoint":           {db.Session(&gorm.Session{}).SavePoint("s").Error, "no transactions"},
		"rollback to":         {db.Session(&gorm.Session{}).RollbackTo("s").Error, "no transactions"},
	} {
		if !errorHas(test.err, test.want) {
			t.Errorf("%s: %v, want an error with %q", name, test.err, test.want)
		}
	}
	if err := db.Find(&found).Error; err != nil || len(found) != 1 {
		t.Errorf("%d rows, %v, want that of the beginning", len(found), err)
	}
}

// With transactions=ignore, those of GORM do nothing, nested ones, too.
func TestIgnoredTransactions(t *testing.T) {
	t.Parallel()
	cfg := newDatabase(t)
	cfg.Transactions = "ignore"
	db := openDSN(t, cfg.FormatDSN())
	if err := db.AutoMigrate(&Event{}); err != nil {
		t.Fatal(err)
	}
	if err := db.Transaction(func(tx *gorm.DB) error {
		return tx.Transaction(func(tx *gorm.DB) error { return tx.Create(&Event{At: noon}).Error })
	}); err != nil {
		t.Error(err)
	}
	var count int64
	if err := db.Model(&Event{}).Count(&count).Error; err != nil || count != 1 {
		t.Errorf("%d rows, %v", count, err)
	}
	open := db.Begin()
	if err := open.Rollback().Error; err != nil || errors.Is(err, greptime.ErrTransactions) {
		t.Errorf("Rollback of nothing: %v", err)
	}
}

// The server works on a condition recursively: that of many keys must not be deep.
func TestManyModelsAreDeletedByTheirKeys(t *testing.T) {
	t.Parallel()
	db := migrated[Event](t)
	var events []Event
	for i := range 1000 {
		events = append(events, Event{At: noon.Add(time.Duration(i))})
	}
	if err := db.Create(&events).Error; err != nil {
		t.Fatal(err)
	}
	text := db.ToSQL(func(tx *gorm.DB) *gorm.DB { return tx.Delete(events) })
	depth, deepest := 0, 0
	for _, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		deepest = max(deepest, depth)
	}
	if n := strings.Count(text, " OR "); n != 999 || deepest != 10 {
		t.Errorf("%d ORs, %d deep, want 999 and 10", n, deepest)
	}
	if tx := db.Delete(events[1:]); tx.Error != nil || tx.RowsAffected != 999 {
		t.Errorf("%d rows are deleted, %v, want 999", tx.RowsAffected, tx.Error)
	}
}

// A server that compares all digits of a time finds a row only by the time that the row stores.
func TestKeysAreComparedInTheUnitOfTheirColumn(t *testing.T) {
	t.Parallel()
	type seconds struct {
		Host string    `gorm:"primaryKey"`
		At   time.Time `gorm:"primaryKey;timeIndex;column:ts;precision:0"`
	}
	type millis struct {
		Host string     `gorm:"primaryKey"`
		At   time.Time  `gorm:"primaryKey;timeIndex;column:ts;precision:3"`
		Seen *time.Time `gorm:"precision:0"`
	}
	type named struct {
		Host string       `gorm:"primaryKey"`
		At   sql.NullTime `gorm:"primaryKey;timeIndex;column:ts;type:timestamp_ms NOT NULL"`
	}
	type micros struct {
		At time.Time `gorm:"primaryKey;timeIndex;column:ts;precision:6"`
	}
	type nanos struct {
		Host string    `gorm:"primaryKey"`
		At   time.Time `gorm:"primaryKey;timeIndex;column:ts"`
	}
	r := sqlshape.Record(t)
	db := openDSN(t, r.DSN(""))
	at, old := noon, time.Date(1969, 12, 31, 23, 59, 58, 123456789, time.UTC)
	keys := []clause.Column{{Table: clause.CurrentTable, Name: "host"}, {Table: clause.CurrentTable, Name: "ts"}}
	var found []map[string]any
	for name, test := range map[string]struct {
		send func() *gorm.DB
		want string
	}{
		"Delete, seconds":        {func() *gorm.DB { return db.Delete(&seconds{"a", at}) }, "12:00:00Z'"},
		"Delete, milliseconds":   {func() *gorm.DB { return db.Delete(&millis{Host: "a", At: at}) }, "12:00:00.123Z'"},
		"Delete, before 1970":    {func() *gorm.DB { return db.Delete(&millis{Host: "a", At: old}) }, "23:59:58.123Z'"},
		"Delete, NullTime":       {func() *gorm.DB { return db.Delete(&named{"a", sql.NullTime{Time: at, Valid: true}}) }, "12:00:00.123Z'"},
		"Delete, microseconds":   {func() *gorm.DB { return db.Delete(&micros{at}) }, "12:00:00.123456Z'"},
		"Delete, nanoseconds":    {func() *gorm.DB { return db.Delete(&nanos{"a", at}) }, "12:00:00.123456789Z'"},
		"Delete, several":        {func() *gorm.DB { return db.Delete([]millis{{Host: "a", At: at}, {Host: "b", At: at}}) }, "12:00:00.123Z'"},
		"Where of a struct":      {func() *gorm.DB { return db.Model(&millis{}).Where(&millis{Host: "a", At: at}).Find(&found) }, "12:00:00.123Z'"},
		"Where of another field": {func() *gorm.DB { return db.Model(&millis{}).Where(&millis{Seen: &at}).Find(&found) }, "12:00:00Z'"},
		"Where of a map":         {func() *gorm.DB { return db.Model(&millis{}).Where(map[string]any{"ts": at}).Find(&found) }, "12:00:00.123Z'"},
		"Where of a map of slices": {func() *gorm.DB {
			return db.Model(&millis{}).Where(map[string]any{"ts": []time.Time{at, at}}).Find(&found)
		}, "12:00:00.123Z'"},
		"Not": {func() *gorm.DB { return db.Model(&millis{}).Not(map[string]any{"ts": at}).Find(&found) }, "12:00:00.123Z'"},
		"keys": {func() *gorm.DB {
			return db.Model(&millis{}).Where(clause.IN{Column: keys, Values: []any{[]any{"a", at}, []any{"b", at}}}).Find(&found)
		}, "12:00:00.123Z'"},
		"Find of a key":    {func() *gorm.DB { return db.Find(&millis{Host: "a", At: at}) }, "12:00:00.123Z'"},
		"text of your own": {func() *gorm.DB { return db.Model(&millis{}).Where("ts = ?", at).Find(&found) }, "12:00:00.123456789Z'"},
	} {
		_ = test.send().Error // the recorder's answer fits no model
		texts := r.Take()
		if len(texts) == 0 || !strings.Contains(texts[len(texts)-1], test.want) {
			t.Errorf("%s: %q, want a last text with %s", name, texts, test.want)
		}
	}
}
