package insert_test

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

type statusCode int16

// point is a driver.Valuer.
type point struct{ x, y float64 }

func (p point) Value() (driver.Value, error) {
	if p.x < 0 {
		return nil, errors.New("left of the origin")
	}
	return fmt.Sprintf("(%g %g)", p.x, p.y), nil
}

type Labels struct {
	Host   string `greptime:"host,tag"`
	Region string `greptime:"region,tag"`
}

type Extra struct {
	Note *string `greptime:"note"`
}

type reading struct {
	Labels
	*Extra
	Temperature float64              `greptime:"temperature"`
	Humidity    sql.NullFloat64      `greptime:"humidity"`
	Status      statusCode           `greptime:"status"`
	Level       sql.Null[statusCode] `greptime:"level"`
	Count       *uint32              `greptime:"count"`
	Price       string               `greptime:"price,type=decimal,precision=10,scale=2"`
	Exact       greptime.Decimal     `greptime:"exact,type=DECIMAL(20,4)"`
	Ratio       *big.Rat             `greptime:"ratio,precision=10,scale=3"`
	Day         time.Time            `greptime:"day,type=date"`
	Clock       *greptime.TimeOfDay  `greptime:"clock,precision=0"`
	Data        json.RawMessage      `greptime:"data"`
	Embedding   greptime.Vector      `greptime:"embedding,dim=2"`
	Where       point                `greptime:"where,type=string"`
	WherePtr    *point               `greptime:"where_ptr,type=string"`
	PlainName   bool
	Skipped     chan int `greptime:"-"`
	unexported  int
	At          time.Time `greptime:"ts,time,precision=9"`
}

func (reading) TableName() string { return "Readings_V2" }

func TestStructsBecomeRows(t *testing.T) {
	t.Parallel()
	schema, err := insert.SchemaOf[reading]()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range schema.Columns() {
		role := "field"
		if c.IsTag() {
			role = "tag"
		} else if c.IsTime() {
			role = "time"
		}
		got = append(got, c.Name+" "+c.Type.String()+" "+role)
	}
	want := `host STRING tag, region STRING tag, note STRING field, temperature DOUBLE field, humidity DOUBLE field, status SMALLINT field, level SMALLINT field, ` +
		`count INT UNSIGNED field, price DECIMAL(10,2) field, exact DECIMAL(20,4) field, ratio DECIMAL(10,3) field, day DATE field, clock TIME(0) field, data JSON field, embedding VECTOR(2) field, ` +
		`where STRING field, where_ptr STRING field, PlainName BOOLEAN field, ts TIMESTAMP(9) time`
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("columns %s\nwant    %s", text, want)
	}

	full := reading{
		Labels: Labels{"a", "eu"}, Extra: &Extra{ptr("hello")}, Temperature: 23.5, Humidity: sql.NullFloat64{Float64: 0.4, Valid: true}, Status: -3,
		Level: sql.Null[statusCode]{V: 4, Valid: true}, Count: ptr(uint32(7)), Price: "1.005", Exact: "12.5", Ratio: big.NewRat(1, 3), Day: moment, Clock: ptr(greptime.TimeOfDay(90e9)),
		Data: json.RawMessage(`{"a":1}`), Embedding: greptime.Vector{1, 2}, Where: point{1, 2}, WherePtr: &point{3, 4}, PlainName: true, unexported: 1, At: moment,
	}
	sparse := reading{Price: "0", Exact: "0", At: moment}
	table := insert.TableOf[reading]("")
	if table.Name() != "Readings_V2" {
		t.Errorf("the table is called %s, want Readings_V2", table.Name())
	}
	if err := insert.AppendStructs(table, full, sparse); err != nil {
		t.Fatal(err)
	}
	byHand := schema.NewTable("Readings_V2")
	if err := errors.Join(
		byHand.Append("a", "eu", "hello", 23.5, 0.4, -3, 4, 7, "1.01", "12.5", "0.333", moment, greptime.TimeOfDay(90e9), `{"a":1}`, greptime.Vector{1, 2}, "(1 2)", "(3 4)", true, moment),
		byHand.Append("", "", nil, 0.0, nil, 0, nil, nil, "0", "0", nil, time.Time{}, nil, nil, nil, "(0 0)", nil, false, moment),
	); err != nil {
		t.Fatal(err)
	}
	sameRows(t, table, byHand)

	pointers := insert.TableOf[*reading]("Readings_V2")
	if err := insert.AppendStructs(pointers, &full, &sparse); err != nil {
		t.Fatal(err)
	}
	sameRows(t, pointers, byHand)
}

func TestErrorsOfStructsNameTheRow(t *testing.T) {
	t.Parallel()
	table := insert.TableOf[reading]("t")
	good := reading{Price: "0", Exact: "0", At: moment}
	bad := good
	bad.Where.x = -1
	wantValueError(t, insert.AppendStructs(table, good, bad, good), "where", 1, "left of the origin")
	bad = good
	bad.Embedding = greptime.Vector{1}
	wantValueError(t, insert.AppendStructs(table, bad), "embedding", 0, "the column takes 2")
	wantValueError(t, insert.AppendStructs(insert.TableOf[*reading]("t"), &good, nil), "", 1, "nil")
	if table.Len() != 0 {
		t.Errorf("%d rows, want none", table.Len())
	}
	wantValueError(t, insert.AppendStructs(sensors(t), good), "", 0, "insert.TableOf")
	if err := insert.AppendStructs(table, 5); err == nil || !strings.Contains(err.Error(), "int is not a struct") {
		t.Errorf("an int: %v, want an error: no struct", err)
	}
	if err := insert.TableOf[struct {
		At time.Time `greptime:",time"`
	}]("").Err(); err == nil || !strings.Contains(err.Error(), "TableName") {
		t.Errorf("no name: %v", err)
	}
}

func TestWriteStructs(t *testing.T) {
	t.Parallel()
	var got requests
	s := wiretest.Start(t, got.accept)
	n, err := insert.WriteStructs(t.Context(), connTo(t, s.DSN()), "", []reading{{Price: "0", Exact: "0", At: moment}, {Price: "1", Exact: "0", At: moment}})
	if err != nil || n != 2 || got.all()[0].GetRowInserts().Inserts[0].TableName != "Readings_V2" {
		t.Errorf("%d, %v; want 2 rows in Readings_V2", n, err)
	}
}

type plainReading struct {
	Host   string              `greptime:"host,tag"`
	Region string              `greptime:"region,tag"`
	CPU    float64             `greptime:"cpu"`
	Memory *float64            `greptime:"memory"`
	Load   float32             `greptime:"load"`
	Count  int64               `greptime:"count"`
	Status statusCode          `greptime:"status"`
	Up     bool                `greptime:"up"`
	Data   []byte              `greptime:"data"`
	Note   sql.NullString      `greptime:"note"`
	Maybe  sql.Null[time.Time] `greptime:"maybe"`
	At     time.Time           `greptime:"ts,time"`
}

// The budget is one allocation a row.
func TestStructsAllocateNothing(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	list := make([]plainReading, 1000)
	for i := range list {
		list[i] = plainReading{Host: "h", Region: "eu", CPU: 1.5, Memory: &list[0].CPU, Count: int64(i) * 1e6, Status: 300, Up: true, Data: []byte("x"), At: moment,
			Note: sql.NullString{String: "n", Valid: true}, Maybe: sql.Null[time.Time]{V: moment, Valid: true}}
	}
	table := insert.TableOf[plainReading]("t")
	allocs := testing.AllocsPerRun(5, func() {
		table.Reset()
		if err := insert.AppendStructs(table, list...); err != nil {
			t.Fatal(err)
		}
	}) / float64(len(list))
	if allocs > 0.01 {
		t.Errorf("%v allocations a row, want at most 0.01", allocs)
	}
}

func BenchmarkAppendStructs(b *testing.B) {
	list := make([]plainReading, 1000)
	for i := range list {
		list[i] = plainReading{Host: "h", Region: "eu", CPU: 1.5, Count: int64(i), At: moment}
	}
	table := insert.TableOf[plainReading]("t")
	b.ReportAllocs()
	for i := 0; b.Loop(); i += len(list) {
		table.Reset()
		if err := insert.AppendStructs(table, list...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(list)), "ns/row")
}
