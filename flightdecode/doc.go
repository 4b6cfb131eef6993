// Package flightdecode turns a stream of Arrow Flight messages into a schema and
// record batches, or into the number of rows that a statement affected.
//
// Arrow's own readers cannot take GreptimeDB's streams as they are: besides
// Schema, DictionaryBatch and RecordBatch messages the server sends FlightData
// whose header type is NONE, which carry affected rows and execution metrics in
// app_metadata. GreptimeDB 1.0.2 answers
//
//   - INSERT, DELETE, DDL, SET: one NONE message with affected rows;
//   - USE, SHOW, DESC, ADMIN: Schema and batches, if there are rows;
//   - SELECT, WITH, VALUES, TQL, EXPLAIN, PromQL: Schema, batches, each after the
//     dictionaries that it needs, and a NONE message with metrics.
//
// Later versions send metrics between batches, too. [Reader] takes all of it; it
// needs nothing but a function that receives the next message, so it works with
// any gRPC client.
//
// # Messages are not trusted
//
// Every offset, length, index and count is checked against the bytes that came
// before it is used. A malformed message is an [*Error], never a panic, and never
// an allocation that its size does not justify. The arrays of a record batch that
// was handed out can be read in full: offsets ascend and stay within the data,
// views and dictionary indices of all values that are not null point at something
// that is there, children are long enough. Text is handed out as it came: that it
// is valid UTF-8 is not checked, and no Go string needs it to be.
//
// # Types
//
// All types that GreptimeDB emits and their neighbours: null, boolean, integers,
// floats, decimals, strings and binaries of every layout, dates, times,
// timestamps, durations, intervals, lists, structs, maps and dictionaries of any
// of these. Union, RunEndEncoded and ListView are refused with an error that
// names the column. Metadata of schema and fields is kept. Extension types are
// not resolved: a field has its storage type, and ARROW:extension:name stays
// among its metadata, whatever types the program has registered.
//
// Streams must be little endian, in metadata version V4 or V5; bodies may be
// plain or compressed with LZ4_FRAME (GreptimeDB's default) or ZSTD.
//
// # Memory
//
// Record batches are counted as everywhere in Arrow: what [Reader.RecordBatch]
// returns is valid until the next call of [Reader.Next], Retain keeps it longer. With
// its last reference its memory goes to another batch: a string or a slice that an
// array returned shares that memory, so copy what is to be kept (strings.Clone,
// bytes.Clone), or retain the batch. What is never released is left to the garbage
// collector.
//
// Arrays lie in the body of the message they came in, or, if it was compressed, in
// memory of [Options.Allocator]. No goroutine is started.
package flightdecode
