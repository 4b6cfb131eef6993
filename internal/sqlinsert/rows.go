package sqlinsert

import (
	"fmt"
	"strconv"
	"sync"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/request"
	"github.com/greptime-go/greptime/internal/transport"
)

// Buffer holds the encoded rows of a native insert until they are sent.
type Buffer struct {
	Schema []byte         // the fields schema of a greptime.v1.Rows, which must not be changed
	Body   transport.Body // its fields rows
}

var buffers = sync.Pool{New: func() any { return new(Buffer) }}

// maxBuffer is the size in bytes up to which a buffer is kept.
const maxBuffer = 1 << 20

// NewBuffer returns a buffer. Call Free when the request has been answered.
func NewBuffer() *Buffer { return buffers.Get().(*Buffer) }

// Free keeps the buffer for another insert, unless gRPC is still reading it.
func (b *Buffer) Free() {
	if b.Body.InUse() || cap(b.Body.Bytes) > maxBuffer {
		return
	}
	b.Schema, b.Body.Bytes = nil, b.Body.Bytes[:0]
	buffers.Put(b)
}

// Encode writes the rows to b. The error is a *NotNativeError if the statement must
// go as text, and the text loses none of its values. It wraps a *LossyError if the text would
// lose one.
func (n *Insert) Encode(b *Buffer, table *catalog.Table) error {
	columns, err := n.memo.columns(n, table)
	list, kinds := columns.list, columns.kinds
	if err != nil {
		if lost := n.loss(list, 0); lost != nil {
			return lost
		}
		return err
	}
	body := b.Body.Bytes[:0]
	var w request.RowWriter
	cell := Cell{UTC: n.UTC}
	for row := range n.values.Rows {
		start := len(body)
		body = w.Begin(body)
		for i := 0; i < len(list); {
			first, count := n.argsFrom(row*len(list)+i, len(list)-i)
			var done int
			body, done = appendArgs(body, kinds[i:i+count], n.args[first:first+count])
			if i += done; done > 0 && done == count {
				continue
			}
			// The value is a literal, or an argument about which the Cell decides.
			c := list[i]
			if err := n.setCell(&cell, c, row*len(list)+i); err != nil {
				return n.refuse(err, list, row, i)
			}
			body = cell.AppendValue(body, c.Type)
			i++
		}
		body = w.End(body, start)
	}
	b.Schema, b.Body.Bytes = columns.schema, body
	return nil
}

// setCell sets the cell to value i, which is for column c.
func (n *Insert) setCell(cell *Cell, c *catalog.Column, i int) (err error) {
	if arg, literal := n.value(i); literal == "" {
		err = cell.SetArg(c.Type, arg)
	} else {
		err = cell.SetLiteral(c.Type, literal)
	}
	if err == nil && cell.IsNull() && (!c.Nullable || c.Default != "") {
		return errNullToServer
	}
	return err
}

var errNullToServer = &NotNativeError{Reason: "the column has a DEFAULT or is NOT NULL, and a NULL for it is left to the server"}

// refuse returns the reason why the value of a row for column i does not travel natively. If
// the statement must go as text for it, refuse also checks the values behind it: the text
// might lose one.
func (n *Insert) refuse(err error, list []*catalog.Column, row, i int) error {
	err = n.valueError(err, row, list[i])
	if !isLossy(err) {
		if lost := n.loss(list, row*len(list)+i+1); lost != nil {
			return lost
		}
	}
	return err
}

// valueError returns an error that names the value that cannot travel natively, without
// showing it.
func (n *Insert) valueError(err error, row int, c *catalog.Column) error {
	where := fmt.Sprintf("column %s of type %s", strconv.Quote(c.Name), c.Type)
	if n.values.Rows > 1 {
		where = fmt.Sprintf("row %d (index %d), %s", row+1, row, where)
	}
	if isLossy(err) {
		return fmt.Errorf("greptime: INSERT into table %s, %s: %w; nothing was sent", strconv.Quote(n.Table), where, err)
	}
	return &NotNativeError{Reason: where + ": " + err.Error(), Cause: err}
}
