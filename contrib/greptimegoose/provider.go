package greptimegoose

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// Provider is a goose.Provider whose errors say what a failed migration left behind. Close
// it: it may hold a connection of the pool.
type Provider struct {
	*goose.Provider
}

// NewProvider returns a provider of the migrations in fsys for the database of db, which
// keeps the applied versions in a store: nil means NewStore(""). The options are goose's. The
// provider does not own db.
func NewProvider(db *sql.DB, fsys fs.FS, store database.Store, opts ...goose.ProviderOption) (*Provider, error) {
	if store == nil {
		store = NewStore("")
	}
	all := append([]goose.ProviderOption{goose.WithStore(store), goose.WithIsolateDDL(true)}, opts...)
	if db == nil {
		return nil, errors.New("greptimegoose: the database is nil")
	}
	statements := sql.OpenDB(connector{db})
	p, err := goose.NewProvider(goose.DialectCustom, statements, fsys, all...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("greptimegoose: %w", err), statements.Close())
	}
	for _, source := range p.ListSources() {
		if source.Type == goose.TypeGo && db.Stats().MaxOpenConnections == 1 {
			return nil, errors.Join(errors.New("greptimegoose: a migration in Go needs a second connection beside goose's own, and the pool has one at most: call SetMaxOpenConns with 2 or more, or 0"), p.Close())
		}
	}
	return &Provider{Provider: p}, nil
}

// explain adds to the error of a migration what stays of it.
func explain(err error) error {
	var partial *goose.PartialError
	if !errors.As(err, &partial) {
		return err
	}
	name := partial.Failed.Source.Path
	if name == "" { // of a migration in Go
		name = fmt.Sprintf("version %d", partial.Failed.Source.Version)
	}
	return fmt.Errorf("greptimegoose: %w; GreptimeDB has no transactions: what ran of %s before the error stays, and the migration does not count as applied", err, name)
}

// Up applies all migrations that are not applied, as goose.Provider.Up does.
func (p *Provider) Up(ctx context.Context) ([]*goose.MigrationResult, error) {
	results, err := p.Provider.Up(ctx)
	return results, explain(err)
}

// UpByOne applies the next migration, as goose.Provider.UpByOne does.
func (p *Provider) UpByOne(ctx context.Context) (*goose.MigrationResult, error) {
	result, err := p.Provider.UpByOne(ctx)
	return result, explain(err)
}

// UpTo applies the migrations up to a version, as goose.Provider.UpTo does.
func (p *Provider) UpTo(ctx context.Context, version int64) ([]*goose.MigrationResult, error) {
	results, err := p.Provider.UpTo(ctx, version)
	return results, explain(err)
}

// ApplyVersion applies or undoes one migration, as goose.Provider.ApplyVersion does.
func (p *Provider) ApplyVersion(ctx context.Context, version int64, direction bool) (*goose.MigrationResult, error) {
	result, err := p.Provider.ApplyVersion(ctx, version, direction)
	return result, explain(err)
}

// Down undoes the last migration, as goose.Provider.Down does.
func (p *Provider) Down(ctx context.Context) (*goose.MigrationResult, error) {
	result, err := p.Provider.Down(ctx)
	return result, explain(err)
}

// DownTo undoes the migrations after a version, as goose.Provider.DownTo does.
func (p *Provider) DownTo(ctx context.Context, version int64) ([]*goose.MigrationResult, error) {
	results, err := p.Provider.DownTo(ctx, version)
	return results, explain(err)
}
