package sqltext

import "strings"

// Values are the tuples of an INSERT … VALUES or REPLACE … VALUES.
type Values struct {
	// Table is the name of the table, preceded by database and catalog if they are given.
	// Unquoted parts are in lower case, as GreptimeDB reads them.
	Table []string
	// Columns are the names in the list of columns, nil if there is none. They keep
	// their case, quoted or not, as GreptimeDB 1.0.2 reads them.
	Columns []string
	// Rows is the number of tuples.
	Rows int
	// Width is the number of values in each tuple, 0 if they differ.
	Width int
	// Items are the values, one tuple after the other.
	Items []Value
	// Trailing reports that something follows the tuples. GreptimeDB 1.0.2 accepts and
	// ignores ON CONFLICT and RETURNING.
	Trailing bool
	// Plain reports that the statement is exactly INSERT INTO table (columns) VALUES (…),
	// (…), where the list of columns is optional, and that all Items are of the kinds Literal
	// and Argument: the fields above describe everything in it. GreptimeDB accepts such a
	// text if its literals are valid.
	Plain bool

	// InOrder reports that all Items are of kind Argument, and that Items[i] is for input i,
	// as in the usual INSERT of many rows.
	InOrder bool

	literal bool // all items can be literals, and nothing turns the tuples into a query
}

// Value is one value of a tuple.
type Value struct {
	Start, End  int32 // bytes of Script.Text
	Placeholder int32 // index in Statement.Placeholders, if the Kind has a placeholder
	Kind        ValueKind
}

// ValueKind is the form of a value.
type ValueKind uint8

const (
	// Expression is any other form: GreptimeDB plans the whole statement.
	Expression ValueKind = iota
	// Literal is a literal on GreptimeDB's literal path: NULL, TRUE, FALSE, DEFAULT, a
	// number with one sign or none, a string of any kind, X'…', "…".
	Literal
	// Argument is a placeholder and nothing else.
	Argument
	// SignedArgument is a placeholder with a sign before it.
	SignedArgument
)

// findValues returns the tuples of an INSERT, or nil if it has none. It marks the
// placeholders among them as values.
func findValues(text string, tokens []Token, placeholders []Placeholder) *Values {
	r := valuesReader{cursor: cursor{text: text, tokens: tokens}, placeholders: placeholders}
	v := &Values{literal: true, Plain: tokens[0].Is(text, "INSERT")}
	if !r.header(v) {
		return nil
	}
	v.Items = make([]Value, 0, len(placeholders))
	for more := true; more; more = r.punct(",") { // a comma at the end is allowed
		if r.word("ROW") {
			v.Plain = false
		}
		if r.punct("(") {
			r.tuple(v)
		} else {
			v.Plain = false
		}
	}
	if v.Rows == 0 {
		return nil
	}
	v.Trailing = r.i < len(tokens)
	v.Plain = v.Plain && !v.Trailing && v.Width > 0
	v.InOrder = true
	if r.word("UNION") || r.word("EXCEPT") || r.word("INTERSECT") || r.word("MINUS") {
		v.literal = false
	}
	for i := range v.Items {
		switch item := &v.Items[i]; item.Kind {
		case Expression:
			v.literal, v.Plain = false, false
		case Argument:
			p := &placeholders[item.Placeholder]
			p.place = inValues
			v.InOrder = v.InOrder && int(p.Input) == i
			continue
		case SignedArgument:
			placeholders[item.Placeholder].place = signedValue
			v.Plain = false
		}
		v.InOrder = false
	}
	return v
}

// valuesReader walks through the tokens of an INSERT.
type valuesReader struct {
	cursor
	placeholders []Placeholder
	placeholder  int // the next placeholder
}

// header reads up to VALUES: INSERT INTO name (columns) VALUES.
func (r *valuesReader) header(v *Values) bool {
	r.i++ // INSERT or REPLACE
	if r.word("OR") {
		r.i++ // REPLACE, IGNORE and so on
		v.Plain = false
	}
	for _, noise := range [...]string{"OVERWRITE", "INTO", "LOCAL", "TABLE"} {
		if r.word(noise) && noise != "INTO" {
			v.Plain = false
		}
	}
	for more := true; more; more = r.punct(".") {
		name, quoted, ok := r.identifier()
		if !ok {
			return false
		}
		if !quoted {
			v.Plain = v.Plain && isPlainName(name)
			name = strings.ToLower(name)
		}
		v.Table = append(v.Table, name)
	}
	if r.punct("(") && !r.columns(v) {
		return false
	}
	if r.word("VALUES") {
		return true
	}
	v.Plain = false
	return r.word("VALUE")
}

// columns reads the list of columns from after its opening bracket to the closing one.
func (r *valuesReader) columns(v *Values) bool {
	named := false // the last token was a name
	for !r.punct(")") {
		name, quoted, ok := r.identifier()
		switch {
		case ok:
			v.Plain = v.Plain && !named && (quoted || isPlainName(name) && !mustBeQuoted(name))
			v.Columns = append(v.Columns, name)
			named = true
		case r.punct(","):
			v.Plain = v.Plain && named
			named = false
		default:
			return false
		}
	}
	v.Plain = v.Plain && named
	return true
}

// quotedWords are the words that GreptimeDB 1.0.2 refuses in the list of columns
// unless they are quoted. It accepts all of them as the name of a table.
var quotedWords = func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(`ANALYZE CLUSTER DISTRIBUTE END EXCEPT EXCLUDE EXPLAIN FETCH FILL FROM
		GROUP HAVING INTERSECT INTO LATERAL LIMIT MINUS OFFSET ORDER RANGE RETURNING SELECT SORT TOP UNION VIEW
		WHERE WITH`) {
		words[word] = true
	}
	return words
}()

// mustBeQuoted reports whether a name of ASCII letters is among quotedWords, in any case.
func mustBeQuoted(name string) bool {
	var upper [len("DISTRIBUTE")]byte
	if len(name) > len(upper) {
		return false
	}
	for i := range len(name) {
		upper[i] = name[i] &^ 0x20
	}
	return quotedWords[string(upper[:len(name)])]
}

// isPlainName reports whether a name without quotes is certain to be read by the server as
// it is: letters and digits of ASCII, and _.
func isPlainName(name string) bool {
	for i := range len(name) {
		c := name[i] | 0x20
		if (c < 'a' || c > 'z') && (i == 0 || name[i] < '0' || name[i] > '9') && name[i] != '_' {
			return false
		}
	}
	return true
}

// tuple reads the values up to the closing bracket.
func (r *valuesReader) tuple(v *Values) {
	before := len(v.Items)
	first, depth := r.i, 0
loop:
	for ; r.i < len(r.tokens); r.i++ {
		t := r.tokens[r.i]
		if t.Kind != TokenPunct || t.End-t.Start > 1 {
			continue
		}
		switch r.text[t.Start] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth == 0 {
				break loop
			}
			depth--
		case ',':
			if depth == 0 {
				v.Items = append(v.Items, r.value(r.tokens[first:r.i]))
				first = r.i + 1
			}
		}
	}
	if first < r.i { // a comma at the end is allowed
		v.Items = append(v.Items, r.value(r.tokens[first:r.i]))
	} else {
		v.Plain = false
	}
	if r.atEnd() {
		v.Plain = false // nothing closes it
	}
	r.i = min(r.i+1, len(r.tokens))
	width := len(v.Items) - before
	if v.Rows == 0 {
		v.Width = width
	} else if v.Width != width {
		v.Width = 0
	}
	v.Rows++
}

// value returns the value that consists of the tokens.
func (r *valuesReader) value(tokens []Token) Value {
	if len(tokens) == 0 {
		return Value{} // two commas: the server refuses it
	}
	value := Value{Start: int32(tokens[0].Start), End: int32(tokens[len(tokens)-1].End)}
	operand := tokens
	signed := len(tokens) > 1 && (tokens[0].isPunct(r.text, "-") || tokens[0].isPunct(r.text, "+"))
	if signed {
		operand = tokens[1:]
	}
	start := int32(operand[0].Start)
	for r.placeholder < len(r.placeholders) && r.placeholders[r.placeholder].Start < start {
		r.placeholder++
	}
	if r.placeholder < len(r.placeholders) {
		if p := &r.placeholders[r.placeholder]; p.Start == start && p.End == value.End {
			value.Placeholder = int32(r.placeholder)
			value.Kind = Argument
			if signed {
				value.Kind = SignedArgument
			}
			return value
		}
	}
	if len(operand) == 1 && isLiteral(r.text, operand[0], signed) {
		value.Kind = Literal
	}
	return value
}

// isLiteral reports whether a token alone is a literal in VALUES.
func isLiteral(text string, t Token, signed bool) bool {
	switch t.Kind {
	case TokenNumber:
		return true
	case TokenString, TokenNationalString, TokenDollarString, TokenHexString:
		return !signed
	case TokenQuotedIdent:
		return !signed && text[t.Start] == '"'
	case TokenWord:
		return !signed && (t.Is(text, "NULL") || t.Is(text, "TRUE") || t.Is(text, "FALSE") || t.Is(text, "DEFAULT"))
	}
	return false
}
