package scan_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/internal/scan"
	"github.com/greptime-go/greptime/internal/structs"
	"github.com/greptime-go/greptime/sqltype"
)

type (
	aText   string
	someRaw json.RawMessage
	aSlice  []byte
	floats  []float32
	aFloat  float64
	aBool   bool
	aNumber int64
)

// A field that package insert stores in a column can be read from it. Only a time of day is not a
// time.
func TestWhatIsWrittenCanBeRead(t *testing.T) {
	t.Parallel()
	ofType := func(dtype arrow.DataType) arrow.Field { return arrow.Field{Name: "a", Type: dtype, Nullable: true} }
	marked := func(mark string) arrow.Field {
		f := ofType(arrow.BinaryTypes.Binary)
		f.Metadata = arrow.MetadataFrom(map[string]string{"greptime:type": mark})
		return f
	}
	columns := map[string]arrow.Field{
		"bool": ofType(arrow.FixedWidthTypes.Boolean), "int8": ofType(arrow.PrimitiveTypes.Int8), "int64": ofType(arrow.PrimitiveTypes.Int64),
		"uint8": ofType(arrow.PrimitiveTypes.Uint8), "uint64": ofType(arrow.PrimitiveTypes.Uint64),
		"float32": ofType(arrow.PrimitiveTypes.Float32), "float64": ofType(arrow.PrimitiveTypes.Float64),
		"string": ofType(arrow.BinaryTypes.String), "binary": ofType(arrow.BinaryTypes.Binary), "date": ofType(arrow.FixedWidthTypes.Date32),
		"timestamp(0)": ofType(arrow.FixedWidthTypes.Timestamp_s), "timestamp(9)": ofType(arrow.FixedWidthTypes.Timestamp_ns),
		"time(0)": ofType(arrow.FixedWidthTypes.Time32s), "time(9)": ofType(arrow.FixedWidthTypes.Time64ns),
		"decimal(20,2)": ofType(&arrow.Decimal128Type{Precision: 20, Scale: 2}), "json": marked("Json"), "vector(2)": marked("Vector(2)"),
	}
	at := reflect.StructField{Name: "At", Type: reflect.TypeFor[time.Time](), Tag: `greptime:"ts,time"`}
	for name, f := range columns {
		c, err := scan.New(f, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		for _, rt := range []reflect.Type{
			reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int64](), reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint64](),
			reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[time.Time](), reflect.TypeFor[json.RawMessage](),
			reflect.TypeFor[sqltype.Date](), reflect.TypeFor[sqltype.TimeOfDay](), reflect.TypeFor[sqltype.Decimal](), reflect.TypeFor[sqltype.Vector](), reflect.TypeFor[[]float32](), reflect.TypeFor[*big.Rat](),
			reflect.TypeFor[aText](), reflect.TypeFor[someRaw](), reflect.TypeFor[aSlice](), reflect.TypeFor[floats](), reflect.TypeFor[aFloat](), reflect.TypeFor[aBool](), reflect.TypeFor[aNumber](), reflect.TypeFor[time.Month](),
			reflect.TypeFor[**string](), reflect.TypeFor[*[]byte](), reflect.TypeFor[sql.NullString](), reflect.TypeFor[sql.NullByte](), reflect.TypeFor[sql.RawBytes](),
			reflect.TypeFor[sql.Null[*big.Rat]](), reflect.TypeFor[sql.Null[sql.NullString]](), reflect.TypeFor[sqltype.Null[sqltype.Vector]](),
		} {
			field := reflect.StructField{Name: "A", Type: rt, Tag: reflect.StructTag(fmt.Sprintf(`greptime:"a,type=%s"`, name))}
			if _, err := structs.Of(reflect.StructOf([]reflect.StructField{field, at})); err != nil {
				continue
			}
			isPart := rt == reflect.TypeFor[time.Time]() && c.Info().SQLType == "TIME"
			if _, err := scan.FillerOf(c, rt); (err != nil) != isPart {
				t.Errorf("a %v is written to %s; reading it: %v", rt, name, err)
			}
		}
	}
}
