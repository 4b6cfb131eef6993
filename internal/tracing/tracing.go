// Package tracing tells the user's tracer about the calls of the driver and of the packages
// that extend it.
package tracing

import (
	"context"
	"errors"
	"time"

	"github.com/greptime-go/greptime/calltrace"
)

// Tracer passes calls on to the user's tracer.
type Tracer struct {
	To        calltrace.Tracer
	Arguments bool // the user's tracer may see values of arguments and rows

	// Endpoint returns the endpoint that an error names.
	Endpoint func(error) string
	// WithoutValues returns an error like err, whose text has no values of arguments or rows.
	WithoutValues func(err error) error
}

// Start tells the tracer that a call begins. The call continues with the returned context.
func (t *Tracer) Start(ctx context.Context, c calltrace.Call) (context.Context, *Call) {
	ctx = t.To.Start(ctx, c)
	return ctx, &Call{Attempts: 1, tracer: t, ctx: ctx, call: c, began: time.Now()}
}

// Call is a call that has begun. The fields that are set before End are part of the outcome.
type Call struct {
	Endpoint string // the default is that of the error
	Rows     int64
	Bytes    int64
	Attempts int // 1, unless it is set
	Native   bool

	tracer *Tracer
	ctx    context.Context
	call   calltrace.Call
	began  time.Time
}

// End tells the tracer that the call has ended. It does nothing if there is no call.
func (c *Call) End(err error) {
	if c != nil {
		c.Ended(err)()
	}
}

// Ended ends the call now, and returns a function that tells the tracer.
func (c *Call) Ended(err error) func() {
	outcome := c.outcome(err)
	return func() { c.tracer.To.End(c.ctx, c.call, outcome) }
}

func (c *Call) outcome(err error) calltrace.Outcome {
	o := calltrace.Outcome{
		Endpoint: c.Endpoint,
		Duration: time.Since(c.began),
		Rows:     c.Rows,
		Bytes:    c.Bytes,
		Attempts: c.Attempts,
		Native:   c.Native,
		Err:      err,
	}
	if err == nil {
		return o
	}
	if endpoint := c.tracer.Endpoint(err); endpoint != "" {
		o.Endpoint = endpoint
	}
	if hasValues := c.call.Args > 0 || c.call.Rows > 0; hasValues && !c.tracer.Arguments {
		o.Err = c.tracer.WithoutValues(err)
	}
	return o
}

// valueless are errors whose texts are constant.
var valueless []error

// Valueless registers errors whose texts are constant, and so have no values. Packages call it
// when they are initialized.
func Valueless(errs ...error) { valueless = append(valueless, errs...) }

// ValuelessIn returns an error of those registered that err wraps, or nil.
func ValuelessIn(err error) error {
	for _, e := range valueless {
		if errors.Is(err, e) {
			return e
		}
	}
	return nil
}
