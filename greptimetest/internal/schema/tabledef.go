package schema

import (
	"strings"

	"github.com/greptime-go/greptime/internal/sqltext"
)

// ValidTableName holds a name against GreptimeDB's rule for table names.
func ValidTableName(name string) bool {
	for i, r := range name {
		letter := r == '_' || r == ':' || r == '-' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || !('0' <= r && r <= '9') && !strings.ContainsRune(".@#", r)) {
			return false
		}
	}
	return name != ""
}

// Columns takes the parenthesised part of CREATE TABLE.
func (c *Cursor) Columns(s *Session, t *Table) (timeIndex, keys []string, err error) {
	if err := c.Expect("("); err != nil {
		return nil, nil, err
	}
	for {
		switch {
		case c.Accept("TIME", "INDEX"):
			names, err := c.nameList()
			if err != nil {
				return nil, nil, err
			}
			timeIndex = append(timeIndex, names...)
		case c.Accept("PRIMARY", "KEY"):
			names, err := c.nameList()
			if err != nil {
				return nil, nil, err
			}
			keys = append(keys, names...)
		default:
			col, marks, err := c.ColumnDef(s, true)
			if err != nil {
				return nil, nil, err
			}
			if marks.TimeIndex {
				timeIndex = append(timeIndex, col.Name)
			}
			if marks.PrimaryKey {
				keys = append(keys, col.Name)
			}
			t.Columns = append(t.Columns, col)
		}
		if c.Accept(")") {
			return timeIndex, keys, nil
		}
		if !c.Accept(",") {
			return nil, nil, c.Unexpected("',' or ')' after column definition")
		}
	}
}

// SetKeys gives the columns their roles.
func (t *Table) SetKeys(timeIndex, keys []string) error {
	if len(timeIndex) == 0 {
		return Errorf(InvalidSyntax, "Missing time index constraint")
	}
	if len(timeIndex) > 1 {
		return Errorf(InvalidSyntax, "Invalid SQL syntax: expected only one time index, found %d", len(timeIndex))
	}
	seen := map[string]bool{}
	for _, col := range t.Columns {
		if seen[strings.ToLower(col.Name)] {
			if i, ok := t.Column(col.Name); ok && t.Columns[i].Name == col.Name && countName(t.Columns, col.Name) > 1 {
				return Errorf(InvalidArguments, "Invalid SQL, error: duplicated column name %s", col.Name)
			}
			return NotSupported("columns whose names differ in case only (%s)", col.Name)
		}
		seen[strings.ToLower(col.Name)] = true
	}
	i, ok := t.Column(timeIndex[0])
	if !ok {
		return Errorf(InvalidArguments, "Invalid SQL, error: Column %s not found", timeIndex[0])
	}
	ti := &t.Columns[i]
	if !ti.Type.IsTimestamp() || ti.Type.Datetime {
		return Errorf(InvalidArguments, "Invalid column option, column name: %s, error: time index column data type should be timestamp", ti.Name)
	}
	ti.Semantic, ti.Nullable = TimeIndex, false
	for _, k := range keys {
		i, ok := t.Column(k)
		if !ok {
			return Errorf(InvalidArguments, "Invalid SQL, error: Column %s not found", k)
		}
		if t.Columns[i].Semantic == TimeIndex {
			return Errorf(InvalidArguments, "Invalid column option, column name: %s, error: primary key and time index are the same column", k)
		}
		t.Columns[i].Semantic = Tag
	}
	t.Tags = keys
	return nil
}

func countName(cols []Column, name string) int {
	n := 0
	for _, c := range cols {
		if c.Name == name {
			n++
		}
	}
	return n
}

// TableOptions takes PARTITION ON, ENGINE, COMMENT and WITH.
func (c *Cursor) TableOptions(s *Session, t *Table) error {
	for {
		switch {
		case c.Accept("PARTITION", "ON", "COLUMNS"):
			if err := c.partitionClause(t); err != nil {
				return err
			}
		case c.Accept("ENGINE"):
			c.Accept("=")
			if n, err := c.Ident(); err != nil {
				return err
			} else if n != "mito" {
				return NotSupported("ENGINE=%s", n)
			}
		case c.Accept("COMMENT"):
			c.Accept("=")
			v, err := c.StringLiteral()
			if err != nil {
				return err
			}
			t.Options["comment"] = v
		case c.Accept("WITH"):
			opts, err := c.optionList()
			if err != nil {
				return err
			}
			for k, v := range opts {
				if err := t.SetOption(k, v); err != nil {
					return err
				}
			}
			return t.CheckOptions(s.Version)
		default:
			return nil
		}
	}
}

// optionList takes (key = value, 'key' = 'value').
func (c *Cursor) optionList() (map[string]string, error) {
	if err := c.Expect("("); err != nil {
		return nil, err
	}
	opts := map[string]string{}
	for {
		var key string
		for {
			t := c.Take()
			switch {
			case t.Kind == sqltext.TokenString:
				key += Unquote(t.Text)
			case t.IsName():
				key += t.Name()
			default:
				c.Next--
				return nil, c.Unexpected("option name")
			}
			if !c.Accept(".") {
				break
			}
			key += "."
		}
		if err := c.Expect("="); err != nil {
			return nil, err
		}
		v := c.Take()
		if v.Kind == sqltext.TokenString {
			opts[key] = Unquote(v.Text)
		} else {
			opts[key] = strings.ToLower(v.Text)
		}
		if c.Accept(")") {
			return opts, nil
		}
		if err := c.Expect(","); err != nil {
			return nil, err
		}
	}
}
