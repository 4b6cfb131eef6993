package sqltext

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Style is the way in which a text marks its placeholders.
type Style uint8

const (
	NoPlaceholders Style = iota
	Question             // ?
	Dollar               // $1
	Named                // :name
)

var styleNames = []string{NoPlaceholders: "none", Question: "?", Dollar: "$n", Named: ":name"}

func (s Style) String() string { return nameOf(styleNames, uint8(s)) }

// Placeholder is the place of an argument. It is kept small, because an INSERT may have
// very many.
type Placeholder struct {
	Start, End int32 // bytes of Script.Text
	// Input is the number of its argument, from 0. For ? it is the position among all of
	// them, for $n it is n-1, and for :name it is that of the name in Script.Names.
	Input int32

	place place
	// apart reports that the text before cannot become one token with a literal. One
	// character does not suffice to decide this: in #( the bracket is part of a word.
	apart bool
	// tight reports that GreptimeDB applies what follows before a leading sign.
	tight bool
	// bracketed reports that an interval must be in brackets, because a word follows it, or
	// RANGE or ALIGN precedes it.
	bracketed bool
}

// place is the place of a placeholder in a statement, which determines the form of an
// argument.
type place uint8

const (
	inExpression place = iota
	inValues           // a whole value of an INSERT
	signedValue        // with a sign before it, as a value of an INSERT
	inOption           // a whole parameter of TQL, option of COPY, or time after ALIGN … TO
	inPromQL           // in the PromQL of TQL: no argument can be written here
)

// Style returns the style of the text's placeholders. It returns an error if there are two
// styles, or placeholders of no style, such as ?1, $0 and $x.
func (s *Script) Style() (Style, error) { return s.style, s.styleError }

// NumInput returns the number of arguments that Bind needs: the number of ?, the highest n
// of $n, or the number of different names.
func (s *Script) NumInput() int { return s.inputs }

// placeholderFinder finds the placeholders of a script, statement by statement.
type placeholderFinder struct {
	script  *Script
	found   []Placeholder  // the placeholders of the statement
	first   [Named + 1]int // offset+1 of the first placeholder of each style
	names   map[string]int
	open    []byte // open brackets: the character, or one of those below
	prom    bool   // inside PromQL, which ends …
	promEnd int    // … with the bracket that closes at this depth
}

const (
	subscript   = 'S' // [ behind a value
	tqlParams   = 'T' // ( of TQL EVAL (…)
	copyOptions = 'C' // ( of COPY … WITH (…)
)

// find returns the placeholders of a statement.
func (f *placeholderFinder) find(tokens []Token) []Placeholder {
	f.open, f.prom, f.found = f.open[:0], false, nil
	text := f.script.Text
	for i := 0; i < len(tokens); i++ {
		switch t := tokens[i]; t.Kind {
		case TokenPlaceholder:
			f.add(tokens, i, i, f.style(t))
		case TokenPunct:
			if t.End-t.Start > 1 {
				break
			}
			if c := text[t.Start]; c == ':' {
				if f.isName(tokens, i) {
					f.add(tokens, i, i+1, Named)
					i++
				}
			} else {
				f.bracket(tokens, i, c)
			}
		case TokenWord:
			i = f.tql(tokens, i)
		}
	}
	return f.found
}

// bracket records a bracket that opens or closes.
func (f *placeholderFinder) bracket(tokens []Token, i int, c byte) {
	switch c {
	case '[':
		if i > 0 && endsValue(f.script.Text, tokens[i-1]) && !tokens[i-1].Is(f.script.Text, "ARRAY") {
			c = subscript
		}
		f.open = append(f.open, c)
	case '(', '{':
		if text := f.script.Text; c == '(' && tokens[0].Is(text, "COPY") && tokens[i-1].Is(text, "WITH") {
			c = copyOptions
		}
		f.open = append(f.open, c)
	case ')', ']', '}':
		if len(f.open) == 0 {
			return
		}
		closed := f.open[len(f.open)-1]
		f.open = f.open[:len(f.open)-1]
		switch {
		case closed == tqlParams:
			f.prom, f.promEnd = true, len(f.open)
		case f.prom && len(f.open) < f.promEnd:
			f.prom = false
		}
	}
}

// innermost returns the innermost open bracket, or 0 if there is none.
func (f *placeholderFinder) innermost() byte {
	if len(f.open) == 0 {
		return 0
	}
	return f.open[len(f.open)-1]
}

// tql checks whether a word begins TQL, at the start of a statement, a subquery or a flow.
// It returns the index of the last token that it used.
func (f *placeholderFinder) tql(tokens []Token, i int) int {
	text := f.script.Text
	if f.prom || !tokens[i].Is(text, "TQL") {
		return i
	}
	c := cursor{text: text, tokens: tokens, i: i + 1}
	if i > 0 && !tokens[i-1].isPunct(text, "(") && !tokens[i-1].Is(text, "AS") {
		return i
	}
	if !c.word("EVAL") && !c.word("EVALUATE") && !c.word("EXPLAIN") && !c.word("ANALYZE") {
		return i
	}
	c.word("VERBOSE")
	if c.word("FORMAT") {
		c.i++ // JSON and so on
	}
	if c.punct("(") {
		f.open = append(f.open, tqlParams)
	} else {
		f.prom, f.promEnd = true, len(f.open)
	}
	return min(c.i, len(tokens)) - 1
}

// isName reports whether the colon tokens[i] begins a placeholder: see the documentation of
// the package.
func (f *placeholderFinder) isName(tokens []Token, i int) bool {
	text, colon := f.script.Text, tokens[i]
	if f.prom || i+1 == len(tokens) {
		return false
	}
	name := tokens[i+1]
	if name.Kind != TokenWord || name.Start != colon.End {
		return false
	}
	if r, _ := utf8.DecodeRuneInString(text[name.Start:]); r == '@' || r == '#' {
		return false
	}
	if name.End < len(text) && text[name.End] == '.' {
		return false
	}
	if f.innermost() == subscript {
		return false
	}
	if i == 0 || !endsValue(text, tokens[i-1]) {
		return true
	}
	before := tokens[i-1] // a keyword, or a name
	return before.Kind == TokenWord && before.End < colon.Start && f.innermost() != '{'
}

// endsValue reports whether a value can end with a token. A word may also be a keyword.
func endsValue(text string, t Token) bool {
	if t.Kind != TokenPunct {
		return true
	}
	c := text[t.Start]
	return c == ')' || c == ']' || c == '}'
}

// style returns the style of a ? or $n, or NoPlaceholders if the token is neither.
func (f *placeholderFinder) style(t Token) Style {
	text := t.Text(f.script.Text)
	switch {
	case text == "?":
		return Question
	case text[0] == '$':
		if n, err := strconv.ParseUint(text[1:], 10, 31); err == nil && n > 0 {
			return Dollar
		}
	}
	return NoPlaceholders
}

// add records the placeholder that consists of the tokens from first to last.
func (f *placeholderFinder) add(tokens []Token, first, last int, style Style) {
	s := f.script
	start, end := tokens[first].Start, tokens[last].End
	if style == NoPlaceholders {
		if s.styleError == nil {
			s.styleError = notAPlaceholder(s.Text[start:end], start)
		}
		return
	}
	if f.first[style] == 0 {
		f.firstOf(style, start)
	}
	p := Placeholder{Start: int32(start), End: int32(end), place: f.place(tokens, first, last)}
	if style == s.style {
		p.Input = int32(f.input(s.Text[start:end]))
		s.inputs = max(s.inputs, int(p.Input)+1)
	}
	if first > 0 {
		before := tokens[first-1]
		p.apart = before.End < start || before.isPunct(s.Text, "(") || before.isPunct(s.Text, ",")
		p.bracketed = before.Is(s.Text, "RANGE") || before.Is(s.Text, "ALIGN")
	}
	if last+1 < len(tokens) {
		switch next := tokens[last+1]; next.Kind {
		case TokenWord:
			p.bracketed = true
			p.tight = next.Is(s.Text, "AT") || next.Is(s.Text, "COLLATE") || next.Is(s.Text, "RANGE")
		case TokenPunct:
			switch next.Text(s.Text) {
			case "::", "[", ".", "^@":
				p.tight = true
			}
		}
	}
	if f.found == nil {
		f.found = make([]Placeholder, 0, 1+countPlaceholders(tokens[last+1:]))
	}
	f.found = append(f.found, p)
}

// firstOf records the first use of a style.
func (f *placeholderFinder) firstOf(style Style, start int) {
	s := f.script
	f.first[style] = start + 1
	if s.style == NoPlaceholders {
		s.style = style
	} else if s.styleError == nil {
		s.styleError = fmt.Errorf("the text mixes placeholders of the styles %v (byte %d) and %v (byte %d); use one of them",
			s.style, f.first[s.style]-1, style, start)
	}
}

func countPlaceholders(tokens []Token) int {
	n := 0
	for _, t := range tokens {
		if t.Kind == TokenPlaceholder {
			n++
		}
	}
	return n
}

func notAPlaceholder(written string, start int) error {
	remedy := "write $1, ? or :name"
	if written[0] == '?' {
		remedy = "write ?, or $n to give a number"
	} else if len(written) > 1 && '0' <= written[1] && written[1] <= '9' {
		remedy = "write $1, $2 and so on, with a space before a letter"
	}
	return fmt.Errorf("%s at byte %d is not a placeholder; %s", written, start, remedy)
}

// input returns the number of a placeholder's argument, in the script's style.
func (f *placeholderFinder) input(written string) int {
	s := f.script
	switch s.style {
	case Question:
		return s.inputs
	case Dollar:
		n, _ := strconv.ParseUint(written[1:], 10, 31) // style has checked it
		return int(n) - 1
	}
	name := written[1:]
	n, ok := f.names[name]
	if !ok {
		if f.names == nil {
			f.names = make(map[string]int)
		}
		n = len(s.Names)
		f.names[name] = n
		s.Names = append(s.Names, name)
	}
	return n
}

func (f *placeholderFinder) place(tokens []Token, first, last int) place {
	if f.prom {
		return inPromQL
	}
	if first == 0 {
		return inExpression
	}
	text, before := f.script.Text, tokens[first-1]
	isOption := false
	switch f.innermost() {
	case tqlParams:
		isOption = before.isPunct(text, "(") || before.isPunct(text, ",")
	case copyOptions:
		isOption = before.isPunct(text, "=")
	default:
		if before.Is(text, "TO") {
			return inOption
		}
	}
	if isOption && last+1 < len(tokens) && (tokens[last+1].isPunct(text, ")") || tokens[last+1].isPunct(text, ",")) {
		return inOption
	}
	return inExpression
}
