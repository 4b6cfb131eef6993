package greptimegorm

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"

	"github.com/greptime-go/greptime"
)

// Migrator creates and changes tables.
type Migrator struct{ migrator.Migrator }

var _ gorm.Migrator = Migrator{}

// RunWithValue calls f with a statement about a model, or about the table of a name, which is not
// the one that db.Table names.
func (m Migrator) RunWithValue(value any, f func(*gorm.Statement) error) error {
	return m.Migrator.RunWithValue(value, func(stmt *gorm.Statement) error {
		if _, ok := value.(string); ok {
			stmt.TableExpr = nil
		}
		return f(stmt)
	})
}

// AutoMigrate creates the tables of the models, and adds columns that are missing. It changes no
// column that exists: if one has another type than its field, or is another part of the table's
// key, it returns an error. Several processes may call it at the same time.
func (m Migrator) AutoMigrate(models ...any) error {
	for _, model := range m.ReorderModels(models, false) {
		exists, err := m.hasTable(model)
		if err == nil && !exists {
			err = m.CreateTable(model)
			exists = errors.Is(err, greptime.TableAlreadyExists) // another process has just created it
		}
		if exists {
			err = m.addColumns(model)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// CreateTable creates the tables of the models. The setting gorm:table_options follows the
// columns, such as WITH ('append_mode'='true', 'ttl'='7d').
func (m Migrator) CreateTable(models ...any) error {
	for _, model := range m.ReorderModels(models, false) {
		if err := m.RunWithValue(model, m.createTable); err != nil {
			return err
		}
	}
	return nil
}

func (m Migrator) createTable(stmt *gorm.Statement) error {
	if stmt.Schema == nil {
		return errors.New("greptimegorm: CreateTable needs a model, not the name of a table")
	}
	timeIndex, err := timeIndexOf(stmt.Schema)
	if err != nil {
		return err
	}
	indexes, err := indexesOf(stmt.Schema)
	if err := cmp.Or(checkConstraints(stmt.Schema), err); err != nil {
		return err
	}
	var columns []string
	for _, name := range stmt.Schema.DBNames {
		field := stmt.Schema.FieldsByDBName[name]
		if field.IgnoreMigration {
			continue
		}
		column := quoted(name) + " " + m.FullDataTypeOf(field).SQL
		if field == timeIndex && !field.NotNull {
			column += " NOT NULL"
		}
		if field.Comment != "" {
			column += " COMMENT " + textLiteral(field.Comment)
		}
		for _, index := range indexes[name] {
			column += " " + index
		}
		columns = append(columns, column)
	}
	columns = append(columns, "TIME INDEX ("+quoted(timeIndex.DBName)+")")
	if tags := tagsOf(stmt.Schema); len(tags) > 0 {
		var names []string
		for _, tag := range tags {
			names = append(names, quoted(tag.DBName))
		}
		columns = append(columns, "PRIMARY KEY ("+strings.Join(names, ", ")+")")
	}
	text := "CREATE TABLE " + tableName(stmt) + " (" + strings.Join(columns, ", ") + ")"
	if options, ok := m.DB.Get("gorm:table_options"); ok {
		text += " " + fmt.Sprint(options)
	}
	return m.exec(text)
}

// exec runs a text as it is: GORM would look for its own placeholders in one without arguments.
func (m Migrator) exec(text string) error {
	return m.DB.Session(&gorm.Session{}).Exec("?", clause.Expr{SQL: text}).Error
}

// tableName returns the quoted name of the statement's table.
func tableName(stmt *gorm.Statement) string {
	if stmt.TableExpr != nil && len(stmt.TableExpr.Vars) == 0 {
		return stmt.TableExpr.SQL // db.Table has quoted it
	}
	return stmt.Quote(clause.Table{Name: stmt.Table})
}

// tableParts returns the database of the statement's table, a name or an expression, and the
// name of the table in it.
func tableParts(stmt *gorm.Statement) (database any, table string) {
	database, table = clause.Expr{SQL: "database()"}, stmt.Table
	parts := strings.Split(tableName(stmt), `"."`)
	if n := len(parts); n > 1 {
		unquote := strings.NewReplacer(`""`, `"`, `"`, "").Replace // the first and the last have the outer quotes
		database, table = unquote(parts[n-2]), unquote(parts[n-1])
	}
	return database, table
}

func textLiteral(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// checkConstraints refuses a model with constraints, which GreptimeDB would ignore.
func checkConstraints(s *schema.Schema) error {
	if len(s.ParseUniqueConstraints()) > 0 || len(s.ParseCheckConstraints()) > 0 {
		return fmt.Errorf("greptimegorm: %s has a unique or check constraint, which GreptimeDB does not have; leave it out of the tags", s.Name)
	}
	return nil
}

// indexesOf returns the indexes of each column, such as INVERTED INDEX.
func indexesOf(s *schema.Schema) (map[string][]string, error) {
	indexes := map[string][]string{}
	for _, index := range s.ParseIndexes() {
		class := strings.ToUpper(index.Class)
		switch {
		case class == "UNIQUE":
			return nil, fmt.Errorf("greptimegorm: index %s of %s is unique, which GreptimeDB does not have: a row replaces the one with the same tags and time", index.Name, s.Name)
		case len(index.Fields) != 1 || index.Fields[0].Expression != "":
			return nil, fmt.Errorf("greptimegorm: index %s of %s is not about one column, as all of GreptimeDB's are; give each column its own index", index.Name, s.Name)
		case class == "":
			class = "INVERTED"
		case class != "INVERTED" && class != "SKIPPING" && class != "FULLTEXT":
			return nil, fmt.Errorf("greptimegorm: index %s of %s has class %q; GreptimeDB has INVERTED, SKIPPING and FULLTEXT", index.Name, s.Name, index.Class)
		}
		column := index.Fields[0].DBName
		indexes[column] = append(indexes[column], class+" INDEX")
	}
	return indexes, nil
}

// addColumns adds the columns that the model's table does not have, if those that it has are as
// the model declares them.
func (m Migrator) addColumns(model any) error {
	return m.RunWithValue(model, func(stmt *gorm.Statement) error {
		_, timeErr := timeIndexOf(stmt.Schema)
		_, indexErr := indexesOf(stmt.Schema)
		if err := cmp.Or(timeErr, checkConstraints(stmt.Schema), indexErr); err != nil {
			return err
		}
		types, err := m.columnTypes(stmt)
		if err != nil {
			return err
		}
		roles, err := m.columnRoles(stmt)
		if err != nil {
			return err
		}
		var missing []string
		for _, name := range stmt.Schema.DBNames {
			field := stmt.Schema.FieldsByDBName[name]
			if field.IgnoreMigration {
				continue
			}
			have, ok := types[name]
			if !ok {
				missing = append(missing, name)
				continue
			}
			if want, have := roleOf(field), roles[name]; want != have {
				return fmt.Errorf("greptimegorm: column %s of table %s is %s, and the field %s.%s is %s; change the tag of the field, or make a new table and copy the rows: the key of a table cannot change",
					name, stmt.Table, have, stmt.Schema.Name, field.Name, want)
			}
			if want := m.DataTypeOf(field); normal(want) != normal(have) {
				return fmt.Errorf("greptimegorm: column %s of table %s is %s, and the field %s.%s needs %s; change the tag of the field (type:%s), or the table by ALTER TABLE … MODIFY COLUMN",
					name, stmt.Table, have, stmt.Schema.Name, field.Name, want, have)
			}
		}
		for _, name := range missing {
			if err := m.AddColumn(model, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// role says what a column is to the rows of its table, as DESC TABLE names it.
type role string

// String describes the role with the tag that declares it.
func (r role) String() string {
	switch r {
	case "TAG":
		return "a tag (primaryKey)"
	case "TIMESTAMP":
		return "the time index (primaryKey;timeIndex)"
	case "FIELD":
		return "no part of the key (no primaryKey)"
	}
	return string(r)
}

// roleOf returns the role that a field's column has in a table of its model.
func roleOf(field *schema.Field) role {
	switch {
	case isTimeIndex(field):
		return "TIMESTAMP"
	case field.PrimaryKey:
		return "TAG"
	}
	return "FIELD"
}

// columnRoles returns the roles of the table's columns.
func (m Migrator) columnRoles(stmt *gorm.Statement) (map[string]role, error) {
	var columns []struct {
		Name string `gorm:"column:Column"`
		Role role   `gorm:"column:Semantic Type"`
	}
	if err := m.query("DESC TABLE ?", m.CurrentTable(stmt)).Scan(&columns).Error; err != nil {
		return nil, err
	}
	roles := make(map[string]role, len(columns))
	for _, c := range columns {
		roles[c.Name] = c.Role
	}
	return roles, nil
}

// columnTypes returns the types of the table's columns, as in SQL.
func (m Migrator) columnTypes(stmt *gorm.Statement) (map[string]string, error) {
	rows, err := m.DB.Session(&gorm.Session{NewDB: true}).Raw("SELECT * FROM ? LIMIT 0", m.CurrentTable(stmt)).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	types := make(map[string]string, len(columns))
	for _, c := range columns {
		name := c.DatabaseTypeName()
		switch precision, scale, ok := c.DecimalSize(); {
		case ok && name == "DECIMAL":
			name = fmt.Sprintf("DECIMAL(%d,%d)", precision, scale)
		case ok:
			name = fmt.Sprintf("%s(%d)", name, precision)
		}
		types[c.Name()] = name
	}
	return types, rows.Err()
}

// synonyms are names of types that GreptimeDB takes for others.
var synonyms = map[string]string{
	"BOOL": "BOOLEAN",
	"INT2": "SMALLINT", "INT4": "INT", "INTEGER": "INT", "INT8": "BIGINT", // as in PostgreSQL
	"INT16": "SMALLINT", "INT32": "INT", "INT64": "BIGINT",
	"UINT8": "TINYINTUNSIGNED", "UINT16": "SMALLINTUNSIGNED", "UINT32": "INTUNSIGNED", "UINT64": "BIGINTUNSIGNED", "INTEGERUNSIGNED": "INTUNSIGNED",
	"FLOAT4": "FLOAT", "FLOAT32": "FLOAT", "FLOAT8": "DOUBLE", "FLOAT64": "DOUBLE",
	"TEXT": "STRING", "TINYTEXT": "STRING", "MEDIUMTEXT": "STRING", "LONGTEXT": "STRING", "VARCHAR": "STRING", "CHAR": "STRING",
	"BINARY": "VARBINARY", "BLOB": "VARBINARY", "BYTEA": "VARBINARY",
	"DECIMAL": "DECIMAL(38,10)", "DATETIME": "TIMESTAMP(6)", "TIMESTAMP": "TIMESTAMP(3)",
	"TIMESTAMP_S": "TIMESTAMP(0)", "TIMESTAMP_SEC": "TIMESTAMP(0)", "TIMESTAMPSECOND": "TIMESTAMP(0)",
	"TIMESTAMP_MS": "TIMESTAMP(3)", "TIMESTAMPMILLISECOND": "TIMESTAMP(3)",
	"TIMESTAMP_US": "TIMESTAMP(6)", "TIMESTAMPMICROSECOND": "TIMESTAMP(6)",
	"TIMESTAMP_NS": "TIMESTAMP(9)", "TIMESTAMPNANOSECOND": "TIMESTAMP(9)",
}

// normal returns the name of a type that GreptimeDB itself uses, without spaces and without what
// the tag of a field may have behind it.
func normal(name string) string {
	name = strings.ToUpper(strings.ReplaceAll(name, " ", ""))
	for _, option := range []string{"NOTNULL", "NULL", "DEFAULT"} {
		name, _, _ = strings.Cut(name, option)
	}
	form, parameters, _ := strings.Cut(name, "(")
	switch form {
	case "VARCHAR", "CHAR", "BINARY", "VARBINARY", "VECTOR", "DATETIME": // a result does not tell the length
		name = form
	case "DECIMAL":
		if parameters != "" && !strings.Contains(parameters, ",") {
			name = strings.TrimSuffix(name, ")") + ",0)"
		}
	}
	if s, ok := synonyms[name]; ok {
		return s
	}
	return name
}

// AddColumn adds the column of a field with its comment and indexes, if the table does not have
// it. It is NULL in the rows that are there, or has the default of the field.
func (m Migrator) AddColumn(model any, name string) error {
	return m.RunWithValue(model, func(stmt *gorm.Statement) error {
		if stmt.Schema == nil {
			return errors.New("greptimegorm: AddColumn needs a model, not the name of a table")
		}
		field := stmt.Schema.LookUpField(name)
		switch {
		case field == nil:
			return fmt.Errorf("greptimegorm: %s has no field for the column %s", stmt.Schema.Name, name)
		case isTimeIndex(field):
			return fmt.Errorf("greptimegorm: table %s has no column %s, and the time index cannot be added to a table; name the existing one with column:… in the tag of %s.%s", stmt.Table, name, stmt.Schema.Name, field.Name)
		}
		indexes, err := indexesOf(stmt.Schema)
		if err := cmp.Or(checkConstraints(stmt.Schema), err); err != nil {
			return err
		}
		table, column := tableName(stmt), quoted(field.DBName)
		text := "ALTER TABLE " + table + " ADD COLUMN IF NOT EXISTS " + column + " " + m.FullDataTypeOf(field).SQL
		if field.PrimaryKey {
			text += " PRIMARY KEY"
		}
		texts := []string{text}
		if field.Comment != "" {
			texts = append(texts, "COMMENT ON COLUMN "+table+"."+column+" IS "+textLiteral(field.Comment))
		}
		for _, index := range indexes[field.DBName] {
			texts = append(texts, "ALTER TABLE "+table+" MODIFY COLUMN "+column+" SET "+index)
		}
		for _, text := range texts {
			if err := m.exec(text); err != nil {
				return err
			}
		}
		return nil
	})
}

// AlterColumn gives a column the type of its field, if GreptimeDB can convert it.
func (m Migrator) AlterColumn(model any, name string) error {
	return m.RunWithValue(model, func(stmt *gorm.Statement) error {
		if stmt.Schema == nil {
			return errors.New("greptimegorm: AlterColumn needs a model, not the name of a table")
		}
		field := stmt.Schema.LookUpField(name)
		if field == nil {
			return fmt.Errorf("greptimegorm: %s has no field for the column %s", stmt.Schema.Name, name)
		}
		return m.exec("ALTER TABLE " + tableName(stmt) + " MODIFY COLUMN " + quoted(field.DBName) + " " + m.DataTypeOf(field))
	})
}

// HasTable reports whether the table exists. An error counts as no.
func (m Migrator) HasTable(model any) bool {
	ok, err := m.hasTable(model)
	return ok && err == nil
}

func (m Migrator) hasTable(model any) (exists bool, err error) {
	err = m.RunWithValue(model, func(stmt *gorm.Statement) error {
		var n int64
		database, table := tableParts(stmt)
		err := m.query("SELECT count(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ?", database, table).Scan(&n).Error
		exists = n > 0
		return err
	})
	return exists, err
}

// HasColumn reports whether the table has the column. An error counts as no.
func (m Migrator) HasColumn(model any, name string) bool {
	has := false
	err := m.RunWithValue(model, func(stmt *gorm.Statement) error {
		if stmt.Schema != nil {
			if field := stmt.Schema.LookUpField(name); field != nil {
				name = field.DBName
			}
		}
		types, err := m.columnTypes(stmt)
		_, has = types[name]
		return err
	})
	return has && err == nil
}

// GetTables returns the names of the tables in the database.
func (m Migrator) GetTables() (tables []string, err error) {
	err = m.query("SELECT table_name FROM information_schema.tables WHERE table_schema = database() ORDER BY table_name").Scan(&tables).Error
	return tables, err
}

// CurrentDatabase returns the name of the database, or "" if the server cannot be asked.
func (m Migrator) CurrentDatabase() (name string) {
	_ = m.query("SELECT database()").Scan(&name)
	return name
}

func (m Migrator) query(text string, args ...any) *gorm.DB {
	return m.DB.Session(&gorm.Session{NewDB: true}).Raw(text, args...)
}

// RenameTable renames a table.
func (m Migrator) RenameTable(from, to any) error {
	var names [2]string
	for i, value := range []any{from, to} {
		if err := m.RunWithValue(value, func(stmt *gorm.Statement) error {
			names[i] = tableName(stmt)
			return nil
		}); err != nil {
			return err
		}
	}
	return m.exec("ALTER TABLE " + names[0] + " RENAME " + names[1])
}

// CreateView creates a view of a query. It takes no CheckOption.
func (m Migrator) CreateView(name string, option gorm.ViewOption) error {
	switch {
	case option.Query == nil:
		return gorm.ErrSubQueryRequired
	case option.CheckOption != "":
		return fmt.Errorf("greptimegorm: view %s has a CheckOption (%s), and rows cannot be written to a view of GreptimeDB; leave it out", name, option.CheckOption)
	}
	text := "CREATE VIEW ? AS ?"
	if option.Replace {
		text = "CREATE OR REPLACE VIEW ? AS ?"
	}
	return m.DB.Session(&gorm.Session{NewDB: true}).Exec(text, clause.Table{Name: name}, option.Query).Error
}

// RenameColumn returns an error: GreptimeDB cannot rename columns.
func (Migrator) RenameColumn(any, string, string) error {
	return errors.New("greptimegorm: GreptimeDB cannot rename columns; add a column and write to it, or keep the name with column:… in the field's tag")
}

var errIndex = errors.New("greptimegorm: indexes are part of a column: declare them in the model's tags before the table is created, or run ALTER TABLE … MODIFY COLUMN … SET INVERTED INDEX")

// CreateIndex returns an error.
func (Migrator) CreateIndex(any, string) error { return errIndex }

// DropIndex returns an error.
func (Migrator) DropIndex(any, string) error { return errIndex }

// RenameIndex returns an error.
func (Migrator) RenameIndex(any, string, string) error { return errIndex }

// HasIndex reports false: indexes have no names.
func (Migrator) HasIndex(any, string) bool { return false }

var errConstraint = errors.New("greptimegorm: GreptimeDB has no constraints")

// CreateConstraint returns an error.
func (Migrator) CreateConstraint(any, string) error { return errConstraint }

// DropConstraint returns an error.
func (Migrator) DropConstraint(any, string) error { return errConstraint }

// HasConstraint reports false.
func (Migrator) HasConstraint(any, string) bool { return false }
