package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/greptime-go/greptime/bench/internal/measure"
)

// number formats a number that was not measured.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// figure formats a figure with its three significant digits.
func figure(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case math.Abs(v) < 5e-5:
		return "0"
	}
	digits := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	if digits < 0 {
		unit := math.Pow10(-digits)
		return strconv.FormatFloat(math.Round(v/unit)*unit, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', min(digits, 4), 64)
}

// rate formats a figure with K, M or G.
func rate(v float64) string { return scaled(v, figure) }

// short formats a round number with K, M or G.
func short(v float64) string {
	return scaled(v, func(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) })
}

func scaled(v float64, write func(float64) string) string {
	for _, unit := range []struct {
		size   float64
		suffix string
	}{{1e9, " G"}, {1e6, " M"}, {1e3, " K"}} {
		if v >= unit.size {
			return write(v/unit.size) + unit.suffix
		}
	}
	return write(v)
}

// groups returns the results by group, in order.
func (r *report) groups() [][]measure.Result {
	var groups [][]measure.Result
	for i, result := range r.results {
		if i == 0 || result.Group != r.results[i-1].Group {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], result)
	}
	return groups
}

// tables returns the tables of groups: those on null servers, or those on a real one. The
// others are compared with the first scenario of a group, or of a point of its curves.
func (r *report) tables(real bool) string {
	var b strings.Builder
	for _, group := range r.groups() {
		if strings.HasPrefix(group[0].Group, measure.RealServer) == real {
			writeTable(&b, group)
		}
	}
	return b.String()
}

// curvePoint splits the name of a scenario that is a point of one of several curves:
// 100 rows, Append.
func curvePoint(name string) (point, curve string, ok bool) {
	point, curve, ok = strings.Cut(name, ", ")
	return point, curve, ok && name[0] >= '0' && name[0] <= '9'
}

func writeTable(b *strings.Builder, group []measure.Result) {
	first := &group[0]
	against := first.Name
	if _, curve, ok := curvePoint(first.Name); ok {
		against = curve // of the same point
	}
	latency, sent := first.Samples[0].P50Nanoseconds > 0, slices.ContainsFunc(group, func(r measure.Result) bool { return r.Samples[0].SentBytes > 0 })
	connections := slices.ContainsFunc(group, func(r measure.Result) bool { return r.Samples[0].Connections > 0 })
	perByte := first.Unit == "byte"
	header := []string{first.Group, "CPU, ns a " + first.Unit, "× " + against, first.Unit + "s/s", "allocations a " + first.Unit, "B allocated a " + first.Unit}
	if perByte {
		header = header[:5] // per byte, the other columns mean nothing
		header[1], header[4] = "CPU, ns a KiB", "B allocated a KiB"
	}
	if sent {
		header = append(header, "B sent a "+first.Unit)
	}
	if latency {
		header = append(header, "p50, µs", "p99, µs")
	}
	if connections {
		header = append(header, "connections", "heap, MiB")
	}
	header = append(header, "±")
	row := func(cells []string) { fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | ")) }
	row(header)
	fmt.Fprintln(b, "|---"+strings.Repeat("|--:", len(header)-1)+"|")
	for i := range group {
		r, other := &group[i], first
		if point, _, ok := curvePoint(r.Name); ok {
			at := slices.IndexFunc(group, func(r measure.Result) bool { return strings.HasPrefix(r.Name, point+", ") })
			other = &group[at]
		}
		scale, fifth := 1.0, measure.Allocations
		if perByte {
			scale, fifth = 1024, measure.Bytes
		}
		cells := []string{r.Name, figure(scale * r.Median(measure.CPU)), figure(r.Ratio(measure.CPU, other)), rate(r.Median(measure.PerSecond)), figure(scale * r.Median(fifth))}
		if !perByte {
			cells = append(cells, figure(r.Median(measure.Bytes)))
		}
		if sent && r.Samples[0].SentBytes > 0 {
			cells = append(cells, figure(r.Median(measure.Sent)))
		} else if sent { // a peer that does not report it
			cells = append(cells, "")
		}
		if latency {
			cells = append(cells, figure(r.Median(measure.P50)/1e3), figure(r.Median(measure.P99)/1e3))
		}
		if connections {
			cells = append(cells, figure(r.Median(measure.Connections)), figure(r.Median(measure.PeakHeap)/(1<<20)))
		}
		row(append(cells, fmt.Sprintf("%.0f %%", 50*r.Spread(measure.CPU))))
	}
	fmt.Fprintln(b)
}

// writeCSV writes the medians.
func (r *report) writeCSV(file string) error {
	var b strings.Builder
	w := csv.NewWriter(&b)
	metrics := []struct {
		name  string
		value measure.Metric
	}{
		{"cpu_ns", measure.CPU}, {"wall_ns", measure.Wall}, {"allocations", measure.Allocations}, {"allocated_bytes", measure.Bytes},
		{"sent_bytes", measure.Sent}, {"p50_ns", measure.P50}, {"p99_ns", measure.P99},
	}
	header := []string{"group", "scenario", "per"}
	for _, m := range metrics {
		header = append(header, m.name)
	}
	lines := [][]string{header}
	for i := range r.results {
		result := &r.results[i]
		line := []string{result.Group, result.Name, result.Unit}
		for _, m := range metrics {
			line = append(line, strconv.FormatFloat(result.Median(m.value), 'g', 6, 64))
		}
		lines = append(lines, line)
	}
	if err := w.WriteAll(lines); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

// Between these lines the README is written by this program.
const (
	beginMark = "<!-- results: written by go run ./bench/run -->"
	endMark   = "<!-- end of results -->"
)

func (r *report) writeREADME(file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(b), beginMark)
	_, after, ok2 := strings.Cut(rest, endMark)
	if !ok || !ok2 {
		return errors.New(file + " has no marks between which results are written")
	}
	return os.WriteFile(file, []byte(before+beginMark+"\n\n"+r.markdown()+"\n"+endMark+after), 0o644)
}

// markdown returns everything that was measured.
func (r *report) markdown() string {
	var b strings.Builder
	m := r.machine
	fmt.Fprintf(&b, "Measured on %s: %s, %d CPUs, %s, %s, %s; load %s at the beginning; %d rounds of %v.\n\n",
		r.begun.Format("2006-01-02 15:04 UTC"), m.CPU, m.CPUs, m.Memory, m.System, m.Go, m.Load, r.rounds, r.time)
	var modules []string
	for path, version := range m.Modules {
		modules = append(modules, path+" "+version)
	}
	slices.Sort(modules)
	fmt.Fprintf(&b, "With %s.\n\n", strings.Join(modules, ", "))
	fmt.Fprintf(&b, "### The budget\n\n%s\n", r.budgetTable())
	fmt.Fprintln(&b, "### Plots")
	fmt.Fprintln(&b)
	for _, p := range plots {
		if r.drawn(p) {
			fmt.Fprintf(&b, "![%s](results/%s)\n\n", p.title, p.file)
		}
	}
	fmt.Fprintf(&b, "### All figures\n\n%s", r.tables(false))
	if tables := r.tables(true); tables != "" {
		fmt.Fprintf(&b, "### On a GreptimeDB\n\nIts version() is %s.\n\n%s", r.server, tables)
	}
	return b.String()
}
