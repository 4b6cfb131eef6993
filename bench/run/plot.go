package main

import (
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/greptime-go/greptime/bench/internal/measure"
)

// figurePlot is a plot of the results of groups.
type figurePlot struct {
	file, title string
	groups      []string
	draw        func(*plot.Plot, ...[]measure.Result) error
	height      vg.Length
}

// plots are all plots. Floors are grey, this driver blue, peers orange.
var plots = []figurePlot{
	// influxdb3-go takes so much that the others would not be visible.
	{"read.svg", "Reading 5 columns: client CPU, ns a row", []string{"scan, 5 columns"}, bars("influxdb3-go iterator"), 4 * vg.Inch},
	{"columns.svg", "Scan: client CPU, ns a row, by columns", []string{"scan, by columns"}, bySize("columns", perRow), 3 * vg.Inch},
	{"rows.svg", "Scan of 5 columns: client CPU, ns a row, by rows", []string{"scan, 5 columns, by rows"}, bySize("rows of the result", perRow), 3 * vg.Inch},
	{"scan-batches.svg", "Scan of 5 columns: client CPU, ns a row, by rows of a batch", []string{"scan, 5 columns, by rows of a batch"}, bySize("rows of a batch", perRow), 3 * vg.Inch},
	{"connections.svg", "Scan of 5 columns on the slow server: rows a second by connections", []string{"scan, 5 columns, by connections, slow server"}, bySize("connections at once", perSecond), 3 * vg.Inch},
	{"connections-cpu.svg", "Scan of 5 columns on the slow server: client CPU, ns a row, by connections", []string{"scan, 5 columns, by connections, slow server"}, bySize("connections at once", perRow), 3 * vg.Inch},
	{"insert.svg", "Inserting 10 columns: client CPU, ns a row", []string{"insert, 10 columns"}, bars(), 2 * vg.Inch},
	{"insert-rows.svg", "Inserting 10 columns: client CPU, ns a row, by rows of a request", []string{"insert, 10 columns, by rows of a request"}, bySize("rows of a request", perRow), 3 * vg.Inch},
	{"bulk.svg", "Bulk load of 10 columns: client CPU, ns a row", []string{"bulk, 10 columns, 5 workers"}, bars(), 3.5 * vg.Inch},
	{"write-columns.svg", "Writing: client CPU, ns a row, by columns", []string{"insert, by columns", "bulk, by columns"}, bySize("columns", perRow), 3 * vg.Inch},
	{"write-connections.svg", "Writing 10 columns to the slow server: rows a second by connections", []string{"insert, 10 columns, by connections, slow server", "bulk, 10 columns, by connections, slow server"}, bySize("connections at once", perSecond), 3 * vg.Inch},
	{"streams.svg", "Bulk load on the slow server: rows a second by streams", []string{"bulk, 10 columns, by streams, slow server"}, bySize("streams", perSecond), 2.5 * vg.Inch},
	{"batches.svg", "Bulk load: client CPU, ns a row, by rows of a batch", []string{"bulk, 10 columns, by rows of a batch"}, bySize("rows of a batch", perRow), 2.5 * vg.Inch},
	{"memory.svg", "Heap over 10 million rows, MiB", []string{"memory of a long scan, 5 columns", "memory of a long load, 10 columns"}, heaps, 2.5 * vg.Inch},
}

var (
	grey   = color.RGBA{150, 150, 150, 255}
	blue   = color.RGBA{40, 100, 190, 255}
	orange = color.RGBA{225, 140, 50, 255}
)

// drawn reports whether there are results for a plot.
func (r *report) drawn(f figurePlot) bool {
	return !slices.ContainsFunc(f.groups, func(name string) bool { return r.group(name) == nil })
}

// plot draws the plots that have results into a directory.
func (r *report) plot(dir string) error {
	for _, f := range plots {
		if !r.drawn(f) {
			continue
		}
		p := plot.New()
		p.Title.Text = f.title
		p.Title.Padding = vg.Points(6)
		var groups [][]measure.Result
		for _, name := range f.groups {
			groups = append(groups, r.group(name))
		}
		if err := f.draw(p, groups...); err != nil {
			return fmt.Errorf("%s: %w", f.file, err)
		}
		if err := p.Save(7*vg.Inch, f.height, filepath.Join(dir, f.file)); err != nil {
			return err
		}
	}
	return nil
}

// group returns the results of a group, or nil if there are none.
func (r *report) group(name string) []measure.Result {
	for _, g := range r.groups() {
		if g[0].Group == name {
			return g
		}
	}
	return nil
}

// bars draws the CPU time of a group's scenarios, except for some.
func bars(without ...string) func(*plot.Plot, ...[]measure.Result) error {
	return func(p *plot.Plot, groups ...[]measure.Result) error {
		results := slices.DeleteFunc(groups[0], func(r measure.Result) bool { return slices.Contains(without, r.Name) })
		slices.Reverse(results) // the first on top
		names := make([]string, len(results))
		values := make(plotter.XYs, len(results))
		var texts []string
		for i := range results {
			result := &results[i]
			names[i] = "  " + result.Name // otherwise the longest name touches the edge
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
	for _, floor := range []string{"pre-encoded", "receive only", "memcpy", "bare gRPC call"} {
		if strings.Contains(name, floor) {
			return grey
		}
	}
	for _, peer := range []string{"ingester-go", "influxdb3", "arrow-go", "arrow/go", "mysql", "pgx", "duckdb"} {
		if strings.Contains(name, peer) {
			return orange
		}
	}
	return blue
}

// quantity is the quantity that a curve shows.
type quantity struct {
	value measure.Metric
	label string
}

var (
	perRow    = quantity{measure.CPU, "ns a row"}
	perSecond = quantity{measure.PerSecond, "rows/s"}
)

// bySize draws curves of scenarios whose names begin with a number: 100 rows or, if there
// are several curves, 100 rows, Append.
func bySize(x string, y quantity) func(*plot.Plot, ...[]measure.Result) error {
	return func(p *plot.Plot, groups ...[]measure.Result) error {
		var names []string
		curves := map[string]plotter.XYs{}
		var ticks plot.ConstantTicks
		for _, group := range groups {
			for i := range group {
				_, name, _ := curvePoint(group[i].Name)
				var size float64
				if _, err := fmt.Sscan(group[i].Name, &size); err != nil {
					return err
				}
				if len(groups) > 1 {
					what, _, _ := strings.Cut(group[i].Group, ",")
					name = what + " " + name
				}
				if curves[name] == nil {
					names = append(names, name)
				}
				curves[name] = append(curves[name], plotter.XY{X: size, Y: group[i].Median(y.value)})
				if !slices.ContainsFunc(ticks, func(t plot.Tick) bool { return t.Value == size }) {
					ticks = append(ticks, plot.Tick{Value: size, Label: roundLabel(size)})
				}
			}
		}
		p.Add(plotter.NewGrid())
		seen := map[color.Color]int{}
		for _, name := range names {
			line, dots, err := plotter.NewLinePoints(curves[name])
			if err != nil {
				return err
			}
			c := colorOf(name)
			line.Color, dots.Color = c, c
			line.Dashes = [][]vg.Length{nil, {vg.Points(4), vg.Points(2)}}[seen[c]%2] // two of this driver
			seen[c]++
			p.Add(line, dots)
			if name != "" {
				p.Legend.Add(name, line)
			}
		}
		p.X.Label.Text, p.Y.Label.Text = x, y.label
		p.X.Max *= 1.1 // room for the last label
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, ticks
		room := 1.3               // for the legend
		if p.Y.Max > 20*p.Y.Min { // keep small values visible
			p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, rates{plot.LogTicks{Prec: -1}}
			room = 6
		} else {
			p.Y.Min, p.Y.Tick.Marker = 0, rates{plot.DefaultTicks{}}
		}
		if p.Legend.Top = true; len(names) > 1 {
			p.Y.Max *= room
		}
		first := curves[names[0]]
		p.Legend.Left = first[len(first)-1].Y > first[0].Y
		return nil
	}
}

// roundLabel abbreviates 1,000 and 1,000,000, but not 1,024.
func roundLabel(v float64) string {
	if math.Mod(v, 1000) == 0 {
		return short(v)
	}
	return number(v)
}

// rates are ticks with K and M.
type rates struct{ plot.Ticker }

// Ticks returns the ticks of an axis.
func (r rates) Ticks(low, high float64) []plot.Tick {
	ticks := r.Ticker.Ticks(low, high)
	for i := range ticks {
		if ticks[i].Label != "" {
			ticks[i].Label = short(ticks[i].Value)
		}
	}
	return ticks
}

// heaps draws the heap over the first sample of each long scan or load.
func heaps(p *plot.Plot, groups ...[]measure.Result) error {
	for i, results := range groups {
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
		p.Legend.Add(strings.TrimPrefix(results[0].Group, "memory of a long "), line)
	}
	p.Add(plotter.NewGrid())
	p.X.Label.Text, p.Y.Label.Text = "% of the time", "MiB"
	p.Y.Min = 0
	p.Y.Max *= 1.3 // room for the legend
	p.Legend.Top = true
	return nil
}
