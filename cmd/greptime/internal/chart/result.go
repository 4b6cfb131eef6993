package chart

import (
	"io"

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
	if terminal > 0 {
		o.Height = min(terminal-1, max(20, o.Width/5)) // a line is for what follows
	}
	return Draw(w, series, o)
}
