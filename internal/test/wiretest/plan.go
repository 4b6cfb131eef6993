package wiretest

import "fmt"

// Fault is a fault of a connection.
type Fault int

const (
	// NoFault leaves the connection alone.
	NoFault Fault = iota
	// Break closes the connection with a TCP RST.
	Break
	// Close closes the connection in an orderly way.
	Close
	// Stall stops writing but leaves the connection open. To the client this is a network
	// that drops everything, including answers to pings.
	Stall
	// Refuse breaks the connection as soon as it is accepted.
	Refuse
	// Mute accepts the connection and never writes a byte, not even the HTTP/2
	// preface. It reads everything that the client sends.
	Mute
)

// Plan is the fault of one connection, and its position.
type Plan struct {
	Do Fault
	// At is the position of Break, Close and Stall, in response bytes. These are the
	// payloads of the HEADERS, CONTINUATION and DATA frames that the server writes on
	// the connection. Frame headers and other frames do not count, so the same script
	// has the same positions in every run. At 0, only a frame header of the first
	// response is written.
	At int64
}

// String returns the plan as the name of a test.
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

// Traffic describes what a server wrote on one connection.
type Traffic struct {
	// ResponseBytes is the number of response bytes, counted as for Plan.At.
	ResponseBytes int64
	// Statuses has an entry for each RPC that ended: the position directly after its
	// status (the HEADERS frame that ends the stream). A connection cut at any
	// smaller position leaves that client without a status.
	Statuses []int64
}
