package schema

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
	return Errorf(InvalidSyntax, "SQL data type not supported yet: %s", name)
}

// ColumnType takes a column type.
func (c *Cursor) ColumnType() (Type, error) {
	if c.Peek().Kind != sqltext.TokenWord {
		return Type{}, c.Unexpected("a data type name")
	}
	word := strings.ToUpper(c.Take().Text)
	params, err := c.typeParams()
	if err != nil {
		return Type{}, err
	}
	if len(params) == 0 && c.Peek().Is("(") && word == "JSON" {
		if err := c.SkipParens(); err != nil { // JSON(format = 'structured')
			return Type{}, err
		}
	}
	k, known := columnTypes[word]
	t := Type{Kind: k, Structured: word == "JSON", Datetime: word == "DATETIME"}
	if _, isInt := unsignedOf[k]; isInt && c.Accept("UNSIGNED") {
		t.Kind = unsignedOf[k]
	}
	switch word {
	case "TIMESTAMP", "TIMESTAMPTZ":
		if c.Accept("WITH", "TIME", "ZONE") || c.Accept("WITHOUT", "TIME", "ZONE") {
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
			return Type{}, Errorf(Unexpected, `Failed to join task: task 1 panicked with message "precision should be in [1, 38]"`)
		}
		if t.Scale < 0 || t.Scale > t.Precision {
			return Type{}, Errorf(Unexpected, `Failed to join task: task 1 panicked with message "scale should be in [0, precision]"`)
		}
		known = true
	case "VECTOR":
		if len(params) != 1 || params[0] < 1 {
			return Type{}, Errorf(InvalidSyntax, "Invalid SQL syntax: sql parser error: VECTOR needs a dimension, VECTOR(3)")
		}
		t, known = Type{Kind: Vector, Dim: uint32(params[0])}, true
	case "DOUBLE":
		if c.Accept("PRECISION") {
			return Type{}, unsupportedType("DoublePrecision")
		}
	case "INTERVAL":
		return Type{}, errInterval
	case "TIME":
		return Type{}, unsupportedType("Time(None, None)")
	}
	if c.Peek().Is("[") {
		return Type{}, unsupportedType("Array")
	}
	if !known {
		return Type{}, unsupportedType(word)
	}
	return t, nil
}

// errInterval stands for a type that the parser knows and no table can have.
var errInterval = Errorf(InvalidArguments, "interval type, which is not supported")

// typeParams takes (n) or (n, m), with signs, and nothing else.
func (c *Cursor) typeParams() ([]int, error) {
	start := c.Next
	if !c.Accept("(") {
		return nil, nil
	}
	var params []int
	for {
		sign := 1
		if c.Accept("-") {
			sign = -1
		}
		n, err := strconv.Atoi(c.Take().Text)
		if err != nil {
			c.Next = start
			return nil, nil
		}
		params = append(params, sign*n)
		if c.Accept(")") {
			return params, nil
		}
		if !c.Accept(",") {
			return nil, c.Unexpected(")")
		}
	}
}

// ColumnDef takes a column of CREATE TABLE or ALTER TABLE ADD COLUMN.
func (c *Cursor) ColumnDef(s *Session, keywordsRefused bool) (Column, columnMarks, error) {
	var marks columnMarks
	t := c.Peek()
	if keywordsRefused && t.Kind == sqltext.TokenWord && keywords[strings.ToLower(t.Text)] {
		return Column{}, marks, Errorf(InvalidSyntax, "Invalid SQL syntax: sql parser error: Cannot use keyword '%s' as column name. Hint: add quotes to the name.", t.Text)
	}
	name, err := c.Ident()
	if err != nil {
		return Column{}, marks, err
	}
	col := Column{Name: name, Nullable: true, Semantic: Field, Index: map[string]string{}}
	if s.Version >= V1_1_4 && c.Peek().Is("JSON") && c.At(1).Is("(") {
		return Column{}, marks, NotSupported("JSON(…): GreptimeDB 1.1 has JSON2 in its place")
	}
	if col.Type, err = c.ColumnType(); err == errInterval {
		return Column{}, marks, Errorf(InvalidArguments, "Invalid SQL, error: column name `%s` is interval type, which is not supported", name)
	} else if err != nil {
		return Column{}, marks, err
	}
	col.Type.Structured = col.Type.Structured && s.Version < V1_1_4
	for {
		switch {
		case c.Accept("NOT", "NULL"):
			col.Nullable, marks.NotNull = false, true
		case c.Accept("NULL"):
			col.Nullable = true
		case c.Accept("TIME", "INDEX"):
			marks.TimeIndex = true
		case c.Accept("PRIMARY", "KEY"):
			marks.PrimaryKey = true
		case c.Accept("COMMENT"):
			if col.Comment, err = c.StringLiteral(); err != nil {
				return Column{}, marks, err
			}
		case c.Accept("DEFAULT"):
			if err := c.DefaultValue(&col, s); err != nil {
				return Column{}, marks, err
			}
		default:
			if set, err := c.ColumnIndex(&col); err != nil {
				return Column{}, marks, err
			} else if !set {
				return col, marks, nil
			}
		}
	}
}

// ColumnIndex takes the index of a column, and reports whether there was one.
func (c *Cursor) ColumnIndex(col *Column) (bool, error) {
	switch {
	case c.Accept("INVERTED", "INDEX"):
		col.Index["greptime:inverted_index"] = "true"
		return true, nil
	case c.Accept("SKIPPING", "INDEX"):
		col.Index["greptime:skipping_index"] = `{"granularity":10240,"false-positive-rate-in-10000":100,"index-type":"BloomFilter"}`
	case c.Accept("FULLTEXT"):
		if !c.Accept("INDEX") {
			return false, Errorf(InvalidArguments, "Invalid column option, column name: %s, error: expect INDEX after FULLTEXT keyword", col.Name)
		}
		if col.Type.Kind != String {
			return false, Errorf(InvalidArguments, "Invalid column option, column name: %s, error: FULLTEXT index only supports string type", col.Name)
		}
		col.Index["greptime:fulltext"] = `{"enable":true,"analyzer":"English","case-sensitive":false,"backend":"bloom","granularity":10240,"false-positive-rate-in-10000":100}`
	default:
		return false, nil
	}
	return true, c.indexOptions()
}

// indexOptions refuses the options of an index: they would have to show in the
// metadata.
func (c *Cursor) indexOptions() error {
	if c.Peek().Is("WITH") {
		return NotSupported("index options (WITH …)")
	}
	return nil
}

// columnMarks are what a column's definition says about the table's keys.
type columnMarks struct {
	TimeIndex, PrimaryKey, NotNull bool
}

// DefaultValue takes what follows DEFAULT: a literal or the current time.
func (c *Cursor) DefaultValue(col *Column, s *Session) error {
	t := c.Peek()
	if t.Is("now") || t.Is("current_timestamp") {
		c.Take()
		c.Accept("(", ")")
		if !col.Type.IsTimestamp() {
			return NotSupported("DEFAULT %s on a %s column", t.Text, col.Type.SQL())
		}
		name := strings.ToLower(t.Text) + "()"
		col.Default, col.DefaultMeta = name, `{"Function":"`+name+`"}`
		return nil
	}
	lit, ok := c.anyLiteral()
	if !ok {
		return NotSupported("the default %s", t.Text)
	}
	if lit.Kind == NullLiteral {
		col.Default, col.DefaultMeta = "", ""
		return nil
	}
	cell, err := lit.Cell(col.Name, col.Type, s.Zone)
	if err != nil {
		return err
	}
	meta, err := defaultMeta(col.Type, cell)
	if err != nil {
		return err
	}
	col.Default = lit.text
	if lit.Kind == TextLiteral {
		col.Default = QuoteText(lit.text)
	}
	col.DefaultMeta = meta
	return nil
}

// anyLiteral takes a literal whatever follows it.
func (c *Cursor) anyLiteral() (Literal, bool) {
	n := 1
	if c.Peek().Kind == sqltext.TokenPunct {
		n = 2
	}
	if c.Next+n > len(c.Tokens) {
		return Literal{}, false
	}
	sub := &Cursor{Tokens: append(append([]Token{}, c.Tokens[c.Next:c.Next+n]...), Token{Kind: sqltext.TokenPunct, Text: ")"})}
	lit, ok := sub.Literal()
	if ok {
		c.Next += n
	}
	return lit, ok
}

func defaultMeta(t Type, cell any) (string, error) {
	var v any
	switch {
	case t.Kind == String || t.Kind == Bool || t.IsInteger() || t.IsFloat():
		v = map[string]any{"Value": map[string]any{t.Name(): cell}}
	case t.IsTimestamp():
		v = map[string]any{"Value": map[string]any{"Timestamp": map[string]any{"value": cell, "unit": UnitName(t)}}}
	default:
		return "", NotSupported("a default for a %s column", t.SQL())
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// DefaultCell returns the value of a column that a row leaves out.
func (col *Column) DefaultCell(now time.Time) (any, error) {
	switch {
	case col.Default == "":
		return nil, nil
	case strings.HasSuffix(col.Default, "()"):
		n, _ := Instant{Seconds: now.Unix(), Nanos: int64(now.Nanosecond())}.In(col.Type)
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
		return NumberCell(string(raw), col.Type)
	}
	return nil, nil
}

// Metadata returns the metadata that GreptimeDB puts into the field of a plain column.
func (col *Column) Metadata() map[string]string {
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
		m["greptime:type"] = col.Type.Name()
	}
	return m
}
