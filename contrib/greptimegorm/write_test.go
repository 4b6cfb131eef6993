package greptimegorm

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"gorm.io/datatypes"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/greptime-go/greptime"
)

// Sum is a field that GORM writes as an expression.
type Sum int64

// GormDataType returns the type of its column.
func (Sum) GormDataType() string { return "bigint" }

// GormValue returns an expression.
func (s Sum) GormValue(context.Context, *gorm.DB) clause.Expr {
	return clause.Expr{SQL: "? + ?", Vars: []any{int64(s) - 1, int64(1)}}
}

// Shape has JSON and a vector, as text.
type Shape struct {
	At    time.Time `gorm:"primaryKey;timeIndex"`
	Body  string    `gorm:"type:json"`
	Point *string   `gorm:"type:vector(3)"`
	N     Sum
}

// Beside an expression the server stores the text of JSON and of vectors unread.
func TestJSONAndVectorsBesideAnExpressionAreStoredAsAlone(t *testing.T) {
	t.Parallel()
	type named string
	db := migrated[Shape](t)
	const text, vector = `{"b":"it's \\","a":[1,2.5]}`, "[1, -2.5,3e2]"
	bodies := []any{text, new(text), named(text), []byte(text), json.RawMessage(text), datatypes.JSON(text), sql.NullString{String: text, Valid: true}}
	points := []any{vector, new(vector), named(vector), greptime.Vector{1, -2.5, 300}, sql.NullString{String: vector, Valid: true}}
	at := noon
	insert := func(n, body, point any) {
		t.Helper()
		at = at.Add(time.Second)
		if err := db.Model(&Shape{}).Create(map[string]any{"At": at, "Body": body, "Point": point, "N": n}).Error; err != nil {
			t.Errorf("a body of %T and a point of %T beside %T: %v", body, point, n, err)
		}
	}
	for _, n := range []any{2, gorm.Expr("1 + 1")} {
		for _, body := range bodies {
			insert(n, body, vector)
		}
		for _, point := range points {
			insert(n, text, point)
		}
	}
	shapes := []Shape{{At: at.Add(time.Minute), Body: text, Point: new(vector), N: 2}, {At: at.Add(time.Hour), Body: text, Point: new(vector), N: 2}}
	if err := db.Create(&shapes).Error; err != nil {
		t.Fatal(err)
	}
	want := 2*len(bodies) + 2*len(points) + len(shapes)
	var got []struct{ Body, Text, Point, N string }
	if err := db.Model(&Shape{}).Select("body, json_to_string(body) AS text, vec_to_string(point) AS point, CAST(n AS STRING) AS n").Order(`"at"`).Scan(&got).Error; err != nil || len(got) != want {
		t.Fatalf("%d rows, %v, want %d", len(got), err, want)
	}
	const sorted = `{"a":[1,2.5],"b":"it's \\"}`
	for i, row := range got {
		if row.Body != sorted || row.Text != sorted || row.Point != "[1,-2.5,300]" || row.N != "2" {
			t.Errorf("row %d: %+v", i, row)
		}
	}
}

func TestTextThatIsNoJSONAndNoVectorIsRefused(t *testing.T) {
	t.Parallel()
	db := migrated[Shape](t)
	for name, test := range map[string]struct {
		body, point string
		want        string
	}{
		"JSON": {`{"a":`, "[1,2,3]", "Shape.Body: the text is not JSON"}, "empty": {"", "[1,2,3]", "Shape.Body"}, "vector": {"{}", "1,2,3", "Shape.Point"},
	} {
		for _, n := range []any{2, gorm.Expr("1 + 1")} {
			err := db.Model(&Shape{}).Create(map[string]any{"At": noon, "Body": test.body, "Point": test.point, "N": n}).Error
			if !errorHas(err, test.want) {
				t.Errorf("%s beside %T: %v, want an error with %q", name, n, err, test.want)
			}
		}
	}
	var count int64
	if err := db.Model(&Shape{}).Count(&count).Error; err != nil || count != 0 {
		t.Errorf("%d rows are stored, %v", count, err)
	}
}

// GORM leaves LIMIT and joins out of a DELETE.
func TestADeleteOfSomeRowsIsRefused(t *testing.T) {
	t.Parallel()
	db := migrated[Reading](t)
	var want []Reading
	for i := range 3 {
		want = append(want, reading(fmt.Sprint(i), 0, i, 1))
	}
	if err := db.Create(&want).Error; err != nil {
		t.Fatal(err)
	}
	for name, tx := range map[string]*gorm.DB{
		"limit":  db.Where("value = 1").Limit(1).Delete(&Reading{}),
		"offset": db.Where("value = 1").Offset(1).Delete(&Reading{}),
		"join":   db.InnerJoins("JOIN readings r ON r.value = 2").Where("readings.value = 1").Delete(&Reading{}),
	} {
		if !errorHas(tx.Error, "by their keys") {
			t.Errorf("%s: %v, want an error with the remedy", name, tx.Error)
		}
	}
	if got := all(t, db); len(got) != len(want) {
		t.Errorf("%d rows are left, want %d", len(got), len(want))
	}
	// A limit that was cancelled is none.
	if err := db.Where("value = 1").Limit(1).Offset(1).Limit(-1).Offset(-1).Delete(&Reading{}).Error; err != nil {
		t.Error(err)
	}
}

// The columns that GORM would keep, an INSERT of GreptimeDB loses.
func TestUpsertsOfSomeColumnsAreRefused(t *testing.T) {
	t.Parallel()
	db := samples(t)
	want := Device{Name: "d", Seen: noon, Model: "m"}
	if err := db.Create(&want).Error; err != nil {
		t.Fatal(err)
	}
	changed := func() *Device { return &Device{Name: "d", Seen: noon, Model: "other"} }
	upsert := db.Clauses(clause.OnConflict{UpdateAll: true})
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"UpdateAll, Select":     {upsert.Select("Name", "Seen").Create(changed()).Error, "last_non_null"},
		"UpdateAll, Omit":       {upsert.Omit("Model").Create(changed()).Error, "last_non_null"},
		"Save of a slice, Omit": {db.Omit("model").Save([]Device{*changed()}).Error, "last_non_null"},
		"Save, DoNothing":       {db.Clauses(clause.OnConflict{DoNothing: true}).Save(changed()).Error, "DoNothing"},
		"Save, Select":          {db.Select("Name").Save(changed()).Error, ErrNoUpdate.Error()},
		"Save, Omit":            {db.Omit("Model").Save(changed()).Error, ErrNoUpdate.Error()},
	} {
		if !errorHas(test.err, test.want) {
			t.Errorf("%s: %v, want an error with %q", name, test.err, test.want)
		}
	}
	var got []Device
	if err := db.Find(&got).Error; err != nil || len(got) != 1 || got[0].Model != want.Model {
		t.Errorf("%+v, %v, want the device as it was", got, err)
	}
}

// The error about associations names Omit as a remedy.
func TestModelsAreSavedWithoutTheirAssociations(t *testing.T) {
	t.Parallel()
	db := samples(t)
	for i, tx := range []*gorm.DB{db.Omit(clause.Associations), db.Omit("Samples"), db.Clauses(clause.OnConflict{UpdateAll: true}).Omit(clause.Associations)} {
		d := Device{Name: fmt.Sprint(i), Seen: noon, Model: "m", Samples: []Sample{{At: noon}}}
		if err := tx.Session(&gorm.Session{}).Save(&d).Error; err != nil {
			t.Errorf("%d: Save: %v", i, err)
		}
		if err := tx.Session(&gorm.Session{}).Create(&d).Error; err != nil {
			t.Errorf("%d: Create: %v", i, err)
		}
	}
	var devices, samples int64
	if err := db.Model(&Device{}).Where("model = 'm'").Count(&devices).Error; err != nil || devices != 3 {
		t.Errorf("%d devices, %v, want 3", devices, err)
	}
	if err := db.Model(&Sample{}).Count(&samples).Error; err != nil || samples != 0 {
		t.Errorf("%d samples, %v, want none", samples, err)
	}
}
