// Package wiretest is a scripted GreptimeDB for the tests of the driver: a gRPC
// server on the loopback interface that knows no SQL and sends exactly what the
// test says, at the pace and with the faults that the test says.
//
//	s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("json_shapes"),
//		wiretest.Before(2, wiretest.Reset(wiretest.ResetInternal))))
//	db, err := sql.Open("greptime", s.DSN())
//
// A [Handler] gets every call of every method, as frames of bytes. [Replay] makes
// one of a recorded exchange, [Mux] chooses among several by the SQL text, and
// [Step] changes the course of a replay before any of its messages. A [Plan] has
// the faults of the connection below: it ends or stalls after an exact number of
// bytes.
//
// Nothing here uses the driver's own codec, so that a mistake in it cannot hide:
// messages are raw bytes, encoded and decoded by this package alone. No Flight
// type is registered with protobuf.
package wiretest
