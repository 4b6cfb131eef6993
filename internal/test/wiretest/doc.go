// Package wiretest is a scripted GreptimeDB for the tests of the driver: a gRPC
// server on the loopback interface that knows no SQL. It sends exactly the messages that
// the test specifies, with the specified timing and faults.
//
//	s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("json_shapes"),
//		wiretest.Before(2, wiretest.Reset(wiretest.ResetInternal))))
//	db, err := sql.Open("greptime", s.DSN())
//
// A [Handler] receives every call of every method, as frames of bytes. [Replay] creates
// one from a recorded exchange, [Mux] chooses among several by the SQL text, and
// [Step] changes the course of a replay before any of its messages. A [Plan] has
// the faults of the connection below: it ends or stalls after an exact number of
// bytes.
//
// The package does not use the driver's own codec, so it cannot hide a mistake in it:
// messages are raw bytes, encoded and decoded by this package alone. It registers no
// Flight type with protobuf.
package wiretest
