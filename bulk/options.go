package bulk

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/backoff"
)

// MaxInFlight is the maximum number of batches in flight on a stream. GreptimeDB 1.0.2 puts
// acks into a queue of 32 and drops those that do not fit, even if the client reads all the
// time: of 64 batches in flight it lost the acks of 32.
const MaxInFlight = 31

// Defaults of Options.
const (
	defaultInFlight         = 8
	defaultMaxBytes         = 128 << 20
	defaultTimeout          = time.Minute
	defaultCheckInterval    = 5 * time.Second
	defaultProgressInterval = 500 * time.Millisecond
	mostDefaultStreams      = 4
)

// Options are options of a Writer. The zero Options works well.
type Options struct {
	// Streams is the maximum number of open DoPut streams, over all endpoints. The server
	// processes the batches of a stream one after the other, so several streams are faster. The
	// writer opens them when there is something to send. Default: one for each CPU up to 4, and at
	// least one for each endpoint.
	Streams int

	// InFlight is how many batches may be sent and not acknowledged at the same time on each
	// stream: 1 to [MaxInFlight]; default 8.
	InFlight int

	// MaxBytes bounds the memory of batches that are not acknowledged, in bytes as they are sent;
	// default 128 MiB. Writes wait while it is reached. A larger batch is sent when nothing else
	// is in flight.
	MaxBytes int64

	// Compression is the compression of the record batches' bodies; default None. The writer
	// detects columns that gain too little by it, such as measurements by LZ4, and sends them
	// uncompressed, except in about one batch of thirty.
	Compression Compression

	// Timeout is how long a stream may go without an ack while batches are in flight. After that
	// it is cancelled, and it is not known whether its batches were written. Timeout also bounds
	// each statement with which the writer compares the columns or flushes the table. Default: one
	// minute; negative: no limit.
	Timeout time.Duration

	// CheckInterval is how often the writer checks, while batches are acknowledged, whether the
	// table was altered. Default 5 s; negative: only when it opens a stream, in Flush and in
	// Close. The package documentation says what follows from a change.
	CheckInterval time.Duration

	// Retry determines what is sent again on another stream, for how long, and how soon. A batch
	// that is sent again may come after one that was written later.
	Retry insert.Retry

	// Schema has the columns of the table for a user who may only write, and so cannot read them
	// from the server. For other users it is compared with the table. It must have every column of
	// the table, because GreptimeDB 1.0.2 refuses batches that lack one.
	Schema *insert.Schema

	// KeepLast drops, within each batch, all rows of a key (tags and time index) except the last.
	// GreptimeDB 1.0.2 keeps the first of them, where a native insert keeps the last. Do not set
	// it for tables in append mode, which keep all rows, nor for tables with
	// merge_mode=last_non_null, where the values that the last row lacks would be lost.
	KeepLast bool

	// Progress, if not nil, is called with the state of the load: every ProgressInterval (default
	// 500 ms) if something has changed, and at the end. It is called on a goroutine of its own,
	// one call at a time, and delays only Close, which it must not call.
	Progress         func(Progress)
	ProgressInterval time.Duration
}

// withDefaults returns the options with every field set, for so many endpoints, and when
// batches are sent again.
func (o Options) withDefaults(endpoints int) (Options, backoff.Policy, error) {
	switch {
	case o.Streams < 0:
		return o, backoff.Policy{}, fmt.Errorf("greptime: bulk: Streams is %d; it must be at least 1, or 0 for the default", o.Streams)
	case o.InFlight < 0 || o.InFlight > MaxInFlight:
		return o, backoff.Policy{}, fmt.Errorf("greptime: bulk: InFlight is %d; it must be 1 to %d: with more, GreptimeDB loses acks", o.InFlight, MaxInFlight)
	case o.MaxBytes < 0:
		return o, backoff.Policy{}, errors.New("greptime: bulk: MaxBytes is negative")
	case o.Compression > ZSTD:
		return o, backoff.Policy{}, fmt.Errorf("greptime: bulk: %v: choose None, LZ4 or ZSTD", o.Compression)
	case o.ProgressInterval < 0:
		return o, backoff.Policy{}, errors.New("greptime: bulk: ProgressInterval is negative")
	}
	policy, err := backoff.Policy{For: o.Retry.For, Min: o.Retry.MinBackoff, Max: o.Retry.MaxBackoff}.WithDefaults()
	if err != nil {
		return o, policy, fmt.Errorf("greptime: bulk: Retry: %w", err)
	}
	if o.Streams == 0 {
		o.Streams = max(endpoints, min(runtime.GOMAXPROCS(0), mostDefaultStreams))
	}
	o.InFlight = cmp.Or(o.InFlight, defaultInFlight)
	o.MaxBytes = cmp.Or(o.MaxBytes, defaultMaxBytes)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.CheckInterval = cmp.Or(o.CheckInterval, defaultCheckInterval)
	o.ProgressInterval = cmp.Or(o.ProgressInterval, defaultProgressInterval)
	return o, policy, nil
}

// Progress is the state of a load. Every batch that was accepted is pending, acknowledged or
// failed.
type Progress struct {
	Pending      int           // batches that wait or are in flight
	Acknowledged int64         // batches
	Rows         int64         // acknowledged, by the server's count
	Bytes        int64         // sent for the acknowledged batches
	Failed       int64         // batches
	Elapsed      time.Duration // since NewWriter
}
