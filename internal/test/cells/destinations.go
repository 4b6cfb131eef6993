package cells

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/greptime-go/greptime/sqltype"
)

// Destinations returns variables of all types that a column may know, each with a value in it
// that must go.
func Destinations() []any {
	text, number, float, now := "before", int64(-1), -1.0, time.Unix(1, 0)
	return []any{
		new(true), new(int8(1)), new(int16(1)), new(int32(1)), new(int64(1)), new(1),
		new(uint8(1)), new(uint16(1)), new(uint32(1)), new(uint64(1)), new(uint(1)),
		new(float32(1)), new(float64(1)), new("before"), new([]byte("before")), new(any("before")),
		new(time.Unix(1, 0)), new(time.Second), new(json.RawMessage("1")),
		new(sqltype.Date{Year: 2000, Month: 1, Day: 1}), new(sqltype.TimeOfDay(1)), new(sqltype.Decimal("1")), new(sqltype.Interval{Months: 1, Days: 1, Nanoseconds: 1}), new(sqltype.Vector{1}),
		new(&text), new(&number), new(&float), new(&now),
		&sql.NullBool{Bool: true, Valid: true}, &sql.NullInt64{Int64: 1, Valid: true}, &sql.NullInt32{Int32: 1, Valid: true},
		&sql.NullFloat64{Float64: 1, Valid: true}, &sql.NullString{String: "before", Valid: true}, &sql.NullTime{Time: now, Valid: true},
		&sql.Null[bool]{V: true, Valid: true}, &sql.Null[int8]{V: 1, Valid: true}, &sql.Null[int16]{V: 1, Valid: true},
		&sql.Null[int32]{V: 1, Valid: true}, &sql.Null[int64]{V: 1, Valid: true}, &sql.Null[uint8]{V: 1, Valid: true},
		&sql.Null[uint16]{V: 1, Valid: true}, &sql.Null[uint32]{V: 1, Valid: true}, &sql.Null[uint64]{V: 1, Valid: true},
		&sql.Null[float32]{V: 1, Valid: true}, &sql.Null[float64]{V: 1, Valid: true}, &sql.Null[string]{V: "before", Valid: true},
		&sql.Null[[]byte]{V: []byte("before"), Valid: true}, &sql.Null[time.Time]{V: now, Valid: true},
		&sql.Null[time.Duration]{V: 1, Valid: true}, &sql.Null[json.RawMessage]{V: json.RawMessage("1"), Valid: true},
		&sql.Null[sqltype.Date]{V: sqltype.Date{Year: 2000, Month: 1, Day: 1}, Valid: true}, &sql.Null[sqltype.TimeOfDay]{V: 1, Valid: true}, &sql.Null[sqltype.Decimal]{V: "1", Valid: true},
		&sql.Null[sqltype.Interval]{V: sqltype.Interval{Months: 1, Days: 1, Nanoseconds: 1}, Valid: true}, &sql.Null[sqltype.Vector]{V: sqltype.Vector{1}, Valid: true},
		&sql.NullInt16{Int16: 1, Valid: true}, &sqltype.Null[int8]{V: 1, Valid: true}, &sqltype.Null[uint8]{V: 1, Valid: true}, &sqltype.Null[uint16]{V: 1, Valid: true},
		&sqltype.Null[uint32]{V: 1, Valid: true}, &sqltype.Null[uint64]{V: 1, Valid: true}, &sqltype.Null[float32]{V: 1, Valid: true},
		&sqltype.Null[string]{V: "before", Valid: true}, &sqltype.Null[[]byte]{V: []byte("before"), Valid: true}, &sqltype.Null[time.Time]{V: now, Valid: true},
		&sqltype.Null[json.RawMessage]{V: json.RawMessage("1"), Valid: true},
	}
}

// boxed is a driver whose one row has one value. It gives access to database/sql's own
// conversion of a value on every Go version.
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

// Convert writes a value into dest as database/sql converts it.
func Convert(value driver.Value, dest any) error {
	db := sql.OpenDB(boxed{value})
	defer db.Close()
	return db.QueryRow("").Scan(dest)
}

// TakesNULL reports whether a value is NULL and dest the one destination that accepts it
// although database/sql refuses.
func TakesNULL(value driver.Value, dest any) bool {
	_, isJSON := dest.(*json.RawMessage)
	return value == nil && isJSON
}

// Same reports whether two variables hold the same; NaN equals itself.
func Same(a, b any) bool {
	return reflect.DeepEqual(a, b) || shown(a) == shown(b)
}

// shown returns what a variable holds, behind all pointers, as text.
func shown(p any) string {
	v := reflect.ValueOf(p)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return fmt.Sprintf("%T %#v", p, v)
}
