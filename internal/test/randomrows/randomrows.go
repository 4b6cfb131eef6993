// Package randomrows has a struct with fields of all kinds, and random values for them. It is for
// tests that a row is stored the same from a struct and from its values.
package randomrows

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/greptime-go/greptime/internal/govalue"
	"github.com/greptime-go/greptime/sqltype"
)

// Tags are the tags of a row.
type Tags struct {
	Host   string `greptime:"host,tag"`
	Region Region `greptime:"region,tag"`
}

// Notes are columns that are all NULL in some rows.
type Notes struct {
	Note  *string         `greptime:"note"`
	Level sql.Null[int32] `greptime:"level"`
}

type (
	// Region is a named string.
	Region string
	// Code is a named integer.
	Code int16
	// Point is a driver.Valuer.
	Point struct{ Text string }
)

// Value returns the text, or an error if there is none.
func (p Point) Value() (driver.Value, error) {
	if p.Text == "" {
		return nil, errors.New("the point has no text")
	}
	return p.Text, nil
}

// Row is a row. Columns have the usual types of their Go types and others.
type Row struct {
	Tags
	*Notes
	On       bool                    `greptime:"on"`
	Number   int                     `greptime:"number"`
	I8       int8                    `greptime:"i8"`
	I16      int16                   `greptime:"i16"`
	I32      int32                   `greptime:"i32"`
	I64      int64                   `greptime:"i64"`
	Unsigned uint                    `greptime:"unsigned"`
	U8       uint8                   `greptime:"u8"`
	U16      uint16                  `greptime:"u16"`
	U32      uint32                  `greptime:"u32"`
	U64      uint64                  `greptime:"u64"`
	F32      float32                 `greptime:"f32"`
	F64      float64                 `greptime:"f64"`
	Data     []byte                  `greptime:"data"`
	Code     Code                    `greptime:"code"`
	Narrow   int64                   `greptime:"narrow,type=int8"`
	Wide     int32                   `greptime:"wide,type=int64"`
	Double   int64                   `greptime:"double,type=float64"`
	Single   float64                 `greptime:"single,type=float32"`
	Flag     uint8                   `greptime:"flag,type=bool"`
	Amount   float64                 `greptime:"amount,type=decimal,precision=12,scale=2"`
	Epoch    int64                   `greptime:"epoch,type=timestamp,precision=6"`
	Blob     string                  `greptime:"blob,type=binary"`
	Document []byte                  `greptime:"document,type=json"`
	Seconds  time.Time               `greptime:"seconds,precision=0"`
	Nanos    time.Time               `greptime:"nanos,precision=9"`
	Day      time.Time               `greptime:"day,type=date"`
	Clock    sqltype.TimeOfDay       `greptime:"clock,precision=3"`
	JSON     json.RawMessage         `greptime:"json"`
	Price    sqltype.Decimal         `greptime:"price,precision=12,scale=2"`
	Ratio    *big.Rat                `greptime:"ratio,precision=12,scale=4"`
	Vector   sqltype.Vector          `greptime:"vector,dim=2"`
	Point    Point                   `greptime:"point,type=string"`
	PtrF64   *float64                `greptime:"ptr_f64"`
	PtrI64   *int64                  `greptime:"ptr_i64"`
	PtrOn    *bool                   `greptime:"ptr_on"`
	PtrTime  **time.Time             `greptime:"ptr_time"`
	NullText sql.NullString          `greptime:"null_text"`
	NullF64  sql.NullFloat64         `greptime:"null_f64"`
	NullI64  sqltype.Null[int64]     `greptime:"null_i64"`
	NullTime *sql.Null[time.Time]    `greptime:"null_time"`
	NullData sql.Null[*[]byte]       `greptime:"null_data"`
	NullDate sqltype.Null[time.Time] `greptime:"null_date,type=date"`
	At       time.Time               `greptime:"ts,time"`
}

// newRow returns a row. Few rows have a value that their column refuses.
func newRow(rng *rand.Rand) Row {
	r := Row{
		Tags: Tags{text(rng), Region(text(rng))}, On: flag(rng), Number: int(number(rng)), I8: int8(number(rng)), I16: int16(number(rng)), I32: int32(number(rng)), I64: number(rng),
		Unsigned: uint(number(rng)), U8: uint8(number(rng)), U16: uint16(number(rng)), U32: uint32(number(rng)), U64: uint64(number(rng)), F32: float32(float(rng)), F64: float(rng),
		Data: data(rng), Code: Code(number(rng)), Narrow: number(rng) >> 57, Wide: int32(number(rng)), Double: number(rng) >> 11, Single: float(rng), Flag: uint8(rng.IntN(2)), Amount: rng.NormFloat64() * 1e6,
		Epoch: number(rng), Blob: text(rng), Document: document(rng), Seconds: moment(rng), Nanos: moment(rng), Day: moment(rng), Clock: sqltype.TimeOfDay(rng.Int64N(24 * 3600e9)), JSON: document(rng),
		Price: sqltype.Decimal(big.NewRat(rng.Int64N(1e12)-5e11, 100).FloatString(2)), Vector: sqltype.Vector{rng.Float32(), -1}, Point: Point{"p" + text(rng)}, At: moment(rng),
	}
	if flag(rng) {
		r.Notes = &Notes{Note: pointer(rng, text(rng)), Level: sql.Null[int32]{V: int32(number(rng)), Valid: flag(rng)}}
	}
	if flag(rng) {
		r.Ratio = big.NewRat(rng.Int64N(1e6)-5e5, 1+rng.Int64N(1e3))
	}
	r.PtrF64, r.PtrI64, r.PtrOn, r.PtrTime = pointer(rng, float(rng)), pointer(rng, number(rng)), pointer(rng, flag(rng)), pointer(rng, pointer(rng, moment(rng)))
	r.NullText, r.NullF64, r.NullI64 = sql.NullString{String: text(rng), Valid: flag(rng)}, sql.NullFloat64{Float64: float(rng), Valid: flag(rng)}, sqltype.Null[int64]{V: number(rng), Valid: flag(rng)}
	r.NullTime = pointer(rng, sql.Null[time.Time]{V: moment(rng), Valid: flag(rng)})
	r.NullData, r.NullDate = sql.Null[*[]byte]{V: pointer(rng, data(rng)), Valid: flag(rng)}, sqltype.Null[time.Time]{V: moment(rng), Valid: flag(rng)}
	spoil(rng, &r)
	return r
}

// spoil gives some rows a value that is refused.
func spoil(rng *rand.Rand, r *Row) {
	switch rng.IntN(150) {
	case 0:
		r.Host += "\xff"
	case 1:
		r.Region += Region(strings.Repeat("long ", 40)) + "\xff"
	case 2:
		r.Narrow = 128
	case 3:
		r.Double = 1<<53 + 1
	case 4:
		r.Single = math.MaxFloat64
	case 5:
		r.Flag = 2
	case 6:
		r.Amount = 1e11
	case 7:
		r.Document = []byte("{")
	case 8:
		r.Nanos = time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	case 9:
		r.At = time.Unix(1<<62, 0)
	case 10:
		r.Vector = sqltype.Vector{1}
	case 11:
		r.Point = Point{}
	case 12:
		r.NullText = sql.NullString{String: "\xff", Valid: true}
	case 13:
		r.Clock = -1
	}
}

// values returns the values of a row in the order of its columns.
func values(r *Row) []any {
	note, level := any(nil), any(nil)
	if r.Notes != nil {
		note, level = r.Note, r.Level
	}
	return []any{
		r.Host, r.Region, note, level, r.On, r.Number, r.I8, r.I16, r.I32, r.I64, r.Unsigned, r.U8, r.U16, r.U32, r.U64, r.F32, r.F64, r.Data, r.Code, r.Narrow, r.Wide, r.Double, r.Single, r.Flag, r.Amount,
		r.Epoch, r.Blob, r.Document, r.Seconds, r.Nanos, r.Day, r.Clock, r.JSON, r.Price, r.Ratio, r.Vector, govalue.Valuer{Valuer: r.Point}, r.PtrF64, r.PtrI64, r.PtrOn, r.PtrTime,
		r.NullText, r.NullF64, r.NullI64, r.NullTime, r.NullData, r.NullDate, r.At,
	}
}

func flag(rng *rand.Rand) bool { return rng.IntN(2) == 0 }

func number(rng *rand.Rand) int64 { return int64(rng.Uint64()) >> rng.IntN(64) }

func float(rng *rand.Rand) float64 {
	return []float64{rng.NormFloat64(), 0, math.Copysign(0, -1), math.NaN(), math.Inf(1), float64(number(rng))}[rng.IntN(6)]
}

func text(rng *rand.Rand) string {
	return strings.Repeat("x", rng.IntN(20)) + strings.Repeat("é", rng.IntN(3)) + strings.Repeat("y", rng.IntN(2)*rng.IntN(200))
}

func data(rng *rand.Rand) []byte {
	if flag(rng) {
		return nil
	}
	return []byte(strings.Repeat("\xff", rng.IntN(20)))
}

func document(rng *rand.Rand) json.RawMessage {
	return []json.RawMessage{nil, json.RawMessage("5"), json.RawMessage(`{"a":[1,"x"]}`)}[rng.IntN(3)]
}

// moment returns a time that timestamps of all units hold.
func moment(rng *rand.Rand) time.Time {
	return time.Unix(rng.Int64N(1<<33+1<<32)-1<<32, rng.Int64N(1e9)).In(time.FixedZone("", rng.IntN(3)*3600))
}

func pointer[T any](rng *rand.Rand, v T) *T {
	if flag(rng) {
		return nil
	}
	return &v
}
