package catalog

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// cacheLimit is the number of columns that a Cache keeps. A column takes some 100 bytes. An
// entry counts as one more.
const cacheLimit = 100_000

// Cache keeps tables that were read until they are dropped, or until there are too many:
// then it removes those that were used least recently. Tables seldom change, and the server
// informs a client that uses a table which has changed. A Cache remembers unwritable tables
// for a minute. The zero Cache is empty. It is safe for concurrent use.
type Cache struct {
	mu      sync.Mutex
	entries map[cacheKey]*list.Element // of recent
	recent  list.List                  // of *cacheEntry, most recently used first
	columns int                        // the costs of all entries
	clears  int                        // number of calls of Clear
}

type cacheKey struct{ database, table string }

type cacheEntry struct {
	key   cacheKey
	table *Table
	err   error     // *UnwritableError, instead of the table
	until time.Time // time at which err is forgotten
}

// cost returns the part of cacheLimit that the entry takes.
func (e *cacheEntry) cost() int {
	if e.table == nil {
		return 1
	}
	return 1 + len(e.table.Columns)
}

// unwritableFor is the time for which an unwritable table is remembered: another table may
// have its name later, and the server has no reason to report that.
const unwritableFor = time.Minute

// Lookup returns a table that was read before, or the *UnwritableError that was returned
// instead. known is false if the table was not read.
func (c *Cache) Lookup(database, table string) (t *Table, known bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, known := c.entries[cacheKey{database, table}]
	if !known {
		return nil, false, nil
	}
	e := element.Value.(*cacheEntry)
	if e.err != nil && time.Now().After(e.until) {
		return nil, false, nil
	}
	c.recent.MoveToFront(element)
	return e.table, true, e.err
}

// Get returns a table. It reads the table with query unless it is known. database is the one
// that query uses. Two concurrent calls may both read the table. If Clear is called meanwhile,
// Get returns the table but does not keep it, because it may have been read before the change.
func (c *Cache) Get(ctx context.Context, query Query, database, table string) (*Table, error) {
	if t, known, err := c.Lookup(database, table); known {
		return t, err
	}
	c.mu.Lock()
	clears := c.clears
	c.mu.Unlock()
	t, err := Read(ctx, query, table)
	var unwritable *UnwritableError
	if err != nil && !errors.As(err, &unwritable) {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clears == clears {
		c.put(&cacheEntry{cacheKey{database, table}, t, err, time.Now().Add(unwritableFor)})
	}
	return t, err
}

// put adds an entry, and removes the least recently used ones that exceed the limit.
func (c *Cache) put(e *cacheEntry) {
	c.remove(c.entries[e.key])
	if c.entries == nil {
		c.entries = map[cacheKey]*list.Element{}
	}
	c.entries[e.key] = c.recent.PushFront(e)
	c.columns += e.cost()
	for c.columns > cacheLimit && c.recent.Len() > 1 {
		c.remove(c.recent.Back())
	}
}

// remove removes an entry, unless it is nil.
func (c *Cache) remove(element *list.Element) {
	if element == nil {
		return
	}
	e := c.recent.Remove(element).(*cacheEntry)
	delete(c.entries, e.key)
	c.columns -= e.cost()
}

// Drop removes a table, so that the next Get reads it.
func (c *Cache) Drop(database, table string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(c.entries[cacheKey{database, table}])
}

// Clear forgets all tables.
func (c *Cache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
	c.recent.Init()
	c.columns = 0
	c.clears++
}
