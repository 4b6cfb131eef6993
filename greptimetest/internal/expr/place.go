package expr

import "time"

// Place is where an expression stands. GreptimeDB compares timestamps with text by rules
// that depend on it.
type Place struct {
	// Filter is set inside WHERE, HAVING and ON.
	Filter bool
	// SelectList is set inside a select list, and Compared has the columns that it
	// compares with text.
	SelectList bool
	Compared   map[string]bool
	// Zone is the zone of text without one.
	Zone *time.Location
}
