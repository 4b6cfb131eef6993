package sqlarg_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"github.com/greptime-go/greptime/internal/sqlarg"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/sqltype"
)

func TestNullIsItsValueAsAnArgument(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		arg  any
		want sqltext.Arg
	}{
		{sqltype.Null[uint64]{V: math.MaxUint64, Valid: true}, sqltext.Arg{Kind: sqltext.Uint, Uint: math.MaxUint64}},
		{&sqltype.Null[uint64]{V: 1, Valid: true}, sqltext.Arg{Kind: sqltext.Uint, Uint: 1}},
		{sqltype.Null[int8]{V: -1, Valid: true}, sqltext.Arg{Kind: sqltext.Int, Int: -1}},
		{sqltype.Null[float32]{V: 0.1, Valid: true}, sqltext.Arg{Kind: sqltext.Float, Float: float64(float32(0.1)), Float32: true}},
		{sqltype.Null[json.RawMessage]{V: json.RawMessage("{}"), Valid: true}, sqltext.Arg{Kind: sqltext.JSON, Text: "{}"}},
		{sqltype.Null[uint64]{V: 1}, sqltext.Arg{Kind: sqltext.Null}},
		{sqltype.Null[json.RawMessage]{}, sqltext.Arg{Kind: sqltext.Null}},
		{(*sqltype.Null[uint64])(nil), sqltext.Arg{Kind: sqltext.Null}},
	} {
		plain, err := sqlarg.Plain(test.arg)
		if err != nil {
			t.Errorf("%#v: %v", test.arg, err)
			continue
		}
		if got, err := sqlarg.Of(plain); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%#v: %+v, %v", test.arg, got, err)
		}
	}
}
