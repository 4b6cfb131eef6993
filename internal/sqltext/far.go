package sqltext

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// A TIMESTAMP literal is a number of nanoseconds, so it says no time before 1677 or after
// 2262: such a time is far. As a constant, in whatever form, it does not do either:
// GreptimeDB turns a constant that is compared with a column into the column's unit, and
// a far one becomes NULL beside a TIMESTAMP(9), without an error. An expression that is
// not constant is compared by the coarser of the two units instead. That must be no
// coarser than the microsecond, or rows with finer digits would come out wrong.
const (
	farBegin = "arrow_cast(CASE WHEN random() < 2 THEN "
	farEnd   = " END, 'Timestamp(Microsecond, None)')"

	// ORDER BY and PARTITION BY take no random().
	farConstantBegin = "arrow_cast("
	farConstantEnd   = ", 'Timestamp(Microsecond, None)')"
)

// Of the instants that a TIMESTAMP literal can say.
var (
	firstNano = time.Unix(0, math.MinInt64).UTC()
	lastNano  = time.Unix(0, math.MaxInt64).UTC()
)

// isFar reports whether a TIMESTAMP literal cannot say t.
func isFar(t time.Time) bool { return t.Before(firstNano) || t.After(lastNano) }

// cutFar cuts a far time to the microsecond, because GreptimeDB does not read finer digits
// of it. No column can have them: only TIMESTAMP(9) has nanoseconds, and it holds no far
// time.
func cutFar(t time.Time) time.Time {
	if !isFar(t) {
		return t
	}
	if cut := t.Truncate(time.Microsecond); isFar(cut) {
		return cut
	}
	return t // cut, it would be a time that a TIMESTAMP(9) does hold
}

// appendFarTime appends a far time in an expression.
func (f *form) appendFarTime(dst []byte, t time.Time, p *Placeholder) ([]byte, error) {
	const most = math.MaxInt64 / 1_000_000 // seconds
	switch seconds := t.Unix(); {
	case seconds < -most || seconds >= most:
		return dst, fmt.Errorf("the year %d is out of range; a TIMESTAMP in microseconds reaches 290,000 years back and ahead", t.Year())
	case t.Nanosecond()%1000 != 0:
		return dst, fmt.Errorf("the time %v has nanoseconds, which GreptimeDB has only from %s to %s; round it to microseconds, or set time_truncate=1us in the DSN",
			t, firstNano.Format(timeLayout), lastNano.Format(timeLayout))
	}
	if f.surroundings == nil {
		f.surroundings = f.script.surroundings(f.statement)
	}
	micros := t.UnixMicro()
	around := &f.surroundings[f.statement.indexOf(p)]
	if around.sorts {
		dst = strconv.AppendInt(append(dst, farConstantBegin...), micros, 10)
		return append(dst, farConstantEnd...), nil
	}
	if around.group == nil || !around.group.isMixed(f.inputs, f.statement.Placeholders) {
		return appendFar(dst, micros), nil
	}
	x := around.group.operand
	if x == "" {
		return dst, fmt.Errorf("the time %v is outside of %d to %d, and BETWEEN and IN would compare the other bounds or items with it in microseconds; write comparisons by =, <= and >= instead",
			t, firstNano.Year(), lastNano.Year())
	}
	dst = append(append(append(dst, "(CASE WHEN "...), x...), ' ')
	dst = append(append(dst, around.compare...), ' ')
	dst = append(append(appendFar(dst, micros), " THEN "...), x...)
	dst = append(append(dst, " ELSE "...), x...)
	return append(append(append(dst, ' '), around.away...), " INTERVAL '1 second' END)"...), nil
}

func appendFar(dst []byte, micros int64) []byte {
	return append(strconv.AppendInt(append(dst, farBegin...), micros, 10), farEnd...)
}

// surrounding is what stands around a placeholder, as far as it matters to a far time.
type surrounding struct {
	sorts bool   // it belongs to ORDER BY or PARTITION BY
	group *group // it is a bound of BETWEEN or an item of IN

	// Beside other bounds or items, a far time must not make GreptimeDB compare all of them
	// by microseconds. So it is replaced by the operand itself where that is on the right
	// side of the far time, by compare, and by what is a second away from it, by the sign
	// away, where it is not.
	compare, away string
}

// group is the bounds of a BETWEEN or the items of an IN. GreptimeDB compares the operand
// with all of them by the coarsest unit among them.
type group struct {
	operand string  // the name or call before BETWEEN or IN, "" if there is another expression
	size    int     // the number of bounds or items
	members []int32 // the placeholders that are one

	known, mixed bool // what isMixed has found
}

// isMixed reports whether there is anything but far times in the group.
func (g *group) isMixed(inputs []Arg, placeholders []Placeholder) bool {
	if !g.known {
		g.known, g.mixed = true, len(g.members) < g.size || slices.ContainsFunc(g.members, func(m int32) bool {
			a := &inputs[placeholders[m].Input]
			return a.Kind != Time || !isFar(a.Time)
		})
	}
	return g.mixed
}

// indexOf returns the index of one of the statement's placeholders.
func (st *Statement) indexOf(p *Placeholder) int {
	return sort.Search(len(st.Placeholders), func(i int) bool { return st.Placeholders[i].Start >= p.Start })
}

// surroundings returns those of each placeholder of a statement. It lexes the statement
// again, because few statements have far times, and the others should not pay for them.
func (s *Script) surroundings(st *Statement) []surrounding {
	r := surroundingsReader{text: s.Text[st.Start:st.End], statement: st, found: make([]surrounding, 0, len(st.Placeholders))}
	r.tokens, _ = appendTokens(nil, r.text, false) // Parse has read it
	r.read()
	return r.found[:len(st.Placeholders)]
}

// surroundingsReader goes through the tokens of a statement.
type surroundingsReader struct {
	text      string
	statement *Statement
	tokens    []Token
	clauses   []clause // of the statement, and of each bracket and CASE that is open
	found     []surrounding
}

// clause is where in a bracket, or between CASE and END, the reader is.
type clause struct {
	isCase  bool
	sorts   bool   // in ORDER BY or PARTITION BY
	in      *group // in the list of an IN
	between *group // behind BETWEEN …
	upper   bool   // … and behind its AND
}

func (r *surroundingsReader) read() {
	r.clauses = []clause{{}}
	for i := 0; i < len(r.tokens); i++ {
		t := r.tokens[i]
		if n := len(r.found); n < len(r.statement.Placeholders) && r.start(n) == t.Start {
			last := i
			if t.isPunct(r.text, ":") {
				last++ // and the name
			}
			r.placeholder(i, last)
			i = last
			continue
		}
		switch {
		case t.Kind == TokenWord:
			r.word(i)
		case t.Kind == TokenPunct && t.End-t.Start == 1:
			r.punct(i, r.text[t.Start])
		}
	}
}

// start returns where a placeholder begins.
func (r *surroundingsReader) start(placeholder int) int {
	return int(r.statement.Placeholders[placeholder].Start) - r.statement.Start
}

func (r *surroundingsReader) clause() *clause { return &r.clauses[len(r.clauses)-1] }

func (r *surroundingsReader) is(i int, words ...string) bool {
	return i >= 0 && i < len(r.tokens) && slices.ContainsFunc(words, func(word string) bool { return r.tokens[i].Is(r.text, word) })
}

func (r *surroundingsReader) isPunct(i int, characters string) bool {
	if i < 0 || i >= len(r.tokens) {
		return false
	}
	t := r.tokens[i]
	return t.Kind == TokenPunct && t.End-t.Start == 1 && strings.IndexByte(characters, r.text[t.Start]) >= 0
}

// word goes over a word, which may begin another part of the statement.
func (r *surroundingsReader) word(i int) {
	c := r.clause()
	switch {
	case r.is(i, "BY"):
		c.sorts = r.is(i-1, "ORDER", "PARTITION")
	case r.is(i, "CASE"):
		r.clauses = append(r.clauses, clause{isCase: true, sorts: c.sorts})
	case r.is(i, "END"):
		if c.isCase {
			r.clauses = r.clauses[:len(r.clauses)-1]
		}
	case r.is(i, "BETWEEN"):
		c.between, c.upper = &group{operand: r.operand(i), size: 2}, false
	case r.is(i, "AND"):
		if c.upper {
			c.between = nil
		}
		c.upper = c.between != nil
	case r.is(i, "SELECT", "FROM", "WHERE", "ON", "HAVING", "LIMIT", "OFFSET", "VALUES", "ALIGN", "FILL"):
		*c = clause{isCase: c.isCase}
	}
}

// punct goes over a character, which may be a bracket or divide the items of an IN.
func (r *surroundingsReader) punct(i int, c byte) {
	switch c {
	case '(', '[', '{':
		inner := clause{sorts: r.clause().sorts}
		if c == '(' && r.is(i-1, "IN") {
			inner.in = &group{operand: r.operand(i - 1), size: 1}
		}
		r.clauses = append(r.clauses, inner)
	case ')', ']', '}':
		if len(r.clauses) > 1 {
			r.clauses = r.clauses[:len(r.clauses)-1]
		}
	case ',':
		if in := r.clause().in; in != nil {
			in.size++
		}
	}
}

// placeholder notes what stands around the placeholder that the tokens from first to last
// are.
func (r *surroundingsReader) placeholder(first, last int) {
	c, n := r.clause(), len(r.found)
	around := surrounding{sorts: c.sorts}
	ends := last+1 == len(r.tokens) || r.isPunct(last+1, "),]}") || r.tokens[last+1].Kind == TokenWord && !r.statement.Placeholders[n].tight
	switch {
	case !ends:
	case c.in != nil && r.isPunct(first-1, "(,"):
		around.group, around.compare, around.away = c.in, "=", "+"
	case c.between != nil && r.is(first-1, "BETWEEN"):
		around.group, around.compare, around.away = c.between, ">=", "+"
	case c.upper && r.is(first-1, "AND"):
		around.group, around.compare, around.away = c.between, "<=", "-"
	}
	if around.group != nil {
		around.group.members = append(around.group.members, int32(n))
	}
	r.found = append(r.found, around)
}

// operand returns the name or call that tokens[end], BETWEEN or IN, or the NOT before it,
// has on its left; "" if there is another expression.
func (r *surroundingsReader) operand(end int) string {
	if r.is(end-1, "NOT") {
		end--
	}
	start, depth := end, 0
	for start > 0 && (depth > 0 || r.isPunct(start-1, ")")) {
		start--
		if r.isPunct(start, ")") {
			depth++
		} else if r.isPunct(start, "(") {
			depth--
		}
		if depth == 0 {
			break
		}
	}
	for r.isName(start - 1) {
		start--
		if !r.isPunct(start-1, ".") {
			break
		}
		start--
	}
	before := start - 1
	isWhole := before < 0 || r.isPunct(before, "(,[") || r.tokens[before].Kind == TokenWord
	if start == end || depth > 0 || !isWhole || r.isPunct(start, ".") {
		return ""
	}
	from := r.tokens[start].Start
	if n := len(r.found); n > 0 && r.start(n-1) >= from {
		return "" // it has a placeholder
	}
	return r.text[from:r.tokens[end-1].End]
}

// isName reports whether a token can be the name of a column or function, or a part of one.
func (r *surroundingsReader) isName(i int) bool {
	if i < 0 || r.tokens[i].Kind != TokenWord {
		return i >= 0 && r.tokens[i].Kind == TokenQuotedIdent
	}
	return !r.is(i, "SELECT", "DISTINCT", "CASE", "WHEN", "THEN", "ELSE", "END", "WHERE", "HAVING", "ON", "AND", "OR", "NOT", "BY", "IN", "AS", "NULL", "TRUE", "FALSE")
}
