package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/greptime-go/greptime"
)

// Database is a database of an example's own.
type Database struct {
	cfg   *greptime.Config
	admin *greptime.Conn // in another database, from which this one can be dropped
	stop  func()
}

// Open creates the database on the server of Server, if it is not there. Close must be
// called.
func Open(ctx context.Context, name string) (*Database, error) {
	dsn, stop, err := Server()
	if err != nil {
		return nil, err
	}
	d := &Database{stop: stop}
	if err := d.create(ctx, dsn, name); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *Database) create(ctx context.Context, dsn, name string) error {
	cfg, err := greptime.ParseDSN(dsn)
	if err != nil {
		return err
	}
	if cfg.Database == name {
		return fmt.Errorf("GREPTIME_DSN names the database %s, which this example creates and drops: name another, such as public", name)
	}
	if d.admin, err = greptime.Connect(ctx, dsn); err != nil {
		return err
	}
	if _, err := d.admin.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+name); err != nil {
		return err
	}
	cfg.Database = name
	d.cfg = cfg
	return nil
}

// Config returns the settings of sessions that begin in the database. The caller may change
// them.
func (d *Database) Config() *greptime.Config { return d.cfg.Clone() }

// DSN returns the same as text.
func (d *Database) DSN() string { return d.cfg.FormatDSN() }

// Pool opens a pool of connections to the database.
func (d *Database) Pool() (*sql.DB, error) {
	connector, err := d.Connector()
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// Connector returns a Connector whose sessions begin in the database.
func (d *Database) Connector() (*greptime.Connector, error) { return greptime.NewConnector(d.cfg) }

// Connect opens a session in the database.
func (d *Database) Connect(ctx context.Context) (*greptime.Conn, error) {
	return greptime.Connect(ctx, d.DSN())
}

// Close drops the database, and stops the server if Server started it.
func (d *Database) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second) // also after an interrupt
	defer cancel()
	_, err := d.admin.Exec(ctx, "DROP DATABASE "+d.cfg.Database)
	return errors.Join(err, d.close())
}

func (d *Database) close() error {
	var err error
	if d.admin != nil {
		err = d.admin.Close()
	}
	d.stop()
	return err
}
