package catalog

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// cacheLimit is how many columns a Cache keeps: a column takes some 100 bytes. An entry
// counts as one more.
const cacheLimit = 100_000

// Cache keeps tables that were read until they are dropped, or until there are too many:
// then those that were used least recently go. Tables change seldom, and who uses a
// table that has changed hears of it from the server. A Cache keeps for a minute which
// tables are Unwritable. The zero Cache is empty. It is safe for concurrent use.
type Cache struct {
	mu      sync.Mutex
	entries map[cacheKey]*list.Element // of recent
	recent  list.List                  // of *cacheEntry, the one used last in front
	columns int                        // the costs of all entries
}

type cacheKey struct{ database, table string }

type cacheEntry struct {
	key   cacheKey
	table *Table
	err   error     // *Unwritable, instead of the table
	until time.Time // when err is forgotten
}

// cost is what the entry takes of the cacheLimit.
func (e *cacheEntry) cost() int {
	if e.table == nil {
		return 1
	}
	return 1 + len(e.table.Columns)
}

// unwritableFor is how long an Unwritable table is remembered: there may be another one
// by its name later, and the server has no reason to say so.
const unwritableFor = time.Minute

// Lookup returns a table that was read before, or the *Unwritable error that there was
// instead; known is false if it was not read.
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

// Get returns a table, which it reads with query unless it is known. database is the one
// that query asks. Two that ask at the same time may both read it.
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
	c.put(&cacheEntry{cacheKey{database, table}, t, err, time.Now().Add(unwritableFor)})
	return t, err
}

// put keeps an entry, and drops those used least recently that have no place beside it.
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

// remove drops an entry; nil is none.
func (c *Cache) remove(element *list.Element) {
	if element == nil {
		return
	}
	e := c.recent.Remove(element).(*cacheEntry)
	delete(c.entries, e.key)
	c.columns -= e.cost()
}

// Drop forgets a table, so that the next Get reads it.
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
}
