package sqlinsert

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/literals"
)

// Of every literal that a recorded column lost, it is known that it may be lost.
func TestEveryRecordedLossIsForeseen(t *testing.T) {
	t.Parallel()
	losses := 0
	for _, col := range captures.Literals() {
		typ, err := literals.TypeOf(col.Column)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range col.Values {
			var c Cell
			var lossy *LossyError
			if !errors.As(c.SetLiteral(typ, l.Literal), &lossy) {
				continue
			}
			losses++
			if !mayLoseLiteral(l.Literal) {
				t.Errorf("%s loses %s", col.Column, l.Literal)
			}
		}
	}
	if losses < 20 {
		t.Errorf("%d losses", losses)
	}
}

// What is lost by some column may be lost, but for integers of one digit.
func FuzzEveryLossIsForeseen(f *testing.F) {
	f.Add("'12.50'", int64(1)<<40, 1e39)
	f.Add("- 0012", int64(-10), 0.96)
	f.Add("X'00ff'", int64(9), -1e-9)
	f.Add("'[1e39,1]'", int64(0), 0.0)
	f.Add(`"12_345.50"`, int64(0), 0.0)
	f.Add("-1.0000000000000000000000000000e2", int64(0), 0.0)
	f.Add(" [Infinity, -1e39]", int64(0), 0.0)
	f.Add(`{"a":1e400}`, int64(0), 0.0)
	f.Add("\f[{\"a\\\"\": \"\n\", \"b\":-1E+400\f}] ", int64(0), 0.0)
	f.Add(" -1e309", int64(0), 0.0)
	types := []column.Type{
		column.DecimalOf(1, 0), column.DecimalOf(2, 2), column.DecimalOf(38, 38), column.DecimalOf(38, 0), column.DecimalOf(10, 2),
		column.Of(column.Float32), column.Of(column.Float64), column.Of(column.String), column.VectorOf(1), column.VectorOf(2),
		column.Of(column.JSON),
	}
	f.Fuzz(func(t *testing.T, text string, n int64, x float64) {
		isLost := func(err error) bool {
			var lossy *LossyError
			return errors.As(err, &lossy)
		}
		for _, typ := range types {
			var c Cell
			if literal := literalIn(text); literal != "" && isLost(c.SetLiteral(typ, literal)) && !mayLoseLiteral(literal) && !isDigit(literal) {
				t.Errorf("%v loses the literal %s", typ, literal)
			}
			if isLost(c.SetString(typ, text)) && !mayLoseText(text) {
				t.Errorf("%v loses %q", typ, text)
			}
			if isLost(c.SetJSON(typ, []byte(text))) && !mayLoseArg(json.RawMessage(text)) {
				t.Errorf("%v loses the JSON %q", typ, text)
			}
			if isLost(c.SetBytes(typ, []byte(text))) && !mayLoseBytes([]byte(text)) {
				t.Errorf("%v loses the bytes %q", typ, text)
			}
			if isLost(c.SetInt(typ, n)) && !mayLoseInt(n) && (n < -9 || n > 9) {
				t.Errorf("%v loses %d", typ, n)
			}
			if isLost(c.SetUint(typ, uint64(n))) && !mayLoseUint(uint64(n)) && uint64(n) > 9 {
				t.Errorf("%v loses %d", typ, uint64(n))
			}
			if isLost(c.SetFloat64(typ, x)) && !mayLoseFloat(x) {
				t.Errorf("%v loses %v", typ, x)
			}
			if isLost(c.SetFloat32(typ, float32(x))) && !mayLoseFloat(float64(float32(x))) {
				t.Errorf("%v loses %v", typ, float32(x))
			}
		}
	})
}

// literalIn returns the literal that a text is as the value of an INSERT, if it is one.
func literalIn(text string) string {
	script, err := sqltext.Parse("INSERT INTO t (c) VALUES (" + text + ")")
	if err != nil || len(script.Statements) != 1 {
		return ""
	}
	v := script.Statements[0].Values
	if v == nil || !v.Plain || len(v.Items) != 1 || v.Items[0].Kind != sqltext.Literal {
		return ""
	}
	return script.Text[v.Items[0].Start:v.Items[0].End]
}

// isDigit reports whether a literal is an integer from -9 to 9.
func isDigit(text string) bool {
	digits := 0
	for _, ch := range text {
		if ch >= '1' && ch <= '9' || ch == '0' && digits > 0 {
			digits++
		}
	}
	return digits <= 1
}
