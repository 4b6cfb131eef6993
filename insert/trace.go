package insert

import (
	"context"
	"slices"

	"github.com/greptime-go/greptime/calltrace"
	"github.com/greptime-go/greptime/internal/request"
	"github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/tracing"
	"github.com/greptime-go/greptime/internal/transport"
)

func init() {
	tracing.Valueless(ErrNoRows, ErrClosed, ErrFull, ErrStreamEnded, errNotSent)
}

// startTrace tells the tracer that a call with the rows of tables begins. Without a tracer, it
// returns ctx and nil.
func startTrace(ctx context.Context, s session.Session, kind calltrace.Kind, tables ...*Table) (context.Context, *tracing.Call) {
	tracer := s.Tracer()
	if tracer == nil {
		return ctx, nil
	}
	call := calltrace.Call{Kind: kind, Database: s.Database()}
	for _, t := range tables {
		if t.Len() == 0 {
			continue
		}
		call.Rows += t.Len()
		if !slices.Contains(call.Tables, t.name) {
			call.Tables = append(call.Tables, t.name)
		}
	}
	return tracer.Start(ctx, call)
}

// kindOf returns the kind of a call with an operation.
func kindOf(op request.Operation) calltrace.Kind {
	if op == request.Delete {
		return calltrace.Delete
	}
	return calltrace.Insert
}

// streamKindOf returns the kind of a call of a Stream with an operation.
func streamKindOf(op request.Operation) calltrace.Kind {
	if op == request.Delete {
		return calltrace.StreamDelete
	}
	return calltrace.StreamInsert
}

// noteRequest adds a request to the outcome of a call, which may be nil.
func noteRequest(call *tracing.Call, encoded transport.Encoded, endpoint *transport.Endpoint) {
	if call == nil {
		return
	}
	call.Endpoint = endpoint.Addr()
	call.Bytes += int64(encoded.Len())
}
