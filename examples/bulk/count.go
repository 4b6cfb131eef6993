package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime"
)

// countRows asks the server how many rows a table has.
func countRows(ctx context.Context, conn *greptime.Conn, table string) (int64, error) {
	rd, err := conn.QueryArrow(ctx, "SELECT count(*) FROM "+quote(table))
	if err != nil {
		return 0, err
	}
	defer rd.Release()
	if !rd.Next() {
		return 0, errors.Join(errors.New("the count has no row"), rd.Err())
	}
	counts, ok := rd.RecordBatch().Column(0).(*array.Int64)
	if !ok || counts.Len() != 1 {
		return 0, fmt.Errorf("the count is %v", rd.RecordBatch())
	}
	n := counts.Value(0)
	for rd.Next() { // to the end, where errors are
	}
	return n, rd.Err()
}

// quote makes a name an SQL identifier.
func quote(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
