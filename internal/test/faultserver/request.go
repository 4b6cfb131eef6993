package faultserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/flightdecode"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
	"github.com/greptime-go/greptime/internal/test/writemodel"
)

// timeIndex is the column that identifies rows.
const timeIndex = "ts"

// handle answers any call.
func (s *Server) handle(c *wiretest.Call) error {
	switch c.Method {
	case wiretest.MethodHandle, wiretest.MethodHandleRequests:
		return s.handleNative(c)
	case wiretest.MethodDoPut:
		return s.handlePut(c)
	case wiretest.MethodDoGet:
		sql, err := c.SQL()
		if err != nil {
			return err
		}
		w, err := s.textWrite(sql)
		if err != nil {
			return err
		}
		if w == nil {
			return s.query(c, sql)
		}
		return s.answer(c, w, func() error { return c.SendFlight(wiretest.AffectedMessage(uint32(len(w.rows)))) })
	}
	return status.Errorf(codes.Unimplemented, "faultserver: method %s", c.Method)
}

// answer executes a write, and answers it or not.
func (s *Server) answer(c *wiretest.Call, w *write, ok func() error) error {
	e := s.carryOut(w)
	if e.answered {
		if err := ok(); err != nil {
			return err
		}
	}
	if e.end != nil {
		return e.end(c)
	}
	return nil
}

// handleNative executes the requests of a Handle or HandleRequests one by one.
func (s *Server) handleNative(c *wiretest.Call) error {
	affected := 0
	for {
		request, err := c.Request()
		if errors.Is(err, io.EOF) && c.Method == wiretest.MethodHandleRequests {
			return c.Respond(uint32(affected))
		} else if err != nil {
			return err
		}
		w, err := s.nativeWrite(request)
		if err != nil {
			return err
		}
		if c.Method == wiretest.MethodHandle {
			return s.answer(c, w, func() error { return c.Respond(uint32(len(w.rows))) })
		}
		w.later, w.more = affected > 0, true
		if e := s.carryOut(w); e.end != nil {
			return e.end(c)
		}
		affected += len(w.rows)
	}
}

// nativeWrite reads a request of rows or keys.
func (s *Server) nativeWrite(request *greptimev1.GreptimeRequest) (*write, error) {
	w := &write{way: native}
	for _, i := range request.GetRowInserts().GetInserts() {
		if err := s.addNative(w, i.TableName, i.Rows, false); err != nil {
			return nil, err
		}
	}
	for _, d := range request.GetRowDeletes().GetDeletes() {
		if err := s.addNative(w, d.TableName, d.Rows, true); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (s *Server) addNative(w *write, name string, rows *greptimev1.Rows, deletes bool) error {
	t := s.table(name)
	if t == nil {
		return errNoTable(name)
	}
	w.tables++
	w.regions += t.regions
	at := -1
	for i, c := range rows.GetSchema() {
		if c.ColumnName == timeIndex {
			at = i
		}
		for _, have := range t.columns {
			if !deletes && have.Name == c.ColumnName && have.Type.Kind() == column.Float64 && c.Datatype == greptimev1.ColumnDataType_INT64 {
				w.stale = fmt.Sprintf("column %s expect type Float64(Float64Type), given: INT64(4)", have.Name)
			}
		}
	}
	if at < 0 {
		return status.Error(codes.Internal, "faultserver: rows without the column "+timeIndex)
	}
	for _, r := range rows.GetRows() {
		w.rows = append(w.rows, writemodel.Row{Table: name, ID: r.Values[at].GetTimestampMillisecondValue(), Delete: deletes})
	}
	return nil
}

var (
	insertValues = regexp.MustCompile(`(?is)^INSERT INTO (\S+) \(([^)]*)\) VALUES (.*)$`)
	insertSelect = regexp.MustCompile(`(?is)^INSERT INTO (\S+) .*SELECT .* WHERE ts >= (\d+) AND ts < (\d+)$`)
	deleteWhere  = regexp.MustCompile(`(?is)^DELETE FROM (\S+) WHERE ts >= (\d+) AND ts < (\d+)$`)
)

// textWrite reads a statement that writes. It returns nil for any other statement.
func (s *Server) textWrite(sql string) (*write, error) {
	w := &write{tables: 1}
	var m []string
	var ids []int64
	var err error
	if m = insertValues.FindStringSubmatch(sql); m != nil {
		w.way = text
		ids, err = idsOfValues(m[2], m[3])
	} else if m = insertSelect.FindStringSubmatch(sql); m != nil {
		w.way = selected
		ids, err = idsBetween(m[2], m[3])
	} else if m = deleteWhere.FindStringSubmatch(sql); m != nil {
		w.way = deletion
		ids, err = idsBetween(m[2], m[3])
	} else {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	name := strings.Trim(m[1], `"`)
	t := s.table(name)
	if t == nil {
		return nil, errNoTable(name)
	}
	w.regions = t.regions
	for _, id := range ids {
		w.rows = append(w.rows, writemodel.Row{Table: name, ID: id, Delete: w.way == deletion})
	}
	return w, nil
}

// idsBetween returns the numbers from from up to, but not including, to.
func idsBetween(from, to string) ([]int64, error) {
	first, err1 := strconv.ParseInt(from, 10, 64)
	end, err2 := strconv.ParseInt(to, 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	var ids []int64
	for id := first; id < end; id++ {
		ids = append(ids, id)
	}
	return ids, nil
}

// idsOfValues reads the time index of each row of literals.
func idsOfValues(columns, rows string) ([]int64, error) {
	at := -1
	for i, name := range strings.Split(columns, ",") {
		if strings.Trim(name, ` "`) == timeIndex {
			at = i
		}
	}
	if at < 0 {
		return nil, status.Error(codes.Internal, "faultserver: INSERT without the column "+timeIndex)
	}
	var ids []int64
	for _, literals := range splitRows(rows) {
		if at >= len(literals) {
			return nil, status.Errorf(codes.Internal, "faultserver: row %v", literals)
		}
		id, err := idOf(literals[at])
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// idOf reads a literal of the time index.
func idOf(literal string) (int64, error) {
	if unquoted := strings.Trim(literal, "'"); unquoted != literal {
		at, err := time.Parse(time.RFC3339Nano, strings.Replace(unquoted, " ", "T", 1))
		return at.UnixMilli(), err
	}
	return strconv.ParseInt(literal, 10, 64)
}

// splitRows splits the text of rows, (…), (…), into their literals.
func splitRows(rows string) (list [][]string) {
	quoted, start := false, 0
	for i := range len(rows) {
		switch c := rows[i]; {
		case c == '\'':
			quoted = !quoted // two of them in a text change nothing
		case quoted:
		case c == '(':
			list = append(list, nil)
			start = i + 1
		case (c == ',' || c == ')') && start > 0:
			last := &list[len(list)-1]
			*last = append(*last, strings.TrimSpace(rows[start:i]))
			start = i + 1
			if c == ')' {
				start = 0
			}
		}
	}
	return list
}

// handlePut executes the batches of a DoPut one by one.
func (s *Server) handlePut(c *wiretest.Call) error {
	ack := func(id int64, rows int) error {
		return c.SendPutResult(fmt.Sprintf(`{"request_id":%d,"affected_rows":%d,"elapsed_secs":0.0015}`, id, rows))
	}
	if err := ack(0, 0); err != nil {
		return err
	}
	schema, err := c.RecvFlight()
	if errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return err
	}
	if schema.Descriptor == nil || len(schema.Descriptor.Path) != 1 {
		return status.Error(codes.Internal, "faultserver: DoPut without a table")
	}
	name := schema.Descriptor.Path[0]
	for later := false; ; later = true {
		batch, err := c.RecvFlight()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		w, err := s.putWrite(name, schema, batch)
		if err != nil {
			return err
		}
		w.later = later
		var meta struct {
			ID int64 `json:"request_id"`
		}
		if err := json.Unmarshal(batch.AppMetadata, &meta); err != nil {
			return err
		}
		e := s.carryOut(w)
		if e.answered {
			if err := ack(meta.ID, len(w.rows)); err != nil {
				return err
			}
		}
		if e.end != nil {
			return e.end(c)
		}
	}
}

// putWrite reads a batch.
func (s *Server) putWrite(name string, messages ...captures.Message) (*write, error) {
	t := s.table(name)
	if t == nil {
		return nil, errNoTable(name)
	}
	w := &write{way: put, tables: 1, regions: t.regions}
	rd, err := flightdecode.NewReader(func(m *flightdecode.Message) error {
		if len(messages) == 0 {
			return io.EOF
		}
		*m = flightdecode.Message{Header: messages[0].Header, Body: messages[0].Body}
		messages = messages[1:]
		return nil
	}, flightdecode.Options{})
	if err != nil {
		return nil, err
	}
	defer rd.Release()
	for rd.Next() {
		batch := rd.RecordBatch()
		if int(batch.NumCols()) < len(t.columns) && s.options.OldPuts {
			w.stale = contentless.message
		}
		for i, f := range batch.Schema().Fields() {
			times, ok := batch.Column(i).(*array.Timestamp)
			if f.Name != timeIndex || !ok {
				continue
			}
			for _, at := range times.Values() {
				w.rows = append(w.rows, writemodel.Row{Table: name, ID: int64(at)})
			}
		}
	}
	return w, rd.Err()
}

// table returns a copy of a table, or nil if there is none.
func (s *Server) table(name string) *table {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[name]
	if t == nil {
		return nil
	}
	return &table{name: t.name, regions: t.regions, columns: append(t.columns[:0:0], t.columns...)}
}

// errNoTable returns the error for a test that writes into a table which it did not add.
func errNoTable(name string) error {
	return status.Error(codes.Internal, "faultserver: no table "+name)
}
