// Package measuretest tests programs of scenarios.
package measuretest

import (
	"regexp"
	"testing"
	"time"

	"github.com/greptime-go/greptime/bench/internal/measure"
)

// RunAll runs each scenario for a moment.
func RunAll(t *testing.T, scenarios []measure.Scenario) {
	t.Helper()
	seen := map[string]bool{}
	for _, s := range scenarios {
		if seen[s.ID()] {
			t.Errorf("scenario %s is there twice", s.ID())
		}
		seen[s.ID()] = true
		t.Run(s.ID(), func(t *testing.T) {
			results, err := measure.Run(t.Context(), []measure.Scenario{s}, measure.Options{
				Rounds: 1, Time: time.Millisecond, Only: regexp.MustCompile(""), Log: t.Output(),
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				if r.Median(measure.CPU) < 0 || r.Median(measure.PerSecond) <= 0 {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}
