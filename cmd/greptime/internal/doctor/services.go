package doctor

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
)

// ownTable returns a name that no table has.
func ownTable() string { return "greptime_doctor_" + strings.ToLower(rand.Text()[:12]) }

// ownSchema is the schema of the doctor's table.
var ownSchema = []insert.Column{insert.Tag("checked_by", insert.String), insert.Field("row_number", insert.Int64), insert.Time("ts", insert.Millisecond)}

// inserts checks that native inserts answer. Without Options.Write the row is for a table that does
// not exist, and may not be created.
func (e *examination) inserts(ctx context.Context) (Check, bool) {
	table := insert.NewTable(ownTable(), ownSchema...)
	if err := table.Append("greptime doctor", 1, time.Now()); err != nil {
		return failed("", "%s", text(err)), true
	}
	if e.o.Write {
		return e.write(ctx, table.Name(), func() error { _, err := insert.Write(ctx, e.conn, table); return err }), true
	}
	_, err := insert.Options{ExistingOnly: true}.Write(ctx, e.conn, table)
	switch {
	case isCode(err, greptime.PermissionDenied):
		return refusedWrite(), true
	case isCode(err, greptime.InvalidArguments, greptime.TableNotFound):
		return found("answers; --write tries it"), true // that there is no such table
	case err != nil:
		return failed("", "%s", text(err)), true
	}
	return failed("", "the server accepted a row for a table that does not exist, although it may not create it"), true
}

func refusedWrite() Check {
	return warned("use a user who may write, unless this one is only to read", "answers, but the user may not write")
}

// bulk checks that bulk inserts answer. Without Options.Write it opens a stream and sends nothing.
func (e *examination) bulk(ctx context.Context) (Check, bool) {
	if e.o.Write {
		return e.writeBulk(ctx), true
	}
	user, password := e.cfg.User, e.cfg.Password.Reveal()
	if e.cfg.Credentials != nil {
		var err error
		if user, password, err = e.cfg.Credentials(ctx); err != nil {
			return failed("", "%s", text(err)), true
		}
	}
	authorization := ""
	if user != "" {
		authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	database := e.conn.Database()
	if strings.Contains(database, "-") { // otherwise the part before it would be the catalog
		database = "greptime-" + database
	}
	err := e.channel.openPut(ctx, database, authorization)
	switch {
	case status.Code(err) == codes.Unimplemented:
		return failed("upgrade the server, or use inserts", "the server has no bulk inserts"), true
	case errors.Is(err, io.EOF):
		return failed("", "the server ended the stream without an answer"), true
	case err != nil:
		return failed("", "%s", status.Convert(err).Message()), true
	}
	return found("answers; --write tries it"), true
}

// writeBulk writes a row by a bulk writer.
func (e *examination) writeBulk(ctx context.Context) Check {
	name := ownTable()
	return e.write(ctx, name, func() error {
		schema, err := insert.NewSchema(ownSchema...)
		if err != nil {
			return err
		}
		if err := bulk.CreateTable(ctx, e.conn, name, schema, nil); err != nil {
			return err
		}
		w, err := bulk.NewWriter(ctx, e.conn, name, bulk.Options{})
		if err != nil {
			return err
		}
		batch := w.NewBatch(1)
		if err := batch.Append("greptime doctor", 1, time.Now()); err != nil {
			return err
		}
		_, err = w.Write(ctx, batch)
		_, closeErr := w.Close(ctx)
		return errors.Join(err, closeErr)
	})
}

// write checks that write writes a row to a table, and drops the table.
func (e *examination) write(ctx context.Context, table string, write func() error) (c Check) {
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		if _, err := e.conn.Exec(ctx, "DROP TABLE IF EXISTS "+table); err != nil {
			c.Status = Warning
			c.Finding += fmt.Sprintf("; the table %s could not be dropped: %s", table, text(err))
			c.Remedy = strings.TrimPrefix(c.Remedy+"; DROP TABLE "+table, "; ")
		}
	}()
	started := time.Now()
	err := write()
	took := time.Since(started)
	switch {
	case isCode(err, greptime.PermissionDenied):
		return refusedWrite()
	case err != nil:
		return failed("", "%s", text(err))
	}
	n, err := greptime.One[int64](ctx, e.conn, "SELECT count(*) FROM "+table)
	switch {
	case isCode(err, greptime.PermissionDenied):
		return found("wrote a row, in %s; the user may not read it back", round(took))
	case err != nil:
		return failed("", "wrote a row, but could not read it back: %s", text(err))
	case n != 1:
		return failed("", "wrote a row, but the table has %d", n)
	}
	return found("wrote a row to %s in %s and read it back", table, round(took))
}
