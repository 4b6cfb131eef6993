package insert

import (
	"fmt"
	"maps"
)

// MergeMode says what a later row does to an earlier one with the same tags and time.
type MergeMode string

// The merge modes.
const (
	// LastRow replaces the row; what the later one leaves out becomes NULL or DEFAULT.
	LastRow MergeMode = "last_row"
	// LastNonNull replaces the values that the later row has; it cannot set NULL.
	LastNonNull MergeMode = "last_non_null"
)

// Options are options of inserts, deletes and streams. The zero Options leaves
// everything to the server and to the hints in the DSN; what is set here wins over
// those. TTL, AppendMode, MergeMode and SkipWAL count when the insert makes the
// table; those of a table that exists stay as they are.
type Options struct {
	// TTL is how long rows are kept: 7d, 1h, forever, or instant, with which they are
	// dropped at once.
	TTL string

	// AppendMode keeps every row, those of equal keys, too; rows cannot be deleted.
	AppendMode bool

	// MergeMode is last_row if it is not set.
	MergeMode MergeMode

	// SkipWAL writes without the write-ahead log: faster, and lost if the server ends
	// before it has flushed.
	SkipWAL bool

	// PhysicalTable is the table of the metric engine that holds the data of these
	// tables.
	PhysicalTable string

	// ExistingOnly makes it an error if a table or a column is missing (hint
	// auto_create_table=false); without it the server makes them.
	ExistingOnly bool

	// Hints are further hints, by the server's names. It ignores those it does not
	// know.
	Hints map[string]string

	// AtLeastOnce sends a request that may have been written to the next endpoint, too, when
	// one fails. Rows that are acknowledged are then written at least once; see
	// [Retry].AtLeastOnce for what that means in append mode. Without it, only a request
	// that provably was not sent goes to another endpoint, and rows are written at most
	// once.
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
