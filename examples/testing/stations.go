// Package stations shows how to test code of your own with greptimetest: a small store of
// weather stations (this file), and its tests, which start a server within the test process
// (stations_test.go).
//
//	go test -v ./examples/testing
package stations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/greptime-go/greptime"
	_ "github.com/greptime-go/greptime/driver"
)

// ErrUnknown is the error for a station without readings.
var ErrUnknown = errors.New("unknown station")

// Reading is a temperature at a station.
type Reading struct {
	Station string
	Celsius float64
	At      time.Time
}

// Store keeps readings in GreptimeDB.
type Store struct{ db *sql.DB }

// Open opens the store and creates its table.
func Open(ctx context.Context, dsn string) (*Store, error) {
	db, err := sql.Open("greptime", dsn)
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, `
		CREATE TABLE IF NOT EXISTS readings (station STRING PRIMARY KEY, celsius DOUBLE, ts TIMESTAMP(3) TIME INDEX)`)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Store{db}, nil
}

// Close closes the store.
func (s *Store) Close() error { return s.db.Close() }

// Save stores a reading. It tries again, as often as attempts says, if the server has a
// temporary problem and certainly did not store it.
func (s *Store) Save(ctx context.Context, r Reading, attempts int) error {
	for n := 1; ; n++ {
		_, err := s.db.ExecContext(ctx, `INSERT INTO readings (station, celsius, ts) VALUES (?, ?, ?)`, r.Station, r.Celsius, r.At)
		var e *greptime.Error
		again := errors.As(err, &e) && e.SafeToRetry() && e.Retryable
		if !again || n == attempts {
			return err
		}
	}
}

// Latest returns the last reading of a station.
func (s *Store) Latest(ctx context.Context, station string) (Reading, error) {
	r := Reading{Station: station}
	err := s.db.QueryRowContext(ctx, `SELECT celsius, ts FROM readings WHERE station = ? ORDER BY ts DESC LIMIT 1`, station).
		Scan(&r.Celsius, &r.At)
	if errors.Is(err, sql.ErrNoRows) {
		return Reading{}, fmt.Errorf("%w: %s", ErrUnknown, station)
	}
	return r, err
}
