package greptimegorm

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Timed has a time index alone, and Tagged a tag, too.
type (
	Timed struct {
		At time.Time `gorm:"primaryKey;timeIndex"`
	}
	Tagged struct {
		Timed
		Host string `gorm:"primaryKey"`
	}
)

func showCreate(t *testing.T, db *gorm.DB, table string) string {
	t.Helper()
	var name, text string
	if err := db.Raw("SHOW CREATE TABLE "+table).Row().Scan(&name, &text); err != nil {
		t.Fatal(err)
	}
	return text
}

// An added column has all that the column of a new table would have.
func TestAddedColumnsHaveCommentsAndIndexes(t *testing.T) {
	t.Parallel()
	db := open(t)
	type more struct {
		Tagged
		Rack string `gorm:"primaryKey"`
		Text string `gorm:"index:,class:FULLTEXT;comment:it's text"`
		Zone string `gorm:"index;index:second,class:SKIPPING"`
		Code int    `gorm:"not null;default:5"`
	}
	logs := db.Table("Logs")
	if err := logs.AutoMigrate(&Tagged{}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := logs.AutoMigrate(&more{}); err != nil {
			t.Fatal(err)
		}
	}
	text := showCreate(t, db, `"Logs"`)
	for _, line := range []struct{ column, part string }{
		{`"text"`, "FULLTEXT INDEX"}, {`"text"`, "COMMENT 'it''s text'"}, {`"zone"`, "INVERTED INDEX"}, {`"zone"`, "SKIPPING INDEX"}, {`"code"`, "DEFAULT 5"}, {"PRIMARY KEY", `"rack"`},
	} {
		found := false
		for l := range strings.Lines(text) {
			found = found || strings.HasPrefix(strings.TrimSpace(l), line.column) && strings.Contains(l, line.part)
		}
		if !found {
			t.Errorf("%s has no %s:\n%s", line.column, line.part, text)
		}
	}
	if err := logs.AutoMigrate(&struct {
		Tagged
		Name string `gorm:"uniqueIndex"`
	}{}); !errorHas(err, "is unique") {
		t.Errorf("%v, want an error about the unique index", err)
	}
	if db.Migrator().HasColumn("Logs", "name") {
		t.Error("the column is added, without its unique index")
	}
}

// A table of another database is not the one of the same name in the session's.
func TestTablesOfOtherDatabases(t *testing.T) {
	t.Parallel()
	db := open(t)
	here := db.Migrator().CurrentDatabase()
	other := here + "-other"
	if err := db.Exec("CREATE DATABASE ?", clause.Table{Name: other}).Error; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Exec("DROP DATABASE ?", clause.Table{Name: other}).Error; err != nil {
			t.Error(err)
		}
	})
	for _, test := range []struct{ at, missing string }{
		{other + ".there", "there"},
		{"readings", other + ".readings"},
		{here + ".qualified", other + ".qualified"},
	} {
		if err := db.Table(test.at).AutoMigrate(&Reading{}); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]bool{test.at: true, test.missing: false} {
			if got := db.Migrator().HasTable(name); got != want {
				t.Errorf("HasTable(%q) is %v, want %v", name, got, want)
			}
			if got := db.Table(name).Migrator().HasTable(&Reading{}); got != want {
				t.Errorf("Table(%q), HasTable of the model: %v, want %v", name, got, want)
			}
		}
		// A name is that table, whatever the table of the DB.
		if m := db.Table(test.at).Migrator(); m.HasTable(test.missing) || m.HasColumn(test.missing, "value") || !m.HasTable("readings") && test.at == "readings" {
			t.Errorf("Table(%q): the migrator looks for it in place of %q", test.at, test.missing)
		}
		// The other table of the name is created, not looked for columns.
		if err := db.Table(test.missing).AutoMigrate(&Reading{}); err != nil {
			t.Errorf("%s: %v", test.missing, err)
		}
	}
	if err := db.Table(other+".readings").Migrator().RenameTable(&Reading{}, "renamed"); err != nil {
		t.Error(err)
	}
	if m := db.Migrator(); !m.HasTable("readings") || m.HasTable("renamed") || !m.HasTable(other+".renamed") {
		t.Error("RenameTable renamed the table of the session's database")
	}
}

// Processes that start at the same time migrate the same models.
func TestAutoMigrateOfSeveralProcesses(t *testing.T) {
	t.Parallel()
	db := open(t)
	const processes = 8
	type more struct {
		Timed
		A, B, C, D string
	}
	for _, model := range []any{&Timed{}, &more{}} {
		errs := make(chan error, processes)
		for range processes {
			go func() { errs <- db.Table("shared").AutoMigrate(model) }()
		}
		for range processes {
			if err := <-errs; err != nil {
				t.Errorf("%T: %v", model, err)
			}
		}
	}
}

// Rows that differ in a field that the table does not have in its key would replace each other.
func TestAutoMigrateRefusesAModelWithAnotherKey(t *testing.T) {
	t.Parallel()
	db := open(t)
	const table = "Keys"
	if err := db.Exec(`CREATE TABLE "Keys" ("at" TIMESTAMP(9) NOT NULL, host STRING, port STRING, seen TIMESTAMP(9), TIME INDEX ("at"), PRIMARY KEY (host))`).Error; err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		model any
		want  []string
	}{
		"field is a tag in the model": {&struct {
			Tagged
			Port string `gorm:"primaryKey"`
			More string
		}{}, []string{"column port of table Keys is no part of the key", ".Port is a tag", "copy the rows"}},
		"tag is a field in the model": {&struct {
			More string
			Timed
			Host string
		}{}, []string{"column host of table Keys is a tag", ".Host is no part of the key"}},
		"time index is a tag in the model": {&struct {
			At   time.Time `gorm:"primaryKey"`
			Seen time.Time `gorm:"primaryKey;timeIndex"`
		}{}, []string{"column at of table Keys is the time index", ".At is a tag"}},
		"field is the time index in the model": {&struct {
			Seen time.Time `gorm:"primaryKey;timeIndex"`
			Host string    `gorm:"primaryKey"`
		}{}, []string{"column seen of table Keys is no part of the key", ".Seen is the time index"}},
	} {
		err := db.Table(table).AutoMigrate(test.model)
		for _, part := range test.want {
			if !errorHas(err, part) {
				t.Errorf("%s: %v, want an error with %q", name, err, part)
			}
		}
	}
	if db.Migrator().HasColumn(table, "more") {
		t.Error("a column is added to the table of another key")
	}
	if err := db.Table(table).AutoMigrate(&struct {
		Tagged
		Port string
	}{}); err != nil {
		t.Errorf("the same key: %v", err)
	}
}

func TestConstraintsOfAddedColumnsAreErrors(t *testing.T) {
	t.Parallel()
	type (
		plain struct {
			Timed
			Here string
		}
		unique struct {
			Timed
			Name string `gorm:"unique"`
		}
		check struct {
			Timed
			Name string `gorm:"check:name <> ''"`
		}
		present struct {
			Timed
			Here string `gorm:"unique"`
		}
		index struct {
			Timed
			Here string `gorm:"uniqueIndex"`
		}
	)
	db := open(t).Table("t")
	if err := db.AutoMigrate(&plain{}); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"AutoMigrate, unique":                 db.AutoMigrate(&unique{}),
		"AutoMigrate, check":                  db.AutoMigrate(&check{}),
		"AddColumn, unique":                   db.Migrator().AddColumn(&unique{}, "Name"),
		"AddColumn, check":                    db.Migrator().AddColumn(&check{}, "Name"),
		"AutoMigrate, column that is there":   db.AutoMigrate(&present{}),
		"AutoMigrate, index of one of theirs": db.AutoMigrate(&index{}),
	} {
		if !errorHas(err, "unique") {
			t.Errorf("%s: %v, want an error about the constraint", name, err)
		}
	}
	if db.Migrator().HasColumn("t", "name") {
		t.Error("the column is added, without its constraint")
	}
}

func TestViews(t *testing.T) {
	t.Parallel()
	db := migrated[Reading](t)
	if err := db.Create([]Reading{reading("it's \\", 0, 0, 1), reading("it's \\", 0, 1, 2)}).Error; err != nil {
		t.Fatal(err)
	}
	m := db.Migrator()
	query := db.Model(&Reading{}).Where("device = ? AND ts <= ?", "it's \\", noon)
	for _, replace := range []bool{false, true} {
		if err := m.CreateView("some", gorm.ViewOption{Query: query, Replace: replace}); err != nil {
			t.Fatal(err)
		}
		var found []Reading
		if err := db.Table("some").Find(&found).Error; err != nil || len(found) != 1 || found[0].Value != 1 {
			t.Errorf("%+v, %v", found, err)
		}
	}
	if err := m.CreateView("other", gorm.ViewOption{}); !errors.Is(err, gorm.ErrSubQueryRequired) {
		t.Errorf("no query: %v", err)
	}
	if err := m.CreateView("other", gorm.ViewOption{Query: query, CheckOption: "WITH CHECK OPTION"}); !errorHas(err, "CheckOption") {
		t.Errorf("CheckOption: %v", err)
	}
	if err := m.DropView("some"); err != nil || m.HasTable("some") {
		t.Error(err)
	}
}

// The error about another type names a type for the tag: it must mean that type in a tag.
func TestTypesInTagsAreUsedAsTheyAre(t *testing.T) {
	t.Parallel()
	db := open(t)
	if err := db.Exec(`CREATE TABLE typed ("at" TIMESTAMP(9) NOT NULL TIME INDEX, i INT, small_case INT, small INT, u INT UNSIGNED, big BIGINT,
		f FLOAT, d DOUBLE, b BOOLEAN, s STRING, v VARBINARY, "decimal" DECIMAL(10,2), millis TIMESTAMP(3), "day" DATE)`).Error; err != nil {
		t.Fatal(err)
	}
	type typed struct {
		At        time.Time `gorm:"primaryKey;timeIndex"`
		I         int64     `gorm:"type:INT"`
		SmallCase int       `gorm:"type:int"`
		Small     int8      `gorm:"type:INT"`
		U         uint64    `gorm:"type:INT UNSIGNED"`
		Big       int32     `gorm:"type:BIGINT"`
		F         float64   `gorm:"type:FLOAT"`
		D         float32   `gorm:"type:DOUBLE"`
		B         *bool     `gorm:"type:BOOLEAN"`
		S         []byte    `gorm:"type:STRING"`
		V         string    `gorm:"type:VARBINARY"`
		Decimal   float64   `gorm:"type:DECIMAL(10,2)"`
		Millis    time.Time `gorm:"type:TIMESTAMP(3)"`
		Day       time.Time `gorm:"type:DATE"`
	}
	if err := db.Table("typed").AutoMigrate(&typed{}); err != nil {
		t.Error(err)
	}
	if err := db.Table("made").AutoMigrate(&typed{}); err != nil {
		t.Fatal(err)
	}
	made, typedText := showCreate(t, db, "made"), showCreate(t, db, "typed")
	if made = strings.Replace(made, `"made"`, `"typed"`, 1); made != typedText {
		t.Errorf("a new table is\n%s\nwant\n%s", made, typedText)
	}
}

func TestTypesAreTheSameByEachOfTheirNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"int8": "BIGINT", "int": "INT", "Bigint Unsigned": "BIGINTUNSIGNED", "uint8": "TINYINTUNSIGNED", "text": "STRING", "varchar(20)": "STRING",
		"binary(16)": "VARBINARY", "BLOB": "VARBINARY", "datetime(3)": "TIMESTAMP(6)", "timestamp": "TIMESTAMP(3)", "timestamp(9)": "TIMESTAMP(9)", "Timestamp_us": "TIMESTAMP(6)",
		"decimal": "DECIMAL(38,10)", "decimal(5)": "DECIMAL(5,0)", "decimal(5, 2)": "DECIMAL(5,2)", "bool": "BOOLEAN", "float8": "DOUBLE", "vector(3)": "VECTOR", "json": "JSON",
		"int NOT NULL": "INT", "timestamp_ns default now()": "TIMESTAMP(9)", "decimal(5) null": "DECIMAL(5,0)", "vector(3) not null": "VECTOR", "json null": "JSON",
	} {
		if got := normal(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
