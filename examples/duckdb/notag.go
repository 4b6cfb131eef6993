//go:build !duckdb_arrow

package main

import "log"

func main() {
	log.SetFlags(0)
	log.Fatal("duckdb-go needs a tag for its Arrow interface: go run -tags duckdb_arrow ./examples/duckdb")
}
