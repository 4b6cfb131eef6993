// Parquet writes the result of a query to a Parquet file, and loads the file into another
// table. Both ways are Arrow record batches, which are never split into rows.
//
//	go run ./examples/parquet
//
// It starts a GreptimeDB-compatible server in the process; set GREPTIME_DSN, as to
// greptime://localhost:4001, to use yours. With -o it keeps the file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/examples/internal/demo"
	"github.com/greptime-go/greptime/examples/internal/weather"
	"github.com/greptime-go/greptime/insert"
)

const about = `
Writes the result of a query to a Parquet file, and loads the file into another table.`

var output = flag.String("o", "", "keep the Parquet file under this name")

func main() { demo.Main(about, "greptime_parquet", run) }

func run(ctx context.Context, own *demo.Database) error {
	conn, err := own.Connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := weather.Load(ctx, conn); err != nil {
		return err
	}
	path := *output
	if path == "" {
		folder, err := os.MkdirTemp("", "greptime-parquet")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		path = filepath.Join(folder, "jfk.parquet")
	}
	if err := export(ctx, conn, path, "SELECT * FROM weather WHERE origin = ? ORDER BY ts", "JFK"); err != nil {
		return err
	}
	schema, err := insert.SchemaOf[weather.Row]()
	if err != nil {
		return err
	}
	if err := bulk.CreateTable(ctx, conn, "jfk", schema, nil); err != nil {
		return err
	}
	return load(ctx, conn, path, "jfk")
}

// export writes a query's record batches to a file, a row group at a time.
func export(ctx context.Context, conn *greptime.Conn, path, query string, args ...any) (err error) {
	rd, err := conn.QueryArrow(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rd.Release()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close() // again, after an error
	w, err := pqarrow.NewFileWriter(rd.Schema(), f,
		parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd)), pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	var rows int64
	for batch, err := range rd.All() {
		if err != nil {
			return err
		}
		if err := w.WriteBuffered(batch); err != nil {
			return err
		}
		rows += batch.NumRows()
	}
	if err := w.Close(); err != nil { // closes the file, too
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	fmt.Printf("Wrote %d rows to %s, %d kB\n", rows, filepath.Base(path), info.Size()/1000)
	return nil
}

// load writes the record batches of a file to a table.
func load(ctx context.Context, conn *greptime.Conn, path, table string) error {
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		return err
	}
	defer f.Close()
	reader, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: 10_000}, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	rd, err := reader.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return err
	}
	defer rd.Release()
	w, err := bulk.NewWriter(ctx, conn, table, bulk.Options{Compression: bulk.LZ4})
	if err != nil {
		return err
	}
	_, err = w.WriteReader(ctx, rd, nil)
	summary, closeErr := w.Close(ctx)
	if err := errors.Join(err, closeErr); err != nil {
		return err
	}
	fmt.Printf("Table %s acknowledged %d rows in %d batches\n", table, summary.Rows, summary.Acknowledged)
	return nil
}
