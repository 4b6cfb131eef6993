package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/bulk"

	"github.com/greptime-go/greptime/cmd/greptime/internal/compression"
)

// rowsRead returns how many rows can be read of a file, and the error behind them.
func rowsRead(t testing.TB, path string) (n int64, err error) {
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

// recordFiles returns small files of the formats that have lengths, counts and offsets.
func recordFiles(t testing.TB) map[string]string {
	schema := fieldsOf("ts", &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"},
		"text", arrow.BinaryTypes.String, "list", arrow.ListOf(arrow.PrimitiveTypes.Int32),
		"code", &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String})
	return arrowFiles(t, batchOf(t, schema, `[{"ts":1,"text":"abc","list":[1,2],"code":"x"},
		{"ts":2,"text":"","list":null,"code":"y"},{"ts":3,"text":"defg","list":[],"code":"x"}]`))
}

// valuesRead reads all values of a file, and returns how much memory that took.
func valuesRead(t testing.TB, path string) (allocated uint64, err error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	records, err := recordsRead(t, path)
	for _, record := range records {
		for _, c := range record.Columns() {
			for row := range min(c.Len(), 1000) {
				_ = c.ValueStr(row)
			}
		}
		record.Release()
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}

// mostForDamaged is more memory than a small file takes, whatever it claims.
const mostForDamaged = 64 << 20

// A byte of a file that is not what it was is an error, or other values, whichever it is. Not
// parallel, because other tests allocate memory, too.
func TestFilesWithADamagedByte(t *testing.T) {
	masks := []byte{0xff, 0x01, 0x80, 0x10}
	for name, content := range recordFiles(t) {
		path := writeFile(t, name, content)
		if _, err := valuesRead(t, path); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for at := range content {
			damaged, mask := []byte(content), masks[at%len(masks)]
			damaged[at] ^= mask
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			allocated, err := valuesRead(t, path)
			if allocated > mostForDamaged {
				t.Errorf("%s, byte %d ^ %#x: it takes %d MiB", name, at, mask, allocated>>20)
			}
			if err != nil && (!strings.Contains(err.Error(), name) || at >= 8 && !strings.Contains(err.Error(), "damaged")) {
				t.Errorf("%s, byte %d ^ %#x: %v; want the name of the file, and that it is damaged", name, at, mask, err)
			}
		}
	}
}

// No file of the formats that have lengths, counts and offsets is too much.
func FuzzRecordFiles(f *testing.F) {
	for _, content := range recordFiles(f) {
		f.Add([]byte(content))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, magic := range [][]byte{magicStream, magicArrow, magicParquet} {
			if bytes.HasPrefix(content, magic) {
				allocated, err := valuesRead(t, writeFile(t, "a", string(content)))
				if allocated > mostForDamaged+2048*uint64(len(content)) {
					t.Errorf("%d bytes take %d MiB, %v", len(content), allocated>>20, err)
				}
			}
		}
	})
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
