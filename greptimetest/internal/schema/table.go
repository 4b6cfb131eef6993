package schema

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Semantic is a column's role.
type Semantic uint8

// String returns the role as DESCRIBE prints it.
func (s Semantic) String() string { return [...]string{"TAG", "FIELD", "TIMESTAMP"}[s] }

// Roles in the order of GreptimeDB's protocol.
const (
	Tag Semantic = iota
	Field
	TimeIndex
)

// Column is a column of a table.
type Column struct {
	Name     string
	Type     Type
	Nullable bool
	Semantic Semantic
	// Default is the default as SQL text, "" for none; DefaultMeta is the JSON that
	// GreptimeDB puts in the field's metadata.
	Default     string
	DefaultMeta string
	Comment     string
	// Index is the metadata of an inverted, fulltext or skipping index.
	Index map[string]string
}

// Table is a table, or a view if View is set.
type Table struct {
	ID       int
	Database string
	Name     string
	Columns  []Column
	// Tags are the names of the primary key's columns in its order.
	Tags    []string
	Options map[string]string
	Version int // grows with every change of columns
	// Partitions divides the rows among regions.
	Partitions Partitioning
	View       string
}

// Phys returns the table in DuckDB. Names there are case-insensitive and GreptimeDB's
// are not, so it is the id that names it.
func (t *Table) Phys() string { return fmt.Sprintf("t%d", t.ID) }

// Column returns the position of a column and reports whether the table has it.
func (t *Table) Column(name string) (int, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	return i, i >= 0
}

// TimeIndex returns the position of the time index.
func (t *Table) TimeIndex() int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Semantic == TimeIndex })
}

// AppendMode reports whether rows of the same key are all kept.
func (t *Table) AppendMode() bool { return t.Options["append_mode"] == "true" }

// LastNonNull reports whether a row fills its NULLs from the row it replaces.
func (t *Table) LastNonNull() bool { return t.Options["merge_mode"] == "last_non_null" }

// TTLInstant reports whether rows expire at once.
func (t *Table) TTLInstant() bool { return t.Options["ttl"] == "instant" }

func (t *Table) region() string { return fmt.Sprintf("%d(%d, 0)", t.ID<<32, t.ID) }

// BadRequest returns the error of a region that refuses a write.
func (t *Table) BadRequest(format string, args ...any) *Error {
	return Errorf(InvalidArguments, "Invalid request to region %s, reason: %s", t.region(), fmt.Sprintf(format, args...))
}

// Clone copies a table's definition, to be changed and swapped in.
func (t *Table) Clone() *Table {
	return &Table{ID: t.ID, Database: t.Database, Name: t.Name, Columns: slices.Clone(t.Columns), Tags: slices.Clone(t.Tags),
		Options: maps.Clone(t.Options), Version: t.Version, Partitions: t.Partitions, View: t.View}
}

// KeyColumns returns the tags and the time index, which together are a row's key.
func (t *Table) KeyColumns() []int {
	keys := make([]int, 0, len(t.Tags)+1)
	for _, tag := range t.Tags {
		i, _ := t.Column(tag)
		keys = append(keys, i)
	}
	return append(keys, t.TimeIndex())
}

// NullRefused returns the error of a NULL in rows and SQL.
func (t *Table) NullRefused(col *Column) error {
	return t.BadRequest("column %s is not null but input has null", col.Name)
}

// CheckDay refuses a time whose day does not fit into int64 in the unit of the time
// index: GreptimeDB keeps rows by the day in memory.
func (t *Table) CheckDay(ts int64) error {
	day := 86400 * t.Columns[t.TimeIndex()].Type.PerSecond()
	into := ts - FloorDiv(ts, day)*day
	switch {
	case ts < math.MinInt64+into:
		return t.BadRequest("Timestamp out of range: %d", ts)
	case ts-into > math.MaxInt64-day:
		return t.BadRequest("Partition time range for %d is out of bound, bucket size: 86400s", ts-into)
	}
	return nil
}

// RegionOrder returns the position of column i in a region's batches, which have the
// tags first, then the fields and then the time index.
func (t *Table) RegionOrder(i int) int {
	rank := func(i int) int {
		switch t.Columns[i].Semantic {
		case Tag:
			return slices.Index(t.Tags, t.Columns[i].Name)
		case Field:
			return len(t.Columns) + i
		}
		return 2 * len(t.Columns)
	}
	at := 0
	for k := range t.Columns {
		if rank(k) < rank(i) {
			at++
		}
	}
	return at
}

// KeyName returns the column's role as SHOW COLUMNS prints it.
func (col *Column) KeyName() string {
	return [...]string{"PRI", "", "TIME INDEX"}[col.Semantic]
}

// DefaultText returns the default as DESCRIBE prints it.
func (col *Column) DefaultText() string {
	if strings.HasPrefix(col.Default, "'") {
		return Unquote(col.Default)
	}
	return col.Default
}
