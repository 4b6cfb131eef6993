package govalue_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// argument is the Go value that a literal stands for, if it is one.
func argument(literal string) (any, bool) {
	switch {
	case literal == "NULL":
		return nil, true
	case literal == "TRUE" || literal == "FALSE":
		return literal == "TRUE", true
	case strings.HasPrefix(literal, "'"):
		return strings.ReplaceAll(literal[1:len(literal)-1], "''", "'"), true
	case strings.HasPrefix(literal, "X'"):
		b, err := hex.DecodeString(literal[2 : len(literal)-1])
		return append([]byte{}, b...), err == nil
	}
	if n, err := strconv.ParseInt(literal, 10, 64); err == nil {
		return n, true
	}
	if n, err := strconv.ParseUint(literal, 10, 64); err == nil {
		return n, true
	}
	if f, err := strconv.ParseFloat(literal, 64); err == nil && strings.ContainsAny(literal, ".e") {
		// A literal of more digits than a float64 has is not one.
		return f, len(strings.Trim(literal, "-0.")) <= 17 || strings.Contains(literal, "e")
	}
	return nil, false
}

// asRead is a cell as the recording's expression reads the column back.
func asRead(typ column.Type, c *column.Cell) string {
	switch k := typ.Kind(); k {
	case column.Boolean:
		return strconv.FormatBool(c.Bool())
	case column.Float32:
		return strconv.FormatFloat(float64(c.Float32()), 'g', -1, 32)
	case column.Float64:
		return strconv.FormatFloat(c.Float64(), 'g', -1, 64)
	case column.Uint64:
		return strconv.FormatUint(c.Uint(), 10)
	case column.Decimal:
		return string(c.AppendDecimal(nil, typ))
	case column.Binary:
		return hex.EncodeToString(c.AppendBytes(nil))
	case column.String, column.JSON:
		return string(c.AppendBytes(nil))
	case column.Vector:
		var numbers []string
		b := c.AppendBytes(nil)
		for i := 0; i < len(b); i += 4 {
			var bits column.Cell
			bits.ReadArrow(column.Of(column.Float32), b[i:i+4])
			numbers = append(numbers, strconv.FormatFloat(float64(bits.Float32()), 'g', -1, 32))
		}
		return "[" + strings.Join(numbers, ",") + "]"
	}
	return strconv.FormatInt(c.Int(), 10)
}

// same compares two readings of a value, where the texts of one value can differ.
func same(typ column.Type, got, want string) bool {
	switch typ.Kind() {
	case column.Float32, column.Float64:
		g, err1 := strconv.ParseFloat(got, 64)
		w, err2 := strconv.ParseFloat(want, 64)
		if typ.Kind() == column.Float32 {
			g, w = float64(float32(g)), float64(float32(w))
		}
		return err1 == nil && err2 == nil && g == w
	case column.JSON:
		var g, w any
		err1, err2 := json.Unmarshal([]byte(got), &g), json.Unmarshal([]byte(want), &w)
		return err1 == nil && err2 == nil && reflect.DeepEqual(g, w)
	}
	return got == want
}

// What GreptimeDB 1.0.2 stores of a literal is what is stored of the Go value, or the
// value is refused. And where it stores NULL or an infinity for a value that it cannot
// keep, the value is refused.
func TestValuesAreStoredAsTheServerStoresTheirLiterals(t *testing.T) {
	t.Parallel()
	stored := 0
	for _, col := range captures.Literals() {
		name := col.Column
		if name == "DATETIME" {
			name = "TIMESTAMP(6)"
		}
		typ := parseType(t, name)
		for _, l := range col.Values {
			value, ok := argument(l.Literal)
			if !ok || l.TimeZone != "" {
				continue
			}
			var c column.Cell
			err := govalue.Set(&c, typ, value)
			what := fmt.Sprintf("%s, %s as %T", col.Column, l.Literal, value)
			switch {
			case err != nil:
			case l.Error != "":
				if !acceptedBeyond(typ, value) {
					t.Errorf("%s: stored %s, the server refuses it: %s", what, asRead(typ, &c), l.Error)
				}
			case l.Stored == nil:
				if !c.IsNull() {
					t.Errorf("%s: stored %s, the server NULL", what, asRead(typ, &c))
				}
			case c.IsNull() || !same(typ, asRead(typ, &c), *l.Stored):
				t.Errorf("%s: stored %s, the server %s", what, asRead(typ, &c), *l.Stored)
			default:
				stored++
			}
		}
	}
	if stored < 350 {
		t.Errorf("only %d literals were stored", stored)
	}
}

// acceptedBeyond says what is stored of Go values although the server refuses the
// literal, because the value is exact here.
func acceptedBeyond(typ column.Type, value any) bool {
	switch v := value.(type) {
	case int64:
		return typ.Kind().IsTimestamp() // beyond the years of the server's calendar
	case float64:
		return typ.Kind() == column.Decimal // with an exponent, 1e2
	case []byte:
		return typ.Kind() == column.JSON && json.Valid(v)
	case string:
		if typ.Kind() == column.JSON {
			return json.Valid([]byte(v))
		}
		if typ.Kind().IsTimestamp() {
			_, err := time.Parse(time.RFC3339Nano, v)
			return err == nil
		}
	}
	return false
}
