// Package live shows something again and again in the same place of a terminal.
package live

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// Options are the options of [Run].
type Options struct {
	Every    time.Duration // between the beginnings of two frames; positive
	Terminal bool          // whether the output is a terminal, which is redrawn in place
	Width    func() int    // of the terminal, in cells; nil if it is not known
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
			fmt.Fprintf(&b, "%v: %v\n", time.Now().Format(time.TimeOnly), failed)
		}
		b.WriteByte('\n')
		_, err := io.WriteString(s.out, b.String())
		return err
	}
	note := fmt.Sprintf("Every %v, last at %s. Ctrl-C ends.", s.o.Every, time.Now().Format(time.TimeOnly))
	if failed != nil {
		note = fmt.Sprintf("%s: %v", time.Now().Format(time.TimeOnly), failed)
	}
	if s.o.Width != nil {
		note = ansi.Truncate(strings.ReplaceAll(note, "\n", " "), max(s.o.Width(), 1), "…")
	}
	b.WriteString(ansi.CursorHomePosition)
	for line := range strings.Lines(text) {
		// Erased before it is written: after a line as wide as the terminal, its last cell would be.
		b.WriteString(ansi.EraseLineRight + strings.TrimSuffix(line, "\n") + "\r\n")
	}
	b.WriteString(ansi.EraseScreenBelow + note)
	_, err := io.WriteString(s.out, b.String())
	return err
}
