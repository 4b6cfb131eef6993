package greptime_test

import (
	"context"
	"database/sql"
	"net"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/faultserver"
	"github.com/greptime-go/greptime/internal/test/writemodel"
)

// A program that opens and closes many connectors has the memory of those that are open:
// nothing, such as a timer, holds on to a closed one.
func TestAClosedConnectorIsFreed(t *testing.T) {
	t.Parallel()
	rows := func() *insert.Table {
		table := insert.NewTable("one", insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond))
		if err := table.Append("a", time.UnixMilli(1)); err != nil {
			t.Error(err)
		}
		return table
	}
	for name, use := range map[string]func(ctx context.Context, db *sql.DB) error{
		"that was not used": func(context.Context, *sql.DB) error { return nil },
		"after a call":      func(ctx context.Context, db *sql.DB) error { return db.PingContext(ctx) },
		"before the end of a call": func(ctx context.Context, db *sql.DB) error {
			rows, err := db.QueryContext(ctx, faultserver.SelectNumbers(10))
			if err != nil {
				return err
			}
			if err := db.Close(); err != nil {
				return err
			}
			_ = rows.Close() // whatever it says of the rest
			return nil
		},
		"before the end of a stream": func(ctx context.Context, db *sql.DB) error {
			stream, err := insert.NewStream(ctx, db)
			if err != nil {
				return err
			}
			if err := stream.Send(ctx, rows()); err != nil {
				return err
			}
			err = db.Close()
			stream.Close()
			return err
		},
		"before the end of a buffered writer": func(ctx context.Context, db *sql.DB) error {
			w, err := insert.NewWriter(db, insert.WriterOptions{})
			if err != nil {
				return err
			}
			if err := w.Write(ctx, rows()); err != nil {
				return err
			}
			if err := w.Flush(ctx); err != nil {
				return err
			}
			if err := db.Close(); err != nil {
				return err
			}
			return w.Close(ctx)
		},
		"before the end of a bulk writer": func(ctx context.Context, db *sql.DB) error {
			w, err := bulk.NewWriter(ctx, db, "one", bulk.Options{})
			if err != nil {
				return err
			}
			if err := db.Close(); err != nil {
				return err
			}
			_, err = w.Close(ctx)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := faultserver.Start(t, writemodel.New(""), faultserver.Options{})
			server.AddTable("one", 1)
			held := openAndClose(t, server.DSN(), use)
			for deadline := time.Now().Add(20 * time.Second); held.Value() != nil; runtime.GC() {
				if time.Now().After(deadline) {
					t.Fatal("the closed connector is still in memory")
				}
			}
		})
	}
}

// openAndClose returns a pointer to memory that lives as long as the connector that was closed.
func openAndClose(t *testing.T, dsn string, use func(context.Context, *sql.DB) error) weak.Pointer[[64]byte] {
	cfg, err := greptime.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	memory := new([64]byte)
	var dialer net.Dialer
	cfg.Dialer = func(ctx context.Context, addr string) (net.Conn, error) {
		_ = memory[0]
		return dialer.DialContext(ctx, "tcp", addr)
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	if err := use(t.Context(), db); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	return weak.Make(memory)
}
