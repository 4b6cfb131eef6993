package column_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/greptime-go/greptime/internal/column"
)

func TestParseType(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"BOOLEAN": "BOOLEAN", "bool": "BOOLEAN", "TinyInt": "TINYINT", "int8": "TINYINT", "INT": "INT", "int64": "BIGINT", " bigint  unsigned ": "BIGINT UNSIGNED", "uint8": "TINYINT UNSIGNED",
		"float": "FLOAT", "Float64": "DOUBLE", "string": "STRING", "Binary": "VARBINARY", "date": "DATE", "json": "JSON",
		"timestamp": "TIMESTAMP(3)", "TIMESTAMP(0)": "TIMESTAMP(0)", "timestamp( 9 )": "TIMESTAMP(9)", "TimestampMicrosecond": "TIMESTAMP(6)",
		"time": "TIME(9)", "TIME(3)": "TIME(3)", "TimeSecond": "TIME(0)",
		"DECIMAL(10,2)": "DECIMAL(10,2)", "Decimal(38, 38)": "DECIMAL(38,38)", "numeric(1,0)": "DECIMAL(1,0)", "vector(3)": "VECTOR(3)", "VECTOR(2147483647)": "VECTOR(2147483647)",
	} {
		got, err := column.ParseType(text)
		if err != nil || got.String() != want {
			t.Errorf("%q is %s, %v, want %s", text, got, err, want)
		}
		if again, err := column.ParseType(got.String()); err != nil || again != got {
			t.Errorf("%s is parsed as %s, %v", got, again, err)
		}
	}
}

func TestTypesThatNoColumnHas(t *testing.T) {
	t.Parallel()
	huge := int64(1 << 40) // 0 where int has 32 bits
	for text, want := range map[string]string{
		"DATETIME": "use a timestamp of microseconds", "INTERVAL": "store months, days or nanoseconds as integers", "IntervalDayTime": "store months", "LIST": "use JSON", "struct": "use JSON",
		"DECIMAL": "DECIMAL(10,2)", "DECIMAL(39,1)": "1 to 38", "DECIMAL(0,0)": "1 to 38", "DECIMAL(5,6)": "0 to the precision", "DECIMAL(266,2)": "1 to 38", "DECIMAL(10)": "DECIMAL(10,2)", "DECIMAL(1,2,3)": "DECIMAL(10,2)",
		"TIMESTAMP(1)": "0, 3, 6 or 9", "TIMESTAMP(12)": "0, 3, 6 or 9", "TIME(4294967295)": "0, 3, 6 or 9", "VECTOR": "VECTOR(3)", "VECTOR(0)": "at least 1",
		"BIGINT(5)": "no parameters", "STRING(": "not closed", "VECTOR(3": "not closed", "VECTOR(x)": "not a number", "VECTOR(-1)": "not a number", "": "unknown type", "int128": "unknown type",
	} {
		got, err := column.ParseType(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %s, %v, want %q", text, got, err, want)
		}
	}
	for _, typ := range []column.Type{0, column.Of(30), column.Of(255), column.DecimalOf(-1, 0), column.DecimalOf(10, -1), column.DecimalOf(300, 300), column.VectorOf(-1), column.VectorOf(int(huge))} {
		if typ.Check() == nil {
			t.Errorf("%s (%x) is a type", typ, uint64(typ))
		}
		// Nothing panics for it.
		var c column.Cell
		_ = c.SetInt(typ, 5)
		_ = typ.AppendValue(nil, &c)
		_ = c.AppendDecimal(nil, typ)
		_ = typ.Kind().Datatype()
	}
}

func FuzzParseType(f *testing.F) {
	for _, s := range []string{"DECIMAL(10,2)", "vector(3)", "TIMESTAMP", "bigint unsigned", "VECTOR(", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		typ, err := column.ParseType(text)
		if err != nil {
			return
		}
		if again, err := column.ParseType(typ.String()); err != nil || again != typ || typ.Check() != nil {
			t.Errorf("%q is %s, which is read as %s, %v", text, typ, again, err)
		}
	})
}

// Any bytes in place of a row are read or refused.
func FuzzRead(f *testing.F) {
	f.Add(uint64(column.Of(column.Float64)), []byte("\x0a\x09\x51\x00\x00\x00\x00\x00\x00\xf0\x3f"))
	f.Add(uint64(column.DecimalOf(10, 2)), []byte("\x0a\x05\xfa\x01\x02\x10\x05"))
	f.Add(uint64(column.Of(column.String)), []byte("\x0a\x03\x6a\x01x\x0a\x00"))
	f.Fuzz(func(t *testing.T, typ uint64, row []byte) {
		var c column.Cell
		for {
			rest, ok := c.Read(column.Type(typ), row)
			if !ok {
				return
			}
			if len(rest) >= len(row) {
				t.Fatal("nothing was read")
			}
			_ = c.AppendBytes(nil)
			if typ := column.Type(typ); typ.Check() == nil {
				written := typ.AppendValue(nil, &c)
				var again column.Cell
				if rest, ok := again.Read(typ, written); !ok || len(rest) > 0 || !bytes.Equal(typ.AppendValue(nil, &again), written) {
					t.Errorf("%s: %x is written as %x and read as another value", typ, row[:len(row)-len(rest)], written)
				}
			}
			row = rest
		}
	})
}
