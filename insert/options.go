package insert

import (
	"fmt"
	"maps"
)

// MergeMode determines what a later row does to an earlier one with the same tags and time.
type MergeMode string

// The merge modes.
const (
	// LastRow replaces the whole row: columns that the later row leaves out become NULL or their
	// DEFAULT.
	LastRow MergeMode = "last_row"
	// LastNonNull replaces only the values that are not NULL in the later row. It cannot set a
	// value to NULL.
	LastNonNull MergeMode = "last_non_null"
)

// Options are options of inserts, deletes and streams. The zero Options leaves everything to
// the server and to the hints in the DSN; fields that are set take precedence over these hints.
// TTL, AppendMode, MergeMode and SkipWAL apply to a table that the insert creates; they do not
// change an existing table.
type Options struct {
	// TTL is how long the server keeps rows: 7d, 1h, forever, or instant, which drops them at
	// once.
	TTL string

	// AppendMode keeps every row, also those with equal keys. Rows cannot be deleted then.
	AppendMode bool

	// MergeMode determines how rows with equal keys are merged; default [LastRow].
	MergeMode MergeMode

	// SkipWAL makes the server write without its write-ahead log. That is faster, but rows are
	// lost if the server ends before it has flushed them.
	SkipWAL bool

	// PhysicalTable is the table of the metric engine that stores the rows of these tables.
	PhysicalTable string

	// ExistingOnly makes a missing table or column an error (hint auto_create_table=false).
	// Without it, the server creates them.
	ExistingOnly bool

	// Hints are further hints, by the server's names. The server ignores names that it does not
	// know.
	Hints map[string]string

	// AtLeastOnce also sends a request that may have been written to the next endpoint when one
	// fails. Rows that are acknowledged are then written at least once; see [Retry].AtLeastOnce
	// for what that means in append mode. Without it, only a request that provably was not sent
	// goes to another endpoint, and rows are written at most once.
	AtLeastOnce bool
}

// hints returns all hints, or an error if they contradict each other.
func (o *Options) hints() (map[string]string, error) {
	if o.hasNone() {
		return nil, nil
	}
	typed := map[string]string{}
	if o.TTL != "" {
		typed["ttl"] = o.TTL
	}
	if o.AppendMode {
		typed["append_mode"] = "true"
	}
	switch o.MergeMode {
	case "":
	case LastRow, LastNonNull:
		if o.AppendMode {
			return nil, fmt.Errorf("greptime: insert: AppendMode keeps all rows, so a MergeMode (%s) has no meaning; leave out one of them", o.MergeMode)
		}
		typed["merge_mode"] = string(o.MergeMode)
	default:
		return nil, fmt.Errorf("greptime: insert: MergeMode %q; write insert.LastRow or insert.LastNonNull", string(o.MergeMode))
	}
	if o.SkipWAL {
		typed["skip_wal"] = "true"
	}
	if o.PhysicalTable != "" {
		typed["physical_table"] = o.PhysicalTable
	}
	if o.ExistingOnly {
		typed["auto_create_table"] = "false"
	}
	for key := range o.Hints {
		if _, twice := typed[key]; twice {
			return nil, fmt.Errorf("greptime: insert: hint %s is in Hints and also set by its own field; leave out one of them", key)
		}
	}
	maps.Copy(typed, o.Hints)
	return typed, nil
}

// hasNone reports whether there is no hint.
func (o *Options) hasNone() bool {
	return o.TTL == "" && !o.AppendMode && o.MergeMode == "" && !o.SkipWAL && o.PhysicalTable == "" && !o.ExistingOnly && len(o.Hints) == 0
}
