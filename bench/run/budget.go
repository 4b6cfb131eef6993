package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/greptime-go/greptime/bench/internal/measure"
)

// budget is a line of the performance budget: a figure of a scenario, or its ratio to
// the figure of another scenario in the same run, and its limit.
type budget struct {
	path     string
	scenario string
	to       string // the other scenario of a ratio; empty for the figure itself
	plus     string // a scenario whose figure is added to that of to; may be empty
	metric   measure.Metric
	what     string // the metric in words
	unit     string // of the figure itself
	atLeast  bool   // the limit is a minimum rather than a maximum
	limit    float64
	scale    float64 // factor from the metric to unit; 0 means 1
}

const (
	scan5     = "scan, 5 columns/"
	scan5slow = "scan, 5 columns, slow server/"
	scan10    = "scan, 10 columns/"
	rows10    = "insert, 10 columns/"
	rows12    = "insert, 12 columns/"
	encode    = "encode rows, 12 columns/"
	sqlRows   = "SQL INSERT with arguments, 10 columns/"
	sqlSlow   = "SQL INSERT with arguments, 10 columns, slow server/"
	one       = "insert of one row, 12 columns/"
	load10    = "bulk, 10 columns, 5 workers/"
	mysql     = "go-sql-driver/mysql text Scan"
)

// budgets are all lines of the budget.
var budgets = []budget{
	{path: "scan, 5 columns", scenario: scan5 + "database/sql Scan", metric: measure.Allocations, what: "allocations", unit: "a row", limit: 0.05},
	{path: "scan, 5 columns, sql.Null", scenario: scan5 + "database/sql Scan, sql.Null", metric: measure.Allocations, what: "allocations", unit: "a row", limit: 0.05},
	{path: "scan, 5 columns", scenario: scan5 + "database/sql Scan", to: scan5 + mysql, metric: measure.CPU, what: "CPU", limit: 0.45},
	{path: "scan, 10 columns", scenario: scan10 + "database/sql Scan", to: scan10 + mysql, metric: measure.CPU, what: "CPU", limit: 0.4},
	{path: "structs, 5 columns", scenario: scan5 + "Collect", to: scan5 + "database/sql Scan", metric: measure.CPU, what: "CPU", limit: 0.5},
	{path: "structs, 5 columns", scenario: scan5 + "Collect", metric: measure.Allocations, what: "allocations", unit: "a row", limit: 0.05},
	{path: "structs, 10 columns", scenario: scan10 + "Collect", to: scan10 + "database/sql Scan", metric: measure.CPU, what: "CPU", limit: 0.5},
	{path: "Arrow batches, 5 columns", scenario: scan5 + "Arrow batches", to: scan5 + "receive only", metric: measure.CPU, what: "CPU", limit: 1.25},
	{path: "Arrow batches, 5 columns", scenario: scan5 + "Arrow batches", to: scan5 + "arrow-go flight.Reader", metric: measure.Bytes, what: "bytes allocated", limit: 0.05},
	{path: "scan, 5 columns, slow server", scenario: scan5slow + "database/sql Scan", to: scan5slow + mysql, metric: measure.CPU, what: "CPU", limit: 0.45},
	{path: "Arrow batches, 5 columns, slow server", scenario: scan5slow + "Arrow batches", to: scan5slow + "receive only", metric: measure.CPU, what: "CPU", limit: 1.25},
	{path: "LZ4 body decode", scenario: "decode 5 columns, lz4/flightdecode", to: "decode 5 columns, lz4/arrow-go ipc.Reader", metric: measure.PerSecond, what: "bytes/s", atLeast: true, limit: 1.8},
	{path: "ZSTD body decode", scenario: "decode 5 columns, zstd/flightdecode", to: "decode 5 columns, zstd/arrow-go ipc.Reader", metric: measure.PerSecond, what: "bytes/s", atLeast: true, limit: 4},
	{path: "encode rows, 12 columns", scenario: encode + "Append", to: encode + "ingester-go AddRow", metric: measure.PerSecond, what: "rows/s", atLeast: true, limit: 15},
	{path: "encode structs, 12 columns", scenario: encode + "AppendStructs", to: encode + "Append", metric: measure.CPU, what: "CPU", limit: 1.5},
	{path: "insert, 10 columns", scenario: rows10 + "Append", to: rows10 + "pre-encoded", metric: measure.CPU, what: "CPU", limit: 2.2},
	{path: "insert, 10 columns, slow server", scenario: "insert, 10 columns, slow server/Append", to: "insert, 10 columns, slow server/pre-encoded", metric: measure.CPU, what: "CPU", limit: 2.2},
	{path: "insert, 10 columns", scenario: rows10 + "Append", metric: measure.Allocations, what: "allocations", unit: "a row", limit: 0.2},
	{path: "insert, 10 columns, slow server", scenario: "insert, 10 columns, slow server/Append", to: "insert, 10 columns, slow server/pre-encoded", metric: measure.PerSecond, what: "rows/s", atLeast: true, limit: 0.95},
	{path: "insert, 12 columns", scenario: rows12 + "Append", to: rows12 + "pre-encoded", metric: measure.CPU, what: "CPU", limit: 2.2},
	{path: "insert, 12 columns", scenario: rows12 + "Append", metric: measure.Allocations, what: "allocations", unit: "a row", limit: 0.2},
	{path: "insert of structs, 12 columns", scenario: rows12 + "AppendStructs", metric: measure.Allocations, what: "allocations", unit: "a row", limit: 1},
	{path: "bulk, 10 columns", scenario: load10 + "Append", to: load10 + "pre-encoded", metric: measure.CPU, what: "CPU", limit: 2.2},
	{path: "bulk, 10 columns, slow server", scenario: "bulk, 10 columns, 5 workers, slow server/Append", to: "bulk, 10 columns, 5 workers, slow server/pre-encoded", metric: measure.CPU, what: "CPU", limit: 2.2},
	{path: "bulk, 10 columns", scenario: load10 + "Append", metric: measure.Allocations, what: "allocations", unit: "a row", limit: 0.1},
	{path: "bulk, 10 columns, slow server", scenario: "bulk, 10 columns, 5 workers, slow server/Append", to: "bulk, 10 columns, 5 workers, slow server/pre-encoded", metric: measure.PerSecond, what: "rows/s", atLeast: true, limit: 0.9},
	{path: "bulk, 10 columns, LZ4", scenario: load10 + "Append, LZ4", to: load10 + "Append", metric: measure.CPU, what: "CPU", limit: 1.25},
	{path: "SQL INSERT, 10,000 arguments", scenario: sqlRows + "insert=auto", to: sqlRows + "insert=sql", metric: measure.PerSecond, what: "rows/s", atLeast: true, limit: 3},
	{path: "SQL INSERT, 10,000 arguments", scenario: sqlRows + "insert=auto", metric: measure.CPU, what: "CPU", unit: "ns a row", limit: 900},
	{path: "SQL INSERT, 10,000 arguments", scenario: sqlRows + "insert=auto", to: sqlRows + "database/sql alone", plus: sqlRows + "insert.Write", metric: measure.CPU, what: "CPU", limit: 1.2},
	{path: "SQL INSERT, 10,000 arguments, slow server", scenario: sqlSlow + "insert=auto", to: sqlSlow + "insert.Write", metric: measure.PerSecond, what: "rows/s", atLeast: true, limit: 0.85},
	{path: "SELECT 1", scenario: "SELECT 1/database/sql", metric: measure.CPU, what: "CPU", unit: "µs", limit: 120, scale: 1e-3},
	{path: "SELECT 1 by One", scenario: "SELECT 1/One", to: "SELECT 1/bare gRPC call", metric: measure.CPU, what: "CPU", limit: 1.15},
	{path: "insert of one row", scenario: one + "Append, Write", to: one + "bare gRPC call", metric: measure.P50, what: "p50", limit: 1.1},
	{path: "insert of one row", scenario: one + "Append, Write", to: one + "bare gRPC call", metric: measure.CPU, what: "CPU", limit: 1.1},
	{path: "memory, scan of 10 million rows", scenario: "memory of a long scan, 5 columns/database/sql Scan", metric: measure.HeapGrowth, what: "growth of the heap", unit: "MiB", limit: 8, scale: 1.0 / (1 << 20)},
	{path: "memory, Each over 10 million rows", scenario: "memory of a long scan, 5 columns/Each", metric: measure.HeapGrowth, what: "growth of the heap", unit: "MiB", limit: 8, scale: 1.0 / (1 << 20)},
	{path: "memory, load of 10 million rows", scenario: "memory of a long load, 10 columns/bulk Append", metric: measure.HeapGrowth, what: "growth of the heap", unit: "MiB", limit: 8, scale: 1.0 / (1 << 20)},
}

// budgetTable returns the budget as a table.
func (r *report) budgetTable() string {
	var b strings.Builder
	b.WriteString("| path | measured | budget | met |\n|---|---|---|---|\n")
	for _, line := range budgets {
		value, ok := line.value(r)
		relation, met := "≤", value <= line.limit
		if line.atLeast {
			relation, met = "≥", value >= line.limit
		}
		suffix := " " + line.unit
		if line.to != "" {
			suffix = " × " + nameOf(line.to)
		}
		if line.plus != "" {
			suffix = fmt.Sprintf(" × (%s + %s)", nameOf(line.to), nameOf(line.plus))
		}
		answer := "yes"
		switch {
		case !ok:
			answer = "not measured"
		case !met:
			answer = "**no**"
		}
		fmt.Fprintf(&b, "| %s, %s | %s%s | %s %s | %s |\n", line.path, line.what, figure(value), strings.TrimRight(suffix, " "), relation, number(line.limit), answer)
	}
	return b.String()
}

// value returns the measured figure. ok is false if a scenario was not measured.
func (line *budget) value(r *report) (value float64, ok bool) {
	result := r.result(line.scenario)
	if result == nil {
		return math.NaN(), false
	}
	if line.to == "" {
		value = result.Median(line.metric)
	} else {
		var others []*measure.Result
		for _, scenario := range []string{line.to, line.plus} {
			if scenario == "" {
				continue
			}
			other := r.result(scenario)
			if other == nil {
				return math.NaN(), false
			}
			others = append(others, other)
		}
		value = result.Ratio(line.metric, others...)
	}
	if line.scale != 0 {
		value *= line.scale
	}
	return value, true
}

// nameOf returns the name of a scenario without its group.
func nameOf(scenario string) string {
	_, name, _ := strings.Cut(scenario, "/")
	return name
}
