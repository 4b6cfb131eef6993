package catalog

import (
	"context"
	"errors"
	"sync"
	"time"
)

// cacheLimit is how many tables a Cache keeps.
const cacheLimit = 1000

// Cache keeps tables that were read for as long as nobody drops them: tables change
// seldom, and who uses a table that has changed hears of it from the server. Which are
// Unwritable it keeps for a minute. The zero Cache is empty. It is safe for concurrent
// use.
type Cache struct {
	mu     sync.Mutex
	tables map[cacheKey]cacheEntry
}

type cacheKey struct{ database, table string }

type cacheEntry struct {
	table *Table
	err   error     // *Unwritable, instead of the table
	until time.Time // when err is forgotten
}

// unwritableFor is how long an Unwritable table is remembered: there may be another one
// by its name later, and the server has no reason to say so.
const unwritableFor = time.Minute

// Lookup is a table that was read before, or the *Unwritable error that there was
// instead; known is false if it was not read.
func (c *Cache) Lookup(database, table string) (t *Table, known bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, known := c.tables[cacheKey{database, table}]
	if e.err != nil && time.Now().After(e.until) {
		return nil, false, nil
	}
	return e.table, known, e.err
}

// Get is a table, read with query unless it was before. database is the one that query
// asks. Two that ask at the same time may both read it.
func (c *Cache) Get(ctx context.Context, query Query, database, table string) (*Table, error) {
	if t, known, err := c.Lookup(database, table); known {
		return t, err
	}
	t, err := Read(ctx, query, table)
	var unwritable *Unwritable
	if err != nil && !errors.As(err, &unwritable) {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tables == nil || len(c.tables) >= cacheLimit {
		c.tables = map[cacheKey]cacheEntry{}
	}
	c.tables[cacheKey{database, table}] = cacheEntry{t, err, time.Now().Add(unwritableFor)}
	return t, err
}

// Drop forgets a table, so that the next Get reads it.
func (c *Cache) Drop(database, table string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tables, cacheKey{database, table})
}
