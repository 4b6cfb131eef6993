// Migrations changes tables step by step, with golang-migrate (contrib/greptimemigrate) and
// with goose (contrib/greptimegoose). The steps are the files in migrate/ and goose/.
//
//	go run ./examples/migrations
//
// It starts a GreptimeDB-compatible server in the process; set GREPTIME_DSN, as to
// greptime://localhost:4001, to use yours.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/source/iofs"

	"github.com/greptime-go/greptime/contrib/greptimegoose"
	_ "github.com/greptime-go/greptime/contrib/greptimemigrate"
	"github.com/greptime-go/greptime/examples/internal/demo"
)

const about = `
Changes tables step by step, with golang-migrate and with goose.`

//go:embed migrate/*.sql goose/*.sql
var files embed.FS

func main() { demo.Main(about, "greptime_migrations", run) }

func run(ctx context.Context, db *demo.Database) error {
	if err := withMigrate(db.DSN()); err != nil {
		return fmt.Errorf("golang-migrate: %w", err)
	}
	if err := withGoose(ctx, db); err != nil {
		return fmt.Errorf("goose: %w", err)
	}
	return nil
}

// withMigrate goes all steps up and one down.
func withMigrate(dsn string) (err error) {
	source, err := iofs.New(files, "migrate")
	if err != nil {
		return err
	}
	m, err := migrate.NewWithSourceInstance("iofs", source, dsn)
	if err != nil {
		return err
	}
	defer func() {
		sourceErr, databaseErr := m.Close()
		err = errors.Join(err, sourceErr, databaseErr)
	}()
	for _, step := range []struct {
		name string
		run  func() error
	}{
		{"up", m.Up},
		{"down by one", func() error { return m.Steps(-1) }},
	} {
		if err := step.run(); err != nil {
			return err
		}
		version, dirty, err := m.Version()
		if err != nil {
			return err
		}
		fmt.Printf("golang-migrate, %s: version %d, dirty %t\n", step.name, version, dirty)
	}
	return nil
}

// withGoose goes all steps up and one down.
func withGoose(ctx context.Context, own *demo.Database) error {
	db, err := own.Pool()
	if err != nil {
		return err
	}
	defer db.Close()
	steps, err := fs.Sub(files, "goose")
	if err != nil {
		return err
	}
	p, err := greptimegoose.NewProvider(db, steps, nil)
	if err != nil {
		return err
	}
	results, err := p.Up(ctx)
	if err != nil {
		return err
	}
	for _, r := range results {
		fmt.Println("goose, up:", r.Source.Path)
	}
	if _, err := p.Down(ctx); err != nil {
		return err
	}
	version, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	fmt.Println("goose, down by one: version", version)
	return nil
}
