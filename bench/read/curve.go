package main

import (
	"fmt"
	"slices"

	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/nullserver"
	"github.com/greptime-go/greptime/bench/internal/rawgrpc"
	"github.com/greptime-go/greptime/bench/internal/scans"
)

// mostAtOnce is how many connections are in use at once, at most.
const mostAtOnce = 16

// curveRows is the rows of the results whose columns or batches vary.
const curveRows = 128 * scans.BatchRows

// curveScenarios show how what a row costs depends on the columns, on the rows of a
// result and of a batch, and on how many connections are in use at once. No result has
// more rows than most.
func curveScenarios(fast, slow *nullserver.Process, most int) []measure.Scenario {
	five := scans.Query{Columns: 5, Codec: "lz4", Rows: min(curveRows, most), BatchRows: scans.BatchRows}
	var columns, rows, batches, connections []measure.Scenario
	for _, n := range []int{1, 2, 5, 20, 50} {
		s := scan{group: "scan, by columns", point: measure.Count(n, "column"), Query: five}
		s.Columns, s.Rows = n, min(curveRows/4, most)
		columns = append(columns, s.floor(fast), s.arrow(fast), s.sql(fast), s.mysql(fast))
	}
	for n := 1; n <= most; n *= 10 {
		s := scan{group: "scan, 5 columns, by rows", point: measure.Count(n, "row"), Query: five}
		s.Rows = n
		rows = append(rows, s.arrow(fast), s.sql(fast), s.mysql(fast))
	}
	for _, n := range []int{128, 1024, 8192, 65536} {
		s := scan{group: "scan, 5 columns, by rows of a batch", point: measure.Count(n, "row"), Query: five}
		s.BatchRows = n
		batches = append(batches, s.floor(fast), s.arrow(fast), s.sql(fast))
	}
	for n := 1; n <= mostAtOnce; n *= 2 {
		s := scan{group: "scan, 5 columns, by connections, slow server", point: fmt.Sprintf("%d at once", n), atOnce: n, Query: five}
		s.Rows = min(curveRows/4, most)
		connections = append(connections, s.arrow(slow), s.sql(slow), s.mysql(slow))
	}
	return slices.Concat(columns, rows, batches, connections)
}

func (s scan) floor(server *nullserver.Process) measure.Scenario {
	return s.receiveOnly(server, rawgrpc.Plain)
}

func (s scan) arrow(server *nullserver.Process) measure.Scenario {
	return s.scenario("Arrow batches", arrowBatches("greptime://"+server.Addr, s.SQL()))
}

func (s scan) sql(server *nullserver.Process) measure.Scenario {
	return s.scenario("database/sql Scan", rowsOf("greptime", "greptime://"+server.Addr, s.SQL(), s.values))
}

func (s scan) mysql(server *nullserver.Process) measure.Scenario {
	text, _ := mysqlScans(mysqlDSN(server), s.SQL(), s.values)
	return s.scenario("go-sql-driver/mysql text Scan", text)
}
