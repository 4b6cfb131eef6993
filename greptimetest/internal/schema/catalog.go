package schema

import (
	"iter"
	"maps"
	"slices"
)

// Catalog is the databases and tables. The engine's lock guards it.
type Catalog struct {
	Databases map[string]map[string]*Table
	NextID    int
}

// CatalogName is the name of the only catalog.
const CatalogName = "greptime"

// InformationSchema is the database whose tables are made anew for each query.
const InformationSchema = "information_schema"

// The databases that always exist.
var BuiltinDatabases = []string{"greptime_private", InformationSchema, "public"}

// Table finds a table or view; nil if there is none.
func (c *Catalog) Table(n TableName) *Table {
	if n.Catalog != CatalogName {
		return nil
	}
	return c.Databases[n.DB][n.Table]
}

// Database returns the tables and views of a database by name, or the error that there is
// none.
func (c *Catalog) Database(n string) (map[string]*Table, error) {
	if db := c.Databases[n]; db != nil {
		return db, nil
	}
	return nil, Errorf(InvalidArguments, "Failed to find schema, schema info: %s", n)
}

// Tables returns the tables of a database in the order of their names.
func (c *Catalog) Tables(db string) []*Table {
	names := slices.Sorted(maps.Keys(c.Databases[db]))
	ts := make([]*Table, len(names))
	for i, n := range names {
		ts[i] = c.Databases[db][n]
	}
	return ts
}

// All yields all tables and views, by the names of their databases and their own.
func (c *Catalog) All() iter.Seq[*Table] {
	return func(yield func(*Table) bool) {
		for _, db := range slices.Sorted(maps.Keys(c.Databases)) {
			for _, t := range c.Tables(db) {
				if !yield(t) {
					return
				}
			}
		}
	}
}
