package greptime

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"github.com/greptime-go/greptime/internal/sqlarg"
	"github.com/greptime-go/greptime/internal/sqltext"
)

func TestNullIsItsValueAsAnArgument(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		arg  any
		want sqltext.Arg
	}{
		{Null[uint64]{V: math.MaxUint64, Valid: true}, sqltext.Arg{Kind: sqltext.Uint, Uint: math.MaxUint64}},
		{&Null[uint64]{V: 1, Valid: true}, sqltext.Arg{Kind: sqltext.Uint, Uint: 1}},
		{Null[int8]{V: -1, Valid: true}, sqltext.Arg{Kind: sqltext.Int, Int: -1}},
		{Null[float32]{V: 0.1, Valid: true}, sqltext.Arg{Kind: sqltext.Float, Float: float64(float32(0.1)), Float32: true}},
		{Null[json.RawMessage]{V: json.RawMessage("{}"), Valid: true}, sqltext.Arg{Kind: sqltext.JSON, Text: "{}"}},
		{Null[uint64]{V: 1}, sqltext.Arg{Kind: sqltext.Null}},
		{Null[json.RawMessage]{}, sqltext.Arg{Kind: sqltext.Null}},
		{(*Null[uint64])(nil), sqltext.Arg{Kind: sqltext.Null}},
	} {
		plain, err := plainValue(test.arg)
		if err != nil {
			t.Errorf("%#v: %v", test.arg, err)
			continue
		}
		if got, err := sqlarg.Of(plain); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%#v: %+v, %v", test.arg, got, err)
		}
	}
}
