package load

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/flightdecode"
)

// recordsRead returns the record batches of a file.
func recordsRead(t testing.TB, path string) (records []arrow.RecordBatch, err error) {
	t.Helper()
	im := &Import{opts: Options{}}
	r, _, err := im.open(t.Context(), &inputFile{name: path})
	if err != nil {
		return nil, err
	}
	defer r.close()
	for {
		p, err := r.next()
		if err == io.EOF {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		records = append(records, p.(*recordPiece).record)
	}
}

func TestArrowFilesAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	uuid := extensions.NewUUIDType()
	names := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	schema := fieldsOf(
		"name", names,
		"view", arrow.BinaryTypes.StringView,
		"flag", extensions.NewBool8Type(),
		"ids", arrow.ListOf(uuid),
		"large", arrow.LargeListOf(arrow.PrimitiveTypes.Int16),
		"pair", arrow.FixedSizeListOf(2, uuid),
		"within", arrow.StructOf(arrow.Field{Name: "id", Type: uuid, Nullable: true}, arrow.Field{Name: "name", Type: names, Nullable: true}),
		"by", arrow.MapOf(arrow.BinaryTypes.String, uuid),
	)
	const id = `"00112233-4455-6677-8899-aabbccddeeff"`
	rows := func(name string) string {
		return fmt.Sprintf(`[{"name":%q,"view":"longer than twelve bytes","flag":true,"ids":[%s,null],"large":[1],"pair":[%[2]s,%[2]s],"within":{"id":%[2]s,"name":%[1]q},"by":[{"key":"k","value":%[2]s}]},
			{"name":null,"view":null,"flag":null,"ids":null,"large":null,"pair":null,"within":null,"by":null}]`, name, id)
	}
	// The dictionary grows, so that it is sent again, or as a delta.
	want := []arrow.RecordBatch{batchOf(t, schema, rows("a")), batchOf(t, schema, rows("b")), batchOf(t, schema, rows("a"))}
	for name, opts := range map[string][]ipc.Option{
		"plain": nil, "lz4": {ipc.WithLZ4()}, "zstd": {ipc.WithZstd()},
		"deltas": {ipc.WithDictionaryDeltas(true)},
	} {
		var stream, file bytes.Buffer
		written := map[string]*bytes.Buffer{name + ".arrow": &stream, name + ".feather": &file}
		opts = append(opts, ipc.WithSchema(schema))
		w := ipc.NewWriter(&stream, opts...)
		for _, batch := range want {
			if err := w.Write(batch); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := ipc.NewFileWriter(&file, opts...)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Write(want[0]), f.Close()); err != nil {
			t.Fatal(err)
		}
		for name, b := range written {
			got, err := recordsRead(t, writeFile(t, name, b.String()))
			want := want
			if b == &file { // which has a dictionary once
				want = want[:1]
			}
			if err != nil || len(got) != len(want) {
				t.Errorf("%s: %d record batches, %v", name, len(got), err)
				continue
			}
			for i := range got {
				for j, c := range got[i].Columns() {
					if expected := want[i].Column(j); !arrow.TypeEqual(c.DataType(), expected.DataType()) || textOf(c) != textOf(expected) {
						t.Errorf("%s, batch %d, column %s: %s %s, want %s %s", name, i, schema.Field(j).Name, c.DataType(), textOf(c), expected.DataType(), textOf(expected))
					}
				}
				got[i].Release()
			}
		}
	}
}

// textOf returns the values of an array, which may refer to another dictionary.
func textOf(a arrow.Array) string {
	var values []string
	for i := range a.Len() {
		values = append(values, a.ValueStr(i))
	}
	return strings.Join(values, "|")
}

func TestArrowFilesOfOtherWriters(t *testing.T) {
	t.Parallel()
	schema := fieldsOf("v", arrow.PrimitiveTypes.Int64)
	file := arrowFiles(t, batchOf(t, schema, `[{"v":1},{"v":2}]`))["file.feather"]
	at := 8 + strings.Index(file[12:], string(magicStream)) + 4 // of the record batch
	offset := func(n int) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(n))) }
	for name, content := range map[string]string{
		"Polars, which writes the schema as no message": file[:8] + strings.Repeat("\x04", at-8) + file[at:],
		"before 0.15, without a mark":                   strings.Replace(file, offset(at), offset(at+4), 1),
		"without a mark of the end":                     strings.Replace(file, "\xff\xff\xff\xff\x00\x00\x00\x00", "", 1),
	} {
		if content == file {
			t.Errorf("%s: nothing differs", name)
		}
		if n, err := rowsRead(t, writeFile(t, "a.feather", content)); n != 2 || err != nil {
			t.Errorf("%s: %d rows, %v", name, n, err)
		}
	}
}

// Polars writes dictionaries behind the record batches that need them.
func TestDictionariesAnywhereInAnArrowFile(t *testing.T) {
	t.Parallel()
	schema := fieldsOf("v", &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String})
	file := arrowFiles(t, batchOf(t, schema, `[{"v":"a"},{"v":"b"}]`))["file.feather"]
	path := writeFile(t, "a.feather", file)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a, err := openIPCFile(f)
	if err != nil {
		t.Fatal(err)
	}
	var m flightdecode.Message
	if err := errors.Join(a.next(&m), a.next(&m)); err != nil {
		t.Fatal(err)
	}
	if err := a.checkDictionary(m.Header); err == nil || !strings.Contains(err.Error(), "there twice") {
		t.Errorf("a dictionary that replaces another one: %v", err)
	}

	dictionary, batch := int(a.offsets[0]), int(a.offsets[1])
	end := batch + strings.Index(file[batch:], "\xff\xff\xff\xff\x00\x00\x00\x00")
	offset := func(n int) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(n))) }
	footer := strings.NewReplacer(offset(dictionary), offset(dictionary+end-batch), offset(batch), offset(dictionary)).Replace(file[end:])
	swapped := file[:dictionary] + file[batch:end] + file[dictionary:batch] + footer
	if records, err := recordsRead(t, writeFile(t, "b.feather", swapped)); err != nil || len(records) != 1 || textOf(records[0].Column(0)) != "a|b" {
		t.Errorf("%v, %v", records, err)
	}
}

// A message may be longer than what is allocated for it at once.
func TestLongMessagesOfArrow(t *testing.T) {
	t.Parallel()
	b := array.NewFixedSizeBinaryBuilder(memory.DefaultAllocator, &arrow.FixedSizeBinaryType{ByteWidth: 1 << 20})
	for i := range 40 {
		b.Append(bytes.Repeat([]byte{byte(i)}, 1<<20))
	}
	values := b.NewArray()
	batch := array.NewRecordBatch(fieldsOf("v", values.DataType()), []arrow.Array{values}, int64(values.Len()))
	var stream bytes.Buffer
	w := ipc.NewWriter(&stream, ipc.WithSchema(batch.Schema()))
	if err := errors.Join(w.Write(batch), w.Close()); err != nil {
		t.Fatal(err)
	}
	got, err := recordsRead(t, writeFile(t, "a.arrow", stream.String()))
	if err != nil {
		t.Fatal(err)
	}
	row := 0
	for _, record := range got {
		for i := range int(record.NumRows()) {
			if !bytes.Equal(record.Column(0).(*array.FixedSizeBinary).Value(i), values.(*array.FixedSizeBinary).Value(row)) {
				t.Errorf("row %d differs", row)
			}
			row++
		}
	}
	if row != 40 {
		t.Errorf("%d rows", row)
	}
	// What is not there is not allocated.
	if n, err := rowsRead(t, writeFile(t, "b.arrow", stream.String()[:30<<20])); n != 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestErrorsOfDamagedArrowFilesSaySo(t *testing.T) {
	t.Parallel()
	files := arrowFiles(t, batchOf(t, fieldsOf("v", arrow.PrimitiveTypes.Int64), `[{"v":1}]`))
	for _, name := range []string{"stream.arrow", "file.feather"} {
		text := []byte(files[name])
		messages := text[8:bytes.LastIndex(text, magicStream)]
		copy(messages, bytes.Repeat([]byte{0xff}, len(messages)))
		path := writeFile(t, name, string(text))
		if _, err := rowsRead(t, path); err == nil || !strings.Contains(err.Error(), filepath.Base(path)) || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%v; want the name of the file, and that it is damaged", err)
		}
	}
	tooLarge := &flightdecode.Error{Err: fmt.Errorf("column: %w", flightdecode.ErrTooLarge)}
	if err := ipcError("", tooLarge); err != errLargeBatch {
		t.Error(err)
	}
	if err := ipcError("the file is damaged", context.Canceled); err != context.Canceled {
		t.Errorf("an import that was ended says %v", err)
	}
}
