package structs_test

import (
	"cmp"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/structs"
	"github.com/greptime-go/greptime/sqltype"
)

// of is the plan of a struct with this field and a time index.
func of(field reflect.StructField) (*structs.Plan, error) {
	return structs.Of(reflect.StructOf([]reflect.StructField{field, {Name: "At", Type: reflect.TypeFor[time.Time](), Tag: `greptime:"ts,time"`}}))
}

func field[T any](tag string) reflect.StructField {
	return reflect.StructField{Name: "Name", Type: reflect.TypeFor[T](), Tag: reflect.StructTag(`greptime:"` + tag + `"`)}
}

type valuer struct{ A, B int }

func (valuer) Value() (driver.Value, error) { return nil, nil }

type pointerValuer struct{ A, B int }

func (*pointerValuer) Value() (driver.Value, error) { return nil, nil }

type level uint8

func TestColumnsOfFields(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		field reflect.StructField
		name  string
		role  catalog.Role
		want  string
	}{
		{field[string]("device,tag"), "device", catalog.Tag, "STRING"},
		{field[string](""), "Name", catalog.Field, "STRING"},
		{reflect.StructField{Name: "Plain", Type: reflect.TypeFor[int]()}, "Plain", catalog.Field, "BIGINT"},
		{field[uint](",tag"), "Name", catalog.Tag, "BIGINT UNSIGNED"},
		{field[level]("UPPER case.dots"), "UPPER case.dots", catalog.Field, "TINYINT UNSIGNED"},
		{field[*level]("a,field"), "a", catalog.Field, "TINYINT UNSIGNED"},
		{field[sql.Null[level]]("a"), "a", catalog.Field, "TINYINT UNSIGNED"},
		{field[sql.NullInt32]("a"), "a", catalog.Field, "INT"},
		{field[sql.NullTime]("a"), "a", catalog.Field, "TIMESTAMP(3)"},
		{field[time.Time]("a,precision=9"), "a", catalog.Field, "TIMESTAMP(9)"},
		{field[time.Time]("a,type=timestamp(6)"), "a", catalog.Field, "TIMESTAMP(6)"},
		{field[time.Time]("a,type=date"), "a", catalog.Field, "DATE"},
		{field[time.Time]("a,type=time,precision=3"), "a", catalog.Field, "TIME(3)"},
		{field[int64]("a,type=timestamp,precision=0"), "a", catalog.Field, "TIMESTAMP(0)"},
		{field[int64]("a,type=int8"), "a", catalog.Field, "TINYINT"},
		{field[float64]("a,type=FLOAT"), "a", catalog.Field, "FLOAT"},
		{field[float64]("a,type=decimal,precision=10,scale=2"), "a", catalog.Field, "DECIMAL(10,2)"},
		{field[string]("a,type=decimal(10,2),tag"), "a", catalog.Tag, "DECIMAL(10,2)"},
		{field[sqltype.Decimal]("a,precision=10,scale=0"), "a", catalog.Field, "DECIMAL(10,0)"},
		{field[*big.Rat]("a,precision=10,scale=0"), "a", catalog.Field, "DECIMAL(10,0)"},
		{field[sqltype.Vector]("a,dim=3"), "a", catalog.Field, "VECTOR(3)"},
		{field[[]float32]("a,dim=70000"), "a", catalog.Field, "VECTOR(70000)"},
		{field[sqltype.Date]("a"), "a", catalog.Field, "DATE"},
		{field[sqltype.TimeOfDay]("a"), "a", catalog.Field, "TIME(9)"},
		{field[json.RawMessage]("a"), "a", catalog.Field, "JSON"},
		{field[[]byte]("a"), "a", catalog.Field, "VARBINARY"},
		{field[[]byte]("a,type=json"), "a", catalog.Field, "JSON"},
		{field[string]("a,type=json"), "a", catalog.Field, "JSON"},
		{field[valuer]("a,type=string"), "a", catalog.Field, "STRING"},
		{field[pointerValuer]("a,type=int64"), "a", catalog.Field, "BIGINT"},
		{field[driver.Valuer]("a,type=int64"), "a", catalog.Field, "BIGINT"},
	} {
		plan, err := of(test.field)
		if err != nil {
			t.Errorf("%v: %v", test.field, err)
			continue
		}
		c := plan.Columns[0]
		if len(plan.Columns) != 2 || c.Name != test.name || c.Role != test.role || c.Type.String() != test.want {
			t.Errorf("%v %s: column %q %v %s", test.field.Type, test.field.Tag, c.Name, c.Role, c.Type)
		}
	}
}

func TestFieldsThatCanNeverWork(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		field reflect.StructField
		want  string
	}{
		{field[string]("a,type=int64"), "a string can never be stored as BIGINT"},
		{field[int]("a,type=string"), "never be stored as STRING"},
		{field[float64]("a,type=int"), "never be stored as INT"},
		{field[bool]("a,type=double"), "never be stored"},
		{field[sqltype.Date]("a,type=timestamp"), "never be stored"},
		{field[*sql.Null[int]]("a,type=json"), "never be stored"},
		{field[sqltype.Interval]("a"), "store months, days or nanoseconds as integers"},
		{field[time.Duration]("a"), "greptime.TimeOfDay"},
		{field[map[string]int]("a"), "json.RawMessage"},
		{field[[]int]("a"), "json.RawMessage"},
		{field[[4]byte]("a"), "json.RawMessage"},
		{field[struct{ X int }]("a"), "embed it"},
		{field[chan int]("a"), `leave it out with the tag "-"`},
		{field[any]("a"), "cannot be a column"},
		{field[complex128]("a"), "cannot be a column"},
		{field[valuer]("a"), "type="},
		{field[string]("a,type=datetime"), "use a timestamp of microseconds"},
		{field[string]("a,type=interval"), "INTERVAL"},
		{field[string]("a,type=list"), "use JSON"},
		{field[string]("a,type=text2"), "unknown type"},
		{field[sqltype.Decimal]("a"), "precision= and scale="},
		{field[sqltype.Decimal]("a,precision=39,scale=2"), "1 to 38"},
		{field[sqltype.Vector]("a"), "dim="},
		{field[time.Time]("a,precision=4"), "0, 3, 6 or 9"},
		{field[time.Time]("a,scale=4"), "does not have"},
		{field[string]("a,precision=4"), "does not have"},
		{field[string]("a,precision=x"), "not a number"},
		{field[string]("a,index"), `unknown tag option "index"`},
		{field[string]("a,tag=1"), "unknown tag option"},
		{field[string]("a,tag,field"), "more than one"},
		{field[string]("a,time"), "must be a timestamp"},
		{field[time.Time]("b,time"), "2 fields are the time index"},
		{field[string]("ts"), `two fields are column "ts"`},
	} {
		if _, err := of(test.field); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v %s: %v, want %q", test.field.Type, test.field.Tag, err, test.want)
		}
	}
	type node struct {
		//lint:ignore U1000 reflection reads it
		*node
		At time.Time `greptime:"ts,time"`
	}
	type inner struct{ X int }
	for _, test := range []struct {
		rt   reflect.Type
		want string
	}{
		{reflect.TypeFor[struct{ A int }](), "no field is the time index"},
		{reflect.TypeFor[int](), "int is not a struct"},
		{nil, "is not a struct"},
		{reflect.TypeFor[struct {
			a  int       `greptime:"a"`
			At time.Time `greptime:"ts,time"`
		}](), "begin it with a capital letter"},
		{reflect.TypeFor[struct {
			*inner
			At time.Time `greptime:"ts,time"`
		}](), "embed the struct itself"},
		{reflect.TypeFor[node](), "embed the struct itself"},
		{reflect.TypeFor[Loop](), "contains itself"},
		{reflect.TypeFor[struct {
			inner `greptime:",tag"`
			At    time.Time `greptime:"ts,time"`
		}](), "tag the fields instead"},
		{reflect.TypeFor[struct {
			P  endless
			At time.Time `greptime:"ts,time"`
		}](), "never leads to a value"},
		{reflect.TypeFor[struct {
			P  endlessNull
			At time.Time `greptime:"ts,time"`
		}](), "never leads to a value"},
		{structs.Struct(reflect.TypeFor[endless]()), "is not a struct"},
	} {
		if _, err := structs.Of(test.rt); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %q", test.rt, err, test.want)
		}
	}
}

type (
	endless     *endless
	endlessNull *sql.Null[endlessNull]
)

type Loop struct {
	*Loop
	At time.Time `greptime:"ts,time"`
}

type Inner struct {
	Deep string `greptime:"deep"`
}

type Middle struct {
	*Inner
	N int `greptime:"n"`
}

type lower struct {
	L int `greptime:"l"`
}

type outer struct {
	Middle
	lower
	sql.NullString `greptime:"named"`
	Stamp          time.Time `greptime:"-"`
	time.Time      `greptime:"ts,time"`
}

func TestEmbeddedStructs(t *testing.T) {
	t.Parallel()
	plan, err := structs.Of(reflect.TypeFor[outer]())
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := structs.Of(reflect.TypeFor[outer]()); again != plan {
		t.Error("the plan was made twice")
	}
	var names []string
	for _, c := range plan.Columns {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "deep n l named ts" {
		t.Errorf("columns %s", got)
	}
	v := outer{Middle: Middle{N: 5}, lower: lower{6}, Time: time.UnixMilli(7)}
	row := rowOf(t, &v)
	var c column.Cell
	for i, want := range []int64{-1, 5, 6, -1, 7} { // -1 is NULL
		if err := set(&c, &plan.Columns[i], row); err != nil || c.IsNull() != (want < 0) || !c.IsNull() && c.Int() != want {
			t.Errorf("column %d: %d, %v, want %d", i, c.Int(), err, want)
		}
	}
	v.Inner = &Inner{"x"}
	if err := set(&c, &plan.Columns[0], row); err != nil || string(c.AppendBytes(nil)) != "x" {
		t.Errorf("%q, %v", c.AppendBytes(nil), err)
	}
}

// A tag that is read means the same when it is written out, with the column's name, role and
// type, and reading and writing name the column alike.
func FuzzTags(f *testing.F) {
	for _, s := range []string{
		"a,tag", "-", ",type=decimal(10,2),tag", "a,precision=3", "a,type=decimal,precision=1,scale=1", "a,type=vector(,", "a,,", "a,type=)",
		"-,field", " a , time,precision=9", "a,type=vector,dim=3", "a,type=Vector( 3 )", "ts,time", "a\"b\\c\n", "\xff", "a;b", "a,type=timestamp(6)",
	} {
		f.Add(s)
	}
	types := []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[time.Time](), reflect.TypeFor[sqltype.Vector](), reflect.TypeFor[sqltype.Decimal](), reflect.TypeFor[int64](),
		reflect.TypeFor[[]byte](), reflect.TypeFor[valuer](),
	}
	f.Fuzz(func(t *testing.T, tag string) {
		for _, rt := range types {
			columnOf := func(tag string) (*structs.Column, error) {
				sf := reflect.StructField{Name: "Name", Type: rt, Tag: reflect.StructTag("greptime:" + strconv.Quote(tag))}
				plan, err := of(sf)
				if (plan == nil) == (err == nil) {
					t.Errorf("%q: %v, %v", tag, plan, err)
				}
				fields, fieldsErr := structs.Fields(reflect.StructOf([]reflect.StructField{sf}))
				if err != nil || len(plan.Columns) < 2 {
					return nil, err
				}
				c := &plan.Columns[0]
				if fieldsErr != nil || len(fields) != 1 || fields[0].Name != c.Name {
					t.Errorf("%q is column %q, and read into from %v, %v", tag, c.Name, fields, fieldsErr)
				}
				return c, nil
			}
			c, err := columnOf(tag)
			if err != nil || c == nil { // the latter with the tag "-"
				continue
			}
			if c.Type.Check() != nil {
				t.Errorf("%q: type %s", tag, c.Type)
			}
			if name, _, _ := strings.Cut(tag, ","); c.Name != cmp.Or(name, "Name") {
				t.Errorf("%q is column %q", tag, c.Name)
			}
			role := map[catalog.Role]string{catalog.Tag: "tag", catalog.Field: "field", catalog.TimeIndex: "time"}[c.Role]
			written := []string{c.Name + "," + role + ",type=" + c.Type.String()}
			switch c.Type.Kind() {
			case column.Decimal:
				written = append(written, fmt.Sprintf("%s,scale=%d,type=decimal,%s,precision=%d", c.Name, c.Type.Scale(), role, c.Type.Precision()))
			case column.Vector:
				written = append(written, fmt.Sprintf("%s,dim=%d,type=vector,%s", c.Name, c.Type.Dim(), role))
			}
			for _, text := range written {
				again, err := columnOf(text)
				if err != nil || again.Name != c.Name || again.Role != c.Role || again.Type != c.Type || again.Go != c.Go {
					t.Errorf("%v: %q is %+v, written as %q and read as %+v, %v", rt, tag, c, text, again, err)
				}
			}
		}
	})
}

type nilValuer struct{ text string }

func (n *nilValuer) Value() (driver.Value, error) {
	if n == nil {
		return "absent", nil
	}
	return n.text, nil
}

func TestNilPointerFieldIsAskedForItsValue(t *testing.T) {
	t.Parallel()
	type row struct {
		P  *nilValuer           `greptime:"p,type=string"`
		PP **nilValuer          `greptime:"pp,type=string"`
		N  sql.Null[*nilValuer] `greptime:"n,type=string"`
		I  driver.Valuer        `greptime:"i,type=string"`
		V  *valuer              `greptime:"v,type=string"`
		At time.Time            `greptime:"ts,time"`
	}
	plan, err := structs.Of(reflect.TypeFor[row]())
	if err != nil {
		t.Fatal(err)
	}
	r := &row{PP: new(*nilValuer), N: sql.Null[*nilValuer]{Valid: true}, I: (*nilValuer)(nil)}
	for _, c := range plan.Columns[:5] {
		var cell column.Cell
		if err := set(&cell, &c, rowOf(t, r)); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if want := c.Name != "v"; want != (string(cell.AppendBytes(nil)) == "absent") || want == cell.IsNull() {
			t.Errorf("%s: %q, NULL %v", c.Name, cell.AppendBytes(nil), cell.IsNull())
		}
	}
}

// Tags of other libraries would name columns after their options.
func TestTagsOfOtherLibrariesAreSpelledOut(t *testing.T) {
	t.Parallel()
	type level int16
	for _, test := range []struct {
		field reflect.StructField
		want  string
	}{
		{field[int64]("tag;column:id;type:int64"), `"id,tag"`},
		{field[int64]("tag; column:id; type:INT"), `"id,tag"`},
		{field[int32]("tag;column:id;type:int64"), `"id,tag,type=int64"`},
		{field[*string]("TAG;COLUMN:Host;TYPE:string"), `"Host,tag"`},
		{field[float64]("field;column:cpu;type:float"), `"cpu"`},
		{field[float32]("field;column:cpu;type:float"), `"cpu,type=float64"`},
		{field[level]("column:level"), `"level"`},
		{field[[]byte]("type:bytes"), `"name"`},
		{field[string]("column:data;type:json"), `"data,type=json"`},
		{field[bool]("column:on;type:boolean"), `"on"`},
		{field[time.Time]("timestamp;column:ts;type:timestamp;precision:millisecond"), `"ts,time"`},
		{field[time.Time]("timestamp;column:ts;type:timestamp;precision:nanosecond"), `"ts,time,precision=9"`},
		{field[time.Time]("timestamp;column:ts;type:timestamp_second"), `"ts,time,precision=0"`},
		{field[time.Time]("column:at;type:datetime"), `"at,precision=6"`},
		{field[int64]("timestamp;column:ts;type:timestamp;precision:microsecond"), `"ts,time,type=timestamp,precision=6"`},
		{field[int64]("timestamp;column:ts"), `"ts,time,type=timestamp"`},
		{field[int64]("host;tag"), `"host,tag"`},
		{field[int64]("column:a"), `"a"`},
		{field[int64]("tag;"), `"name,tag"`},
		{field[int64](":"), `"name"`},
		{reflect.StructField{Name: "HTTPStatusCode", Type: reflect.TypeFor[int](), Tag: `greptime:"tag;"`}, `"http_status_code,tag"`},
	} {
		_, err := of(test.field)
		if want := "write `greptime:" + test.want + "`"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", test.field.Tag, err, want)
			continue
		}
		// What it says to write is a tag that works.
		test.field.Tag = reflect.StructTag("greptime:" + test.want)
		others := []reflect.StructField{test.field}
		if !strings.Contains(test.want, ",time") {
			others = append(others, reflect.StructField{Name: "Other", Type: reflect.TypeFor[time.Time](), Tag: `greptime:"other,time"`})
		}
		if _, err := structs.Of(reflect.StructOf(others)); err != nil {
			t.Errorf("%s: %v", test.want, err)
		}
	}
}

func TestRowsFollowPointers(t *testing.T) {
	t.Parallel()
	type row struct {
		N  int       `greptime:"n"`
		At time.Time `greptime:"ts,time"`
	}
	plan, err := structs.Of(reflect.TypeFor[row]())
	if err != nil {
		t.Fatal(err)
	}
	one, two := &row{N: 1}, &row{N: 2}
	var none *row
	check := func(rows structs.Rows, want ...int64) { // -1 is an error
		t.Helper()
		if rows.Len() != len(want) {
			t.Fatalf("%d rows, want %d", rows.Len(), len(want))
		}
		for i, want := range want {
			r, err := rows.At(i)
			if (err != nil) != (want < 0) {
				t.Errorf("row %d: %v, want %d", i, err, want)
			}
			if err != nil {
				continue
			}
			var c column.Cell
			if err := set(&c, &plan.Columns[0], r); err != nil || c.Int() != want {
				t.Errorf("row %d: %d, %v, want %d", i, c.Int(), err, want)
			}
		}
	}
	check(structs.RowsOf([]row{*one, *two}), 1, 2)
	check(structs.RowsOf([]*row{one, none, two}), 1, -1, 2)
	check(structs.RowsOf([]**row{nil, &none, &two}), -1, -1, 2)
	check(structs.RowsOf([]row(nil)))
}

// rowOf returns a struct as a row.
func rowOf[T any](t *testing.T, v *T) structs.Row {
	t.Helper()
	rows := structs.RowsOf([]*T{v})
	row, err := rows.At(0)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// set stores the value of a column in the cell.
func set(cell *column.Cell, c *structs.Column, row structs.Row) error {
	return c.Set(cell, c.Type, c.Value(row))
}

func TestTagsHaveTheNamesThatHasTagReports(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"a", "A b", " a ", "sum(t.v)", "round(t.v,Int64(2))", "job:rate5m", "a;b", "-", "--", "", "é", `a"b`, `a\b`, "a\nb", "a`b", "field", "type=int8", "a.b",
	} {
		tag := reflect.StructTag(fmt.Sprintf("greptime:%q", name))
		fields, err := structs.Fields(reflect.StructOf([]reflect.StructField{{Name: "Other", Type: reflect.TypeFor[int](), Tag: tag}}))
		has := err == nil && len(fields) == 1 && fields[0].Name == name && !strings.Contains(string(tag), "`")
		if structs.HasTag(name) != has {
			t.Errorf("column %q: HasTag reports %v, the tag %s has %+v, %v", name, !has, tag, fields, err)
		}
	}
}
