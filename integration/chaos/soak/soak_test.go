package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/internal/test/faultserver"
	"github.com/greptime-go/greptime/internal/test/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }

// While all ways to read and write run, nothing grows. GREPTIME_SOAK_SVG names a file for
// the picture.
func TestNothingGrows(t *testing.T) {
	server := faultserver.Start(t, nil, faultserver.Options{})
	for i := range tableCount {
		server.AddTable(table(i), 1)
	}
	l, err := newLoad(server.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	samples, err := l.run(t.Context(), 12*time.Second, 150*time.Millisecond, 5*time.Millisecond)
	if err := errors.Join(err, l.failures()); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", report(samples))
	if g, most := growth(samples, heap), 1+median(samples, heap)/10; g > most {
		t.Errorf("the heap has grown by %.2f MiB", g)
	}
	// What one kind of call left behind each time would be hundreds.
	if g := growth(samples, goroutines); g > 30 {
		t.Errorf("there are %.0f more goroutines", g)
	}
	if g := growth(samples, files); g > 10 {
		t.Errorf("there are %.0f more open files", g)
	}
	for _, o := range l.operations() {
		calls := 0
		for _, s := range samples {
			calls += s.latencies[o.name].calls
		}
		if calls == 0 {
			t.Errorf("%s did not run", o.name)
		}
	}
	file := os.Getenv("GREPTIME_SOAK_SVG")
	if file == "" {
		file = filepath.Join(t.TempDir(), "soak.svg")
	}
	if err := os.WriteFile(file, []byte(draw(samples)), 0o644); err != nil {
		t.Error(err)
	}
}

func TestGrowth(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		heap []float64
		want float64
	}{
		{nil, 0},
		{[]float64{1, 2, 3, 3, 3, 9, 3, 3, 3}, 0}, // warms up, and has a peak
		{[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9}, 3}, // grows
		{[]float64{9, 9, 9, 4, 4, 4, 3, 3, 3}, -1},
	} {
		samples := make([]sample, len(tt.heap))
		for i, v := range tt.heap {
			samples[i].heap = v
		}
		if got := growth(samples, heap); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.heap, got, tt.want)
		}
	}
}

// The picture is well-formed, with a curve for each value of each operation.
func TestDraw(t *testing.T) {
	t.Parallel()
	var samples []sample
	for i := range 3 {
		samples = append(samples, sample{
			at: time.Duration(i) * time.Second, heap: float64(i), goroutines: 7, files: 3,
			latencies: map[string]latency{"a < b": {1, time.Millisecond, 2 * time.Millisecond}, "c": {i, 0, 0}},
		})
	}
	for _, tt := range []struct {
		samples []sample
		curves  int
	}{{nil, 3}, {samples[:1], 7}, {samples, 7}} {
		picture := draw(tt.samples)
		curves := 0
		for d := xml.NewDecoder(strings.NewReader(picture)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v\n%s", err, picture)
			}
			if e, ok := token.(xml.StartElement); ok && e.Name.Local == "polyline" {
				curves++
			}
		}
		if curves != tt.curves || strings.Contains(picture, "NaN") {
			t.Errorf("%d samples: %d curves, want %d\n%s", len(tt.samples), curves, tt.curves, picture)
		}
	}
}

// Without a server the command says how to get one.
func TestNoServer(t *testing.T) {
	t.Parallel()
	if err := run(t.Context(), "", time.Second, 0, 0, ""); err == nil || !strings.Contains(fmt.Sprint(err), "-dsn") {
		t.Errorf("error %v", err)
	}
}
