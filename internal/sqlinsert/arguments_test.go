package sqlinsert

import (
	"bytes"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/sqlarg"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/literals"
	"github.com/greptime-go/greptime/sqltype"
)

// goValues are the arguments that may be written as a recorded literal.
func goValues(literal string) []driver.Value {
	values := []driver.Value{}
	add := func(v any, err error) {
		if err == nil {
			values = append(values, v)
		}
	}
	if n, err := strconv.ParseInt(literal, 10, 64); err == nil {
		values = append(values, n, int(n), int8(n), int16(n), int32(n))
	}
	if n, err := strconv.ParseUint(literal, 10, 64); err == nil {
		values = append(values, n, uint(n), uint8(n), uint16(n), uint32(n))
	}
	if f, err := strconv.ParseFloat(literal, 64); err == nil {
		values = append(values, f, float32(f))
	}
	if digits, ok := strings.CutPrefix(literal, "X'"); ok {
		add(hex.DecodeString(strings.TrimSuffix(digits, "'")))
	}
	switch literal {
	case "NULL":
		values = append(values, nil, []byte(nil), sqltype.Vector(nil), json.RawMessage(nil), (*big.Rat)(nil))
	case "TRUE", "FALSE":
		values = append(values, literal == "TRUE")
	}
	if literal[0] != '\'' {
		return values
	}
	text := strings.ReplaceAll(literal[1:len(literal)-1], "''", "'")
	values = append(values, text, sqltype.Decimal(text))
	at, err := time.Parse(time.RFC3339Nano, text)
	add(at, err)
	add(sqltype.ParseDate(text))
	add(sqltype.ParseVector(text))
	if r, ok := new(big.Rat).SetString(text); ok {
		values = append(values, r)
	}
	if json.Valid([]byte(text)) {
		values = append(values, json.RawMessage(text))
	}
	return values
}

// isBeyondText reports whether an argument is one of those that GreptimeDB has no literal
// for: NaN, an infinity, a DATE under a time zone, or a decimal number with more digits
// than a DECIMAL or for a column of text.
func isBeyondText(t column.Type, v driver.Value) bool {
	switch v := v.(type) {
	case sqltype.Decimal, *big.Rat:
		switch t.Kind() {
		case column.String, column.Binary, column.JSON, column.Float32, column.Float64:
			return true
		}
	case float64:
		return math.IsNaN(v) || math.IsInf(v, 0)
	case float32:
		return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0)
	case sqltype.Date:
		return true
	}
	return false
}

// isAsRead reports whether v is a value as a query returns it for a column of type t, for
// which the text that the driver writes without knowing the column is refused.
func isAsRead(t column.Type, v driver.Value) bool {
	switch v := v.(type) {
	case time.Time:
		return t.Kind() == column.Date && isDay(v)
	case []byte:
		return t.Kind() == column.JSON && json.Valid(v)
	}
	return false
}

// checkDirect checks that appendArgs appends what the cell has, or nothing. native is the cell's
// error.
func checkDirect(t *testing.T, typ column.Type, v driver.Value, native error, c *Cell) {
	t.Helper()
	direct, n := appendArgs(nil, []column.Kind{typ.Kind()}, []driver.NamedValue{{Ordinal: 1, Value: v}})
	switch {
	case n == 0 && len(direct) > 0:
		t.Errorf("%v, %#v: not appended, but %x", typ, v, direct)
	case n > 0 && native != nil:
		t.Errorf("%v, %#v: appended directly, but %v", typ, v, native)
	case n > 0 && !bytes.Equal(direct, c.AppendValue(nil, typ)):
		t.Errorf("%v, %#v: directly %x, by the cell %x", typ, v, direct, c.AppendValue(nil, typ))
	}
}

// Every argument is written into the text as a literal whose fate was recorded, or is
// not looked at here. Natively it is stored in the same way, left to the text, or
// refused because the text would lose it.
func TestArgumentsAreStoredAsTheirLiterals(t *testing.T) {
	t.Parallel()
	script, err := sqltext.Parse("INSERT INTO t (c) VALUES (?)")
	if err != nil {
		t.Fatal(err)
	}
	taken := map[string]int{}
	checked := 0
	for _, col := range captures.Literals() {
		typ, err := literals.TypeOf(col.Column)
		if err != nil {
			t.Fatal(err)
		}
		recorded := map[string]captures.Literal{}
		for _, l := range col.Values {
			recorded[l.TimeZone+" "+l.Literal] = l
		}
		for _, source := range col.Values {
			utc := source.TimeZone == ""
			for _, v := range goValues(source.Literal) {
				arg, err := sqlarg.Of(v)
				if err != nil {
					continue
				}
				c := &Cell{UTC: utc}
				native := c.SetArg(typ, v)
				checkDirect(t, typ, v, native, c)
				texts, err := script.Bind([]sqltext.Arg{arg}, sqltext.BindOptions{TimeZoneUTC: utc})
				if err != nil {
					if native == nil && !isBeyondText(typ, v) {
						t.Errorf("%s, %#v: stored, but the text refuses it: %v", col.Column, v, err)
					}
					continue
				}
				literal := strings.TrimSuffix(strings.TrimPrefix(texts[0], "INSERT INTO t (c) VALUES ("), ")")
				l, ok := recorded[source.TimeZone+" "+literal]
				if !ok {
					continue
				}
				checked++
				var lossy *LossyError
				switch {
				case errors.As(native, &lossy):
					if l.Error != "" || l.Stored != nil && *l.Stored != "inf" {
						t.Errorf("%s, %#v: %v, but the text %s is %+v", col.Column, v, native, literal, l)
					}
				case native != nil, isAsRead(typ, v):
				case l.Error != "" && isBeyondText(typ, v):
				case l.Error != "":
					t.Errorf("%s, %#v: stored, but the server refuses %s: %s", col.Column, v, literal, l.Error)
				default:
					taken[fmt.Sprintf("%T", v)]++
					if err := literals.Compare(typ, c.AppendValue(nil, typ), l.Stored); err != nil {
						t.Errorf("%s, %#v, written %s (zone %q): %v", col.Column, v, literal, l.TimeZone, err)
					}
				}
			}
		}
	}
	t.Logf("%d pairs checked, taken: %v", checked, taken)
	for _, v := range []any{nil, true, int64(0), int(0), int8(0), int16(0), int32(0), uint64(0), uint(0), uint8(0), uint16(0), uint32(0),
		float64(0), float32(0), "", []byte{}, time.Time{}, sqltype.Date{}, sqltype.Decimal(""), sqltype.Vector{}, json.RawMessage{}, &big.Rat{}} {
		if taken[fmt.Sprintf("%T", v)] == 0 {
			t.Errorf("no %T is taken", v)
		}
	}
	if checked < 3000 {
		t.Errorf("only %d pairs were checked", checked)
	}
}

// An argument that travels natively is sent as the same bytes as the literal that it
// would be written as, unless that is left to the server.
func FuzzArgumentsAndTheirLiterals(f *testing.F) {
	script, err := sqltext.Parse("INSERT INTO t (c) VALUES (?)")
	if err != nil {
		f.Fatal(err)
	}
	types := []column.Type{column.DecimalOf(10, 2), column.DecimalOf(38, 10), column.DecimalOf(38, 38), column.VectorOf(2)}
	for k := column.Boolean; k <= column.JSON; k++ {
		if typ := column.Of(k); typ.Check() == nil {
			types = append(types, typ)
		}
	}
	f.Add(int64(-1), 0.1, "2024-01-01T00:00:00.5Z", true)
	f.Add(int64(1)<<53+1, 1.000000059604644775390625, "-12.345", false) // halfway between two FLOATs
	f.Add(int64(1704067200000000001), math.MaxFloat32*1.0000001, `{"a":[1,2.50]}`, true)
	f.Add(int64(-62135596801), 1e-45, "2024-02-30 00:00:00", true)
	f.Add(int64(9999999), math.Copysign(0, -1), "it's", false)
	f.Add(int64(0), 16777217.0, "12345678901234567890123456789012345678.5", false)
	f.Fuzz(func(t *testing.T, n int64, x float64, text string, utc bool) {
		values := []driver.Value{
			n, uint64(n), x, float32(x), n%2 == 0, text, []byte(text), sqltype.Decimal(text), big.NewRat(n, 1024), json.RawMessage(text),
			time.Unix(0, n), time.Unix(n/1e7, n%1e9), time.UnixMilli(n / 1e5).In(time.FixedZone("", 3600)),
			sqltype.DateFromEpochDays(int32(n)), sqltype.DateFromEpochDays(int32(n % 3e6)), sqltype.Vector{float32(x), -1},
		}
		for _, v := range values {
			arg, err := sqlarg.Of(v)
			if err != nil {
				continue
			}
			texts, err := script.Bind([]sqltext.Arg{arg}, sqltext.BindOptions{TimeZoneUTC: utc})
			for _, typ := range types {
				c := &Cell{UTC: utc}
				native := c.SetArg(typ, v)
				checkDirect(t, typ, v, native, c)
				if err != nil {
					if native == nil && !isBeyondText(typ, v) {
						t.Errorf("%v, %#v: stored, but the text refuses it: %v", typ, v, err)
					}
					continue
				}
				if native != nil || isAsRead(typ, v) {
					continue
				}
				sent := c.AppendValue(nil, typ)
				literal := strings.TrimSuffix(strings.TrimPrefix(texts[0], "INSERT INTO t (c) VALUES ("), ")")
				var text *NotNativeError
				if err := c.SetLiteral(typ, literal); errors.As(err, &text) && (typ.Kind() == column.Vector || isBeyondText(typ, v)) {
					continue // the text of a vector is left to the server
				} else if err != nil {
					t.Errorf("%v, %#v (UTC %v): stored, but its literal %s is not: %v", typ, v, utc, literal, err)
				} else if read := c.AppendValue(nil, typ); !bytes.Equal(sent, read) {
					t.Errorf("%v, %#v (UTC %v): sends %x, its literal %s is %x", typ, v, utc, sent, literal, read)
				}
			}
		}
	})
}
