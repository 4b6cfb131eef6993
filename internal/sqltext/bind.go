package sqltext

import (
	"fmt"
	"math"
	"strconv"
	"sync"
)

// BindOptions is what Bind needs to know about the request.
type BindOptions struct {
	// TimeZoneUTC reports that the time zone in the request's header is UTC. With another
	// one, GreptimeDB shifts dates in the VALUES of an INSERT, and Bind refuses them.
	TimeZoneUTC bool
}

// Bind returns the text of each statement with its placeholders replaced by the arguments
// as literals. It returns the errors of Match and Bound.Text.
func (s *Script) Bind(args []Arg, opts BindOptions) ([]string, error) {
	bound, err := s.Match(args)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(s.Statements))
	for i := range s.Statements {
		if texts[i], err = bound.Text(i, opts); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// Bound is a Script with the arguments for its placeholders. It is immutable and safe for
// concurrent use.
type Bound struct {
	script *Script
	inputs []Arg
}

// Inputs returns the number of arguments.
func (b *Bound) Inputs() int { return len(b.inputs) }

// Source returns the text of a statement with its placeholders.
func (b *Bound) Source(index int) string {
	if len(b.script.Statements) == 1 {
		return b.script.Text // including comments
	}
	return b.script.StatementText(index)
}

// Match assigns the arguments to the placeholders. It returns an error if their number is
// not NumInput, if an argument is not used, or if it has the wrong name.
func (s *Script) Match(args []Arg) (*Bound, error) {
	inputs, err := s.match(args)
	if err != nil {
		return nil, err
	}
	return &Bound{script: s, inputs: inputs}, nil
}

// Text returns the text of statement i with the arguments as literals. It returns an error
// if an argument cannot be written so that GreptimeDB is certain to read the same value.
// Errors name the argument but not its value.
func (b *Bound) Text(i int, opts BindOptions) (string, error) {
	st := &b.script.Statements[i]
	if len(st.Placeholders) == 0 {
		return b.script.StatementText(i), nil
	}
	return b.script.bindStatement(st, b.inputs, opts)
}

// match returns the arguments in the order of the inputs.
func (s *Script) match(args []Arg) ([]Arg, error) {
	order, err := s.Order(len(args), func(i int) string { return args[i].Name })
	if err != nil || order == nil {
		return args, err
	}
	ordered := make([]Arg, len(order))
	for i, n := range order {
		ordered[i] = args[n]
	}
	return ordered, nil
}

// Order returns the index of the argument for each input, or nil if the n arguments already
// have that order. name returns the name of an argument; a nil name means that no argument
// has a name. It returns the errors of Bind.
func (s *Script) Order(n int, name func(i int) string) ([]int, error) {
	style, err := s.Style()
	switch {
	case err != nil:
		return nil, err
	case style == NoPlaceholders && n > 0:
		return nil, fmt.Errorf("the text has no placeholders for %s; write ?, $1 or :name, outside quotes", countOf(n, "argument"))
	case style == Named && name == nil:
		return s.orderOfNames(n, func(int) string { return "" })
	case style == Named:
		return s.orderOfNames(n, name)
	}
	for i := 0; i < n && name != nil; i++ {
		if name := name(i); name != "" {
			return nil, fmt.Errorf("the argument %s has a name, but the text has placeholders of the style %v; pass it without one, or write :%s",
				name, style, name)
		}
	}
	if n != s.inputs {
		return nil, fmt.Errorf("the text has placeholders for %s, and there are %d", countOf(s.inputs, "argument"), n)
	}
	if style == Dollar {
		return nil, s.allUsed()
	}
	return nil, nil
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// allUsed checks that no $n is missing.
func (s *Script) allUsed() error {
	used := make([]bool, s.inputs)
	for i := range s.Statements {
		for _, p := range s.Statements[i].Placeholders {
			used[p.Input] = true
		}
	}
	for i, is := range used {
		if !is {
			return fmt.Errorf("argument %d is not used: the text has no $%d, but $%d; number the placeholders without gaps", i+1, i+1, s.inputs)
		}
	}
	return nil
}

// orderOfNames implements Order for the style Named: the inputs are in the order of Names.
func (s *Script) orderOfNames(n int, name func(i int) string) ([]int, error) {
	byName := make(map[string]int, n)
	for i := range n {
		name := name(i)
		if name == "" {
			return nil, fmt.Errorf("argument %d has no name, but the text has placeholders like :%s; pass it with sql.Named", i+1, s.Names[0])
		}
		if _, twice := byName[name]; twice {
			return nil, fmt.Errorf("duplicate argument :%s; pass it once", name)
		}
		byName[name] = i
	}
	order := make([]int, len(s.Names))
	for i, name := range s.Names {
		n, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("there is no argument for :%s; pass sql.Named(%q, …)", name, name)
		}
		order[i] = n
		delete(byName, name)
	}
	for i := range n {
		if _, left := byName[name(i)]; left {
			return nil, fmt.Errorf("argument :%s is not used: the text has no such placeholder", name(i))
		}
	}
	return order, nil
}

// textBuffers holds buffers for binding texts.
var textBuffers = sync.Pool{New: func() any { return new([]byte) }}

// maxTextBuffer is the size up to which a buffer is kept.
const maxTextBuffer = 1 << 20

func (s *Script) bindStatement(st *Statement, inputs []Arg, opts BindOptions) (string, error) {
	f := form{literalPath: st.onLiteralPath(inputs), utc: opts.TimeZoneUTC, script: s, statement: st, inputs: inputs}
	buffer := textBuffers.Get().(*[]byte)
	dst := (*buffer)[:0]
	from, end := int32(st.Start), int32(st.End)
	for i := range st.Placeholders {
		p := &st.Placeholders[i]
		dst = append(dst, s.Text[from:p.Start]...)
		from = p.End
		if !p.apart && p.Start > int32(st.Start) {
			dst = append(dst, ' ')
		}
		var err error
		if dst, err = f.appendArg(dst, &inputs[p.Input], p); err != nil {
			return "", s.argError(st, i, &inputs[p.Input], err)
		}
		if p.End < end && !isApartBehind(s.Text[p.End]) {
			dst = append(dst, ' ')
		}
	}
	text := string(append(dst, s.Text[from:end]...))
	if cap(dst) <= maxTextBuffer {
		*buffer = dst
		textBuffers.Put(buffer)
	}
	return text, nil
}

// onLiteralPath reports whether GreptimeDB treats the statement with these arguments as an
// INSERT that consists of literals only.
func (st *Statement) onLiteralPath(inputs []Arg) bool {
	if st.Values == nil || !st.Values.literal {
		return false
	}
	for i := range st.Placeholders {
		if p := &st.Placeholders[i]; p.place == signedValue && !isPlainNumber(&inputs[p.Input]) {
			return false
		}
	}
	return true
}

// isPlainNumber reports whether an argument is written as a number without a sign, so that
// it is still a literal with a sign before it.
func isPlainNumber(a *Arg) bool {
	switch a.Kind {
	case Int:
		return a.Int >= 0
	case Uint:
		return true
	case Float:
		return !math.Signbit(a.Float) && !math.IsInf(a.Float, 0) && !math.IsNaN(a.Float)
	}
	return false
}

// isApartBehind reports whether a character can follow a literal without becoming one
// token with it.
func isApartBehind(c byte) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == ')' || c == ','
}

// argError returns the error for an argument that cannot be written: that of placeholder i.
func (s *Script) argError(st *Statement, i int, a *Arg, err error) error {
	p := &st.Placeholders[i]
	where := fmt.Sprintf("%v, byte %d of the text", a.Kind, p.Start)
	if place := st.placeOf(i); place != "" {
		where = fmt.Sprintf("%v, %s", a.Kind, place)
	}
	if s.style == Named {
		return fmt.Errorf("argument :%s (%s): %w", a.Name, where, err)
	}
	return fmt.Errorf("argument %d (%s): %w", p.Input+1, where, err)
}

// placeOf returns the row, counted from 0, and the column of placeholder i if it is a value
// of an INSERT, and "" otherwise.
func (st *Statement) placeOf(i int) string {
	v := st.Values
	if v == nil || v.Width == 0 {
		return ""
	}
	for at, item := range v.Items {
		if item.Kind != Argument && item.Kind != SignedArgument || int(item.Placeholder) != i {
			continue
		}
		column := fmt.Sprintf("value %d of %d", at%v.Width+1, v.Width)
		if len(v.Columns) == v.Width {
			column = "column " + strconv.Quote(v.Columns[at%v.Width])
		}
		if v.Rows == 1 {
			return column
		}
		return fmt.Sprintf("row %d (index %d), %s", at/v.Width+1, at/v.Width, column)
	}
	return ""
}
