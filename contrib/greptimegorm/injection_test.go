package greptimegorm

import (
	"slices"
	"strings"
	"testing"

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
