package main

import (
	"fmt"
	"image/color"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/greptime-go/greptime/bench/internal/measure"
)

// figurePlot is a plot of results.
type figurePlot struct {
	file, title string
	draw        func(*report, *plot.Plot) error
	height      vg.Length
}

// plots are all plots. Floors are grey, this driver blue, peers orange.
var plots = []figurePlot{
	// influxdb3-go takes so much that nothing else could be seen.
	{"read.svg", "Reading 5 columns: client CPU, ns a row", bars("scan, 5 columns", "influxdb3-go iterator"), 3 * vg.Inch},
	{"insert.svg", "Inserting 10 columns: client CPU, ns a row", bars("insert, 10 columns"), 2 * vg.Inch},
	{"bulk.svg", "Bulk load of 10 columns: client CPU, ns a row", bars("bulk, 10 columns, 5 workers"), 3.5 * vg.Inch},
	{"streams.svg", "Bulk load on the slow server: rows a second by streams", bySize("bulk, 10 columns, by streams, slow server", "streams", "rows/s", measure.PerSecond), 2.5 * vg.Inch},
	{"batches.svg", "Bulk load: client CPU, ns a row, by rows of a batch", bySize("bulk, 10 columns, by rows of a batch", "rows of a batch", "ns a row", measure.CPU), 2.5 * vg.Inch},
	{"memory.svg", "Heap over 10 million rows, MiB", heaps, 2.5 * vg.Inch},
}

var (
	grey   = color.RGBA{150, 150, 150, 255}
	blue   = color.RGBA{40, 100, 190, 255}
	orange = color.RGBA{225, 140, 50, 255}
)

// plot draws all plots into a folder.
func (r *report) plot(dir string) error {
	for _, f := range plots {
		p := plot.New()
		p.Title.Text = f.title
		p.Title.Padding = vg.Points(6)
		if err := f.draw(r, p); err != nil {
			return fmt.Errorf("%s: %w", f.file, err)
		}
		if err := p.Save(7*vg.Inch, f.height, filepath.Join(dir, f.file)); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) group(name string) ([]measure.Result, error) {
	for _, g := range r.groups() {
		if g[0].Group == name {
			return g, nil
		}
	}
	return nil, fmt.Errorf("there are no results of %q", name)
}

// bars draws the CPU time of a group's scenarios but some.
func bars(group string, without ...string) func(*report, *plot.Plot) error {
	return func(r *report, p *plot.Plot) error {
		results, err := r.group(group)
		if err != nil {
			return err
		}
		results = slices.DeleteFunc(results, func(r measure.Result) bool { return slices.Contains(without, r.Name) })
		slices.Reverse(results) // the first on top
		names := make([]string, len(results))
		values := make(plotter.XYs, len(results))
		var texts []string
		for i := range results {
			result := &results[i]
			names[i] = "  " + result.Name // the longest name would touch the edge
			value := result.Median(measure.CPU)
			values[i] = plotter.XY{X: value, Y: float64(i)}
			texts = append(texts, " "+figure(value))
			bar, err := plotter.NewBarChart(plotter.Values{value}, vg.Points(12))
			if err != nil {
				return err
			}
			bar.Horizontal, bar.XMin, bar.Color, bar.LineStyle.Width = true, float64(i), colorOf(result.Name), 0
			p.Add(bar)
		}
		labels, err := plotter.NewLabels(plotter.XYLabels{XYs: values, Labels: texts})
		if err != nil {
			return err
		}
		for i := range labels.TextStyle {
			labels.TextStyle[i].YAlign = -0.35
		}
		p.Add(labels)
		p.NominalY(names...)
		p.X.Min = 0
		p.X.Max *= 1.12 // room for the figures
		return nil
	}
}

func colorOf(name string) color.Color {
	switch {
	case slices.Contains([]string{"pre-encoded", "receive only", "memcpy", "bare gRPC call"}, name):
		return grey
	case strings.Contains(name, "ingester-go"), strings.Contains(name, "influxdb3"), strings.Contains(name, "arrow-go"), strings.Contains(name, "arrow/go"), strings.Contains(name, "mysql"):
		return orange
	}
	return blue
}

// bySize draws a metric of scenarios whose names begin with a number.
func bySize(group, x, y string, m measure.Metric) func(*report, *plot.Plot) error {
	return func(r *report, p *plot.Plot) error {
		results, err := r.group(group)
		if err != nil {
			return err
		}
		var points plotter.XYs
		var ticks plot.ConstantTicks
		for i := range results {
			var size float64
			if _, err := fmt.Sscan(results[i].Name, &size); err != nil {
				return err
			}
			points = append(points, plotter.XY{X: size, Y: results[i].Median(m)})
			ticks = append(ticks, plot.Tick{Value: size, Label: number(size)})
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		line.Color, dots.Color = blue, blue
		p.Add(plotter.NewGrid(), line, dots)
		p.X.Label.Text, p.Y.Label.Text = x, y
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, ticks
		p.Y.Min = 0
		p.Y.Tick.Marker = rates{}
		return nil
	}
}

// rates are ticks with K and M.
type rates struct{}

// Ticks makes the ticks of an axis.
func (rates) Ticks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i := range ticks {
		if ticks[i].Label != "" {
			ticks[i].Label = short(ticks[i].Value)
		}
	}
	return ticks
}

// heaps draws the heap over the first sample of each long scan or load.
func heaps(r *report, p *plot.Plot) error {
	for i, name := range []string{"memory of a long scan, 5 columns", "memory of a long load, 10 columns"} {
		results, err := r.group(name)
		if err != nil {
			return err
		}
		sizes := results[0].Samples[0].HeapBytes
		points := make(plotter.XYs, len(sizes))
		for at, size := range sizes {
			points[at] = plotter.XY{X: 100 * float64(at) / float64(max(1, len(sizes)-1)), Y: float64(size) / (1 << 20)}
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return err
		}
		line.Color = []color.Color{blue, orange}[i]
		p.Add(line)
		p.Legend.Add(strings.TrimPrefix(name, "memory of a long "), line)
	}
	p.Add(plotter.NewGrid())
	p.X.Label.Text, p.Y.Label.Text = "% of the time", "MiB"
	p.Y.Min = 0
	p.Y.Max *= 1.3 // room for the legend
	p.Legend.Top = true
	return nil
}
