// Package recordbatch holds rows as the buffers of Arrow arrays and encodes them as the
// messages of a bulk load.
//
// A [Column] has the values of one column. They come from Go values ([SetRow],
// [Column.SetValues]), from cells ([Column.Set]) or from an Arrow array ([FromArray]). An
// [Encoder] makes a FlightData of columns: a [Message], which can be sent, sent again, and
// decoded.
//
// The package knows column types and bytes. It does not know what a table allows, such as
// NOT NULL, nor streams and acks; package bulk does.
package recordbatch
