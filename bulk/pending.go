package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/tracing"
)

// Ack is the server's confirmation that a batch is written. On some versions of GreptimeDB it
// outlasts a crash only after a flush, if columns were added to the table; see the package
// documentation.
type Ack struct {
	ID      int64         // of the batch, as Pending.ID returns it
	Rows    int64         // affected rows: those of the batch, including duplicates
	Elapsed time.Duration // how long the server took
}

// Pending is a batch that was accepted by WriteAsync or WriteRecord. It is safe for concurrent
// use.
type Pending struct {
	writer *Writer
	id     int64
	done   chan struct{}
	ack    Ack         // valid once done
	err    *WriteError // valid once done; nil if it was acknowledged

	// The rest is guarded by the writer's mutex.
	message  *message
	failures int       // attempts that failed, perhaps because of the batch
	failing  time.Time // since when
	sending  bool      // the stream's goroutine is at it
	sent     bool      // gRPC has taken it, on the stream whose inflight it is in
	doubtful bool      // it may be written although no ack came

	call *tracing.Call // nil without a tracer; guarded by the writer's mutex once queued
}

// failed notes that another attempt failed. The caller holds mu.
func (p *Pending) failed() {
	if p.failures++; p.failures == 1 {
		p.failing = time.Now()
	}
}

// write describes the batch as a write. The caller holds mu, and the batch is not settled.
func (p *Pending) write() session.Write {
	w := session.Write{Kind: session.Rows, Table: p.writer.table.Name, Tables: 1, Requests: 1}
	if p.message != nil {
		w.Rows = p.message.Rows()
	}
	return w
}

// ID returns the number of the batch in its Writer, counted from 1. It is the request_id on the
// wire. A batch without rows, which is not sent, has the ID 0.
func (p *Pending) ID() int64 { return p.id }

// Done returns a channel that is closed when the batch is acknowledged or has failed.
func (p *Pending) Done() <-chan struct{} { return p.done }

// Wait waits until the batch is acknowledged. If the batch failed, the error is a *[WriteError]
// with it. If ctx ends first, the error wraps that of ctx, and the batch stays with the writer.
func (p *Pending) Wait(ctx context.Context) (Ack, error) {
	select {
	case <-p.done:
	default:
		select {
		case <-p.done:
		case <-ctx.Done():
			return Ack{}, fmt.Errorf("greptime: bulk: batch %d is not acknowledged yet, and stays with the writer: %w", p.id, ctx.Err())
		}
	}
	if p.err != nil {
		p.writer.claim(p)
		return Ack{}, p.err
	}
	return p.ack, nil
}

// answer is the JSON in a PutResult of GreptimeDB 1.0.2.
type answer struct {
	RequestID    *int64  `json:"request_id"`
	AffectedRows int64   `json:"affected_rows"`
	ElapsedSecs  float64 `json:"elapsed_secs"`
}

// maxElapsed bounds what a server says it took. It is far below what a Duration can hold.
const maxElapsed = 24 * 365 * time.Hour

func parseAck(metadata []byte) (Ack, error) {
	var a answer
	if err := json.Unmarshal(metadata, &a); err != nil {
		return Ack{}, fmt.Errorf("greptime: bulk: the server's answer %.100q is not understood: %w", metadata, err)
	}
	if a.RequestID == nil {
		return Ack{}, fmt.Errorf("greptime: bulk: the server's answer %.100q has no request_id", metadata)
	}
	if a.AffectedRows < 0 || a.AffectedRows > math.MaxInt32 {
		return Ack{}, fmt.Errorf("greptime: bulk: the server's answer %.100q has a number of rows that no batch can have", metadata)
	}
	seconds := min(max(a.ElapsedSecs, 0), maxElapsed.Seconds())
	return Ack{ID: *a.RequestID, Rows: a.AffectedRows, Elapsed: time.Duration(seconds * float64(time.Second))}, nil
}
