package sqlinsert

import "github.com/greptime-go/greptime/internal/column"

// Cell is a value of an INSERT. The zero Cell is NULL, in a session whose time zone is
// not UTC. You can reuse a Cell: each Set method replaces its value. After a Set method has
// returned an error, set the Cell again before you use it. A Cell refers to the strings and
// slices that were passed to it.
type Cell struct {
	// UTC reports that the session's time zone is UTC.
	UTC bool

	cell column.Cell
}

// SetNull sets the cell to NULL.
func (c *Cell) SetNull() { c.cell.SetNull() }

// IsNull reports whether the cell is NULL.
func (c *Cell) IsNull() bool { return c.cell.IsNull() }

// AppendValue appends the cell to the values of a greptime.v1.Row.
func (c *Cell) AppendValue(dst []byte, t column.Type) []byte { return t.AppendValue(dst, &c.cell) }

// textUnless returns nil if a value was accepted, and otherwise leaves it to the server.
func textUnless(err error) error {
	if err != nil {
		return errRange
	}
	return nil
}

// SetBool sets TRUE or FALSE.
func (c *Cell) SetBool(t column.Type, v bool) error {
	if t.Kind() != column.Boolean {
		return errNoPair
	}
	return textUnless(c.cell.SetBool(t, v))
}
