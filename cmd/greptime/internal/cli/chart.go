package cli

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/greptime-go/greptime"

	"github.com/greptime-go/greptime/cmd/greptime/internal/chart"
	"github.com/greptime-go/greptime/cmd/greptime/internal/live"
	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
)

// viewFlags say how results are shown on a terminal: as a chart, and again and again.
type viewFlags struct {
	chart bool
	every time.Duration
}

func (f *viewFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.chart, "chart", false, "draw the result as lines: it needs a column of times and columns of numbers")
	cmd.Flags().DurationVar(&f.every, "watch", 0, "run it again each time this `duration` is over, such as 2s, and redraw in place")
	cmd.MarkFlagsMutuallyExclusive("chart", "format")
	cmd.MarkFlagsMutuallyExclusive("watch", "output")
}

// check returns an error for a combination of flags that has no meaning.
func (f *viewFlags) check(cmd *cobra.Command) error {
	if cmd.Flags().Changed("watch") && f.every <= 0 {
		return usagef("--watch %v: the duration must be positive", f.every)
	}
	if f.every > 0 {
		if format, err := output.ParseFormat(cmd.Flags().Lookup("format").Value.String()); err == nil && format.FromBatches() {
			return usagef("--watch shows results again and again, and %s is not to be looked at", format)
		}
	}
	return nil
}

// drawChart draws the result of open as a chart.
func (a *app) drawChart(ctx context.Context, pool greptime.Pool, w io.Writer, color bool, open func(*greptime.Conn) (*greptime.RecordReader, error)) error {
	return greptime.Raw(ctx, pool, func(c *greptime.Conn) error {
		rd, err := open(c)
		if err != nil {
			return err
		}
		defer rd.Release()
		width, height := a.TerminalSize()
		return chart.DrawResult(w, rd, chart.Options{Color: color, Zone: c.Location(), Width: width}, height)
	})
}

// show calls frame to write to w, or with --watch to the terminal, again and again until the context
// ends.
func (a *app) show(ctx context.Context, f *viewFlags, w io.Writer, frame func(context.Context, io.Writer) error) error {
	if f.every == 0 {
		return frame(ctx, w)
	}
	width := func() int {
		width, _ := a.TerminalSize()
		return width
	}
	return live.Run(ctx, a.Out, live.Options{Every: f.every, Terminal: a.OutTerminal, Width: width}, func(ctx context.Context) (string, error) {
		for {
			width, height := a.TerminalSize()
			text := live.NewFrame(height)
			err := frame(ctx, text)
			// What is drawn while the terminal becomes higher would be cut off below.
			if w, h := a.TerminalSize(); err != nil || w == width && h == height {
				return text.String(), err
			}
		}
	})
}
