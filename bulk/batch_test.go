package bulk

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/jsonb"
)

// everyType has a column of every type.
func everyType(t testing.TB) *insert.Schema {
	t.Helper()
	s, err := insert.NewSchema(
		insert.Time("ts", insert.Nanosecond), insert.Tag("host", insert.String),
		insert.Field("b", insert.Bool),
		insert.Field("i8", insert.Int8), insert.Field("i16", insert.Int16), insert.Field("i32", insert.Int32), insert.Field("i64", insert.Int64),
		insert.Field("u8", insert.Uint8), insert.Field("u16", insert.Uint16), insert.Field("u32", insert.Uint32), insert.Field("u64", insert.Uint64),
		insert.Field("f32", insert.Float32), insert.Field("f64", insert.Float64),
		insert.Field("bin", insert.Binary), insert.Field("d", insert.Date),
		insert.Field("ts_s", insert.Timestamp(insert.Second)), insert.Field("ts_ms", insert.Timestamp(insert.Millisecond)), insert.Field("ts_us", insert.Timestamp(insert.Microsecond)),
		insert.Field("t_s", insert.TimeOfDay(insert.Second)), insert.Field("t_ms", insert.TimeOfDay(insert.Millisecond)), insert.Field("t_us", insert.TimeOfDay(insert.Microsecond)), insert.Field("t_ns", insert.TimeOfDay(insert.Nanosecond)),
		insert.Field("dec", insert.Decimal(38, 10)), insert.Field("j", insert.JSON), insert.Field("v", insert.Vector(2)),
	)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const day = 24 * time.Hour

// limits are the smallest and largest values of everyType, NULLs, and what is special.
func limits() [][]any {
	minTime, maxTime := time.Unix(0, math.MinInt64), time.Unix(0, math.MaxInt64)
	lastOfDay := greptime.TimeOfDay(day - 1)
	null := make([]any, 25)
	null[0] = time.Unix(0, 0)
	return [][]any{
		{minTime, "", false, math.MinInt8, math.MinInt16, math.MinInt32, int64(math.MinInt64), 0, 0, 0, 0,
			float32(-math.MaxFloat32), -math.MaxFloat64, []byte{}, greptime.DateFromEpochDays(math.MinInt32), int64(math.MinInt64), int64(math.MinInt64), int64(math.MinInt64),
			greptime.TimeOfDay(0), greptime.TimeOfDay(0), greptime.TimeOfDay(0), greptime.TimeOfDay(0),
			greptime.Decimal("-" + strings.Repeat("9", 28) + "." + strings.Repeat("9", 10)), "null", []float32{float32(math.Inf(-1)), -math.MaxFloat32}},
		{maxTime, "é\x00 日本", true, math.MaxInt8, math.MaxInt16, math.MaxInt32, int64(math.MaxInt64), math.MaxUint8, math.MaxUint16, uint32(math.MaxUint32), uint64(math.MaxUint64),
			float32(math.Inf(1)), math.NaN(), []byte{0, 0xff, 0x10}, greptime.DateFromEpochDays(math.MaxInt32), int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MaxInt64),
			lastOfDay, lastOfDay, lastOfDay, lastOfDay,
			greptime.Decimal(strings.Repeat("9", 28) + "." + strings.Repeat("9", 10)), json.RawMessage(`{"b":[1,-2,3.5,null,true],"a":"é"}`), greptime.Vector{0.5, -0.25}},
		{time.Unix(0, -1), strings.Repeat("long ", 1000), nil, -1, -1, -1, -1, 1, 1, 1, 1,
			math.SmallestNonzeroFloat32, math.Copysign(0, -1), "text", "2024-02-29", -1, -1, -1, "12:34:56", "12:34:56.789", "12:34:56.789012", "12:34:56.789012345",
			"-0.0000000001", `18446744073709551615`, []float32{0, 0}},
		null,
	}
}

func TestEveryTypeAtItsLimitsSurvivesEncoding(t *testing.T) {
	t.Parallel()
	for _, codec := range []Compression{None, LZ4, ZSTD} {
		b, err := NewBatch(everyType(t), 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range limits() {
			if err := b.Append(row...); err != nil {
				t.Fatalf("row %d: %v", i, err)
			}
		}
		data, m := encodeBatch(t, b, codec)
		record, err := decodeRecord(schemaMessage(b), data)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range b.table.Columns {
			if want := catalog.ArrowType(c.Type); !arrow.TypeEqual(record.Column(i).DataType(), want) {
				t.Errorf("%s: %v, want %v", c.Name, record.Column(i).DataType(), want)
			}
			for row, values := range limits() {
				compareCell(t, c, record.Column(i), row, values[i])
			}
		}
		// What is handed back is the same again.
		columns, err := m.Decode()
		if err != nil {
			t.Fatal(err)
		}
		again := &Batch{table: b.table, columns: columns, rows: m.Rows()}
		data2, _ := encodeBatch(t, again, codec)
		record2, err := decodeRecord(schemaMessage(again), data2)
		if err != nil {
			t.Fatal(err)
		}
		for i := range columns {
			if !array.ApproxEqual(record.Column(i), record2.Column(i), array.WithNaNsEqual(true)) {
				t.Errorf("column %d is handed back as %v, was %v; want the same", i, record2.Column(i), record.Column(i))
			}
		}
	}
}

// compareCell holds a value that arrived to the matrix of package column.
func compareCell(t *testing.T, c catalog.Column, a arrow.Array, row int, sent any) {
	t.Helper()
	if sent == nil != a.IsNull(row) {
		t.Errorf("%s, row %d: NULL is %v; want %v", c.Name, row, a.IsNull(row), sent == nil)
		return
	}
	if sent == nil {
		return
	}
	var got, want any
	switch a := a.(type) {
	case *array.Boolean:
		got, want = a.Value(row), sent
	case *array.Int8:
		got, want = int64(a.Value(row)), int64(sent.(int))
	case *array.Int16:
		got, want = int64(a.Value(row)), int64(sent.(int))
	case *array.Int32:
		got, want = int64(a.Value(row)), int64(sent.(int))
	case *array.Int64:
		got, want = a.Value(row), reflect.ValueOf(sent).Int()
	case *array.Uint64:
		if n, ok := sent.(int); ok {
			sent = uint64(n)
		}
		got, want = a.Value(row), sent
	case *array.Float64:
		got, want = math.Float64bits(a.Value(row)), math.Float64bits(sent.(float64))
	case *array.String:
		got, want = a.Value(row), sent
	case *array.Timestamp:
		got = int64(a.Value(row))
		switch s := sent.(type) {
		case time.Time:
			want = s.UnixNano()
		case int64:
			want = s
		case int:
			want = int64(s)
		}
	case *array.Decimal128:
		text, ok := sent.(greptime.Decimal)
		if !ok {
			text = greptime.Decimal(sent.(string))
		}
		got, want = a.Value(row).ToString(10), string(text)
	case *array.Binary:
		switch c.Type.Kind() {
		case column.JSON:
			var text []byte
			switch s := sent.(type) {
			case string:
				text = []byte(s)
			case json.RawMessage:
				text = s
			}
			binary, err := jsonb.AppendBinary(nil, text)
			if err != nil {
				t.Fatal(err)
			}
			got, want = string(a.Value(row)), string(binary)
		case column.Vector:
			if len(a.Value(row)) != 8 {
				t.Errorf("%s, row %d: %d bytes; want 8", c.Name, row, len(a.Value(row)))
			}
			return
		default:
			if s, ok := sent.(string); ok {
				sent = []byte(s)
			}
			got, want = string(a.Value(row)), string(sent.([]byte))
		}
	default:
		return // the cells of these are tested in package column
	}
	if got != want {
		t.Errorf("%s, row %d: %v, want %v", c.Name, row, got, want)
	}
}

func TestRowsThatAreRefusedLeaveNothing(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1)
	for name, append := range map[string]func(b *Batch) error{
		"too few":             func(b *Batch) error { return b.Append("a", 1.0) },
		"too many":            func(b *Batch) error { return b.Append("a", 1.0, now, 1) },
		"wrong type":          func(b *Batch) error { return b.Append("a", "1.0", now) },
		"NULL time":           func(b *Batch) error { return b.Append("a", 1.0, nil) },
		"nil time":            func(b *Batch) error { return b.Append("a", 1.0, (*time.Time)(nil)) },
		"bad text":            func(b *Batch) error { return b.Append("a\xff", 1.0, now) },
		"by name, no column":  func(b *Batch) error { return b.NewRow().Set("ts", now).Set("CPU", 1.0).End() },
		"by name, wrong type": func(b *Batch) error { return b.NewRow().Set("ts", now).Set("cpu", true).Set("cpu", 1.0).End() },
		"by name, no time":    func(b *Batch) error { return b.NewRow().Set("cpu", 1.0).End() },
		"columns, lengths": func(b *Batch) error {
			return b.AppendColumns(insert.Values("host", []string{"a"}), insert.Values("ts", []time.Time{now, now}))
		},
		"columns, twice": func(b *Batch) error {
			return b.AppendColumns(insert.Values("ts", []int64{1}), insert.Values("ts", []int64{1}))
		},
		"columns, none":      func(b *Batch) error { return b.AppendColumns() },
		"columns, no such":   func(b *Batch) error { return b.AppendColumns(insert.Values("x", []int64{1})) },
		"columns, no time":   func(b *Batch) error { return b.AppendColumns(insert.Values("cpu", []float64{1})) },
		"columns, late NULL": func(b *Batch) error { return b.AppendColumns(insert.Values("ts", []*time.Time{&now, nil})) },
		"structs, late NULL": func(b *Batch) error {
			type row struct {
				Host string     `greptime:"host,tag"`
				CPU  *float64   `greptime:"cpu"`
				TS   *time.Time `greptime:"ts,time"`
			}
			return AppendStructs(b, row{"a", nil, &now}, row{"b", nil, nil})
		},
		"structs, missing": func(b *Batch) error {
			type row struct {
				TS time.Time `greptime:"ts,time"`
			}
			return AppendStructs(b, row{now})
		},
		"structs, too many": func(b *Batch) error {
			type row struct {
				Host, More string
				TS         time.Time `greptime:"ts,time"`
			}
			return AppendStructs(b, row{TS: now})
		},
	} {
		b, err := NewBatch(testSchema(t), 0)
		if err != nil {
			t.Fatal(err)
		}
		fill(t, b, 1, 2)
		err = append(b)
		var value *insert.ValueError
		if !errors.As(err, &value) || value.Row < 2 {
			t.Errorf("%s: %v, want a ValueError of row 2 or later", name, err)
		}
		if err := b.Append(nil, nil, now); err != nil {
			t.Errorf("%s: the next row: %v", name, err)
		}
		record, err := decodeEncoded(t, b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if b.Len() != 3 || record.NumRows() != 3 || record.Column(0).NullN() != 1 || record.Column(0).(*array.String).Value(1) != "a" || record.Column(2).(*array.Timestamp).Value(2) != 1 {
			t.Errorf("%s: %v, want two rows of fill, then NULL, NULL, 1", name, record)
		}
	}
}

func TestAllWaysToAppendAreAlike(t *testing.T) {
	t.Parallel()
	type row struct {
		At   time.Time `greptime:"ts,time"`
		CPU  *float64  `greptime:"cpu"`
		Name string    `greptime:"host,tag"`
		More int       `greptime:"-"`
	}
	one := 1.5
	now := time.UnixMilli(7)
	b, err := NewBatch(testSchema(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		b.Append("a", 1.5, now),
		b.NewRow().Set("ts", now).Set("cpu", 1.5).Set("host", "b").Set("host", "a").End(),
		b.AppendColumns(insert.Values("ts", []int64{7}), insert.Values("host", []string{"a"}), insert.Values("cpu", []*float64{&one})),
		AppendStructs(b, row{now, &one, "a", 3}),
		AppendStructs(b, &row{now, &one, "a", 3}),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if b.Len() != 5 || b.Size() == 0 || !slices.Equal(b.Columns(), []string{"host", "cpu", "ts"}) {
		t.Errorf("%d rows, %d bytes, columns %v; want 5 rows of columns host, cpu, ts", b.Len(), b.Size(), b.Columns())
	}
	for i := range b.Len() {
		r := b.Row(i)
		host, err1 := r.String("host")
		cpu, err2 := r.Float64("cpu")
		ts, err3 := r.Time("ts")
		if err := errors.Join(err1, err2, err3); err != nil || host != "a" || cpu != 1.5 || !ts.Equal(now) {
			t.Errorf("row %d: %v %v %v %v, want a 1.5 %v", i, host, cpu, ts, err, now)
		}
	}
}

func TestGetters(t *testing.T) {
	t.Parallel()
	b, err := NewBatch(everyType(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range limits() {
		if err := b.Append(row...); err != nil {
			t.Fatal(err)
		}
	}
	r := b.Row(1)
	text, err1 := r.String("j")
	i8, err2 := r.Int64("i8")
	u64, err3 := r.Uint64("u64")
	dec, err4 := r.Decimal("dec")
	at, err5 := r.TimeOfDay("t_s")
	v, err6 := r.Vector("v")
	f, err7 := b.Row(2).Float64("f32")
	bin, err8 := r.Bytes("bin")
	ok, err9 := r.Bool("b")
	d, err10 := b.Row(2).Date("d")
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9, err10); err != nil {
		t.Fatal(err)
	}
	if text != `{"a":"é","b":[1,-2,3.5,null,true]}` || i8 != 127 || u64 != math.MaxUint64 || len(dec) != 39 || at != greptime.TimeOfDay(day-time.Second) ||
		!slices.Equal(v, greptime.Vector{0.5, -0.25}) || f != math.SmallestNonzeroFloat32 || string(bin) != "\x00\xff\x10" || !ok || d.String() != "2024-02-29" {
		t.Error(text, i8, u64, dec, at, v, f, bin, ok, d)
	}
	if _, err := b.Row(3).Int64("i8"); !errors.Is(err, insert.ErrNull) {
		t.Errorf("Int64 of NULL: %v, want %v", err, insert.ErrNull)
	}
	if isNull, err := b.Row(3).IsNull("v"); err != nil || !isNull {
		t.Errorf("IsNull: %v, %v; want true", isNull, err)
	}
	if _, err := b.Row(4).Int64("i8"); err == nil {
		t.Error("a row that is not there")
	}
	if _, err := r.Int64("x"); err == nil {
		t.Error("a column that is not there")
	}
	if _, err := r.Int64("f64"); err == nil {
		t.Error("a double as int64")
	}
}

func TestColumnsWithADefaultHaveToBeSet(t *testing.T) {
	t.Parallel()
	table, err := catalog.NewTable("t", []catalog.Column{
		{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex},
		{Name: "n", Type: column.Of(column.Int32), Nullable: true, Default: "5"},
		{Name: "m", Type: column.Of(column.Int32)},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := newBatch(table, 0)
	for text, err := range map[string]error{
		"DEFAULT (5)":                         b.NewRow().Set("ts", 1).Set("m", 1).End(),
		"its DEFAULT (5) does not":            b.AppendColumns(insert.Values("ts", []int{1}), insert.Values("m", []int{1})),
		`column "m"`:                          b.Append(1, 1, nil),
		"the column is NOT NULL":              b.NewRow().Set("ts", 1).Set("n", nil).End(),
		`"t", row 1 (index 0), column "m": t`: b.AppendColumns(insert.Values("ts", []int{1}), insert.Values("n", []int{1})),
	} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %q", err, text)
		}
	}
	if err := b.NewRow().Set("ts", 1).Set("n", nil).Set("m", 1).End(); err != nil || b.Len() != 1 {
		t.Errorf("End: %v, %d rows; want 1 row", err, b.Len())
	}
}

func TestRowsAreBuiltOneAtATime(t *testing.T) {
	t.Parallel()
	b, err := NewBatch(testSchema(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	first := b.NewRow().Set("ts", 1)
	second := b.NewRow().Set("ts", 2)
	if err := first.End(); err == nil {
		t.Error("a row ended after another was begun")
	}
	if err := second.End(); err != nil {
		t.Error(err)
	}
	if err := second.End(); err == nil {
		t.Error("a row ended twice")
	}
	third := b.NewRow().Set("ts", 4)
	if err := b.Append(nil, nil, 3); err != nil {
		t.Error(err)
	}
	if err := third.End(); err == nil {
		t.Error("a row ended after another was appended")
	}
	b.NewRow().Set("ts", 4) // given up
	if err := b.Append(nil, nil, 5); err != nil || b.Len() != 3 {
		t.Errorf("Append: %v, %d rows; want 3 rows", err, b.Len())
	}
	if record, err := decodeEncoded(t, b); err != nil || record.Column(2).(*array.Timestamp).Value(2) != 5 {
		t.Errorf("%v, %v; want the time 5 in the last row", record, err)
	}
}

func TestARefusedRowLeavesNothing(t *testing.T) {
	t.Parallel()
	b, err := NewBatch(everyType(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Append(limits()[2]...); err != nil {
		t.Fatal(err)
	}
	want, _ := encodeBatch(t, b, None)
	// JSON that JSONB cannot have is found while the row is put together.
	var value *insert.ValueError
	row := limits()[3]
	row[23] = "1e999"
	if err := b.Append(row...); !errors.As(err, &value) || value.Column != "j" {
		t.Errorf("Append: %v, want a ValueError of column j", err)
	}
	if got, _ := encodeBatch(t, b, None); b.Len() != 1 || string(got.Body) != string(want.Body) {
		t.Error("the row that was refused has left something")
	}
}

// fickle is a Valuer that panics where it should give a value.
type fickle struct{ bad bool }

func (f fickle) Value() (driver.Value, error) {
	if f.bad {
		panic("fickle")
	}
	return nil, nil
}

func TestABatchThatNobodyMadeTakesNoRows(t *testing.T) {
	t.Parallel()
	w := openWriter(t, putServer(t, acknowledgeAll(nil)).DSN(), Options{})
	type row struct {
		At time.Time `greptime:"ts,time"`
	}
	for what, use := range map[string]func(b *Batch) error{
		"Append":         func(b *Batch) error { return b.Append(1) },
		"Append nothing": func(b *Batch) error { return b.Append() },
		"Row":            func(b *Batch) error { return b.NewRow().Set("a", 1).End() },
		"AppendColumns":  func(b *Batch) error { return b.AppendColumns(insert.Values("a", []int{1})) },
		"AppendStructs":  func(b *Batch) error { return AppendStructs(b, row{}) },
		"Write":          func(b *Batch) error { _, err := w.Write(short(t), b); return err },
	} {
		var b Batch
		for range 2 {
			if err := use(&b); err == nil || !strings.Contains(err.Error(), "make it with Writer.NewBatch") {
				t.Errorf("%s: %v, want an error that names Writer.NewBatch", what, err)
			}
		}
		if b.Reset(); b.Len() != 0 || b.Size() != 0 || len(b.Columns()) != 0 {
			t.Errorf("%s: %d rows, %d bytes, columns %q; want none", what, b.Len(), b.Size(), b.Columns())
		}
		if _, err := b.Row(0).Int64("a"); err == nil {
			t.Errorf("%s: there is a row, want an error", what)
		}
	}
}

func TestARowThatNobodyBeganIsRefused(t *testing.T) {
	t.Parallel()
	_, read := insert.AppendedRow{}.Bool("a")
	for err, want := range map[error]string{
		Row{}.Set("a", 1).End(): "the row is of no batch", read: "belongs to no table or batch",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestPanicOfAValuerLeavesNoNULLs(t *testing.T) {
	t.Parallel()
	b, err := NewBatch(testSchema(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the Valuer did not panic")
			}
		}()
		_ = b.AppendColumns(insert.Values("host", []string{"a", "b"}), insert.Values("cpu", []any{insert.Valuer(fickle{}), insert.Valuer(fickle{bad: true})}), insert.Values("ts", []int64{1, 2}))
	}()
	fill(t, b, 0, 3)
	for row := range 3 {
		if cpu, err := b.Row(row).Float64("cpu"); err != nil || cpu != float64(row) {
			t.Errorf("row %d: %v, %v; want %d", row, cpu, err, row)
		}
	}
}
