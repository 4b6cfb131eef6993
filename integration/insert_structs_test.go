package integration

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/jmoiron/sqlx/reflectx"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

// level is a named type, and celsius one with methods of its own.
type (
	level   int16
	celsius struct{ tenths int64 }
)

func (c celsius) Value() (driver.Value, error) { return c.tenths, nil }

func (c *celsius) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a %T is no celsius", src)
	}
	c.tenths = n
	return nil
}

// Origin is embedded, and Audit by a pointer.
type Origin struct {
	Host   string  `greptime:"host,tag"`
	Region *string `greptime:"region,tag"`
}

type Audit struct {
	Author sql.NullString `greptime:"author"`
	Day    *greptime.Date `greptime:"day"`
}

// everything is a struct that is written and read by the same tags.
type everything struct {
	Origin
	*Audit
	B         bool                       `greptime:"b"`
	I         int                        `greptime:"i"`
	I8        int8                       `greptime:"i8"`
	I64       *int64                     `greptime:"i64"`
	U8        uint8                      `greptime:"u8"`
	U64       uint64                     `greptime:"u64"`
	F32       float32                    `greptime:"f32"`
	F64       *float64                   `greptime:"f64"`
	Text      string                     `greptime:"text"`
	Blob      []byte                     `greptime:"blob"`
	Doc       json.RawMessage            `greptime:"doc"`
	Vec       greptime.Vector            `greptime:"vec,dim=3"`
	Price     greptime.Decimal           `greptime:"price,type=decimal,precision=38,scale=10"`
	Paid      sql.Null[greptime.Decimal] `greptime:"paid,type=DECIMAL(10,2)"`
	Clock     sql.Null[greptime.TimeOfDay]
	Seen      sql.NullTime     `greptime:"seen,precision=6"`
	Expires   time.Time        `greptime:"expires,type=TIMESTAMP(0),field"`
	Level     level            `greptime:"level"`
	LevelNull sql.Null[level]  `greptime:"level_null"`
	Warmth    celsius          `greptime:"warmth,type=bigint"`
	Small     sql.NullInt16    `greptime:"small"`
	Nested    **string         `greptime:"nested"`
	TS        time.Time        `greptime:"ts,time,precision=9"`
	Ignored   map[string]int   `greptime:"-"`
	Channel   chan struct{}    `greptime:"-"`
	Func      func(a, b []any) `greptime:"-"`
	hidden    int
}

func (everything) TableName() string { return "Every_Thing" }

func everythings() []everything {
	text, far := "x", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	pointer := &text
	return []everything{
		{
			Origin: Origin{"a", &text}, Audit: &Audit{sql.NullString{String: "me", Valid: true}, &greptime.Date{Year: 1969, Month: 12, Day: 31}},
			B: true, I: math.MinInt, I8: math.MinInt8, I64: new(int64), U8: math.MaxUint8, U64: math.MaxUint64, F32: math.MaxFloat32, F64: new(float64),
			Text: "a\x00— 世界", Blob: []byte{0, 255}, Doc: json.RawMessage(`{"a":[1,null]}`), Vec: greptime.Vector{1, -2.5, math.SmallestNonzeroFloat32},
			Price: "-9999999999999999999999999999.9999999999", Paid: sql.Null[greptime.Decimal]{V: "0.10", Valid: true}, Clock: sql.Null[greptime.TimeOfDay]{V: 86399_999_999_999, Valid: true},
			Seen: sql.NullTime{Time: time.UnixMicro(-1).UTC(), Valid: true}, Expires: far, Level: -5, LevelNull: sql.Null[level]{V: 7, Valid: true}, Warmth: celsius{-273}, Small: sql.NullInt16{Int16: -1, Valid: true},
			Nested: &pointer, TS: time.Date(1677, 9, 22, 0, 0, 0, 1, time.UTC),
		},
		// Whatever can be NULL is; an empty slice is not. sqlx makes the struct that an
		// embedded pointer wants.
		{Audit: &Audit{}, Blob: []byte{}, Doc: json.RawMessage("null"), Vec: greptime.Vector{0, 0, 0}, Price: "0.0000000000", Expires: time.Unix(0, 0).UTC(), TS: time.Unix(0, 0).UTC()},
		{Origin: Origin{Host: "b"}, Audit: &Audit{Day: &greptime.Date{Year: 2024, Month: 2, Day: 29}}, Blob: nil, Doc: json.RawMessage(`"s"`), Vec: greptime.Vector{1, 2, 3}, Price: "1.5000000000", Expires: time.Unix(-1, 0).UTC(), TS: time.Date(2262, 4, 10, 23, 59, 59, 999_999_999, time.UTC)},
	}
}

// byTags makes sqlx read the columns of the tag greptime.
func byTags(db *sqlx.DB) {
	db.Mapper = reflectx.NewMapperFunc("greptime", func(name string) string { return name })
}

func TestInsertStructs(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	byTags(db)
	want := everythings()
	write := map[string]func(conn *greptime.Conn, rows []everything) (int64, error){
		"Every_Thing": func(conn *greptime.Conn, rows []everything) (int64, error) {
			return insert.WriteStructs(t.Context(), conn, "", rows)
		},
		"pointers": func(conn *greptime.Conn, rows []everything) (int64, error) {
			var list []*everything
			for i := range rows {
				list = append(list, &rows[i])
			}
			return insert.WriteStructs(t.Context(), conn, "pointers", list)
		},
		"one_by_one": func(conn *greptime.Conn, rows []everything) (int64, error) {
			schema, err := insert.SchemaOf[everything]()
			if err != nil {
				return 0, err
			}
			table := schema.NewTable("one_by_one")
			for _, row := range rows {
				row.hidden, row.Ignored = 1, map[string]int{}
				if err := insert.AppendStructs(table, row); err != nil {
					return 0, err
				}
			}
			return insert.Write(t.Context(), conn, table)
		},
	}
	for name, f := range write {
		err := greptime.Raw(t.Context(), db, func(conn *greptime.Conn) error {
			n, err := f(conn, everythings())
			if n != int64(len(want)) {
				t.Errorf("%s: %d rows", name, n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []everything
		if err := db.SelectContext(t.Context(), &got, `SELECT * FROM "`+name+`" ORDER BY ts`); err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d rows", name, len(got))
		}
		for i := range want {
			g, w := reflect.ValueOf(got[i]), reflect.ValueOf(want[i])
			for f := range g.NumField() {
				if field := g.Type().Field(f); field.IsExported() && !reflect.DeepEqual(g.Field(f).Interface(), w.Field(f).Interface()) {
					t.Errorf("%s, row %d, %s: read %+v, written %+v", name, i, field.Name, g.Field(f), w.Field(f))
				}
			}
		}
	}
	wantRows(t, db, `SELECT column_name, semantic_type FROM information_schema.columns WHERE table_schema = database() AND table_name = 'Every_Thing' AND column_name IN ('host', 'region', 'author', 'Clock', 'hidden', 'Ignored', 'ts') ORDER BY ordinal_position`,
		"host TAG", "region TAG", "author FIELD", "Clock FIELD", "ts TIMESTAMP")

	// A nil embedded pointer is NULL in all of its columns.
	err := greptime.Raw(t.Context(), db, func(conn *greptime.Conn) error {
		row := everythings()[2]
		row.Host, row.Region, row.Audit = "without", &row.Host, nil
		_, err := insert.WriteStructs(t.Context(), conn, "", []everything{row})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wantRows(t, db, `SELECT author, "day" FROM "Every_Thing" WHERE host = 'without'`, "NULL NULL")
}

// A struct that can never be stored says so before anything is sent.
func TestInsertStructsRefused(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	type (
		noTime   struct{ A int }
		twoTimes struct {
			A, B time.Time `greptime:",time"`
		}
		sameName struct {
			A  int       `greptime:"n"`
			B  int       `greptime:"n"`
			TS time.Time `greptime:"ts,time"`
		}
		never struct {
			A  map[string]int
			TS time.Time `greptime:"ts,time"`
		}
		noDim struct {
			V  greptime.Vector
			TS time.Time `greptime:"ts,time"`
		}
		wrongType struct {
			A  string    `greptime:"a,type=bigint"`
			TS time.Time `greptime:"ts,time"`
		}
		interval struct {
			I  greptime.Interval
			TS time.Time `greptime:"ts,time"`
		}
		good struct {
			A  *big.Rat  `greptime:"a,precision=4,scale=2"`
			TS time.Time `greptime:"ts,time"`
		}
		nullTime struct {
			TS *time.Time `greptime:"ts,time"`
		}
	)
	at := time.UnixMilli(1)
	err := greptime.Raw(t.Context(), db, func(conn *greptime.Conn) error {
		for _, test := range []struct {
			write func() (int64, error)
			want  string
		}{
			{func() (int64, error) { return insert.WriteStructs(t.Context(), conn, "t", []noTime{{}}) }, "no field is the time index"},
			{func() (int64, error) { return insert.WriteStructs(t.Context(), conn, "t", []twoTimes{{}}) }, "a table has only one"},
			{func() (int64, error) { return insert.WriteStructs(t.Context(), conn, "t", []sameName{{}}) }, `two fields are column "n"`},
			{func() (int64, error) { return insert.WriteStructs(t.Context(), conn, "t", []never{{}}) }, "field A"},
			{func() (int64, error) { return insert.WriteStructs(t.Context(), conn, "t", []noDim{{}}) }, "a vector needs dim="},
			{func() (int64, error) { return insert.WriteStructs(t.Context(), conn, "t", []wrongType{{}}) }, "can never be stored as BIGINT"},
			{func() (int64, error) { return insert.WriteStructs(t.Context(), conn, "t", []interval{{}}) }, "store months, days or nanoseconds as integers"},
			{func() (int64, error) { return insert.WriteStructs(t.Context(), conn, "", []good{{}}) }, "has no method TableName"},
			{func() (int64, error) { return insert.WriteStructs(t.Context(), conn, "t", []nullTime{{}}) }, "the time index cannot be NULL"},
			{func() (int64, error) { return insert.WriteStructs(t.Context(), conn, "t", []*good{{TS: at}, nil}) }, `table "t", row 2 (index 1): the pointer to its struct is nil`},
			{func() (int64, error) {
				return insert.WriteStructs(t.Context(), conn, "t", []good{{big.NewRat(1, 2), at}, {big.NewRat(100, 1), at}})
			}, `table "t", row 2 (index 1), column "a": "100.00" (string) is not a value for DECIMAL(4,2): more than 2 digits before the point`},
			{func() (int64, error) { return insert.WriteStructs(t.Context(), conn, "t", []good(nil)) }, "there are no rows"},
		} {
			n, err := test.write()
			if n != 0 || err == nil || !strings.Contains(err.Error(), test.want) || errors.As(err, new(*greptime.Error)) {
				t.Errorf("%d, %v, want %q", n, err, test.want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if names := tableNames(t, db); len(names) != 0 {
		t.Errorf("tables %q", names)
	}
}
