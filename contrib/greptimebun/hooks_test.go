package greptimebun

import (
	"context"
	"database/sql"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"
)

// Point is a model of few columns, which notes which of its hooks bun calls.
type Point struct {
	bun.BaseModel `bun:"table:points"`
	Device        string    `bun:",pk"`
	Time          time.Time `bun:"ts,pk"`
	Value         *float64
	Unit          string `bun:",nullzero"`
}

type (
	noteKey      struct{}
	returningKey struct{}
)

// noting returns a context in which the hooks of Point note their names.
func noting(ctx context.Context, notes *[]string) context.Context {
	return context.WithValue(ctx, noteKey{}, notes)
}

func note(ctx context.Context, name string) error {
	if notes, ok := ctx.Value(noteKey{}).(*[]string); ok {
		*notes = append(*notes, name)
	}
	return nil
}

func (*Point) BeforeSelect(ctx context.Context, _ *bun.SelectQuery) error {
	return note(ctx, "before select")
}
func (*Point) AfterSelect(ctx context.Context, _ *bun.SelectQuery) error {
	return note(ctx, "after select")
}
func (*Point) AfterInsert(ctx context.Context, _ *bun.InsertQuery) error {
	return note(ctx, "after insert")
}
func (*Point) BeforeDelete(ctx context.Context, _ *bun.DeleteQuery) error {
	return note(ctx, "before delete")
}
func (*Point) AfterDelete(ctx context.Context, _ *bun.DeleteQuery) error {
	return note(ctx, "after delete")
}
func (*Point) BeforeDropTable(ctx context.Context, _ *bun.DropTableQuery) error {
	return note(ctx, "before drop")
}
func (*Point) AfterDropTable(ctx context.Context, _ *bun.DropTableQuery) error {
	return note(ctx, "after drop")
}

// BeforeInsert adds a clause if the context says so.
func (*Point) BeforeInsert(ctx context.Context, query *bun.InsertQuery) error {
	if ctx.Value(returningKey{}) != nil {
		query.Returning("value")
	}
	return note(ctx, "before insert")
}

// points returns a database with a Point, which has the value 1.
func points(t *testing.T) (*bun.DB, Point) {
	t.Helper()
	db := open(t)
	if err := CreateTable(t.Context(), db, (*Point)(nil), ""); err != nil {
		t.Fatal(err)
	}
	p := Point{Device: "a", Time: noon, Value: new(1.0)}
	if _, err := db.NewInsert().Model(&p).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db, p
}

// executor is a query of bun.
type executor interface {
	Exec(ctx context.Context, dest ...any) (sql.Result, error)
}

// checkRefused checks that each query is an error with all the words, and that p is still the only row.
func checkRefused(t *testing.T, db *bun.DB, p Point, queries map[string]executor, words ...string) {
	t.Helper()
	for name, query := range queries {
		_, err := query.Exec(t.Context())
		for _, word := range words {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %v, want an error with %q", name, err, word)
			}
		}
	}
	var got []Point
	if err := db.NewSelect().Model(&got).Scan(t.Context()); err != nil || len(got) != 1 || *got[0].Value != *p.Value {
		t.Errorf("%d rows are there, %v, want the one that was", len(got), err)
	}
}

func TestConflictClausesAreRefused(t *testing.T) {
	t.Parallel()
	db, p := points(t)
	other := Point{Device: "a", Time: noon, Value: new(2.0)}
	const keeps = "look for the row first"
	insert := func() *bun.InsertQuery { return db.NewInsert().Model(&other) }
	checkRefused(t, db, p, map[string]executor{
		"DO NOTHING":      insert().On("CONFLICT DO NOTHING"),
		"of slices":       db.NewInsert().Model(&[]Point{other}).On("CONFLICT DO NOTHING"),
		"of pointers":     db.NewInsert().Model(&[]*Point{&other}).On("CONFLICT DO NOTHING"),
		"DO UPDATE":       insert().On("CONFLICT (device, ts) DO UPDATE").Set("value = EXCLUDED.value"),
		"DUPLICATE KEY":   insert().On("DUPLICATE KEY UPDATE"),
		"with arguments":  insert().On("CONFLICT DO UPDATE SET value = ?", 5),
		"another table":   insert().ModelTableExpr("points").On("CONFLICT DO NOTHING"),
		"INSERT … SELECT": insert().TableExpr("points AS p").On("CONFLICT DO NOTHING"),
	}, "On(", keeps)
	checkRefused(t, db, p, map[string]executor{
		"Ignore": insert().Ignore(), "of slices": db.NewInsert().Model(&[]Point{other}).Ignore(),
	}, "Ignore", keeps)
	// bun calls no hook for a map: the server does not know INSERT IGNORE.
	row := map[string]any{"device": "a", "ts": noon, "value": 2.0}
	checkRefused(t, db, p, map[string]executor{"Ignore of a map": db.NewInsert().Model(&row).TableExpr("points").Ignore()}, "found: INTO")
}

func TestReturningIsRefused(t *testing.T) {
	t.Parallel()
	db, p := points(t)
	other := Point{Device: "a", Time: noon, Value: new(2.0)}
	checkRefused(t, db, p, map[string]executor{
		"one column": db.NewInsert().Model(&other).Returning("value"),
		"all":        db.NewInsert().Model(&[]Point{other}).Returning("*"),
		"an ident":   db.NewInsert().Model(&other).Returning("?", bun.Ident("value")),
		"after NULL": db.NewInsert().Model(&other).Returning("NULL").Returning("value"),
	}, "Returning(", "read the row afterwards")
	checkRefused(t, db, p, map[string]executor{"DELETE": db.NewDelete().Model(&p).WherePK().Returning("*")}, "Returning")
	if _, err := db.NewInsert().Model(&other).Exec(context.WithValue(t.Context(), returningKey{}, true)); err == nil || !strings.Contains(err.Error(), "Returning(") {
		t.Errorf("by the model's own hook: %v, want an error", err)
	}
	for _, none := range []string{"", "NULL", "null"} { // bun writes no clause
		if _, err := db.NewInsert().Model(&other).Returning(none).Exec(t.Context()); err != nil {
			t.Errorf("Returning(%q): %v", none, err)
		}
	}
}

func TestUpdatesAreRefused(t *testing.T) {
	t.Parallel()
	db, p := points(t)
	changed := p
	changed.Value = new(2.0)
	const remedy = "nsert the whole row"
	values := map[string]any{"value": 2.0}
	checkRefused(t, db, p, map[string]executor{
		"model":         db.NewUpdate().Model(&changed).WherePK(),
		"column":        db.NewUpdate().Model(&changed).Column("value").WherePK(),
		"set":           db.NewUpdate().Model((*Point)(nil)).Set("value = 2").Where("device = 'a'"),
		"without zeros": db.NewUpdate().Model(&changed).OmitZero().WherePK(),
		"bulk":          db.NewUpdate().Model(&[]Point{changed}).Bulk(),
		"CTE": db.NewUpdate().With("_data", db.NewValues(&[]Point{changed})).Model((*Point)(nil)).TableExpr("_data").
			Set("value = _data.value").Where("points.device = _data.device"),
		"table": db.NewUpdate().Table("points").Set("value = 2").Where("device = 'a'"),
		"map":   db.NewUpdate().Model(&values).TableExpr("points").Where("device = 'a'"),
		"raw":   db.NewRaw("UPDATE points SET value = ?", 2.0),
	}, "no UPDATE", remedy)
	checkRefused(t, db, p, map[string]executor{"merge": db.NewMerge().Model(&changed).Using("points").On("TRUE")}, "merge not supported")
}

// Soft is a model that bun deletes by an UPDATE.
type Soft struct {
	bun.BaseModel `bun:"table:points"`
	Device        string    `bun:",pk"`
	Time          time.Time `bun:"ts,pk"`
	Deleted       time.Time `bun:",soft_delete,nullzero"`
}

func TestSoftDeletesAreRefused(t *testing.T) {
	t.Parallel()
	db, p := points(t)
	soft := Soft{Device: p.Device, Time: p.Time}
	checkRefused(t, db, p, map[string]executor{
		"model":      db.NewDelete().Model(&soft).WherePK(),
		"commented":  db.NewDelete().Model(&soft).WherePK().Comment("DELETE FROM x"),
		"slice":      db.NewDelete().Model(&[]Soft{soft}).WherePK("device"),
		"conditions": db.NewDelete().Model((*Soft)(nil)).Where("device = 'a'"),
	}, "deleted softly", "ForceDelete")
	for _, comment := range []string{"", "by force"} {
		if _, err := db.NewDelete().Model(&Soft{Device: "b", Time: noon}).WherePK().ForceDelete().Comment(comment).Exec(t.Context()); err != nil {
			t.Errorf("with the comment %q: %v", comment, err)
		}
	}
	if _, err := db.NewDelete().Model(&soft).WherePK().ForceDelete().Exec(t.Context()); err != nil {
		t.Error(err)
	}
	if n, err := db.NewSelect().Model((*Point)(nil)).Count(t.Context()); err != nil || n != 0 {
		t.Errorf("%d rows are left, %v, want none", n, err)
	}
}

func TestHooksOfTheModelAreCalled(t *testing.T) {
	t.Parallel()
	db, p := points(t)
	var notes []string
	ctx := noting(t.Context(), &notes)
	if _, err := db.NewInsert().Model(&p).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.NewSelect().Model(&p).WherePK().Scan(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := db.NewDelete().Model(&p).WherePK().Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := db.NewDropTable().Model(&p).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	want := []string{"before insert", "after insert", "before select", "after select", "before delete", "after delete", "before drop", "after drop"}
	if !slices.Equal(notes, want) {
		t.Errorf("%q, want %q", notes, want)
	}
}

// Site and Sensor have all kinds of relations.
type Site struct {
	bun.BaseModel `bun:"table:sites"`
	Name          string    `bun:",pk"`
	Time          time.Time `bun:"ts,pk"`
	City          string
	Sensors       []*Sensor `bun:"rel:has-many,join:name=site"`
	First         *Sensor   `bun:"rel:has-one,join:name=site"`
	Same          []*Sensor `bun:"rel:has-many,join:name=site,join:ts=ts"`
}

type Sensor struct {
	bun.BaseModel `bun:"table:sensors"`
	Name          string    `bun:",pk"`
	Site          string    `bun:",pk"`
	Time          time.Time `bun:"ts,pk"`
	Of            *Site     `bun:"rel:belongs-to,join:site=name"`
}

func TestRelationsAndCommonTableExpressions(t *testing.T) {
	t.Parallel()
	db, ctx := open(t), t.Context()
	for _, model := range []any{(*Site)(nil), (*Sensor)(nil)} {
		if err := CreateTable(ctx, db, model, ""); err != nil {
			t.Fatal(err)
		}
	}
	sites := []Site{{Name: "it's", Time: noon, City: "Berlin"}, {Name: `\`, Time: noon.Add(1), City: "Paris"}}
	sensors := []Sensor{{Name: "s1", Site: "it's", Time: noon}, {Name: "s2", Site: `\`, Time: noon}, {Name: "s3", Site: `\`, Time: noon.Add(1)}}
	for _, models := range []any{&sites, &sensors} {
		if _, err := db.NewInsert().Model(models).Exec(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var found []Site
	if err := db.NewSelect().Model(&found).Relation("Sensors", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("name") }).Relation("Same").Order("ts").Scan(ctx); err != nil {
		t.Fatal(err)
	}
	names := func(sensors []*Sensor) (names []string) {
		for _, s := range sensors {
			names = append(names, s.Name)
		}
		return names
	}
	var got [][]string
	for _, s := range found {
		got = append(got, names(s.Sensors), names(s.Same))
	}
	if want := [][]string{{"s1"}, {"s1"}, {"s2", "s3"}, {"s3"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("has-many: %q, want %q", got, want)
	}
	var one Site
	if err := db.NewSelect().Model(&one).Relation("First").Where("site.name = ?", "it's").Scan(ctx); err != nil || one.First == nil || one.First.Name != "s1" {
		t.Errorf("has-one: %+v, %v", one.First, err)
	}
	var with []Sensor
	if err := db.NewSelect().Model(&with).Relation("Of").Where("of.city = ?", "Paris").Order("sensor.name").Scan(ctx); err != nil || len(with) != 2 || with[0].Of == nil || with[0].Of.City != "Paris" {
		t.Errorf("belongs-to: %+v, %v", with, err)
	}
	wanted := []Sensor{{Name: "s1", Site: "it's", Time: noon}, {Name: "s3", Site: `\`, Time: noon.Add(1)}}
	var joined []Sensor
	if err := db.NewSelect().With("_data", db.NewValues(&wanted)).Model(&joined).
		Join("JOIN _data ON _data.name = sensor.name AND _data.ts = sensor.ts").Order("sensor.name").Scan(ctx); err != nil || len(joined) != 2 || joined[1].Name != "s3" {
		t.Errorf("a join with values: %+v, %v", joined, err)
	}
	n, err := db.NewSelect().With("paris", db.NewSelect().Model((*Site)(nil)).Where("city = ?", "Paris")).TableExpr("paris").Count(ctx)
	if err != nil || n != 1 {
		t.Errorf("a common table expression: %d rows, %v, want 1", n, err)
	}
	// Of several columns, which GreptimeDB may refuse: it finds the rows, or it is an error.
	byKey := slices.Clone(wanted)
	if err := db.NewSelect().Model(&byKey).WherePK().Order("name").Scan(ctx); err == nil && (len(byKey) != 2 || byKey[1].Name != "s3") {
		t.Errorf("by the keys of a slice: %+v, want both or an error", byKey)
	}
}
