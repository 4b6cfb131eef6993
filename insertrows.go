package greptime

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime/internal/catalog"
	columns "github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/sqlvalue"
	"github.com/greptime-go/greptime/internal/transport"
)

// insertBuffer holds the encoded rows of a native insert until they are sent.
type insertBuffer struct {
	body transport.Body // a greptime.v1.Rows
	row  []byte         // the row that is being encoded
}

var insertBuffers = sync.Pool{New: func() any { return new(insertBuffer) }}

// maxInsertBuffer is the size in bytes up to which a buffer is kept.
const maxInsertBuffer = 1 << 20

func newInsertBuffer() *insertBuffer { return insertBuffers.Get().(*insertBuffer) }

// free keeps the buffer for another insert, unless gRPC is still reading it.
func (b *insertBuffer) free() {
	if b.body.InUse() || cap(b.body.Bytes) > maxInsertBuffer || cap(b.row) > maxInsertBuffer {
		return
	}
	b.body.Bytes = b.body.Bytes[:0]
	insertBuffers.Put(b)
}

// encode writes the columns and rows. The error is *notNativeError, or wraps *sqlvalue.LossyError.
func (n *nativeInsert) encode(b *insertBuffer, table *catalog.Table) error {
	list, err := n.columnsOf(table)
	if err != nil {
		if lost := n.loss(list, 0); lost != nil {
			return lost
		}
		if !n.fresh && !isUsual(err) {
			n.forget() // the next INSERT reads them again
		}
		return err
	}
	body := b.body.Bytes[:0]
	for _, c := range list {
		body = c.Type.AppendSchema(body, c.Name, semanticType(c.Role))
	}
	cell := sqlvalue.Cell{UTC: n.session.isUTC()}
	for row := range n.values.Rows {
		b.row = b.row[:0]
		for i, c := range list {
			arg, literal := n.value(row*len(list) + i)
			if literal == "" {
				var ok bool
				if b.row, ok = sqlvalue.Append(b.row, c.Type, arg); ok {
					continue
				}
				err = setArg(&cell, c.Type, arg)
			} else {
				err = cell.SetLiteral(c.Type, literal)
			}
			if err == nil && cell.IsNull() && (!c.Nullable || c.Default != "") {
				err = errNullToServer
			}
			if err != nil {
				return n.refuse(err, list, row, i)
			}
			b.row = cell.AppendValue(b.row, c.Type)
		}
		body = protowire.AppendTag(body, rowsRow, protowire.BytesType)
		body = protowire.AppendBytes(body, b.row)
	}
	b.body.Bytes = body
	return nil
}

var errNullToServer = &sqlvalue.NotNativeError{Reason: "the column has a DEFAULT or is NOT NULL, and a NULL for it is left to the server"}

// value returns value i: an argument, or a literal, whose text is not empty.
func (n *nativeInsert) value(i int) (arg driver.Value, literal string) {
	if n.values.InOrder && n.order == nil {
		return n.args[i].Value, ""
	}
	if at, ok := n.argument(i); ok {
		return n.args[at].Value, ""
	}
	item := &n.values.Items[i]
	return nil, n.script.Text[item.Start:item.End]
}

// argument returns the index of the argument that value i is; ok is false for a literal.
func (n *nativeInsert) argument(i int) (at int, ok bool) {
	if n.values.InOrder && n.order == nil {
		return i, true
	}
	item := &n.values.Items[i]
	if item.Kind != sqltext.Argument {
		return 0, false
	}
	at = int(n.script.Statements[0].Placeholders[item.Placeholder].Input)
	if n.order != nil {
		at = n.order[at]
	}
	return at, true
}

// columnsOf returns the columns that the statement names. The server fills in the others.
// If it would call a function for one of them, the error is *notNativeError.
func (n *nativeInsert) columnsOf(table *catalog.Table) ([]*catalog.Column, error) {
	list := make([]*catalog.Column, len(n.values.Columns))
	named := make([]bool, len(table.Columns))
	for i, name := range n.values.Columns {
		at, ok := table.Index(name)
		switch {
		case !ok:
			return nil, &notNativeError{reason: fmt.Sprintf("table %s has no column %s", strconv.Quote(n.table), strconv.Quote(name))}
		case named[at]:
			return nil, &notNativeError{reason: fmt.Sprintf("it names column %s twice", strconv.Quote(name))}
		}
		named[at] = true
		list[i] = &table.Columns[at]
	}
	for i := range table.Columns {
		c := &table.Columns[i]
		switch {
		case named[i]:
		case !c.Nullable && c.Default == "":
			return list, &notNativeError{reason: fmt.Sprintf("column %s is left out, and must have a value", strconv.Quote(c.Name))}
		case c.Role == catalog.TimeIndex, strings.HasSuffix(c.Default, ")"):
			return list, &notNativeError{reason: fmt.Sprintf("column %s is left out, and has the DEFAULT %s", strconv.Quote(c.Name), c.Default), usual: true}
		}
	}
	return list, nil
}

func semanticType(r catalog.Role) greptimev1.SemanticType {
	switch r {
	case catalog.Tag:
		return greptimev1.SemanticType_TAG
	case catalog.TimeIndex:
		return greptimev1.SemanticType_TIMESTAMP
	}
	return greptimev1.SemanticType_FIELD
}

// refuse returns the reason why the value of a row for column i does not travel natively. If
// the statement must go as text for it, refuse also checks the values behind it: the text
// might lose one.
func (n *nativeInsert) refuse(err error, list []*catalog.Column, row, i int) error {
	err = n.valueError(err, row, list[i])
	if isAsText(err) {
		if lost := n.loss(list, row*len(list)+i+1); lost != nil {
			return lost
		}
	}
	return err
}

// valueError returns an error that names the value that cannot travel natively, without
// showing it.
func (n *nativeInsert) valueError(err error, row int, c *catalog.Column) error {
	where := fmt.Sprintf("column %s of type %s", strconv.Quote(c.Name), c.Type)
	if n.values.Rows > 1 {
		where = fmt.Sprintf("row %d (index %d), %s", row+1, row, where)
	}
	var lossy *sqlvalue.LossyError
	if errors.As(err, &lossy) {
		return fmt.Errorf("greptime: INSERT into table %s, %s: %w; nothing was sent", strconv.Quote(n.table), where, err)
	}
	return &notNativeError{reason: where + ": " + err.Error(), cause: err}
}

// setArg sets an argument that CheckNamedValue has accepted.
func setArg(c *sqlvalue.Cell, t columns.Type, v driver.Value) error {
	switch v := v.(type) {
	case nil:
		c.SetNull()
		return nil
	case string:
		return c.SetString(t, v)
	case float64:
		return c.SetFloat64(t, v)
	case float32:
		return c.SetFloat32(t, v)
	case int64:
		return c.SetInt(t, v)
	case int:
		return c.SetInt(t, int64(v))
	case int32:
		return c.SetInt(t, int64(v))
	case int16:
		return c.SetInt(t, int64(v))
	case int8:
		return c.SetInt(t, int64(v))
	case uint64:
		return c.SetUint(t, v)
	case uint:
		return c.SetUint(t, uint64(v))
	case uint32:
		return c.SetUint(t, uint64(v))
	case uint16:
		return c.SetUint(t, uint64(v))
	case uint8:
		return c.SetUint(t, uint64(v))
	case bool:
		return c.SetBool(t, v)
	case time.Time:
		return c.SetTime(t, v)
	case []byte:
		return c.SetBytes(t, v)
	case json.RawMessage:
		return c.SetJSON(t, v)
	case Vector:
		return c.SetVector(t, v)
	case Decimal:
		return c.SetDecimal(t, string(v))
	case Date:
		days, err := v.EpochDays()
		if err != nil {
			return err
		}
		return c.SetDate(t, v.Year, days)
	case *big.Rat:
		if v == nil {
			c.SetNull()
			return nil
		}
		arg, err := sqlArg(v)
		if err != nil {
			return err
		}
		return c.SetDecimal(t, arg.Text)
	}
	return fmt.Errorf("a %T is left to the server to read", v)
}

// request returns the GreptimeRequest around the rows.
func (b *insertBuffer) request(header []byte, table string) transport.Encoded {
	rows := len(b.body.Bytes)
	insert := sizeField(len(table)) + sizeField(rows)
	p := make([]byte, 0, sizeField(len(header))+len(table)+8*protowire.SizeVarint(uint64(insert)))
	p = append(appendLength(p, requestHeader, len(header)), header...)
	p = appendLength(p, requestRowInserts, sizeField(insert))
	p = appendLength(p, insertsInsert, insert)
	p = protowire.AppendTag(p, insertTable, protowire.BytesType)
	p = protowire.AppendString(p, table)
	p = appendLength(p, insertRows, rows)
	return transport.Encoded{transport.Fixed(p), b.body.Part(0, rows)}
}
