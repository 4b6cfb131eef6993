package measure

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/signal"
	"regexp"
	"runtime/pprof"
	"time"
)

// Report is what a program of scenarios writes.
type Report struct {
	Machine Machine       `json:"machine"`
	Begun   time.Time     `json:"begun"`
	Rounds  int           `json:"rounds"`
	Time    time.Duration `json:"sample_ns"`
	// Server is the version of the GreptimeDB that some scenarios run on, if any.
	Server  string   `json:"server,omitempty"`
	Results []Result `json:"results"`
}

// Main runs a program of scenarios by its command line. server is for the
// report.
func Main(scenarios []Scenario, server string) error {
	var (
		only   = flag.String("run", "", "run only scenarios that match this `regexp`, as go test does")
		rounds = flag.Int("rounds", 7, "samples of each scenario")
		about  = flag.Duration("time", 300*time.Millisecond, "how long a sample takes")
		cpu    = flag.String("cpuprofile", "", "write a CPU profile to this `file`")
		out    = flag.String("o", "", "write the report, JSON, to this `file`")
	)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *cpu != "" {
		f, err := os.Create(*cpu)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	re, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	report := Report{Machine: ThisMachine(), Begun: time.Now().UTC().Truncate(time.Second), Rounds: *rounds, Time: *about, Server: server}
	report.Results, err = Run(ctx, scenarios, Options{Rounds: *rounds, Time: *about, Only: re, Log: os.Stderr})
	if err != nil || *out == "" {
		return err
	}
	b, err := json.MarshalIndent(report, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(*out, append(b, '\n'), 0o644)
}
