package greptime

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/greptime-go/greptime/flightdecode"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// boxed is a driver whose one row has one value. Through it database/sql's own
// conversion of a value can be had on every Go version.
type boxed struct{ value driver.Value }

func (b boxed) Connect(context.Context) (driver.Conn, error) { return b, nil }
func (b boxed) Driver() driver.Driver                        { return nil }
func (b boxed) Prepare(string) (driver.Stmt, error)          { return nil, errors.New("not used") }
func (b boxed) Close() error                                 { return nil }
func (b boxed) Begin() (driver.Tx, error)                    { return nil, errors.New("not used") }
func (b boxed) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &boxedRows{value: b.value}, nil
}

type boxedRows struct {
	value driver.Value
	done  bool
}

func (*boxedRows) Columns() []string { return []string{"v"} }
func (*boxedRows) Close() error      { return nil }
func (r *boxedRows) Next(dest []driver.Value) error {
	if r.done {
		return io.EOF
	}
	r.done = true
	dest[0] = r.value
	return nil
}

// convert is what database/sql makes of a value for a destination.
func convert(value driver.Value, dest any) error {
	db := sql.OpenDB(boxed{value})
	defer db.Close()
	return db.QueryRow("").Scan(dest)
}

// destinations are variables of all types that a column may know, each with a
// value in it that has to go.
func destinations() []any {
	text, number, float, now := "before", int64(-1), -1.0, time.Unix(1, 0)
	return []any{
		ptr(true), ptr(int8(1)), ptr(int16(1)), ptr(int32(1)), ptr(int64(1)), ptr(1),
		ptr(uint8(1)), ptr(uint16(1)), ptr(uint32(1)), ptr(uint64(1)), ptr(uint(1)),
		ptr(float32(1)), ptr(float64(1)), ptr("before"), ptr([]byte("before")), ptr(any("before")),
		ptr(time.Unix(1, 0)), ptr(time.Second), ptr(json.RawMessage("1")),
		ptr(Date{Year: 2000, Month: 1, Day: 1}), ptr(TimeOfDay(1)), ptr(Decimal("1")), ptr(Interval{Months: 1, Days: 1, Nanoseconds: 1}), ptr(Vector{1}),
		ptr(&text), ptr(&number), ptr(&float), ptr(&now),
		&sql.NullBool{Bool: true, Valid: true}, &sql.NullInt64{Int64: 1, Valid: true}, &sql.NullInt32{Int32: 1, Valid: true},
		&sql.NullFloat64{Float64: 1, Valid: true}, &sql.NullString{String: "before", Valid: true}, &sql.NullTime{Time: now, Valid: true},
		&sql.Null[bool]{V: true, Valid: true}, &sql.Null[int8]{V: 1, Valid: true}, &sql.Null[int16]{V: 1, Valid: true},
		&sql.Null[int32]{V: 1, Valid: true}, &sql.Null[int64]{V: 1, Valid: true}, &sql.Null[uint8]{V: 1, Valid: true},
		&sql.Null[uint16]{V: 1, Valid: true}, &sql.Null[uint32]{V: 1, Valid: true}, &sql.Null[uint64]{V: 1, Valid: true},
		&sql.Null[float32]{V: 1, Valid: true}, &sql.Null[float64]{V: 1, Valid: true}, &sql.Null[string]{V: "before", Valid: true},
		&sql.Null[[]byte]{V: []byte("before"), Valid: true}, &sql.Null[time.Time]{V: now, Valid: true},
		&sql.Null[time.Duration]{V: 1, Valid: true}, &sql.Null[json.RawMessage]{V: json.RawMessage("1"), Valid: true},
		&sql.Null[Date]{V: Date{Year: 2000, Month: 1, Day: 1}, Valid: true}, &sql.Null[TimeOfDay]{V: 1, Valid: true}, &sql.Null[Decimal]{V: "1", Valid: true},
		&sql.Null[Interval]{V: Interval{Months: 1, Days: 1, Nanoseconds: 1}, Valid: true}, &sql.Null[Vector]{V: Vector{1}, Valid: true},
		&sql.NullInt16{Int16: 1, Valid: true}, &Null[int8]{V: 1, Valid: true}, &Null[uint8]{V: 1, Valid: true}, &Null[uint16]{V: 1, Valid: true},
		&Null[uint32]{V: 1, Valid: true}, &Null[uint64]{V: 1, Valid: true}, &Null[float32]{V: 1, Valid: true},
		&Null[string]{V: "before", Valid: true}, &Null[[]byte]{V: []byte("before"), Valid: true}, &Null[time.Time]{V: now, Valid: true},
		&Null[json.RawMessage]{V: json.RawMessage("1"), Valid: true},
	}
}

func ptr[T any](v T) *T { return &v }

// eachRecordedColumn calls check for every column of every recorded batch, up to
// five rows of it.
func eachRecordedColumn(t *testing.T, check func(t *testing.T, name string, c column, row int)) {
	t.Helper()
	for _, exchange := range captures.DoGets() {
		if len(exchange.Messages) < 2 {
			continue
		}
		next := 0
		rd, err := flightdecode.NewReader(func(m *flightdecode.Message) error {
			if next == len(exchange.Messages) {
				return io.EOF
			}
			r := exchange.Messages[next]
			next++
			*m = flightdecode.Message{Header: r.Header, AppMetadata: r.AppMetadata, Body: r.Body}
			return nil
		}, flightdecode.Options{})
		if err != nil {
			t.Fatalf("%s: %v", exchange.Name, err)
		}
		for rd.Next() {
			batch := rd.RecordBatch()
			for i, f := range rd.Schema().Fields() {
				c, err := newColumn(f, time.UTC)
				if err != nil {
					t.Fatalf("%s, %s: %v", exchange.Name, f.Name, err)
				}
				if err := c.load(batch.Column(i)); err != nil {
					t.Fatalf("%s, %s: %v", exchange.Name, f.Name, err)
				}
				for row := range min(5, int(batch.NumRows())) {
					check(t, exchange.Name+", "+f.Name+fmt.Sprintf(", row %d", row), c, row)
				}
			}
		}
		if err := rd.Err(); err != nil {
			t.Fatalf("%s: %v", exchange.Name, err)
		}
		rd.Release()
	}
}

// What the column scanner of Go 1.27 does by itself must be what database/sql does
// with the boxed value, for every type of column and destination, NULL included.
func TestScanningIsConvertingTheBoxedValue(t *testing.T) {
	t.Parallel()
	filled := map[string]bool{}
	seen := map[string]bool{}
	check := func(t *testing.T, name string, c column, row int) {
		value, valueErr := c.value(row)
		if key := fmt.Sprintf("%T %T %s %v", c, value, c.info().sqlType, value); seen[key] && valueErr == nil || len(key) > 1000 {
			return
		} else {
			seen[key] = true
		}
		want := destinations()
		for i, got := range destinations() {
			done, err := c.scan(row, got)
			if fmt.Sprint(err) != fmt.Sprint(valueErr) {
				t.Errorf("%s into %T: error %v, but boxing it gives %v", name, got, err, valueErr)
			}
			if err != nil || !done {
				continue
			}
			if takesNULL(value, got) {
				want[i] = new(json.RawMessage)
			} else if err := convert(value, want[i]); err != nil {
				t.Errorf("%s into %T: filled, but database/sql says %v", name, got, err)
				continue
			}
			if !same(got, want[i]) {
				t.Errorf("%s into %T: %v, database/sql has %v", name, got, reflect.ValueOf(got).Elem(), reflect.ValueOf(want[i]).Elem())
			}
			if value != nil {
				filled[c.info().sqlType+" "+reflect.TypeOf(got).Elem().String()] = true
			}
		}
	}
	eachRecordedColumn(t, check)
	eachLimit(t, check)
	for _, must := range []string{
		"BOOLEAN bool", "TINYINT int8", "BIGINT int64", "BIGINT UNSIGNED uint64", "FLOAT float32", "DOUBLE float64",
		"STRING string", "VARBINARY []uint8", "DATE sqltype.Date", "DATE time.Time", "TIMESTAMP time.Time", "TIME sqltype.TimeOfDay",
		"DECIMAL sqltype.Decimal", "DECIMAL string", "INTERVAL sqltype.Interval", "DURATION time.Duration",
		"JSON " + reflect.TypeFor[json.RawMessage]().String(), "JSON string", "VECTOR sqltype.Vector", "BIGINT sql.NullInt64", "DOUBLE sql.Null[float64]",
		"STRING sql.NullString", "TIMESTAMP sql.NullTime", "STRING interface {}", "BIGINT interface {}",
	} {
		if !filled[must] {
			t.Errorf("%s is not filled directly", must)
		}
	}
}

// The exact type that a column names must take every value of it.
func TestScanTypeTakesEveryValue(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, name string, c column, row int) {
		value, err := c.value(row)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		info := c.info()
		if value == nil && !info.nullable {
			t.Errorf("%s: NULL in a column that has none", name)
		}
		for _, typ := range []reflect.Type{info.scanType, info.nullableType()} {
			if value == nil && typ != info.nullableType() {
				continue
			}
			dest := reflect.New(typ).Interface()
			if err := convert(value, dest); err != nil {
				t.Errorf("%s: boxed into %v: %v", name, typ, err)
			}
			if _, err := c.scan(row, dest); err != nil {
				t.Errorf("%s: scanned into %v: %v", name, typ, err)
			}
		}
	}
	eachRecordedColumn(t, check)
	eachLimit(t, func(t *testing.T, name string, c column, row int) {
		if _, err := c.value(row); err == nil { // or it is one that no type takes
			check(t, name, c, row)
		}
	})
}

// takesNULL reports whether a value is NULL, and dest the one destination that takes it
// although database/sql refuses.
func takesNULL(value driver.Value, dest any) bool {
	_, isJSON := dest.(*json.RawMessage)
	return value == nil && isJSON
}

// same compares two variables; NaN is itself.
func same(a, b any) bool {
	return reflect.DeepEqual(a, b) || shown(a) == shown(b)
}

// shown is what a variable holds, behind all pointers.
func shown(p any) string {
	v := reflect.ValueOf(p)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return fmt.Sprintf("%T %#v", p, v)
}
