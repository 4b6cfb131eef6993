package expr

import (
	"errors"
	"testing"
	"time"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// column returns a column of a type.
func column(name string, t schema.Type) Expr {
	return Expr{SQL: name, Name: name, Text: name, Result: Result{Type: t, Null: true}, Traits: OfColumn, Form: PlainColumn}
}

// TestComparedWithText: what text means beside a timestamp depends on the place, the zone and
// the operator.
func TestComparedWithText(t *testing.T) {
	t.Parallel()
	ts := column("ts", schema.Type{Kind: schema.TimestampSecond})
	milli := column("ts", schema.Type{Kind: schema.TimestampMilli})
	east := time.FixedZone("", 8*3600)
	filter := Place{Filter: true, Zone: time.UTC}
	for _, tt := range []struct {
		at    Place
		left  Expr
		op    string
		right string
		want  string // "" is refused as not supported
	}{
		{filter, ts, "=", "1970-01-01 00:00:01", "(ts = CAST(make_timestamp(CAST('1' AS BIGINT) * 1000000) AS TIMESTAMP_S))"},
		{Place{Filter: true, Zone: east}, ts, "=", "1970-01-01 08:00:01", "(ts = CAST(make_timestamp(CAST('1' AS BIGINT) * 1000000) AS TIMESTAMP_S))"},
		{filter, milli, ">=", "1970-01-01 00:00:01", "(ts >= CAST(make_timestamp_ms(CAST('1000' AS BIGINT)) AS TIMESTAMP_MS))"},
		{filter, milli, "<=", "1970-01-01 00:00:01", "(ts <= CAST(make_timestamp_ms(CAST('1999' AS BIGINT)) AS TIMESTAMP_MS))"},
		{filter, milli, "<=", "1970-01-01 00:00:01.5", "(ts <= CAST(make_timestamp_ms(CAST('1500' AS BIGINT)) AS TIMESTAMP_MS))"},
		{Place{SelectList: true, Compared: map[string]bool{}, Zone: time.UTC}, milli, "<=", "1970-01-01 00:00:01", "(ts <= CAST(make_timestamp_ms(CAST('1000' AS BIGINT)) AS TIMESTAMP_MS))"},
		{Place{SelectList: true, Compared: map[string]bool{}, Zone: east}, milli, "=", "1970-01-01 08:00:01", ""},
		{filter, column("n", schema.Int32Type), "=", "3", "(n = '3')"},
		{filter, column("n", schema.Int32Type), "=", "03", ""},
		{filter, column("n", schema.Int32Type), "<", "3", ""},
		{filter, column("b", schema.BoolType), "=", "true", "(b = true)"},
		{filter, column("d", schema.Type{Kind: schema.Date}), "=", "1970-01-02", "(d = (DATE '1970-01-01' + CAST(1 AS INTEGER)))"},
	} {
		got, err := Compare(tt.at, tt.op, tt.left, TextLiteral(tt.right))
		var e *schema.Error
		if refused := errors.As(err, &e) && e.Code == schema.Unsupported; refused != (tt.want == "") || !refused && (err != nil || got.SQL != tt.want || !got.Is(OfColumn) || !got.Null) {
			t.Errorf("%s %s '%s' is %s %v, want %s", tt.left.Text, tt.op, tt.right, got.SQL, err, tt.want)
		}
	}
}
