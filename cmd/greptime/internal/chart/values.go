package chart

import (
	"fmt"
	"math"
	"strconv"
)

// axis is the axis of values, on the left of the lines.
type axis struct {
	low, high float64
	height    int // in cells
	width     int // of the labels with their tick
	labels    []string
}

// linesPerTick is the least number of lines between the labels of values.
const linesPerTick = 3

// valueAxis returns an axis for values between low and high. Its own ends are round numbers.
func valueAxis(low, high float64, height int) *axis {
	if greatest := max(math.Abs(low), math.Abs(high)); high-low <= 1e-9*greatest || greatest < 1e-300 { // flat, in the middle
		margin := greatest / 10
		if greatest < 1e-300 {
			margin = 1
		}
		low, high = low-margin, high+margin
	}
	step := roundStep((high - low) / float64(max(height/linesPerTick, 2)))
	first, last := math.Floor(low/step), math.Ceil(high/step)
	a := &axis{low: first * step, high: last * step, height: height, labels: make([]string, height)}
	scale, suffix := unitOf(math.Max(math.Abs(a.low), math.Abs(a.high)), step)
	for n := first; n <= last; n++ {
		label := formatTick(n*step, step, scale) + suffix
		if n == 0 {
			label = "0"
		}
		a.labels[a.dot(n*step)/dotsY] = label
	}
	for _, l := range a.labels {
		a.width = max(a.width, len(l))
	}
	a.width += 2 // a space and the tick
	return a
}

// dot returns the dot of a value, from the top.
func (a *axis) dot(v float64) int {
	fraction := (v - a.low) / (a.high - a.low)
	return int(math.Round((1 - fraction) * float64(a.height*dotsY-1)))
}

// label returns the part of a row that is left of the lines.
func (a *axis) label(row int) string {
	tick := "│"
	if a.labels[row] != "" {
		tick = "┤"
	}
	return fmt.Sprintf("%*s %s", a.width-2, a.labels[row], tick)
}

// roundStep returns the next greater number of 1, 2, 2.5 or 5 by a power of ten.
func roundStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if v <= m*power {
			return m * power
		}
	}
	return 10 * power
}

// unitOf returns the number by which the labels are divided, and its suffix: thousands and so on if
// that leaves few digits.
func unitOf(greatest, step float64) (scale float64, suffix string) {
	if greatest < 10_000 || greatest >= 1e15 {
		return 1, ""
	}
	scale = 1
	for _, s := range []string{"k", "M", "G", "T"} {
		if greatest < scale*1000 || step/(scale*1000) < 0.001 {
			break
		}
		scale, suffix = scale*1000, s
	}
	return scale, suffix
}

// formatTick returns a label with as many digits as the step needs.
func formatTick(v, step, scale float64) string {
	v, step = v/scale, step/scale
	if greatest := math.Abs(v); greatest >= 1e15 || step < 1e-6 {
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	digits := 0
	for step < 1e9 && digits < 9 && math.Abs(step-math.Round(step)) > 1e-9*step {
		step *= 10
		digits++
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}
