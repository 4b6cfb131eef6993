package chart

import (
	"io"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// DrawResult reads a result to its end and draws its series, which name the chart. terminal is the
// height of the terminal that the chart must fit, or 0.
func DrawResult(w io.Writer, rd array.RecordReader, o Options, terminal int) error {
	series, title, err := Gather(rd)
	if err != nil {
		return err
	}
	o.Title = title
	if rd.Schema().Field(timeColumn(rd.Schema())).Type.ID() == arrow.DATE32 {
		o.Zone = time.UTC // in which Gather returns them: a date is the same day in every zone
	}
	if terminal > 0 {
		o.Height = min(max(terminal-2, 1), max(20, o.Width/5)) // two lines are for the prompt and what it reserves
	}
	return Draw(w, series, o)
}
