// Package flightdecode turns a stream of Arrow Flight messages into a schema and
// record batches, or into the number of rows that a statement affected.
//
// Arrow's own readers cannot read GreptimeDB's streams: besides Schema,
// DictionaryBatch and RecordBatch messages, the server sends FlightData whose
// header type is NONE and whose app_metadata carries affected rows or execution
// metrics. GreptimeDB 1.0.2 answers
//
//   - INSERT, DELETE, DDL, SET: one NONE message with affected rows;
//   - USE, SHOW, DESC, ADMIN: Schema, and batches if there are rows;
//   - SELECT, WITH, VALUES, TQL, EXPLAIN, PromQL: Schema, batches, each after the
//     dictionaries that it needs, and a NONE message with metrics.
//
// Later versions also send metrics between batches. [Reader] accepts all of these.
// It only needs a function that receives the next message, so it works with any
// gRPC client.
//
// # Messages are not trusted
//
// Every offset, length, index and count is checked against the available bytes
// before it is used. A malformed message results in an [*Error], never in a panic,
// and never in an allocation that the size of the message does not justify. A header
// may have 16 MiB, types may be nested 64 levels deep, a record batch may have 2^31-1
// rows, and [Options.MaxBatchBytes] bounds what is decompressed and what is kept. You can
// read every array of a record batch in full: offsets ascend and stay within the
// data, the views and dictionary indices of all values that are not null refer to
// existing data, and children are long enough. Text is not checked for valid UTF-8;
// Go strings do not require it.
//
// # Types
//
// The package decodes all types that GreptimeDB sends, and related ones: null,
// boolean, integers, floats, decimals, strings and binaries of every layout, dates,
// times, timestamps, durations, intervals, lists, structs, maps, and dictionaries of
// any of these. It refuses Union, RunEndEncoded and ListView with an error that
// names the column. It keeps the metadata of schemas and fields. It does not resolve
// extension types: a field has its storage type, and ARROW:extension:name remains in
// its metadata, regardless of the types that the program has registered.
//
// Streams must be little endian, in metadata version V4 or V5. Bodies may be plain,
// or compressed with LZ4_FRAME (GreptimeDB's default) or ZSTD.
//
// # Memory
//
// Record batches are reference counted, as usual in Arrow. The result of
// [Reader.RecordBatch] is valid until the next call of [Reader.Next]; call Retain to
// keep it longer. When the last reference is released, the memory is reused for
// another batch. A string or slice that you got from an array shares that memory:
// copy it (strings.Clone, bytes.Clone) or retain the batch if you need it longer. The
// garbage collector frees batches that are never released.
//
// Arrays lie in the body of the message that brought them. Decompressed arrays lie in
// memory of [Options.Allocator]. The package starts no goroutines.
package flightdecode
