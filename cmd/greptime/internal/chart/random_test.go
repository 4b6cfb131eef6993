package chart_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/greptime-go/greptime/cmd/greptime/internal/chart"
)

// TestRandomCharts draws series of all magnitudes on terminals of all sizes.
func TestRandomCharts(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 1000 {
		magnitude := math.Pow(10, r.Float64()*620-315)
		offset := (r.Float64() - 0.5) * math.Pow(10, r.Float64()*20-5)
		span := math.Pow(10, r.Float64()*20)
		begin := time.Unix(r.Int64N(1<<36)-1<<35, r.Int64N(1e9))
		list := make([]chart.Series, 1+r.IntN(5))
		for s := range list {
			list[s].Name = strings.Repeat("é東x", r.IntN(20))
			at := begin
			for range r.IntN(50) {
				v := offset + magnitude*(r.Float64()-0.5)
				if r.IntN(10) == 0 {
					v = []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.MaxFloat64, -math.SmallestNonzeroFloat64}[r.IntN(6)]
				}
				list[s].Points = append(list[s].Points, chart.Point{Time: at, Value: v})
				at = at.Add(time.Duration(r.Float64() * span))
			}
		}
		o := chart.Options{Width: 1 + r.IntN(250), Height: 1 + r.IntN(80), Color: r.IntN(2) == 0, Title: "title"}
		if r.IntN(2) == 0 {
			o.Zone = time.FixedZone("", r.IntN(86400)-43200)
		}
		text := draw(t, list, o)
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if len(lines) > max(o.Height, 8) {
			t.Fatalf("seed %d, %+v: %d lines\n%s", seed, o, len(lines), text)
		}
		for _, line := range lines {
			if ansi.StringWidth(line) > max(o.Width, 30) {
				t.Fatalf("seed %d, %+v: too wide: %q in\n%s", seed, o, line, text)
			}
		}
	}
}
