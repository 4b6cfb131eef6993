package chart_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/greptime-go/greptime/cmd/greptime/internal/chart"
	"github.com/greptime-go/greptime/cmd/greptime/internal/clitest"
)

var start = time.Date(2024, 3, 9, 7, 0, 0, 0, time.UTC)

// waves returns series of n points that are some time apart.
func waves(series, n int, apart time.Duration) []chart.Series {
	var list []chart.Series
	for s := range series {
		wave := chart.Series{Name: fmt.Sprintf("host-%d", s)}
		for i := range n {
			v := 50 + 20*math.Sin(float64(i)/float64(n)*4*math.Pi+float64(s))
			wave.Points = append(wave.Points, chart.Point{Time: start.Add(time.Duration(i) * apart), Value: v})
		}
		list = append(list, wave)
	}
	return list
}

func draw(t *testing.T, series []chart.Series, o chart.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := chart.Draw(&b, series, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCharts(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	gap := waves(1, 40, time.Minute)
	gap[0].Points[20].Value = math.NaN()
	gap[0].Points[30].Value = math.Inf(1)
	flat := []chart.Series{{Name: "flat", Points: []chart.Point{{start, 7}, {start.Add(time.Hour), 7}}}}
	single := []chart.Series{{Points: []chart.Point{{start, 1234567}}}}
	large := []chart.Series{{Points: []chart.Point{{start, -1.5e6}, {start.Add(time.Second), 2.5e6}}}}
	small := []chart.Series{{Points: []chart.Point{{start, 0.00012}, {start.Add(3 * time.Millisecond), 0.00019}}}}
	widest := []chart.Series{{Points: []chart.Point{{time.Date(-200000, 1, 1, 0, 0, 0, 0, time.UTC), -1e300}, {time.Date(200000, 1, 1, 0, 0, 0, 0, time.UTC), 1e300}, {time.Date(200001, 1, 1, 0, 0, 0, 0, time.UTC), math.MaxFloat64}}}}
	wide := waves(2, 30, time.Hour)
	wide[0].Name, wide[1].Name = "東京 é", "tab\tand \x1b[31mred"
	for name, tt := range map[string]struct {
		series []chart.Series
		o      chart.Options
	}{
		"one_80":         {waves(1, 48, time.Hour), chart.Options{Title: "avg(temp)"}},
		"three_80":       {waves(3, 600, time.Minute), chart.Options{}},
		"three_80_color": {waves(3, 600, time.Minute), chart.Options{Color: true}},
		"three_200":      {waves(3, 600, time.Minute), chart.Options{Width: 200, Height: 40}},
		"many":           {waves(60, 20, 24*time.Hour), chart.Options{Height: 16}},
		"zone_dst":       {waves(1, 30, time.Hour), chart.Options{Zone: newYork}},
		"gap":            {gap, chart.Options{}},
		"flat":           {flat, chart.Options{}},
		"single":         {single, chart.Options{}},
		"large":          {large, chart.Options{}},
		"small":          {small, chart.Options{}},
		"widest":         {widest, chart.Options{}},
		"equal":          {[]chart.Series{{Points: []chart.Point{{start, 1e17}, {start.Add(time.Hour), 1e17 + 16}}}}, chart.Options{}},
		"smallest":       {[]chart.Series{{Points: []chart.Point{{start, 0}, {start.Add(time.Hour), math.SmallestNonzeroFloat64}}}}, chart.Options{}},
		"months":         {waves(1, 365, 24*time.Hour), chart.Options{}},
		"years":          {waves(1, 300, 50*24*time.Hour), chart.Options{}},
		"tiny":           {waves(2, 20, time.Second), chart.Options{Width: 1, Height: 1}},
		"names":          {wide, chart.Options{}},
		"empty":          {nil, chart.Options{Title: "nothing"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := draw(t, tt.series, tt.o)
			clitest.Golden(t, name+".txt", got)
			width, height := max(tt.o.Width, 30), max(tt.o.Height, 8)
			if tt.o.Width == 0 {
				width = 80
			}
			if tt.o.Height == 0 {
				height = 20
			}
			lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
			if len(lines) > height {
				t.Errorf("%d lines, more than %d", len(lines), height)
			}
			for _, line := range lines {
				if n := ansi.StringWidth(line); n > width {
					t.Errorf("%d cells, more than %d: %q", n, width, line)
				}
			}
			if !tt.o.Color && strings.Contains(got, "\x1b") {
				t.Errorf("colours in %q", got)
			}
		})
	}
}

// Names of columns and values come from the server: they must not move the cursor, and a title is one line.
func TestNamesWithControlCharacters(t *testing.T) {
	t.Parallel()
	const name = "a\x1b[2J\nb\u202ec\xff"
	series := waves(2, 10, time.Minute)
	series[0].Name = name
	plain := draw(t, series, chart.Options{Title: "title"})
	for _, color := range []bool{true, false} {
		got := draw(t, series, chart.Options{Title: name, Color: color})
		if strings.Count(got, `a\x1b[2J\nb\u202ec\xff`) != 2 || strings.Contains(got, "\x1b[2J") || strings.Count(got, "\n") != strings.Count(plain, "\n") {
			t.Errorf("%q", got)
		}
	}
}
