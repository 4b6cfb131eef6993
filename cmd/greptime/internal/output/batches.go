package output

import (
	"io"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// WriteBatches writes a result in a format that is FromBatches: a Parquet file, or a stream
// of Arrow IPC. It returns the number of rows written. JSON columns become text, and what
// Parquet has no type for, too. Timestamps get the zone UTC, from whose 1970 they count. After
// an error the end is missing, so that a part is not taken for the whole. WriteBatches does not
// release rd.
func WriteBatches(w io.Writer, rd array.RecordReader, o Options) (int64, error) {
	if o.Progress == nil {
		o.Progress = func(int64) {}
	}
	if o.Format == Parquet {
		return writeParquet(w, rd, o.Progress)
	}
	return writeArrow(w, rd, o.Progress)
}

func writeArrow(w io.Writer, rd array.RecordReader, progress func(rows int64)) (n int64, err error) {
	converted := newTextReader(rd, false)
	out := ipc.NewWriter(w, ipc.WithSchema(converted.Schema()))
	for converted.Next() {
		batch := converted.RecordBatch()
		if err := out.Write(batch); err != nil {
			return n, err
		}
		n += batch.NumRows()
		progress(n)
	}
	if err := converted.Err(); err != nil {
		return n, err
	}
	return n, out.Close()
}

// A row group ends after rowGroupRows rows or rowGroupBytes: enough for good compression, and
// little enough to hold its columns in memory. The values of a dictionary, which each column
// has, are in a hash table several times as large.
const (
	rowGroupRows    = 1 << 17
	rowGroupBytes   = 32 << 20
	dictionaryBytes = 128 << 10
)

func writeParquet(w io.Writer, rd array.RecordReader, progress func(rows int64)) (n int64, err error) {
	converted := newTextReader(rd, true)
	out, err := pqarrow.NewFileWriter(converted.Schema(), noClose{w},
		parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithMaxRowGroupLength(rowGroupRows), parquet.WithDictionaryPageSizeLimit(dictionaryBytes)),
		pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return 0, err
	}
	for converted.Next() {
		batch := converted.RecordBatch()
		err := error(nil)
		if out.RowGroupTotalBytesWritten() > rowGroupBytes {
			err = out.NewBufferedRowGroupChecked()
		}
		if err == nil {
			err = out.WriteBuffered(batch)
		}
		if err != nil {
			return n, err
		}
		n += batch.NumRows()
		progress(n)
	}
	if err := converted.Err(); err != nil {
		return n, err
	}
	return n, out.Close()
}

// noClose keeps the Parquet writer from closing what it writes to.
type noClose struct{ io.Writer }
