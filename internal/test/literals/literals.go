// Package literals compares the values that native inserts send with the values that
// GreptimeDB stored for recorded literals. It is for tests.
package literals

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/internal/column"
)

// TypeOf returns the type of a recorded column. DATETIME is a timestamp of microseconds.
func TypeOf(name string) (column.Type, error) {
	if name == "DATETIME" {
		return column.Of(column.TimestampMicrosecond), nil
	}
	return column.ParseType(name)
}

// Compare reads the value in the contents of a greptime.v1.Row with the generated code, and
// compares it with the recorded stored value. nil is NULL.
func Compare(typ column.Type, contents []byte, stored *string) error {
	row := &greptimev1.Row{}
	if err := proto.Unmarshal(contents, row); err != nil {
		return err
	}
	if len(row.Values) != 1 {
		return fmt.Errorf("%d values", len(row.Values))
	}
	v := row.Values[0]
	if v.ValueData == nil || stored == nil {
		if v.ValueData != nil || stored != nil {
			return fmt.Errorf("sends %v, stored %v", v, stored)
		}
		return nil
	}
	var same bool
	switch v := v.ValueData.(type) {
	case *greptimev1.Value_F32Value:
		f, err := strconv.ParseFloat(*stored, 32)
		same = err == nil && math.Float32bits(v.F32Value) == math.Float32bits(float32(f))
	case *greptimev1.Value_F64Value:
		f, err := strconv.ParseFloat(*stored, 64)
		same = err == nil && math.Float64bits(v.F64Value) == math.Float64bits(f)
	case *greptimev1.Value_StringValue:
		same = v.StringValue == *stored
		if typ.Kind() == column.JSON {
			var sent, kept any
			same = json.Unmarshal([]byte(v.StringValue), &sent) == nil && json.Unmarshal([]byte(*stored), &kept) == nil && reflect.DeepEqual(sent, kept)
		}
	case *greptimev1.Value_BinaryValue:
		if typ.Kind() == column.Vector {
			var sent []string
			for b := v.BinaryValue; len(b) >= 4; b = b[4:] {
				f := math.Float32frombits(uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24)
				sent = append(sent, strconv.FormatFloat(float64(f), 'g', -1, 32))
			}
			same = "["+strings.Join(sent, ",")+"]" == *stored
		} else {
			same = hex.EncodeToString(v.BinaryValue) == *stored
		}
	case *greptimev1.Value_Decimal128Value:
		n := new(big.Int).Lsh(big.NewInt(v.Decimal128Value.Hi), 64)
		n.Add(n, new(big.Int).SetUint64(uint64(v.Decimal128Value.Lo)))
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(typ.Scale())), nil)
		same = new(big.Rat).SetFrac(n, scale).FloatString(typ.Scale()) == *stored
	default: // integers, BOOLEAN, days, epochs
		field := reflect.ValueOf(v).Elem().Field(0)
		same = fmt.Sprint(field.Interface()) == *stored
	}
	if !same {
		return fmt.Errorf("sends %v, stored %s", v, *stored)
	}
	return nil
}
