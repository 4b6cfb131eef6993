package sqltext

import (
	"math"
	"sync"
)

// Script is a text of statements. It is immutable after Parse and safe for concurrent use.
type Script struct {
	Text       string
	Statements []Statement
	// Names are the names of the :name placeholders without duplicates, in the order of
	// their first appearance.
	Names []string

	style      Style
	styleError error // the text mixes styles, or has a placeholder of no style
	inputs     int
	single     [1]Statement // memory for Statements, which usually has one
}

// Statement is one statement of a Script, without the semicolons and comments
// around it.
type Statement struct {
	Start, End int // bytes of Script.Text
	Kind       Kind
	// Placeholders are in the order of the text.
	Placeholders []Placeholder
	// Values are the tuples of INSERT … VALUES and REPLACE … VALUES, else nil.
	Values *Values

	name           string // of USE: the database; of SET: the time zone, or its name
	readOnly       bool
	alters         bool
	streamsMetrics bool
}

// Parse reads a text: the bounds and kinds of its statements, and their placeholders.
// Statements end at semicolons outside strings, quoted identifiers and comments. Empty ones
// are omitted, as the server does. The error is a *SyntaxError, as for Lex: Parse does not
// check grammar.
func Parse(text string) (*Script, error) {
	if len(text) > math.MaxInt32 {
		return nil, &SyntaxError{math.MaxInt32, "the text is longer than a request can be; split it"}
	}
	buffer := tokenBuffers.Get().(*[]Token)
	tokens, err := appendTokens((*buffer)[:0], text, false)
	if cap(tokens) <= maxTokenBuffer {
		*buffer = tokens
		defer tokenBuffers.Put(buffer)
	}
	if err != nil {
		return nil, err
	}
	s := &Script{Text: text}
	s.Statements = s.single[:0]
	finder := placeholderFinder{script: s}
	for len(tokens) > 0 {
		n := statementLength(text, tokens)
		if n > 0 {
			s.addStatement(tokens[:n], &finder)
		}
		tokens = tokens[min(n+1, len(tokens)):]
	}
	return s, nil
}

// tokenBuffers holds slices for the tokens of a text, which are not used after parsing.
var tokenBuffers = sync.Pool{New: func() any { return new([]Token) }}

// maxTokenBuffer is the number of tokens up to which a slice is kept.
const maxTokenBuffer = 1 << 16

// statementLength returns the number of tokens before the first semicolon.
func statementLength(text string, tokens []Token) int {
	for i, t := range tokens {
		if t.Kind == TokenPunct && text[t.Start] == ';' {
			return i
		}
	}
	return len(tokens)
}

func (s *Script) addStatement(tokens []Token, finder *placeholderFinder) {
	st := Statement{Start: tokens[0].Start, End: tokens[len(tokens)-1].End}
	st.classify(s.Text, tokens)
	st.Placeholders = finder.find(tokens)
	if st.Kind == Insert || st.Kind == Replace {
		st.Values = findValues(s.Text, tokens, st.Placeholders)
	}
	s.Statements = append(s.Statements, st)
}

// StatementText returns the text of a statement without its surroundings.
func (s *Script) StatementText(i int) string {
	return s.Text[s.Statements[i].Start:s.Statements[i].End]
}
