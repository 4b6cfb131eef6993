package chart

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// The limits of what Gather holds in memory.
const (
	MaxSeries = 1000
	MaxPoints = 5_000_000
)

// Gather reads a result to its end and returns its series and a title for them. The first TIMESTAMP
// column, or else the first DATE column, has the times. Each column of numbers is a series for each
// combination of the texts and booleans in the row, which name it. Other columns are not drawn. A
// NULL in a column of numbers is a gap.
func Gather(rd array.RecordReader) (series []Series, title string, err error) {
	g, err := newGatherer(rd.Schema())
	if err != nil {
		return nil, "", err
	}
	for rd.Next() {
		if err := g.add(rd.RecordBatch()); err != nil {
			return nil, "", err
		}
	}
	if err := rd.Err(); err != nil {
		return nil, "", err
	}
	return g.series(), g.title(), nil
}

// gatherer gathers the points of a result.
type gatherer struct {
	schema *arrow.Schema
	time   int // the columns, by their index
	values []int
	labels []int
	byKey  map[string][]*Series // of the rows with these labels, by value column
	order  [][]*Series          // in the order in which they appear
	points int
}

// newGatherer chooses the columns of a result.
func newGatherer(schema *arrow.Schema) (*gatherer, error) {
	g := &gatherer{schema: schema, time: timeColumn(schema), byKey: map[string][]*Series{}}
	for i, f := range schema.Fields() {
		switch {
		case isNumber(f.Type):
			g.values = append(g.values, i)
		case isLabel(f.Type):
			g.labels = append(g.labels, i)
		}
	}
	switch {
	case g.time < 0:
		return nil, fmt.Errorf("a chart needs a column of times, and the result has none among its columns (%s): select a TIMESTAMP or a DATE, such as date_bin(INTERVAL '1 hour', ts)", columnNames(schema))
	case len(g.values) == 0:
		return nil, fmt.Errorf("a chart needs a column of numbers, and the result has none among its columns (%s)", columnNames(schema))
	}
	return g, nil
}

// timeColumn returns the first column of the type TIMESTAMP, else the first of the type DATE, or -1.
func timeColumn(schema *arrow.Schema) int {
	for _, id := range []arrow.Type{arrow.TIMESTAMP, arrow.DATE32} {
		if i := slices.IndexFunc(schema.Fields(), func(f arrow.Field) bool { return f.Type.ID() == id }); i >= 0 {
			return i
		}
	}
	return -1
}

func columnNames(schema *arrow.Schema) string {
	var names []string
	for _, f := range schema.Fields() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

func isNumber(t arrow.DataType) bool {
	return arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) || arrow.IsDecimal(t.ID())
}

func isLabel(t arrow.DataType) bool {
	if d, ok := t.(*arrow.DictionaryType); ok {
		t = d.ValueType
	}
	switch t.ID() {
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW, arrow.BOOL:
		return true
	}
	return false
}

// add adds the points of a batch.
func (g *gatherer) add(batch arrow.RecordBatch) error {
	times, err := timesOf(batch.Column(g.time))
	if err != nil {
		return fmt.Errorf("column %s: %w", g.schema.Field(g.time).Name, err)
	}
	var numbers []func(i int) float64
	for _, c := range g.values {
		f, err := numbersOf(batch.Column(c))
		if err != nil {
			return fmt.Errorf("column %s: %w", g.schema.Field(c).Name, err)
		}
		numbers = append(numbers, f)
	}
	var key []byte
	var group []*Series
	last := ""
	for i := range int(batch.NumRows()) {
		if batch.Column(g.time).IsNull(i) {
			continue // at no time
		}
		key = g.appendKey(key[:0], batch, i)
		if group == nil || last != string(key) {
			if group, err = g.group(key, batch, i); err != nil {
				return err
			}
			last = string(key)
		}
		at := times(i)
		for k, c := range g.values {
			v := math.NaN()
			if batch.Column(c).IsValid(i) {
				v = numbers[k](i)
			}
			group[k].Points = append(group[k].Points, Point{at, v})
		}
		if g.points += len(g.values); g.points > MaxPoints {
			return fmt.Errorf("the result has more than %d points: select fewer, or averages, such as avg(v) by date_bin(INTERVAL '1 hour', ts)", MaxPoints)
		}
	}
	return nil
}

// appendKey appends what tells the series of a row from others.
func (g *gatherer) appendKey(key []byte, batch arrow.RecordBatch, i int) []byte {
	for _, c := range g.labels {
		column := batch.Column(c)
		if column.IsNull(i) {
			key = append(key, 0)
			continue
		}
		text := column.ValueStr(i)
		key = append(key, 1)
		key = binary.AppendUvarint(key, uint64(len(text)))
		key = append(key, text...)
	}
	return key
}

// group returns the series of a row, by value column.
func (g *gatherer) group(key []byte, batch arrow.RecordBatch, i int) ([]*Series, error) {
	if group, ok := g.byKey[string(key)]; ok {
		return group, nil
	}
	if (len(g.order)+1)*len(g.values) > MaxSeries {
		return nil, fmt.Errorf("the result has more than %d series: leave out the text columns that differ in every row, or select fewer rows", MaxSeries)
	}
	var labels []string
	for _, c := range g.labels {
		if column := batch.Column(c); column.IsNull(i) {
			labels = append(labels, "NULL")
		} else {
			labels = append(labels, column.ValueStr(i))
		}
	}
	group := make([]*Series, len(g.values))
	for k, c := range g.values {
		name := labels
		if len(g.values) > 1 { // otherwise the column is the title
			name = append([]string{g.schema.Field(c).Name}, labels...)
		}
		group[k] = &Series{Name: strings.Join(name, " ")}
	}
	g.byKey[string(key)] = group
	g.order = append(g.order, group)
	return group, nil
}

// series returns all series, with their points in the order of their times.
func (g *gatherer) series() []Series {
	var list []Series
	for _, group := range g.order {
		for _, s := range group {
			byTime := func(a, b Point) int { return a.Time.Compare(b.Time) }
			if !slices.IsSortedFunc(s.Points, byTime) {
				slices.SortStableFunc(s.Points, byTime)
			}
			list = append(list, *s)
		}
	}
	return list
}

// title returns the name of the only value column. The legend has those of several.
func (g *gatherer) title() string {
	if len(g.values) > 1 {
		return ""
	}
	return g.schema.Field(g.values[0]).Name
}

// timesOf returns the function that reads the times of an array.
func timesOf(column arrow.Array) (func(i int) time.Time, error) {
	switch a := column.(type) {
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		return func(i int) time.Time { return instant(int64(a.Value(i)), unit) }, nil
	case *array.Date32:
		return func(i int) time.Time { return a.Value(i).ToTime() }, nil
	}
	return nil, fmt.Errorf("its type in the batch, %s, is not that of the schema", column.DataType())
}

// instant returns a time since 1970, in any unit and without the limits of a time.Duration.
func instant(n int64, unit arrow.TimeUnit) time.Time {
	switch unit {
	case arrow.Second:
		return time.Unix(n, 0)
	case arrow.Millisecond:
		return time.UnixMilli(n)
	case arrow.Microsecond:
		return time.UnixMicro(n)
	}
	return time.Unix(0, n)
}

// numbersOf returns the function that reads the numbers of an array.
func numbersOf(column arrow.Array) (func(i int) float64, error) {
	switch a := column.(type) {
	case *array.Float64:
		return a.Value, nil
	case *array.Float32:
		return func(i int) float64 { return float64(a.Value(i)) }, nil
	case *array.Float16:
		return func(i int) float64 { return float64(a.Value(i).Float32()) }, nil
	case *array.Int8:
		return func(i int) float64 { return float64(a.Value(i)) }, nil
	case *array.Int16:
		return func(i int) float64 { return float64(a.Value(i)) }, nil
	case *array.Int32:
		return func(i int) float64 { return float64(a.Value(i)) }, nil
	case *array.Int64:
		return func(i int) float64 { return float64(a.Value(i)) }, nil
	case *array.Uint8:
		return func(i int) float64 { return float64(a.Value(i)) }, nil
	case *array.Uint16:
		return func(i int) float64 { return float64(a.Value(i)) }, nil
	case *array.Uint32:
		return func(i int) float64 { return float64(a.Value(i)) }, nil
	case *array.Uint64:
		return func(i int) float64 { return float64(a.Value(i)) }, nil
	case *array.Decimal32:
		scale := a.DataType().(arrow.DecimalType).GetScale()
		return func(i int) float64 { return a.Value(i).ToFloat64(scale) }, nil
	case *array.Decimal64:
		scale := a.DataType().(arrow.DecimalType).GetScale()
		return func(i int) float64 { return a.Value(i).ToFloat64(scale) }, nil
	case *array.Decimal128:
		scale := a.DataType().(arrow.DecimalType).GetScale()
		return func(i int) float64 { return a.Value(i).ToFloat64(scale) }, nil
	case *array.Decimal256:
		scale := a.DataType().(arrow.DecimalType).GetScale()
		return func(i int) float64 { return a.Value(i).ToFloat64(scale) }, nil
	}
	return nil, fmt.Errorf("its type in the batch, %s, is not that of the schema", column.DataType())
}
