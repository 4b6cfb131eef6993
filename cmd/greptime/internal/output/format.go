// Package output writes results: as tables for the eye, as text for other programs, and as
// Parquet and Arrow files. It never holds a whole result.
package output

import (
	"fmt"
	"strings"
)

// Format is a form of output.
type Format string

const (
	Table    Format = "table"
	Vertical Format = "vertical"
	CSV      Format = "csv"
	TSV      Format = "tsv"
	JSON     Format = "json"
	NDJSON   Format = "ndjson"
	Markdown Format = "markdown"
	Parquet  Format = "parquet"
	Arrow    Format = "arrow"
)

// Formats are all formats.
var Formats = []Format{Table, Vertical, CSV, TSV, JSON, NDJSON, Markdown, Parquet, Arrow}

// ParseFormat returns the format of a name.
func ParseFormat(name string) (Format, error) {
	for _, f := range Formats {
		if string(f) == strings.ToLower(name) {
			return f, nil
		}
	}
	return "", fmt.Errorf("unknown format %q; known are %s", name, Names())
}

// Names lists the names of all formats.
func Names() string {
	names := make([]string, len(Formats))
	for i, f := range Formats {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}

// FromBatches reports whether the format is written from record batches by WriteBatches,
// and not from rows by WriteRows.
func (f Format) FromBatches() bool { return f == Parquet || f == Arrow }

// ForEyes reports whether the format is for people, who read times without a zone and
// durations with units.
func (f Format) ForEyes() bool { return f == Table || f == Vertical || f == Markdown }

// CheckNull returns an error if Options.Null cannot be this text: the format has a NULL of its own, or
// the text, which has no quotes, would be something else than one field.
func (f Format) CheckNull(text string) error {
	within := map[Format]string{CSV: ",\"\r\n", TSV: "\t\r\n"}[f]
	switch {
	case !f.ForEyes() && within == "":
		return fmt.Errorf("%s has a NULL of its own", f)
	case strings.ContainsAny(text, within):
		return fmt.Errorf("in %s, a text with one of %q cannot be NULL", f, within)
	}
	return nil
}

// Options say how a result is written.
type Options struct {
	Format Format
	// Null is the text of NULL. nil is the format's own: NULL for the eye, nothing in CSV,
	// where an empty text has quotes, and \N in TSV. Other formats have a NULL of their own.
	Null *string
	// Width is the width of the terminal in cells. 0 does not limit it.
	Width int
	// Color allows escape sequences for colours.
	Color bool
	// Progress, unless nil, is called now and then with the number of rows written.
	Progress func(rows int64)
}

// null returns the text of NULL.
func (o Options) null() string {
	switch {
	case o.Null != nil:
		return *o.Null
	case o.Format == CSV:
		return ""
	case o.Format == TSV:
		return `\N`
	default:
		return "NULL"
	}
}
