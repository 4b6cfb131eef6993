package greptime

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// FuzzPromRange has ranges of any times and durations: each is refused, or the server is sent
// just that range.
func FuzzPromRange(f *testing.F) {
	f.Add("up", int64(0), int64(0), int64(60), int64(0), int64(time.Minute), int64(0))
	f.Add("sum(rate(x[5m]))", int64(1_700_000_000), int64(999_999_999), int64(1_700_000_001), int64(1), int64(time.Millisecond), int64(1500*time.Millisecond))
	f.Add("x", int64(253402300799), int64(0), int64(253402300800), int64(0), int64(time.Second), int64(time.Second))
	f.Add("x", int64(-62167219201), int64(0), int64(0), int64(0), int64(time.Second), int64(time.Second))
	f.Add("x", int64(-62167219201), int64(0), int64(math.MaxInt64), int64(0), int64(math.MaxInt64), int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, query string, start, startNanos, end, endNanos, step, lookback int64) {
		q := PromRange{Query: query, Start: time.Unix(start, startNanos), End: time.Unix(end, endNanos), Step: time.Duration(step), Lookback: time.Duration(lookback)}
		r, err := q.request()
		if err != nil {
			return
		}
		if lookback == 0 {
			q.Lookback = defaultLookback
		}
		from, err1 := time.Parse(time.RFC3339Nano, r.Start)
		to, err2 := time.Parse(time.RFC3339Nano, r.End)
		every, err3 := time.ParseDuration(r.Step)
		back, err4 := time.ParseDuration(r.Lookback)
		for _, err := range []error{err1, err2, err3, err4} {
			if err != nil {
				t.Errorf("%+v is sent as %v: %v", q, r, err)
			}
		}
		if r.Query != query || !from.Equal(q.Start) || !to.Equal(q.End) || every != q.Step || back != q.Lookback {
			t.Errorf("%+v is sent as %v", q, r)
		}
	})
}

// matrixSchema has a label of each kind, two values, and NULL anywhere but in the time.
var matrixSchema = arrow.NewSchema([]arrow.Field{
	{Name: "host", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "zone", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, Nullable: true},
	{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_ms},
	{Name: "up", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	{Name: "v", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "rack", Type: arrow.PrimitiveTypes.Uint8, Nullable: true},
}, nil)

// FuzzMatrix has rows of any labels, values and times, in any batches: a matrix is what package fmt's
// texts of the labels tell apart, in the order of first appearance, each series in that of its times.
func FuzzMatrix(f *testing.F) {
	f.Add([]byte("aaaaaabbbbbbaaaaaa"))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"))
	f.Add([]byte("\x03\x0c\x30\x09\x3f\x80\x0c\x03\x30\x05\x3f\x81\x03\x0c\x30\x01\x3f\x02"))
	texts := []string{"", "a", "\x00", "\x00\x00\x00\x02a", "aa", "\xff", "b\x00\x00\x00\x01"}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 6000 {
			return
		}
		b := array.NewRecordBuilder(memory.DefaultAllocator, matrixSchema)
		defer b.Release()
		var batches []arrow.RecordBatch
		next := func() {
			batches = append(batches, b.NewRecordBatch())
		}
		type key struct{ labels, field string }
		want, order := map[key]*Series{}, []string(nil)
		for ; len(data) >= 6; data = data[6:] {
			labels := map[string]string{}
			appendText := func(name string, c byte, set func(string) error, null func()) {
				if int(c) >= len(texts)*8 {
					null()
					return
				}
				text := texts[int(c)%len(texts)]
				if err := set(text); err != nil {
					t.Fatal(err)
				}
				labels[name] = text
			}
			host, zone := b.Field(0).(*array.StringBuilder), b.Field(2).(*array.BinaryDictionaryBuilder)
			appendText("host", data[0], func(s string) error { host.Append(s); return nil }, host.AppendNull)
			appendText("zone", data[1], zone.AppendString, zone.AppendNull)
			if c := data[2]; c%3 == 2 {
				b.Field(4).AppendNull()
			} else {
				b.Field(4).(*array.BooleanBuilder).Append(c%3 == 1)
				labels["up"] = fmt.Sprint(c%3 == 1)
			}
			if c := data[3]; c > 200 {
				b.Field(6).AppendNull()
			} else {
				b.Field(6).(*array.Uint8Builder).Append(c % 12)
				labels["rack"] = fmt.Sprint(c % 12)
			}
			at := time.UnixMilli(int64(data[4]) % 8).UTC()
			b.Field(3).(*array.TimestampBuilder).Append(arrow.Timestamp(at.UnixMilli()))
			values := map[string]float64{}
			if c := data[5]; c&1 == 0 {
				b.Field(1).AppendNull()
			} else {
				b.Field(1).(*array.Int64Builder).Append(int64(c) - 100)
				values["n"] = float64(c) - 100
			}
			if c := data[5]; c&2 == 0 {
				b.Field(5).AppendNull()
			} else {
				b.Field(5).(*array.Float64Builder).Append(float64(c) / 4)
				values["v"] = float64(c) / 4
			}
			group := fmt.Sprintf("%q", labels)
			if !slices.Contains(order, group) {
				order = append(order, group)
			}
			for name, v := range values {
				k := key{group, name}
				if want[k] == nil {
					want[k] = &Series{Field: name, Labels: labels}
				}
				want[k].Points = append(want[k].Points, Point{at, v})
			}
			if data[5]&0x80 != 0 {
				next()
			}
		}
		next()
		var list []Series
		for _, group := range order {
			for _, name := range []string{"n", "v"} {
				if s := want[key{group, name}]; s != nil {
					slices.SortStableFunc(s.Points, func(a, b Point) int { return a.Time.Compare(b.Time) })
					list = append(list, *s)
				}
			}
		}
		rd, err := array.NewRecordReader(matrixSchema, batches)
		if err != nil {
			t.Fatal(err)
		}
		defer rd.Release()
		for _, batch := range batches {
			batch.Release()
		}
		got, err := Matrix(rd, "n", "v")
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(got, list, func(a, b Series) bool {
			return a.Field == b.Field && maps.Equal(a.Labels, b.Labels) && slices.Equal(a.Points, b.Points)
		}) {
			t.Errorf("series\n%v\nwant\n%v", got, list)
		}
	})
}

// Labels that rows share, series and points all count to what a batch may take.
func TestAMatrixLimitsWhatItMakesOfABatch(t *testing.T) {
	t.Parallel()
	const rows, most = 1000, 1 << 20
	for name, test := range map[string]struct {
		host, zone func(i int) string
		refused    bool
	}{
		"short labels":            {func(i int) string { return fmt.Sprint(i / 100) }, func(int) string { return "z" }, false},
		"a long label of each":    {func(i int) string { return "" }, func(int) string { return strings.Repeat("z", 2000) }, true},
		"long labels, two shared": {func(i int) string { return fmt.Sprint(i) }, func(i int) string { return strings.Repeat("z", 1500+i%2) }, true},
		"a series for each row":   {func(i int) string { return fmt.Sprint(i) }, func(int) string { return "z" }, false},
	} {
		b := array.NewRecordBuilder(memory.DefaultAllocator, matrixSchema)
		for i := range rows {
			b.Field(0).(*array.StringBuilder).Append(test.host(i))
			b.Field(1).(*array.Int64Builder).Append(int64(i))
			if err := b.Field(2).(*array.BinaryDictionaryBuilder).AppendString(test.zone(i)); err != nil {
				t.Fatal(err)
			}
			b.Field(3).(*array.TimestampBuilder).Append(arrow.Timestamp(i))
			b.Field(4).AppendNull()
			b.Field(5).(*array.Float64Builder).Append(1)
			b.Field(6).AppendNull()
		}
		batch := b.NewRecordBatch()
		rd, err := array.NewRecordReader(matrixSchema, []arrow.RecordBatch{batch})
		if err != nil {
			t.Fatal(err)
		}
		m, err := newMatrix(rd, []string{"n", "v"})
		if err != nil {
			t.Fatal(err)
		}
		m.most = most
		if err := m.add(batch); (err != nil) != test.refused || err != nil && !strings.Contains(err.Error(), "more than 1 MiB of memory") {
			t.Errorf("%s: error %v", name, err)
		}
		m.most = rows*2*pointSize - 1 // not even for the points
		if err := m.add(batch); err == nil {
			t.Errorf("%s: no error for the points", name)
		}
		batch.Release()
		rd.Release()
		b.Release()
	}
}
