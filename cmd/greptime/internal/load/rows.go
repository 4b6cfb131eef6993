package load

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Rows is a set of rows of the files that are imported, in the order in which they are read.
// The zero Rows is empty.
type Rows struct {
	runs []run // sorted, apart from each other
}

// run is the rows from start, counted from 0, up to but not including end.
type run struct{ start, end int64 }

// ParseRows reads what [Rows.String] returns: numbers of rows, counted from 1, and ranges
// A-B, separated by commas. A first number N alone stands for the first N rows.
func ParseRows(text string) (Rows, error) {
	var rows Rows
	if text == "" {
		return rows, nil
	}
	for i, part := range strings.Split(text, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		start, err := strconv.ParseInt(first, 10, 64)
		end := start
		if err == nil && isRange {
			end, err = strconv.ParseInt(last, 10, 64)
		} else if i == 0 {
			start = 1
		}
		if err != nil || start < 1 || end < start {
			if i == 0 && text == "0" {
				return rows, nil
			}
			return Rows{}, fmt.Errorf("%q is no number of rows; write N for the first N rows, and A-B for the rows A to B, as in 120000,140001-160000", text)
		}
		rows.add(start-1, end)
	}
	return rows, nil
}

// String returns the set as [ParseRows] reads it.
func (r *Rows) String() string {
	parts := make([]string, 0, len(r.runs))
	for i, n := range r.runs {
		switch {
		case i == 0 && n.start == 0:
			parts = append(parts, strconv.FormatInt(n.end, 10))
		default:
			parts = append(parts, fmt.Sprintf("%d-%d", n.start+1, n.end))
		}
	}
	return strings.Join(parts, ",")
}

// Count returns the number of rows.
func (r *Rows) Count() int64 {
	n := int64(0)
	for _, x := range r.runs {
		n += x.end - x.start
	}
	return n
}

// Prefix returns how many rows from the first one on are in the set without a gap.
func (r *Rows) Prefix() int64 {
	if len(r.runs) == 0 || r.runs[0].start > 0 {
		return 0
	}
	return r.runs[0].end
}

// at returns the index of the first run that ends after a row.
func (r *Rows) at(row int64) int {
	return sort.Search(len(r.runs), func(i int) bool { return r.runs[i].end > row })
}

func (r *Rows) contains(row int64) bool {
	i := r.at(row)
	return i < len(r.runs) && r.runs[i].start <= row
}

// add adds the rows from start up to end.
func (r *Rows) add(start, end int64) {
	if start >= end {
		return
	}
	first := sort.Search(len(r.runs), func(i int) bool { return r.runs[i].end >= start })
	last := first
	for last < len(r.runs) && r.runs[last].start <= end {
		start, end = min(start, r.runs[last].start), max(end, r.runs[last].end)
		last++
	}
	r.runs = slices.Replace(r.runs, first, last, run{start, end})
}

func (r *Rows) addAll(runs []run) {
	for _, x := range runs {
		r.add(x.start, x.end)
	}
}

// without returns the runs of the rows from start up to end that are not in the set.
func (r *Rows) without(start, end int64) []run {
	var out []run
	for i := r.at(start); i < len(r.runs) && r.runs[i].start < end; i++ {
		if start < r.runs[i].start {
			out = append(out, run{start, r.runs[i].start})
		}
		start = r.runs[i].end
	}
	if start < end {
		out = append(out, run{start, end})
	}
	return out
}

// firstRuns returns a set of only the first runs, at most so many.
func (r *Rows) firstRuns(most int) Rows {
	return Rows{r.runs[:min(most, len(r.runs))]}
}

// countRows returns the number of rows in runs.
func countRows(runs []run) int64 {
	n := int64(0)
	for _, x := range runs {
		n += x.end - x.start
	}
	return n
}

// rowOf returns row i of those in the runs.
func rowOf(runs []run, i int64) int64 {
	for _, x := range runs {
		if n := x.end - x.start; i >= n {
			i -= n
			continue
		}
		return x.start + i
	}
	return -1
}

// sliceRuns returns the runs of the rows i up to j of those in the runs.
func sliceRuns(runs []run, i, j int64) []run {
	var out []run
	for _, x := range runs {
		n := x.end - x.start
		if i < n && j > 0 {
			out = append(out, run{x.start + max(i, 0), x.start + min(j, n)})
		}
		i, j = i-n, j-n
	}
	return out
}

// appendRow adds the next row to runs that are in order.
func appendRow(runs []run, row int64) []run {
	if n := len(runs); n > 0 && runs[n-1].end == row {
		runs[n-1].end++
		return runs
	}
	return append(runs, run{row, row + 1})
}
