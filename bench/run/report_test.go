package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	for _, p := range plots {
		if info, err := os.Stat(filepath.Join(dir, p.file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", p.file, err)
		}
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
	if got := a.Ratio(&b, measure.CPU); got != 2 {
		t.Errorf("ratio %v, want 2", got)
	}
	if got := a.Median(measure.CPU); got != 20 {
		t.Errorf("median %v, want 20", got)
	}
}
