package insert

import (
	"fmt"
	"sort"

	"github.com/greptime-go/greptime/internal/request"
)

// offset returns where row i begins, or where the last one ends.
func (t *Table) offset(i int) int {
	if i == len(t.starts) {
		return t.end
	}
	return t.starts[i]
}

// rows returns the rows from one index to another as part of a request.
func (t *Table) rows(from, to int) request.Rows {
	return request.Rows{Table: t.name, Schema: t.schema.wire, Body: t.body, From: t.offset(from), To: t.offset(to), Count: to - from}
}

// split distributes the rows of tables over requests that are no longer than limit, including
// a header of the given length. It omits tables without rows.
func split(tables []*Table, header, limit int) ([][]request.Rows, error) {
	var requests [][]request.Rows
	var rows []request.Rows
	perTable := request.MaxOverhead(header, 1) - request.MaxOverhead(header, 0)
	used := request.MaxOverhead(header, 0)
	for _, t := range tables {
		if err := t.Err(); err != nil {
			return nil, err
		}
		for from := 0; from < t.Len(); {
			free := limit - used - len(t.name) - len(t.schema.wire) - perTable
			start := t.offset(from)
			fit := sort.Search(t.Len()-from, func(n int) bool { return t.offset(from+n+1)-start > free })
			if fit == 0 {
				if len(rows) == 0 {
					return nil, &ValueError{Table: t.name, Row: from, Reason: fmt.Sprintf("it takes %d bytes, more than a request of %d can carry; raise max_message_size", t.offset(from+1)-start, limit)}
				}
				requests, rows = append(requests, rows), nil
				used = request.MaxOverhead(header, 0)
				continue
			}
			rows = append(rows, t.rows(from, from+fit))
			used += len(t.name) + len(t.schema.wire) + perTable + t.offset(from+fit) - start
			from += fit
		}
	}
	if len(rows) > 0 {
		requests = append(requests, rows)
	}
	if len(requests) == 0 {
		return nil, errNoRows(tables)
	}
	return requests, nil
}

func errNoRows(tables []*Table) error {
	if len(tables) == 1 {
		return fmt.Errorf("%w in table %q", ErrNoRows, tables[0].name)
	}
	return ErrNoRows
}
