// Package chart draws results with a time column as lines in a terminal: one line per series, with
// an axis of values, an axis of times and a legend.
//
// The lines are Braille characters, which have two by four dots in a cell. The drawing is done here
// because the libraries that draw lines do not know times: they space points evenly, or label the
// axis at fixed distances. Those that do are parts of bubbletea, which asks the terminal for its
// colours when a program starts, even if the program does not draw.
package chart

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/greptime-go/greptime/cmd/greptime/internal/visible"
)

// Series is a line of a chart.
type Series struct {
	Name   string // for the legend
	Points []Point
}

// Point is a value at a time. A value that is NaN, or beyond ±1e300, is a gap in the line.
type Point struct {
	Time  time.Time
	Value float64
}

// Options are the options of [Draw].
type Options struct {
	Width  int            // of the terminal, in cells; default 80
	Height int            // of the chart with its axes and legend, in lines; default 20
	Color  bool           // whether to tell the lines apart by colours; otherwise by letters on them
	Zone   *time.Location // of the times; default UTC
	Title  string         // above the chart
}

// The smallest chart that is drawn, whatever the terminal's size.
const (
	minWidth, minHeight = 30, 8
	minPlotHeight       = 3
	timeLines           = 3 // of the axis of times
)

// Draw draws series, whose points must be in the order of their times.
func Draw(w io.Writer, series []Series, o Options) error {
	o.Width = max(cmp.Or(o.Width, 80), minWidth)
	o.Height = max(cmp.Or(o.Height, 20), minHeight)
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	out := bufio.NewWriter(w)
	if o.Title != "" {
		fmt.Fprintln(out, ansi.Truncate(visible.Line(o.Title), o.Width, "…"))
		o.Height--
	}
	b, ok := boundsOf(series)
	if !ok {
		fmt.Fprintln(out, "(no points to draw)")
		return out.Flush()
	}
	legend := legendOf(series, o)
	height := max(o.Height-len(legend)-timeLines, minPlotHeight)
	values := valueAxis(b.low, b.high, height)
	times := newTimeAxis(b.start, b.end, o.Width-values.width-1, o.Zone)
	c := newCanvas(times.width, height)
	for i, s := range series {
		drawLine(c, i, s.Points, times, values)
	}
	if !o.Color && len(series) > 1 {
		for i, s := range series {
			drawLetters(c, i, len(series), s.Points, times, values)
		}
	}
	for row := range height {
		fmt.Fprintf(out, "%s%s\n", values.label(row), c.line(row, o.Color))
	}
	margin := strings.Repeat(" ", values.width-1) // the axis begins in the column of the ticks of values
	for _, line := range times.lines() {
		fmt.Fprintln(out, strings.TrimRight(ansi.Truncate(margin+line, o.Width, "…"), " "))
	}
	for _, line := range legend {
		fmt.Fprintln(out, line)
	}
	return out.Flush()
}

// bounds are the ranges of the points of a chart.
type bounds struct {
	start, end time.Time
	low, high  float64
}

// boundsOf returns the ranges of all points, and whether there are any that can be drawn.
func boundsOf(series []Series) (b bounds, ok bool) {
	b.low, b.high = math.Inf(1), math.Inf(-1)
	for _, s := range series {
		for _, p := range s.Points {
			if !isDrawn(p.Value) {
				continue
			}
			b.low, b.high = min(b.low, p.Value), max(b.high, p.Value)
			if !ok || p.Time.Before(b.start) {
				b.start = p.Time
			}
			if !ok || p.Time.After(b.end) {
				b.end = p.Time
			}
			ok = true
		}
	}
	return b, ok
}

// isDrawn reports whether a value has a place on an axis: it is not NaN, and neither infinite nor so
// large that the length of the axis would be.
func isDrawn(v float64) bool { return math.Abs(v) <= 1e300 }

// drawLine draws the line of a series through its points.
func drawLine(c *canvas, series int, points []Point, times *timeAxis, values *axis) {
	var x0, y0 int
	joined := false
	for _, p := range points {
		if !isDrawn(p.Value) {
			joined = false
			continue
		}
		x, y := times.dot(p.Time), values.dot(p.Value)
		if joined {
			c.drawLine(x0, y0, x, y, series)
		} else {
			c.set(x, y, series)
		}
		x0, y0, joined = x, y, true
	}
}

// letterDistance is the number of cells between the letters on a line.
const letterDistance = 24

// drawLetters writes the letter of a series on its line, at its last point and at some before.
func drawLetters(c *canvas, series, total int, points []Point, times *timeAxis, values *axis) {
	next := letterDistance * series / total // so that lines close to each other have theirs apart
	var last *Point
	for i := range points {
		p := &points[i]
		if !isDrawn(p.Value) {
			continue
		}
		last = p
		if column := times.dot(p.Time) / dotsX; column >= next {
			c.write(column, values.dot(p.Value)/dotsY, letter(series))
			next = column + letterDistance
		}
	}
	if last != nil {
		c.write(times.dot(last.Time)/dotsX, values.dot(last.Value)/dotsY, letter(series))
	}
}

// letter returns the letter that stands for a series where there are no colours. Series beyond the
// 52nd share theirs.
func letter(series int) rune {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	return rune(letters[series%len(letters)])
}
