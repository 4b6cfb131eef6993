package greptimegorm

import (
	"database/sql"
	"errors"
	"net"
	"reflect"
	"testing"
	"time"

	"gorm.io/datatypes"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/greptime-go/greptime"
)

// Device has many samples.
type Device struct {
	Name    string    `gorm:"primaryKey"`
	Seen    time.Time `gorm:"primaryKey;timeIndex"`
	Model   string
	Samples []Sample `gorm:"foreignKey:DeviceName;references:Name"`
}

// Place is embedded.
type Place struct {
	Lat, Lon float64
	City     *string
}

// Sample has fields of every kind that is not in Document. It belongs to a device.
type Sample struct {
	DeviceName string    `gorm:"primaryKey"`
	At         time.Time `gorm:"primaryKey;timeIndex;precision:6;column:ts"`
	Place      Place     `gorm:"embedded;embeddedPrefix:place_"`
	Big        uint64
	Int        *int32
	Millis     *time.Time `gorm:"precision:3"`
	Text       sql.NullString
	Time       sql.NullTime
	Generic    sql.Null[int64]
	Took       time.Duration
	Waited     *time.Duration
	IP         net.IP
	UUID       datatypes.UUID
	Binary     datatypes.BinUUID
	Date       datatypes.Date
	Decimal    *string `gorm:"type:decimal(10,2)"`
	Price      float64 `gorm:"precision:10;scale:2"`
	Flag       bool    `gorm:"default:true"`
	Number     int64   `gorm:"default:42"`
	Word       string  `gorm:"default:a word"`
	Sized      string  `gorm:"size:255"`
	Varchar    string  `gorm:"type:varchar(100)"`
	Alias      int64   `gorm:"type:int64"`
	Unsigned   uint64  `gorm:"type:bigint unsigned"`
	Device     *Device `gorm:"foreignKey:DeviceName;references:Name"`
	ignored    string
}

// BeforeCreate is a hook of GORM.
func (s *Sample) BeforeCreate(*gorm.DB) error {
	if s.Sized == "" {
		s.Sized = "from the hook"
	}
	return nil
}

// AfterFind is a hook of GORM.
func (s *Sample) AfterFind(*gorm.DB) error {
	s.ignored = "found"
	return nil
}

func samples(t testing.TB) *gorm.DB {
	t.Helper()
	db := open(t)
	for range 2 { // the second changes nothing
		if err := db.AutoMigrate(&Device{}, &Sample{}); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func TestEveryGoTypeOfAField(t *testing.T) {
	t.Parallel()
	db := samples(t)
	at := time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)
	millis := at.Truncate(time.Millisecond)
	full := Sample{DeviceName: "full", At: at, Place: Place{1.5, -2.5, new("Bern")}, Big: 1<<64 - 1, Int: new(int32(-5)), Millis: &millis,
		Text: sql.NullString{String: "it's", Valid: true}, Time: sql.NullTime{Time: noon, Valid: true}, Generic: sql.Null[int64]{V: 5, Valid: true},
		Took: 1500 * time.Millisecond, Waited: new(time.Nanosecond), IP: net.IPv4(1, 2, 3, 4).To4(), UUID: datatypes.NewUUIDv4(), Binary: datatypes.NewBinUUIDv4(),
		Date: datatypes.Date(at.Truncate(24 * time.Hour)), Decimal: new("1.25"), Price: 12.25, Flag: true, Number: 7, Word: "w", Sized: "s", Varchar: "v", Alias: -1, Unsigned: 1 << 63}
	defaults := Sample{DeviceName: "zero", At: at, Date: full.Date}
	for range 2 { // as the driver sends the first insert, and the later ones
		for _, s := range []*Sample{&full, &defaults} {
			s.ignored = ""
			if err := db.Create(s).Error; err != nil {
				t.Fatal(err)
			}
			if !s.Flag || s.Number == 0 || s.Word == "" || s.Sized == "" {
				t.Errorf("defaults and hooks are not in the model: %+v", s)
			}
			var got Sample
			if err := db.First(&got, "device_name = ?", s.DeviceName).Error; err != nil {
				t.Fatal(err)
			}
			s.ignored = "found"
			if !reflect.DeepEqual(utc(got), *s) {
				t.Errorf("%+v\nwant %+v", got, *s)
			}
		}
	}
	for _, test := range []struct {
		condition string
		value     any
	}{
		{"big = ?", full.Big}, {"took = ?", full.Took}, {"waited = ?", full.Waited}, {"millis = ?", full.Millis}, {"ts = ?", at}, {"ip = ?", full.IP},
		{"date = ?", full.Date}, {"text = ?", full.Text}, {"generic = ?", full.Generic}, {"unsigned = ?", full.Unsigned}, {"flag = ?", true},
	} {
		var found []Sample
		if err := db.Where(test.condition, test.value).Where("device_name = ?", "full").Find(&found).Error; err != nil || len(found) != 1 {
			t.Errorf("%s %v: %d rows, %v", test.condition, test.value, len(found), err)
		}
	}
	var found []Sample
	if err := db.Where(&Sample{Took: full.Took, Big: full.Big}).Find(&found).Error; err != nil || len(found) != 1 {
		t.Errorf("struct: %d rows, %v", len(found), err)
	}
}

// utc returns the sample with its times in UTC, as comparisons need.
func utc(s Sample) Sample {
	s.At, s.Time.Time, s.Date = s.At.UTC(), s.Time.Time.UTC(), datatypes.Date(time.Time(s.Date).UTC())
	if s.Millis != nil {
		s.Millis = new(s.Millis.UTC())
	}
	return s
}

// A datatypes.Date is a day, whatever its location; a column of another type has its midnight.
func TestDatesOutsideUTC(t *testing.T) {
	t.Parallel()
	type dated struct {
		At   time.Time `gorm:"primaryKey;timeIndex"`
		Day  datatypes.Date
		Next *datatypes.Date
		Time datatypes.Date `gorm:"type:TIMESTAMP(9)"`
	}
	db := migrated[dated](t)
	for i, hours := range []int{-8, 2, 14} {
		zone := time.FixedZone("", hours*60*60)
		at := noon.Add(time.Duration(i) * time.Second)
		midnight := time.Date(2024, 5, 6+i, 0, 0, 0, 0, zone)
		day, next := datatypes.Date(midnight), datatypes.Date(midnight.Add(47*time.Hour))
		for range 2 { // as the driver sends the first insert, and the later ones
			if err := db.Create(&dated{at, day, &next, day}).Error; err != nil {
				t.Fatal(err)
			}
		}
		for name, tx := range map[string]*gorm.DB{
			"text":    db.Where("day = ?", day),
			"pointer": db.Where("next = ?", &next),
			"list":    db.Where("day IN ?", []datatypes.Date{day}),
			"struct":  db.Where(&dated{Day: day, Next: &next}),
			"map":     db.Where(map[string]any{"day": day}),
			"time":    db.Where(&dated{Time: day}),
		} {
			var got []dated
			if err := tx.Find(&got).Error; err != nil || len(got) != 1 {
				t.Errorf("%+d hours, %s: %d rows, %v, want 1", hours, name, len(got), err)
				continue
			}
			if y, m, d := time.Time(got[0].Day).Date(); y != 2024 || m != 5 || d != 6+i {
				t.Errorf("%+d hours, %s: day %d-%d-%d", hours, name, y, m, d)
			}
			if d := time.Time(*got[0].Next).Day(); d != 7+i {
				t.Errorf("%+d hours, %s: next day %d", hours, name, d)
			}
			if !time.Time(got[0].Time).Equal(midnight) {
				t.Errorf("%+d hours, %s: time %v, want %v", hours, name, time.Time(got[0].Time), midnight)
			}
		}
	}
}

func TestAssociationsAreReadAndWrittenWhole(t *testing.T) {
	t.Parallel()
	db := samples(t)
	device := func(samples ...Sample) *Device {
		return &Device{Name: "d", Seen: noon, Model: "m", Samples: samples}
	}
	at := noon.Truncate(time.Second)
	for name, tx := range map[string]*gorm.DB{
		"has many":       db.Create(device(Sample{At: at})),
		"has many, Save": db.Save(device(Sample{At: at})),
		"belongs to":     db.Create(&Sample{DeviceName: "d", At: at, Device: device()}),
	} {
		if tx.Error == nil || !errorHas(tx.Error, "FullSaveAssociations") {
			t.Errorf("%s: %v, want an error with the remedy", name, tx.Error)
		}
	}
	var rows int64
	for _, model := range []any{&Device{}, &Sample{}} {
		if err := db.Model(model).Count(&rows).Error; err != nil || rows != 0 {
			t.Errorf("%T: %d rows are written, %v", model, rows, err)
		}
	}
	full := db.Session(&gorm.Session{FullSaveAssociations: true})
	if err := full.Create(device(Sample{At: at}, Sample{At: at.Add(time.Second)})).Error; err != nil {
		t.Fatal(err)
	}
	if err := db.Omit(clause.Associations).Create(&Device{Name: "e", Seen: noon, Samples: []Sample{{At: at}}}).Error; err != nil {
		t.Fatal(err)
	}
	var devices []Device
	if err := db.Preload("Samples").Order("name").Find(&devices).Error; err != nil || len(devices) != 2 || len(devices[0].Samples) != 2 || len(devices[1].Samples) != 0 {
		t.Errorf("Preload: %+v, %v", devices, err)
	}
	var samples []Sample
	if err := db.Joins("Device").Find(&samples).Error; err != nil || len(samples) != 2 || samples[0].Device == nil || samples[0].Device.Model != "m" {
		t.Errorf("Joins: %+v, %v", samples, err)
	}
	if err := db.InnerJoins("Device", db.Where(&Device{Model: "none"})).Find(&samples).Error; err != nil || len(samples) != 0 {
		t.Errorf("InnerJoins: %+v, %v", samples, err)
	}
	var models []string
	if err := db.Model(&Sample{}).Joins("JOIN devices ON devices.name = samples.device_name").Where("devices.seen = ?", noon).Distinct().Pluck("devices.model", &models).Error; err != nil || len(models) != 1 || models[0] != "m" {
		t.Errorf("raw JOIN: %q, %v", models, err)
	}
	of := func() *gorm.Association { return db.Model(&Device{Name: "d", Seen: noon}).Association("Samples") }
	if n := of().Count(); n != 2 {
		t.Errorf("Count: %d", n)
	}
	if err := of().Append(&Sample{At: at.Add(time.Hour)}); !errors.Is(err, ErrNoUpdate) {
		t.Errorf("Append: %v, want ErrNoUpdate", err)
	}
	if err := of().Find(&samples); err != nil || len(samples) != 2 {
		t.Fatalf("Find: %d samples, %v", len(samples), err)
	}
	// The condition is about the two columns of each key.
	if err := of().Unscoped().Delete(samples[0]); err != nil {
		t.Error(err)
	}
	if err := db.Find(&samples).Error; err != nil || len(samples) != 1 {
		t.Errorf("%d samples are left, %v, want 1", len(samples), err)
	}
}

func TestErrorsOfTheServerAreFoundByCode(t *testing.T) {
	t.Parallel()
	db := open(t)
	translating, err := gorm.Open(New(Config{Conn: db.ConnPool}), &gorm.Config{Logger: db.Logger, TranslateError: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, db := range []*gorm.DB{db, translating} {
		if err := db.Table("missing").Find(&[]Sample{}).Error; !errors.Is(err, greptime.TableNotFound) {
			t.Errorf("%v, want TableNotFound", err)
		}
	}
}
