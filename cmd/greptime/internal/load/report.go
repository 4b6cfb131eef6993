package load

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/greptime-go/greptime/cmd/greptime/internal/progress"
	"github.com/greptime-go/greptime/cmd/greptime/internal/visible"
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

// Print writes the report. err is the error of Run.
func (r *Report) Print(w io.Writer, opts *Options, err error) {
	if opts.DryRun {
		fmt.Fprintf(w, "%s read, %s fit the table, %s do not. Nothing was written.\n", progress.Count(r.Read, "row"), progress.Group(r.Acknowledged), progress.Group(r.Refused))
		r.printBad(w, "")
		return
	}
	rate := progress.Group(int64(float64(r.Acknowledged) / max(r.Elapsed.Seconds(), 1e-9)))
	fmt.Fprintf(w, "%s read, %s acknowledged in %s (%s rows/s).\n", progress.Count(r.Read, "row"), progress.Group(r.Acknowledged), progress.Duration(r.Elapsed), rate)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(n int64, what string) {
		if n > 0 {
			fmt.Fprintf(t, "\t%s\t %s\n", progress.Group(n), what)
		}
	}
	line(r.Skipped, "skipped")
	refused := "refused"
	if opts.Errors != "" {
		refused += ": see " + opts.Errors
	}
	line(r.Refused, refused)
	line(r.Unknown, "unknown: sent, but whether they are written is not known")
	line(r.Read-r.Skipped-r.Acknowledged-r.Refused-r.Unknown, "not written")
	t.Flush()
	var bad *BadRow
	if !errors.As(err, &bad) || len(r.Bad) > 1 { // otherwise err says it
		r.printBad(w, opts.Errors)
	}
	if err != nil {
		r.printNext(w)
	}
}

// printBad writes the first bad rows, unless they are in a file.
func (r *Report) printBad(w io.Writer, file string) {
	if file != "" {
		return
	}
	for i := range r.Bad {
		fmt.Fprintf(w, "  %s\n", visible.Text(r.Bad[i].Error()))
	}
	if n := r.Refused - int64(len(r.Bad)); n > 0 {
		fmt.Fprintf(w, "  and %s more\n", progress.Count(n, "row"))
	}
}

// printNext writes what is there, and how to go on.
func (r *Report) printNext(w io.Writer) {
	prefix := r.done.Prefix()
	beyond := Rows{r.done.runs}
	if prefix > 0 {
		beyond.runs = beyond.runs[1:]
	}
	switch {
	case prefix == 0 && len(beyond.runs) == 0 && r.Unknown == 0:
		fmt.Fprintln(w, "Nothing is written.")
		return
	case prefix == 0:
		fmt.Fprintln(w, "The first row is not known to be written.")
	default:
		fmt.Fprintf(w, "The first %s need not be sent again.\n", progress.Count(prefix, "row"))
	}
	if n := beyond.Count(); n > 0 { // acknowledged, skipped, or in the file of errors
		fmt.Fprintf(w, "Of the others, %s need not be sent again: %s.\n", progress.Count(n, "row"), list(beyond))
	}
	if r.Unknown > 0 {
		fmt.Fprintf(w, "Of %s it is not known: %s.\n", progress.Count(r.Unknown, "row"), list(r.unknown))
	}
	skip := r.Skip()
	if skip == "" {
		skip = "0"
	}
	fmt.Fprintf(w, "To go on, run the same command with --skip %s: it sends all other rows.\n", skip)
	again := r.Unknown > 0 || len(r.done.runs) > mostRuns
	if again {
		fmt.Fprintln(w, "Rows that are sent twice replace themselves, but in a table in append mode they are there twice.")
	}
}

// list writes the numbers of rows.
func list(rows Rows) string {
	first := rows.firstRuns(mostRuns)
	parts := make([]string, len(first.runs))
	for i, r := range first.runs {
		parts[i] = fmt.Sprintf("%d-%d", r.start+1, r.end)
	}
	if n := len(rows.runs) - len(first.runs); n > 0 {
		parts = append(parts, fmt.Sprintf("and %d more ranges", n))
	}
	return strings.Join(parts, ", ")
}
