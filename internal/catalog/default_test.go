package catalog

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/int128"
)

// cellText is the value of a cell for a column of type t.
func cellText(cell *column.Cell, t column.Type) string {
	switch k := t.Kind(); {
	case cell.IsNull():
		return "NULL"
	case k == column.String:
		return string(cell.AppendBytes(nil))
	case k == column.Boolean:
		return fmt.Sprint(cell.Bool())
	case k == column.Float32:
		return fmt.Sprint(cell.Float32())
	case k == column.Float64:
		return fmt.Sprint(cell.Float64())
	case k == column.Uint64:
		return fmt.Sprint(cell.Uint())
	case k == column.Decimal:
		hi, lo := cell.Decimal()
		return int128.Decimal(decimal128.New(hi, lo), int32(t.Scale()))
	}
	return fmt.Sprint(cell.Int())
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	const unknown = "not understood"
	for _, tt := range []struct {
		kind                        column.Type
		described, constraint, want string
	}{
		{column.Of(column.Int32), "", "", "NULL"},
		{column.Of(column.Int32), "", `{"Value":"Null"}`, "NULL"},
		{column.Of(column.Int32), "5", `{"Value":{"Int32":5}}`, "5"},
		{column.Of(column.Int32), "5", "", "5"},
		{column.Of(column.Int8), "-5", `{"Value":{"Int8":-5}}`, "-5"},
		{column.Of(column.Uint64), "x", `{"Value":{"UInt64":18446744073709551615}}`, "18446744073709551615"},
		{column.Of(column.Float64), "x", `{"Value":{"Float64":1.5}}`, "1.5"},
		{column.Of(column.Float32), "x", `{"Value":{"Float32":0.10000000149011612}}`, "0.1"},
		{column.Of(column.Boolean), "true", `{"Value":{"Boolean":true}}`, "true"},
		{column.Of(column.Boolean), "true", "", "true"},
		{column.Of(column.String), "x", `{"Value":{"String":"a\"b'ü"}}`, `a"b'ü`},
		{column.Of(column.String), "now()", "", "now()"},
		{column.Of(column.String), "x", `{"Value":{"String":""}}`, ""},
		{column.Of(column.Date), "x", `{"Value":{"Date":-19000}}`, "-19000"},
		{column.Of(column.TimestampMillisecond), "x", `{"Value":{"Timestamp":{"value":-1700000000123,"unit":"Millisecond"}}}`, "-1700000000123"},
		{column.Of(column.TimestampNanosecond), "x", `{"Value":{"Timestamp":{"value":9223372036854775807,"unit":"Nanosecond"}}}`, "9223372036854775807"},
		{column.Of(column.TimestampSecond), "now()", `{"Function":"now()"}`, "NULL"},
		{column.Of(column.TimestampSecond), "current_timestamp", "", "NULL"},
		{column.DecimalOf(10, 2), "x", `{"Value":{"Decimal128":{"value":12345,"precision":10,"scale":2}}}`, "123.45"},
		{column.DecimalOf(38, 0), "x", `{"Value":{"Decimal128":{"value":-99999999999999999999999999999999999999,"precision":38,"scale":0}}}`, "-99999999999999999999999999999999999999"},

		{column.DecimalOf(10, 2), "x", `{"Value":{"Decimal128":{"value":1,"precision":10,"scale":2000000000}}}`, unknown}, // would take 2 GB
		{column.DecimalOf(10, 2), "x", `{"Value":{"Decimal128":{"value":1,"precision":10,"scale":-1}}}`, unknown},
		{column.Of(column.Int8), "x", `{"Value":{"Int32":300}}`, unknown},
		{column.Of(column.Int8), "x", `{"Value":{"Text":"5"}}`, unknown},
		{column.Of(column.Int32), "five", "", unknown},
		{column.Of(column.Binary), "x", `{"Value":{"Binary":[1,2]}}`, unknown},
		{column.Of(column.TimestampSecond), "x", `{"Value":{"Timestamp":{"value":1,"unit":"Millisecond"}}}`, unknown},
		{column.Of(column.String), "x", `nonsense`, unknown},
		{column.Of(column.String), "x", `{}`, unknown},
	} {
		c := Column{Name: "c", Type: tt.kind, Default: tt.described, constraint: tt.constraint}
		var cell column.Cell
		err := c.SetDefault(&cell)
		switch {
		case tt.want == unknown && err == nil:
			t.Errorf("%s DEFAULT %s (%s): %s, want an error", tt.kind, tt.described, tt.constraint, cellText(&cell, tt.kind))
		case tt.want != unknown && err != nil:
			t.Errorf("%s DEFAULT %s (%s): %v", tt.kind, tt.described, tt.constraint, err)
		case err == nil && cellText(&cell, tt.kind) != tt.want:
			t.Errorf("%s DEFAULT %s (%s): %s, want %s", tt.kind, tt.described, tt.constraint, cellText(&cell, tt.kind), tt.want)
		}
	}
}

// A DEFAULT that is understood is the same value when the server writes that one.
func FuzzDefault(f *testing.F) {
	for _, text := range []string{
		`{"Value":"Null"}`, `{"Function":"now()"}`, `{"Value":{"Int32":5}}`, `{"Value":{"UInt64":18446744073709551615}}`, `{"Value":{"Float32":0.10000000149011612}}`,
		`{"Value":{"Boolean":true}}`, `{"Value":{"String":"a\"b'ü"}}`, `{"Value":{"Timestamp":{"value":-1,"unit":"Millisecond"}}}`,
		`{"Value":{"Decimal128":{"value":12345,"precision":10,"scale":2}}}`, `{"Value":{"Decimal128":{"value":"1","scale":2}}}`, `{"Value":{"a":1,"b":2}}`, "5", "NaN", "current_timestamp", "", "{}", "true",
	} {
		f.Add(text)
	}
	types := []column.Type{column.DecimalOf(10, 2), column.DecimalOf(38, 38), column.VectorOf(1)}
	for k := column.Boolean; k <= column.JSON; k++ {
		if typ := column.Of(k); typ.Check() == nil {
			types = append(types, typ)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, typ := range types {
			for _, c := range []Column{{Type: typ, constraint: text}, {Type: typ, Default: text}} {
				var cell column.Cell
				if err := c.SetDefault(&cell); err != nil || cell.IsNull() {
					continue
				}
				value := cellText(&cell, typ)
				if value == "NaN" || strings.HasSuffix(value, "Inf") {
					continue // which JSON does not have
				}
				written := value
				switch k := typ.Kind(); {
				case k == column.String:
					quoted, err := json.Marshal(value)
					if err != nil {
						t.Fatal(err)
					}
					written = string(quoted)
				case k == column.Decimal:
					hi, lo := cell.Decimal()
					written = fmt.Sprintf(`{"value":%s,"precision":%d,"scale":%d}`, decimal128.New(hi, lo).BigInt(), typ.Precision(), typ.Scale())
				case k.IsTimestamp(), k.IsTimeOfDay():
					written = fmt.Sprintf(`{"value":%s,"unit":%q}`, value, unitNames[ArrowType(typ).(arrow.TemporalWithUnit).TimeUnit()])
				}
				again := Column{Type: typ, constraint: `{"Value":{"X":` + written + `}}`}
				var same column.Cell
				if err := again.SetDefault(&same); err != nil || cellText(&same, typ) != value {
					t.Errorf("%s DEFAULT %q is %s, written as %s and read as %s, %v", typ, text, value, again.constraint, cellText(&same, typ), err)
				}
			}
		}
	})
}
