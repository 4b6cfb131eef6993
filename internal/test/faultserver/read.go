package faultserver

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// Number is a row of the table halves, which every Server has.
type Number struct {
	ID    int64   `greptime:"id"`
	Half  float64 `greptime:"half"`
	Label string  `greptime:"label"`
}

// NumberAt returns the row with the given id. The ids count from 0.
func NumberAt(id int64) Number {
	return Number{ID: id, Half: float64(id) / 2, Label: fmt.Sprint("number ", id)}
}

// SelectNumbers returns the query for the first n numbers, in order. Any n is possible.
func SelectNumbers(n int64) string {
	return fmt.Sprintf("SELECT id, half, label FROM halves LIMIT %d", n)
}

var selectNumbers = regexp.MustCompile(`^SELECT id, half, label FROM halves LIMIT (\d+)$`)

var numberSchema = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: arrow.PrimitiveTypes.Int64},
	{Name: "half", Type: arrow.PrimitiveTypes.Float64},
	{Name: "label", Type: arrow.BinaryTypes.String},
}, nil)

// readNumbers sends the first numbers in batches of random sizes. It may stop before any
// message, and end in any way.
func (s *Server) readNumbers(c *wiretest.Call, limit string) error {
	n, err := strconv.ParseInt(limit, 10, 64)
	if err != nil {
		return err
	}
	s.mu.Lock()
	most := 1 + s.rand.Int64N(2000) // rows of a batch
	cut := int64(-1)                // rows that are sent before the fault; -1: there is none
	var e ending
	if s.chance(s.faults) {
		e, _ = s.draw(&write{way: deletion})
		cut = s.rand.Int64N(n + 1)
		s.model.Note("query of %d numbers: sends %d, then %s", n, cut, e.name)
	}
	s.mu.Unlock()
	if cut == 0 {
		return e.end(c)
	}
	if err := c.SendFlight(wiretest.SchemaMessage(numberSchema)); err != nil {
		return err
	}
	end := n
	if cut > 0 {
		end = cut
	}
	for id := int64(0); id < end; id += most {
		message, err := wiretest.BatchMessage(numbers(id, min(id+most, end)))
		if err != nil {
			return err
		}
		if err := c.SendFlight(message); err != nil {
			return err
		}
	}
	if cut > 0 {
		return e.end(c)
	}
	return c.SendFlight(wiretest.MetricsMessage())
}

// numbers returns the numbers from first up to, but not including, end.
func numbers(first, end int64) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, numberSchema)
	defer b.Release()
	for id := first; id < end; id++ {
		row := NumberAt(id)
		b.Field(0).(*array.Int64Builder).Append(row.ID)
		b.Field(1).(*array.Float64Builder).Append(row.Half)
		b.Field(2).(*array.StringBuilder).Append(row.Label)
	}
	return b.NewRecordBatch()
}
