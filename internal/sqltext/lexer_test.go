package sqltext

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/greptime-go/greptime/internal/test/captures"
)

var tokenKindNames = []string{
	"EOF", "Word", "QuotedIdent", "String", "NationalString", "DollarString", "HexString", "Number", "Placeholder",
	"Comment", "Punct", "Invalid",
}

// show is tokens for people: the kind and the text of each.
func show(text string, tokens []Token) []string {
	var list []string
	for _, t := range tokens {
		if t.Kind == TokenPunct {
			list = append(list, t.Text(text))
		} else {
			list = append(list, tokenKindNames[t.Kind]+"<"+t.Text(text)+">")
		}
	}
	return list
}

func TestLexReadsTokensAsGreptimeDBDoes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want string // tokens apart by spaces, a space within a token written as ·
	}{
		{"", ""},
		{" \t\r\n\v\f\u00a0\u2003", ""},
		{"SELECT a, b_2 FROM t", "Word<SELECT> Word<a> , Word<b_2> Word<FROM> Word<t>"},
		{"a€b", "Word<a> Invalid<€> Word<b>"},
		{"größe 温度 ñ", "Word<größe> Word<温度> Word<ñ>"},

		// Strings: '' is the only escape.
		{`''`, `String<''>`},
		{`'it''s'`, `String<'it''s'>`},
		{`'a\' b'c'`, `String<'a\'> Word<b> String<'c'>`},
		{`'a\\'`, `String<'a\\'>`},
		{"'a\nb\x00c'", "String<'a\nb\x00c'>"},
		{`'a' 'b'`, `String<'a'> String<'b'>`},
		{`'--'`, `String<'--'>`},
		{`'a;b'`, `String<'a;b'>`},
		{`E'a'`, `Word<E> String<'a'>`},
		{`B'1'`, `Word<B> String<'1'>`},
		{`R'a'`, `Word<R> String<'a'>`},
		{`U&'a'`, `Word<U> & String<'a'>`},
		{`N'it''s'`, `NationalString<N'it''s'>`},
		{`n'a'`, `NationalString<n'a'>`},
		{`name'a'`, `Word<name> String<'a'>`},

		// Hexadecimal strings, in which a backslash is an escape.
		{`X'0aFF' x'' 0x0aff 0x`, `HexString<X'0aFF'> HexString<x''> HexString<0x0aff> HexString<0x>`},
		{`X'a\'b'`, `HexString<X'a\'b'>`},
		{`X'a''b'`, `HexString<X'a''b'>`},
		{`xy'a'`, `Word<xy> String<'a'>`},
		{`00x1`, `Number<00> Word<x1>`},
		{`0X1`, `Number<0> Word<X1>`},
		{`0x1g`, `HexString<0x1> Word<g>`},

		// Dollar quotes.
		{`$$it's$$`, `DollarString<$$it's$$>`},
		{`$t$a$$b$t$`, `DollarString<$t$a$$b$t$>`},
		{`$$?$$ $1$?$1$`, `DollarString<$$?$$> DollarString<$1$?$1$>`},
		{`$$$$`, `DollarString<$$$$>`},
		{`a$$b`, `Word<a$$b>`},

		// Identifiers.
		{"\"a b\"", "QuotedIdent<\"a·b\">"},
		{"\"dou\"\"ble\" `back``tick`", "QuotedIdent<\"dou\"\"ble\"> QuotedIdent<`back``tick`>"},
		{"`a\"b` \"a`b\" \"a'b\"", "QuotedIdent<`a\"b`> QuotedIdent<\"a`b\"> QuotedIdent<\"a'b\">"},
		{`"a\"`, `QuotedIdent<"a\">`},
		{`a$1 #x _x`, `Word<a$1> Word<#x> Word<_x>`},
		{`@x @@x`, `Word<@x> Word<@@x>`},
		{`@'a' @"b" @ c`, `@ String<'a'> @ QuotedIdent<"b"> @ Word<c>`},
		{"a@?", "Word<a@> Placeholder<?>"},
		{"1 @? 2", "Number<1> @? Number<2>"},
		{`a"b"c`, `Word<a> QuotedIdent<"b"> Word<c>`},
		// The character behind a # or @@ belongs to the identifier, whatever it is.
		{"#'a", "Word<#'a>"},
		{"@@'a", "Word<@@'a>"},
		{"#;", "Word<#;>"},
		{"#?", "Word<#?>"},
		{"@(a", "Word<@(a>"},
		{"@\n1", "Word<@\n1>"},
		{"# a #- b #> c #>> d", "# Word<a> #- Word<b> #> Word<c> #>> Word<d>"},
		{"@@ a @> b <@ c", "@@ Word<a> @> Word<b> <@ Word<c>"},

		// Comments.
		{"5--5", "Number<5> Comment<--5>"},
		{"--5\n6", "Comment<--5> Number<6>"},
		{"--a\r6\n7", "Comment<--a\r6> Number<7>"},
		{"5- -5", "Number<5> - - Number<5>"},
		{"a/* ' */b", "Word<a> Comment</*·'·*/> Word<b>"},
		{"/* /* */ */", "Comment</*·/*·*/> * /"},
		{"/**/", "Comment</**/>"},
		{"/*! a */", "Comment</*!·a·*/>"},
		{"-- it's", "Comment<--·it's>"},
		{"a // b", "Word<a> / / Word<b>"},

		// Numbers.
		{".5 5. 1e3 1.e3 1.5E-3 1L", "Number<.5> Number<5.> Number<1e3> Number<1.e3> Number<1.5E-3> Number<1L>"},
		{"1_000", "Number<1> Word<_000>"},
		{"1e 1e+ 1ex", "Number<1> Word<e> Number<1> Word<e> + Number<1> Word<ex>"},
		{"1..2", "Number<1.> Number<.2>"},
		{"a.1", "Word<a> Number<.1>"},
		{"1l 1LL", "Number<1> Word<l> Number<1L> Word<L>"},
		{".e3", ". Word<e3>"},

		// Placeholders.
		{"? $1 :a", "Placeholder<?> Placeholder<$1> : Word<a>"},
		{"?? ?1 ?a", "Placeholder<?> Placeholder<?> Placeholder<?1> Placeholder<?> Word<a>"},
		{"$1a $ $é", "Placeholder<$1a> Placeholder<$> Placeholder<$é>"},
		{"'?' \"?\" `?` /*?*/ --?", "String<'?'> QuotedIdent<\"?\"> QuotedIdent<`?`> Comment</*?*/> Comment<--?>"},

		// Operators.
		{"a::int :b :=c", "Word<a> :: Word<int> : Word<b> := Word<c>"},
		{"- -> ->> | || |/ ||/ = == => ! != !! !~ !~* !~~ !~~*", "- -> ->> | || |/ ||/ = == => ! != !! !~ !~* !~~ !~~*"},
		{"< <= <=> <> << > >= >> & && ^ ^@ ~ ~* ~~ ~~* % + * /", "< <= <=> <> << > >= >> & && ^ ^@ ~ ~* ~~ ~~* % + * /"},
		{`( ) [ ] { } , ; \ .`, `( ) [ ] { } , ; \ .`},
		{"<->", "< ->"},
		{"a.b \"a\"._b a._b", "Word<a> . Word<b> QuotedIdent<\"a\"> . Word<_b> Word<a> . Word<_b>"},
		{"\x01 € ½", "Invalid<\x01> Invalid<€> Invalid<½>"},
	}
	for _, tt := range tests {
		tokens, err := Lex(tt.text)
		if err != nil {
			t.Errorf("Lex(%q): %v", tt.text, err)
			continue
		}
		var want []string
		if tt.want != "" {
			for w := range strings.SplitSeq(tt.want, " ") {
				want = append(want, strings.ReplaceAll(w, "·", " "))
			}
		}
		if got := show(tt.text, tokens); !slices.Equal(got, want) {
			t.Errorf("Lex(%q)\n got %q\nwant %q", tt.text, got, want)
		}
	}
}

func TestLexRefusesWhatHasNoEnd(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		offset int
		says   string
	}{
		{"SELECT 'abc", 7, "string literal that begins here has no closing '"},
		{"SELECT 'abc''", 7, "closing '"},
		{"'", 0, "closing '"},
		{"SELECT N'abc", 8, "closing '"},
		{`a "b`, 2, `quoted identifier that begins here has no closing "`},
		{"a `b", 2, "closing `"},
		{`X'a\'`, 0, "hexadecimal string"},
		{`X'a\`, 0, "hexadecimal string"},
		{"1 /* a", 2, "comment that begins here has no closing */"},
		{"/*/", 0, "closing */"},
		{"$$a$", 0, "closing $$"},
		{"$t$a$T$", 0, "closing $t$"},
		{"$1$2", 0, "closing $1$"},
		{"SELECT #'abc'", 12, "closing '"}, // the first quote belongs to #
		{"SELECT f()._a", 10, "._"},
		{"a ._b", 2, "._"},
		{"'a\xffb'", 2, "UTF-8"},
		{"SELECT 1 -- \xc3", 12, "UTF-8"},
	}
	for _, tt := range tests {
		_, err := Lex(tt.text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("Lex(%q): %v, want a *SyntaxError", tt.text, err)
			continue
		}
		if want := fmt.Sprintf("SQL text at byte %d: ", tt.offset); !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Lex(%q): %v; want %q at its begin", tt.text, err, want)
		}
		if syntax.Offset != tt.offset || !strings.Contains(syntax.Message, tt.says) {
			t.Errorf("Lex(%q): %v; want offset %d and %q", tt.text, err, tt.offset, tt.says)
		}
		if _, err := Parse(tt.text); !errors.As(err, &syntax) {
			t.Errorf("Parse(%q): %v, want a *SyntaxError", tt.text, err)
		}
	}
}

func TestValueOfToken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`'it''s \n'`:  `it's \n`,
		`''`:          ``,
		`''''`:        `'`,
		`"a""b"`:      `a"b`,
		"`a``b\"\"`":  "a`b\"\"",
		`N'it''s'`:    `it's`,
		`$$it's$$`:    `it's`,
		`$tag$a$tag$`: `a`,
		`$$$$`:        ``,
		`X'00ff'`:     `X'00ff'`,
		`0x00ff`:      `0x00ff`,
		`Word`:        `Word`,
		`1.5`:         `1.5`,
	} {
		tokens, err := Lex(text)
		if err != nil || len(tokens) != 1 {
			t.Fatalf("Lex(%q): %v, %v", text, tokens, err)
		}
		if got := tokens[0].Value(text); got != want {
			t.Errorf("value of %s is %q, want %q", text, got, want)
		}
	}
}

func TestKeywordsAreComparedByUpperCase(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]bool{
		"SELECT": true, "select": true, "SeLeCt": true, "ſelect": true,
		"SELEC": false, "SELECTS": false, "": false, "ßELECT": false, "\"SELECT\"": false,
	} {
		token := Token{Kind: TokenWord, End: len(word)}
		if got := token.Is(word, "SELECT"); got != want {
			t.Errorf("%s is the keyword: %v", word, got)
		}
	}
	if (Token{Kind: TokenQuotedIdent, End: 6}).Is("SELECT", "SELECT") {
		t.Error("a quoted identifier is no keyword")
	}
}

func TestQuotedTextIsOneToken(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "'", "''", `\`, `\'`, "a'b\"c`d", "\x00\n\r", "--", "/*", "$$", ";", "?", "世界", "'; DROP TABLE t; --"} {
		quoted, err := QuoteString(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []struct {
			text string
			kind TokenKind
		}{{quoted, TokenString}, {QuoteIdent(s), TokenQuotedIdent}} {
			tokens, err := Lex(q.text)
			if err != nil || len(tokens) != 1 || tokens[0].Kind != q.kind || tokens[0].Value(q.text) != s {
				t.Errorf("%q became %s: %v, %v", s, q.text, tokens, err)
			}
		}
	}
	if s, err := QuoteString("a\xff"); err == nil || s != "" {
		t.Errorf("invalid UTF-8 became %q, %v", s, err)
	}
	for _, word := range captures.Keywords() {
		if got := QuoteIdent(word); got != `"`+word+`"` {
			t.Errorf("%s became %s", word, got)
		}
	}
}

// Every literal of the recordings was sent to a server as one value.
func TestRecordedLiteralsAreOneValue(t *testing.T) {
	t.Parallel()
	n := 0
	for _, column := range captures.Literals() {
		for _, l := range column.Values {
			n++
			s, err := Parse("INSERT INTO t VALUES (" + l.Literal + ")")
			if err != nil {
				t.Errorf("%s: %v", l.Literal, err)
				continue
			}
			v := s.Statements[0].Values
			if len(v.Items) != 1 || v.Items[0].Kind != Literal || !v.literal {
				t.Errorf("%s is not one literal: %+v", l.Literal, v)
			}
		}
	}
	if n != 2580 {
		t.Errorf("%d pairs of literal and type", n)
	}
}

// The server says of its own which texts it could not lex.
func TestRecordedStatementsLex(t *testing.T) {
	t.Parallel()
	n := 0
	for _, exchange := range captures.DoGets() {
		if !exchange.Request.HasSQL() {
			continue
		}
		n++
		_, err := Lex(exchange.Request.SQL)
		refused := strings.Contains(exchange.GRPCMessage, "Unterminated")
		if (err != nil) != refused {
			t.Errorf("%s: %v; the server said %q", exchange.Name, err, exchange.GRPCMessage)
		}
	}
	if n < 200 {
		t.Errorf("only %d statements", n)
	}
}

func FuzzLex(f *testing.F) {
	for _, seed := range []string{
		"SELECT 'it''s', \"a\", `b`, X'0a', 0x1, $$a$$, $t$b$t$, 1.5e-3, .5, 1L -- c\n /* d */ WHERE a::int = :b AND c = ? OR d = $1;",
		"#'a' @@x @? @'a' a$1 n'x' ._a \x00 é €", "X'\\'", "'", "/*", "$$", "\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := Lex(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset >= len(text) {
				t.Fatalf("%#v", err)
			}
			return
		}
		end := 0
		for _, token := range tokens {
			if token.Start < end || token.End <= token.Start {
				t.Fatalf("%v begins before %d or is empty", token, end)
			}
			if strings.ContainsFunc(text[end:token.Start], func(r rune) bool { return !unicode.IsSpace(r) }) {
				t.Fatalf("%q is in no token", text[end:token.Start])
			}
			end = token.End
			token.Value(text)
		}
		if strings.TrimSpace(text[end:]) != "" {
			t.Fatalf("%q is in no token", text[end:])
		}
	})
}
