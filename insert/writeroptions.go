package insert

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/greptime-go/greptime/internal/backoff"
)

// WriterOptions are options of a Writer. The zero WriterOptions works well.
type WriterOptions struct {
	// Options are the options of the writer's inserts, except for AtLeastOnce, which you must set
	// in Retry.
	Options Options

	// FlushRows, FlushBytes and FlushInterval determine when the rows of a table are sent: as soon
	// as there are FlushRows of them (default 1,000), as soon as they take FlushBytes of a request
	// (default 1 MiB), or when the first of them has waited for FlushInterval (default 1 s). They
	// are sent earlier if MaxBytes is nearly reached.
	//
	// While a request for a table is under way, its next rows are gathered and then travel
	// together, up to 4 MiB, or FlushBytes if that is more.
	FlushRows     int
	FlushBytes    int
	FlushInterval time.Duration

	// MaxBytes bounds the memory of rows that are not acknowledged: their size in a
	// request, and 8 bytes for each row; default 64 MiB. Writes wait while it is reached.
	// The buffers around the rows are up to twice as large.
	MaxBytes int64

	// InFlight is how many requests may be sent and not answered at the same time, each for a
	// different table; default 8.
	InFlight int

	// Timeout is how long a request may go without an answer. After that it is cancelled, and it
	// is not known whether its rows were written. Default: Config.Timeout, or 30 s without one.
	Timeout time.Duration

	// Retry determines what is sent again, for how long, and how soon.
	Retry Retry

	// OnError receives rows that were not acknowledged. Calls for one table come one after the
	// other; those for several tables may overlap. The later rows of the table wait until OnError
	// returns. It may write the rows again, with a context that ends, unless the writer is being
	// closed, but it must not call Flush or Close.
	//
	// Without an OnError these rows remain in the writer, and count for MaxBytes, until Flush or
	// Close returns them.
	OnError func(FailedRows)
}

// minRequest is up to which size a request grows while the one before is under way.
const minRequest = 4 << 20

// defaultTimeout limits a request where the Config does not.
const defaultTimeout = 30 * time.Second

// withDefaults returns the options with every field set, and when requests are sent
// again.
func (o WriterOptions) withDefaults() (WriterOptions, backoff.Policy, error) {
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"FlushRows", int64(o.FlushRows)}, {"FlushBytes", int64(o.FlushBytes)}, {"FlushInterval", int64(o.FlushInterval)},
		{"MaxBytes", o.MaxBytes}, {"InFlight", int64(o.InFlight)}, {"Timeout", int64(o.Timeout)},
	} {
		if f.value < 0 {
			return o, backoff.Policy{}, fmt.Errorf("greptime: insert: WriterOptions.%s is negative; leave it out for the default", f.name)
		}
	}
	if o.Options.AtLeastOnce {
		return o, backoff.Policy{}, errors.New("greptime: insert: WriterOptions.Options.AtLeastOnce is set; set WriterOptions.Retry.AtLeastOnce instead")
	}
	policy, err := o.Retry.policy().WithDefaults()
	if err != nil {
		return o, policy, fmt.Errorf("greptime: insert: WriterOptions.Retry: %w", err)
	}
	o.FlushRows = cmp.Or(o.FlushRows, 1000)
	o.FlushBytes = cmp.Or(o.FlushBytes, 1<<20)
	o.FlushInterval = cmp.Or(o.FlushInterval, time.Second)
	o.MaxBytes = cmp.Or(o.MaxBytes, 64<<20)
	o.InFlight = cmp.Or(o.InFlight, 8)
	return o, policy, nil
}
