package nullserver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/scans"
)

// GreptimeDB also speaks PostgreSQL's protocol. So does the null server, for the same
// scans: everybody may connect, statements are not looked at closer than to find the
// scan, and rows are sent whose bytes were made beforehand, each column as text or in
// binary, as the client asks.

func servePostgres(conn net.Conn) error {
	c := &postgresConn{Backend: pgproto3.NewBackend(conn, conn), conn: conn, statements: map[string]scans.Query{}}
	return c.serve()
}

type postgresConn struct {
	*pgproto3.Backend
	conn       net.Conn
	statements map[string]scans.Query
	portal     portal // clients use one at a time
}

// portal is a statement that is ready to run.
type portal struct {
	query   scans.Query
	formats []int16 // of the columns; none: all are text
}

func (c *postgresConn) serve() error {
	if _, err := c.ReceiveStartupMessage(); err != nil {
		return err
	}
	c.Send(&pgproto3.AuthenticationOk{})
	c.Send(&pgproto3.ParameterStatus{Name: "client_encoding", Value: "UTF8"})
	c.Send(&pgproto3.ParameterStatus{Name: "standard_conforming_strings", Value: "on"})
	c.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: make([]byte, 4)})
	if err := c.ready(); err != nil {
		return err
	}
	for {
		m, err := c.Receive()
		if err != nil {
			return err
		}
		if _, ok := m.(*pgproto3.Terminate); ok {
			return nil
		}
		if err := c.answer(m); err != nil {
			c.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "XX000", Message: err.Error()})
			return errors.Join(err, c.Flush())
		}
	}
}

func (c *postgresConn) answer(m pgproto3.FrontendMessage) (err error) {
	switch m := m.(type) {
	case *pgproto3.Query: // the simple protocol
		if strings.HasPrefix(m.String, "--") { // a ping
			c.Send(&pgproto3.EmptyQueryResponse{})
			return c.ready()
		}
		if c.portal.query, err = scans.ParseQuery(m.String); err != nil {
			return err
		}
		c.portal.formats = nil
		c.describe(c.portal)
		if err := c.run(c.portal); err != nil {
			return err
		}
		return c.ready()
	case *pgproto3.Parse:
		q, err := scans.ParseQuery(m.Query)
		if err != nil {
			return err
		}
		c.statements[m.Name] = q
		c.Send(&pgproto3.ParseComplete{})
	case *pgproto3.Bind:
		c.portal = portal{query: c.statements[m.PreparedStatement], formats: slices.Clone(m.ResultFormatCodes)}
		c.Send(&pgproto3.BindComplete{})
	case *pgproto3.Describe:
		if m.ObjectType == 'S' {
			c.Send(&pgproto3.ParameterDescription{})
			c.describe(portal{query: c.statements[m.Name]})
		} else {
			c.describe(c.portal)
		}
	case *pgproto3.Execute:
		return c.run(c.portal)
	case *pgproto3.Close:
		delete(c.statements, m.Name)
		c.Send(&pgproto3.CloseComplete{})
	case *pgproto3.Sync:
		return c.ready()
	default:
		return fmt.Errorf("the null server has no answer to PostgreSQL's %T", m)
	}
	return nil
}

// ready ends the answers to what was asked.
func (c *postgresConn) ready() error {
	c.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return c.Flush()
}

// describe sends the columns of the rows.
func (c *postgresConn) describe(p portal) {
	var d pgproto3.RowDescription
	for i, name := range p.query.ColumnNames() {
		d.Fields = append(d.Fields, pgproto3.FieldDescription{
			Name: []byte(name), DataTypeOID: postgresType(name), DataTypeSize: -1, TypeModifier: -1, Format: p.format(i),
		})
	}
	c.Send(&d)
}

// run sends the rows.
func (c *postgresConn) run(p portal) error {
	if err := c.Flush(); err != nil {
		return err
	}
	if err := p.rows().send(c.conn, nil, p.query.Rows, nil); err != nil {
		return err
	}
	c.Send(&pgproto3.CommandComplete{CommandTag: fmt.Appendf(nil, "SELECT %d", p.query.Rows)})
	return nil
}

// format is that of a column: one for all, one for each, or text.
func (p portal) format(column int) int16 {
	switch {
	case len(p.formats) == 1:
		return p.formats[0]
	case column < len(p.formats):
		return p.formats[column]
	}
	return pgproto3.TextFormat
}

// postgresRows keeps rows that were asked for before.
var postgresRows sync.Map // string of columns and formats → *encodedRows

func (p portal) rows() *encodedRows {
	key := fmt.Sprint(p.query.Columns, p.formats)
	if e, ok := postgresRows.Load(key); ok {
		return e.(*encodedRows)
	}
	columns := p.query.ColumnNames()
	e := encodeRows(func(b []byte, _ int, row *data.Row) []byte {
		values := make([][]byte, len(columns))
		for i, name := range columns {
			if p.format(i) == pgproto3.BinaryFormat {
				values[i] = postgresBinary(row.Value(name))
			} else {
				values[i] = appendText(nil, row.Value(name))
			}
		}
		b, err := (&pgproto3.DataRow{Values: values}).Encode(b)
		if err != nil {
			panic(err) // the values are those above
		}
		return b
	})
	postgresRows.Store(key, e)
	return e
}

// postgresType is the type of a column, as GreptimeDB names it to PostgreSQL's clients.
func postgresType(column string) uint32 {
	switch (&data.Row{}).Value(column).(type) {
	case float64:
		return pgtype.Float8OID
	case int64:
		return pgtype.Int8OID
	case time.Time:
		return pgtype.TimestampOID
	}
	return pgtype.VarcharOID
}

// postgresEpoch is what timestamps in binary count from.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func postgresBinary(v any) []byte {
	switch v := v.(type) {
	case float64:
		return binary.BigEndian.AppendUint64(nil, math.Float64bits(v))
	case int64:
		return binary.BigEndian.AppendUint64(nil, uint64(v))
	case time.Time:
		return binary.BigEndian.AppendUint64(nil, uint64(v.Sub(postgresEpoch).Microseconds()))
	}
	return appendText(nil, v)
}
