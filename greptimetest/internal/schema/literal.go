package schema

import (
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/greptime-go/greptime/internal/jsonb"
	"github.com/greptime-go/greptime/internal/sqltext"
)

// Literal is one value of an INSERT's VALUES that needs no planner.
type Literal struct {
	Kind LiteralKind
	text string // a number with its sign, the content of a string, TRUE, hex digits
}

// LiteralKind is a kind of literal.
type LiteralKind uint8

// The kinds of literals.
const (
	NullLiteral LiteralKind = iota
	DefaultLiteral
	BoolLiteral
	NumberLiteral
	TextLiteral // '…', and "…" too
	HexLiteral
)

// Literal takes a value if it is a literal that ends at a comma or parenthesis.
// Anything else sends the whole statement through the planner.
func (c *Cursor) Literal() (Literal, bool) {
	start := c.Next
	t := c.Take()
	lit, ok := Literal{}, false
	switch t.Kind {
	case sqltext.TokenNumber:
		lit, ok = Literal{NumberLiteral, t.Text}, true
	case sqltext.TokenString, sqltext.TokenQuotedIdent:
		if t.Text[0] != '`' {
			lit, ok = Literal{TextLiteral, Unquote(t.Text)}, true
		}
	case sqltext.TokenHexString:
		lit, ok = Literal{HexLiteral, HexDigits(t.Text)}, true
	case sqltext.TokenPunct:
		if n := c.Peek(); n.Kind == sqltext.TokenNumber && (t.Text == "-" || t.Text == "+") {
			c.Next++
			lit, ok = Literal{NumberLiteral, strings.TrimPrefix(t.Text+n.Text, "+")}, true
		}
	case sqltext.TokenWord:
		switch strings.ToUpper(t.Text) {
		case "NULL":
			lit, ok = Literal{Kind: NullLiteral}, true
		case "DEFAULT":
			lit, ok = Literal{Kind: DefaultLiteral}, true
		case "TRUE", "FALSE":
			lit, ok = Literal{BoolLiteral, strings.ToUpper(t.Text)}, true
		}
	}
	if n := c.Peek(); !ok || !n.Is(",") && !n.Is(")") {
		c.Next = start
		return Literal{}, false
	}
	return lit, true
}

// HexDigits returns the digits of X'0aff' or 0x0aff.
func HexDigits(text string) string {
	return strings.Trim(text[1:], "xX'")
}

func parseError(format string, args ...any) *Error {
	return Errorf(InvalidSyntax, "Failed to parse value: "+format, args...)
}

// Cell converts a literal for a column as GreptimeDB does on the literal
// path: not as a cast does. zone is the zone of naive text.
func (l Literal) Cell(column string, t Type, zone *time.Location) (any, error) {
	switch l.Kind {
	case NullLiteral:
		return nil, nil
	case BoolLiteral:
		if t.Kind != Bool {
			return nil, wrongKind(column, t, "Boolean(BooleanType)")
		}
		return l.text == "TRUE", nil
	case NumberLiteral:
		return NumberCell(l.text, t)
	case HexLiteral:
		return hexCell(l.text, column, t)
	}
	return textCell(l.text, column, t, zone)
}

func wrongKind(column string, t Type, actual string) *Error {
	return Errorf(InvalidArguments, "Column %s expect type: %s, actual: %s", column, t.Debug(), actual)
}

// NumberCell converts a number as it is written in a statement.
func NumberCell(text string, t Type) (any, error) {
	switch {
	case t.Kind == Bool:
		switch text {
		case "0":
			return false, nil
		case "1":
			return true, nil
		}
		return nil, parseError("Failed to parse number '%s' to boolean column type", text)
	case t.IsInteger():
		return parseInt(text, t)
	case t.IsTimestamp():
		return epochCell(text, t)
	case t.Kind == Float64:
		f, err := ParseFloat(text, 64)
		if err != nil {
			return nil, parseError("Fail to parse number %s, ParseFloatError { kind: Invalid }", text)
		}
		return f, nil
	case t.Kind == Float32:
		f, err := ParseFloat(text, 32)
		if err != nil {
			return nil, parseError("Fail to parse number %s, ParseFloatError { kind: Invalid }", text)
		}
		return float32(f), nil
	case t.Kind == Decimal:
		d, ok := parseDecimal(text, t)
		if !ok {
			return nil, parseError("Fail to parse number %s, invalid column type: %s", text, t.Debug())
		}
		return d, nil
	}
	return nil, parseError("Fail to parse number %s, invalid column type: %s", text, t.Debug())
}

// epochCell returns a number of a timestamp's units. GreptimeDB's calendar ends with the
// years of these bounds, and 64 bits of nanoseconds long before.
func epochCell(text string, t Type) (any, error) {
	const first, last = -8334601228800, 8210266876799 // -262143-01-01 and 262142-12-31, in seconds
	n, err := parseInt(text, Type{Kind: Int64})
	if err != nil {
		return nil, err
	}
	if s := FloorDiv(n.(int64), t.PerSecond()); s < first || s > last {
		return nil, Errorf(InvalidArguments, "Converting timestamp %d::%s to unit %s overflow", n, UnitName(t), UnitName(t))
	}
	return n, nil
}

// ParseFloat lets what is too large be infinite.
func ParseFloat(text string, bits int) (float64, error) {
	f, err := strconv.ParseFloat(text, bits)
	if err != nil && math.IsInf(f, 0) {
		err = nil
	}
	return f, err
}

// parseInt reads digit after digit, so that a number that overflows before its
// decimal point is one that overflows.
func parseInt(text string, t Type) (any, error) {
	fail := func(kind string) (any, error) {
		return nil, parseError("Fail to parse number %s, ParseIntError { kind: %s }", text, kind)
	}
	lo, hi := t.intRange()
	digits, negative := text, false
	if strings.HasPrefix(text, "-") {
		if digits, negative = text[1:], true; t.IsUnsigned() {
			return fail("InvalidDigit")
		}
	}
	limit := hi.Uint64()
	if negative {
		limit = new(big.Int).Neg(lo).Uint64()
	}
	var n uint64
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return fail("InvalidDigit")
		}
		d := uint64(c - '0')
		if n > (limit-d)/10 {
			if negative {
				return fail("NegOverflow")
			}
			return fail("PosOverflow")
		}
		n = n*10 + d
	}
	switch {
	case digits == "":
		return fail("Empty")
	case t.IsUnsigned():
		return n, nil
	case negative:
		return -int64(n), nil
	}
	return int64(n), nil
}

// parseDecimal rounds half away from zero to the scale. What has too many digits
// is nil, NULL, as GreptimeDB stores it without an error.
func parseDecimal(text string, t Type) (any, bool) {
	s := strings.TrimPrefix(text, "-")
	whole, frac, _ := strings.Cut(s, ".")
	if whole+frac == "" || strings.Trim(whole+frac, "0123456789") != "" {
		return nil, false
	}
	round := false
	if len(frac) > int(t.Scale) {
		round = frac[t.Scale] >= '5'
		frac = frac[:t.Scale]
	}
	frac += strings.Repeat("0", int(t.Scale)-len(frac))
	n, _ := new(big.Int).SetString("0"+whole+frac, 10)
	if round {
		n.Add(n, big.NewInt(1))
	}
	if n.Cmp(Pow10(t.Precision)) >= 0 {
		return nil, true
	}
	if s != text {
		n.Neg(n)
	}
	return n, true
}

// Pow10 returns ten to the power of n.
func Pow10(n int32) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

func hexCell(digits, column string, t Type) (any, error) {
	b, err := hex.DecodeString(digits)
	if err != nil {
		return nil, parseError("Failed to parse hex string %s: %v", digits, err)
	}
	switch t.Kind {
	case Binary:
		return b, nil
	case String:
		if !utf8.Valid(b) {
			return nil, nil
		}
		return string(b), nil
	case Vector:
		if len(b) != int(t.Dim)*4 {
			return nil, Errorf(InvalidArguments, "Invalid Vector: Unexpected bytes size for vector value, expected %d, got %d", t.Dim*4, len(b))
		}
		return b, nil
	case JSON:
		return nil, Errorf(InvalidArguments, "Column %s expect type: Binary(BinaryType { repr_type: Binary }), actual: %s", column, t.Debug())
	}
	return nil, Errorf(InvalidArguments, "Arrow failed to compute: Cast error: Casting from Binary to %s not supported", CastName(t))
}

func textCell(text, column string, t Type, zone *time.Location) (any, error) {
	switch {
	case t.Kind == String:
		return text, nil
	case t.Kind == Binary:
		return []byte(text), nil
	case t.Kind == Date:
		d, ok := ParseDate(text, zone)
		if !ok {
			return nil, parseError("Failed to parse %s to Date value", text)
		}
		return d, nil
	case t.IsTimestamp():
		if _, err := strconv.ParseInt(text, 10, 64); err == nil && !strings.HasPrefix(text, "+") {
			return epochCell(text, t)
		}
		ts, ok := ParseTimestamp(text, zone)
		if !ok {
			return nil, parseError("Failed to parse %s to Timestamp value", text)
		}
		n, ok := ts.In(t)
		if !ok {
			from := ts.unit()
			written, _ := ts.In(from)
			return nil, Errorf(InvalidArguments, "Converting timestamp %d::%s to unit %s overflow", written, UnitName(from), UnitName(t))
		}
		return n, nil
	case t.Kind == Decimal:
		d, ok := parseDecimal(text, t)
		if !ok {
			return nil, parseError("Fail to parse number %s to Decimal128 value", text)
		}
		return d, nil
	case t.Kind == JSON:
		b, err := jsonb.AppendBinary(nil, []byte(text))
		if err != nil {
			return nil, Errorf(InvalidArguments, "Invalid JSON: %s", text)
		}
		return b, nil
	case t.Kind == Vector:
		return ParseVector(text, int(t.Dim))
	}
	return nil, wrongKind(column, t, "String(StringType { size_type: Utf8 })")
}
