package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/bench/internal/measure"
)

// The results that are in the repository have everything that the README promises.

func TestEveryBudgetLineIsMeasured(t *testing.T) {
	r, err := load("../results")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range budgets {
		if _, ok := line.value(r); !ok {
			t.Errorf("%s: there is no result of %q or %q", line.path, line.scenario, line.to)
		}
	}
}

func TestREADMEHasTheResults(t *testing.T) {
	r, err := load("../results")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), r.markdown()) {
		t.Error("the README is not what go run ./bench/run -report makes of the results")
	}
}

func TestPlotsAreDrawn(t *testing.T) {
	r, err := load("../results")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := r.plot(dir); err != nil {
		t.Fatal(err)
	}
	checkPlots(t, dir, r.drawn)
}

func checkPlots(t *testing.T, dir string, drawn func(figurePlot) bool) {
	t.Helper()
	for _, p := range plots {
		if !drawn(p) {
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, p.file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", p.file, err)
		}
	}
}

// The programs are built and run as they are for the README, for the beginning of the
// curves and what needs a build tag; with that and the results in the repository, every
// plot is drawn.
func TestProgramsMeasureCurves(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for a minute")
	}
	dir, err := benchDir(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	results := t.TempDir()
	o := options{only: `, by .*/(1|2|5|10|128|1024) |duckdb-go`, rounds: 1, time: time.Millisecond, goTool: "local"}
	for _, program := range programs {
		// go test has to know that its result depends on these files.
		if _, err := os.ReadDir("../" + program); err != nil {
			t.Fatal(err)
		}
		if err := runProgram(t.Context(), dir, program, results, o); err != nil {
			t.Fatal(err)
		}
	}
	curves, err := load(results)
	if err != nil {
		t.Fatal(err)
	}
	if curves.result(scan5+"duckdb-go Arrow") == nil {
		t.Error("duckdb-go was not measured")
	}
	if err := curves.plot(results); err != nil {
		t.Fatal(err)
	}
	checkPlots(t, results, curves.drawn)
	committed, err := load("../results")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plots {
		if !curves.drawn(p) && !committed.drawn(p) {
			t.Errorf("%s: there are no results of %q", p.file, p.groups)
		}
	}
}

func TestRealServersResultsStandApart(t *testing.T) {
	sample := []measure.Sample{{Units: 1, WallNanoseconds: 1}}
	r := &report{server: "8.4.2-greptimedb-1.0.2", results: []measure.Result{
		{Group: "scan", Name: "Arrow batches", Unit: "row", Samples: sample},
		{Group: measure.RealServer + "scan", Name: "Arrow batches", Unit: "row", Samples: sample},
	}}
	null, server, ok := strings.Cut(r.markdown(), "### On a GreptimeDB")
	if !ok || !strings.Contains(server, "| "+measure.RealServer+"scan |") || !strings.Contains(server, r.server) {
		t.Errorf("the real server's results are not in a section of their own:\n%s", server)
	}
	if strings.Contains(null, measure.RealServer) || !strings.Contains(null, "| scan |") {
		t.Errorf("the null server's results are not apart:\n%s", null)
	}
}

func TestFigures(t *testing.T) {
	for _, test := range []struct {
		value        float64
		figure, rate string
	}{
		{0, "0", "0"},
		{0.00001, "0", "0"},
		{0.01234, "0.0123", "0.0123"},
		{1.2345, "1.23", "1.23"},
		{99.96, "100.0", "100.0"},
		{123.4, "123", "123"},
		{1234, "1230", "1.23 K"},
		{88_512, "88500", "88.5 K"},
		{4_567_890, "4570000", "4.57 M"},
		{-0.5, "-0.500", "-0.500"},
	} {
		if got := figure(test.value); got != test.figure {
			t.Errorf("figure(%v) is %s, want %s", test.value, got, test.figure)
		}
		if got := rate(test.value); got != test.rate {
			t.Errorf("rate(%v) is %s, want %s", test.value, got, test.rate)
		}
	}
}

func TestRatioIsOfTheSameRound(t *testing.T) {
	samples := func(cpu ...int64) []measure.Sample {
		var s []measure.Sample
		for _, c := range cpu {
			s = append(s, measure.Sample{Units: 1, CPUNanoseconds: c})
		}
		return s
	}
	// The machine was slow in one round, for both.
	a, b := measure.Result{Samples: samples(20, 80, 20)}, measure.Result{Samples: samples(10, 40, 10)}
	if got := a.Ratio(measure.CPU, &b); got != 2 {
		t.Errorf("ratio %v, want 2", got)
	}
	if got := a.Ratio(measure.CPU, &b, &b); got != 1 {
		t.Errorf("ratio to the sum %v, want 1", got)
	}
	if got := a.Median(measure.CPU); got != 20 {
		t.Errorf("median %v, want 20", got)
	}
}
