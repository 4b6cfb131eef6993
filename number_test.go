package greptime_test

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/greptime-go/greptime"
)

type (
	// scaled is built as shopspring's Decimal, and nullScaled as its NullDecimal.
	scaled struct {
		value *big.Int
		exp   int32
	}
	nullScaled struct {
		Decimal scaled
		Valid   bool
	}
	// unasked is one that is no driver.Valuer.
	unasked struct{ s scaled }
	// inBytes is one whose Value is text in bytes.
	inBytes struct{ scaled }
	// money is text, although it has the methods of a number.
	money struct{ scaled }

	// decomposed is built as apd's Decimal, and nullDecomposed as its NullDecimal.
	decomposed struct {
		form     byte
		negative bool
		coeff    uint64
		exp      int32
	}
	nullDecomposed struct {
		Decimal decomposed
		Valid   bool
	}
	// silent is one that is no driver.Valuer.
	silent struct{ d decomposed }
)

func (s scaled) Coefficient() *big.Int { return s.value }
func (s scaled) Exponent() int32       { return s.exp }
func (s scaled) Value() (driver.Value, error) {
	return new(big.Rat).SetFrac(s.value, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-s.exp)), nil)).FloatString(int(-s.exp)), nil
}

func (n nullScaled) Value() (driver.Value, error) {
	if !n.Valid {
		return nil, nil
	}
	return n.Decimal.Value()
}

func (u unasked) Coefficient() *big.Int { return u.s.value }
func (u unasked) Exponent() int32       { return u.s.exp }

func (b inBytes) Value() (driver.Value, error) {
	v, err := b.scaled.Value()
	return []byte(v.(string)), err
}

func (m money) Value() (driver.Value, error) { return "EUR 12", nil }

func (d *decomposed) Decompose([]byte) (form byte, negative bool, coefficient []byte, exponent int32) {
	return d.form, d.negative, new(big.Int).SetUint64(d.coeff).Bytes(), d.exp
}

func (d decomposed) Value() (driver.Value, error) {
	sign := ""
	if d.negative {
		sign = "-"
	}
	return sign + [...]string{fmt.Sprintf("%dE%+d", d.coeff, d.exp), "Infinity", "NaN", "?"}[d.form], nil
}

func (n nullDecomposed) Value() (driver.Value, error) {
	if !n.Valid {
		return nil, nil
	}
	return n.Decimal.Value()
}

func (s *silent) Decompose(buf []byte) (form byte, negative bool, coefficient []byte, exponent int32) {
	return s.d.Decompose(buf)
}

// Decimal types of other packages are numbers in comparisons, where GreptimeDB would
// compare text as text, and in INSERT.
func TestDecimalTypesOfOtherPackagesAreNumbers(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server, "insert=sql")
	number := scaled{big.NewInt(-1250), -2}
	apd := decomposed{coeff: 125, exp: -1}
	for _, tt := range []struct {
		arg            any
		values, filter string // "" for an error
	}{
		{number, "-12.5", "CAST('-12.50' AS DECIMAL(4,2))"},
		{&number, "-12.5", "CAST('-12.50' AS DECIMAL(4,2))"},
		{sql.Null[scaled]{V: number, Valid: true}, "-12.5", "CAST('-12.50' AS DECIMAL(4,2))"},
		{sql.Null[scaled]{}, "NULL", "NULL"},
		{(*scaled)(nil), "NULL", "NULL"},
		{nullScaled{number, true}, "-12.5", "CAST('-12.50' AS DECIMAL(4,2))"},
		{&nullScaled{number, true}, "-12.5", "CAST('-12.50' AS DECIMAL(4,2))"},
		{nullScaled{}, "NULL", "NULL"},
		{scaled{big.NewInt(0), -2}, "0", "CAST('0.00' AS DECIMAL(2,2))"},
		{unasked{scaled{big.NewInt(5), -3}}, "0.005", "CAST('0.005' AS DECIMAL(3,3))"},
		{&unasked{scaled{big.NewInt(5), 2}}, "500", "CAST('500' AS DECIMAL(3,0))"},
		{unasked{}, "0", "CAST('0' AS DECIMAL(1,0))"},
		{(*unasked)(nil), "NULL", "NULL"},
		{unasked{scaled{big.NewInt(1), -38}}, "0." + strings.Repeat("0", 37) + "1", "CAST('0." + strings.Repeat("0", 37) + "1' AS DECIMAL(38,38))"},
		{unasked{scaled{big.NewInt(1), -39}}, "", ""},
		{unasked{scaled{big.NewInt(1), math.MaxInt32}}, "", ""},
		{unasked{scaled{big.NewInt(1), math.MinInt32}}, "", ""},
		{inBytes{number}, "-12.5", "CAST('-12.50' AS DECIMAL(4,2))"},
		{money{number}, "'EUR 12'", "'EUR 12'"},

		{apd, "12.5", "CAST('12.5' AS DECIMAL(3,1))"},
		{&apd, "12.5", "CAST('12.5' AS DECIMAL(3,1))"},
		{nullDecomposed{apd, true}, "12.5", "CAST('12.5' AS DECIMAL(3,1))"},
		{nullDecomposed{}, "NULL", "NULL"},
		{(*decomposed)(nil), "NULL", "NULL"},
		{decomposed{coeff: 12, exp: 3, negative: true}, "-12000", "CAST('-12000' AS DECIMAL(5,0))"},
		{decomposed{form: 2}, "", "CAST('NaN' AS DOUBLE)"},
		{decomposed{form: 1}, "", "CAST('inf' AS DOUBLE)"},
		{decomposed{form: 1, negative: true}, "", "CAST('-inf' AS DOUBLE)"},
		{silent{apd}, "12.5", "CAST('12.5' AS DECIMAL(3,1))"},
		{&silent{apd}, "12.5", "CAST('12.5' AS DECIMAL(3,1))"},
		{(*silent)(nil), "NULL", "NULL"},
		{silent{decomposed{negative: true}}, "0", "CAST('0' AS DECIMAL(1,0))"},
		{silent{decomposed{form: 1, negative: true}}, "", "CAST('-inf' AS DOUBLE)"},
		{silent{decomposed{form: 2}}, "", "CAST('NaN' AS DOUBLE)"},
		{silent{decomposed{form: 3}}, "", ""},

		{json.Number("7"), "7", "7"},
		{json.Number("-9223372036854775808"), "-9223372036854775808", "-9223372036854775808"},
		{json.Number("18446744073709551615"), "18446744073709551615", "18446744073709551615"},
		{json.Number("18446744073709551616"), "18446744073709551616", "CAST('18446744073709551616' AS DECIMAL(20,0))"},
		{json.Number("12.50"), "12.5", "CAST('12.50' AS DECIMAL(4,2))"},
		{json.Number("-1.5e-3"), "-0.0015", "CAST('-0.0015' AS DECIMAL(4,4))"},
		{json.Number("1E2"), "100", "CAST('100' AS DECIMAL(3,0))"},
		{json.Number("1e300"), "1e+300", "1e+300"},
		{json.Number("1e-50"), "1e-50", "1e-50"},
		{ptr(json.Number("1.5")), "1.5", "CAST('1.5' AS DECIMAL(2,1))"},
		{sql.Null[json.Number]{V: "1.5", Valid: true}, "1.5", "CAST('1.5' AS DECIMAL(2,1))"},
		{(*json.Number)(nil), "NULL", "NULL"},
		{json.Number("1e400"), "", ""},
		{json.Number("1e99999999999"), "", ""},
		{json.Number(""), "", ""},
		{json.Number("1; DROP TABLE t"), "", ""},
		{json.Number("1e"), "", ""},
		{json.Number("0x10"), "", ""},
		{json.Number("1_000"), "", ""},
	} {
		for _, way := range []struct{ text, want string }{
			{"INSERT INTO t (host, v) VALUES ('a', ?)", tt.values}, {"DELETE FROM t WHERE v < ?", tt.filter},
		} {
			_, err := db.Exec(way.text, tt.arg)
			if way.want == "" {
				if err == nil {
					t.Errorf("%T %+v became %s", tt.arg, tt.arg, s.lastCall(t).sql)
				}
				continue
			}
			want := strings.Replace(way.text, "?", way.want, 1)
			if err != nil {
				t.Errorf("%T %+v: %v, want %s", tt.arg, tt.arg, err, want)
			} else if got := s.lastCall(t).sql; got != want {
				t.Errorf("%T %+v: %s, want %s", tt.arg, tt.arg, got, want)
			}
		}
	}
}

func ptr[T any](v T) *T { return &v }

// A decimal number travels natively into every type of column that can hold it.
func TestDecimalNumbersTravelNatively(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server, "insert=native")
	number, whole := scaled{big.NewInt(-1250), -2}, big.NewRat(7, 1)
	for _, tt := range []struct {
		column string
		arg    any
		want   string // of the value on the wire; "" for an error
	}{
		{"v", number, "f64_value:-12.5"},
		{"v", greptime.Decimal("0.1"), "f64_value:0.1"},
		{"v", whole, "f64_value:7"},
		{"v", json.Number("1e300"), "f64_value:1e+300"},
		{"v", decomposed{form: 1}, "f64_value:inf"},
		{"v", greptime.Decimal("1" + strings.Repeat("0", 310)), ""},
		{"n", whole, "i64_value:7"},
		{"n", greptime.Decimal("-12.00"), "i64_value:-12"},
		{"n", json.Number("-12"), "i64_value:-12"},
		{"n", number, ""},
		{"n", greptime.Decimal("9223372036854775808"), ""},
		{"dec", number, "decimal128_value:{hi:-1 lo:-1250}"},
		{"dec", json.Number("1.005"), "decimal128_value:{lo:101}"},
		{"dec", greptime.Decimal("0." + strings.Repeat("0", 30)), "decimal128_value:{}"},
		{"dec", greptime.Decimal("0." + strings.Repeat("0", 30) + "1"), ""},
		{"Upper", greptime.Decimal("12.50"), `string_value:"12.50"`},
		{"j", json.Number("12.50"), `string_value:"12.50"`},
		{"d", greptime.Decimal("1"), ""},
	} {
		_, err := db.Exec(`INSERT INTO t (host, ts, "`+tt.column+`") VALUES ('a', 1, ?)`, tt.arg)
		if tt.want == "" {
			if err == nil {
				t.Errorf("%T %v into %s is taken", tt.arg, tt.arg, tt.column)
			}
			continue
		}
		if err != nil {
			t.Errorf("%T %v into %s: %v", tt.arg, tt.arg, tt.column, err)
			continue
		}
		value := s.lastCall(t).native.GetRowInserts().Inserts[0].Rows.Rows[0].Values[2]
		if got := strings.ReplaceAll(value.String(), "  ", " "); got != tt.want {
			t.Errorf("%T %v into %s: %s, want %s", tt.arg, tt.arg, tt.column, got, tt.want)
		}
	}
}

// GreptimeDB refuses long texts of decimal numbers with more decimals than digits; they are
// left to it.
func TestLongDecimalTextsOfFewDigitsAreLeftToTheServer(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server)
	s.know(t, db)
	for _, tt := range []struct{ text, way string }{
		{"0." + strings.Repeat("0", 26), "native"}, // 28 characters
		{"0." + strings.Repeat("0", 27), "text"},
		{"-0." + strings.Repeat("0", 26), "text"},
		{"0." + strings.Repeat("0", 26) + "1", "text"},
		{"0.0" + strings.Repeat("1", 26), "text"},
		{"0." + strings.Repeat("1", 27), "native"},
		{"12." + strings.Repeat("0", 26), "native"},
		{strings.Repeat("0", 29), "text"},
	} {
		exec(t, db, "INSERT INTO t (host, ts, dec) VALUES ('a', 1, ?)", tt.text)
		if got := s.ways(); got != tt.way {
			t.Errorf("%s goes %s, want %s", tt.text, got, tt.way)
		}
		exec(t, db, "INSERT INTO t (host, ts, dec) VALUES ('a', 1, '"+tt.text+"')")
		if got := s.ways(); got != tt.way {
			t.Errorf("'%s' goes %s, want %s", tt.text, got, tt.way)
		}
	}
}
