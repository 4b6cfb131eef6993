//go:build !duckdb_arrow

package main

import "github.com/greptime-go/greptime/bench/internal/measure"

// duckScenario is nothing: duckdb-go has its Arrow interface with the build tag
// duckdb_arrow only, with which ../run builds this program.
func duckScenario(scan) []measure.Scenario { return nil }
