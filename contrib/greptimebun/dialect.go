package greptimebun

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math"
	"net"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/dialect/feature"
	"github.com/uptrace/bun/dialect/sqltype"
	"github.com/uptrace/bun/schema"

	"github.com/greptime-go/greptime"
)

// Dialect is a bun dialect for GreptimeDB. New returns one.
type Dialect struct {
	schema.BaseDialect
	tables *schema.Tables
	zone   *time.Location // of the sessions; nil if it is not known
}

var _ schema.Dialect = (*Dialect)(nil)

// New returns a Dialect.
func New() *Dialect {
	d := new(Dialect)
	d.tables = schema.NewTables(d)
	return d
}

// Init learns the time zone of the sessions. It sends nothing. bun calls it.
func (d *Dialect) Init(db *sql.DB) {
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		return
	}
	defer conn.Close()
	_ = greptime.Raw(ctx, conn, func(g *greptime.Conn) error { // another driver has no such zone
		d.zone = g.Location()
		return nil
	})
}

// Name returns a name that is none of bun's own dialects.
func (*Dialect) Name() dialect.Name { return 1000 }

// Features returns what GreptimeDB can do of what bun has.
func (*Dialect) Features() feature.Feature {
	return feature.CTE | feature.SelectExists | feature.TableTruncate | feature.TableNotExists | feature.DefaultPlaceholder |
		feature.InsertIgnore // which the server refuses; without it bun would leave Ignore out
}

// Tables returns the tables of models.
func (d *Dialect) Tables() *schema.Tables { return d.tables }

// OnTable gives the columns of a model their types, the values of some a form of their own, and
// the model hooks that refuse what GreptimeDB would ignore.
func (d *Dialect) OnTable(table *schema.Table) {
	table.ZeroIface = hooks{table.ZeroIface}
	for _, field := range table.FieldMap {
		field.CreateTableSQLType = field.UserSQLType
		if field.UserSQLType == "" {
			field.DiscoveredSQLType = typeOf(field.IndirectType)
			field.CreateTableSQLType = field.DiscoveredSQLType
		}
		if write := d.writerOf(field); write != nil {
			field.Append = write
		}
	}
}

var integerTypes = map[reflect.Kind]string{
	reflect.Int8: "TINYINT", reflect.Int16: "SMALLINT", reflect.Int32: "INT", reflect.Int64: "BIGINT", reflect.Int: "BIGINT",
	reflect.Uint8: "TINYINT UNSIGNED", reflect.Uint16: "SMALLINT UNSIGNED", reflect.Uint32: "INT UNSIGNED", reflect.Uint64: "BIGINT UNSIGNED", reflect.Uint: "BIGINT UNSIGNED",
}

// structTypes are types of columns for structs that bun does not write as JSON.
var structTypes = map[reflect.Type]string{
	reflect.TypeFor[sql.NullString](): "STRING", reflect.TypeFor[netip.Addr](): "STRING", reflect.TypeFor[netip.Prefix](): "STRING", reflect.TypeFor[net.IPNet](): "STRING",
	reflect.TypeFor[sql.NullInt32](): "INT", reflect.TypeFor[sql.NullInt16](): "SMALLINT", reflect.TypeFor[sql.NullByte](): "TINYINT UNSIGNED",
}

// typeOf returns the type of the column for a field of the type, if its tag has none.
func typeOf(typ reflect.Type) string {
	kind := typ.Kind()
	if t, ok := integerTypes[kind]; ok {
		return t
	}
	if t, ok := structTypes[typ]; ok {
		return t
	}
	if typ.PkgPath() == "database/sql" && strings.HasPrefix(typ.Name(), "Null[") {
		v := typ.Field(0).Type // V
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		return typeOf(v)
	}
	discovered := schema.DiscoverSQLType(typ)
	switch discovered {
	case sqltype.Timestamp:
		return "TIMESTAMP(9)"
	case sqltype.Boolean:
		return "BOOLEAN"
	case sqltype.DoublePrecision:
		return "DOUBLE"
	case sqltype.Real:
		return "FLOAT"
	case sqltype.BigInt: // sql.NullInt64
		return "BIGINT"
	case sqltype.Blob:
		return "VARBINARY"
	case sqltype.JSON:
		return "JSON"
	}
	switch kind {
	case reflect.Map, reflect.Slice, reflect.Struct:
		if discovered == sqltype.VarChar {
			return "JSON" // as which bun writes and reads them
		}
	}
	return "STRING"
}

// IdentQuote returns the double quote.
func (*Dialect) IdentQuote() byte { return '"' }

// beginsValues matches a text up to the values of an INSERT. bun writes a Comment before it.
var beginsValues = regexp.MustCompile(`(?is)^\s*(?:/\*.*?\*/\s*)*(?:INSERT|REPLACE)\s+INTO\s+(?:"(?:[^"]|"")*"|[\w.])+\s*(?:\((?:"(?:[^"]|"")*"|[^()"])*\))?\s*VALUES\s*\(`)

// inValues reports whether what follows text is a value of an INSERT.
func inValues(text []byte) bool { return beginsValues.Match(text) }

// appendRefused appends an expression that the server refuses in every statement, with the
// reason in its error: a call of a function of that name. bun has no other way to report it.
func appendRefused(b []byte, reason string) []byte {
	return append(dialect.AppendName(b, "greptimebun: "+reason, '"'), "()"...)
}

// The first and the last time that nanoseconds can express.
var (
	firstTime = time.Unix(0, math.MinInt64)
	lastTime  = time.Unix(0, math.MaxInt64)
)

func inNanoseconds(t time.Time) bool { return !t.Before(firstTime) && !t.After(lastTime) }

// AppendTime appends a time to the nanosecond.
func (*Dialect) AppendTime(b []byte, t time.Time) []byte {
	if !inNanoseconds(t) {
		return appendRefused(b, fmt.Sprintf("the time %s is not between the years 1677 and 2262, as nanoseconds need; use nullzero for times that may be zero", t.UTC().Format(time.RFC3339)))
	}
	if !inValues(b) {
		b = append(b, "TIMESTAMP "...)
	}
	return t.UTC().AppendFormat(b, "'2006-01-02T15:04:05.000000000Z'")
}

// AppendString appends text. Only quotes are doubled: a backslash stands for itself.
func (*Dialect) AppendString(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		return appendRefused(b, "the text is not UTF-8; use []byte and a VARBINARY column")
	}
	b = append(b, '\'')
	b = append(b, strings.ReplaceAll(s, "'", "''")...)
	return append(b, '\'')
}

// AppendBytes appends bytes as X'…'.
func (*Dialect) AppendBytes(b, bytes []byte) []byte {
	if bytes == nil {
		return dialect.AppendNull(b)
	}
	b = append(b, "X'"...)
	b = hex.AppendEncode(b, bytes)
	return append(b, '\'')
}

// AppendJSON appends JSON.
func (d *Dialect) AppendJSON(b, json []byte) []byte {
	if inValues(b) {
		return d.AppendString(b, string(json))
	}
	b = append(b, "parse_json("...)
	return append(d.AppendString(b, string(json)), ')')
}

// AppendSequence appends nothing: GreptimeDB generates no keys.
func (*Dialect) AppendSequence(b []byte, _ *schema.Table, _ *schema.Field) []byte { return b }

// DefaultVarcharLen returns 0: text has no limit.
func (*Dialect) DefaultVarcharLen() int { return 0 }

// DefaultSchema returns the name of GreptimeDB's default database.
func (*Dialect) DefaultSchema() string { return "public" }
