package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	arrowcsv "github.com/apache/arrow-go/v18/arrow/csv"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/examples/internal/demo"
)

// loadFile loads the user's file into the user's table.
func loadFile(ctx context.Context) error {
	dsn := os.Getenv("GREPTIME_DSN")
	if dsn == "" {
		return errors.New("-file goes to a table of yours: set GREPTIME_DSN, as to greptime://localhost:4001/public")
	}
	compressed, ok := compressions[*compression]
	if !ok {
		return fmt.Errorf("-compression is none, lz4 or zstd, not %q", *compression)
	}
	base, extension := filepath.Base(*source), filepath.Ext(*source)
	name := *table
	if name == "" {
		name = strings.TrimSuffix(base, extension)
	}
	conn, err := greptime.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close()
	before, err := countRows(ctx, conn, name)
	if err != nil {
		return err
	}

	var from *records
	switch strings.ToLower(extension) {
	case ".csv":
		from, err = openCSV(ctx, conn, name)
	case ".parquet":
		from, err = openParquet(ctx)
	default:
		err = fmt.Errorf("%s: the name has to end in .csv or .parquet", *source)
	}
	if err != nil {
		return err
	}
	defer from.close()

	o, err := from.load(ctx, conn, name, compressed)
	o.name = base
	if o.elapsed > 0 {
		report([]outcome{o})
	}
	if err != nil {
		return err
	}
	after, err := countRows(ctx, conn, name)
	if err != nil {
		return err
	}
	fmt.Printf("SELECT count(*) FROM %s: %s rows before, %s now.\n", quote(name), count(before), count(after))
	if after-before < o.summary.Rows {
		fmt.Println("Rows with the tags and time of another replace it, unless the table is in append mode.")
	}
	return nil
}

// records is a file that is read as Arrow record batches.
type records struct {
	array.RecordReader
	bar   *demo.Bar
	move  func(rows int64) // moves the bar when that many rows are acknowledged
	close func()
}

// load writes the record batches as they are.
func (r *records) load(ctx context.Context, conn *greptime.Conn, table string, compressed bulk.Compression) (outcome, error) {
	started := time.Now()
	writer, err := bulk.NewWriter(ctx, conn, table, bulk.Options{Streams: *streams, Compression: compressed})
	if err != nil {
		return outcome{}, err
	}
	if _, err = writer.WriteReader(ctx, r, r.move); err != nil {
		err = fmt.Errorf("%s: %w", *source, err)
	}
	summary, closeErr := writer.Close(ctx)
	r.bar.Done()
	return outcome{summary: summary, sent: writer.Progress().Bytes, elapsed: time.Since(started)}, errors.Join(err, closeErr)
}

// openParquet opens a file whose columns have the names of the table's.
func openParquet(ctx context.Context) (*records, error) {
	f, err := file.OpenParquetFile(*source, false)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", *source, err)
	}
	reader, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: int64(*batchRows)}, memory.DefaultAllocator)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", *source, err), f.Close())
	}
	rd, err := reader.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", *source, err), f.Close())
	}
	bar := demo.Rows(filepath.Base(*source), f.NumRows())
	return &records{
		RecordReader: rd,
		bar:          bar,
		move:         bar.Set,
		close:        func() { rd.Release(); f.Close() },
	}, nil
}

// openCSV opens a file whose first line has the names of the table's columns, in
// any order. The empty text, NA and NULL are NULL, except in text columns; VARBINARY is
// base64.
func openCSV(ctx context.Context, conn *greptime.Conn, table string) (_ *records, err error) {
	f, err := os.Open(*source)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	lines := csv.NewReader(f)
	header, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: the first line: %w", *source, err)
	}
	first, err := lines.Read()
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", *source, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	schema, err := csvSchema(ctx, conn, table, header, first)
	if err != nil {
		return nil, err
	}
	read := &counter{Reader: f}
	rd := arrowcsv.NewReader(read, schema, arrowcsv.WithHeader(true), arrowcsv.WithChunk(*batchRows), arrowcsv.WithNullReader(false, "", "NA", "NULL"))
	// How many rows there are is not known before the end: the bar is of bytes.
	bar := demo.Bytes(filepath.Base(*source), info.Size())
	return &records{
		RecordReader: &strict{Reader: rd},
		bar:          bar,
		move:         func(rows int64) { bar.Move(read.n, rows) },
		close:        func() { rd.Release(); f.Close() },
	}, nil
}

// csvSchema is the file's columns with the types that the table has for them. Arrow's
// reader wants to know whether timestamps have zones; the first row tells, if there is one.
func csvSchema(ctx context.Context, conn *greptime.Conn, table string, header, first []string) (*arrow.Schema, error) {
	rd, err := conn.QueryArrow(ctx, "SELECT * FROM "+quote(table)+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	defer rd.Release()
	fields := make([]arrow.Field, len(header))
	for i, name := range header {
		in, ok := rd.Schema().FieldsByName(name)
		if !ok {
			return nil, fmt.Errorf("%s: table %s has no column %s", *source, table, quote(name))
		}
		fields[i] = arrow.Field{Name: name, Type: in[0].Type, Nullable: true}
		switch t := in[0].Type.(type) {
		case *arrow.TimestampType:
			if first == nil {
				continue
			}
			if _, zoned, _ := arrow.TimestampFromStringInLocation(first[i], t.Unit, time.UTC); zoned {
				fields[i].Type = &arrow.TimestampType{Unit: t.Unit, TimeZone: "UTC"}
			}
		case *arrow.Time32Type, *arrow.Time64Type, *arrow.MonthIntervalType, *arrow.DayTimeIntervalType, *arrow.MonthDayNanoIntervalType:
			return nil, fmt.Errorf("%s: column %s: Arrow's CSV reader cannot read %s", *source, quote(name), t)
		}
	}
	return arrow.NewSchema(fields, nil), nil
}

// strict ends at the first value that cannot be read. Arrow's reader would first
// hand out the record batch, with NULL in its place.
type strict struct {
	*arrowcsv.Reader
	rows int64
}

func (s *strict) Next() bool {
	if !s.Reader.Next() || s.Reader.Err() != nil {
		return false
	}
	s.rows += s.RecordBatch().NumRows()
	return true
}

// Err tells where the error is, as far as it is known: Arrow's does not.
func (s *strict) Err() error {
	if err := s.Reader.Err(); err != nil {
		return fmt.Errorf("in one of the %d rows after row %d: %w", *batchRows, s.rows, err)
	}
	return nil
}

// counter counts the bytes read.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}
