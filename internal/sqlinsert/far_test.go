package sqlinsert

import (
	"errors"
	"strings"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/internal/column"
)

// Moments that a TIMESTAMP(9) cannot hold are stored in the other columns as GreptimeDB
// stores their text: read in milliseconds or microseconds, cut to the unit.
func TestFarTimesTravelNatively(t *testing.T) {
	t.Parallel()
	units := []column.Kind{column.TimestampSecond, column.TimestampMillisecond, column.TimestampMicrosecond, column.TimestampNanosecond}
	tests := []struct {
		text string
		want []any // by the units; nil: left to the server
		asGo []any // of the time.Time; nil: as want
	}{
		{"9999-12-31T23:59:59.999Z", []any{int64(253402300799), int64(253402300799999), int64(253402300799999000), nil}, nil},
		{"9999-12-31T23:59:59.999999Z", []any{int64(253402300799), int64(253402300799999), int64(253402300799999999), nil}, nil},
		{"1600-01-01T00:00:00.5Z", []any{int64(-11676096000), int64(-11676095999500), int64(-11676095999500000), nil}, nil},
		{"1600-01-01T01:00:00.5+01:00", []any{int64(-11676096000), int64(-11676095999500), int64(-11676095999500000), nil}, nil},
		{"0001-01-01T00:00:00Z", []any{int64(-62135596800), int64(-62135596800000), int64(-62135596800000000), nil}, nil},
		{"0001-01-01T00:00:00.000001Z", []any{int64(-62135596800), int64(-62135596800000), int64(-62135596799999999), nil}, nil},
		// The driver writes a time.Time with microseconds at most; text says what it says.
		{"1600-01-01T00:00:00.123456789Z", []any{nil, nil, nil, nil}, []any{int64(-11676096000), int64(-11676095999877), int64(-11676095999876544), nil}},
		{"1600-01-01T00:00:00.000000000Z", []any{nil, nil, nil, nil}, []any{int64(-11676096000), int64(-11676096000000), int64(-11676096000000000), nil}},
		{"2262-04-11T23:47:16.854775808Z", []any{nil, nil, nil, nil}, nil},
		{"2262-04-11T23:47:16.854776000Z", []any{nil, nil, nil, nil}, []any{int64(9223372036), int64(9223372036854), int64(9223372036854776), nil}},
		{"2262-04-11T23:47:16.854775807Z", []any{int64(9223372036), int64(9223372036854), int64(9223372036854775), int64(9223372036854775807)}, nil},
	}
	for _, tt := range tests {
		at, err := time.Parse(time.RFC3339Nano, tt.text)
		if err != nil {
			t.Fatal(err)
		}
		asGo := tt.want
		if tt.asGo != nil {
			asGo = tt.asGo
		}
		for i, k := range units {
			typ := column.Of(k)
			var c Cell
			check := func(what string, err error, want any) {
				t.Helper()
				var text *NotNativeError
				switch {
				case want == nil && !errors.As(err, &text):
					t.Errorf("%s as %s into %v: %v, want it left to the server", tt.text, what, typ, err)
				case want != nil && err != nil:
					t.Errorf("%s as %s into %v: %v", tt.text, what, typ, err)
				case want != nil:
					if got := epochOf(t, c.AppendValue(nil, typ)); got != want {
						t.Errorf("%s as %s into %v is %d, want %d", tt.text, what, typ, got, want)
					}
				}
			}
			check("time.Time", c.SetTime(typ, at), asGo[i])
			check("text", c.SetString(typ, tt.text), tt.want[i])
			check("literal", c.SetLiteral(typ, "'"+tt.text+"'"), tt.want[i])
			c.UTC = true
			if !strings.Contains(tt.text, "+") {
				naive := strings.TrimSuffix(strings.Replace(tt.text, "T", " ", 1), "Z")
				check("naive text", c.SetString(typ, naive), tt.want[i])
			}
		}
	}
}

// epochOf reads the one value of a row.
func epochOf(t *testing.T, b []byte) int64 {
	t.Helper()
	row := &greptimev1.Row{}
	if err := proto.Unmarshal(b, row); err != nil || len(row.Values) != 1 {
		t.Fatalf("%v, %v", row, err)
	}
	v := row.Values[0]
	return v.GetTimestampSecondValue() + v.GetTimestampMillisecondValue() + v.GetTimestampMicrosecondValue() + v.GetTimestampNanosecondValue()
}
