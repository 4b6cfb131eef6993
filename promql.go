package greptime

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unsafe"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/scan"
)

// PromQuery is a PromQL query: a [PromRange] or a [PromInstant].
type PromQuery interface {
	// promRange returns the query as a range, which is how the server evaluates it.
	promRange() PromRange
}

// PromRange is a PromQL range query.
type PromRange struct {
	Query      string
	Start, End time.Time
	Step       time.Duration // between the points of the result; whole milliseconds
	Lookback   time.Duration // how far back a point looks for a sample; default 5 minutes
}

// PromInstant is a PromQL instant query: its result has at most one point per series.
type PromInstant struct {
	Query    string
	Time     time.Time     // of the points; the default is now, by the client's clock
	Lookback time.Duration // how far back a point looks for a sample; default 5 minutes
}

const defaultLookback = 5 * time.Minute

// PromQL evaluates a PromQL query. The result has a time column, value columns (mostly
// DOUBLE) and a STRING column for each label, usually in one or more batches per series.
// [Matrix] reads it as series. You must release the reader.
func (c *Conn) PromQL(ctx context.Context, query PromQuery) (*RecordReader, error) {
	if isNil(query) {
		return nil, errors.New("greptime: PromQL: the query is nil; pass a PromRange or a PromInstant")
	}
	request, err := query.promRange().request()
	if err != nil {
		return nil, fmt.Errorf("greptime: PromQL: %w", err)
	}
	return c.run(ctx, statement{readOnly: true, endsWithMetrics: true, prom: request})
}

// request returns the query as the server reads it.
func (q PromRange) request() (*greptimev1.PromRangeQuery, error) {
	if q.Lookback == 0 {
		q.Lookback = defaultLookback
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	return &greptimev1.PromRangeQuery{
		Query:    q.Query,
		Start:    q.Start.UTC().Format(time.RFC3339Nano),
		End:      q.End.UTC().Format(time.RFC3339Nano),
		Step:     promDuration(q.Step),
		Lookback: promDuration(q.Lookback),
	}, nil
}

func (q PromRange) promRange() PromRange { return q }

// promRange returns the range of one point. GreptimeDB's own instant queries are evaluated
// as the same range; their answer is JSON, that of a range is Arrow.
func (q PromInstant) promRange() PromRange {
	at := q.Time
	if at.IsZero() {
		at = time.Now().Truncate(time.Millisecond)
	}
	return PromRange{Query: q.Query, Start: at, End: at, Step: time.Second, Lookback: q.Lookback}
}

func (q PromRange) check() error {
	switch {
	case q.Query == "":
		return errors.New("the Query is empty")
	case q.Start.IsZero() || q.End.IsZero():
		return errors.New("set both Start and End")
	case !hasFourDigits(q.Start) || !hasFourDigits(q.End):
		return fmt.Errorf("the Start %v or the End %v is not in the years 0 to 9999", q.Start, q.End)
	case q.End.Before(q.Start):
		return fmt.Errorf("the End %v is before the Start %v", q.End, q.Start)
	case q.Step < time.Millisecond || q.Step%time.Millisecond != 0:
		return fmt.Errorf("the Step is %v; it must be a positive whole number of milliseconds", q.Step)
	case q.Lookback < time.Millisecond || q.Lookback%time.Millisecond != 0:
		return fmt.Errorf("the Lookback is %v; it must be a positive whole number of milliseconds", q.Lookback)
	}
	return nil
}

// hasFourDigits reports whether RFC 3339 can express the year of t.
func hasFourDigits(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 0 && year <= 9999
}

// promDuration returns a duration as PromQL writes it: in seconds if that is exact,
// otherwise in milliseconds.
func promDuration(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}

// Series is a time series: the points of one value column whose rows have the same labels.
type Series struct {
	Field  string            // the value column, such as sum(cpu.v)
	Labels map[string]string // by the names of the label columns
	Points []Point           // in the order of their times
}

// Point is a value of a [Series] at a time.
type Point struct {
	Time  time.Time
	Value float64
}

// Matrix reads rd, the result of a PromQL query or of TQL EVAL, to its end and returns its
// series, in the order in which they first appear. It copies the labels once per series. You
// must still release rd.
//
// The TIMESTAMP column has the times, which are in the session's time zone. Columns of
// numbers are values, and the others, which must be STRING or BOOLEAN, are labels. Name the
// value columns to make the other columns of integers labels, too: a tag may be an integer. A
// result with several value columns, as of a table with several fields, has a series for each
// of them; Series.Field tells them apart.
//
// An integer becomes the nearest float64, which is exact up to 2^53. NaN is a value. Where a
// value is NULL there is no point, and where a label is NULL the series does not have it. A record
// batch is an error if the labels of all its rows and the points would take more than 1 GiB (128 MiB
// on 32-bit systems).
func Matrix(rd array.RecordReader, values ...string) ([]Series, error) {
	if isNil(rd) {
		return nil, errNoReader
	}
	m, err := newMatrix(rd, values)
	if err != nil {
		return nil, fmt.Errorf("greptime: Matrix: %w", err)
	}
	for rd.Next() {
		if err := m.add(rd.RecordBatch()); err != nil {
			return nil, fmt.Errorf("greptime: Matrix: %w", err)
		}
	}
	if err := rd.Err(); err != nil {
		return nil, err
	}
	return m.series(), nil
}

// matrix gathers the points of a result.
type matrix struct {
	schema *arrow.Schema
	loc    *time.Location
	time   int // the columns, by their index
	values []int
	labels []int
	groups []*labelGroup
	byKey  map[string]*labelGroup
	key    []byte // memory for the key of a row
	most   int64  // bytes that a batch may take
}

const (
	// maxMatrix is how many bytes the labels and points of a record batch may take. Rows may share
	// long labels, those of a dictionary and views, so that a short message may have labels without
	// bounds. Each row counts, because its labels are compared with those of the row before.
	maxMatrix = 1 << (27 + 3*(^uint(0)>>63)) // 1 GiB, or 128 MiB where addresses have 32 bits
	// groupCost and labelCost are roughly the bytes that a labelGroup takes, and each of its labels,
	// beside their texts.
	groupCost = 256
	labelCost = 64
	pointSize = int64(unsafe.Sizeof(Point{}))
)

// labelGroup has the points of all rows with the same labels.
type labelGroup struct {
	key    string
	labels map[string]string
	points [][]Point // by value column
}

// newMatrix chooses the columns of a result. names are the value columns, if not empty.
func newMatrix(rd array.RecordReader, names []string) (*matrix, error) {
	m := &matrix{schema: rd.Schema(), loc: time.UTC, time: -1, byKey: map[string]*labelGroup{}, most: maxMatrix}
	if r, ok := rd.(*RecordReader); ok && r.session.loc != nil {
		m.loc = r.session.loc
	}
	for _, name := range names {
		if len(m.schema.FieldIndices(name)) == 0 {
			return nil, fmt.Errorf("the result has no column %q", name)
		}
	}
	for i, f := range m.schema.Fields() {
		isValue := len(names) == 0 && isNumber(f.Type) || slices.Contains(names, f.Name)
		switch {
		case f.Type.ID() == arrow.TIMESTAMP && !isValue:
			if m.time >= 0 {
				return nil, fmt.Errorf("the result has two time columns, %s and %s; it must have one", m.schema.Field(m.time).Name, f.Name)
			}
			m.time = i
		case isValue && !isNumber(f.Type):
			return nil, fmt.Errorf("column %s is %s, which is not a number and cannot be a value", f.Name, f.Type)
		case isValue:
			m.values = append(m.values, i)
		case isLabel(f.Type):
			m.labels = append(m.labels, i)
		case isNumber(f.Type):
			return nil, fmt.Errorf("column %s is %s, which is not a label; leave it out, or name it if it is a value", f.Name, f.Type)
		default:
			return nil, fmt.Errorf("column %s is %s, which is neither a time, nor a value, nor a label; leave it out", f.Name, f.Type)
		}
	}
	if err := m.checkNames("label", m.labels); err != nil {
		return nil, err
	}
	if err := m.checkNames("value", m.values); err != nil {
		return nil, err
	}
	switch {
	case m.time < 0:
		return nil, errors.New("the result has no time column; Matrix reads the results of PromQL and of TQL EVAL")
	case len(m.values) == 0:
		return nil, errors.New("the result has no column of numbers; Matrix reads the results of PromQL and of TQL EVAL")
	}
	return m, nil
}

// checkNames returns an error if two of the label or value columns have the same name.
func (m *matrix) checkNames(what string, columns []int) error {
	seen := make(map[string]bool, len(columns))
	for _, c := range columns {
		name := m.schema.Field(c).Name
		if seen[name] {
			return fmt.Errorf("two %s columns are named %s; rename one in the query", what, name)
		}
		seen[name] = true
	}
	return nil
}

func isNumber(t arrow.DataType) bool {
	return arrow.IsInteger(t.ID()) || t.ID() == arrow.FLOAT32 || t.ID() == arrow.FLOAT64
}

func isLabel(t arrow.DataType) bool {
	if d, ok := t.(*arrow.DictionaryType); ok {
		t = d.ValueType
	}
	switch t.ID() {
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW, arrow.BOOL:
		return true
	}
	return arrow.IsInteger(t.ID())
}

// add adds the points of a batch.
func (m *matrix) add(batch arrow.RecordBatch) error {
	times, ok := batch.Column(m.time).(*array.Timestamp)
	if !ok {
		return m.badType(batch, m.time)
	}
	unit := times.DataType().(*arrow.TimestampType).Unit
	values := make([]func(i int) float64, len(m.values))
	for k, c := range m.values {
		if values[k] = numbers(batch.Column(c)); values[k] == nil {
			return m.badType(batch, c)
		}
	}
	labels := make([]func(dst []byte, i int) ([]byte, bool), len(m.labels))
	for k, c := range m.labels {
		if labels[k] = texts(batch.Column(c)); labels[k] == nil {
			return m.badType(batch, c)
		}
	}
	var group *labelGroup
	room, groups := m.most, len(m.groups)
	for i := range int(batch.NumRows()) {
		m.key = m.key[:0]
		for _, text := range labels {
			m.key = appendLabel(m.key, i, text)
		}
		room -= int64(len(m.key))
		if group == nil || group.key != string(m.key) {
			group = m.group()
			if len(m.groups) > groups {
				groups++
				room -= groupCost + labelCost*int64(len(m.labels)+len(m.values))
			}
		}
		if times.IsNull(i) {
			return fmt.Errorf("column %s is NULL", m.schema.Field(m.time).Name)
		}
		at := scan.Instant(int64(times.Value(i)), unit).In(m.loc)
		for k, c := range m.values {
			if batch.Column(c).IsValid(i) {
				group.points[k] = append(group.points[k], Point{at, values[k](i)})
				room -= pointSize
			}
		}
		if room < 0 {
			return fmt.Errorf("a record batch has %d rows, whose labels, each row's counted, and points take more than %d MiB of memory; select fewer, or read the record batches themselves", batch.NumRows(), m.most>>20)
		}
	}
	return nil
}

func (m *matrix) badType(batch arrow.RecordBatch, column int) error {
	return fmt.Errorf("column %s: its type in the batch, %s, is not that of the schema", m.schema.Field(column).Name, batch.Column(column).DataType())
}

// appendLabel appends a label to the key of a row: 0 for NULL, otherwise the length of the
// text and one, and the text.
func appendLabel(key []byte, i int, text func([]byte, int) ([]byte, bool)) []byte {
	start := len(key)
	key, ok := text(append(key, 0, 0, 0, 0), i)
	if ok {
		binary.BigEndian.PutUint32(key[start:], uint32(len(key)-start-4)+1)
	}
	return key
}

// group returns the group of the labels in m.key. The first call for them makes it.
func (m *matrix) group() *labelGroup {
	if g, ok := m.byKey[string(m.key)]; ok {
		return g
	}
	g := &labelGroup{key: string(m.key), labels: make(map[string]string, len(m.labels)), points: make([][]Point, len(m.values))}
	rest := g.key // the labels are parts of the key
	for _, c := range m.labels {
		n := binary.BigEndian.Uint32([]byte(rest[:4]))
		rest = rest[4:]
		if n > 0 {
			g.labels[m.schema.Field(c).Name] = rest[:n-1]
			rest = rest[n-1:]
		}
	}
	m.groups = append(m.groups, g)
	m.byKey[g.key] = g
	return g
}

// series returns the series that have points.
func (m *matrix) series() []Series {
	var list []Series
	for _, g := range m.groups {
		labels := g.labels
		for k, points := range g.points {
			if len(points) == 0 {
				continue
			}
			byTime := func(a, b Point) int { return a.Time.Compare(b.Time) }
			if !slices.IsSortedFunc(points, byTime) {
				slices.SortStableFunc(points, byTime)
			}
			list = append(list, Series{Field: m.schema.Field(m.values[k]).Name, Labels: labels, Points: points})
			labels = maps.Clone(g.labels) // so that each series has a map of its own
		}
	}
	return list
}

// numbers returns the function that reads the numbers of an array, or nil if it has none.
func numbers(arr arrow.Array) func(i int) float64 {
	switch a := arr.(type) {
	case *array.Float64:
		return a.Value
	case *array.Float32:
		return func(i int) float64 { return float64(a.Value(i)) }
	case *array.Int8:
		return func(i int) float64 { return float64(a.Value(i)) }
	case *array.Int16:
		return func(i int) float64 { return float64(a.Value(i)) }
	case *array.Int32:
		return func(i int) float64 { return float64(a.Value(i)) }
	case *array.Int64:
		return func(i int) float64 { return float64(a.Value(i)) }
	case *array.Uint8:
		return func(i int) float64 { return float64(a.Value(i)) }
	case *array.Uint16:
		return func(i int) float64 { return float64(a.Value(i)) }
	case *array.Uint32:
		return func(i int) float64 { return float64(a.Value(i)) }
	case *array.Uint64:
		return func(i int) float64 { return float64(a.Value(i)) }
	}
	return nil
}

// texts returns the function that appends the text of a label of an array, and reports
// whether the label is not NULL. It returns nil if the array has no labels.
func texts(arr arrow.Array) func(dst []byte, i int) ([]byte, bool) {
	var text func(dst []byte, i int) []byte
	switch a := arr.(type) {
	case array.StringLike:
		text = func(dst []byte, i int) []byte { return append(dst, a.Value(i)...) }
	case *array.Boolean:
		text = func(dst []byte, i int) []byte { return strconv.AppendBool(dst, a.Value(i)) }
	case *array.Dictionary:
		values := texts(a.Dictionary())
		if values == nil {
			return nil
		}
		return func(dst []byte, i int) ([]byte, bool) {
			if a.IsNull(i) {
				return dst, false
			}
			return values(dst, a.GetValueIndex(i))
		}
	default:
		if !arrow.IsInteger(arr.DataType().ID()) {
			return nil
		}
		text = func(dst []byte, i int) []byte { return append(dst, arr.ValueStr(i)...) }
	}
	return func(dst []byte, i int) ([]byte, bool) {
		if arr.IsNull(i) {
			return dst, false
		}
		return text(dst, i), true
	}
}
