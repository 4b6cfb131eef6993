package greptime_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// metric is a row of startRows.
type metric struct {
	At   time.Time `greptime:"ts,time"`
	Host string    `greptime:"host,tag"`
	CPU  float64   `greptime:"cpu"`
	Mem  *float64  `greptime:"mem"`
	N    int64     `greptime:"n"`
}

const metricsQuery = "SELECT ts, host, cpu, mem, n FROM metrics"

func TestCollectReadsWhatScanReads(t *testing.T) {
	t.Parallel()
	db := openServer(t, startRows(t, 20))
	list, err := greptime.Collect[metric](t.Context(), db, metricsQuery)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(metricsQuery)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var want metric
		if err := rows.Scan(&want.At, &want.Host, &want.CPU, &want.Mem, &want.N); err != nil {
			t.Fatal(err)
		}
		if n >= len(list) || !reflect.DeepEqual(list[n], want) {
			t.Fatalf("row %d is %+v, want %+v", n, list[n], want)
		}
	}
	if err := rows.Err(); err != nil || n != len(list) || n != 20*batchRows {
		t.Errorf("%d rows, want %d: %v", len(list), n, err)
	}
	next := 0
	for row, err := range greptime.Each[metric](t.Context(), db, metricsQuery) {
		if err != nil || !reflect.DeepEqual(row, list[next]) {
			t.Fatalf("row %d is %+v, want %+v: %v", next, row, list[next], err)
		}
		next++
	}
	if next != len(list) {
		t.Errorf("%d rows one by one, %d together", next, len(list))
	}
}

// scannedMap is a map with a Scan method, as types for JSON columns are.
type scannedMap map[string]any

func (m *scannedMap) Scan(v any) error {
	*m = scannedMap{"scanned": v}
	return nil
}

// valuedPerson is a struct that is also an argument.
type valuedPerson struct {
	Name *string `greptime:"name"`
	Age  *int64  `greptime:"age"`
}

func (valuedPerson) Value() (driver.Value, error) { return "a person", nil }

func TestMethodsDecideWhatIsOneValue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		columns int
		got     func(array.RecordReader) string
		want    string
	}{
		"a map with a Scan method":     {1, func(rd array.RecordReader) string { return pairs[scannedMap](rd) }, "map[scanned:ann];map[scanned:<nil>];map[scanned:bob];"},
		"a struct with a Value method": {2, func(rd array.RecordReader) string { return pairs[valuedPerson](rd) }, "{&ann &30};{nil nil};{&bob &200};"},
		"pointers to it":               {2, func(rd array.RecordReader) string { return pairs[*valuedPerson](rd) }, "&{&ann &30};&{nil nil};&{&bob &200};"},
		"a struct with a Scan method":  {1, func(rd array.RecordReader) string { return pairs[upperScanner](rd) }, "{string ann};{<nil> <nil>};{string bob};"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rd := readerOf(t, arrow.NewSchema(peopleSchema.Fields()[:test.columns], nil), peopleRows)
			defer rd.Release()
			if got := test.got(rd); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

// peopleSchema and peopleRows are a small result of every kind of field.
var peopleSchema = arrow.NewSchema([]arrow.Field{
	{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "age", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	{Name: "city", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, Nullable: true},
	{Name: "zip", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
}, nil)

const peopleRows = `[{"name": "ann", "age": 30, "city": "Rome", "zip": 1}, {"name": null, "age": null, "city": "Bari", "zip": null}, {"name": "bob", "age": 200, "city": null, "zip": null}]`

type address struct {
	City sql.NullString `greptime:"city"`
	Zip  *int64         `greptime:"zip"`
}

// pair is one line of a test of results.
func pairs[T any](rd array.RecordReader, options ...greptime.CollectOption) string {
	list, err := greptime.CollectReader[T](rd, options...)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, v := range list {
		fmt.Fprint(&b, shown(reflect.ValueOf(v)), ";")
	}
	return b.String()
}

// shown follows the pointers in a value.
func shown(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return "nil"
	case v.Kind() == reflect.Pointer:
		return "&" + shown(v.Elem())
	case v.Kind() == reflect.Struct && v.NumField() > 0 && v.Type().Field(0).IsExported():
		var b strings.Builder
		for i := range v.NumField() {
			fmt.Fprint(&b, shown(v.Field(i)), " ")
		}
		return "{" + strings.TrimSpace(b.String()) + "}"
	}
	return fmt.Sprint(v)
}

func TestStructsAreReadByTheirTags(t *testing.T) {
	t.Parallel()
	type person struct {
		Name *string `greptime:"name"`
		Age  *uint8  `greptime:"age,type=int32"`
		address
		Note    string `greptime:"-"`
		private int
	}
	type outer struct {
		Age  sql.NullInt32    `greptime:"age"`
		Name sql.Null[string] `greptime:"name,tag"`
		*address2
	}
	type Zip struct {
		Zip int64 `greptime:"zip"`
	}
	type deep struct {
		Name any                  `greptime:"name"`
		Age  greptime.Null[int64] `greptime:"age"`
		City []byte               `greptime:"city"`
		*Zip
	}
	_ = person{}.private
	for _, test := range []struct {
		name string
		got  func(array.RecordReader) string
		want string
	}{
		{"pointers", func(rd array.RecordReader) string { return pairs[person](rd) },
			`{&ann &30 {{Rome true} &1}  0};{nil nil {{Bari true} nil}  0};{&bob &200 {{false} nil}  0};`},
		{"pointers to structs", func(rd array.RecordReader) string { return pairs[*person](rd) },
			`&{&ann &30 {{Rome true} &1}  0};&{nil nil {{Bari true} nil}  0};&{&bob &200 {{false} nil}  0};`},
		{"embedded pointers", func(rd array.RecordReader) string { return pairs[deep](rd) },
			`{ann {30 true} [82 111 109 101] &{1}};{<nil> {0 false} [66 97 114 105] nil};{bob {200 true} [] nil};`},
		{"embedded unexported pointers", func(rd array.RecordReader) string { return pairs[outer](rd) },
			"greptime: struct greptime_test.outer: field address2: an embedded pointer to an unexported struct cannot be used; embed the struct itself"},
		{"maps", func(rd array.RecordReader) string { return pairs[map[string]any](rd) },
			"map[age:30 city:Rome name:ann zip:1];map[age:<nil> city:Bari name:<nil> zip:<nil>];map[age:200 city:<nil> name:bob zip:<nil>];"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rd := readerOf(t, peopleSchema, peopleRows)
			defer rd.Release()
			if got := test.got(rd); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

type address2 struct {
	City string `greptime:"city"`
	Zip  int64  `greptime:"zip"`
}

func TestErrorsOfCollectNameColumnAndField(t *testing.T) {
	t.Parallel()
	type plain struct {
		Name string `greptime:"name"`
	}
	type all struct {
		Name *string `greptime:"name"`
		Age  int8    `greptime:"age"`
		City *string `greptime:"city"`
		Zip  *int64  `greptime:"zip"`
	}
	type wrong struct {
		Name time.Time `greptime:"name"`
	}
	type Upper struct{ Name string }
	type extra struct {
		Name  *string `greptime:"name"`
		Extra int     `greptime:"extra"`
	}
	ofNames := arrow.NewSchema(peopleSchema.Fields()[:1], nil)
	const names = `[{"name": "ann"}, {"name": null}]`
	lax, missing := greptime.AllowExtraColumns(), greptime.AllowMissingColumns()
	for name, test := range map[string]struct {
		got  func(people, names array.RecordReader) string
		want string
	}{
		"NULL in a plain field": {func(_, rd array.RecordReader) string { return pairs[plain](rd) },
			"greptime: row 2 (index 1), column name: the value is NULL, which the field Name, a string, cannot hold; use *string or sql.Null[string], or coalesce(…) in the query"},
		"NULL in a scalar": {func(_, rd array.RecordReader) string { return pairs[string](rd) },
			"greptime: row 2 (index 1), column name: the value is NULL, which a string cannot hold; use *string or sql.Null[string], or coalesce(…) in the query"},
		"the first row with an error": {func(rd, _ array.RecordReader) string { return pairs[all](rd) },
			"greptime: row 2 (index 1), column age: the value is NULL, which the field Age, a int8, cannot hold"},
		"a type that never fits": {func(_, rd array.RecordReader) string { return pairs[wrong](rd) },
			"greptime: column name, field Name: STRING cannot be read as time.Time; change the field, or cast the column in the query"},
		"a scalar that never fits": {func(_, rd array.RecordReader) string { return pairs[time.Time](rd) },
			"greptime: column name: STRING cannot be read as time.Time; read it as another type, or cast it in the query"},
		"a column without a field": {func(rd, _ array.RecordReader) string { return pairs[plain](rd) },
			"greptime: column age has no field in greptime_test.plain; add one with the tag `greptime:\"age\"`, or pass AllowExtraColumns"},
		"a column whose name no tag can have": {func(_, _ array.RecordReader) string {
			return pairs[plain](readerOf(t, arrow.NewSchema([]arrow.Field{{Name: "round(t.v,Int64(2))", Type: arrow.PrimitiveTypes.Float64}}, nil)))
		}, "greptime: column round(t.v,Int64(2)) has no field in greptime_test.plain, and no tag can have such a name; rename it in the query, with AS, or pass AllowExtraColumns"},
		"a column of a type without Go values": {func(_, _ array.RecordReader) string {
			return pairs[any](readerOf(t, arrow.NewSchema([]arrow.Field{{Name: "d", Type: arrow.FixedWidthTypes.Date64}}, nil)))
		}, "greptime: column d has the Arrow type date64, which has no Go value; "},
		"a field that differs in case": {func(_, rd array.RecordReader) string { return pairs[Upper](rd) },
			"greptime: column name has no field in greptime_test.Upper; the field Name differs in case: give it the tag `greptime:\"name\"`"},
		"a field without a column": {func(_, rd array.RecordReader) string { return pairs[extra](rd) },
			"greptime: the result has no column extra for the field Extra of greptime_test.extra; select it, leave the field out with the tag \"-\", or pass AllowMissingColumns"},
		"several columns for a scalar": {func(rd, _ array.RecordReader) string { return pairs[string](rd) },
			"greptime: the result has 4 columns, and a string is read from one; use a struct or a map[string]any"},
		"allowed columns": {func(rd, _ array.RecordReader) string { return pairs[extra](rd, lax, missing) },
			"{&ann 0};{nil 0};{&bob 0};"},
		"allowed columns only": {func(rd, _ array.RecordReader) string { return pairs[extra](rd, lax) },
			"greptime: the result has no column extra"},
		"a type that is no value": {func(_, rd array.RecordReader) string { return pairs[chan int](rd) },
			"greptime: column name: STRING cannot be read as chan int"},
		"a text that is no number": {func(_, rd array.RecordReader) string { return pairs[int](rd) },
			`greptime: row 1 (index 0), column name: "ann" cannot be read as int`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			people, names := readerOf(t, peopleSchema, peopleRows), readerOf(t, ofNames, names)
			defer people.Release()
			defer names.Release()
			if got := test.got(people, names); !strings.HasPrefix(got, test.want) {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
	t.Run("two columns of one name", func(t *testing.T) {
		t.Parallel()
		f := peopleSchema.Field(0)
		rd := readerOf(t, arrow.NewSchema([]arrow.Field{f, f}, nil))
		defer rd.Release()
		const want = "greptime: two columns are named name; rename one in the query, with AS"
		for _, got := range []string{pairs[plain](rd), pairs[plain](rd, lax), pairs[map[string]any](rd)} {
			if got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
		}
		type none struct{}
		if got := pairs[none](rd, lax); got != "" {
			t.Errorf("columns that are left out: %s", got)
		}
	})
}

// Rows before the first with an error arrive, whatever columns and batches the errors are in.
func TestEachReaderYieldsTheRowsBeforeAnError(t *testing.T) {
	t.Parallel()
	type person struct {
		Age  int8   `greptime:"age"`
		Name string `greptime:"name"`
	}
	rd := readerOf(t, peopleSchema,
		`[{"name": "a", "age": 1}, {"name": "b", "age": 2}]`,
		`[{"name": "c", "age": 3}, {"name": null, "age": 4}, {"name": "e", "age": 500}, {"name": null, "age": null}]`)
	defer rd.Release()
	got := ""
	for p, err := range greptime.EachReader[person](rd, greptime.AllowExtraColumns()) {
		if err != nil {
			got += err.Error()
			continue
		}
		got += p.Name
	}
	if !strings.HasPrefix(got, "abcgreptime: row 4 (index 3), column name: the value is NULL") {
		t.Error(got)
	}
}

// oneColumn answers every query as SELECT 1 is answered, but with batches of so many rows.
func oneColumn(t testing.TB, batches ...int) *wiretest.Server {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	var list []arrow.RecordBatch
	for _, rows := range batches {
		for i := range rows {
			b.Field(0).(*array.Int64Builder).Append(int64(i + 1))
		}
		list = append(list, b.NewRecordBatch())
	}
	return wiretest.Start(t, wiretest.Flight(resultMessages(t, schema, list...)))
}

// A reader is nil if the error of QueryArrow was not checked.
func TestReadersThatNobodyOpened(t *testing.T) {
	t.Parallel()
	for name, rd := range map[string]array.RecordReader{"nil": nil, "a nil pointer": (*greptime.RecordReader)(nil)} {
		for call, read := range map[string]func() error{
			"CollectReader": func() error { _, err := greptime.CollectReader[int](rd); return err },
			"Matrix":        func() error { _, err := greptime.Matrix(rd); return err },
			"EachReader": func() (err error) {
				for _, err = range greptime.EachReader[int](rd) {
				}
				return err
			},
		} {
			if err := read(); err == nil || !strings.Contains(err.Error(), "the record reader is nil") {
				t.Errorf("%s of %s returns %v, want an error", call, name, err)
			}
		}
	}
}

// panicking is an argument whose Value panics.
type panicking struct{}

func (panicking) Value() (driver.Value, error) { panic("no value") }

// A program that recovers from the panic of an argument goes on with all its connections.
func TestConnectionsReturnToThePoolAfterAPanic(t *testing.T) {
	t.Parallel()
	db := openServer(t, oneColumn(t, 1))
	db.SetMaxOpenConns(1)
	for range 2 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic of the argument did not arrive")
				}
			}()
			_, _ = greptime.One[int](t.Context(), db, "SELECT n FROM t WHERE n = ?", panicking{})
		}()
	}
	if n, err := greptime.One[int](t.Context(), db, "SELECT n FROM t"); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if open := db.Stats().InUse; open != 0 {
		t.Errorf("%d connections are in use", open)
	}
}

func TestOne(t *testing.T) {
	t.Parallel()
	const several = "greptime: One: the result has several rows; use Collect, or add LIMIT 1 to the query"
	for _, test := range []struct {
		batches []int
		want    int
		err     string
	}{
		{[]int{1}, 1, "<nil>"},
		{[]int{0, 1, 0}, 1, "<nil>"},
		{nil, 0, sql.ErrNoRows.Error()},
		{[]int{0}, 0, sql.ErrNoRows.Error()},
		{[]int{2}, 0, several},
		{[]int{1, 1}, 0, several},
	} {
		s := oneColumn(t, test.batches...)
		db := openServer(t, s)
		if n, err := greptime.One[int](t.Context(), db, "SELECT n FROM t"); n != test.want || fmt.Sprint(err) != test.err {
			t.Errorf("batches of %d rows: %d, %v; want %d, %s", test.batches, n, err, test.want, test.err)
		}
		s.WaitFor("the end of the call", func() bool { return s.OpenStreams() == 0 })
		if n := db.Stats().InUse; n != 0 {
			t.Errorf("batches of %d rows: %d connections are in use", test.batches, n)
		}
	}
	if _, err := greptime.One[time.Time](t.Context(), openServer(t, oneColumn(t, 1)), "SELECT n FROM t"); err == nil || !strings.HasPrefix(err.Error(), "greptime: column n: BIGINT cannot be read as time.Time") {
		t.Errorf("a type that does not fit: %v", err)
	}
	exchange := captures.DoGetByName("select_constants")
	exchange.Code, exchange.GRPCMessage = codes.Internal, "broken"
	db := openServer(t, wiretest.Start(t, wiretest.Replay(exchange)))
	if v, err := greptime.One[map[string]any](t.Context(), db, "SELECT 1"); err == nil || v != nil {
		t.Errorf("a row and an error behind it: %v, %v", v, err)
	}
}

// wrapped embeds a pool, as sqlx.DB does.
type wrapped struct{ *sql.DB }

func TestCollectTakesEveryKindOfConnection(t *testing.T) {
	t.Parallel()
	s := oneColumn(t, 3)
	db := openServer(t, s, "transactions=ignore")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	c, err := greptime.Connect(t.Context(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	conn := oneConn(t, db)
	for name, test := range map[string]struct {
		from any
		want string
	}{
		"*greptime.Conn":   {c, ""},
		"*sql.DB":          {db, ""},
		"*sql.Conn":        {conn, ""},
		"a wrapper":        {wrapped{db}, ""},
		"*sql.Tx":          {tx, "GreptimeDB has no transactions; pass the *sql.DB"},
		"wrapped *sql.Tx":  {struct{ *sql.Tx }{tx}, "GreptimeDB has no transactions; pass the *sql.DB"},
		"nil":              {nil, "the connection is nil"},
		"nil *sql.DB":      {(*sql.DB)(nil), "the connection is nil"},
		"nil *Conn":        {(*greptime.Conn)(nil), "the connection is nil"},
		"not a connection": {5, "a int has no connections of this driver"},
	} {
		list, err := greptime.Collect[int](t.Context(), test.from, "SELECT n FROM t")
		if test.want == "" && (err != nil || len(list) != 3) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, %v, want %q", name, list, err, test.want)
		}
	}
	err = conn.Raw(func(driverConn any) error {
		_, err := greptime.Collect[int](t.Context(), driverConn, "SELECT n FROM t")
		return err
	})
	if err != nil {
		t.Errorf("the connection that Raw passes: %v", err)
	}
	for range greptime.Each[int](t.Context(), conn, "SELECT n FROM t") {
		if n, err := greptime.One[int](t.Context(), conn, "SELECT n FROM t LIMIT 1"); err == nil || n != 0 {
			t.Error("the server sends three rows") // that it is asked at all is the point
		}
	}
}

func TestArgumentsOfCollect(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server)
	type nothing struct{}
	list, err := greptime.Collect[nothing](t.Context(), db, "SELECT ?, ?", 1, greptime.AllowExtraColumns(), "x")
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if got := s.texts(); got[len(got)-1] != "SELECT 1, 'x'" {
		t.Errorf("sent %q", got)
	}
	if _, err := greptime.Collect[int](t.Context(), db, "INSERT INTO t VALUES (1)"); err == nil || !strings.Contains(err.Error(), "(2 rows affected); use Exec") {
		t.Errorf("an INSERT: %v", err)
	}
}

func TestEachEndsTheCallWithTheLoop(t *testing.T) {
	t.Parallel()
	s := startRows(t, 1000)
	db := openServer(t, s)
	for range greptime.Each[metric](t.Context(), db, metricsQuery) {
		break
	}
	s.WaitFor("the end of the call", func() bool { return s.OpenStreams() == 0 })
	if n := db.Stats().InUse; n != 0 {
		t.Errorf("%d connections are in use", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range greptime.Each[metric](ctx, db, metricsQuery) {
		cancel()
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled: %v", last)
	}
	errs := 0
	for _, err := range greptime.Each[time.Time](t.Context(), db, metricsQuery) {
		if err != nil {
			errs++
		}
	}
	if errs != 1 {
		t.Errorf("%d errors of a type that does not fit", errs)
	}
}

func TestCollectedTimesAreInTheSessionsTimeZone(t *testing.T) {
	t.Parallel()
	db := openServer(t, startRows(t, 1), "timezone=Asia/Shanghai")
	list, err := greptime.Collect[metric](t.Context(), db, metricsQuery)
	if err != nil {
		t.Fatal(err)
	}
	if got := list[0].At.Format(time.RFC3339); got != "2024-01-01T08:00:00+08:00" {
		t.Errorf("the first row is at %s", got)
	}
}

// plainMetric is a metric without pointers.
type plainMetric struct {
	At   time.Time       `greptime:"ts"`
	Host string          `greptime:"host"`
	CPU  float64         `greptime:"cpu"`
	Mem  sql.NullFloat64 `greptime:"mem"`
	N    int64           `greptime:"n"`
}

func TestAllocationsOfCollect(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	db := openServer(t, startRows(t, allocationBatches))
	check := func(name string, most float64, read func() (int, error)) {
		t.Helper()
		perResult := testing.AllocsPerRun(5, func() {
			if n, err := read(); err != nil || n != allocationBatches*batchRows {
				t.Fatal(n, err)
			}
		})
		if got := perResult / allocationBatches / batchRows; got > most {
			t.Errorf("%s: %.3f allocations a row of five columns, want at most %.2f", name, got, most)
		}
	}
	check("Collect", allocationsOfARow, func() (int, error) {
		list, err := greptime.Collect[plainMetric](t.Context(), db, metricsQuery)
		return len(list), err
	})
	// The structs of 256 rows share memory, and so do the values behind their pointers.
	check("Collect with pointers", allocationsOfARow+4./256, func() (int, error) {
		list, err := greptime.Collect[*metric](t.Context(), db, metricsQuery)
		return len(list), err
	})
	check("Each", allocationsOfARow, func() (int, error) { return count(greptime.Each[plainMetric](t.Context(), db, metricsQuery)) })
}

func count[T any](rows iter.Seq2[T, error]) (n int, err error) {
	for _, err := range rows {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func TestEachReadsALargeResultWithFlatMemory(t *testing.T) {
	batches := 5_000_000 / batchRows
	if race.Enabled {
		batches /= 20
	}
	db := openServer(t, startRows(t, batches))
	var first, peak uint64
	n, step := 0, batches*batchRows/10
	for _, err := range greptime.Each[metric](t.Context(), db, metricsQuery) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%step != 0 {
			continue
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if n == step {
			first = m.HeapAlloc
		}
		peak = max(peak, m.HeapAlloc)
	}
	if n != batches*batchRows {
		t.Fatalf("%d rows", n)
	}
	if peak > first+16<<20 {
		t.Errorf("the live heap grew from %d to %d MiB over %d rows", first>>20, peak>>20, n)
	}
}

func BenchmarkCollect(b *testing.B) {
	const batches = 100
	db := openServer(b, startRows(b, batches))
	b.Run("Collect", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if list, err := greptime.Collect[plainMetric](b.Context(), db, metricsQuery); err != nil || len(list) != batches*batchRows {
				b.Fatal(len(list), err)
			}
		}
		perRow(b, batches*batchRows)
	})
	b.Run("Each", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if n, err := count(greptime.Each[plainMetric](b.Context(), db, metricsQuery)); err != nil || n != batches*batchRows {
				b.Fatal(n, err)
			}
		}
		perRow(b, batches*batchRows)
	})
}

func BenchmarkOne(b *testing.B) {
	c, err := greptime.Connect(b.Context(), oneColumn(b, 1).DSN())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.ReportAllocs()
	for b.Loop() {
		if n, err := greptime.One[int64](b.Context(), c, "SELECT 1"); err != nil || n != 1 {
			b.Fatal(n, err)
		}
	}
}

// severalErrors is an error that cannot be compared, as that of ADBC's readers cannot.
type severalErrors []string

func (e severalErrors) Error() string { return strings.Join(e, ", ") }

// failingReader is a reader that is not the driver's, and fails behind its batches.
type failingReader struct {
	array.RecordReader
	done bool
}

func (r *failingReader) Next() bool {
	r.done = r.done || !r.RecordReader.Next()
	return !r.done
}

func (r *failingReader) Err() error {
	if r.done {
		return severalErrors{"broken", "off"}
	}
	return nil
}

func TestErrorsOfOtherReadersReachTheCaller(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(array.RecordReader) error{
		"CollectReader": func(rd array.RecordReader) error { _, err := greptime.CollectReader[map[string]any](rd); return err },
		"EachReader": func(rd array.RecordReader) (err error) {
			for _, err = range greptime.EachReader[map[string]any](rd) {
			}
			return err
		},
	} {
		rd := readerOf(t, peopleSchema, peopleRows)
		var list severalErrors
		if err := read(&failingReader{RecordReader: rd}); !errors.As(err, &list) || len(list) != 2 {
			t.Errorf("%s: %v", name, err)
		}
		rd.Release()
	}
}
