// Package live shows something again and again in the same place of a terminal.
package live

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
)

// Options are the options of [Run].
type Options struct {
	Every    time.Duration // between the beginnings of two frames; positive
	Terminal bool          // whether the output is a terminal, which is redrawn in place
	Width    func() int    // of the terminal, in cells; nil, or 0, if it is not known
}

// Run writes frames until ctx ends, which is not an error. frame returns the text of one. An error
// of the first frame ends Run. A later one is shown below the last frame, and the next frame is
// tried in its time.
//
// On a terminal, frames are drawn on the alternate screen. When Run ends, the terminal shows what
// it showed before, and the last frame below.
func Run(ctx context.Context, out io.Writer, o Options, frame func(context.Context) (string, error)) error {
	text, err := frame(ctx)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return err
	}
	s := screen{out: out, o: o}
	s.begin()
	defer func() { s.end(text) }()
	ticks := time.NewTicker(o.Every)
	defer ticks.Stop()
	if err := s.show(text, nil); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
		next, err := frame(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			text = next
		}
		if err := s.show(text, err); err != nil {
			return err
		}
	}
}

// screen is where frames are shown.
type screen struct {
	out io.Writer
	o   Options
}

func (s *screen) begin() {
	if s.o.Terminal {
		io.WriteString(s.out, ansi.SetModeAltScreenSaveCursor+ansi.ResetModeTextCursorEnable)
	}
}

// end writes the last frame where the output goes on.
func (s *screen) end(text string) {
	if s.o.Terminal {
		io.WriteString(s.out, ansi.SetModeTextCursorEnable+ansi.ResetModeAltScreenSaveCursor+text)
	}
}

// show shows a frame, and the error of a later one.
func (s *screen) show(text string, failed error) error {
	var b strings.Builder
	if !s.o.Terminal {
		b.WriteString(text)
		if failed != nil {
			fmt.Fprintf(&b, "%s: %s\n", time.Now().Format(time.TimeOnly), stdio.ErrorText(failed))
		}
		b.WriteByte('\n')
		_, err := io.WriteString(s.out, b.String())
		return err
	}
	note := fmt.Sprintf("Every %v, last at %s. Ctrl-C ends.", s.o.Every, time.Now().Format(time.TimeOnly))
	if failed != nil {
		note = fmt.Sprintf("%s: %s", time.Now().Format(time.TimeOnly), strings.ReplaceAll(stdio.ErrorText(failed), "\n", " "))
	}
	width := math.MaxInt
	if s.o.Width != nil {
		if w := s.o.Width(); w > 0 {
			width = w
		}
	}
	b.WriteString(ansi.CursorHomePosition)
	for line := range strings.Lines(text) {
		// Erased before it is written: after a line as wide as the terminal, its last cell would be.
		// A wider line would take two rows and move the first ones out of sight.
		b.WriteString(ansi.EraseLineRight + ansi.Truncate(strings.TrimSuffix(line, "\n"), width, "…") + "\r\n")
	}
	note = ansi.Truncate(note, width, "…")
	b.WriteString(ansi.EraseScreenBelow + note)
	_, err := io.WriteString(s.out, b.String())
	return err
}
