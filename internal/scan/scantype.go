package scan

import (
	"database/sql"
	"encoding/json"
	"reflect"
	"time"

	"github.com/greptime-go/greptime/sqltype"
)

// nullTypes maps the scan types of columns that are not nullable to those of nullable ones.
// A []byte can be NULL itself.
var nullTypes = map[reflect.Type]reflect.Type{
	reflect.TypeFor[bool]():            reflect.TypeFor[sql.NullBool](),
	reflect.TypeFor[int8]():            reflect.TypeFor[sqltype.Null[int8]](),
	reflect.TypeFor[int16]():           reflect.TypeFor[sql.NullInt16](),
	reflect.TypeFor[int32]():           reflect.TypeFor[sql.NullInt32](),
	reflect.TypeFor[int64]():           reflect.TypeFor[sql.NullInt64](),
	reflect.TypeFor[uint8]():           reflect.TypeFor[sqltype.Null[uint8]](),
	reflect.TypeFor[uint16]():          reflect.TypeFor[sqltype.Null[uint16]](),
	reflect.TypeFor[uint32]():          reflect.TypeFor[sqltype.Null[uint32]](),
	reflect.TypeFor[uint64]():          reflect.TypeFor[sqltype.Null[uint64]](),
	reflect.TypeFor[float32]():         reflect.TypeFor[sqltype.Null[float32]](),
	reflect.TypeFor[float64]():         reflect.TypeFor[sql.NullFloat64](),
	reflect.TypeFor[string]():          reflect.TypeFor[sql.NullString](),
	reflect.TypeFor[time.Time]():       reflect.TypeFor[sql.NullTime](),
	reflect.TypeFor[json.RawMessage](): reflect.TypeFor[sqltype.Null[json.RawMessage]](),
}
