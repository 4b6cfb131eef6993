package sqltext

import "strings"

// Values are the tuples of an INSERT … VALUES or REPLACE … VALUES.
type Values struct {
	// Table is the name of the table, database and catalog before it if they are
	// given; in lower case where it is not quoted, as GreptimeDB reads it.
	Table []string
	// Columns are the names in the list of columns, nil if there is none. They keep
	// their case, quoted or not: GreptimeDB 1.0.2 reads them so.
	Columns []string
	// Rows is the number of tuples.
	Rows int
	// Width is the number of values in each tuple, 0 if they differ.
	Width int
	// Items are the values, one tuple after the other.
	Items []Value
	// Trailing: there is something behind the tuples. GreptimeDB 1.0.2 takes and
	// ignores ON CONFLICT and RETURNING.
	Trailing bool

	literal bool // all items can be literals, and nothing makes a query of the tuples
}

// Value is one value of a tuple.
type Value struct {
	Start, End  int32 // bytes of Script.Text
	Placeholder int32 // its index in Statement.Placeholders, if Kind says that it has one
	Kind        ValueKind
}

// ValueKind tells what stands for a value.
type ValueKind uint8

const (
	// Expression is anything that is not below: GreptimeDB plans the whole statement.
	Expression ValueKind = iota
	// Literal is a literal on GreptimeDB's literal path: NULL, TRUE, FALSE, DEFAULT, a
	// number with one sign or none, a string of any kind, X'…', "…".
	Literal
	// Argument is a placeholder alone.
	Argument
	// SignedArgument is a placeholder with a sign before it.
	SignedArgument
)

// findValues reads the tuples of an INSERT, nil if it has none, and notes at the
// placeholders that they are values.
func findValues(text string, tokens []Token, placeholders []Placeholder) *Values {
	r := valuesReader{cursor: cursor{text: text, tokens: tokens}, placeholders: placeholders}
	v := &Values{literal: true}
	if !r.header(v) {
		return nil
	}
	v.Items = make([]Value, 0, len(placeholders))
	for more := true; more; more = r.punct(",") { // a comma at the end is allowed
		r.word("ROW")
		if r.punct("(") {
			r.tuple(v)
		}
	}
	if v.Rows == 0 {
		return nil
	}
	v.Trailing = r.i < len(tokens)
	if r.word("UNION") || r.word("EXCEPT") || r.word("INTERSECT") || r.word("MINUS") {
		v.literal = false
	}
	for i := range v.Items {
		switch item := &v.Items[i]; item.Kind {
		case Expression:
			v.literal = false
		case Argument:
			placeholders[item.Placeholder].place = inValues
		case SignedArgument:
			placeholders[item.Placeholder].place = signedValue
		}
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
	}
	for _, noise := range [...]string{"OVERWRITE", "INTO", "LOCAL", "TABLE"} {
		r.word(noise)
	}
	for more := true; more; more = r.punct(".") {
		name, quoted, ok := r.identifier()
		if !ok {
			return false
		}
		if !quoted {
			name = strings.ToLower(name)
		}
		v.Table = append(v.Table, name)
	}
	if r.punct("(") {
		for !r.punct(")") {
			if name, _, ok := r.identifier(); ok {
				v.Columns = append(v.Columns, name)
			} else if !r.punct(",") {
				return false
			}
		}
	}
	return r.word("VALUES") || r.word("VALUE")
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

// value tells what the tokens of one value are.
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

// isLiteral tells whether a token alone is a literal in VALUES.
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
