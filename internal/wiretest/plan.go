package wiretest

import "fmt"

// Fault is something that happens to a connection.
type Fault int

const (
	// NoFault leaves the connection alone.
	NoFault Fault = iota
	// Break closes the connection with a TCP RST.
	Break
	// Close closes the connection in the orderly way.
	Close
	// Stall stops writing but leaves the connection open: to the client, a network
	// that swallows everything, answers to its pings included.
	Stall
	// Refuse breaks the connection as soon as it is accepted.
	Refuse
	// Mute accepts the connection and never writes a byte, not even the HTTP/2
	// preface. What the client sends is read.
	Mute
)

// Plan says what happens to one connection, and when.
type Plan struct {
	Do Fault
	// At is where Break, Close and Stall strike: after so many response bytes.
	// These are the payloads of the HEADERS, CONTINUATION and DATA frames that the
	// server writes on the connection; frame headers and other frames do not count,
	// so the same script has the same positions in every run. At 0 nothing of the
	// first response gets through but a frame header.
	At int64
}

// String is for the names of tests.
func (p Plan) String() string {
	switch p.Do {
	case NoFault:
		return "no fault"
	case Refuse:
		return "refuse"
	case Mute:
		return "mute"
	}
	return fmt.Sprintf("%s at byte %d", map[Fault]string{Break: "break", Close: "close", Stall: "stall"}[p.Do], p.At)
}

// Traffic is what a server wrote on one connection.
type Traffic struct {
	// ResponseBytes is their number, counted as Plan.At counts.
	ResponseBytes int64
	// Statuses has an entry for each RPC that ended: the position right behind its
	// status (the HEADERS frame that ends the stream). A connection cut at any
	// smaller position leaves that client without a status.
	Statuses []int64
}
