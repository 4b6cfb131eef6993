package catalog

import (
	"context"
	"sync"
)

// cacheLimit is how many tables a Cache keeps.
const cacheLimit = 1000

// Cache keeps tables that were read, for as long as nobody drops them: tables change
// seldom, and who uses a table that has changed hears of it from the server. The zero
// Cache is empty. It is safe for concurrent use.
type Cache struct {
	mu     sync.Mutex
	tables map[cacheKey]*Table
}

type cacheKey struct{ database, table string }

// Lookup is a table that was read before.
func (c *Cache) Lookup(database, table string) (*Table, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.tables[cacheKey{database, table}]
	return t, ok
}

// Get is a table, read with query unless it was before. database is the one that query
// asks. Two that ask at the same time may both read it.
func (c *Cache) Get(ctx context.Context, query Query, database, table string) (*Table, error) {
	if t, ok := c.Lookup(database, table); ok {
		return t, nil
	}
	t, err := Read(ctx, query, table)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tables == nil || len(c.tables) >= cacheLimit {
		c.tables = map[cacheKey]*Table{}
	}
	c.tables[cacheKey{database, table}] = t
	return t, nil
}

// Drop forgets a table, so that the next Get reads it.
func (c *Cache) Drop(database, table string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tables, cacheKey{database, table})
}
