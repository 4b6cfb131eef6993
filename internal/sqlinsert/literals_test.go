package sqlinsert

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/literals"
)

// isLiteral reports whether package sqltext reads a text as a literal in VALUES.
func isLiteral(t testing.TB, literal string) bool {
	t.Helper()
	script, err := sqltext.Parse("INSERT INTO t (c) VALUES (" + literal + ")")
	if err != nil {
		t.Fatal(err)
	}
	v := script.Statements[0].Values
	return v.Plain && v.Rows == 1 && v.Width == 1 && v.Items[0].Kind == sqltext.Literal
}

// What GreptimeDB stores as NULL or as an infinity without an error, a native insert
// refuses: the differences that are wanted. Of each column, the recorded literals.
var lossyLiterals = map[string]string{
	"FLOAT":  "1e400 1e39 1.7976931348623157e308",
	"DOUBLE": "1e400",
	"STRING": "X'00ff10' X'c328' X'0000803f0000004000004040' 0x0aff",
	"DECIMAL(10,2)": `2147483647 2147483648 -2147483649 4294967295 4294967296 9223372036854775807 9223372036854775808
		-9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616 9007199254740993 99999999.995
		100000000 1234567890123456789012345678.1234567890 12345678901234567890123456789 '1704067200'`,
	"DECIMAL(38,10)": "12345678901234567890123456789",
}

// Every literal that was recorded is stored natively as it was by the text, or left to
// the text; natively nothing is stored that the server refused.
func TestRecordedLiterals(t *testing.T) {
	t.Parallel()
	taken, pairs := 0, 0
	for _, col := range captures.Literals() {
		typ, err := literals.TypeOf(col.Column)
		if err != nil {
			t.Fatal(err)
		}
		var lost []string
		for _, l := range col.Values {
			pairs++
			if !isLiteral(t, l.Literal) {
				t.Errorf("%s is no literal", l.Literal)
				continue
			}
			c := &Cell{UTC: l.TimeZone == ""}
			c.cell.SetInt(column.Of(column.Int64), 7) // what was there before
			err := c.SetLiteral(typ, l.Literal)
			var text *NotNativeError
			var lossy *LossyError
			switch {
			case errors.As(err, &text):
			case errors.As(err, &lossy):
				if l.Error != "" || l.Stored != nil && *l.Stored != "inf" {
					t.Errorf("%s, %s: %v, but the text is %v", col.Column, l.Literal, err, l)
				}
				lost = append(lost, l.Literal)
			case err != nil:
				t.Errorf("%s, %s: an error of no kind: %v", col.Column, l.Literal, err)
			case l.Error != "":
				t.Errorf("%s, %s: stored, but the server refuses it: %s", col.Column, l.Literal, l.Error)
			default:
				taken++
				if err := literals.Compare(typ, c.AppendValue(nil, typ), l.Stored); err != nil {
					t.Errorf("%s, %s (zone %q): %v", col.Column, l.Literal, l.TimeZone, err)
				}
			}
		}
		if want := strings.Fields(lossyLiterals[col.Column]); !reflect.DeepEqual(lost, want) && len(lost)+len(want) > 0 {
			t.Errorf("%s refuses what loses something:\n%q, listed are\n%q", col.Column, lost, want)
		}
	}
	t.Logf("%d of %d pairs travel natively", taken, pairs)
	if pairs != 2580 || taken < 500 {
		t.Errorf("%d of %d pairs travel natively", taken, pairs)
	}
}
