package greptimegorm

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"

	"github.com/greptime-go/greptime"
)

// Config describes how to reach GreptimeDB. Packages fmt, log/slog and encoding/json hide the
// password of a Config, also as an element or an exported field of another value. Where they call
// no methods, such as in an unexported field, they show it; keep the Dialector there, which hides
// it everywhere.
type Config struct {
	// DSN is the data source name of package greptime. It is not used if there is a Conn.
	DSN string

	// Conn, if not nil, is used in place of connections to the DSN: a *sql.DB, for example.
	Conn gorm.ConnPool
}

var (
	_ fmt.Formatter  = Config{}
	_ fmt.Stringer   = Config{}
	_ fmt.GoStringer = Config{}
	_ slog.LogValuer = Config{}
	_ json.Marshaler = Config{}
)

// safeDSN returns the DSN with the password replaced by ***. It replaces all of a DSN that is not
// valid, because the password may be anywhere in it.
func (c Config) safeDSN() string {
	cfg, err := greptime.ParseDSN(c.DSN)
	switch {
	case c.DSN == "":
		return ""
	case err != nil:
		return "***"
	}
	return cfg.String()
}

// String returns the type of the Conn, or else the DSN with the password replaced by ***.
func (c Config) String() string {
	if c.Conn != nil {
		return fmt.Sprintf("%T", c.Conn)
	}
	return c.safeDSN()
}

// GoString returns the Config without the password, as String does, for %#v.
func (c Config) GoString() string { return "greptimegorm.Config(" + strconv.Quote(c.String()) + ")" }

// Format writes String for every verb and flag, and GoString for %#v.
func (c Config) Format(state fmt.State, verb rune) {
	if verb == 'v' && state.Flag('#') {
		io.WriteString(state, c.GoString())
		return
	}
	io.WriteString(state, c.String())
}

// LogValue returns String for log/slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON returns the fields, with the password of the DSN replaced by ***.
func (c Config) MarshalJSON() ([]byte, error) {
	type fields Config // has no methods
	c.DSN = c.safeDSN()
	return json.Marshal(fields(c))
}

// Dialector is a gorm.Dialector for GreptimeDB. Open and New return one.
type Dialector struct {
	dsn  greptime.Secret // it may have a password
	conn gorm.ConnPool
}

var (
	_ gorm.Dialector                     = (*Dialector)(nil)
	_ gorm.SavePointerDialectorInterface = (*Dialector)(nil)
	_ gorm.ErrorTranslator               = (*Dialector)(nil)
)

// Open returns a Dialector for the DSN of package greptime.
func Open(dsn string) gorm.Dialector { return New(Config{DSN: dsn}) }

// New returns a Dialector.
func New(config Config) gorm.Dialector {
	return &Dialector{dsn: greptime.NewSecret(config.DSN), conn: config.Conn}
}

// Name returns greptime.
func (*Dialector) Name() string { return "greptime" }

// Apply turns off what GreptimeDB does not have: transactions and foreign keys. GORM calls it.
func (*Dialector) Apply(config *gorm.Config) error {
	config.SkipDefaultTransaction = true
	config.DisableForeignKeyConstraintWhenMigrating = true
	return nil
}

// Initialize connects the DB and registers the callbacks. GORM calls it.
func (d *Dialector) Initialize(db *gorm.DB) error {
	db.ConnPool = d.conn
	if db.ConnPool == nil {
		cfg, err := greptime.ParseDSN(d.dsn.Reveal())
		if err != nil {
			return err
		}
		connector, err := greptime.NewConnector(cfg)
		if err != nil {
			return err
		}
		db.ConnPool = sql.OpenDB(connector)
	}
	maps.Copy(db.ClauseBuilders, clauseBuilders)
	callbacks.RegisterDefaultCallbacks(db, &callbacks.Config{})
	return errors.Join(
		db.Callback().Create().Replace("gorm:create", create),
		db.Callback().Update().Replace("gorm:update", update),
		db.Callback().Delete().Replace("gorm:delete", deleteRows),
	)
}

// Migrator returns the Migrator of the DB.
func (d *Dialector) Migrator(db *gorm.DB) gorm.Migrator {
	return Migrator{migrator.Migrator{Config: migrator.Config{DB: db, Dialector: d}}}
}

// DataTypeOf returns the type of the field's column. A type in the field's tag is used as it is,
// but for GORM's own names: bool, uint, string, time and bytes. These stand for the type that a
// field of that kind has without a tag.
func (*Dialector) DataTypeOf(field *schema.Field) string {
	// GORM takes INT and FLOAT for its own names of all integers and floats.
	switch name := strings.ToUpper(field.TagSettings["TYPE"]); name {
	case "INT", "FLOAT":
		return name
	}
	switch field.DataType {
	case schema.Bool:
		return "BOOLEAN"
	case schema.Int:
		return integerType(field.Size)
	case schema.Uint:
		return integerType(field.Size) + " UNSIGNED"
	case schema.Float:
		switch {
		case field.Precision > 0:
			return fmt.Sprintf("DECIMAL(%d,%d)", field.Precision, field.Scale)
		case field.Size == 32:
			return "FLOAT"
		}
		return "DOUBLE"
	case schema.String:
		return "STRING"
	case schema.Bytes:
		return "VARBINARY"
	case schema.Time:
		precision := 9
		if _, ok := field.TagSettings["PRECISION"]; ok {
			precision = field.Precision
		}
		return fmt.Sprintf("TIMESTAMP(%d)", precision)
	}
	if isJSON(field) {
		return "JSON"
	}
	return strings.ToUpper(string(field.DataType))
}

func integerType(bits int) string {
	switch {
	case bits == 8:
		return "TINYINT"
	case bits == 16:
		return "SMALLINT"
	case bits == 32:
		return "INT"
	}
	return "BIGINT"
}

// isJSON reports whether the field's column is JSON. jsonmap is what datatypes.JSONMap calls it.
func isJSON(field *schema.Field) bool {
	return strings.EqualFold(string(field.DataType), "json") || field.DataType == "jsonmap"
}

// DefaultValueOf returns DEFAULT.
func (*Dialector) DefaultValueOf(*schema.Field) clause.Expression { return clause.Expr{SQL: "DEFAULT"} }

// BindVarTo writes a placeholder for a value, the last of the statement's. A duration becomes
// the integer of nanoseconds that its column has, and a datatypes.Date becomes its day: the
// midnight that it gives to drivers is that of its location, which is another time in UTC.
func (*Dialector) BindVarTo(writer clause.Writer, stmt *gorm.Statement, value any) {
	if i := len(stmt.Vars) - 1; i >= 0 {
		switch d := value.(type) {
		case time.Duration:
			stmt.Vars[i] = int64(d)
		case *time.Duration:
			stmt.Vars[i] = (*int64)(d)
		default:
			if date, ok := dateOf(value); ok {
				stmt.Vars[i] = date
			}
		}
	}
	writer.WriteByte('?')
}

// dateOf returns the day of a datatypes.Date, or of a pointer to one, and whether the value is one.
func dateOf(value any) (greptime.Date, bool) {
	v := reflect.Indirect(reflect.ValueOf(value))
	if !v.IsValid() || v.Type().PkgPath() != "gorm.io/datatypes" || v.Type().Name() != "Date" {
		return greptime.Date{}, false
	}
	t, ok := v.Convert(reflect.TypeFor[time.Time]()).Interface().(time.Time)
	return greptime.DateOf(t), ok
}

// Translate returns the error as it is: the errors that GORM has for databases are about what
// GreptimeDB does not have. Use errors.Is with the codes of package greptime.
func (*Dialector) Translate(err error) error { return err }

// SavePoint returns greptime.ErrTransactions, or does nothing with transactions=ignore in the DSN.
func (*Dialector) SavePoint(tx *gorm.DB, name string) error { return savePoint(tx, "SAVEPOINT ", name) }

// RollbackTo returns greptime.ErrTransactions, or does nothing with transactions=ignore in the DSN.
func (*Dialector) RollbackTo(tx *gorm.DB, name string) error {
	return savePoint(tx, "ROLLBACK TO SAVEPOINT ", name)
}

func savePoint(tx *gorm.DB, statement, name string) error {
	return tx.Session(&gorm.Session{NewDB: true}).Exec(statement + quoted(name)).Error
}

// QuoteTo writes a name in double quotes. Dots separate the parts of a name. A part that is
// quoted already stays as it is.
func (*Dialector) QuoteTo(writer clause.Writer, name string) {
	for i, part := range strings.Split(name, ".") {
		if i > 0 {
			writer.WriteByte('.')
		}
		if part == "*" || isQuoted(part) {
			writer.WriteString(part)
			continue
		}
		writer.WriteString(quoted(part))
	}
}

// isQuoted reports whether a name is one quoted name: every quote within is doubled.
func isQuoted(name string) bool {
	if len(name) < 2 || name[0] != '"' || name[len(name)-1] != '"' {
		return false
	}
	return !strings.Contains(strings.ReplaceAll(name[1:len(name)-1], `""`, ""), `"`)
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Explain returns a statement with its arguments, for logs and ToSQL. Statements are sent with
// arguments, which the driver writes exactly.
func (*Dialector) Explain(text string, vars ...any) string {
	shown := make([]any, len(vars))
	for i, v := range vars {
		if t, ok := timeOf(v); ok {
			v = t.UTC().Format(time.RFC3339Nano)
		}
		shown[i] = v
	}
	return logger.ExplainSQL(text, nil, `'`, shown...)
}
