package integration

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

// insertInto writes tables natively on a connection of the pool.
func insertInto(t *testing.T, db *sqlx.DB, o insert.Options, tables ...*insert.Table) (int64, error) {
	t.Helper()
	var n int64
	err := greptime.Raw(t.Context(), db, func(conn *greptime.Conn) error {
		var err error
		n, err = o.Write(t.Context(), conn, tables...)
		return err
	})
	return n, err
}

// mustInsert is insertInto of rows that the server takes, all of them.
func mustInsert(t *testing.T, db *sqlx.DB, o insert.Options, tables ...*insert.Table) {
	t.Helper()
	rows := 0
	for _, table := range tables {
		rows += table.Len()
	}
	if n, err := insertInto(t, db, o, tables...); err != nil || n != int64(rows) {
		t.Fatalf("%d rows written of %d, %v", n, rows, err)
	}
}

func insertType(t *testing.T, name string) insert.Type {
	t.Helper()
	typ, err := insert.ParseType(name)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// storedCell is a Go value, and what a column holds after it was written: nil for
// NULL, otherwise the value that the driver reads.
type storedCell struct{ value, want any }

// insertWays are the ways to append a row of n, way, v and ts.
var insertWays = []struct {
	name   string
	append func(table *insert.Table, n, way int, v any, ts time.Time) error
}{
	{"Append", func(table *insert.Table, n, way int, v any, ts time.Time) error {
		return table.Append(n, way, v, ts)
	}},
	{"Row, by pointer", func(table *insert.Table, n, way int, v any, ts time.Time) error {
		return table.NewRow().Set("ts", ts).Set("v", pointerTo(v)).Set("way", way).Set("n", n).End()
	}},
	{"AppendColumns", func(table *insert.Table, n, way int, v any, ts time.Time) error {
		return table.AppendColumns(insert.Values("ts", []time.Time{ts}), insert.Values("v", []any{v}), insert.Values("n", []int{n}), insert.Values("way", []int{way}))
	}},
}

// pointerTo is a pointer to a copy of v; nil and what insert.Valuer wraps stay as they
// are.
func pointerTo(v any) any {
	if v == nil || reflect.TypeOf(v) == reflect.TypeOf(insert.Valuer(nil)) {
		return v
	}
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	return p.Interface()
}

// readAs reads a column as T, or as nil if it is NULL, after two numbers.
func readAs[T any](rows *sql.Rows, n, way *int) (any, error) {
	var v sql.Null[T]
	if err := rows.Scan(n, way, &v); err != nil || !v.Valid {
		return nil, err
	}
	return v.V, nil
}

// sameStored compares what was read with what should have been: floats by their
// bits, but any NaN for NaN, moments as instants, JSON by its meaning.
func sameStored(got, want any) bool {
	switch want := want.(type) {
	case float32:
		got, ok := got.(float32)
		return ok && (math.Float32bits(got) == math.Float32bits(want) || got != got && want != want)
	case float64:
		got, ok := got.(float64)
		return ok && (math.Float64bits(got) == math.Float64bits(want) || got != got && want != want)
	case time.Time:
		got, ok := got.(time.Time)
		return ok && got.Equal(want)
	case greptime.Vector:
		got, ok := got.(greptime.Vector)
		return ok && slices.EqualFunc(got, want, func(a, b float32) bool { return sameStored(a, b) })
	case json.RawMessage:
		got, ok := got.(json.RawMessage)
		return ok && reflect.DeepEqual(jsonMeaning(got), jsonMeaning(want))
	}
	return reflect.DeepEqual(got, want)
}

// jsonMeaning is JSON text with its numbers as rationals, which lose nothing.
func jsonMeaning(text []byte) any {
	var v any
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		return err
	}
	var exact func(v any) any
	exact = func(v any) any {
		switch v := v.(type) {
		case json.Number:
			if r, ok := new(big.Rat).SetString(v.String()); ok {
				return r.RatString()
			}
		case []any:
			for i := range v {
				v[i] = exact(v[i])
			}
		case map[string]any:
			for key := range v {
				v[key] = exact(v[key])
			}
		}
		return v
	}
	return exact(v)
}

// nulls are the forms that NULL has in Go.
var nulls = []any{
	nil, (*int)(nil), (*string)(nil), (*time.Time)(nil), (**float64)(nil), (*big.Rat)(nil), (*greptime.Date)(nil),
	[]byte(nil), json.RawMessage(nil), greptime.Vector(nil), []float32(nil),
	sql.NullString{String: "x"}, sql.NullInt64{Int64: 5}, sql.NullTime{}, sql.Null[uint8]{V: 1}, sql.Null[greptime.Decimal]{V: "1"}, sql.Null[[]byte]{},
	insert.Valuer(nil), insert.Valuer(sql.NullFloat64{}), insert.Valuer((*greptime.Decimal)(nil)),
}

// Every cell of the package's table, as a field and as a tag: what is taken is read
// back by SQL as it was written, and what is refused leaves no trace.
func TestInsertMatrix(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	for i, c := range insertMatrix() {
		for _, role := range []string{"field", "tag"} {
			t.Run(c.typ+" "+role, func(t *testing.T) {
				t.Parallel()
				v := insert.Field("v", insertType(t, c.typ))
				if role == "tag" {
					v = insert.Tag("v", v.Type)
				}
				table := insert.NewTable(fmt.Sprintf("cells_%d_%s", i, role), insert.Tag("n", insert.Int32), insert.Tag("way", insert.Int8), v, insert.Time("ts", insert.Millisecond))
				c.check(t, db, table)
			})
		}
	}
}

func (c *matrixColumn) check(t *testing.T, db *sqlx.DB, table *insert.Table) {
	ts := time.UnixMilli(1_700_000_000_000)
	cells := slices.Clone(c.cells)
	for _, null := range nulls {
		cells = append(cells, storedCell{null, nil})
	}
	for n, cell := range cells {
		for way, w := range insertWays {
			if err := w.append(table, n, way, cell.value, ts); err != nil {
				t.Errorf("%s of %#v: %v", w.name, cell.value, err)
			}
		}
	}
	rows := table.Len()
	c.checkRefused(t, table, ts)
	if table.Len() != rows {
		t.Fatalf("refused values left %d rows", table.Len()-rows)
	}
	// Twice: equal tags have to be equal keys, whatever they are made of.
	for range 2 {
		mustInsert(t, db, insert.Options{}, table)
	}

	result, err := db.QueryContext(t.Context(), `SELECT "n", "way", "v" FROM "`+table.Name()+`" ORDER BY "n", "way"`)
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	read := 0
	for ; result.Next(); read++ {
		var n, way int
		got, err := c.read(result, &n, &way)
		if err != nil {
			t.Fatal(err)
		}
		if cell := cells[read/len(insertWays)]; n != read/len(insertWays) || way != read%len(insertWays) || !sameStored(got, cell.want) {
			t.Errorf("row %d.%d: %s of %s (%T) reads %s (%T), want %s", n, way, insertWays[way].name, brief(cell.value), cell.value, brief(got), got, brief(cell.want))
		}
	}
	if err := result.Err(); err != nil || read != rows {
		t.Errorf("%d rows of %d, %v", read, rows, err)
	}
}

// checkRefused appends what the column does not take.
func (c *matrixColumn) checkRefused(t *testing.T, table *insert.Table, ts time.Time) {
	t.Helper()
	refused := slices.Clone(c.refused)
	takes := strings.Fields(c.takes)
	for _, values := range matrixClasses {
		if class := fmt.Sprintf("%T", values[0]); !slices.Contains(takes, class) {
			refused = append(refused, values...)
		} else if !slices.ContainsFunc(c.cells, func(cell storedCell) bool { return fmt.Sprintf("%T", cell.value) == class && cell.want != nil }) {
			t.Errorf("no cell has a %s", class)
		}
	}
	for n, v := range refused {
		for way, w := range insertWays {
			err := w.append(table, n, way, v, ts)
			var e *insert.ValueError
			if !errors.As(err, &e) {
				t.Errorf("%s of %s (%T): %v", w.name, brief(v), v, err)
				continue
			}
			if way == 2 {
				continue // its rows are counted alike; the rest is the same code
			}
			if e.Table != table.Name() || e.Column != "v" || e.Row != table.Len() || e.Type.String() != c.typ || e.Reason == "" {
				t.Errorf("%s of %s (%T): %#v", w.name, brief(v), v, e)
			}
			text := err.Error()
			for _, part := range []string{fmt.Sprintf("table %q", e.Table), fmt.Sprintf("row %d (index %d)", e.Row+1, e.Row), `column "v"`, c.typ, e.Reason} {
				if !strings.Contains(text, part) {
					t.Errorf("%s of %s (%T): %q does not say %q", w.name, brief(v), v, text, part)
				}
			}
			switch v := v.(type) {
			case greptime.Date, greptime.TimeOfDay, greptime.Decimal:
				if said := fmt.Sprint(v); !strings.Contains(text, said) {
					t.Errorf("%s of a %T: %q does not say %q", w.name, v, text, said)
				}
			}
			// Errors name the types of sqltype by their aliases in greptime.
			goType := strings.Replace(fmt.Sprintf("%T", v), "sqltype.", "greptime.", 1)
			if e.Value == nil && !strings.Contains(e.Reason, goType) {
				t.Errorf("%s of %s (%T): %q names neither value nor type", w.name, brief(v), v, text)
			}
		}
	}
}

// brief is a value for a message of a test.
func brief(v any) string {
	text := fmt.Sprintf("%#v", v)
	if at, ok := v.(time.Time); ok {
		text = at.Format(time.RFC3339Nano)
	}
	if len(text) > 100 {
		text = text[:100] + "…"
	}
	return text
}

// Named types, nullable ones and what has a Value method are stored as what is in
// them.
func TestInsertWrappedValues(t *testing.T) {
	t.Parallel()
	type (
		text  string
		blob  []byte
		ratio float32
	)
	db := open(t, "")
	at, pointer := time.UnixMilli(1700000000001).UTC(), new(level)
	for i, test := range []struct {
		typ   string
		value any
		want  string // as text
	}{
		{"SMALLINT", level(-5), "-5"},
		{"SMALLINT", &pointer, "0"},
		{"SMALLINT", sql.Null[level]{V: 7, Valid: true}, "7"},
		{"SMALLINT", &sql.NullInt16{Int16: 7, Valid: true}, "7"},
		{"TINYINT UNSIGNED", sql.NullByte{Byte: 255, Valid: true}, "255"},
		{"INT", sql.NullInt32{Int32: -1, Valid: true}, "-1"},
		{"BIGINT", insert.Valuer(celsius{-40}), "-40"},
		{"BIGINT", insert.Valuer(&celsius{41}), "41"},
		{"BOOLEAN", sql.NullBool{Bool: true, Valid: true}, "true"},
		{"FLOAT", ratio(0.5), "0.5"},
		{"DOUBLE", sql.NullFloat64{Float64: -0.25, Valid: true}, "-0.25"},
		{"STRING", text("x"), "x"},
		{"STRING", sql.NullString{Valid: true}, ""},
		{"VARBINARY", blob("ab"), "ab"},
		{"VARBINARY", sql.Null[[]byte]{V: []byte("ab"), Valid: true}, "ab"},
		{"JSON", text("[1]"), "[1]"},
		{"TIMESTAMP(3)", sql.NullTime{Time: at, Valid: true}, "2023-11-14T22:13:20.001Z"},
		{"DATE", sql.Null[time.Time]{V: at, Valid: true}, "2023-11-14T00:00:00Z"},
		{"TIME(3)", sql.Null[greptime.TimeOfDay]{V: 1_000_000, Valid: true}, "00:00:00.001"},
		{"DECIMAL(5,2)", sql.Null[*big.Rat]{V: big.NewRat(1, 3), Valid: true}, "0.33"},
		{"DECIMAL(5,2)", insert.Valuer(greptime.Decimal("1.005")), "1.01"},
		{"VECTOR(2)", sql.Null[greptime.Vector]{V: greptime.Vector{1, 2}, Valid: true}, "[1,2]"},
	} {
		table := insert.NewTable(fmt.Sprint("wrapped_", i), insert.Field("v", insertType(t, test.typ)), insert.Time("ts", insert.Millisecond))
		if err := table.Append(test.value, 1); err != nil {
			t.Errorf("%s of %T: %v", test.typ, test.value, err)
			continue
		}
		mustInsert(t, db, insert.Options{}, table)
		wantRows(t, db, "SELECT v FROM "+table.Name(), test.want)
	}
	table := insert.NewTable("unwrapped", insert.Field("v", insert.Int64), insert.Time("ts", insert.Millisecond))
	if err := table.Append(celsius{1}, 1); err == nil || !strings.Contains(err.Error(), "wrap it with insert.Valuer") {
		t.Errorf("a Valuer that is not wrapped: %v", err)
	}
}
