package wiretest

import (
	"errors"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/internal/test/captures"
)

// Replay returns a handler that answers as recorded. It reads the client's messages
// without checking them, sends the recorded answers, and ends with the recorded status and
// x-greptime-err-code. An exchange without an answer ends without a response header, as it
// did on the wire.
//
// For a DoPut it sends the first ack at once and another after each batch, and fails where
// the recording failed. A client that sends more than was recorded gets an error.
// HandleRequests answers when the client has sent everything. If the recording failed, it
// answers as soon as the client has sent as many requests as were recorded.
func Replay[E captures.DoGet | captures.Handle | captures.DoPut | captures.Unary](exchange E, steps ...Step) Handler {
	switch e := any(exchange).(type) {
	case captures.DoGet:
		return func(c *Call) error { return replayDoGet(c, &e, steps) }
	case captures.Handle:
		return func(c *Call) error { return replayHandle(c, &e, steps) }
	case captures.DoPut:
		return func(c *Call) error { return replayDoPut(c, &e, steps) }
	}
	e := any(exchange).(captures.Unary)
	return func(c *Call) error { return replayUnary(c, &e, steps) }
}

// Flight returns a handler that answers a DoGet with these messages and OK.
func Flight(messages []captures.Message, steps ...Step) Handler {
	e := captures.DoGet{Messages: messages}
	return func(c *Call) error { return replayDoGet(c, &e, steps) }
}

func replayDoGet(c *Call, e *captures.DoGet, steps []Step) error {
	if _, err := c.TicketBytes(); err != nil {
		return err
	}
	answers := make([][]byte, len(e.Messages))
	for i, m := range e.Messages {
		answers[i] = EncodeFlightData(m)
	}
	return run(c, steps, answers, &e.Status)
}

func replayHandle(c *Call, e *captures.Handle, steps []Step) error {
	for n := 0; e.Code == codes.OK || n < len(e.Requests); n++ {
		if _, err := c.Recv(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
	}
	return run(c, steps, oneAnswer(e.Code, e.Response), &e.Status)
}

func replayUnary(c *Call, e *captures.Unary, steps []Step) error {
	if _, err := c.Recv(); err != nil {
		return err
	}
	return run(c, steps, oneAnswer(e.Code, e.Response), &e.Status)
}

// oneAnswer returns the answer of a unary call, which may be an empty message.
func oneAnswer(code codes.Code, response []byte) [][]byte {
	if code != codes.OK {
		return nil
	}
	return [][]byte{response}
}

func replayDoPut(c *Call, e *captures.DoPut, steps []Step) error {
	co, err := newCourse(c, steps, len(e.Results))
	if err != nil {
		return err
	}
	acks := len(e.Results)
	if acks == 0 { // refused before anything was read
		return co.end(&e.Status)
	}
	// The server gave up at the first message without an ack.
	failAt := min(acks, len(e.Sent)-1)
	ack := func(i int) error { return co.send(i, EncodePutResult(e.Results[i].AppMetadata)) }
	if err := ack(0); err != nil { // the first ack comes before anything else
		return stepError(err)
	}
	for i := 0; ; i++ {
		_, err := c.Recv()
		switch {
		case errors.Is(err, io.EOF), err == nil && e.Code != codes.OK && i == failAt:
			return co.end(&e.Status)
		case err != nil:
			return err
		case i >= len(e.Sent):
			return status.Errorf(codes.Internal, "wiretest: the client sent more than the %d messages of %s", len(e.Sent), e.File)
		case i > 0 && i < acks: // message 0 is the schema
			if err := ack(i); err != nil {
				return stepError(err)
			}
		}
	}
}

func run(c *Call, steps []Step, answers [][]byte, st *captures.Status) error {
	co, err := newCourse(c, steps, len(answers))
	if err != nil {
		return err
	}
	for i, b := range answers {
		if err := co.send(i, b); err != nil {
			return stepError(err)
		}
	}
	return co.end(st)
}

// course sends answers, and executes the steps between them.
type course struct {
	call    *Call
	actions [][]Action // before each answer, and before the status
}

func newCourse(c *Call, steps []Step, answers int) (course, error) {
	co := course{c, make([][]Action, answers+1)}
	for _, s := range steps {
		k := s.before
		if k == beforeStatus {
			k = answers
		}
		if k < 0 || k > answers {
			return course{}, status.Errorf(codes.Internal, "wiretest: a step before answer %d, but there are %d", k, answers)
		}
		co.actions[k] = append(co.actions[k], s.do)
	}
	return co, nil
}

// send executes the steps before answer i and sends it.
func (co course) send(i int, b []byte) error {
	if err := co.before(i); err != nil {
		return err
	}
	return co.call.Send(b)
}

// end executes the steps before the status and returns the recorded status for the
// handler to end with.
func (co course) end(st *captures.Status) error {
	if err := co.before(len(co.actions) - 1); err != nil {
		return stepError(err)
	}
	for key, values := range st.Trailer {
		if key != "content-type" && key != "content-length" { // set by gRPC itself
			co.call.SetTrailer(metadata.MD{key: values})
		}
	}
	if st.Code == codes.OK {
		return nil
	}
	return status.Error(st.Code, st.GRPCMessage)
}

func (co course) before(i int) error {
	for _, do := range co.actions[i] {
		if err := do(co.call); err != nil {
			return err
		}
	}
	return nil
}
