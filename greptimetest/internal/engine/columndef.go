package engine

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/greptime-go/greptime/internal/sqltext"
)

//go:embed keywords.txt
var keywordList string

// keywords are the words that CREATE TABLE refuses as an unquoted column name: all
// but one of the parser's. The list was taken from GreptimeDB 1.0.2.
var keywords = func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(keywordList) {
		if w := strings.TrimSpace(line); w != "" && !strings.HasPrefix(w, "#") {
			m[strings.ToLower(w)] = true
		}
	}
	return m
}()

// columnTypes are the names of types without parameters.
var columnTypes = map[string]Kind{
	"BOOLEAN": Bool, "BOOL": Bool, "TINYINT": Int8, "SMALLINT": Int16, "INT2": Int16, "INT": Int32, "INTEGER": Int32, "INT4": Int32,
	"BIGINT": Int64, "INT8": Int64, "INT64": Int64, "INT16": Int16, "INT32": Int32,
	"UINT8": UInt8, "UINT16": UInt16, "UINT32": UInt32, "UINT64": UInt64,
	"FLOAT": Float32, "FLOAT4": Float32, "FLOAT32": Float32, "DOUBLE": Float64, "FLOAT8": Float64, "FLOAT64": Float64,
	"STRING": String, "TEXT": String, "TINYTEXT": String, "MEDIUMTEXT": String, "LONGTEXT": String, "VARCHAR": String, "CHAR": String,
	"VARBINARY": Binary, "BINARY": Binary, "BLOB": Binary, "BYTEA": Binary,
	"DATE": Date, "DATETIME": TimestampMicro,
	"TIMESTAMP": TimestampMilli, "TIMESTAMPTZ": TimestampMilli,
	"TIMESTAMP_S": TimestampSecond, "TIMESTAMP_SEC": TimestampSecond, "TIMESTAMPSECOND": TimestampSecond,
	"TIMESTAMP_MS": TimestampMilli, "TIMESTAMPMILLISECOND": TimestampMilli,
	"TIMESTAMP_US": TimestampMicro, "TIMESTAMPMICROSECOND": TimestampMicro,
	"TIMESTAMP_NS": TimestampNano, "TIMESTAMPNANOSECOND": TimestampNano,
	"JSON": JSON,
}

var unsignedOf = map[Kind]Kind{Int8: UInt8, Int16: UInt16, Int32: UInt32, Int64: UInt64}

func unsupportedType(name string) *Error {
	return errorf(InvalidSyntax, "SQL data type not supported yet: %s", name)
}

// columnType takes a column type.
func (c *cursor) columnType() (Type, error) {
	if c.peek().kind != sqltext.TokenWord {
		return Type{}, c.unexpected("a data type name")
	}
	word := strings.ToUpper(c.next().text)
	params, err := c.typeParams()
	if err != nil {
		return Type{}, err
	}
	if len(params) == 0 && c.peek().is("(") && word == "JSON" {
		if err := c.skipParens(); err != nil { // JSON(format = 'structured')
			return Type{}, err
		}
	}
	k, known := columnTypes[word]
	t := Type{Kind: k, Structured: word == "JSON", Datetime: word == "DATETIME"}
	if _, isInt := unsignedOf[k]; isInt && c.accept("UNSIGNED") {
		t.Kind = unsignedOf[k]
	}
	switch word {
	case "TIMESTAMP", "TIMESTAMPTZ":
		if c.accept("WITH", "TIME", "ZONE") || c.accept("WITHOUT", "TIME", "ZONE") {
			word = "TIMESTAMP"
		}
		if len(params) > 0 {
			units := map[int]Kind{0: TimestampSecond, 3: TimestampMilli, 6: TimestampMicro, 9: TimestampNano}
			if t.Kind, known = units[params[0]]; !known {
				return Type{}, unsupportedType(fmt.Sprintf("Timestamp(Some(%d), None)", params[0]))
			}
		}
	case "DECIMAL":
		t = Type{Kind: Decimal, Precision: 38, Scale: 10}
		if len(params) > 0 {
			t.Precision, t.Scale = int32(params[0]), 0
		}
		if len(params) > 1 {
			t.Scale = int32(params[1])
		}
		if t.Precision < 1 || t.Precision > 38 {
			return Type{}, errorf(Unexpected, `Failed to join task: task 1 panicked with message "precision should be in [1, 38]"`)
		}
		if t.Scale < 0 || t.Scale > t.Precision {
			return Type{}, errorf(Unexpected, `Failed to join task: task 1 panicked with message "scale should be in [0, precision]"`)
		}
		known = true
	case "VECTOR":
		if len(params) != 1 || params[0] < 1 {
			return Type{}, errorf(InvalidSyntax, "Invalid SQL syntax: sql parser error: VECTOR needs a dimension, VECTOR(3)")
		}
		t, known = Type{Kind: Vector, Dim: uint32(params[0])}, true
	case "DOUBLE":
		if c.accept("PRECISION") {
			return Type{}, unsupportedType("DoublePrecision")
		}
	case "INTERVAL":
		return Type{}, errInterval
	case "TIME":
		return Type{}, unsupportedType("Time(None, None)")
	}
	if c.peek().is("[") {
		return Type{}, unsupportedType("Array")
	}
	if !known {
		return Type{}, unsupportedType(word)
	}
	return t, nil
}

// errInterval stands for a type that the parser knows and no table can have.
var errInterval = errorf(InvalidArguments, "interval type, which is not supported")

// typeParams takes (n) or (n, m), with signs, and nothing else.
func (c *cursor) typeParams() ([]int, error) {
	start := c.i
	if !c.accept("(") {
		return nil, nil
	}
	var params []int
	for {
		sign := 1
		if c.accept("-") {
			sign = -1
		}
		n, err := strconv.Atoi(c.next().text)
		if err != nil {
			c.i = start
			return nil, nil
		}
		params = append(params, sign*n)
		if c.accept(")") {
			return params, nil
		}
		if !c.accept(",") {
			return nil, c.unexpected(")")
		}
	}
}

// columnDef takes a column of CREATE TABLE or ALTER TABLE ADD COLUMN.
func (c *cursor) columnDef(s *Session, keywordsRefused bool) (Column, columnMarks, error) {
	var marks columnMarks
	t := c.peek()
	if keywordsRefused && t.kind == sqltext.TokenWord && keywords[strings.ToLower(t.text)] {
		return Column{}, marks, errorf(InvalidSyntax, "Invalid SQL syntax: sql parser error: Cannot use keyword '%s' as column name. Hint: add quotes to the name.", t.text)
	}
	name, err := c.ident()
	if err != nil {
		return Column{}, marks, err
	}
	col := Column{Name: name, Nullable: true, Semantic: Field, Index: map[string]string{}}
	if s.version >= V1_1_4 && c.peek().is("JSON") && c.at(1).is("(") {
		return Column{}, marks, unsupported("JSON(…): GreptimeDB 1.1 has JSON2 in its place")
	}
	if col.Type, err = c.columnType(); err == errInterval {
		return Column{}, marks, errorf(InvalidArguments, "Invalid SQL, error: column name `%s` is interval type, which is not supported", name)
	} else if err != nil {
		return Column{}, marks, err
	}
	col.Type.Structured = col.Type.Structured && s.version < V1_1_4
	for {
		switch {
		case c.accept("NOT", "NULL"):
			col.Nullable, marks.notNull = false, true
		case c.accept("NULL"):
			col.Nullable = true
		case c.accept("TIME", "INDEX"):
			marks.timeIndex = true
		case c.accept("PRIMARY", "KEY"):
			marks.primaryKey = true
		case c.accept("COMMENT"):
			if col.Comment, err = c.string(); err != nil {
				return Column{}, marks, err
			}
		case c.accept("DEFAULT"):
			if err := c.defaultValue(&col, s); err != nil {
				return Column{}, marks, err
			}
		default:
			if set, err := c.index(&col); err != nil {
				return Column{}, marks, err
			} else if !set {
				return col, marks, nil
			}
		}
	}
}

// index takes the index of a column, and reports whether there was one.
func (c *cursor) index(col *Column) (bool, error) {
	switch {
	case c.accept("INVERTED", "INDEX"):
		col.Index["greptime:inverted_index"] = "true"
		return true, nil
	case c.accept("SKIPPING", "INDEX"):
		col.Index["greptime:skipping_index"] = `{"granularity":10240,"false-positive-rate-in-10000":100,"index-type":"BloomFilter"}`
	case c.accept("FULLTEXT", "INDEX"), c.accept("FULLTEXT"):
		col.Index["greptime:fulltext"] = `{"enable":true,"analyzer":"English","case-sensitive":false,"backend":"bloom","granularity":10240,"false-positive-rate-in-10000":100}`
	default:
		return false, nil
	}
	return true, c.indexOptions()
}

// indexOptions refuses the options of an index: they would have to show in the
// metadata.
func (c *cursor) indexOptions() error {
	if c.peek().is("WITH") {
		return unsupported("index options (WITH …)")
	}
	return nil
}

// columnMarks are what a column's definition says about the table's keys.
type columnMarks struct {
	timeIndex, primaryKey, notNull bool
}

// defaultValue takes what follows DEFAULT: a literal or the current time.
func (c *cursor) defaultValue(col *Column, s *Session) error {
	t := c.peek()
	if t.is("now") || t.is("current_timestamp") {
		c.next()
		c.accept("(", ")")
		if !col.Type.isTimestamp() {
			return unsupported("DEFAULT %s on a %s column", t.text, col.Type.sql())
		}
		name := strings.ToLower(t.text) + "()"
		col.Default, col.DefaultMeta = name, `{"Function":"`+name+`"}`
		return nil
	}
	lit, ok := c.anyLiteral()
	if !ok {
		return unsupported("the default %s", t.text)
	}
	if lit.kind == litNull {
		col.Default, col.DefaultMeta = "", ""
		return nil
	}
	cell, err := lit.cell(col.Name, col.Type, s.Zone)
	if err != nil {
		return err
	}
	meta, err := defaultMeta(col.Type, cell)
	if err != nil {
		return err
	}
	col.Default = lit.text
	if lit.kind == litText {
		col.Default = quoteText(lit.text)
	}
	col.DefaultMeta = meta
	return nil
}

// anyLiteral takes a literal whatever follows it.
func (c *cursor) anyLiteral() (literal, bool) {
	n := 1
	if c.peek().kind == sqltext.TokenPunct {
		n = 2
	}
	if c.i+n > len(c.toks) {
		return literal{}, false
	}
	sub := &cursor{toks: append(append([]token{}, c.toks[c.i:c.i+n]...), token{kind: sqltext.TokenPunct, text: ")"})}
	lit, ok := sub.literal()
	if ok {
		c.i += n
	}
	return lit, ok
}

func defaultMeta(t Type, cell any) (string, error) {
	var v any
	switch {
	case t.Kind == String || t.Kind == Bool || t.isInteger() || t.isFloat():
		v = map[string]any{"Value": map[string]any{t.name(): cell}}
	case t.isTimestamp():
		v = map[string]any{"Value": map[string]any{"Timestamp": map[string]any{"value": cell, "unit": unitName(t)}}}
	default:
		return "", unsupported("a default for a %s column", t.sql())
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// defaultCell returns the value of a column that a row leaves out.
func (col *Column) defaultCell(now time.Time) (any, error) {
	switch {
	case col.Default == "":
		return nil, nil
	case strings.HasSuffix(col.Default, "()"):
		n, _ := instant{seconds: now.Unix(), nanos: int64(now.Nanosecond())}.in(col.Type)
		return n, nil
	}
	var m struct {
		Value map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(col.DefaultMeta), &m); err != nil {
		return nil, err
	}
	for _, raw := range m.Value {
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return s, nil
		}
		var ts struct{ Value *int64 }
		if json.Unmarshal(raw, &ts) == nil && ts.Value != nil {
			return *ts.Value, nil
		}
		var b bool
		if json.Unmarshal(raw, &b) == nil {
			return b, nil
		}
		return numberCell(string(raw), col.Type)
	}
	return nil, nil
}

// metadata returns the metadata that GreptimeDB puts into the field of a plain column.
func (col *Column) metadata() map[string]string {
	m := map[string]string{}
	for k, v := range col.Index {
		m[k] = v
	}
	if col.Semantic == TimeIndex {
		m["greptime:time_index"] = "true"
	}
	if col.Comment != "" {
		m["greptime:storage:comment"] = col.Comment
	}
	if col.DefaultMeta != "" {
		m["greptime:default_constraint"] = col.DefaultMeta
	}
	switch col.Type.Kind {
	case JSON:
		m["greptime:type"] = "Json"
		if col.Type.Structured {
			m["ARROW:extension:name"] = "greptime.json"
			m["ARROW:extension:metadata"] = `{"json_structure_settings":{"Structured":null}}`
		}
	case Vector:
		m["greptime:type"] = col.Type.name()
	}
	return m
}
