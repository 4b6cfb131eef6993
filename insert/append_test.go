package insert_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/race"
)

func TestAColumnIsAFieldUnlessItIsSaidToBeSomethingElse(t *testing.T) {
	t.Parallel()
	s, err := insert.NewSchema(insert.Column{Name: "temperature", Type: insert.Float64}, insert.Tag("device", insert.String), insert.Time("ts", insert.Second))
	if err != nil {
		t.Fatal(err)
	}
	if c := s.Columns(); c[0] != insert.Field("temperature", insert.Float64) || c[0].IsTag() || c[0].IsTime() || !c[1].IsTag() || !c[2].IsTime() {
		t.Errorf("columns %+v, want a field, a tag and the time", c)
	}
}

func TestErrorsNameTableColumnRowAndValue(t *testing.T) {
	t.Parallel()
	table := sensors(t)
	if err := table.Append("a", 1.5, moment); err != nil {
		t.Fatal(err)
	}
	err := table.Append("b", "hot", moment)
	wantValueError(t, err, "temperature", 1, "")
	if want := `greptime: table "sensor_data", row 2 (index 1), column "temperature": "hot" (string) is not a value for DOUBLE: text is not a number; parse it`; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	var e *insert.ValueError
	if errors.As(err, &e); e.Value != "hot" || e.Type != insert.Float64 || e.Table != "sensor_data" {
		t.Errorf("%+v, want the value hot of a DOUBLE of sensor_data", e)
	}
	wantValueError(t, table.Append("b", 1.5, nil), "ts", 1, "the time index cannot be NULL")
	wantValueError(t, table.Append("b", 1.5), "", 1, "it has 2 values, the table has 3 columns")
	wantValueError(t, table.Append(), "", 1, "it has 0 values")
	wantValueError(t, table.Append("\xff", 1.5, moment), "device_id", 1, "UTF-8")
	if table.Len() != 1 {
		t.Errorf("%d rows, want 1", table.Len())
	}
}

// A row with an error is left out as a whole, however it is made and wherever the
// error is; those around it stay.
func TestAnErroneousRowLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	clean := sensors(t)
	for i := range 4 {
		if err := clean.Append(fmt.Sprint("device", i), float64(i), moment); err != nil {
			t.Fatal(err)
		}
	}
	table := sensors(t)
	for i := range 4 {
		bad := []error{
			table.Append("x", "y", moment),
			table.Append("x", 1.5, "z"),
			table.Append(1, 1.5, moment),
			table.Append("x"),
			table.NewRow().Set("device_id", "x").Set("nowhere", 1).End(),
			table.NewRow().Set("device_id", "x").Set("temperature", "y").Set("ts", moment).End(),
			table.NewRow().Set("device_id", "x").End(),
			table.AppendColumns(insert.Values("device_id", []string{"a", "b"}), insert.Values("ts", []any{moment, "z"})),
			table.AppendColumns(insert.Values("device_id", []string{"a", "b"}), insert.Values("ts", []time.Time{moment})),
			table.AppendColumns(insert.Values("device_id", []string{"a"})),
			table.AppendColumns(insert.Values("nowhere", []string{"a"})),
			table.AppendColumns(insert.Values("ts", []time.Time{moment}), insert.Values("ts", []time.Time{moment})),
			table.AppendColumns(),
		}
		for k, err := range bad {
			var e *insert.ValueError
			if !errors.As(err, &e) || e.Row < i || e.Table != "sensor_data" {
				t.Errorf("bad row %d: %v, want a ValueError of row %d or later", k, err, i)
			}
		}
		table.NewRow().Set("device_id", "never ended")
		if err := table.Append(fmt.Sprint("device", i), float64(i), moment); err != nil {
			t.Fatal(err)
		}
	}
	sameRows(t, table, clean)
}

func TestRowsByPositionNameAndColumnAreTheSame(t *testing.T) {
	t.Parallel()
	schema, err := insert.NewSchema(
		insert.Tag("s", insert.String), insert.Field("b", insert.Bool), insert.Field("i", insert.Int16), insert.Field("u", insert.Uint64),
		insert.Field("f", insert.Float32), insert.Field("d", insert.Float64), insert.Field("bin", insert.Binary), insert.Field("j", insert.JSON),
		insert.Field("day", insert.Date), insert.Field("clock", insert.TimeOfDay(insert.Microsecond)), insert.Field("price", insert.Decimal(10, 2)),
		insert.Field("v", insert.Vector(2)), insert.Field("none", insert.Int8), insert.Time("ts", insert.Nanosecond))
	if err != nil {
		t.Fatal(err)
	}
	day, clock := greptime.Date{Year: 2024, Month: 2, Day: 29}, greptime.TimeOfDay(5e9)
	byPosition, byName, columns := schema.NewTable("t"), schema.NewTable("t"), schema.NewTable("t")
	for range 3 {
		if err := errors.Join(
			byPosition.Append("x", true, 7, uint64(math.MaxUint64), float32(0.5), 0.1, []byte{1}, `{"a":1}`, day, clock, greptime.Decimal("1.25"), greptime.Vector{1, 2}, nil, moment),
			byName.NewRow().Set("ts", moment).Set("v", greptime.Vector{1, 2}).Set("price", greptime.Decimal("1.25")).Set("clock", clock).Set("day", day).Set("j", `{"a":1}`).
				Set("bin", []byte{1}).Set("d", 0.7).Set("d", 0.1).Set("f", float32(0.5)).Set("u", uint64(math.MaxUint64)).Set("i", 7).Set("b", true).Set("s", "x").End(),
		); err != nil {
			t.Fatal(err)
		}
	}
	err = columns.AppendColumns(
		insert.Values("ts", []time.Time{moment, moment, moment}), insert.Values("s", []string{"x", "x", "x"}), insert.Values("b", []*bool{ptr(true), ptr(true), ptr(true)}),
		insert.Values("i", []int64{7, 7, 7}), insert.Values("u", []uint64{math.MaxUint64, math.MaxUint64, math.MaxUint64}), insert.Values("f", []any{0.5, float32(0.5), sql.Null[float64]{V: 0.5, Valid: true}}),
		insert.Values("d", []float64{0.1, 0.1, 0.1}), insert.Values("bin", [][]byte{{1}, {1}, {1}}), insert.Values("j", []string{`{"a":1}`, `{"a":1}`, `{"a":1}`}),
		insert.Values("day", []greptime.Date{day, day, day}), insert.Values("clock", []greptime.TimeOfDay{clock, clock, clock}), insert.Values("price", []any{"1.25", 1.25, greptime.Decimal("1.250")}),
		insert.Values("v", []greptime.Vector{{1, 2}, {1, 2}, {1, 2}}), insert.Values("none", []sql.NullInt16{{}, {}, {}}))
	if err != nil {
		t.Fatal(err)
	}
	sameRows(t, byName, byPosition)
	sameRows(t, columns, byPosition)
}

// A row that was begun, and then another one, is not the one being built any more.
func TestRowsThatAreNotBeingBuilt(t *testing.T) {
	t.Parallel()
	table := sensors(t)
	first, second := table.NewRow().Set("ts", moment), table.NewRow().Set("ts", moment)
	if err := first.Set("device_id", "x").End(); err == nil || !strings.Contains(err.Error(), "another one was begun") {
		t.Errorf("the first row: %v, want that another one was begun", err)
	}
	if err := second.End(); err != nil {
		t.Errorf("the second row: %v, want no error", err)
	}
	if err := second.End(); err == nil {
		t.Error("a row was ended twice")
	}
	late := table.NewRow().Set("device_id", "late").Set("ts", moment)
	table.Reset()
	if err := late.End(); err == nil {
		t.Error("a row was ended after Reset")
	}
	if table.Len() != 0 {
		t.Errorf("%d rows, want none", table.Len())
	}
	for _, err := range []error{insert.Row{}.End(), insert.Row{}.Set("x", 1).End()} {
		if err == nil {
			t.Error("a row of no table was ended")
		}
	}
}

// The length of a row has one byte, or more: what is behind it moves.
func TestRowsOfAllLengths(t *testing.T) {
	t.Parallel()
	table := sensors(t)
	lengths := []int{0, 100, 107, 108, 109, 110, 111, 112, 113, 128, 16300, 16350, 16360, 16366, 16384, 20000, 5, 3_000_000, 1, 120}
	for _, n := range lengths {
		if err := table.Append(strings.Repeat("x", n), 1.5, moment); err != nil {
			t.Fatal(err)
		}
	}
	sent := decodeTable(t, table).GetRows().GetRows()
	for i, n := range lengths {
		if got := len(sent[i].Values[0].GetStringValue()); got != n {
			t.Errorf("row %d has %d bytes, want %d", i, got, n)
		}
		if s, err := table.Row(i).String("device_id"); err != nil || len(s) != n {
			t.Errorf("row %d: %d bytes, %v; want %d bytes", i, len(s), err, n)
		}
	}
}

func TestTableIsReusableAfterReset(t *testing.T) {
	t.Parallel()
	table, want := sensors(t), sensors(t)
	if err := table.Append("old", 1.5, moment); err != nil {
		t.Fatal(err)
	}
	table.Reset()
	if table.Len() != 0 || table.Size() != 0 {
		t.Errorf("%d rows, want none", table.Len())
	}
	for _, x := range []*insert.Table{table, want} {
		if err := x.Append("new", 2.5, moment); err != nil {
			t.Fatal(err)
		}
	}
	sameRows(t, table, want)
}

func TestTablesOfNothing(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]*insert.Table{"nil": nil, "zero": {}} {
		for what, err := range map[string]error{
			"Append": table.Append(1), "Row": table.NewRow().Set("a", 1).End(),
			"AppendColumns": table.AppendColumns(insert.Values("a", []int{1})), "AppendStructs": insert.AppendStructs(table, struct{}{}),
			"At": second(table.Row(0).Int64("a")), "Err": table.Err(),
		} {
			if err == nil || !strings.Contains(err.Error(), "insert.NewTable") {
				t.Errorf("%s of the %s table: %v, want an error that names insert.NewTable", what, name, err)
			}
		}
		table.Reset()
	}
}

func second[T any](_ T, err error) error { return err }

func TestGetters(t *testing.T) {
	t.Parallel()
	table := insert.NewTable("t",
		insert.Tag("s", insert.String), insert.Field("b", insert.Bool), insert.Field("i", insert.Int8), insert.Field("u", insert.Uint64),
		insert.Field("f", insert.Float32), insert.Field("d", insert.Float64), insert.Field("bin", insert.Binary), insert.Field("j", insert.JSON),
		insert.Field("day", insert.Date), insert.Field("clock", insert.TimeOfDay(insert.Millisecond)), insert.Field("price", insert.Decimal(10, 3)),
		insert.Field("v", insert.Vector(2)), insert.Field("none", insert.Int8), insert.Time("ts", insert.Microsecond))
	if err := table.Append("first", nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, moment); err != nil {
		t.Fatal(err)
	}
	if err := table.Append("x", true, -7, uint64(math.MaxUint64), 0.5, 0.1, []byte{1}, `{"a":1}`, greptime.Date{Year: 1969, Month: 12, Day: 31}, greptime.TimeOfDay(5_000_999_999), "-0.0125", greptime.Vector{1, -2}, nil, moment); err != nil {
		t.Fatal(err)
	}
	row := table.Row(1)
	check := func(what string, got any, err error, want any) {
		t.Helper()
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, %v, want %v", what, got, err, want)
		}
	}
	s, err := row.String("s")
	check("s", s, err, "x")
	b, err := row.Bool("b")
	check("b", b, err, true)
	i, err := row.Int64("i")
	check("i", i, err, -7)
	u, err := row.Uint64("u")
	check("u", u, err, uint64(math.MaxUint64))
	f, err := row.Float64("f")
	check("f", f, err, 0.5)
	d, err := row.Float64("d")
	check("d", d, err, 0.1)
	bin, err := row.Bytes("bin")
	check("bin", bin, err, []byte{1})
	j, err := row.String("j")
	check("j", j, err, `{"a":1}`)
	day, err := row.Date("day")
	check("day", day, err, "1969-12-31")
	clock, err := row.TimeOfDay("clock")
	check("clock", clock, err, "00:00:05")
	price, err := row.Decimal("price")
	check("price", price, err, "-0.013")
	v, err := row.Vector("v")
	check("v", v, err, "[1,-2]")
	at, err := row.Time("ts")
	check("ts", at, err, moment.Truncate(time.Microsecond))
	epoch, err := row.Int64("ts")
	check("epoch", epoch, err, moment.UnixMicro())
	isNull, err := row.IsNull("none")
	check("none", isNull, err, true)

	if _, err := row.Int64("none"); !errors.Is(err, insert.ErrNull) {
		t.Errorf("NULL: %v, want %v", err, insert.ErrNull)
	}
	for what, err := range map[string]error{
		`no column "x"`: second(row.Int64("x")), "no row 2: there are 2": second(table.Row(2).Bool("b")), "no row -1": second(table.Row(-1).Bool("b")),
		"is TINYINT, which is not read as string": second(row.String("i")), "not read as time.Time": second(row.Time("day")), "not read as int64": second(row.Int64("u")),
	} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("error %v, want %q", err, what)
		}
	}
}

// The budget of a row of ten columns is 0.2 allocations by position, and none beyond
// the growth of buffers in the other ways.
func TestAppendAllocatesNothing(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	table := wide(t)
	hosts := []string{"host-1", "host-2", "host-3"}
	at := moment
	perRow := func(what string, limit float64, row func(i int) error) {
		t.Helper()
		const rows = 1000
		fill := func() {
			table.Reset()
			for i := range rows {
				if err := row(i); err != nil {
					t.Fatal(err)
				}
			}
		}
		fill()
		if allocs := testing.AllocsPerRun(5, fill) / rows; allocs > limit {
			t.Errorf("%s: %v allocations a row, the budget is %v", what, allocs, limit)
		}
	}
	perRow("Append", 0, func(i int) error {
		return table.Append(hosts[i%3], "eu", float64(i)*0.7, 1.5+float64(i), float32(i), int64(i)*1000, int32(i)*3000, i%2 == 0, hosts[i%3], at.Add(time.Duration(i)))
	})
	perRow("Row", 0, func(i int) error {
		return table.NewRow().Set("host", hosts[i%3]).Set("ts", at).Set("cpu", float64(i)).Set("count", i*1000).End()
	})
	cpu, times := make([]float64, 1000), make([]time.Time, 1000)
	allocs := testing.AllocsPerRun(5, func() {
		table.Reset()
		if err := table.AppendColumns(insert.Values("cpu", cpu), insert.Values("host", hosts[:0]), insert.Values("ts", times)); err == nil {
			t.Fatal("lengths differ")
		}
		if err := table.AppendColumns(insert.Values("cpu", cpu), insert.Values("ts", times)); err != nil {
			t.Fatal(err)
		}
	}) / 1000
	if allocs > 0.05 {
		t.Errorf("AppendColumns: %v allocations a row, want at most 0.05", allocs)
	}
}

func BenchmarkAppend(b *testing.B) {
	table := wide(b)
	hosts := []string{"host-1", "host-2", "host-3"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%1000 == 0 {
			table.Reset()
		}
		if err := table.Append(hosts[i%3], "eu", float64(i)*0.7, 1.5+float64(i), float32(i), int64(i)*1000, int32(i)*3000, i%2 == 0, hosts[i%3], moment); err != nil {
			b.Fatal(err)
		}
	}
}
