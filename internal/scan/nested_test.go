package scan_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/scan"
)

// Local times before about 1900 have offsets with seconds, which RFC 3339 cannot express.
func TestTimesInListsAreTheSameInstants(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		zone string
		at   time.Time
		want string
	}{
		{"UTC", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), "0001-01-01T00:00:00Z"},
		{"Asia/Shanghai", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), "0001-01-01T00:00:00Z"}, // +08:05:43
		{"Asia/Shanghai", time.Date(1900, 1, 1, 0, 0, 0, 5e6, time.UTC), "1900-01-01T00:00:00.005Z"},
		{"Asia/Shanghai", time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC), "2024-02-29T20:00:00+08:00"},
		{"Europe/Amsterdam", time.Date(1850, 6, 1, 0, 0, 0, 0, time.UTC), "1850-06-01T00:00:00Z"},
		{"Asia/Kolkata", time.Date(1930, 6, 1, 0, 0, 0, 0, time.UTC), "1930-06-01T05:30:00+05:30"},
	} {
		loc, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		dtype := arrow.FixedWidthTypes.Timestamp_ms
		b := array.NewListBuilder(memory.DefaultAllocator, dtype)
		b.Append(true)
		b.ValueBuilder().(*array.TimestampBuilder).Append(arrow.Timestamp(test.at.UnixMilli()))
		list := b.NewArray()
		b.Release()
		column, err := scan.New(arrow.Field{Name: "x", Type: arrow.ListOf(dtype)}, loc)
		if err != nil {
			t.Fatal(err)
		}
		if err := column.Load(list); err != nil {
			t.Fatal(err)
		}
		value, err := column.Value(0)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := json.Unmarshal(value.([]byte), &got); err != nil || len(got) != 1 || got[0] != test.want {
			t.Errorf("%v in %s: %s, %v, want %q", test.at, test.zone, value, err, test.want)
		}
		list.Release()
	}
}
