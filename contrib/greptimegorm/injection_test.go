package greptimegorm

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/greptime-go/greptime/internal/test/sqlshape"
)

// TestHostileTextsRemainValuesAndNames gives GORM hostile texts as values and as names, where it
// promises to quote names.
func TestHostileTextsRemainValuesAndNames(t *testing.T) {
	t.Parallel()
	r := sqlshape.Record(t)
	db := openDSN(t, r.DSN("insert=sql"))
	var found []map[string]any
	model := func() *gorm.DB { return db.Model(&Reading{}) }
	values := map[string]func(text string) *gorm.DB{
		"condition": func(text string) *gorm.DB { return model().Where("device = ? OR note LIKE ?", text, text).Find(&found) },
		"struct": func(text string) *gorm.DB {
			return model().Where(&Reading{Device: text, Level: text, Port: 1}, "device", "level").Find(&found)
		},
		"map": func(text string) *gorm.DB { return model().Where(map[string]any{"device": text}).Find(&found) },
		"IN":  func(text string) *gorm.DB { return model().Where("device IN ?", []string{text, text}).Find(&found) },
		"named": func(text string) *gorm.DB {
			return model().Where("device = @d", map[string]any{"d": text}).Find(&found)
		},
		"bytes": func(text string) *gorm.DB { return model().Where("device = ?", []byte(text)).Find(&found) },
		"Not":   func(text string) *gorm.DB { return model().Not(map[string]any{"device": []string{text}}).Find(&found) },
		"Raw":   func(text string) *gorm.DB { return db.Raw("SELECT ?, '?', \"?\"", text).Find(&found) },
		"Exec":  func(text string) *gorm.DB { return db.Exec("DELETE FROM readings WHERE device = ?", text) },
		"Create": func(text string) *gorm.DB {
			return db.Create(&Reading{Device: text, Port: 1, At: noon, Note: &text, Level: text})
		},
		"Delete": func(text string) *gorm.DB { return db.Delete(&Reading{Device: text, Port: 1, At: noon}) },
	}
	names := map[string]func(text string) *gorm.DB{
		"table": func(text string) *gorm.DB {
			return db.Clauses(clause.From{Tables: []clause.Table{{Name: text}}}).Table("t").Find(&found)
		},
		"column": func(text string) *gorm.DB {
			return model().Where(clause.Eq{Column: clause.Column{Name: text}, Value: 1}).Find(&found)
		},
		"map's key": func(text string) *gorm.DB { return model().Where(map[string]any{text: "a"}).Find(&found) },
		"order": func(text string) *gorm.DB {
			return model().Order(clause.OrderByColumn{Column: clause.Column{Name: text}}).Find(&found)
		},
		"alias": func(text string) *gorm.DB {
			return model().Clauses(clause.Select{Columns: []clause.Column{{Name: "device", Alias: text}}}).Find(&found)
		},
		"drop": func(text string) *gorm.DB {
			tx := db.Session(&gorm.Session{NewDB: true})
			_ = tx.AddError(tx.Migrator().DropTable(text))
			return tx
		},
	}
	for name, send := range values {
		r.Check(t, name, sqlshape.Hostile(), func(text string) error { return send(text).Error })
	}
	// A dot separates the parts of a name.
	hostile := slices.DeleteFunc(sqlshape.Hostile(), func(text string) bool { return strings.Contains(text, ".") || text == "" })
	for name, send := range names {
		r.Check(t, name, hostile, func(text string) error { return send(text).Error })
	}
}

type (
	namedText  string
	namedBytes []byte
	textValuer struct{ v driver.Value }
	stringer   struct{ Text string }
)

func (v textValuer) Value() (driver.Value, error) { return v.v, nil }
func (s stringer) String() string                 { return s.Text }

// TestArgumentsOfNoTypeLeaveTheirPlace gives GORM hostile texts in every type that can hold text:
// alone, by name, in lists and in maps.
func TestArgumentsOfNoTypeLeaveTheirPlace(t *testing.T) {
	t.Parallel()
	r := sqlshape.Record(t)
	db := openDSN(t, r.DSN("insert=sql"))
	types := map[string]func(text string) any{
		"*string":             func(s string) any { return &s },
		"named text":          func(s string) any { return namedText(s) },
		"named bytes":         func(s string) any { return namedBytes(s) },
		"sql.NullString":      func(s string) any { return sql.NullString{String: s, Valid: true} },
		"sql.Null":            func(s string) any { return sql.Null[string]{V: s, Valid: true} },
		"sql.RawBytes":        func(s string) any { return sql.RawBytes(s) },
		"json.RawMessage":     func(s string) any { b, _ := json.Marshal(s); return json.RawMessage(b) },
		"json.Number":         func(s string) any { return json.Number(s) },
		"Valuer of a string":  func(s string) any { return textValuer{s} },
		"Valuer of bytes":     func(s string) any { return textValuer{[]byte(s)} },
		"pointer to a Valuer": func(s string) any { return &textValuer{s} },
		"Stringer":            func(s string) any { return stringer{s} },
		"error":               func(s string) any { return errors.New(s) },
		"url.URL":             func(s string) any { return &url.URL{Scheme: "x", Opaque: s} },
		"net.IP":              func(s string) any { return net.IP(s) },
		"time of a zone so named": func(s string) any {
			return time.Date(2024, 1, 2, 3, 4, 5, 0, time.FixedZone(s, 3600))
		},
	}
	var found []map[string]any
	accepted, run := 0, 0
	for name, arg := range types {
		for how, send := range map[string]func(v any) *gorm.DB{
			"condition": func(v any) *gorm.DB {
				return db.Model(&Reading{}).Where("device = ? OR 'it''s' = ? /* ' */ OR -? -- ' \n", v, v, v).Find(&found)
			},
			"text":  func(v any) *gorm.DB { return db.Raw("SELECT ?, ?=?", v, v, v).Find(&found) },
			"named": func(v any) *gorm.DB { return db.Raw("SELECT @a, '@a'", sql.Named("a", v)).Find(&found) },
			"list":  func(v any) *gorm.DB { return db.Model(&Reading{}).Where("device IN ?", []any{v, v}).Find(&found) },
			"map":   func(v any) *gorm.DB { return db.Model(&Reading{}).Where(map[string]any{"device": v}).Find(&found) },
		} {
			if kind := reflect.TypeOf(arg("")).Kind(); kind == reflect.Slice && how == "map" {
				continue // which GORM takes for a list of numbers
			}
			if db := send(arg("1")); db.Error == nil {
				accepted++
			} else if r.Take(); send(arg("harmless")).Error != nil {
				r.Take()
				continue // such as an error, which is no argument
			}
			// Each way gets one text in three, in turn. GORM makes NULL of no bytes.
			run++
			hostile := slices.DeleteFunc(sqlshape.Hostile(), func(text string) bool {
				return text == "" || (slices.Index(sqlshape.Hostile(), text)+run)%3 > 0
			})
			r.Check(t, name+", "+how, hostile, func(text string) error { return send(arg(text)).Error })
		}
	}
	if accepted < 40 {
		t.Errorf("only %d ways were accepted", accepted)
	}
}
