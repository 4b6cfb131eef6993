package column

import (
	"bytes"
	"strings"
	"testing"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/proto"
)

func TestAppendSchemaWritesWhatTheGeneratedCodeWrites(t *testing.T) {
	t.Parallel()
	types := []Type{DecimalOf(38, 10), DecimalOf(5, 0), VectorOf(3), VectorOf(MaxDim)}
	for k := Boolean; k < kinds; k++ {
		if k != Decimal && k != Vector {
			types = append(types, Of(k))
		}
	}
	for _, typ := range types {
		for _, name := range []string{"", "ts", "größe", strings.Repeat("x", 130)} {
			for _, role := range []greptimev1.SemanticType{greptimev1.SemanticType_TAG, greptimev1.SemanticType_FIELD, greptimev1.SemanticType_TIMESTAMP} {
				column := &greptimev1.ColumnSchema{ColumnName: name, Datatype: typ.Kind().Datatype(), SemanticType: role}
				switch typ.Kind() {
				case Decimal:
					column.DatatypeExtension = &greptimev1.ColumnDataTypeExtension{TypeExt: &greptimev1.ColumnDataTypeExtension_DecimalType{
						DecimalType: &greptimev1.DecimalTypeExtension{Precision: int32(typ.Precision()), Scale: int32(typ.Scale())}}}
				case JSON:
					column.DatatypeExtension = &greptimev1.ColumnDataTypeExtension{TypeExt: &greptimev1.ColumnDataTypeExtension_JsonType{
						JsonType: greptimev1.JsonTypeExtension_JSON_BINARY}}
				case Vector:
					column.DatatypeExtension = &greptimev1.ColumnDataTypeExtension{TypeExt: &greptimev1.ColumnDataTypeExtension_VectorType{
						VectorType: &greptimev1.VectorTypeExtension{Dim: uint32(typ.Dim())}}}
				}
				want, err := proto.Marshal(&greptimev1.Rows{Schema: []*greptimev1.ColumnSchema{column}})
				if err != nil {
					t.Fatal(err)
				}
				if got := typ.AppendSchema(nil, name, role); !bytes.Equal(got, want) {
					t.Errorf("%v %q %v: %x, want %x", typ, name, role, got, want)
				}
			}
		}
	}
}
