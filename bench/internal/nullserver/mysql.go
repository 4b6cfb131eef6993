package nullserver

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"sync"
	"time"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/scans"
)

// GreptimeDB also speaks MySQL's protocol, which is how most Go programs reach it. So
// does the null server, for the same scans: a handshake that believes everything, and
// result sets whose bytes were made beforehand.

// Commands of MySQL's protocol.
const (
	comQuit        = 0x01
	comQuery       = 0x03
	comPing        = 0x0e
	comStmtPrepare = 0x16
	comStmtExecute = 0x17
	comStmtClose   = 0x19
)

// Types of columns, as GreptimeDB names them to MySQL clients.
const (
	mysqlDouble   = 0x05
	mysqlBigint   = 0x08
	mysqlDatetime = 0x0c
	mysqlString   = 0xfd
)

func serveMySQL(conn net.Conn) error {
	c := &mysqlConn{r: bufio.NewReader(conn), w: conn, statements: map[uint32]string{}}
	return c.serve()
}

type mysqlConn struct {
	r          *bufio.Reader
	w          io.Writer
	statements map[uint32]string
}

func (c *mysqlConn) serve() error {
	if _, err := c.w.Write(packet(nil, 0, greeting())); err != nil {
		return err
	}
	if _, err := c.read(); err != nil {
		return err
	}
	if _, err := c.w.Write(packet(nil, 2, okPacket)); err != nil {
		return err
	}
	for {
		command, err := c.read()
		if err != nil || len(command) == 0 || command[0] == comQuit {
			return err
		}
		if err := c.run(command[0], command[1:]); err != nil {
			return err
		}
	}
}

func (c *mysqlConn) read() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return nil, err
	}
	b := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
	_, err := io.ReadFull(c.r, b)
	return b, err
}

func (c *mysqlConn) run(command byte, args []byte) error {
	switch command {
	case comPing:
		_, err := c.w.Write(packet(nil, 1, okPacket))
		return err
	case comQuery:
		return c.send(string(statement.Find(args)), false)
	case comStmtPrepare:
		id := uint32(len(c.statements) + 1)
		c.statements[id] = string(statement.Find(args))
		q, scan, err := mysqlScanOf(c.statements[id])
		if err != nil {
			return err
		}
		answer := binary.LittleEndian.AppendUint32([]byte{0}, id)
		answer = binary.LittleEndian.AppendUint16(answer, uint16(q.Columns))
		answer = append(answer, 0, 0, 0, 0, 0)
		_, err = c.w.Write(append(packet(nil, 1, answer), scan.definitions...))
		return err
	case comStmtExecute:
		if len(args) < 4 {
			return io.ErrUnexpectedEOF
		}
		return c.send(c.statements[binary.LittleEndian.Uint32(args)], true)
	case comStmtClose:
		return nil // has no answer
	}
	return fmt.Errorf("the null server has no MySQL command %d", command)
}

// send sends the result of a scan.
func (c *mysqlConn) send(query string, asBinary bool) error {
	q, scan, err := mysqlScanOf(query)
	if err != nil {
		return err
	}
	rows := scan.text
	if asBinary {
		rows = scan.binary
	}
	// The rows of a chunk are a multiple of 256, so the sequence goes on as before it.
	end := packet(nil, byte(q.Columns+3+q.Rows), eofPacket)
	return rows.send(c.w, append(packet(nil, 1, []byte{byte(q.Columns)}), scan.definitions...), q.Rows, end)
}

var (
	okPacket  = []byte{0x00, 0, 0, 2, 0, 0, 0}
	eofPacket = []byte{0xfe, 0, 0, 2, 0}
)

// packet appends a packet with its header.
func packet(b []byte, sequence byte, payload []byte) []byte {
	n := len(payload)
	b = append(b, byte(n), byte(n>>8), byte(n>>16), sequence)
	return append(b, payload...)
}

func greeting() []byte {
	const longPassword, connectWithDB, protocol41, transactions, secureConnection, pluginAuth = 1, 8, 0x200, 0x2000, 0x8000, 0x80000
	capabilities := uint32(longPassword | connectWithDB | protocol41 | transactions | secureConnection | pluginAuth)
	const utf8mb4, autocommit, nonceLength = 45, 2, 21
	b := append([]byte{10}, "8.4.2-null\x00"...)
	b = binary.LittleEndian.AppendUint32(b, 1) // connection id
	b = append(b, "12345678\x00"...)           // first part of the nonce
	b = binary.LittleEndian.AppendUint16(b, uint16(capabilities))
	b = append(b, utf8mb4)
	b = binary.LittleEndian.AppendUint16(b, autocommit)
	b = binary.LittleEndian.AppendUint16(b, uint16(capabilities>>16))
	b = append(b, nonceLength)
	b = append(b, make([]byte, 10)...)
	b = append(b, "123456789012\x00"...) // the rest of it
	return append(b, "mysql_native_password\x00"...)
}

// mysqlScan is a scan as MySQL's packets.
type mysqlScan struct {
	definitions  []byte // of the columns, with the packet behind them
	text, binary *encodedRows
}

// mysqlScans keeps scans that were asked for before.
var mysqlScans sync.Map // number of columns → *mysqlScan

func mysqlScanOf(query string) (scans.Query, *mysqlScan, error) {
	q, err := scans.ParseQuery(query)
	if err != nil {
		return q, nil, err
	}
	if s, ok := mysqlScans.Load(q.Columns); ok {
		return q, s.(*mysqlScan), nil
	}
	s := newMySQLScan(q.ColumnNames())
	mysqlScans.Store(q.Columns, s)
	return q, s, nil
}

func newMySQLScan(columns []string) *mysqlScan {
	s := &mysqlScan{}
	sequence := byte(2)
	for _, name := range columns {
		s.definitions = packet(s.definitions, sequence, columnDefinition(name))
		sequence++
	}
	s.definitions = packet(s.definitions, sequence, eofPacket)
	sequence++
	s.text = encodeRows(func(b []byte, i int, row *data.Row) []byte {
		var text []byte
		for _, name := range columns {
			value := appendText(nil, row.Value(name))
			text = append(append(text, byte(len(value))), value...)
		}
		return packet(b, sequence+byte(i), text)
	})
	s.binary = encodeRows(func(b []byte, i int, row *data.Row) []byte {
		values := make([]byte, 1+(len(columns)+7+2)/8)
		for _, name := range columns {
			values = appendBinary(values, row.Value(name))
		}
		return packet(b, sequence+byte(i), values)
	})
	return s
}

func columnDefinition(name string) []byte {
	var b []byte
	for _, s := range []string{"def", "public", "scan", "scan", name, name} {
		b = append(append(b, byte(len(s))), s...)
	}
	typ, decimals := byte(mysqlDouble), byte(31)
	switch (&data.Row{}).Value(name).(type) {
	case string:
		typ, decimals = mysqlString, 0
	case int64:
		typ, decimals = mysqlBigint, 0
	case time.Time:
		typ, decimals = mysqlDatetime, 3
	}
	const utf8mb4 = 45
	b = append(b, 0x0c, utf8mb4, 0, 0, 4, 0, 0, typ, 0, 0, decimals)
	return append(b, 0, 0)
}

func appendBinary(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return append(append(b, byte(len(v))), v...)
	case float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	case int64:
		return binary.LittleEndian.AppendUint64(b, uint64(v))
	case time.Time:
		b = append(b, 11)
		b = binary.LittleEndian.AppendUint16(b, uint16(v.Year()))
		b = append(b, byte(v.Month()), byte(v.Day()), byte(v.Hour()), byte(v.Minute()), byte(v.Second()))
		return binary.LittleEndian.AppendUint32(b, uint32(v.Nanosecond()/1000))
	}
	return b
}
