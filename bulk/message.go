package bulk

import (
	"strconv"
	"sync"

	"github.com/greptime-go/greptime/bulk/internal/recordbatch"
)

// message is an encoded batch. It takes the place of the batch, whose memory is free for
// new rows as soon as the message is made, until the batch is acknowledged.
type message struct {
	recordbatch.Message
	layout   *layout // of the columns
	reserved int64   // bytes of the writer's bound
}

// appendRequestID appends the metadata of a batch; GreptimeDB repeats it in its answer.
func appendRequestID(b []byte, id int64) []byte {
	b = append(b, `{"request_id":`...)
	b = strconv.AppendInt(b, id, 10)
	return append(b, '}')
}

// messages keeps messages for reuse.
type messages struct{ pool sync.Pool }

func (p *messages) get() *message {
	if m, ok := p.pool.Get().(*message); ok {
		return m
	}
	return &message{}
}

// put takes a message back. One that gRPC may still be reading is left to the garbage
// collector.
func (p *messages) put(m *message) {
	if !m.InUse() {
		p.pool.Put(m)
	}
}
