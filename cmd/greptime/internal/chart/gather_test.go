package chart_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/cmd/greptime/internal/chart"
)

var (
	timeColumn  = arrow.Field{Name: "ts", Type: &arrow.TimestampType{Unit: arrow.Millisecond}, Nullable: true}
	hostColumn  = arrow.Field{Name: "host", Type: arrow.BinaryTypes.String, Nullable: true}
	valueColumn = arrow.Field{Name: "v", Type: arrow.PrimitiveTypes.Float64, Nullable: true}
)

// gather gathers the rows of a result, which are JSON.
func gather(t *testing.T, rows string, fields ...arrow.Field) (text, title string, err error) {
	t.Helper()
	schema := arrow.NewSchema(fields, nil)
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Release()
	rd, err := array.NewRecordReader(schema, []arrow.RecordBatch{batch})
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Release()
	series, title, err := chart.Gather(rd)
	var b strings.Builder
	for _, s := range series {
		fmt.Fprintf(&b, "%q", s.Name)
		for _, p := range s.Points {
			fmt.Fprintf(&b, " %s=%v", p.Time.UTC().Format("01-02T15:04"), p.Value)
		}
		b.WriteByte('\n')
	}
	return b.String(), title, err
}

func TestGather(t *testing.T) {
	t.Parallel()
	decimal := arrow.Field{Name: "price", Type: &arrow.Decimal128Type{Precision: 10, Scale: 2}}
	date := arrow.Field{Name: "day", Type: arrow.FixedWidthTypes.Date32}
	later := arrow.Field{Name: "seen", Type: &arrow.TimestampType{Unit: arrow.Second}}
	up := arrow.Field{Name: "up", Type: arrow.FixedWidthTypes.Boolean}
	count := arrow.Field{Name: "n", Type: arrow.PrimitiveTypes.Uint8}
	bytes := arrow.Field{Name: "raw", Type: arrow.BinaryTypes.Binary, Nullable: true}
	for name, tt := range map[string]struct {
		fields      []arrow.Field
		rows        string
		want, title string
	}{
		"one series": {[]arrow.Field{timeColumn, valueColumn}, `[{"ts":0,"v":1},{"ts":60000,"v":2}]`,
			`"" 01-01T00:00=1 01-01T00:01=2` + "\n", "v"},
		"texts are labels, and NULL is one": {[]arrow.Field{hostColumn, timeColumn, valueColumn},
			`[{"host":"a","ts":0,"v":1},{"host":null,"ts":0,"v":2},{"host":"NULL","ts":0,"v":3},{"host":"a","ts":60000,"v":4}]`,
			`"a" 01-01T00:00=1 01-01T00:01=4` + "\n" + `"NULL" 01-01T00:00=2` + "\n" + `"NULL" 01-01T00:00=3` + "\n", "v"},
		"several columns of values name the series": {[]arrow.Field{hostColumn, timeColumn, valueColumn, count}, `[{"host":"a","ts":0,"v":1,"n":9}]`,
			`"v a" 01-01T00:00=1` + "\n" + `"n a" 01-01T00:00=9` + "\n", ""},
		"NULL values are gaps, rows without a time have no place": {[]arrow.Field{timeColumn, valueColumn}, `[{"ts":0,"v":null},{"ts":null,"v":5},{"ts":60000,"v":2}]`,
			`"" 01-01T00:00=NaN 01-01T00:01=2` + "\n", "v"},
		"points are sorted": {[]arrow.Field{timeColumn, valueColumn}, `[{"ts":60000,"v":2},{"ts":0,"v":1}]`,
			`"" 01-01T00:00=1 01-01T00:01=2` + "\n", "v"},
		"decimals are values": {[]arrow.Field{timeColumn, decimal}, `[{"ts":0,"price":"12.50"}]`, `"" 01-01T00:00=12.5` + "\n", "price"},
		"a date is a time":    {[]arrow.Field{date, valueColumn}, `[{"day":"1970-01-03","v":2}]`, `"" 01-03T00:00=2` + "\n", "v"},
		"the first TIMESTAMP is the time; booleans are labels, bytes are left out": {[]arrow.Field{date, timeColumn, later, up, bytes, valueColumn},
			`[{"day":"1970-01-03","ts":0,"seen":5,"up":true,"raw":null,"v":2}]`, `"true" 01-01T00:00=2` + "\n", "v"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, title, err := gather(t, tt.rows, tt.fields...)
			if err != nil || got != tt.want || title != tt.title {
				t.Errorf("%v, title %q, series\n%swant title %q, series\n%s", err, title, got, tt.title, tt.want)
			}
		})
	}
}

func TestGatherRefuses(t *testing.T) {
	t.Parallel()
	if _, _, err := gather(t, `[]`, hostColumn, valueColumn); err == nil || !strings.Contains(err.Error(), "host, v") || !strings.Contains(err.Error(), "TIMESTAMP") {
		t.Errorf("without a time: %v", err)
	}
	if _, _, err := gather(t, `[]`, hostColumn, timeColumn); err == nil || !strings.Contains(err.Error(), "column of numbers") {
		t.Errorf("without a value: %v", err)
	}
	var rows strings.Builder
	rows.WriteString("[")
	for i := range chart.MaxSeries + 1 {
		if i > 0 {
			rows.WriteString(",")
		}
		fmt.Fprintf(&rows, `{"ts":0,"host":"%d","v":1}`, i)
	}
	rows.WriteString("]")
	if _, _, err := gather(t, rows.String(), timeColumn, hostColumn, valueColumn); err == nil || !strings.Contains(err.Error(), "more than 1000 series") {
		t.Errorf("too many series: %v", err)
	}
}

func TestGatherEveryNumber(t *testing.T) {
	t.Parallel()
	for _, typ := range []arrow.DataType{
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
		arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
		arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		&arrow.Decimal128Type{Precision: 5}, &arrow.Decimal256Type{Precision: 50},
	} {
		for _, unit := range []arrow.TimeUnit{arrow.Second, arrow.Millisecond, arrow.Microsecond, arrow.Nanosecond} {
			perSecond := int64(time.Second / unit.Multiplier())
			got, _, err := gather(t, fmt.Sprintf(`[{"ts":%d,"v":"7"}]`, 3600*perSecond),
				arrow.Field{Name: "ts", Type: &arrow.TimestampType{Unit: unit}}, arrow.Field{Name: "v", Type: typ})
			if want := `"" 01-01T01:00=7` + "\n"; err != nil || got != want {
				t.Errorf("%s at %s: %v, %s", typ, unit, err, got)
			}
		}
	}
}
