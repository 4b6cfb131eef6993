package wiretest

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
)

// Step changes the course of a replay.
type Step struct {
	before int
	do     Action
}

// beforeStatus stands for the place after the last answer.
const beforeStatus = -1

// Before executes the action before answer k, counted from 0, is sent. The number after the
// last answer stands for the status.
func Before(k int, do Action) Step { return Step{k, do} }

// BeforeStatus executes the action after the last answer.
func BeforeStatus(do Action) Step { return Step{beforeStatus, do} }

// Action is something that a handler does between its answers. If it returns an error, the
// call ends with that status.
type Action func(*Call) error

// errEnd ends a replay early, with OK.
var errEnd = errors.New("wiretest: end")

func stepError(err error) error {
	if errors.Is(err, errEnd) {
		return nil
	}
	return err
}

// Truncate ends the call with OK, without the remaining answers, as GreptimeDB does when
// the producer of a result panics.
func Truncate() Action { return func(*Call) error { return errEnd } }

// Fail ends the call with the given status. errCode, unless 0, is sent in
// x-greptime-err-code.
func Fail(code codes.Code, message string, errCode int) Action {
	return func(c *Call) error { return c.Fail(code, message, errCode) }
}

// Block waits until the channel is closed. If the client goes away first, the call ends.
func Block(until <-chan struct{}) Action {
	return func(c *Call) error {
		select {
		case <-until:
			return nil
		case <-c.Context().Done():
			return c.Context().Err()
		}
	}
}

// Hang waits until the client goes away.
func Hang() Action { return Block(nil) }

// Reset ends the stream with RST_STREAM, after the answers before.
func Reset(code ResetCode) Action {
	return func(c *Call) error {
		if err := c.Reset(code); err != nil {
			return err
		}
		return fmt.Errorf("wiretest: the stream was reset (code %d)", code)
	}
}

// Drop breaks the connection with a TCP RST, after the answers before.
func Drop() Action {
	return func(c *Call) error {
		if err := c.Drop(); err != nil {
			return err
		}
		return errors.New("wiretest: the connection was dropped")
	}
}

// Flush waits until the answers before have been written to the connection.
func Flush() Action { return (*Call).Flush }

// Delay waits. If the client goes away first, the call ends.
func Delay(d time.Duration) Action {
	return func(c *Call) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-c.Context().Done():
			return c.Context().Err()
		}
	}
}
