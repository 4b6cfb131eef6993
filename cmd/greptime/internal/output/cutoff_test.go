package output

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// breakingReader is a reader that fails after its batches.
type breakingReader struct{ array.RecordReader }

var errBroken = errors.New("the connection broke")

func (breakingReader) Err() error { return errBroken }

// A result that breaks off is no complete file, even if the error goes unseen in a pipe.
func TestResultThatBreaksOff(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int64}}, nil)
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[{"a":1}]`))
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Release()
	write := func(format Format, isBroken bool) []byte {
		rd, err := array.NewRecordReader(schema, []arrow.RecordBatch{batch})
		if err != nil {
			t.Fatal(err)
		}
		defer rd.Release()
		var out bytes.Buffer
		if isBroken {
			if _, err := WriteBatches(&out, breakingReader{rd}, Options{Format: format}); !errors.Is(err, errBroken) {
				t.Errorf("%s: %v", format, err)
			}
		} else if _, err := WriteBatches(&out, rd, Options{Format: format}); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		return out.Bytes()
	}
	for _, isBroken := range []bool{false, true} {
		if _, err := file.NewParquetReader(bytes.NewReader(write(Parquet, isBroken))); (err != nil) != isBroken {
			t.Errorf("broken %v: Parquet: %v", isBroken, err)
		}
		end := []byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}
		if got := bytes.HasSuffix(write(Arrow, isBroken), end); got == isBroken {
			t.Errorf("broken %v: Arrow has an end: %v", isBroken, got)
		}
	}
}
