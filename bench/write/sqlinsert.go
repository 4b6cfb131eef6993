package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/measure"
	_ "github.com/greptime-go/greptime/driver" // database/sql's name greptime
)

// sqlScenarios run INSERTs of 1,000 rows with 10,000 arguments: natively, as auto does
// with them, and as text; beside them the same rows by package insert, and the share of
// database/sql: the arguments' way to a driver that does nothing.
func sqlScenarios(addr string) []measure.Scenario {
	const group = "SQL INSERT with arguments, 10 columns"
	return []measure.Scenario{
		insertScenario(group, "insert.Write", data.Narrow, addr, func(rows [][]data.Row) [][]data.Row { return rows }, appendNarrow),
		sqlScenario(group, "database/sql alone", func() (*sql.DB, error) { return sql.OpenDB(idle{}), nil }),
		sqlScenario(group, "insert=auto", open(addr, "auto")),
		sqlScenario(group, "insert=sql", open(addr, "sql")),
	}
}

// slowSQLScenarios run the same INSERTs on a server that takes as long as GreptimeDB.
func slowSQLScenarios(addr string) []measure.Scenario {
	const group = "SQL INSERT with arguments, 10 columns, slow server"
	return []measure.Scenario{
		insertScenario(group, "insert.Write", data.Narrow, addr, func(rows [][]data.Row) [][]data.Row { return rows }, appendNarrow),
		sqlScenario(group, "insert=auto", open(addr, "auto")),
	}
}

func open(addr, mode string) func() (*sql.DB, error) {
	return func() (*sql.DB, error) { return sql.Open("greptime", "greptime://"+addr+"?insert="+mode) }
}

func sqlScenario(group, name string, open func() (*sql.DB, error)) measure.Scenario {
	return measure.Scenario{Group: group, Name: name, Unit: "row", Setup: func(context.Context) (*measure.Operation, error) {
		db, err := open()
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

// idle is a driver that takes every INSERT of a batch and does nothing.
type idle struct{}

var (
	_ driver.Connector         = idle{}
	_ driver.ExecerContext     = idle{}
	_ driver.NamedValueChecker = idle{}
)

var errIdle = errors.New("the idle driver takes Exec only")

func (idle) Connect(context.Context) (driver.Conn, error) { return idle{}, nil }
func (idle) Driver() driver.Driver                        { return idle{} }
func (idle) Open(string) (driver.Conn, error)             { return idle{}, nil }
func (idle) Prepare(string) (driver.Stmt, error)          { return nil, errIdle }
func (idle) Begin() (driver.Tx, error)                    { return nil, errIdle }
func (idle) Close() error                                 { return nil }
func (idle) CheckNamedValue(nv *driver.NamedValue) error  { return nil }

func (idle) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(data.BatchRows), nil
}
