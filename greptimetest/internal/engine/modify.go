package engine

import (
	"maps"
	"strings"
)

// modifyColumn takes what follows ALTER TABLE t MODIFY: a new type, a default, or an
// index to set or unset. It returns the DDL that goes with it.
func (c *cursor) modifyColumn(s *Session, t *Table) ([]string, error) {
	c.accept("COLUMN")
	name, err := c.ident()
	if err != nil {
		return nil, err
	}
	i, ok := t.column(name)
	if !ok {
		return nil, errorf(TableColumnNotFound, "Column %s not exists in table %s", name, t.Name)
	}
	col := &t.Columns[i]
	switch {
	case c.accept("SET", "DEFAULT"):
		return nil, c.defaultValue(col, s)
	case c.accept("DROP", "DEFAULT"):
		col.Default, col.DefaultMeta = "", ""
		return nil, nil
	case c.accept("SET"):
		return nil, c.setIndex(col)
	case c.accept("UNSET"):
		return nil, c.unsetIndex(col)
	}
	return c.modifyType(t, col)
}

// indexKeys are the keys of an index in a field's metadata.
var indexKeys = map[string]string{"INVERTED": "greptime:inverted_index", "SKIPPING": "greptime:skipping_index", "FULLTEXT": "greptime:fulltext"}

// setIndex takes an index as in CREATE TABLE.
func (c *cursor) setIndex(col *Column) error {
	made := Column{Index: map[string]string{}}
	maps.Copy(made.Index, col.Index) // the old definition has the map, too
	if set, err := c.index(&made); err != nil {
		return err
	} else if !set {
		return c.unexpected("DEFAULT, INVERTED, SKIPPING or FULLTEXT")
	}
	col.Index = made.Index
	return nil
}

func (c *cursor) unsetIndex(col *Column) error {
	key, ok := indexKeys[strings.ToUpper(c.peek().text)]
	if !ok {
		return c.unexpected("INVERTED, SKIPPING or FULLTEXT INDEX")
	}
	c.next()
	if err := c.expect("INDEX"); err != nil {
		return err
	}
	col.Index = maps.Clone(col.Index)
	delete(col.Index, key)
	return nil
}

// modifyType changes a column's type to one that holds all values of the old one.
func (c *cursor) modifyType(t *Table, col *Column) ([]string, error) {
	typ, err := c.columnType()
	if err != nil {
		return nil, err
	}
	if col.Semantic != Field {
		return nil, errorf(InvalidArguments, "Not allowed to change the type of index column %s of table %s", col.Name, t.Name)
	}
	from := col.Type
	switch {
	case col.Default != "":
		return nil, unsupported("MODIFY COLUMN of a column with a DEFAULT")
	case !col.Nullable:
		return nil, errorf(InvalidArguments, "Column %s of table %s is NOT NULL, its type cannot be changed", col.Name, t.Name)
	case from.isInteger() && (typ.Kind == String || typ.Kind == Int64 && from.Kind != UInt64 || typ.Kind == Int32 && (from.Kind == Int8 || from.Kind == Int16)):
	case from.Kind == Float32 && typ.Kind == Float64:
	default:
		return nil, unsupported("MODIFY COLUMN from %s to %s", from.sql(), typ.sql())
	}
	col.Type = typ
	return []string{"ALTER TABLE " + t.phys() + " ALTER COLUMN " + quote(col.Name) + " TYPE " + typ.duck()}, nil
}
