// Package greptimegoose lets [goose] migrate databases of GreptimeDB.
//
//	p, err := greptimegoose.NewProvider(db, os.DirFS("migrations"), nil)
//	defer p.Close()
//	results, err := p.Up(ctx)
//
// NewProvider sets what GreptimeDB needs: a [Store] whose table has a time index, and no
// transactions. A migration that says nothing runs without one; you need no
// "-- +goose NO TRANSACTION". Go migrations must use GoFunc.RunDB.
//
// The statements of a migration that fails stay executed up to the one that failed, which
// the error has. The migration does not count as applied: goose runs all
// of its statements again. Write IF NOT EXISTS, or undo by hand what is there.
//
// [goose]: https://github.com/pressly/goose
package greptimegoose
