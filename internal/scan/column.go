package scan

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/sqltype"
)

// Column converts one column of a result. It is chosen once per result, so that
// nothing about types is decided per value.
type Column interface {
	// Info describes the column.
	Info() *Info
	// Load makes arr, the column of a new batch, the current array. Until the next Load the
	// other methods read it.
	Load(arr arrow.Array) error
	// Value returns row i boxed, as database/sql needs it before Go 1.27.
	Value(i int) (driver.Value, error)
	// Scan writes row i into dest, a pointer, if it can fill a dest of that type exactly; done
	// is false if database/sql must convert the Value instead.
	Scan(i int, dest any) (done bool, err error)
	// current returns the current array, or nil if all its values are NULL.
	current() arrow.Array
}

// Info describes a column, as database/sql's ColumnType does.
type Info struct {
	SQLType      string       // GreptimeDB's name of the type, without length or precision
	ScanType     reflect.Type // the exact type of the values that are not NULL
	Nullable     bool
	Length       int64 // 0 if not known
	Precision    int64
	Scale        int64
	HasPrecision bool
}

// NullableType returns the Go type of the column's values. It accepts NULL if the column is
// nullable.
func (c *Info) NullableType() reflect.Type {
	if t, ok := nullTypes[c.ScanType]; ok && c.Nullable {
		return t
	}
	return c.ScanType
}

// columnInfo implements Info for the converter that embeds it.
type columnInfo struct{ about Info }

func (c *columnInfo) Info() *Info { return &c.about }

// infoOf returns the description of a column whose values are exactly of type T.
func infoOf[T any](f arrow.Field, sqlType string) columnInfo {
	return columnInfo{Info{
		SQLType:  sqlType,
		ScanType: reflect.TypeFor[T](),
		Nullable: f.Nullable,
	}}
}

func (c columnInfo) withPrecision(precision, scale int64) columnInfo {
	c.about.Precision, c.about.Scale, c.about.HasPrecision = precision, scale, true
	return c
}

func (c columnInfo) withoutLimit() columnInfo {
	c.about.Length = math.MaxInt64
	return c
}

// New returns the converter of a field. Times are in loc.
func New(f arrow.Field, loc *time.Location) (Column, error) {
	switch t := f.Type.(type) {
	case *arrow.NullType:
		return &nullColumn{columnInfo{Info{SQLType: "NULL", ScanType: reflect.TypeFor[any](), Nullable: true}}}, nil
	case *arrow.BooleanType:
		return &boolColumn{columnInfo: infoOf[bool](f, "BOOLEAN")}, nil
	case *arrow.Int8Type:
		return newInteger[int8](f, "TINYINT"), nil
	case *arrow.Int16Type:
		return newInteger[int16](f, "SMALLINT"), nil
	case *arrow.Int32Type:
		return newInteger[int32](f, "INT"), nil
	case *arrow.Int64Type:
		return newInteger[int64](f, "BIGINT"), nil
	case *arrow.Uint8Type:
		return newInteger[uint8](f, "TINYINT UNSIGNED"), nil
	case *arrow.Uint16Type:
		return newInteger[uint16](f, "SMALLINT UNSIGNED"), nil
	case *arrow.Uint32Type:
		return newInteger[uint32](f, "INT UNSIGNED"), nil
	case *arrow.Uint64Type:
		return newInteger[uint64](f, "BIGINT UNSIGNED"), nil
	case *arrow.Float32Type:
		return &floatColumn[float32]{columnInfo: infoOf[float32](f, "FLOAT")}, nil
	case *arrow.Float64Type:
		return &floatColumn[float64]{columnInfo: infoOf[float64](f, "DOUBLE")}, nil
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return &stringColumn{columnInfo: infoOf[string](f, "STRING").withoutLimit()}, nil
	case *arrow.BinaryType:
		return newBinary(f)
	case *arrow.LargeBinaryType, *arrow.BinaryViewType, *arrow.FixedSizeBinaryType:
		return &binaryColumn{columnInfo: infoOf[[]byte](f, "VARBINARY").withoutLimit()}, nil
	case *arrow.Date32Type:
		return &dateColumn{columnInfo: infoOf[time.Time](f, "DATE")}, nil
	case *arrow.TimestampType:
		return &timestampColumn{columnInfo: infoOf[time.Time](f, "TIMESTAMP").withPrecision(digits(t.Unit), 0), unit: t.Unit, loc: loc}, nil
	case *arrow.Time32Type:
		return &timeOfDayColumn{columnInfo: infoOf[string](f, "TIME").withPrecision(digits(t.Unit), 0), unit: t.Unit}, nil
	case *arrow.Time64Type:
		return &timeOfDayColumn{columnInfo: infoOf[string](f, "TIME").withPrecision(digits(t.Unit), 0), unit: t.Unit}, nil
	case *arrow.DurationType:
		return &durationColumn{columnInfo: infoOf[int64](f, "DURATION"), unit: t.Unit}, nil
	case *arrow.Decimal128Type:
		return &decimalColumn{columnInfo: infoOf[string](f, "DECIMAL").withPrecision(int64(t.Precision), int64(t.Scale)), scale: t.Scale}, nil
	case *arrow.MonthIntervalType, *arrow.DayTimeIntervalType, *arrow.MonthDayNanoIntervalType:
		return &intervalColumn{columnInfo: infoOf[string](f, "INTERVAL")}, nil
	case *arrow.DictionaryType:
		inner, err := New(arrow.Field{Name: f.Name, Type: t.ValueType, Nullable: f.Nullable, Metadata: f.Metadata}, loc)
		if err != nil {
			return nil, err
		}
		return &dictionaryColumn{Column: inner}, nil
	case *arrow.StructType:
		return &nestedColumn{columnInfo: infoOf[[]byte](f, "STRUCT").withoutLimit(), loc: loc}, nil
	case arrow.ListLikeType:
		if t.ID() != arrow.MAP {
			return &nestedColumn{columnInfo: infoOf[[]byte](f, "LIST").withoutLimit(), loc: loc}, nil
		}
	}
	return nil, fmt.Errorf("column %s has the Arrow type %s, which has no Go value; cast it in the query, or read it as a record batch, with QueryArrow", f.Name, f.Type)
}

// newBinary returns the converter of a JSON, VECTOR or plain VARBINARY column. GreptimeDB
// marks JSON and VECTOR in the field's metadata. Computed values (parse_json, parse_vec)
// have no mark and remain binary.
func newBinary(f arrow.Field) (Column, error) {
	mark, _ := f.Metadata.GetValue("greptime:type")
	switch {
	case mark == "Json":
		return &jsonColumn{columnInfo: infoOf[json.RawMessage](f, "JSON").withoutLimit()}, nil
	case strings.HasPrefix(mark, "Vector("):
		dim, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(mark, "Vector("), ")"))
		if err != nil || dim < 0 {
			return nil, fmt.Errorf("column %s is marked %q, which is not a vector type", f.Name, mark)
		}
		return &vectorColumn{columnInfo: infoOf[string](f, "VECTOR"), dim: dim}, nil
	}
	if name, _ := f.Metadata.GetValue("ARROW:extension:name"); name == "greptime.json" || name == "greptime.json2" {
		return &jsonColumn{columnInfo: infoOf[json.RawMessage](f, "JSON").withoutLimit()}, nil
	}
	return &binaryColumn{columnInfo: infoOf[[]byte](f, "VARBINARY").withoutLimit()}, nil
}

// digits returns the number of digits of a second that a unit has.
func digits(u arrow.TimeUnit) int64 {
	switch u {
	case arrow.Second:
		return 0
	case arrow.Millisecond:
		return 3
	case arrow.Microsecond:
		return 6
	default:
		return 9
	}
}

// loadAs implements load for converters of arrays of type A.
func loadAs[A arrow.Array](dst *A, arr arrow.Array) error {
	a, ok := arr.(A)
	if !ok {
		return fmt.Errorf("its type in the batch, %s, is not that of the schema", arr.DataType())
	}
	*dst = a
	return nil
}

// scanNull clears dest if its type accepts NULL, and reports whether it does. dest may
// hold the value of the previous row.
func scanNull[T any](dest any) bool {
	switch d := dest.(type) {
	case *sql.Null[T]:
		*d = sql.Null[T]{}
	case *sqltype.Null[T]:
		*d = sqltype.Null[T]{}
	case *any:
		*d = nil
	case **T:
		*d = nil
	default:
		return false
	}
	return true
}

// nullColumn is a column of the type Null: SELECT NULL.
type nullColumn struct{ columnInfo }

func (*nullColumn) Load(arrow.Array) error          { return nil }
func (*nullColumn) Value(int) (driver.Value, error) { return nil, nil }
func (*nullColumn) Scan(int, any) (bool, error)     { return false, nil }
func (*nullColumn) current() arrow.Array            { return nil }
