package bulk

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/greptime-go/greptime/insert"
)

// MaxInFlight is the most batches that may be in flight on a stream. GreptimeDB 1.0.2
// puts acks into a queue of 32 and drops those that do not fit, even when the client
// reads all the time: of 64 batches in flight it lost the acks of 32.
const MaxInFlight = 31

// Defaults of Options.
const (
	defaultInFlight         = 8
	defaultMaxBytes         = 128 << 20
	defaultAckTimeout       = time.Minute
	defaultCheckInterval    = 5 * time.Second
	defaultMinBackoff       = 100 * time.Millisecond
	defaultMaxBackoff       = 10 * time.Second
	defaultProgressInterval = 500 * time.Millisecond
	mostDefaultStreams      = 4
)

// Options says how a Writer writes. The zero Options works well.
type Options struct {
	// Streams is how many DoPut streams are open at most, spread over the endpoints.
	// The server processes a stream's batches one after the other, so several are
	// faster. Streams are opened when there is something to send. Default: one for
	// each CPU up to 4, and at least one for each endpoint.
	Streams int

	// InFlight is how many batches may be sent and not acknowledged on a stream, 1 to
	// [MaxInFlight]; default 8.
	InFlight int

	// MaxBytes bounds the memory of batches that are not acknowledged, in bytes as they
	// are sent; default 128 MiB. Writes wait while it is reached. A batch larger than
	// that is sent when nothing else is in flight.
	MaxBytes int64

	// Compression of the record batches' bodies; default None. The writer notices which
	// columns gain too little by it, such as measurements by LZ4, and sends them as they
	// are, but for one batch in some thirty.
	Compression Compression

	// AckTimeout is how long a stream may go without an ack while batches are in
	// flight; then it is given up, and the outcome of its batches is unknown. It also
	// bounds each statement by which the writer compares the columns or flushes the table.
	// Default 1 minute; negative: no limit.
	AckTimeout time.Duration

	// CheckInterval is how often the writer asks, while batches are acknowledged, whether
	// somebody has altered the table. Default 5 s; negative: only when it opens a
	// stream, in Flush and in Close. The package documentation says what follows.
	CheckInterval time.Duration

	// Resend, if Attempts is not 0, sends what a failed stream did not acknowledge again
	// on another one.
	Resend Resend

	// Schema are the columns of the table for those who may not read them from the
	// server: a user who may only write. For others it is checked against the table.
	// Every column of the table has to be in it: GreptimeDB 1.0.2 refuses batches that
	// lack one.
	Schema *insert.Schema

	// KeepLast drops, within each batch, all rows of a key (tags and time index) but the
	// last. GreptimeDB 1.0.2 keeps the first of them where a native insert keeps the
	// last. Do not set it for tables in append mode, where all rows stay, nor with
	// merge_mode=last_non_null, where the values that the last row lacks would be lost.
	KeepLast bool

	// Progress, if not nil, is told how far the load is: every ProgressInterval (default
	// 500 ms) when something has changed, and at the end. It is called on a goroutine of
	// its own, one call at a time, and delays nothing but Close, which it must not call.
	Progress         func(Progress)
	ProgressInterval time.Duration
}

// Resend says how often and how soon batches are sent again.
//
// It makes the load at-least-once: a batch whose ack was lost is written twice. That is
// harmless where rows with equal keys replace each other, but not in append mode. A
// batch sent again may also come after one that was written later.
type Resend struct {
	// Attempts is how often a batch is sent again before it is reported as failed, and how
	// often all endpoints are tried again when none can be reached; 0: not at all.
	Attempts int

	// MinBackoff is the pause before the first attempt, which doubles with each up to
	// MaxBackoff; both vary at random. Defaults 100 ms and 10 s.
	MinBackoff, MaxBackoff time.Duration
}

// withDefaults fills in what is unset, for so many endpoints.
func (o Options) withDefaults(endpoints int) (Options, error) {
	switch {
	case o.Streams < 0:
		return o, fmt.Errorf("greptime: bulk: Streams is %d; it has to be at least 1, or 0 for the default", o.Streams)
	case o.InFlight < 0 || o.InFlight > MaxInFlight:
		return o, fmt.Errorf("greptime: bulk: InFlight is %d; it has to be 1 to %d: with more, GreptimeDB loses acks", o.InFlight, MaxInFlight)
	case o.MaxBytes < 0:
		return o, errors.New("greptime: bulk: MaxBytes is negative")
	case o.Compression > ZSTD:
		return o, fmt.Errorf("greptime: bulk: %v: choose None, LZ4 or ZSTD", o.Compression)
	case o.Resend.Attempts < 0 || o.Resend.MinBackoff < 0 || o.Resend.MaxBackoff < 0:
		return o, errors.New("greptime: bulk: Resend is negative")
	case o.ProgressInterval < 0:
		return o, errors.New("greptime: bulk: ProgressInterval is negative")
	}
	if o.Streams == 0 {
		o.Streams = max(endpoints, min(runtime.GOMAXPROCS(0), mostDefaultStreams))
	}
	setDefault(&o.InFlight, defaultInFlight)
	setDefault(&o.MaxBytes, defaultMaxBytes)
	setDefault(&o.AckTimeout, defaultAckTimeout)
	setDefault(&o.CheckInterval, defaultCheckInterval)
	setDefault(&o.Resend.MinBackoff, defaultMinBackoff)
	setDefault(&o.Resend.MaxBackoff, max(defaultMaxBackoff, o.Resend.MinBackoff))
	setDefault(&o.ProgressInterval, defaultProgressInterval)
	return o, nil
}

func setDefault[T int | int64 | time.Duration](v *T, to T) {
	if *v == 0 {
		*v = to
	}
}

// Progress is how far a load is.
type Progress struct {
	Batches  int64         // acknowledged
	Rows     int64         // acknowledged, by the server's count
	Bytes    int64         // sent for the batches acknowledged
	Failed   int64         // batches reported as failed
	InFlight int           // batches written and neither acknowledged nor failed
	Elapsed  time.Duration // since NewWriter
}
