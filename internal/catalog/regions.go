package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/sqltext"
)

// Regions returns the number of regions of a table according to
// information_schema.partitions of GreptimeDB 1.0.2 and 1.1.4. It returns 0 for a table
// that does not exist.
func Regions(ctx context.Context, query Query, database, table string) (int64, error) {
	inDatabase, err1 := sqltext.QuoteString(database)
	name, err2 := sqltext.QuoteString(table)
	if err := errors.Join(err1, err2); err != nil {
		return 0, err
	}
	rd, err := query(ctx, "SELECT count(*) FROM information_schema.partitions WHERE table_schema = "+inDatabase+" AND table_name = "+name)
	if err != nil {
		return 0, err
	}
	defer rd.Release()
	var n int64
	found := false
	for rd.Next() {
		batch := rd.RecordBatch()
		if batch.NumCols() != 1 || batch.NumRows() == 0 {
			continue
		}
		counts, ok := batch.Column(0).(*array.Int64)
		if !ok {
			return 0, fmt.Errorf("count(*) is %s, not Int64", batch.Column(0).DataType())
		}
		n, found = counts.Value(0), true
	}
	if err := rd.Err(); err != nil {
		return 0, err
	}
	if !found {
		return 0, errors.New("the answer to count(*) has no row")
	}
	return n, nil
}
