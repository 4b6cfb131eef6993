package catalog

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
)

// A type that is understood is one that columns have, and the field that a bulk load sends for it
// is read as the same type.
func FuzzTypeOf(f *testing.F) {
	for _, mark := range []string{"", "Json", "json", "Vector(3)", "Vector(0)", "Vector(-1)", "Vector(03)", "Vector(3) ", "Vector( 3)", "Vector(3", "Vector(2147483647)", "Vector(99999999999)", "\xff"} {
		f.Add(mark, int32(10), int32(2))
	}
	f.Add("", int32(10), int32(-5))
	f.Add("", int32(10), int32(11))
	f.Add("", int32(39), int32(39))
	f.Fuzz(func(t *testing.T, mark string, precision, scale int32) {
		for _, field := range []arrow.Field{
			{Type: &arrow.Decimal128Type{Precision: precision, Scale: scale}},
			{Type: arrow.BinaryTypes.Binary, Metadata: arrow.NewMetadata([]string{metadataType}, []string{mark})},
			{Type: arrow.BinaryTypes.BinaryView, Metadata: arrow.NewMetadata([]string{metadataType}, []string{mark})},
			{Type: arrow.BinaryTypes.LargeBinary, Metadata: arrow.NewMetadata([]string{"other"}, []string{mark})},
		} {
			typ, err := TypeOf(field)
			if err != nil {
				continue
			}
			if err := typ.Check(); err != nil {
				t.Errorf("%v is %s: %v", field, typ, err)
			}
			table := Table{Columns: []Column{{Name: "c", Type: typ}}}
			if again, err := TypeOf(table.Arrow().Field(0)); err != nil || again != typ {
				t.Errorf("%v is %s, sent as %v and read as %s, %v", field, typ, table.Arrow().Field(0), again, err)
			}
		}
	})
}
