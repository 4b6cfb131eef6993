package load

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/greptime-go/greptime/sqltype"
)

// parser reads a value of a text and appends it to dst as Arrow lays it out, a BOOLEAN as
// a byte. It keeps nothing of the text. Its error says what is wrong with the text, but not
// what the text is.
type parser func(dst, text []byte) ([]byte, error)

var (
	errRange = errors.New("out of range")
	errUTF8  = errors.New("not UTF-8; convert the file, for example with iconv -t UTF-8")
)

// parserOf returns the parser of a column type. times reads the timestamps.
func parserOf(t Type, times *timeParser) (parser, error) {
	switch {
	case t.JSON:
		return parseJSON, nil
	case t.Dim > 0:
		return vectorParser(t.Dim), nil
	}
	switch dt := t.Arrow.(type) {
	case *arrow.BooleanType:
		return trimmed(parseBool), nil
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type:
		return trimmed(intParser(dt.(arrow.FixedWidthDataType).BitWidth())), nil
	case *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type:
		return trimmed(uintParser(dt.(arrow.FixedWidthDataType).BitWidth())), nil
	case *arrow.Float32Type:
		return trimmed(parseFloat32), nil
	case *arrow.Float64Type:
		return trimmed(parseFloat64), nil
	case *arrow.StringType:
		return parseString, nil
	case *arrow.BinaryType:
		return parseBinary, nil
	case *arrow.Date32Type:
		return trimmed(times.appendDate), nil
	case *arrow.TimestampType:
		return trimmed(times.timestamps(dt.Unit)), nil
	case *arrow.Time32Type:
		return trimmed(timeOfDayParser(dt.Unit, 4)), nil
	case *arrow.Time64Type:
		return trimmed(timeOfDayParser(dt.Unit, 8)), nil
	case *arrow.Decimal128Type:
		return trimmed(decimalParser(int(dt.Precision), int(dt.Scale))), nil
	}
	return nil, fmt.Errorf("import cannot write columns of type %s", t)
}

// trimmed leaves out the spaces around a value.
func trimmed(p parser) parser {
	return func(dst, text []byte) ([]byte, error) {
		for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
			text = text[1:]
		}
		for len(text) > 0 && (text[len(text)-1] == ' ' || text[len(text)-1] == '\t') {
			text = text[:len(text)-1]
		}
		return p(dst, text)
	}
}

// view returns a string of the bytes, which must not change while it is used.
func view(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }

func parseString(dst, text []byte) ([]byte, error) {
	if !utf8.Valid(text) {
		return dst, errUTF8
	}
	return append(dst, text...), nil
}

func parseJSON(dst, text []byte) ([]byte, error) {
	switch {
	case !json.Valid(text):
		return dst, errors.New("not JSON")
	case !utf8.Valid(text):
		return dst, errUTF8
	}
	return append(dst, text...), nil
}

func parseBool(dst, text []byte) ([]byte, error) {
	switch strings.ToLower(view(text)) {
	case "true", "t", "1":
		return append(dst, 1), nil
	case "false", "f", "0":
		return append(dst, 0), nil
	}
	return dst, errors.New("neither true nor false")
}

// appendLittle appends the low bytes of a number.
func appendLittle(dst []byte, v uint64, bits int) []byte {
	switch bits {
	case 8:
		return append(dst, byte(v))
	case 16:
		return binary.LittleEndian.AppendUint16(dst, uint16(v))
	case 32:
		return binary.LittleEndian.AppendUint32(dst, uint32(v))
	}
	return binary.LittleEndian.AppendUint64(dst, v)
}

// whole returns a number without a fraction of zeros, as programs write it that hold
// integers as floating point.
func whole(text []byte) []byte {
	for i := len(text) - 1; i > 0; i-- {
		switch text[i] {
		case '0':
			continue
		case '.':
			return text[:i]
		}
		break
	}
	return text
}

func intParser(bits int) parser {
	return func(dst, text []byte) ([]byte, error) {
		v, err := strconv.ParseInt(view(text), 10, bits)
		if err != nil {
			if v, err = strconv.ParseInt(view(whole(text)), 10, bits); err != nil {
				return dst, integerError(err)
			}
		}
		return appendLittle(dst, uint64(v), bits), nil
	}
}

func uintParser(bits int) parser {
	return func(dst, text []byte) ([]byte, error) {
		text = bytes.TrimPrefix(text, []byte("+")) // as ParseInt does
		v, err := strconv.ParseUint(view(text), 10, bits)
		if err != nil {
			if v, err = strconv.ParseUint(view(whole(text)), 10, bits); err != nil {
				if _, signed := strconv.ParseInt(view(whole(text)), 10, 64); signed == nil {
					return dst, errRange
				}
				return dst, integerError(err)
			}
		}
		return appendLittle(dst, v, bits), nil
	}
}

func integerError(err error) error {
	if errors.Is(err, strconv.ErrRange) {
		return errRange
	}
	return errors.New("not an integer")
}

func parseFloat64(dst, text []byte) ([]byte, error) {
	v, err := strconv.ParseFloat(view(text), 64)
	if err != nil {
		return dst, floatError(err)
	}
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v)), nil
}

func parseFloat32(dst, text []byte) ([]byte, error) {
	v, err := strconv.ParseFloat(view(text), 32)
	if err != nil {
		return dst, floatError(err)
	}
	return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v))), nil
}

func floatError(err error) error {
	if errors.Is(err, strconv.ErrRange) {
		return errRange
	}
	return errors.New("not a number")
}

// parseBinary reads 0x and hexadecimal digits, as export writes them, or \x as PostgreSQL
// does. Other text stands for its own bytes.
func parseBinary(dst, text []byte) ([]byte, error) {
	if len(text) < 2 || text[1] != 'x' || text[0] != '0' && text[0] != '\\' {
		return append(dst, text...), nil
	}
	out, err := hex.AppendDecode(dst, text[2:])
	if err != nil {
		return dst, fmt.Errorf("not pairs of hexadecimal digits behind %s", text[:2])
	}
	return out, nil
}

func vectorParser(dim int) parser {
	return func(dst, text []byte) ([]byte, error) {
		v, err := sqltype.ParseVector(view(text))
		if err != nil {
			return dst, errors.New("not numbers in brackets, as in [1,2.5]")
		}
		if len(v) != dim {
			return dst, fmt.Errorf("it has %d numbers, not %d", len(v), dim)
		}
		for _, f := range v {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(f))
		}
		return dst, nil
	}
}

func timeOfDayParser(unit arrow.TimeUnit, width int) parser {
	step := int64(unit.Multiplier())
	return func(dst, text []byte) ([]byte, error) {
		v, err := sqltype.ParseTimeOfDay(view(text))
		if err != nil {
			return dst, errors.New("not a time of day, as in 15:04:05.999")
		}
		if int64(v)%step != 0 {
			return dst, fmt.Errorf("finer than %s", unit)
		}
		return appendLittle(dst, uint64(int64(v)/step), 8*width), nil
	}
}

var errDecimal = errors.New("not a decimal number")

// decimalParser reads a number with exactly as many digits as the column can hold.
func decimalParser(precision, scale int) parser {
	return func(dst, text []byte) ([]byte, error) {
		n, err := parseDecimal(text, precision, scale)
		if err != nil {
			return dst, err
		}
		dst = binary.LittleEndian.AppendUint64(dst, n.LowBits())
		return binary.LittleEndian.AppendUint64(dst, uint64(n.HighBits())), nil
	}
}

func parseDecimal(text []byte, precision, scale int) (decimal128.Num, error) {
	negative := false
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		negative, text = text[0] == '-', text[1:]
	}
	var buffer [64]byte
	number := buffer[:0]
	fraction, seen := -1, 0 // digits behind the point, -1 before it
	isFiner := false        // without an exponent
	for i, c := range text {
		switch {
		case '0' <= c && c <= '9':
			seen++
			if fraction >= 0 {
				fraction++
			}
			if fraction > scale {
				isFiner = isFiner || c != '0'
				continue
			}
			if len(number) > 0 || c != '0' {
				number = append(number, c)
			}
		case c == '.' && fraction < 0:
			fraction = 0
		case (c == 'e' || c == 'E') && seen > 0:
			return parseExponent(negative, text, i, precision, scale)
		default:
			return decimal128.Num{}, errDecimal
		}
	}
	switch {
	case seen == 0:
		return decimal128.Num{}, errDecimal
	case isFiner:
		return decimal128.Num{}, finerThan(scale)
	}
	for n := max(fraction, 0); n < scale && len(number) > 0 && len(number) <= precision; n++ {
		number = append(number, '0')
	}
	if len(number) > precision {
		return decimal128.Num{}, errRange
	}
	return numberOf(negative, number)
}

func finerThan(scale int) error {
	return fmt.Errorf("it has more than %d digits behind the point", scale)
}

// numberOf returns the number of decimal digits, of which there are at most 38.
func numberOf(negative bool, number []byte) (decimal128.Num, error) {
	var n decimal128.Num
	if len(number) <= 18 {
		var v int64
		for _, c := range number {
			v = 10*v + int64(c-'0')
		}
		n = decimal128.FromI64(v)
	} else {
		v, ok := new(big.Int).SetString(string(number), 10)
		if !ok {
			return n, errDecimal
		}
		n = decimal128.FromBigInt(v)
	}
	if negative {
		n = n.Negate()
	}
	return n, nil
}

// parseExponent reads a number whose exponent begins at i.
func parseExponent(negative bool, text []byte, i, precision, scale int) (decimal128.Num, error) {
	exponent, err := strconv.Atoi(string(text[i+1:]))
	if err != nil || exponent > 100 || exponent < -100 {
		return decimal128.Num{}, errDecimal
	}
	r, ok := new(big.Rat).SetString(string(text[:i]))
	if !ok {
		return decimal128.Num{}, errDecimal
	}
	places := exponent + scale // by which the point moves
	power := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(places, -places))), nil))
	if places < 0 {
		power.Inv(power)
	}
	if r.Mul(r, power); !r.IsInt() {
		return decimal128.Num{}, finerThan(scale)
	}
	number := r.Num().Append(nil, 10)
	if len(number) > precision {
		return decimal128.Num{}, errRange
	}
	return numberOf(negative, number)
}
