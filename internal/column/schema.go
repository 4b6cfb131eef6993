package column

import (
	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of greptime.v1.Rows, ColumnSchema, ColumnDataTypeExtension and the messages
// in the latter.
const (
	rowsSchema = 1

	schemaName      = 1
	schemaDatatype  = 2
	schemaSemantic  = 3
	schemaExtension = 4

	extensionDecimal = 1
	extensionJSON    = 2
	extensionVector  = 3

	decimalPrecision = 1
	decimalScale     = 2
	vectorDim        = 1
)

// AppendSchema appends a column of the type to the schema of a greptime.v1.Rows: the bytes
// that the generated code would produce. The name must be valid UTF-8.
//
// DECIMAL, JSON and VECTOR columns carry their parameters. Without them, GreptimeDB takes
// a DECIMAL to be DECIMAL(38,10) and a VECTOR to be that of another table.
func (t Type) AppendSchema(dst []byte, name string, role greptimev1.SemanticType) []byte {
	var buf [64]byte
	b := buf[:0]
	if name != "" {
		b = protowire.AppendTag(b, schemaName, protowire.BytesType)
		b = protowire.AppendString(b, name)
	}
	b = appendNumber(b, schemaDatatype, uint64(t.Kind().Datatype()))
	b = appendNumber(b, schemaSemantic, uint64(role))
	if extension := t.extension(); len(extension) > 0 {
		b = protowire.AppendTag(b, schemaExtension, protowire.BytesType)
		b = protowire.AppendBytes(b, extension)
	}
	dst = protowire.AppendTag(dst, rowsSchema, protowire.BytesType)
	return protowire.AppendBytes(dst, b)
}

// extension returns the contents of the type's ColumnDataTypeExtension, or nothing if it
// has none.
func (t Type) extension() []byte {
	switch t.Kind() {
	case Decimal:
		parameters := appendNumber(nil, decimalPrecision, uint64(t.Precision()))
		parameters = appendNumber(parameters, decimalScale, uint64(t.Scale()))
		return protowire.AppendBytes(protowire.AppendTag(nil, extensionDecimal, protowire.BytesType), parameters)
	case JSON:
		// JSON_BINARY is 0, but a oneof is written even then.
		return append(protowire.AppendTag(nil, extensionJSON, protowire.VarintType), byte(greptimev1.JsonTypeExtension_JSON_BINARY))
	case Vector:
		return protowire.AppendBytes(protowire.AppendTag(nil, extensionVector, protowire.BytesType), appendNumber(nil, vectorDim, uint64(t.Dim())))
	}
	return nil
}

// appendNumber appends a number. It omits 0, as proto3 does.
func appendNumber(dst []byte, field protowire.Number, n uint64) []byte {
	if n == 0 {
		return dst
	}
	return protowire.AppendVarint(protowire.AppendTag(dst, field, protowire.VarintType), n)
}
