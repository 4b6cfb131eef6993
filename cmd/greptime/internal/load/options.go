package load

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/greptime-go/greptime/bulk"
)

// Options say how files are read and written. The zero Options reads files with a header,
// and writes them as package bulk does by default.
type Options struct {
	// How the files are read.
	Format      Format      // of all files; "": as each file's name and first bytes tell
	Stdin       io.Reader   // of the file "-"
	Delimiter   byte        // of CSV; 0: a comma
	NoHeader    bool        // the first line of CSV and TSV is a row
	Columns     []Selection // the columns to import, or the names of all if there is no header
	Null        []string    // texts without quotes that are NULL, as the empty one is
	TimeFormats TimeFormats
	Zone        *time.Location // of times without a zone in text; nil: UTC
	ArrowZone   *time.Location // of timestamps without a zone in Parquet and Arrow; nil: UTC

	// How a table is made that does not exist.
	Types  map[string]Type // of columns, in place of those that are found
	Time   string          // the time index
	Tags   []string        // the primary key
	Append bool            // append_mode

	// How the rows are written.
	Streams     int              // as bulk.Options.Streams
	Compression bulk.Compression // as bulk.Options.Compression
	RetryFor    time.Duration    // as insert.Retry.For
	AtLeastOnce bool             // as insert.Retry.AtLeastOnce
	DryRun      bool             // they are only read and checked

	// Which rows are not written.
	Skip      Rows   // not to be sent
	Errors    string // the file that rows go to which cannot be written; "": the first one ends the import
	MaxErrors int64  // the most such rows; 0: no limit with Errors, none without

	// Progress, unless nil, is called now and then, always on the same goroutine.
	Progress func(Progress)
}

// Progress is how far an import is.
type Progress struct {
	Rows     int64   // acknowledged; of a dry run: checked
	Fraction float64 // of the files that is read, or -1 if that is not known
}

// Selection is a column of a file and the name it has in the table.
type Selection struct {
	Table string
	File  string // "-" without a header: the column is left out
}

// ParseSelection reads NAME, or TABLE=FILE for a column that has another name in the file.
func ParseSelection(text string) (Selection, error) {
	table, file, renamed := strings.Cut(text, "=")
	if !renamed {
		file = table
	}
	if table == "" || file == "" {
		return Selection{}, fmt.Errorf("--columns: %q names no column; write NAME, or TABLE=FILE for one that has another name in the file", text)
	}
	return Selection{Table: table, File: file}, nil
}

// leftOut is the name of a column of a file without a header that is not imported.
const leftOut = "-"

// comma returns the separator of the fields of CSV.
func (o *Options) comma() byte {
	if o.Delimiter != 0 {
		return o.Delimiter
	}
	return ','
}

// isNull reports whether a field is NULL. A JSON value and one with quotes is what it says.
func (o *Options) isNull(f field) bool {
	if f.quoted || f.null {
		return f.null
	}
	if len(f.text) == 0 {
		return true
	}
	for _, marker := range o.Null {
		if string(f.text) == marker {
			return true
		}
	}
	return false
}

// times returns the parser of times in text.
func (o *Options) times() *timeParser {
	zone := o.Zone
	if zone == nil {
		zone = time.UTC
	}
	return &timeParser{formats: o.TimeFormats, zone: zone}
}
