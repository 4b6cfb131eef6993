// Command run measures this driver, its peers and the layers below all of them, on one
// machine in one run. It writes the results into bench/README.md and bench/results:
// figures, samples, plots.
//
//	go run ./bench/run
//
// With -run it measures only some scenarios, prints them, and writes nothing.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/greptime-go/greptime/bench/internal/measure"
)

// toolchain is the Go version of the measured programs. Rows are scanned without boxing
// since 1.27.
const toolchain = "go1.27.1"

type options struct {
	only   string
	rounds int
	time   time.Duration
	goTool string
}

func main() {
	var o options
	flag.StringVar(&o.only, "run", "", "only scenarios that match this `regexp`; print them and write nothing")
	flag.IntVar(&o.rounds, "rounds", 9, "samples of each scenario")
	flag.DurationVar(&o.time, "time", 300*time.Millisecond, "how long a sample takes, about")
	flag.StringVar(&o.goTool, "go", toolchain, "Go `toolchain` of the measured programs")
	report := flag.Bool("report", false, "measure nothing; write README and plots from the results that are there")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, *report); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, reportOnly bool) error {
	dir, err := benchDir(ctx)
	if err != nil {
		return err
	}
	results := filepath.Join(dir, "results")
	if o.only != "" {
		if results, err = os.MkdirTemp("", "greptime-bench"); err != nil {
			return err
		}
		defer os.RemoveAll(results)
	}
	if !reportOnly {
		for _, program := range programs {
			if err := runProgram(ctx, dir, program, results, o); err != nil {
				return fmt.Errorf("%s: %w", program, err)
			}
		}
	}
	r, err := load(results)
	if err != nil {
		return err
	}
	if o.only != "" {
		fmt.Print(r.tables(false), r.tables(true))
		return nil
	}
	for _, f := range plots {
		if !r.drawn(f) {
			fmt.Fprintf(os.Stderr, "%s is not drawn: not all of its groups %q have results\n", f.file, f.groups)
		}
	}
	if err := r.writeCSV(filepath.Join(results, "results.csv")); err != nil {
		return err
	}
	if err := r.plot(results); err != nil {
		return err
	}
	return r.writeREADME(filepath.Join(dir, "README.md"))
}

// benchDir returns the directory of this module.
func benchDir(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/greptime-go/greptime/bench").Output()
	if err != nil {
		return "", fmt.Errorf("looking for the module of the benchmarks (run it within the project): %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// programs are the files that the programs write.
var programs = []string{"read", "write"}

// runProgram builds a program with the toolchain and runs it.
func runProgram(ctx context.Context, dir, name, results string, o options) error {
	tmp, err := os.MkdirTemp("", "greptime-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	exe := filepath.Join(tmp, name)
	// duckdb-go has its Arrow interface only with this tag.
	build := exec.CommandContext(ctx, "go", "build", "-tags", "duckdb_arrow", "-o", exe, "./"+name)
	build.Dir, build.Stderr = dir, os.Stderr
	build.Env = append(os.Environ(), "GOTOOLCHAIN="+o.goTool)
	if err := build.Run(); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, exe, "-run", o.only, "-rounds", fmt.Sprint(o.rounds), "-time", o.time.String(), "-o", filepath.Join(results, name+".json"))
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// report holds the results of all programs.
type report struct {
	machine measure.Machine
	server  string // the version of a real server, if there was one
	begun   time.Time
	rounds  int
	time    time.Duration
	results []measure.Result
}

func load(results string) (*report, error) {
	r := &report{}
	for i, name := range programs {
		b, err := os.ReadFile(filepath.Join(results, name+".json"))
		if err != nil {
			return nil, err
		}
		var m measure.Report
		if err := json.Unmarshal(b, &m); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if i == 0 {
			r.machine, r.begun, r.rounds, r.time = m.Machine, m.Begun, m.Rounds, m.Time
		}
		if m.Server != "" {
			r.server = m.Server
		}
		for path, version := range m.Machine.Modules {
			r.machine.Modules[path] = version
		}
		r.results = append(r.results, m.Results...)
	}
	return r, nil
}

// result returns a scenario's result, or nil if it was not measured.
func (r *report) result(id string) *measure.Result {
	for i := range r.results {
		if r.results[i].Group+"/"+r.results[i].Name == id {
			return &r.results[i]
		}
	}
	return nil
}
