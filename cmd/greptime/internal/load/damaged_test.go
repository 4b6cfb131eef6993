package load

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/bulk"

	"github.com/greptime-go/greptime/cmd/greptime/internal/compression"
)

// rowsRead returns how many rows can be read of a file, and the error behind them.
func rowsRead(t *testing.T, path string) (n int64, err error) {
	t.Helper()
	im := &Import{opts: Options{}}
	r, _, err := im.open(t.Context(), &inputFile{name: path})
	if err != nil {
		return 0, err
	}
	defer r.close()
	for {
		p, err := r.next()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		n += p.rows()
		if p, ok := p.(*recordPiece); ok {
			p.record.Release()
		}
	}
}

// A file that was cut off is not taken for a shorter one, wherever that was.
func TestFilesThatWereCutOff(t *testing.T) {
	t.Parallel()
	schema := fieldsOf("ts", &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}, "v", arrow.PrimitiveTypes.Int64)
	var text, objects, values strings.Builder
	text.WriteString("ts,v\n")
	for i := range 400 {
		fmt.Fprintf(&text, "%d,%d\n", i, i*i*7919%10007)
		fmt.Fprintf(&objects, `{"ts":%d,"v":%d}`+"\n", i, i*i*7919%10007)
		fmt.Fprintf(&values, `,{"ts":%d,"v":%d}`, i, i*i*7919%10007)
	}
	files := arrowFiles(t, batchOf(t, schema, "["+values.String()[1:]+"]"))
	for _, c := range []struct{ name, text string }{
		{"a.csv.gz", compressed(t, compression.Gzip, text.String())},
		{"a.csv.zst", compressed(t, compression.Zstd, text.String())},
		{"a.ndjson.gz", compressed(t, compression.Gzip, objects.String())},
		{"a.parquet", files["file.parquet"]},
		{"a.parquet.gz", compressed(t, compression.Gzip, files["file.parquet"])},
		{"a.arrow.gz", compressed(t, compression.Gzip, files["stream.arrow"])},
		{"a.arrow.zst", compressed(t, compression.Zstd, files["stream.arrow"])},
		{"a.feather", files["file.feather"]},
	} {
		if n, err := rowsRead(t, writeFile(t, c.name, c.text)); n != 400 || err != nil {
			t.Errorf("%s: %d rows, %v", c.name, n, err)
		}
		for _, at := range []int{10, len(c.text) / 4, len(c.text) / 2, len(c.text) - 20, len(c.text) - 9, len(c.text) - 8, len(c.text) - 4, len(c.text) - 1} {
			path := writeFile(t, c.name, c.text[:at])
			if n, err := rowsRead(t, path); err == nil || !strings.Contains(err.Error(), filepath.Base(path)) {
				t.Errorf("%s, %d of %d bytes: %d rows, %v; want an error with the name", c.name, at, len(c.text), n, err)
			}
		}
	}
}

// Streams of Arrow IPC do not become one by cat: the rows of the second would be left out.
func TestDataBehindTheEndOfAnArrowStream(t *testing.T) {
	t.Parallel()
	schema := fieldsOf("v", arrow.PrimitiveTypes.Int64)
	stream := arrowFiles(t, batchOf(t, schema, `[{"v":1}]`))["stream.arrow"]
	for name, text := range map[string]string{"a.arrow": stream + stream, "a.arrow.gz": compressed(t, compression.Gzip, stream+stream), "b.arrow": stream + "x"} {
		if n, err := rowsRead(t, writeFile(t, name, text)); err == nil || !strings.Contains(err.Error(), "other data follows the end of the stream") {
			t.Errorf("%s: %d rows, %v", name, n, err)
		}
	}
}

func TestErrorOfClose(t *testing.T) {
	t.Parallel()
	before, confirm := errors.New("before"), errors.New("confirm")
	batches := &bulk.WriteError{Table: "t", Failed: []bulk.FailedBatch{{ID: 1, Err: errors.New("batch")}}}
	for _, c := range []struct {
		err, closeErr error
		want          string
	}{
		{nil, nil, ""},
		{before, nil, "before"},
		{nil, confirm, "confirm"},
		{before, confirm, "before, confirm"},
		{confirm, confirm, "confirm"},
		{before, batches, "before"}, // accounted for
		{before, errors.Join(batches, confirm), "before, confirm"},
		{nil, errors.Join(batches, confirm), "confirm"},
	} {
		got := ""
		if err := joinClose(c.err, c.closeErr); err != nil {
			got = strings.ReplaceAll(err.Error(), "\n", ", ")
		}
		if got != c.want {
			t.Errorf("%v and %v: %s, want %s", c.err, c.closeErr, got, c.want)
		}
	}
}
