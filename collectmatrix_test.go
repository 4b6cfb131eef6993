package greptime_test

import (
	"bytes"
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

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// probe reads values as one Go type, in both ways.
type probe struct {
	name    string
	dest    func() any // for Scan
	collect func(array.RecordReader) ([]any, error)
}

func probeOf[T any]() probe {
	return probe{
		name: reflect.TypeFor[T]().String(),
		dest: func() any { return new(T) },
		collect: func(rd array.RecordReader) ([]any, error) {
			var list []any
			for v, err := range greptime.EachReader[T](rd) {
				if err != nil {
					return list, err
				}
				list = append(list, v)
			}
			return list, nil
		},
	}
}

type (
	aString   string
	anInt     int16
	aUint     uint32
	aFloat    float32
	aBool     bool
	someBytes []byte
	aTime     time.Time
)

// upperScanner is a type with a Scan method.
type upperScanner struct{ text string }

func (u *upperScanner) Scan(v any) error {
	if b, ok := v.([]byte); ok {
		v = string(b)
	}
	u.text = fmt.Sprintf("%T %v", v, v)
	if u.text == "bool true" {
		return errors.New("refused")
	}
	return nil
}

var probes = []probe{
	probeOf[bool](), probeOf[int](), probeOf[int8](), probeOf[int16](), probeOf[int32](), probeOf[int64](),
	probeOf[uint](), probeOf[uint8](), probeOf[uint16](), probeOf[uint32](), probeOf[uint64](),
	probeOf[float32](), probeOf[float64](), probeOf[string](), probeOf[[]byte](), probeOf[time.Time](), probeOf[any](),
	probeOf[json.RawMessage](), probeOf[time.Duration](), probeOf[greptime.Date](), probeOf[greptime.TimeOfDay](),
	probeOf[greptime.Decimal](), probeOf[greptime.Interval](), probeOf[greptime.Vector](),
	probeOf[*int64](), probeOf[*uint8](), probeOf[*float32](), probeOf[*string](), probeOf[*[]byte](), probeOf[*time.Time](), probeOf[**bool](),
	probeOf[*greptime.Decimal](), probeOf[*upperScanner](), probeOf[upperScanner](),
	probeOf[sql.NullString](), probeOf[sql.NullInt64](), probeOf[sql.NullInt32](), probeOf[sql.NullInt16](), probeOf[sql.NullByte](),
	probeOf[sql.NullFloat64](), probeOf[sql.NullBool](), probeOf[sql.NullTime](),
	probeOf[sql.Null[uint64]](), probeOf[sql.Null[greptime.Date]](), probeOf[sql.Null[greptime.Vector]](), probeOf[sql.Null[[]byte]](), probeOf[sql.Null[time.Duration]](),
	probeOf[greptime.Null[uint64]](), probeOf[greptime.Null[float32]](), probeOf[greptime.Null[json.RawMessage]](),
	probeOf[aString](), probeOf[anInt](), probeOf[aUint](), probeOf[aFloat](), probeOf[aBool](), probeOf[someBytes](), probeOf[aTime](),
	probeOf[*big.Rat](), probeOf[[]float32](), probeOf[chan int](), probeOf[[16]byte](),
}

// beyondScan reports whether a column is read as a type that database/sql does not scan it
// into: because package insert stores the type in such a column, or because the type has a
// value for NULL.
func beyondScan(t reflect.Type, sqlType string, isNull bool) bool {
	for t.Kind() == reflect.Pointer && t != reflect.TypeFor[*big.Rat]() {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct && t.NumField() == 2 && t.Field(1).Name == "Valid" {
		t = t.Field(0).Type
	}
	isInteger := t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 && t.PkgPath() != "github.com/greptime-go/greptime/sqltype"
	isBytes := t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
	switch sqlType {
	case "BOOLEAN", "FLOAT", "DOUBLE", "DECIMAL":
		if isInteger {
			return true
		}
	case "TIMESTAMP", "DATE":
		if isInteger && sqlType == "TIMESTAMP" || t == reflect.TypeFor[aString]() {
			return true
		}
	case "STRING", "VECTOR":
		if isBytes {
			return true
		}
	}
	switch {
	case t.Kind() == reflect.Slice && isNull:
		return true
	case t == reflect.TypeFor[*big.Rat]():
		return sqlType == "DECIMAL" || isNull
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Float32:
		return sqlType == "VECTOR"
	}
	return false
}

// ignored is a destination for the other columns.
type ignored struct{}

func (ignored) Scan(any) error { return nil }

// scanned is what Scan makes of a cell as the type of a probe.
type scanned struct {
	value any
	err   error
}

// scanEverything reads every cell of a result as every type: by row, column and probe.
func scanEverything(db *sql.DB, query string) (cells [][][]scanned, err error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		row := make([][]scanned, len(names))
		for c := range names {
			for _, p := range probes {
				dests := make([]any, len(names))
				for i := range dests {
					dests[i] = ignored{}
				}
				dest := p.dest()
				dests[c] = dest
				err := rows.Scan(dests...)
				row[c] = append(row[c], scanned{reflect.ValueOf(dest).Elem().Interface(), err})
			}
		}
		cells = append(cells, row)
	}
	return cells, rows.Err()
}

// A value reads the same by Scan and as a Go value, in every type.
func TestRecordedValuesReadTheSameBothWays(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, exchange := range slices.Concat(captures.DoGets(), captures.AuthDoGets()) {
		total := 0
		for _, n := range exchange.RowsPerBatch {
			total += n
		}
		if exchange.Code != codes.OK || exchange.Request.SQL == "" || total == 0 || total > 2000 {
			continue
		}
		if _, isExempt := exempt[exchange.Base]; isExempt {
			continue
		}
		seen++
		t.Run(exchange.Name, func(t *testing.T) {
			t.Parallel()
			db := openServer(t, wiretest.Start(t, wiretest.Replay(exchange)))
			cells, err := scanEverything(db, exchange.Request.SQL)
			if err != nil {
				t.Fatal(err)
			}
			err = greptime.Raw(t.Context(), db, func(c *greptime.Conn) error {
				rd, err := c.QueryArrow(t.Context(), exchange.Request.SQL)
				if err != nil {
					return err
				}
				defer rd.Release()
				var batches []arrow.RecordBatch
				for batch, err := range rd.All() {
					if err != nil {
						return err
					}
					batch.Retain()
					defer batch.Release()
					batches = append(batches, batch)
				}
				for i, f := range rd.Schema().Fields() {
					checkColumn(t, f, sqlType(exchange.Fields[i]), i, batches, cells)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	if seen < 150 {
		t.Errorf("only %d recordings", seen)
	}
}

// checkColumn reads a column as every type and compares with what Scan read.
func checkColumn(t *testing.T, f arrow.Field, sqlType string, index int, batches []arrow.RecordBatch, cells [][][]scanned) {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{f}, nil)
	var column []arrow.RecordBatch
	isNull := []bool{}
	for _, batch := range batches {
		arr := batch.Column(index)
		column = append(column, array.NewRecordBatch(schema, []arrow.Array{arr}, batch.NumRows()))
		for i := range arr.Len() {
			isNull = append(isNull, cells[len(isNull)][index][indexOfAny].value == nil)
			_ = i
		}
	}
	for k, p := range probes {
		rd, err := array.NewRecordReader(schema, column)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.collect(rd)
		rd.Release()
		beyond := false
		for r := range cells {
			want := cells[r][index][k]
			beyond = beyond || want.err != nil && beyondScan(reflect.TypeOf(p.dest()).Elem(), sqlType, isNull[r])
			switch {
			case r < len(got) && want.err != nil:
				if !beyond {
					t.Errorf("column %s (%s), row %d: %v as %s, but Scan fails: %v", f.Name, sqlType, r, got[r], p.name, want.err)
				}
			case r < len(got):
				if !sameCell(got[r], want.value) {
					t.Errorf("column %s (%s), row %d: %#v as %s, but Scan has %#v", f.Name, sqlType, r, got[r], p.name, want.value)
				}
			case err == nil:
				t.Errorf("column %s: %d rows as %s, want %d", f.Name, len(got), p.name, len(cells))
			case want.err == nil && r == len(got) && isNull[r] && strings.Contains(err.Error(), "cannot be read as"):
				// Only NULL can be scanned into such a type; this is found before the first row.
			case want.err == nil && r == len(got):
				t.Errorf("column %s (%s), row %d as %s: %v, but Scan has %#v", f.Name, sqlType, r, p.name, err, want.value)
			}
			if r >= len(got) {
				break
			}
		}
	}
}

var indexOfAny = slices.IndexFunc(probes, func(p probe) bool { return p.name == "interface {}" })

// sameCell compares two values of a type; NaN equals NaN.
func sameCell(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.Kind() == reflect.Struct && x.NumField() == 2 && x.Field(1).Kind() == reflect.Bool && y.Field(1).Bool() == x.Field(1).Bool() {
		x, y = x.Field(0), y.Field(0)
	}
	for x.Kind() == reflect.Pointer && !x.IsNil() && !y.IsNil() {
		x, y = x.Elem(), y.Elem()
	}
	switch x.Kind() {
	case reflect.Float32, reflect.Float64:
		return math.IsNaN(x.Float()) && math.IsNaN(y.Float())
	case reflect.Slice:
		if x.Type().Elem().Kind() == reflect.Float32 {
			return fmt.Sprint(x) == fmt.Sprint(y)
		}
		return x.IsNil() == y.IsNil() && x.Type().Elem().Kind() == reflect.Uint8 && bytes.Equal(x.Bytes(), y.Bytes())
	}
	return false
}
