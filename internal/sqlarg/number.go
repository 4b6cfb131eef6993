package sqlarg

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/sqltype"
)

// Decimal types of other packages are numbers, although the Value of most of them is text:
// GreptimeDB compares a number with text as text, and so finds wrong rows.
type (
	// scaledInteger is the decimal type of shopspring and of packages that follow it.
	scaledInteger interface {
		Coefficient() *big.Int
		Exponent() int32
	}
	// decomposer is the decimal type of apd and ericlagergren, by a proposal for package
	// database/sql.
	decomposer interface {
		Decompose(buf []byte) (form byte, negative bool, coefficient []byte, exponent int32)
	}
)

var (
	scaledIntegerType = reflect.TypeFor[scaledInteger]()
	decomposerType    = reflect.TypeFor[decomposer]()
)

// numberTypes caches the results of isNumberType, because the search takes longer than the
// rest of the work on an argument.
var numberTypes sync.Map // reflect.Type → bool

// isNumberType reports whether values of a type, or the values that pointers of that type
// refer to, are decimal numbers, or NULL or a decimal number.
func isNumberType(t reflect.Type) bool {
	if known, ok := numberTypes.Load(t); ok {
		return known.(bool)
	}
	is := searchNumberType(t)
	numberTypes.Store(t, is)
	return is
}

func searchNumberType(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if p := reflect.PointerTo(t); p.Implements(scaledIntegerType) || p.Implements(decomposerType) {
		return true
	}
	if t.Kind() != reflect.Struct || t.NumField() != 2 || t.Field(1).Name != "Valid" {
		return false
	}
	number := t.Field(0).Type // as in NullDecimal
	return number.Kind() == reflect.Struct && isNumberType(number)
}

// decimalNumber returns the number in a value of a decimal type that is not a driver.Valuer.
// ok is false for any other value.
func decimalNumber(rv reflect.Value) (v driver.Value, ok bool, err error) {
	if rv.Kind() != reflect.Pointer {
		p := reflect.New(rv.Type()) // its methods may have a pointer receiver
		p.Elem().Set(rv)
		rv = p
	}
	switch number := rv.Interface().(type) {
	case decomposer:
		form, negative, coefficient, exponent := number.Decompose(nil)
		sign := ""
		if negative {
			sign = "-"
		}
		switch form {
		case 0:
			v, err = parseNumber(fmt.Sprintf("%s%de%d", sign, new(big.Int).SetBytes(coefficient), exponent))
		case 1:
			v, err = parseNumber(sign + "Inf")
		case 2:
			v, err = parseNumber("NaN")
		default:
			err = fmt.Errorf("%T.Decompose returns the form %d, which is neither a number, nor an infinity, nor NaN", number, form)
		}
		return v, true, err
	case scaledInteger:
		coefficient := number.Coefficient()
		if coefficient == nil {
			coefficient = new(big.Int)
		}
		v, err = parseNumber(fmt.Sprintf("%de%d", coefficient, number.Exponent()))
		return v, true, err
	}
	return nil, false, nil
}

// maxNumberDigits limits the digits, and the zeros of the exponent, of a number passed in a
// type of another package. A DOUBLE has fewer.
const maxNumberDigits = 800

var (
	errNoNumber   = errors.New("the text is not a number")
	errManyDigits = errors.New("the number has more digits than a DECIMAL or DOUBLE")
)

// parseNumber parses the text of a decimal number, which may have an exponent. It returns a
// Decimal, or a float64 for NaN and infinities.
func parseNumber(text string) (driver.Value, error) {
	mantissa, power := text, ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, power = text[:i], text[i+1:]
	}
	digits, negative := strings.CutPrefix(mantissa, "-")
	if !negative {
		digits = strings.TrimPrefix(digits, "+")
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	digits = whole + fraction
	exponent := int64(0)
	var err error
	if power != "" {
		exponent, err = strconv.ParseInt(power, 10, 32)
	}
	switch {
	case digits == "" || strings.Trim(digits, "0123456789") != "" || err != nil || len(mantissa) < len(text) && power == "":
		if f, err := strconv.ParseFloat(text, 64); err == nil && (f != f || f-f != 0) {
			return f, nil
		}
		return nil, errNoNumber
	case len(digits) > maxNumberDigits || exponent > maxNumberDigits || exponent < -maxNumberDigits:
		return nil, errManyDigits
	}
	point := len(whole) + int(exponent)
	switch {
	case point <= 0:
		digits = "0." + strings.Repeat("0", -point) + digits
	case point >= len(digits):
		digits += strings.Repeat("0", point-len(digits))
	default:
		digits = digits[:point] + "." + digits[point:]
	}
	digits = strings.TrimSuffix(digits, ".")
	if whole := strings.TrimLeft(digits, "0"); whole != digits {
		if whole == "" || whole[0] == '.' {
			whole = "0" + whole
		}
		digits = whole
	}
	if negative && strings.Trim(digits, "0.") != "" {
		digits = "-" + digits
	}
	return sqltype.Decimal(digits), nil
}

// jsonNumber returns an integer as an integer, any other number as a Decimal, and a number
// that does not fit a DECIMAL as a float64, which most JSON numbers are.
func jsonNumber(n json.Number) (driver.Value, error) {
	text := string(n)
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, nil
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		return u, nil
	}
	v, err := parseNumber(text)
	if d, ok := v.(sqltype.Decimal); ok && sqltext.DecimalDigits(string(d)) <= column.MaxPrecision {
		return d, nil
	}
	if err != nil && !errors.Is(err, errManyDigits) {
		return nil, fmt.Errorf("the json.Number is not a number")
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("the json.Number is larger than a DOUBLE can be")
	}
	return f, nil
}
