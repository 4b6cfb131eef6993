package greptime_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// seriesText is a line for each series, with times as Unix seconds.
func seriesText(list []greptime.Series) string {
	var b strings.Builder
	for _, s := range list {
		fmt.Fprintf(&b, "%s{", s.Field)
		for i, name := range slices.Sorted(maps.Keys(s.Labels)) {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%s=%q", name, s.Labels[name])
		}
		b.WriteByte('}')
		for _, p := range s.Points {
			fmt.Fprintf(&b, " %d:%v", p.Time.Unix(), p.Value)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// matrixOf replays a recording and reads its answer as series.
func matrixOf(t *testing.T, exchange *captures.DoGet, params ...string) (list []greptime.Series, err error) {
	t.Helper()
	db := openServer(t, wiretest.Start(t, wiretest.Replay(*exchange)), params...)
	err = greptime.Raw(t.Context(), db, func(c *greptime.Conn) error {
		var rd *greptime.RecordReader
		if exchange.Request.Prom != nil {
			rd, err = c.PromQL(t.Context(), greptime.PromInstant{Query: exchange.Request.Prom.Query})
		} else {
			rd, err = c.QueryArrow(t.Context(), exchange.Request.SQL)
		}
		if err != nil {
			return err
		}
		defer rd.Release()
		list, err = greptime.Matrix(rd)
		return err
	})
	return list, err
}

func TestMatrixOfRecordedResults(t *testing.T) {
	t.Parallel()
	const temperature1 = `temperature{sensor="s1"} 1704067200:21.5 1704067230:21.5 1704067260:21.5` + "\n"
	const temperature2 = `temperature{sensor="s2"} 1704067200:19.25 1704067230:19.25 1704067260:19.25` + "\n"
	const ofHosts = `{host="a"} 1704067200:1 1704067230:2 1704067260:2` + "\n"
	for name, want := range map[string]string{
		"prom_select":     "v" + ofHosts + `v{host="b"} 1704067200:10 1704067230:10` + "\n",
		"prom_rfc3339":    "v" + ofHosts + `v{host="b"} 1704067200:10 1704067230:10` + "\n",
		"prom_by":         "sum(cpu.v)" + ofHosts + `sum(cpu.v){host="b"} 1704067200:10 1704067230:10` + "\n",
		"prom_sum":        "sum(cpu.v){} 1704067200:11 1704067230:12 1704067260:2\n",
		"prom_scalar":     "value{} 1704067200:2 1704067230:2 1704067260:2\n",
		"prom_empty":      "",
		"prom_no_match":   "",
		"tql_eval_cpu":    "sum(cpu.v)" + ofHosts + `sum(cpu.v){host="b"} 1704067200:10 1704067230:10` + "\n",
		"prom_rate":       `prom_rate(ts_range,v,ts,Int64(60000)){host="a"} 1704067230:0.03333333333333333` + "\n",
		"tql_eval":        temperature1 + temperature2,
		"v1.1.4/tql_eval": temperature2 + temperature1,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exchange := captures.DoGetByName(name)
			got, err := matrixOf(t, &exchange)
			if err != nil {
				t.Fatal(err)
			}
			if text := seriesText(got); text != want {
				t.Errorf("series\n%swant\n%s", text, want)
			}
		})
	}
}

func TestTimesOfAMatrixAreInTheSessionsTimeZone(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("prom_sum")
	list, err := matrixOf(t, &exchange, "timezone=Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	if got := list[0].Points[0].Time.Format(time.RFC3339); got != "2024-01-01T08:00:00+08:00" {
		t.Errorf("the first point is at %s", got)
	}
}

func TestMatrixOfAResultThatWasCutIsAnError(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("prom_select")
	exchange.Messages = exchange.Messages[:2] // the schema and one batch
	exchange.Code = codes.Internal
	if list, err := matrixOf(t, &exchange); err == nil || list != nil {
		t.Errorf("%v, %v", list, err)
	}
}

func TestMatrixRefusesWhatHasNoSeries(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"tql_explain":     "no time column",
		"tql_analyze":     "no time column",
		"insert_two_rows": "no time column",
	} {
		exchange := captures.DoGetByName(name)
		if _, err := matrixOf(t, &exchange); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	at := arrow.Field{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_ms}
	v := arrow.Field{Name: "v", Type: arrow.PrimitiveTypes.Float64, Nullable: true}
	for _, test := range []struct {
		fields []arrow.Field
		values []string
		want   string
	}{
		{[]arrow.Field{at, {Name: "at", Type: arrow.FixedWidthTypes.Timestamp_ns}, v}, nil, "two time columns, ts and at"},
		{[]arrow.Field{at, {Name: "host", Type: arrow.BinaryTypes.String}}, nil, "no column of numbers"},
		{[]arrow.Field{at, v}, []string{"w"}, `no column "w"`},
		{[]arrow.Field{at, v, {Name: "host", Type: arrow.BinaryTypes.String}}, []string{"v", "host"}, "host is utf8"},
		{[]arrow.Field{at, v, {Name: "w", Type: arrow.PrimitiveTypes.Float64}}, []string{"v"}, "w is float64, which is not a label; leave it out, or name it if it is a value"},
		{[]arrow.Field{at, v, {Name: "data", Type: arrow.BinaryTypes.Binary}}, nil, "data is binary, which is neither a time, nor a value, nor a label; leave it out"},
		{[]arrow.Field{at, v, v}, nil, "two value columns are named v"},
		{[]arrow.Field{at, v, v}, []string{"v"}, "two value columns are named v"},
		{[]arrow.Field{at, v, {Name: "host", Type: arrow.BinaryTypes.String}, {Name: "host", Type: arrow.BinaryTypes.String}}, nil, "two label columns are named host"},
	} {
		rd := readerOf(t, arrow.NewSchema(test.fields, nil))
		if _, err := greptime.Matrix(rd, test.values...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %s", test.fields, err, test.want)
		}
		rd.Release()
	}
}

// readerOf reads batches with these rows as JSON.
func readerOf(t testing.TB, schema *arrow.Schema, batches ...string) array.RecordReader {
	t.Helper()
	var list []arrow.RecordBatch
	for _, text := range batches {
		batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, batch)
	}
	rd, err := array.NewRecordReader(schema, list)
	if err != nil {
		t.Fatal(err)
	}
	return rd
}

func TestMatrixOfSeveralValueColumns(t *testing.T) {
	t.Parallel()
	rd := readerOf(t, arrow.NewSchema([]arrow.Field{
		{Name: "temperature", Type: arrow.PrimitiveTypes.Float32, Nullable: true},
		{Name: "host", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, Nullable: true},
		{Name: "up", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
		{Name: "requests", Type: arrow.PrimitiveTypes.Uint64, Nullable: true},
		{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_s},
	}, nil),
		`[{"temperature": 1.5, "host": "a", "up": true, "requests": 18446744073709551615, "ts": 2},
		  {"temperature": 2.5, "host": "b", "up": true, "requests": null, "ts": 1}]`,
		`[{"temperature": null, "host": "a", "up": true, "requests": 7, "ts": 1},
		  {"temperature": 4.5, "host": null, "up": null, "requests": null, "ts": 1},
		  {"temperature": 5.5, "host": "", "up": null, "requests": null, "ts": 1}]`,
	)
	defer rd.Release()
	got, err := greptime.Matrix(rd)
	if err != nil {
		t.Fatal(err)
	}
	const want = `temperature{host="a",up="true"} 2:1.5
requests{host="a",up="true"} 1:7 2:1.8446744073709552e+19
temperature{host="b",up="true"} 1:2.5
temperature{} 1:4.5
temperature{host=""} 1:5.5
`
	if text := seriesText(got); text != want {
		t.Errorf("series\n%swant\n%s", text, want)
	}
	got[0].Labels["host"] = "c"
	if got[1].Labels["host"] != "a" {
		t.Error("two series share a map of labels")
	}
}

func TestNamedValueColumnsMakeOtherIntegersLabels(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "rack", Type: arrow.PrimitiveTypes.Int16, Nullable: true},
		{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_ms},
		{Name: "v", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}, nil)
	rows := `[{"rack": -7, "ts": 1000, "v": 1}, {"rack": 8, "ts": 1000, "v": 2}, {"rack": null, "ts": 2000, "v": 3}]`
	for _, test := range []struct {
		values []string
		want   string
	}{
		{nil, "rack{} 1:-7 1:8\nv{} 1:1 1:2 2:3\n"},
		{[]string{"v"}, "v{rack=\"-7\"} 1:1\nv{rack=\"8\"} 1:2\nv{} 2:3\n"},
	} {
		rd := readerOf(t, schema, rows)
		got, err := greptime.Matrix(rd, test.values...)
		if err != nil {
			t.Fatal(err)
		}
		if text := seriesText(got); text != test.want {
			t.Errorf("values %v: series\n%swant\n%s", test.values, text, test.want)
		}
		rd.Release()
	}
}

// A matrix allocates for its series and its points, not for its rows.
func TestMatrixCopiesLabelsOncePerSeries(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "host", Type: arrow.BinaryTypes.String},
		{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_ms},
		{Name: "v", Type: arrow.PrimitiveTypes.Float64},
	}, nil)
	const series, points = 4, 1000
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for s := range series {
		for p := range points {
			b.Field(0).(*array.StringBuilder).Append(fmt.Sprint("host-", s))
			b.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(p))
			b.Field(2).(*array.Float64Builder).Append(float64(p))
		}
	}
	batch := b.NewRecordBatch()
	allocs := testing.AllocsPerRun(5, func() {
		rd, err := array.NewRecordReader(schema, []arrow.RecordBatch{batch})
		if err != nil {
			t.Fatal(err)
		}
		defer rd.Release()
		if list, err := greptime.Matrix(rd); err != nil || len(list) != series || len(list[3].Points) != points {
			t.Fatalf("%d series, %v", len(list), err)
		}
	})
	if allocs > series*20+50 {
		t.Errorf("%v allocations for %d series of %d points", allocs, series, points)
	}
}

func TestPromInstantIsARangeOfOnePoint(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []*greptimev1.PromRangeQuery
	exchange := captures.DoGetByName("prom_sum")
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		request, err := c.Ticket()
		if err != nil {
			return err
		}
		mu.Lock()
		asked = append(asked, request.GetQuery().GetPromRangeQuery())
		mu.Unlock()
		return wiretest.Replay(exchange)(c)
	})
	before := time.Now().Truncate(time.Millisecond)
	err := greptime.Raw(t.Context(), openServer(t, s), func(c *greptime.Conn) error {
		for _, q := range []greptime.PromInstant{
			{Query: "up", Time: time.UnixMilli(1704067200123)},
			{Query: "up", Lookback: time.Minute},
		} {
			rd, err := c.PromQL(t.Context(), q)
			if err != nil {
				return err
			}
			rd.Release()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	want := &greptimev1.PromRangeQuery{Query: "up", Start: "2024-01-01T00:00:00.123Z", End: "2024-01-01T00:00:00.123Z", Step: "1s", Lookback: "300s"}
	if !proto.Equal(asked[0], want) {
		t.Errorf("asked %v, want %v", asked[0], want)
	}
	at, err := time.Parse(time.RFC3339Nano, asked[1].Start)
	if err != nil || asked[1].End != asked[1].Start || asked[1].Lookback != "60s" || at.Before(before) || at.After(time.Now()) {
		t.Errorf("asked %v, %v", asked[1], err)
	}
}
