package insert

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"time"
)

// BufferedOptions are options of a Buffered writer. The zero value works well.
type BufferedOptions struct {
	// Options are those of its inserts. With Idempotent, what may have been carried out
	// is sent again, too: the rows of a table that is not in append mode can then arrive
	// twice without harm.
	Options Options

	// FlushRows, FlushBytes and FlushInterval say when the rows of a table are sent: as
	// soon as there are so many (default 1,000), as soon as they take so many bytes of a
	// request (default 1 MiB), and when the first of them has waited so long (default
	// 1 s). They are sent earlier if Memory is short.
	//
	// While a request for a table is under way its next rows gather, and then travel
	// together, up to 4 MiB, or FlushBytes if that is more.
	FlushRows     int
	FlushBytes    int
	FlushInterval time.Duration

	// Memory is how many bytes the rows may take that are waiting and under way
	// (default 64 MiB): their size in a request, and 8 bytes for each. Beyond it
	// appending blocks. The buffers around them are up to twice as large.
	Memory int

	// Requests is how many requests run at the same time (default 8), each for another
	// table.
	Requests int

	// Timeout limits each request. The default is Config.Timeout, or 30 s without one.
	// Afterwards nobody knows whether the rows were written.
	Timeout time.Duration

	// RetryFor is how long a request is repeated after its first failure, if it may be
	// repeated at all; then its rows have failed. The default is one minute; if it is
	// negative, nothing is repeated.
	RetryFor time.Duration

	// Backoff is the pause before the first repetition (default 100 ms). Each pause is
	// twice as long as the one before, up to MaxBackoff (default 10 s), and is shortened
	// by up to half of it, at random.
	Backoff    time.Duration
	MaxBackoff time.Duration

	// OnError takes rows that were not acknowledged. Calls for one table come one after
	// the other, those for several may overlap. The table's later rows wait for its
	// return. It may write the rows again, with a context that ends, unless the writer
	// is being closed, but it must not call Flush or Close.
	//
	// Without it those rows stay in the writer, and in its Memory, until Flush or Close
	// returns them.
	OnError func(Undelivered)
}

// minRequest is up to which size a request grows while the one before is under way.
const minRequest = 4 << 20

// defaultTimeout limits a request where the Config does not.
const defaultTimeout = 30 * time.Second

// withDefaults are the options with every field set.
func (o BufferedOptions) withDefaults() (BufferedOptions, error) {
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"FlushRows", int64(o.FlushRows)}, {"FlushBytes", int64(o.FlushBytes)}, {"FlushInterval", int64(o.FlushInterval)},
		{"Memory", int64(o.Memory)}, {"Requests", int64(o.Requests)}, {"Timeout", int64(o.Timeout)},
		{"Backoff", int64(o.Backoff)}, {"MaxBackoff", int64(o.MaxBackoff)},
	} {
		if f.value < 0 {
			return o, fmt.Errorf("greptime: insert: BufferedOptions.%s is negative; leave it out for the default", f.name)
		}
	}
	o.FlushRows = cmp.Or(o.FlushRows, 1000)
	o.FlushBytes = cmp.Or(o.FlushBytes, 1<<20)
	o.FlushInterval = cmp.Or(o.FlushInterval, time.Second)
	o.Memory = cmp.Or(o.Memory, 64<<20)
	o.Requests = cmp.Or(o.Requests, 8)
	o.RetryFor = cmp.Or(o.RetryFor, time.Minute)
	o.Backoff = cmp.Or(o.Backoff, 100*time.Millisecond)
	o.MaxBackoff = max(cmp.Or(o.MaxBackoff, 10*time.Second), o.Backoff)
	return o, nil
}

// pause is how long to wait after a request has failed n times.
func (o *BufferedOptions) pause(n int) time.Duration {
	d := o.Backoff
	for i := 1; i < n && d < o.MaxBackoff; i++ {
		d = min(2*d, o.MaxBackoff)
	}
	return d - rand.N(d/2+1)
}
