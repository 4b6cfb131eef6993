package sqlinsert

import (
	"strings"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// Any literal is taken or refused, for any type; what is taken is one value on the
// wire, and what is read of times is what package time reads.
func FuzzSetLiteral(f *testing.F) {
	for _, l := range captures.Literals()[13].Values {
		f.Add(l.Literal, l.TimeZone == "")
	}
	for _, literal := range []string{"-", "+ 5", "- 1.5e+3", "1e", ".", "1_000", "5L", "0x", "0x1", "x'0'", "''", "'0000-00-00T24:00:60Z'",
		"'2024-01-01T00:00:00,5Z'", "'2024-01-01T0:00:00Z'", "'2024-02-29T23:59:59.123456789-23:59'", "'1e5'", "'+1'", "'-.5'", "-0", "FALſE"} {
		f.Add(literal, true)
	}
	var types []column.Type
	for _, name := range []string{"BOOLEAN", "TINYINT", "BIGINT", "TINYINT UNSIGNED", "BIGINT UNSIGNED", "FLOAT", "DOUBLE", "STRING", "VARBINARY",
		"DATE", "TIMESTAMP(0)", "TIMESTAMP(9)", "TIME(3)", "DECIMAL(10,2)", "DECIMAL(38,38)", "JSON", "VECTOR(1)"} {
		typ, err := column.ParseType(name)
		if err != nil {
			f.Fatal(err)
		}
		types = append(types, typ)
	}
	f.Fuzz(func(t *testing.T, literal string, utc bool) {
		script, err := sqltext.Parse("INSERT INTO t (c) VALUES (" + literal + "\n)")
		if err != nil || len(script.Statements) != 1 {
			return
		}
		v := script.Statements[0].Values
		if v == nil || !v.Plain || len(v.Items) != 1 || v.Items[0].Kind != sqltext.Literal {
			return
		}
		literal = script.Text[v.Items[0].Start:v.Items[0].End]
		c := &Cell{UTC: utc}
		for _, typ := range types {
			if c.SetLiteral(typ, literal) != nil {
				continue
			}
			row := &greptimev1.Row{}
			if err := proto.Unmarshal(c.AppendValue(nil, typ), row); err != nil || len(row.Values) != 1 {
				t.Fatalf("%s as %v: %v, %v", literal, typ, row, err)
			}
			text, quoted := strings.CutPrefix(literal, "'")
			if typ.Kind() != column.TimestampNanosecond || !quoted {
				continue
			}
			text = strings.TrimSuffix(text, "'")
			at, err := time.Parse(time.RFC3339Nano, text)
			if utc && err != nil {
				at, err = time.Parse(time.DateTime, text)
			}
			if got := row.Values[0].GetTimestampNanosecondValue(); err != nil || got != at.UnixNano() {
				t.Errorf("%s is %d, package time says %v, %v", literal, got, at, err)
			}
		}
	})
}
