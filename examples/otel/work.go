package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
)

// work does what is traced: it writes readings in three ways, and counts them.
func work(ctx context.Context, db *sql.DB, out io.Writer) error {
	schema, err := insert.NewSchema(insert.Tag("device", insert.String), insert.Time("ts", insert.Millisecond), insert.Field("value", insert.Float64))
	if err != nil {
		return err
	}
	for _, write := range []func(context.Context, *sql.DB, *insert.Schema) error{writeNatively, writeBuffered, writeInBulk} {
		if err := write(ctx, db, schema); err != nil {
			return err
		}
	}
	var readings int64
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM readings WHERE value >= ?", 40).Scan(&readings); err != nil {
		return err
	}
	fmt.Fprintln(out, "readings:", readings)
	return nil
}

// writeNatively writes a row at once. The first row creates the table.
func writeNatively(ctx context.Context, db *sql.DB, schema *insert.Schema) error {
	table := schema.NewTable("readings")
	if err := table.Append("a", time.Now(), 41); err != nil {
		return err
	}
	_, err := insert.Write(ctx, db, table)
	return err
}

// writeBuffered leaves it to a writer when to send the row. The writer has a trace of its own,
// because its requests have the rows of many callers.
func writeBuffered(ctx context.Context, db *sql.DB, schema *insert.Schema) error {
	writer, err := insert.NewWriter(db, insert.WriterOptions{})
	if err != nil {
		return err
	}
	err = writer.Table("readings", schema).Append(ctx, "b", time.Now(), 42)
	return errors.Join(err, writer.Close(ctx))
}

// writeInBulk writes a batch of rows.
func writeInBulk(ctx context.Context, db *sql.DB, _ *insert.Schema) error {
	writer, err := bulk.NewWriter(ctx, db, "readings", bulk.Options{})
	if err != nil {
		return err
	}
	batch := writer.NewBatch(10)
	for i := range 10 {
		if err := batch.Append("c", time.Now().Add(time.Duration(i)*time.Millisecond), 43.5); err != nil {
			return err
		}
	}
	_, err = writer.Write(ctx, batch)
	_, closing := writer.Close(ctx)
	return errors.Join(err, closing)
}
