// Package demo is what all examples begin with.
package demo

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
)

// Main is the main function of an example: it reads the flags, and calls run with a database
// of the example's own, which it drops at the end. about is for -h.
func Main(about, database string, run func(ctx context.Context, db *Database) error) {
	Parse(fmt.Sprintf("%s\n\nIt works in a database of its own, %s, which it drops at the end.", about, database))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	log.SetFlags(0)
	if err := runIn(ctx, database, run); err != nil {
		log.Fatal(err)
	}
}

func runIn(ctx context.Context, database string, run func(context.Context, *Database) error) (err error) {
	db, err := Open(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return run(ctx, db)
}

// needed is what NeedServer was called with.
var needed string

// NeedServer makes the example end with a message if GREPTIME_DSN names no server.
func NeedServer(message string) { needed = message }

// Server returns the DSN of the server that GREPTIME_DSN names, or else of one that it
// starts in this process; stop ends that one.
func Server() (dsn string, stop func(), err error) {
	if dsn := os.Getenv("GREPTIME_DSN"); dsn != "" {
		return dsn, func() {}, nil
	}
	if needed != "" {
		return "", nil, errors.New(needed)
	}
	return start()
}
