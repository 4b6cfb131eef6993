package load

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
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

func fractionOf(part, whole int64) float64 {
	if whole <= 0 {
		return -1
	}
	return min(1, float64(part)/float64(whole))
}
