package insert

import (
	"time"

	"github.com/greptime-go/greptime/internal/backoff"
)

// Retry says what the writers of this package and of package bulk send again, for how
// long, and how soon. With the zero Retry they send again for one minute what is proved
// not to be written.
type Retry struct {
	// For is how long a request or a batch is sent again after its first failure, if
	// another attempt can help. Then it has failed. The default is one minute; a negative
	// For sends nothing again.
	For time.Duration

	// MinBackoff is the pause before the first attempt (default 100 ms). Each pause is
	// twice as long as the one before, up to MaxBackoff (default 10 s), and is shortened
	// by up to half of it, at random.
	MinBackoff, MaxBackoff time.Duration

	// AtLeastOnce sends again also what may have been written: when the connection broke,
	// an answer did not come in time, or the error does not prove that nothing was
	// written. Rows that are acknowledged are then written at least once. A table in
	// append mode keeps both copies of rows that were written twice. In other tables rows
	// with the same tags and time replace each other, so a second copy does no harm;
	// but it can replace a row that somebody else has written in between.
	//
	// Without it, rows are written at most once.
	AtLeastOnce bool
}

// policy returns when something is sent again.
func (r Retry) policy() backoff.Policy {
	return backoff.Policy{For: r.For, Min: r.MinBackoff, Max: r.MaxBackoff}
}
