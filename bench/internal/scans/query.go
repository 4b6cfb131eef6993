package scans

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/greptime-go/greptime/bench/internal/data"
)

// Query is a scan that the null server answers.
type Query struct {
	Columns   int
	Codec     string // of the bodies: none, lz4 or zstd; GreptimeDB's is lz4
	Rows      int    // of the result
	BatchRows int    // of a record batch; the last one may be shorter
}

// Pattern is the regular expression of what ParseQuery reads.
const Pattern = `scan_(\d+)_(none|lz4|zstd)_(\d+)_(\d+)`

var pattern = regexp.MustCompile(Pattern)

// SQL returns the text of the query.
func (q Query) SQL() string {
	return fmt.Sprintf("SELECT * FROM scan_%d_%s_%d_%d", q.Columns, q.Codec, q.Rows, q.BatchRows)
}

// ParseQuery finds the query in its text.
func ParseQuery(text string) (Query, error) {
	m := pattern.FindStringSubmatch(text)
	if m == nil {
		return Query{}, fmt.Errorf("there is no scan in %.200q", text)
	}
	q := Query{Codec: m[2]}
	var errs [3]error
	q.Columns, errs[0] = strconv.Atoi(m[1])
	q.Rows, errs[1] = strconv.Atoi(m[3])
	q.BatchRows, errs[2] = strconv.Atoi(m[4])
	if err := errors.Join(errs[:]...); err != nil {
		return Query{}, err
	}
	if q.Columns == 0 || q.BatchRows == 0 {
		return Query{}, fmt.Errorf("%s has no columns or no rows in its batches", m[0])
	}
	return q, nil
}

// Batches returns the number of record batches of the result.
func (q Query) Batches() int { return (q.Rows + q.BatchRows - 1) / q.BatchRows }

// ColumnNames returns the columns: of ten, the time, four strings and five doubles;
// otherwise the time, a string, two doubles and an integer, again and again or some of
// them.
func (q Query) ColumnNames() []string {
	if q.Columns == 10 {
		return append([]string{"ts"}, data.Names[:9]...)
	}
	return data.Repeat([]string{"ts", "host", "cpu", "net_in", "requests"}, q.Columns)
}
