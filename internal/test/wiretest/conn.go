package wiretest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
)

// conn is a connection with faults. It sees the HTTP/2 frames in plain text: it is above
// TLS, if there is any.
type conn struct {
	net.Conn
	below  net.Conn // below TLS; a *net.TCPConn, or in memory
	plan   Plan
	closed chan struct{}
	once   sync.Once
	onEnd  func()

	mu       sync.Mutex
	begun    uint32 // the highest stream that is handled
	away     bool   // no later one will be
	frames   frames
	inject   []byte        // frames to write at the next boundary
	progress chan struct{} // closed, and replaced, after each write
}

func newConn(below net.Conn, tlsConfig *tls.Config, plan Plan, onEnd func()) *conn {
	c := &conn{
		Conn: below, below: below, plan: plan, onEnd: onEnd,
		closed: make(chan struct{}), progress: make(chan struct{}),
	}
	if tlsConfig != nil {
		c.Conn = tls.Server(below, tlsConfig)
	}
	return c
}

// Write writes p up to the point where the plan strikes.
func (c *conn) Write(p []byte) (int, error) {
	if c.plan.Do == Mute {
		return 0, c.stall()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() {
		close(c.progress)
		c.progress = make(chan struct{})
	}()
	done := 0 // bytes of p that have been written
	for i := 0; i < len(p); {
		limit := int64(len(p))
		if c.strikes() {
			limit = max(0, c.plan.At-c.frames.response)
		}
		if limit == 0 && c.frames.inResponse() {
			return c.strike(p, done, i)
		}
		i += c.frames.next(p[i:], limit)
		if len(c.inject) > 0 && c.frames.boundary() {
			if err := c.out(p, &done, i); err != nil {
				return done, err
			}
			if _, err := c.Conn.Write(c.inject); err != nil {
				return done, err
			}
			c.inject = nil
		}
		if c.strikes() && c.plan.At > 0 && c.frames.response == c.plan.At {
			return c.strike(p, done, i)
		}
	}
	err := c.out(p, &done, len(p))
	return done, err
}

// out writes p[*done:to].
func (c *conn) out(p []byte, done *int, to int) error {
	n, err := c.Conn.Write(p[*done:to])
	*done += n
	return err
}

func (c *conn) strikes() bool {
	return c.plan.Do == Break || c.plan.Do == Close || c.plan.Do == Stall
}

// strike writes the part of p that is due, and executes the plan.
func (c *conn) strike(p []byte, done, to int) (int, error) {
	if err := c.out(p, &done, to); err != nil {
		return done, err
	}
	switch c.plan.Do {
	case Break:
		c.reset()
	case Close:
		// Bypass TLS, whose closing message would make this an orderly end.
		if tcp, ok := c.below.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		} else {
			_ = c.below.Close()
		}
		c.end()
	case Stall:
		c.mu.Unlock()
		defer c.mu.Lock()
		return done, c.stall()
	}
	return done, net.ErrClosed
}

// stall returns when the connection is closed.
func (c *conn) stall() error {
	<-c.closed
	return net.ErrClosed
}

// Close closes the connection in an orderly way.
func (c *conn) Close() error {
	c.end()
	return c.Conn.Close()
}

// reset closes the connection with a TCP RST. One in memory is just closed.
func (c *conn) reset() {
	if tcp, ok := c.below.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.below.Close()
	c.end()
}

// end wakes everyone who waits for the connection.
func (c *conn) end() {
	c.once.Do(func() {
		close(c.closed)
		c.onEnd()
	})
}

// waitMessages waits until n messages have been written in full on the stream.
func (c *conn) waitMessages(ctx context.Context, stream uint32, n int64) error {
	for {
		c.mu.Lock()
		written, progress := n == 0 || c.frames.messages(stream).written >= n, c.progress
		c.mu.Unlock()
		if written {
			return nil
		}
		select {
		case <-progress:
		case <-c.closed:
			return net.ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// begin reports whether a new stream is to be handled: not after a GOAWAY.
func (c *conn) begin(id uint32) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away && id > c.begun {
		return false
	}
	c.begun = max(c.begun, id)
	return true
}

// goAway writes a GOAWAY frame that says which stream is the last one to be handled: the
// highest that is, or, if before is not 0, the one before it, which must be the highest.
func (c *conn) goAway(before uint32, code ResetCode) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if before > 0 {
		if before != c.begun || c.away {
			return errors.New("wiretest: a later stream has begun")
		}
		c.begun = max(before, 2) - 2 // the client's streams have odd numbers
	}
	c.away = true
	return c.controlLocked(goAway(c.begun, code))
}

// control writes a frame at the next boundary.
func (c *conn) control(frame []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.controlLocked(frame)
}

func (c *conn) controlLocked(frame []byte) error {
	if !c.frames.boundary() {
		c.inject = append(c.inject, frame...)
		return nil
	}
	_, err := c.Conn.Write(frame)
	return err
}

func (c *conn) traffic() Traffic {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Traffic{ResponseBytes: c.frames.response, Statuses: slices.Clone(c.frames.statuses)}
}
