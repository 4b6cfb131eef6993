package load

import (
	"runtime"
	"time"
)

// mostBadRows is how many bad rows a Report keeps, and mostRuns how many ranges it names.
const (
	mostBadRows = 10
	mostRuns    = 40
)

// Report is what came of an import. Rows are counted over all files.
type Report struct {
	Read         int64 // rows
	Skipped      int64 // because of Options.Skip
	Acknowledged int64 // by the server; of a dry run: rows that could be sent
	Refused      int64 // because a value does not fit
	Unknown      int64 // sent, and nobody knows whether they are written
	NotWritten   int64 // sent, and certainly not written
	Elapsed      time.Duration
	Bad          []BadRow // the first ones

	skip    Rows
	done    Rows // acknowledged, or kept in the file of errors
	unknown Rows
	cause   error // of the first unknown rows
}

func (r *Report) keep(bad *BadRow) {
	if len(r.Bad) < mostBadRows {
		r.Bad = append(r.Bad, *bad)
	}
}

// finish adds the rows that were not to be sent to those that are done.
func (r *Report) finish() { r.done.addAll(r.skip.runs) }

// Skip returns the rows that need not be sent again, as [ParseRows] reads them: those that
// were skipped, are acknowledged, or are in the file of errors. It is "" if there are none.
func (r *Report) Skip() string {
	first := r.done.firstRuns(mostRuns)
	return first.String()
}

func defaultWorkers() int { return min(runtime.GOMAXPROCS(0), 4) }
