package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/scans"
	"github.com/greptime-go/greptime/insert"
)

// greptimeDB is a real server: how scans do on it when everything else is in the
// picture, too.
type greptimeDB struct {
	greptimeDSNs
	conn    *greptime.Conn
	version string
	rows    int             // of each table
	filled  map[string]bool // tables that were made
}

// greptimeDSNs are how to reach the same database by gRPC and, if they are not empty, by
// MySQL's and PostgreSQL's protocols.
type greptimeDSNs struct {
	grpc, mysql, postgres string
}

func connectGreptimeDB(ctx context.Context, dsns greptimeDSNs, rows int) (*greptimeDB, error) {
	if dsns.mysql != "" {
		config, err := mysql.ParseDSN(dsns.mysql)
		if err != nil {
			return nil, err
		}
		config.ParseTime = true
		dsns.mysql = config.FormatDSN()
	}
	conn, err := greptime.Connect(ctx, dsns.grpc)
	if err != nil {
		return nil, err
	}
	db := &greptimeDB{greptimeDSNs: dsns, conn: conn, rows: rows, filled: map[string]bool{}}
	if db.version, err = db.text(ctx, "SELECT version()"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return db, nil
}

// text is the first value of a query's result.
func (db *greptimeDB) text(ctx context.Context, query string) (string, error) {
	rd, err := db.conn.QueryArrow(ctx, query)
	if err != nil {
		return "", err
	}
	defer rd.Release()
	if !rd.Next() {
		return "", errors.Join(fmt.Errorf("%s has no result", query), rd.Err())
	}
	return strings.Clone(rd.RecordBatch().Column(0).ValueStr(0)), nil
}

// close drops the tables.
func (db *greptimeDB) close() error {
	var errs []error
	for table := range db.filled {
		_, err := db.conn.Exec(context.Background(), "DROP TABLE "+table)
		errs = append(errs, err)
	}
	return errors.Join(append(errs, db.conn.Close())...)
}

// scenarios are the scans of the null servers.
func (db *greptimeDB) scenarios() []measure.Scenario {
	var all []measure.Scenario
	for _, columns := range []int{5, 10} {
		all = append(all, db.scanScenarios(scan{
			group: fmt.Sprintf("%sscan, %d columns", measure.RealServer, columns),
			Query: scans.Query{Columns: columns, Rows: db.rows},
		})...)
	}
	return all
}

func (db *greptimeDB) scanScenarios(s scan) []measure.Scenario {
	names := s.ColumnNames()
	table := fmt.Sprintf("greptime_go_bench_%d", s.Columns)
	query := "SELECT * FROM " + table
	all := []measure.Scenario{
		s.scenario("Arrow batches", arrowBatches(db.grpc, query)),
		s.scenario("database/sql Next only", rowsOf("greptime", db.grpc, query, nil)),
		s.scenario("database/sql Scan", rowsOf("greptime", db.grpc, query, s.values)),
		s.scenario("database/sql Scan, sql.Null", rowsOf("greptime", db.grpc, query, s.nulls)),
	}
	if db.mysql != "" {
		text, prepared := mysqlScans(db.mysql, query, s.values)
		all = append(all, s.scenario("go-sql-driver/mysql text Scan", text), s.scenario("go-sql-driver/mysql prepared Scan", prepared))
	}
	if db.postgres != "" {
		all = append(all, pgxScenarios(db.postgres, query, s)...)
	}
	for i := range all { // the table is not made for scenarios that are not run
		setup := all[i].Setup
		all[i].Setup = func(ctx context.Context) (*measure.Operation, error) {
			if err := db.fill(ctx, table, names); err != nil {
				return nil, err
			}
			return setup(ctx)
		}
	}
	return all
}

// fill makes the table, if it was not made yet.
func (db *greptimeDB) fill(ctx context.Context, table string, columns []string) error {
	if db.filled[table] {
		return nil
	}
	for _, statement := range []string{"DROP TABLE IF EXISTS " + table, createTable(table, columns)} {
		if _, err := db.conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	db.filled[table] = true
	schema, err := data.InsertSchema(columns)
	if err != nil {
		return err
	}
	rows := data.Rows(db.rows)
	t := schema.NewTable(table)
	for i := range rows {
		if err := t.Append(rows[i].Values(columns)...); err != nil {
			return err
		}
		if t.Len() == data.BatchRows || i == len(rows)-1 {
			if _, err := insert.Write(ctx, db.conn, t); err != nil {
				return err
			}
			t.Reset()
		}
	}
	return nil
}

func createTable(table string, columns []string) string {
	var definitions, tags []string
	for _, name := range columns {
		quoted, typ := `"`+name+`"`, ""
		switch (&data.Row{}).Value(name).(type) {
		case string:
			typ, tags = "STRING", append(tags, quoted)
		case float64:
			typ = "DOUBLE"
		case int64:
			typ = "BIGINT"
		case time.Time:
			typ = "TIMESTAMP(3) TIME INDEX"
		}
		definitions = append(definitions, quoted+" "+typ)
	}
	return "CREATE TABLE " + table + " (" + strings.Join(definitions, ", ") + ", PRIMARY KEY (" + strings.Join(tags, ", ") + "))"
}
