package jsonb

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// node is a value of a JSON text. The nodes are in the order of the text: the elements of
// an array follow it, each after everything that belongs to the previous one. The members
// of an object follow it likewise, each as a string and then a value. A node holds no
// pointer and takes 32 bytes.
type node struct {
	bits    uint64 // of a number; of a string, its position
	entry   uint32 // type bits of the JSONB entry
	size    uint32 // bytes of the payload in JSONB
	count   uint32 // elements of an array; members of an object, each name once
	next    uint32 // the node after everything that belongs to this one
	members uint32 // of an object: start of its list in parser.members
	number  byte   // of a number: its kind, numberZero …
	object  bool   // of a container: whether it is an object rather than an array
	escaped bool   // of a string: whether it is in parser.unescaped rather than in the text
}

// parser reads JSON text according to RFC 8259.
type parser struct {
	src   []byte
	pos   int
	nodes []node
	// members lists the nodes of the names of each object in turn, sorted and
	// without duplicates.
	members   []uint32
	unescaped []byte // the strings that have escape sequences, unescaped
}

var parsers = sync.Pool{New: func() any { return new(parser) }}

// parse returns a parser with the nodes of the text, which refer to the text. The caller
// returns the parser with release.
func parse(text []byte) (*parser, error) {
	if len(text) > math.MaxInt32 {
		return nil, &Error{Kind: Text, Offset: math.MaxInt32, Reason: "longer than 2 GiB"}
	}
	p := parsers.Get().(*parser)
	p.src = text
	if err := p.document(); err != nil {
		p.release()
		return nil, err
	}
	return p, nil
}

// release keeps the parser for the next text, unless this text has made it large.
func (p *parser) release() {
	const keep = 1 << 16
	*p = parser{nodes: p.nodes[:0], members: p.members[:0], unescaped: p.unescaped[:0]}
	if cap(p.nodes) < keep && cap(p.members) < keep && cap(p.unescaped) < keep {
		parsers.Put(p)
	}
}

func (p *parser) errorf(at int, format string, args ...any) error {
	return &Error{Kind: Text, Offset: at, Reason: fmt.Sprintf(format, args...)}
}

// expected returns the error for finding something else at the current position.
func (p *parser) expected(what string) error {
	if p.pos >= len(p.src) {
		return p.errorf(len(p.src), "expected %s, found the end", what)
	}
	r, _ := utf8.DecodeRune(p.src[p.pos:])
	return p.errorf(p.pos, "expected %s, found %q", what, r)
}

func (p *parser) document() error {
	if err := p.value(0); err != nil {
		return err
	}
	if p.space(); p.pos < len(p.src) {
		return p.expected("the end")
	}
	return nil
}

func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// next returns the next byte that is not white space, or 0 at the end.
func (p *parser) next() byte {
	p.space()
	return p.at(p.pos)
}

func (p *parser) at(i int) byte {
	if i < len(p.src) {
		return p.src[i]
	}
	return 0
}

func (p *parser) value(depth int) error {
	switch c := p.next(); {
	case c == '{':
		return p.container(depth, true)
	case c == '[':
		return p.container(depth, false)
	case c == '"':
		return p.string()
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	case c == 'n':
		return p.word("null", entryNull)
	case c == 't':
		return p.word("true", entryTrue)
	case c == 'f':
		return p.word("false", entryFalse)
	}
	return p.expected("a value")
}

func (p *parser) word(word string, entry uint32) error {
	for i := range word {
		if p.at(p.pos) != word[i] {
			return p.expected(strconv.Quote(word))
		}
		p.pos++
	}
	p.leaf(node{entry: entry})
	return nil
}

// leaf adds a node that contains no others.
func (p *parser) leaf(n node) {
	n.next = uint32(len(p.nodes)) + 1
	p.nodes = append(p.nodes, n)
}

// container reads an array or an object.
func (p *parser) container(depth int, object bool) error {
	if depth >= MaxDepth {
		return p.errorf(p.pos, "nested deeper than %d", MaxDepth)
	}
	closing, orClosing := byte(']'), "',' or ']'"
	if object {
		closing, orClosing = '}', "',' or '}'"
	}
	at := p.pos
	p.pos++
	self := uint32(len(p.nodes))
	p.nodes = append(p.nodes, node{entry: entryContainer, object: object})
	var count uint32
	if p.next() == closing {
		p.pos++
	} else {
		for more := true; more; count++ {
			if object {
				if err := p.name(); err != nil {
					return err
				}
			}
			if err := p.value(depth + 1); err != nil {
				return err
			}
			switch p.next() {
			case ',':
			case closing:
				more = false
			default:
				return p.expected(orClosing)
			}
			p.pos++
		}
	}
	n := &p.nodes[self]
	n.next = uint32(len(p.nodes))
	n.count = count
	size := 4
	if object {
		p.sortMembers(self)
		for _, name := range p.membersOf(n) {
			size += 8 + int(p.nodes[name].size) + int(p.nodes[name+1].size)
		}
	} else {
		for i := self + 1; i < n.next; i = p.nodes[i].next {
			size += 4 + int(p.nodes[i].size)
		}
	}
	if size > lengthMask {
		return p.errorf(at, "an array or object of more than %d bytes", lengthMask)
	}
	n.size = uint32(size)
	return nil
}

// name reads the name of a member and the colon.
func (p *parser) name() error {
	if p.next() != '"' {
		return p.expected("the name of a member")
	}
	if err := p.string(); err != nil {
		return err
	}
	if p.next() != ':' {
		return p.expected("':'")
	}
	p.pos++
	return nil
}

// sortMembers creates the list of an object's members.
func (p *parser) sortMembers(object uint32) {
	n := &p.nodes[object]
	n.members = uint32(len(p.members))
	sorted := true
	for name := object + 1; name < n.next; name = p.nodes[name+1].next {
		if sorted && name > object+1 {
			sorted = bytes.Compare(p.text(p.members[len(p.members)-1]), p.text(name)) < 0
		}
		p.members = append(p.members, name)
	}
	if sorted {
		return
	}
	list := p.members[n.members:]
	// Among equal names, the last one in the text comes first and is kept.
	slices.SortFunc(list, func(a, b uint32) int {
		if c := bytes.Compare(p.text(a), p.text(b)); c != 0 {
			return c
		}
		return cmp.Compare(b, a)
	})
	list = slices.CompactFunc(list, func(a, b uint32) bool { return bytes.Equal(p.text(a), p.text(b)) })
	n.count = uint32(len(list))
	p.members = p.members[:int(n.members)+len(list)]
}

// membersOf returns the names of an object.
func (p *parser) membersOf(object *node) []uint32 {
	return p.members[object.members : object.members+object.count]
}

// text returns the bytes of a string.
func (p *parser) text(i uint32) []byte {
	n := &p.nodes[i]
	from := p.src
	if n.escaped {
		from = p.unescaped
	}
	start := n.bits
	return from[start : start+uint64(n.size)]
}

// string reads a string. The current position is at its opening quote.
func (p *parser) string() error {
	at := p.pos
	p.pos++
	start := p.pos
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '"':
			p.pos++
			return p.stringNode(at, p.src[start:p.pos-1], node{bits: uint64(start)})
		case c == '\\':
			return p.escapedString(at)
		case c < ' ':
			return p.expected("an escape sequence for a control character")
		}
		p.pos++
	}
	return p.expected("'\"'")
}

// escapedString reads the rest of a string. The current position is at its first escape
// sequence.
func (p *parser) escapedString(at int) error {
	begin := len(p.unescaped)
	p.unescaped = append(p.unescaped, p.src[at+1:p.pos]...)
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '"':
			p.pos++
			return p.stringNode(at, p.unescaped[begin:], node{bits: uint64(begin), escaped: true})
		case c == '\\':
			if err := p.escape(); err != nil {
				return err
			}
			continue
		case c < ' ':
			return p.expected("an escape sequence for a control character")
		default:
			p.unescaped = append(p.unescaped, c)
		}
		p.pos++
	}
	return p.expected("'\"'")
}

// escape reads one escape sequence, or both of a surrogate pair. Half a pair has no UTF-8
// form. According to its source, the crate jsonb keeps the six characters of the escape
// sequence.
func (p *parser) escape() error {
	c := p.at(p.pos + 1)
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return p.unicodeEscape()
	default:
		return p.expected("an escape sequence")
	}
	p.unescaped = append(p.unescaped, c)
	p.pos += 2
	return nil
}

func (p *parser) unicodeEscape() error {
	const length = len(`\uXXXX`)
	r, ok := p.hex(p.pos)
	if !ok {
		return p.expected(`\u and four hexadecimal digits`)
	}
	if utf16.IsSurrogate(r) {
		low, ok := p.hex(p.pos + length)
		if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
			p.unescaped = utf8.AppendRune(p.unescaped, pair)
			p.pos += 2 * length
			return nil
		}
		p.unescaped = append(p.unescaped, p.src[p.pos:p.pos+length]...)
	} else {
		p.unescaped = utf8.AppendRune(p.unescaped, r)
	}
	p.pos += length
	return nil
}

// hex reads the escape sequence \uXXXX at the given position.
func (p *parser) hex(at int) (rune, bool) {
	if p.at(at) != '\\' || p.at(at+1) != 'u' {
		return 0, false
	}
	var r rune
	for i := at + 2; i < at+6; i++ {
		c := p.at(i)
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// stringNode adds node n for the string s.
func (p *parser) stringNode(at int, s []byte, n node) error {
	if !utf8.Valid(s) {
		return p.errorf(at, "a string that is not UTF-8")
	}
	if len(s) > lengthMask {
		return p.errorf(at, "a string of more than %d bytes", lengthMask)
	}
	n.entry, n.size = entryString, uint32(len(s))
	p.leaf(n)
	return nil
}

// number reads a number. Integers that fit 64 bits remain integers, unsigned unless they
// are negative. All other numbers become a float64, whose range they must not exceed.
func (p *parser) number() error {
	at := p.pos
	negative := p.at(p.pos) == '-'
	if negative {
		p.pos++
	}
	digits := p.pos
	if p.at(p.pos) == '0' {
		p.pos++
	} else if !p.digits() {
		return p.expected("a digit")
	}
	integer := true
	if p.at(p.pos) == '.' {
		integer = false
		if p.pos++; !p.digits() {
			return p.expected("a digit")
		}
	}
	if c := p.at(p.pos); c == 'e' || c == 'E' {
		integer = false
		p.pos++
		if c := p.at(p.pos); c == '+' || c == '-' {
			p.pos++
		}
		if !p.digits() {
			return p.expected("a digit")
		}
	}
	if integer {
		u, ok := parseUint(p.src[digits:p.pos])
		switch {
		case !ok:
		case u == 0:
			p.leaf(node{entry: entryNumber, number: numberZero, size: 1})
			return nil
		case !negative:
			p.leaf(node{entry: entryNumber, number: numberUint, bits: u, size: 1 + uintSize(u)})
			return nil
		case u <= 1<<63:
			p.leaf(node{entry: entryNumber, number: numberInt, bits: -u, size: 1 + intSize(int64(-u))})
			return nil
		}
	}
	f, err := strconv.ParseFloat(string(p.src[at:p.pos]), 64)
	if err != nil { // the syntax has been checked
		return p.errorf(at, "a number beyond the range of a float64")
	}
	p.leaf(node{entry: entryNumber, number: numberFloat, bits: math.Float64bits(f), size: 9})
	return nil
}

// digits skips digits and reports whether there were any.
func (p *parser) digits() bool {
	start := p.pos
	for c := p.at(p.pos); '0' <= c && c <= '9'; c = p.at(p.pos) {
		p.pos++
	}
	return p.pos > start
}

// parseUint reads digits. ok is false if they exceed 64 bits.
func parseUint(digits []byte) (u uint64, ok bool) {
	if len(digits) > len("18446744073709551615") {
		return 0, false // there are no leading zeros
	}
	for _, c := range digits {
		d := uint64(c - '0')
		if u > (math.MaxUint64-d)/10 {
			return 0, false
		}
		u = u*10 + d
	}
	return u, true
}

// uintSize returns the number of bytes that JSONB uses for an unsigned integer.
func uintSize(u uint64) uint32 {
	switch {
	case u <= math.MaxUint8:
		return 1
	case u <= math.MaxUint16:
		return 2
	case u <= math.MaxUint32:
		return 4
	}
	return 8
}

// intSize returns the number of bytes that JSONB uses for a signed integer.
func intSize(i int64) uint32 {
	switch {
	case i >= math.MinInt8 && i <= math.MaxInt8:
		return 1
	case i >= math.MinInt16 && i <= math.MaxInt16:
		return 2
	case i >= math.MinInt32 && i <= math.MaxInt32:
		return 4
	}
	return 8
}
