package main

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

const (
	chartWidth, chartHeight = 700, 130
	left, top, right        = 60, 30, 250 // margins; the right one has the legend
)

var colors = []string{"#2864be", "#e18c32", "#3c963c", "#c8323c", "#8c50aa", "#785037", "#dc78be", "#787878", "#b4b428", "#28b4c8", "#000000", "#9ac8ff", "#b00060"}

// chart is values over the time of the samples.
type chart struct {
	title  string
	curves []curve
}

type curve struct {
	name   string
	values []float64 // NaN: there is none
}

// draw returns the samples as an SVG: a chart each for heap, goroutines, open files, and the
// 50th and 99th percentiles of the latencies.
func draw(samples []sample) string {
	of := func(title string, value func(sample) float64) chart {
		return chart{title, []curve{{"", valuesOf(samples, value)}}}
	}
	charts := []chart{of("heap after a collection, MiB", heap), of("goroutines", goroutines), of("open files", files)}
	p50, p99 := chart{title: "latency, 50th percentile, ms"}, chart{title: "latency, 99th percentile, ms"}
	for _, name := range names(samples) {
		p50.curves = append(p50.curves, curve{name, valuesOf(samples, func(s sample) float64 { return s.latencies[name].milliseconds(latency.of50) })})
		p99.curves = append(p99.curves, curve{name, valuesOf(samples, func(s sample) float64 { return s.latencies[name].milliseconds(latency.of99) })})
	}
	charts = append(charts, p50, p99)
	var b strings.Builder
	y := 0
	for _, c := range charts {
		y += c.draw(&b, y, samples)
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11"><rect width="100%%" height="100%%" fill="white"/>`+"\n%s</svg>\n",
		left+chartWidth+right, y+top, b.String())
}

func (l latency) of50() time.Duration { return l.p50 }
func (l latency) of99() time.Duration { return l.p99 }

// milliseconds returns a percentile, or NaN without calls.
func (l latency) milliseconds(of func(latency) time.Duration) float64 {
	if l.calls == 0 {
		return math.NaN()
	}
	return float64(of(l)) / float64(time.Millisecond)
}

func valuesOf(samples []sample, value func(sample) float64) []float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = value(s)
	}
	return values
}

// draw writes the chart at a height, and returns the height that it takes.
func (c chart) draw(b *strings.Builder, y int, samples []sample) int {
	most := 0.0
	for _, curve := range c.curves {
		for _, v := range curve.values {
			if !math.IsNaN(v) {
				most = max(most, v)
			}
		}
	}
	if most == 0 {
		most = 1
	}
	text := func(x, y int, anchor, text string) {
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="%s">%s</text>`+"\n", x, y, anchor, html.EscapeString(text))
	}
	bottom := y + top + chartHeight
	text(left, y+top-8, "start", c.title)
	fmt.Fprintf(b, `<path d="M%d %dV%dH%d" fill="none" stroke="#999"/>`+"\n", left, y+top, bottom, left+chartWidth)
	text(left-5, bottom, "end", "0")
	text(left-5, y+top+8, "end", fmt.Sprintf("%.4g", most))
	if n := len(samples); n > 0 {
		text(left+chartWidth, bottom+14, "end", samples[n-1].at.Round(time.Second).String())
	}
	for i, curve := range c.curves {
		color := colors[i%len(colors)]
		var points strings.Builder
		for at, v := range curve.values {
			if math.IsNaN(v) {
				continue
			}
			fmt.Fprintf(&points, "%.1f,%.1f ", left+chartWidth*float64(at)/float64(max(1, len(curve.values)-1)), float64(bottom)-chartHeight*v/most)
		}
		fmt.Fprintf(b, `<polyline fill="none" stroke="%s" points="%s"/>`+"\n", color, strings.TrimSpace(points.String()))
		if curve.name != "" {
			fmt.Fprintf(b, `<rect x="%d" y="%d" width="9" height="9" fill="%s"/>`+"\n", left+chartWidth+10, y+top+12*i-8, color)
			text(left+chartWidth+24, y+top+12*i, "start", curve.name)
		}
	}
	return top + max(chartHeight+20, 12*len(c.curves))
}
