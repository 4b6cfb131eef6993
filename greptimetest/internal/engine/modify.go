package engine

import (
	"maps"
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// modifyColumn takes what follows ALTER TABLE t MODIFY: a new type, a default, or an
// index to set or unset. It returns the DDL that goes with it.
func modifyColumn(c *schema.Cursor, s *schema.Session, t *schema.Table) ([]string, error) {
	if err := c.Expect("COLUMN"); err != nil {
		return nil, err
	}
	name, err := c.Ident()
	if err != nil {
		return nil, err
	}
	i, ok := t.Column(name)
	if !ok {
		return nil, schema.Errorf(schema.TableColumnNotFound, "Column %s not exists in table %s", name, t.Name)
	}
	col := &t.Columns[i]
	switch {
	case c.Accept("SET", "DEFAULT"):
		return nil, c.DefaultValue(col, s)
	case c.Accept("DROP", "DEFAULT"):
		col.Default, col.DefaultMeta = "", ""
		return nil, nil
	case c.Accept("SET"):
		return nil, setIndex(c, col)
	case c.Accept("UNSET"):
		return nil, unsetIndex(c, col)
	}
	return modifyType(c, t, col)
}

// indexKeys are the keys of an index in a field's metadata.
var indexKeys = map[string]string{"INVERTED": "greptime:inverted_index", "SKIPPING": "greptime:skipping_index", "FULLTEXT": "greptime:fulltext"}

// setIndex takes an index as in CREATE TABLE.
func setIndex(c *schema.Cursor, col *schema.Column) error {
	made := schema.Column{Name: col.Name, Type: col.Type, Index: map[string]string{}}
	maps.Copy(made.Index, col.Index) // the old definition has the map, too
	if set, err := c.ColumnIndex(&made); err != nil {
		return err
	} else if !set {
		return c.Unexpected("DEFAULT, INVERTED, SKIPPING or FULLTEXT")
	}
	col.Index = made.Index
	return nil
}

func unsetIndex(c *schema.Cursor, col *schema.Column) error {
	key, ok := indexKeys[strings.ToUpper(c.Peek().Text)]
	if !ok {
		return c.Unexpected("INVERTED, SKIPPING or FULLTEXT INDEX")
	}
	c.Take()
	if err := c.Expect("INDEX"); err != nil {
		return err
	}
	col.Index = maps.Clone(col.Index)
	delete(col.Index, key)
	return nil
}

// modifyType changes a column's type to one that holds all values of the old one.
func modifyType(c *schema.Cursor, t *schema.Table, col *schema.Column) ([]string, error) {
	typ, err := c.ColumnType()
	if err != nil {
		return nil, err
	}
	if col.Semantic != schema.Field {
		return nil, schema.Errorf(schema.InvalidArguments, "Not allowed to change the type of index column %s of table %s", col.Name, t.Name)
	}
	from := col.Type
	switch {
	case col.Default != "":
		return nil, schema.NotSupported("MODIFY COLUMN of a column with a DEFAULT")
	case !col.Nullable:
		return nil, schema.Errorf(schema.InvalidArguments, "Column %s of table %s is NOT NULL, its type cannot be changed", col.Name, t.Name)
	case from.IsInteger() && (typ.Kind == schema.String || typ.Kind == schema.Int64 && from.Kind != schema.UInt64 || typ.Kind == schema.Int32 && (from.Kind == schema.Int8 || from.Kind == schema.Int16)):
	case from.Kind == schema.Float32 && typ.Kind == schema.Float64:
	default:
		return nil, schema.NotSupported("MODIFY COLUMN from %s to %s", from.SQL(), typ.SQL())
	}
	col.Type = typ
	return []string{"ALTER TABLE " + t.Phys() + " ALTER COLUMN " + schema.Quote(col.Name) + " TYPE " + typ.Duck()}, nil
}
