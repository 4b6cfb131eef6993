package insert

import (
	"time"

	"github.com/greptime-go/greptime/internal/backoff"
)

// Retry determines what the writers of this package and of package bulk send again, for how
// long, and how soon. With the zero Retry they send again, for one minute, what is proved not
// to have been written.
type Retry struct {
	// For is how long after its first failure a request or batch is sent again, if another attempt
	// can help. After that time it has failed. The default is one minute. With a negative For,
	// nothing is sent again, but for bulk batches that the server refused because columns were
	// added to the table.
	For time.Duration

	// MinBackoff is the pause before the first attempt (default 100 ms). Each pause is
	// twice as long as the one before, up to MaxBackoff (default 10 s), and is shortened
	// by up to half of it, at random.
	MinBackoff, MaxBackoff time.Duration

	// AtLeastOnce also sends again what may have been written: when the connection broke, an
	// answer did not come in time, or the error does not prove that nothing was written. Rows that
	// are acknowledged are then written at least once. A table in append mode keeps both copies of
	// rows that were written twice. In other tables rows with the same tags and time replace each
	// other, so a second copy does no harm, but it can replace a row that another client has
	// written in between.
	//
	// Without it, rows are written at most once.
	AtLeastOnce bool
}

// policy returns when something is sent again.
func (r Retry) policy() backoff.Policy {
	return backoff.Policy{For: r.For, Min: r.MinBackoff, Max: r.MaxBackoff}
}
