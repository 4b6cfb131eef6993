package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// A batch has at most pieceRows rows, and about pieceBytes where rows are long.
const (
	pieceRows  = 10_000
	pieceBytes = 2 << 20
)

// recordReader reads Parquet or Arrow IPC.
type recordReader struct {
	src     *source
	cols    []fileColumn
	read    func() (arrow.RecordBatch, error) // io.EOF at the end; valid until the next call
	part    func() float64
	closers []func() error
	current arrow.RecordBatch // what of a record batch is left
	most    int64             // rows of it in a piece
}

func (r *recordReader) columns() []fileColumn { return r.cols }

func (r *recordReader) prepare([]target) error { return nil }

func (r *recordReader) fraction() float64 { return r.part() }

func (r *recordReader) next() (_ piece, err error) {
	for r.current == nil {
		record, err := r.guarded()
		switch {
		case err == io.EOF:
			return nil, err
		case err != nil:
			return nil, fmt.Errorf("%s: %w", r.src.name, err)
		case record.NumRows() > 0:
			record.Retain()
			r.current = record
			bytes := uint64(0)
			for _, c := range record.Columns() {
				bytes += c.Data().SizeInBytes()
			}
			r.most = rowsOfPiece(record.NumRows(), int64(bytes))
		}
	}
	rows := r.current.NumRows()
	if rows <= r.most {
		p := &recordPiece{record: r.current}
		r.current = nil
		return p, nil
	}
	p := &recordPiece{record: r.current.NewSlice(0, r.most)}
	rest := r.current.NewSlice(r.most, rows)
	r.current.Release()
	r.current = rest
	return p, nil
}

// rowsOfPiece returns how many rows a piece has at most, if so many rows take so many bytes.
func rowsOfPiece(rows, bytes int64) int64 {
	if rows == 0 {
		return pieceRows
	}
	perRow := max(1, float64(bytes)/float64(rows))
	return max(16, min(pieceRows, int64(math.Ceil(pieceBytes/perRow))))
}

// guarded reads the next record batch. arrow-go panics on some files that are damaged.
func (r *recordReader) guarded() (record arrow.RecordBatch, err error) {
	defer recovered(&err)
	return r.read()
}

func recovered(err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("the file is damaged: %v", cause)
	}
}

func (r *recordReader) close() error {
	if r.current != nil {
		r.current.Release()
		r.current = nil
	}
	var errs []error
	for i := len(r.closers) - 1; i >= 0; i-- {
		errs = append(errs, r.closers[i]())
	}
	r.closers = nil
	return errors.Join(append(errs, r.src.close())...)
}

// setColumns takes the columns of a schema.
func (r *recordReader) setColumns(s *arrow.Schema) error {
	seen := map[string]bool{}
	for _, f := range s.Fields() {
		if seen[f.Name] {
			return fmt.Errorf("it has column %s twice", strconv.Quote(f.Name))
		}
		seen[f.Name] = true
		c := fileColumn{name: f.Name, arrow: f.Type}
		c.typ, c.ok = typeFor(f.Type)
		if t, err := columnType(f); err == nil && (t.JSON || t.Dim > 0) { // a result of GreptimeDB
			c.typ, c.ok = t, true
		} else if mark, _ := f.Metadata.GetValue(metadataType); mark == "Json" && f.Type.ID() == arrow.STRING { // as export writes it
			c.typ = typeJSON
		}
		r.cols = append(r.cols, c)
	}
	return nil
}

// newArrowReader reads Arrow IPC, a file or a stream.
func newArrowReader(src *source) (_ *recordReader, err error) {
	r := &recordReader{src: src}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", src.name, err)
		}
	}()
	defer recovered(&err)
	if src.file == nil {
		stream, err := ipc.NewReader(src.stream)
		if err != nil {
			return nil, fmt.Errorf("it is not Arrow IPC: %w", err)
		}
		r.closers = append(r.closers, func() error { stream.Release(); return nil })
		r.part = func() float64 { return fractionOf(src.read.Load(), src.size) }
		r.read = func() (arrow.RecordBatch, error) {
			if stream.Next() {
				return stream.RecordBatch(), nil
			}
			if err := stream.Err(); err != nil {
				return nil, err
			}
			switch _, err := src.stream.Peek(1); {
			case err != nil:
				return nil, err // io.EOF, unless what was compressed is damaged
			default:
				return nil, errors.New("other data follows the end of the stream; import several streams as several files")
			}
		}
		return r, r.setColumns(stream.Schema())
	}
	f, err := ipc.NewFileReader(src.file)
	if err != nil {
		return nil, fmt.Errorf("it is not an Arrow file: %w", err)
	}
	r.closers = append(r.closers, f.Close)
	next := 0
	r.part = func() float64 { return fractionOf(int64(next), int64(f.NumRecords())) }
	r.read = func() (arrow.RecordBatch, error) {
		if next == f.NumRecords() {
			return nil, io.EOF
		}
		record, err := f.RecordBatch(next)
		next++
		return record, err
	}
	return r, r.setColumns(f.Schema())
}

func fractionOf(part, whole int64) float64 {
	if whole <= 0 {
		return -1
	}
	return min(1, float64(part)/float64(whole))
}

// newParquetReader reads Parquet. Pages are read one by one, because a column of a row group
// can be larger than the memory.
func newParquetReader(src *source) (_ *recordReader, err error) {
	r := &recordReader{src: src}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", src.name, err)
		}
	}()
	defer recovered(&err)
	properties := parquet.NewReaderProperties(memory.DefaultAllocator)
	properties.BufferedStreamEnabled = true
	properties.BufferSize = 64 << 10
	f, err := file.NewParquetReader(src.file, file.WithReadProps(properties))
	if err != nil {
		return nil, fmt.Errorf("it is not a Parquet file: %w", err)
	}
	reader, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: parquetRows(f)}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	records, err := reader.GetRecordReader(context.Background(), nil, nil)
	if err != nil {
		return nil, err
	}
	r.closers = append(r.closers, func() error { records.Release(); return nil })
	total, done := f.NumRows(), int64(0)
	r.part = func() float64 { return fractionOf(done, total) }
	r.read = func() (arrow.RecordBatch, error) {
		if done == total {
			return nil, io.EOF
		}
		if !records.Next() {
			if err := records.Err(); err != nil && err != io.EOF {
				return nil, err
			}
			return nil, fmt.Errorf("it ends after %d of %d rows", done, total)
		}
		done += records.RecordBatch().NumRows()
		return records.RecordBatch(), nil
	}
	if err := r.setColumns(records.Schema()); err != nil {
		return nil, err
	}
	root := f.MetaData().Schema.Root()
	for i := range r.cols {
		switch root.Field(i).LogicalType().(type) {
		case schema.JSONLogicalType:
			r.cols[i].typ = typeJSON
		case schema.EnumLogicalType:
			r.cols[i].typ = typeString
		}
	}
	return r, nil
}

// parquetRows returns how many rows of a file to read at a time.
func parquetRows(f *file.Reader) int64 {
	bytes, rows := int64(0), int64(0)
	for i := range f.NumRowGroups() {
		group := f.MetaData().RowGroup(i)
		bytes += group.TotalByteSize()
		rows += group.NumRows()
	}
	return rowsOfPiece(rows, bytes)
}
