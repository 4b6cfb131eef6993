package main

import (
	"context"
	"database/sql"
	"strings"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/measure"
	_ "github.com/greptime-go/greptime/driver" // database/sql's name greptime
)

// sqlScenarios run INSERTs of 1,000 rows with 10,000 arguments: natively, as auto does
// with them, and as text; beside them the same rows by package insert.
func sqlScenarios(addr string) []measure.Scenario {
	const group = "SQL INSERT with arguments, 10 columns"
	return []measure.Scenario{
		insertScenario(group, "insert.Write", data.Narrow, addr, func(rows [][]data.Row) [][]data.Row { return rows }, appendNarrow),
		sqlScenario(group, "auto", addr),
		sqlScenario(group, "sql", addr),
	}
}

func sqlScenario(group, mode, addr string) measure.Scenario {
	return measure.Scenario{Group: group, Name: "insert=" + mode, Unit: "row", Setup: func(context.Context) (*measure.Operation, error) {
		db, err := sql.Open("greptime", "greptime://"+addr+"?insert="+mode)
		if err != nil {
			return nil, err
		}
		columns := data.Columns(data.Narrow)
		row := "(" + strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",") + ")"
		query := "INSERT INTO " + data.Narrow + " (" + strings.Join(columns, ", ") + ") VALUES " + row + strings.Repeat(","+row, data.BatchRows-1)
		c := cycle[[]any]{}
		for _, rows := range data.Batches(batches) {
			var args []any
			for _, r := range rows {
				args = append(args, r.Region, r.Zone, r.Rack, r.Host, r.CPU, r.Memory, r.Disk, r.NetIn, r.NetOut, r.Time)
			}
			c.all = append(c.all, args)
		}
		op := perBatch(func(ctx context.Context) error {
			result, err := db.ExecContext(ctx, query, c.take()...)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			return checkRows(n, data.BatchRows)
		})
		op.Close = db.Close
		return op, nil
	}}
}
