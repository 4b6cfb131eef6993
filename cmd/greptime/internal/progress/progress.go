// Package progress shows how far something is that takes a while: a bar on a terminal, and
// a line now and then in a pipe.
package progress

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// How often the display is renewed.
const (
	barInterval  = 100 * time.Millisecond
	lineInterval = 10 * time.Second
)

// Display shows progress. It is for one goroutine.
type Display struct {
	w       io.Writer
	width   func() int // of the terminal in cells; nil for a pipe
	now     func() time.Time
	started time.Time
	shown   time.Time
	drawn   bool // there is a bar to be removed
}

// New returns a display. width returns the width of the terminal in cells; it is nil if w is
// not a terminal.
func New(w io.Writer, width func() int) *Display { return newDisplay(w, width, time.Now) }

func newDisplay(w io.Writer, width func() int, now func() time.Time) *Display {
	t := now()
	return &Display{w: w, width: width, now: now, started: t, shown: t}
}

// Set shows a number of rows, and which part of the whole they are, from 0 to 1, or -1 if
// that is not known. It does so only if the last time is some time ago.
func (d *Display) Set(rows int64, fraction float64) {
	interval := lineInterval
	if d.width != nil {
		interval = barInterval
	}
	now := d.now()
	if now.Sub(d.shown) < interval {
		return
	}
	d.shown = now
	if d.width == nil {
		fmt.Fprintln(d.w, strings.Join(d.facts(rows, fraction, now), ", "))
		return
	}
	d.drawn = true
	fmt.Fprintf(d.w, "\r%s\x1b[K", d.bar(rows, fraction, now))
}

// Done removes the bar.
func (d *Display) Done() {
	if d.drawn {
		fmt.Fprint(d.w, "\r\x1b[K")
		d.drawn = false
	}
}

// facts returns what there is to say in words.
func (d *Display) facts(rows int64, fraction float64, now time.Time) []string {
	elapsed := now.Sub(d.started)
	facts := []string{
		Group(rows) + " rows",
		Group(int64(float64(rows)/max(elapsed.Seconds(), 1e-9))) + " rows/s",
	}
	if fraction >= 0 {
		facts = append([]string{fmt.Sprintf("%d %%", int(100*fraction))}, facts...)
	}
	if fraction > 0 {
		left := time.Duration(float64(elapsed) * (1 - fraction) / fraction)
		facts = append(facts, Duration(left)+" left")
	}
	return facts
}

// The blocks that a bar ends with, by eighths.
var eighths = []rune(" ▏▎▍▌▋▊▉")

// bar returns a line that is a cell shorter than the terminal.
func (d *Display) bar(rows int64, fraction float64, now time.Time) string {
	facts := d.facts(rows, fraction, now)
	room := d.width() - 1
	for len(facts) > 1 && len(strings.Join(facts, "  ")) > room {
		facts = facts[:len(facts)-1]
	}
	text := strings.Join(facts, "  ")
	cells := min(room-len(text)-4, 40)
	if fraction < 0 || cells < 5 {
		return text
	}
	full := int(fraction * float64(8*cells))
	bar := strings.Repeat("█", full/8)
	if full/8 < cells {
		bar += string(eighths[full%8]) + strings.Repeat(" ", cells-full/8-1)
	}
	return facts[0] + strings.Repeat(" ", max(0, 5-len(facts[0]))) + " ▕" + bar + "▏ " + strings.Join(facts[1:], "  ")
}

// Group writes a number with its digits in groups of three.
func Group(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Count writes a number of things: 1 row, 2,000 rows.
func Count(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return Group(n) + " " + what
}

// Duration writes a duration with a precision that suits its length: 0.25s, 12s, 3m20s.
func Duration(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
