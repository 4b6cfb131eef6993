package sqltext

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
)

// FuzzBind: in the bound text there is, where each placeholder stood, the one literal
// of its argument, and every other token is as it was. Nothing else keeps a value from
// becoming syntax.
func FuzzBind(f *testing.F) {
	for _, template := range []string{
		"SELECT ?, -?, ?::INT, a[?], '?' FROM t WHERE a=?AND b<? -- ?\n LIMIT ?; SELECT ?",
		"INSERT INTO t (a, b) VALUES (?, ?), (-?, 'x'), (?, now())",
		"INSERT INTO t VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
		"REPLACE INTO t VALUES ($1, $2), ($3, $4)",
		"SELECT :a, :b::INT, x[1:c], ARRAY[:a], {'k': :b} FROM t WHERE c IN (:a,:b)",
		"TQL EVAL (?, ? - ?, ?) sum(up{a='x'})",
		"TQL EVAL (0, 1, '1s') up{a=?}",
		"COPY (SELECT ?) TO ? WITH (start_time = ?, end_time = ? + ?)",
		"SELECT avg(v) RANGE ? FROM t ALIGN ? TO ? BY (h) FILL ?",
		"SELECT 1?, a?, 'a'?'b', X?, N?, ?.5, ?e1, ?day, ?/* c */--?\n?",
		"SELECT #? @? @@?, $$?$$, $a$ ? $a$, \"?\", `?`, ?1",
		"$1$2$1$ $2 $1",
		"SELECT #(?, #,?, #\n?, @(?, @@,?, # ?",
		"SELECT ? FROM t WHERE a.b NOT IN (?,?) AND ts BETWEEN ?AND ?OR f(x, '?') BETWEEN now() AND ? ORDER BY ts<?",
		"DELETE FROM t WHERE ts IN(:a,:b)AND \"T\" IN (:a, 1)",
	} {
		f.Add(template, []byte("\x01\x02\x03 it's \\ \x00\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"))
		f.Add(template, []byte("\x05'; DROP TABLE t; --\x05\\\x05'\x02\xff\xff\xff\xff\xff\xff\xff\xff"))
		f.Add(template, []byte("\x07\x01\x00\x00\x00\x00\x00\x00\x40\x07\x01\x00\x00\x00\x00\x00\x00\x80\x07\x02\x00\x00\x00\x00\x00\x00\x01"))
	}
	f.Fuzz(func(t *testing.T, template string, data []byte) {
		s, err := Parse(template)
		if err != nil {
			return
		}
		n := s.NumInput()
		if _, err := s.Style(); err != nil || n > 1000 {
			return
		}
		args := make([]Arg, n)
		for i := range args {
			args[i], data = fuzzArg(data)
			if s.style == Named {
				args[i].Name = s.Names[i]
			}
		}
		texts, err := s.Bind(args, BindOptions{TimeZoneUTC: len(data)%2 == 0})
		if err != nil {
			return
		}
		for i := range texts {
			if err := checkBound(s, i, texts[i], args); err != nil {
				t.Fatalf("%v\n%q\nwith %v\nbecame %q", err, s.StatementText(i), args, texts[i])
			}
		}
	})
}

// fuzzArg makes an argument of any kind from the first bytes of data.
func fuzzArg(data []byte) (Arg, []byte) {
	var head [9]byte
	data = data[copy(head[:], data):]
	bits := binary.LittleEndian.Uint64(head[1:])
	text := data[:min(len(data), int(head[0]/32))]
	a := Arg{
		Kind: ArgKind(head[0] % uint8(Interval+1)), Text: string(text), Bytes: text,
		Int: int64(bits), Uint: bits, Float: math.Float64frombits(bits),
		Time: time.Unix(int64(bits)>>20, int64(bits)&0xfffff), Vector: []float32{math.Float32frombits(uint32(bits)), 1},
		Months: int32(bits), Days: int32(bits >> 40), Nanos: int64(bits) >> 13,
	}
	switch {
	case a.Kind == Time && bits%4 > 0: // a far one has no nanoseconds
		a.Time = a.Time.Truncate(time.Microsecond)
	case a.Kind == Bool:
		a.Int &= 1
	case a.Kind == Decimal && bits%2 == 0:
		a.Text = strconv.FormatFloat(float64(int64(bits)>>30)/64, 'f', int(bits%7), 64)
	case a.Kind == Float && bits%4 == 1:
		a.Float32, a.Float = true, float64(math.Float32frombits(uint32(bits>>8)))
	}
	return a, data[len(text):]
}

// checkBound compares a bound statement with its template, token by token.
func checkBound(s *Script, i int, text string, args []Arg) error {
	st := &s.Statements[i]
	bound, err := Parse(text)
	if err != nil {
		return err
	}
	if len(bound.Statements) != 1 || bound.StatementText(0) != text {
		return fmt.Errorf("the text has %d statements", len(bound.Statements))
	}
	if got := bound.Statements[0]; got.Kind != st.Kind && st.Kind != Set && st.Kind != Unknown { // SET time_zone = ?
		return fmt.Errorf("the kind is %v", got.Kind)
	}
	template, err := appendTokens(nil, s.Text[:st.End], false)
	if err != nil {
		return err
	}
	tokens, err := appendTokens(nil, text, false)
	if err != nil {
		return err
	}
	if countPlaceholders(tokens) != 0 {
		return errors.New("there are placeholders left")
	}
	placeholders := st.Placeholders
	for len(template) > 0 && template[0].Start < st.Start {
		template = template[1:]
	}
	for len(template) > 0 {
		t := template[0]
		if len(placeholders) > 0 && int(placeholders[0].Start) == t.Start {
			p := placeholders[0]
			placeholders = placeholders[1:]
			n := literalLength(text, tokens)
			if err := readBack(text, tokens[:n], &args[p.Input], p.place); err != nil {
				return err
			}
			tokens = tokens[n:]
			for len(template) > 0 && template[0].Start < int(p.End) {
				template = template[1:]
			}
			continue
		}
		if len(tokens) == 0 || tokens[0].Kind != t.Kind || tokens[0].Text(text) != t.Text(s.Text) {
			return fmt.Errorf("instead of %q there are %q", t.Text(s.Text), show(text, tokens[:min(len(tokens), 3)]))
		}
		template, tokens = template[1:], tokens[1:]
	}
	if len(tokens) != 0 {
		return fmt.Errorf("%q is at the end", show(text, tokens))
	}
	return nil
}

// literalLength is the number of tokens of the literal, or of the call or cast that
// stands for one, at the begin of tokens.
func literalLength(text string, tokens []Token) int {
	is := func(i int, word string) bool {
		return i < len(tokens) && (tokens[i].Is(text, word) || tokens[i].isPunct(text, word))
	}
	switch {
	case is(0, "(") && !is(1, "CASE"):
		return min(4, len(tokens)) // (-7), (INTERVAL '…')
	case is(0, "-"):
		return min(2, len(tokens))
	case is(0, "TIMESTAMP"), is(0, "DATE"), is(0, "INTERVAL"):
		return min(2, len(tokens))
	case is(0, "("), is(0, "CAST"), is(0, "PARSE_JSON"), is(0, "PARSE_VEC"), is(0, "ARROW_CAST"):
		depth := 0
		for i := range tokens {
			switch {
			case is(i, "("):
				depth++
			case is(i, ")"):
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
		return len(tokens)
	}
	return min(1, len(tokens))
}

// readBack checks that tokens are the one literal of an argument, and reads its value
// as GreptimeDB would.
func readBack(text string, tokens []Token, a *Arg, place place) error {
	if len(tokens) == 0 {
		return errors.New("there is no literal")
	}
	var parts []string
	value := "" // the content of the first literal among the tokens
	for _, t := range tokens {
		part, isLiteral := map[TokenKind]string{TokenString: "S", TokenHexString: "X", TokenNumber: "1"}[t.Kind]
		if !isLiteral {
			part = t.Text(text)
		} else if value == "" {
			value = t.Value(text)
		}
		parts = append(parts, part)
	}
	if n := len(parts); parts[0] == "(" && parts[n-1] == ")" {
		parts = parts[1 : n-1] // (-7)
	}
	pattern := strings.Join(parts, " ")
	wrong := fmt.Errorf("%v became %q", a.Kind, show(text, tokens))
	expect := func(patterns ...string) error {
		for _, p := range patterns {
			if pattern == p {
				return nil
			}
		}
		return wrong
	}
	switch a.Kind {
	case Null:
		return expect("NULL")
	case Bool:
		return expect(strings.ToUpper(strconv.FormatBool(a.Int != 0)))
	case Int:
		if n, err := strconv.ParseInt(signed(pattern, value), 10, 64); err != nil || n != a.Int {
			return wrong
		}
		return expect("1", "- 1")
	case Uint:
		if n, err := strconv.ParseUint(value, 10, 64); err != nil || n != a.Uint {
			return wrong
		}
		return expect("1")
	case Float:
		bits := 64
		if a.Float32 {
			bits = 32
		}
		if x, err := strconv.ParseFloat(signed(pattern, value), bits); err != nil || x != a.Float && x == x ||
			math.Signbit(x) != math.Signbit(a.Float) && x == x {
			return wrong
		}
		return expect("1", "- 1", "CAST ( S AS DOUBLE )")
	case String:
		if value != a.Text {
			return wrong
		}
		return expect("S")
	case Bytes:
		if value != "X'"+hex.EncodeToString(a.Bytes)+"'" {
			return wrong
		}
		return expect("X")
	case Time:
		if isFar(a.Time) && place != inValues && place != inOption {
			var words []string
			for _, t := range tokens {
				words = append(words, t.Text(text))
			}
			return readFar(strings.Join(words, " "), a.Time)
		}
		if isFar(a.Time) {
			if at, err := time.Parse(time.RFC3339Nano, value); err != nil || !at.Equal(cutFar(a.Time)) {
				return wrong
			}
			return expect("S")
		}
		if at, err := time.Parse(time.RFC3339Nano, value); err != nil || !at.Equal(a.Time) {
			return wrong
		}
		if place == inValues || place == inOption {
			return expect("S")
		}
		return expect("TIMESTAMP S")
	case Date:
		if value != a.Time.Format(time.DateOnly) {
			return wrong
		}
		if place == inValues {
			return expect("S")
		}
		return expect("DATE S")
	case JSON:
		if value != a.Text {
			return wrong
		}
		if place == inValues {
			return expect("S", "parse_json ( S )")
		}
		return expect("parse_json ( S )")
	case Vector:
		if place == inValues {
			return expect("S", "parse_vec ( S )")
		}
		return expect("parse_vec ( S )")
	case Decimal:
		if place == inValues && pattern != "S" {
			if signed(pattern, value) != ShortDecimal(a.Text) {
				return wrong
			}
			return expect("1", "- 1")
		}
		if place == inValues {
			return expect("S")
		}
		return expect("CAST ( S AS DECIMAL ( 1 , 1 ) )")
	case Interval:
		return expect("INTERVAL S")
	}
	return wrong
}

// readFar checks that a text is one of the expressions for a far time, beside an operand
// of its statement or alone.
func readFar(text string, at time.Time) error {
	micros := strconv.FormatInt(at.UnixMicro(), 10)
	if strings.HasPrefix(micros, "-") {
		micros = "- " + micros[1:]
	}
	alone := "arrow_cast ( CASE WHEN random ( ) < 2 THEN " + micros + " END , 'Timestamp(Microsecond, None)' )"
	if text == alone || text == "arrow_cast ( "+micros+" , 'Timestamp(Microsecond, None)' )" {
		return nil
	}
	for operator, away := range map[string]string{"=": "+", ">=": "+", "<=": "-"} {
		inner, ok := strings.CutPrefix(text, "( CASE WHEN ")
		operand, _, ok2 := strings.Cut(inner, " "+operator+" "+alone)
		if ok && ok2 && text == "( CASE WHEN "+operand+" "+operator+" "+alone+" THEN "+operand+" ELSE "+operand+" "+away+" INTERVAL '1 second' END )" {
			return nil
		}
	}
	return fmt.Errorf("the far time became %q", text)
}

// signed is the number with the sign before it.
func signed(pattern, value string) string {
	if strings.Contains(pattern, "- 1") {
		return "-" + value
	}
	return value
}
