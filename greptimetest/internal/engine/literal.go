package engine

import (
	"encoding/binary"
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

// literal is one value of an INSERT's VALUES that needs no planner.
type literal struct {
	kind litKind
	text string // a number with its sign, the content of a string, TRUE, hex digits
}

type litKind uint8

const (
	litNull litKind = iota
	litDefault
	litBool
	litNumber
	litText // '…', and "…" too
	litHex
)

// literal takes a value if it is a literal that ends at a comma or parenthesis.
// Anything else sends the whole statement through the planner.
func (c *cursor) literal() (literal, bool) {
	start := c.i
	t := c.next()
	lit, ok := literal{}, false
	switch t.kind {
	case sqltext.TokenNumber:
		lit, ok = literal{litNumber, t.text}, true
	case sqltext.TokenString, sqltext.TokenQuotedIdent:
		if t.text[0] != '`' {
			lit, ok = literal{litText, unquote(t.text)}, true
		}
	case sqltext.TokenHexString:
		lit, ok = literal{litHex, hexDigits(t.text)}, true
	case sqltext.TokenPunct:
		if n := c.peek(); n.kind == sqltext.TokenNumber && (t.text == "-" || t.text == "+") {
			c.i++
			lit, ok = literal{litNumber, strings.TrimPrefix(t.text+n.text, "+")}, true
		}
	case sqltext.TokenWord:
		switch strings.ToUpper(t.text) {
		case "NULL":
			lit, ok = literal{kind: litNull}, true
		case "DEFAULT":
			lit, ok = literal{kind: litDefault}, true
		case "TRUE", "FALSE":
			lit, ok = literal{litBool, strings.ToUpper(t.text)}, true
		}
	}
	if n := c.peek(); !ok || !n.is(",") && !n.is(")") {
		c.i = start
		return literal{}, false
	}
	return lit, true
}

// hexDigits returns the digits of X'0aff' or 0x0aff.
func hexDigits(text string) string {
	return strings.Trim(text[1:], "xX'")
}

func parseError(format string, args ...any) *Error {
	return errorf(InvalidSyntax, "Failed to parse value: "+format, args...)
}

// cell converts a literal for a column as GreptimeDB does on the literal
// path: not as a cast does. zone is the zone of naive text.
func (l literal) cell(column string, t Type, zone *time.Location) (any, error) {
	switch l.kind {
	case litNull:
		return nil, nil
	case litBool:
		if t.Kind != Bool {
			return nil, wrongKind(column, t, "Boolean(BooleanType)")
		}
		return l.text == "TRUE", nil
	case litNumber:
		return numberCell(l.text, t)
	case litHex:
		return hexCell(l.text, column, t)
	}
	return textCell(l.text, column, t, zone)
}

func wrongKind(column string, t Type, actual string) *Error {
	return errorf(InvalidArguments, "Column %s expect type: %s, actual: %s", column, t.debug(), actual)
}

func numberCell(text string, t Type) (any, error) {
	switch {
	case t.Kind == Bool:
		switch text {
		case "0":
			return false, nil
		case "1":
			return true, nil
		}
		return nil, parseError("Failed to parse number '%s' to boolean column type", text)
	case t.isInteger():
		return parseInt(text, t)
	case t.isTimestamp():
		return epochCell(text, t)
	case t.Kind == Float64:
		f, err := parseFloat(text, 64)
		if err != nil {
			return nil, parseError("Fail to parse number %s, ParseFloatError { kind: Invalid }", text)
		}
		return f, nil
	case t.Kind == Float32:
		f, err := parseFloat(text, 32)
		if err != nil {
			return nil, parseError("Fail to parse number %s, ParseFloatError { kind: Invalid }", text)
		}
		return float32(f), nil
	case t.Kind == Decimal:
		d, ok := parseDecimal(text, t)
		if !ok {
			return nil, parseError("Fail to parse number %s, invalid column type: %s", text, t.debug())
		}
		return d, nil
	}
	return nil, parseError("Fail to parse number %s, invalid column type: %s", text, t.debug())
}

// epochCell returns a number of a timestamp's units. GreptimeDB's calendar ends with the
// years of these bounds, and 64 bits of nanoseconds long before.
func epochCell(text string, t Type) (any, error) {
	const first, last = -8334601228800, 8210266876799 // -262143-01-01 and 262142-12-31, in seconds
	n, err := parseInt(text, Type{Kind: Int64})
	if err != nil {
		return nil, err
	}
	if s := floorDiv(n.(int64), t.perSecond()); s < first || s > last {
		return nil, errorf(InvalidArguments, "Converting timestamp %d::%s to unit %s overflow", n, unitName(t), unitName(t))
	}
	return n, nil
}

// parseFloat lets what is too large be infinite.
func parseFloat(text string, bits int) (float64, error) {
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
		if digits, negative = text[1:], true; t.isUnsigned() {
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
	case t.isUnsigned():
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
	if n.Cmp(pow10(t.Precision)) >= 0 {
		return nil, true
	}
	if s != text {
		n.Neg(n)
	}
	return n, true
}

func pow10(n int32) *big.Int {
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
			return nil, errorf(InvalidArguments, "Invalid Vector: Unexpected bytes size for vector value, expected %d, got %d", t.Dim*4, len(b))
		}
		return b, nil
	case JSON:
		return nil, errorf(InvalidArguments, "Column %s expect type: Binary(BinaryType { repr_type: Binary }), actual: %s", column, t.debug())
	}
	return nil, errorf(InvalidArguments, "Arrow failed to compute: Cast error: Casting from Binary to %s not supported", castName(t))
}

// castName returns a type as Arrow's cast errors print it.
func castName(t Type) string {
	switch t.Kind {
	case Date:
		return "Date32"
	case TimestampSecond:
		return "Timestamp(s)"
	case TimestampMilli:
		return "Timestamp(ms)"
	case TimestampMicro:
		return "Timestamp(µs)"
	case TimestampNano:
		return "Timestamp(ns)"
	case Decimal:
		return "Decimal128(" + strconv.Itoa(int(t.Precision)) + ", " + strconv.Itoa(int(t.Scale)) + ")"
	}
	return t.name()
}

func textCell(text, column string, t Type, zone *time.Location) (any, error) {
	switch {
	case t.Kind == String:
		return text, nil
	case t.Kind == Binary:
		return []byte(text), nil
	case t.Kind == Date:
		d, ok := parseDate(text, zone)
		if !ok {
			return nil, parseError("Failed to parse %s to Date value", text)
		}
		return d, nil
	case t.isTimestamp():
		if _, err := strconv.ParseInt(text, 10, 64); err == nil && !strings.HasPrefix(text, "+") {
			return epochCell(text, t)
		}
		ts, ok := parseTimestamp(text, zone)
		if !ok {
			return nil, parseError("Failed to parse %s to Timestamp value", text)
		}
		n, ok := ts.in(t)
		if !ok {
			from := ts.unit()
			written, _ := ts.in(from)
			return nil, errorf(InvalidArguments, "Converting timestamp %d::%s to unit %s overflow", written, unitName(from), unitName(t))
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
			return nil, errorf(InvalidArguments, "Invalid JSON: %s", text)
		}
		return b, nil
	case t.Kind == Vector:
		return parseVector(text, int(t.Dim))
	}
	return nil, wrongKind(column, t, "String(StringType { size_type: Utf8 })")
}

// parseVector reads [1,2.5] into little-endian float32.
func parseVector(text string, dim int) (any, error) {
	fail := func(reason string) (any, error) {
		return nil, errorf(InvalidArguments, "Invalid Vector: Failed to parse %s to Vector value: %s", text, reason)
	}
	s := strings.TrimSpace(text)
	if !strings.HasPrefix(s, "[") || !strings.HasSuffix(s, "]") || len(s) < 2 {
		return fail("not properly enclosed in brackets")
	}
	b := []byte{}
	if s = strings.TrimSpace(s[1 : len(s)-1]); s != "" {
		for e := range strings.SplitSeq(s, ",") {
			f, err := parseFloat(strings.TrimSpace(e), 32)
			if err != nil {
				return fail("elements are not f32")
			}
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(f)))
		}
	}
	if dim >= 0 && len(b) != dim*4 {
		return fail("wrong dimension")
	}
	return b, nil
}
