// Package bulk loads rows into GreptimeDB in record batches over Arrow Flight's DoPut,
// the fastest way in: parallel streams behind one writer, every batch acknowledged.
//
//	w, err := bulk.NewWriter(ctx, conn, "sensor_data", bulk.Options{Compression: bulk.LZ4})
//	b := w.NewBatch(10_000)
//	for … {
//		if err := b.Append("device_001", 23.5, at); err != nil { … }
//		if b.Len() == 10_000 {
//			if _, err := w.WriteAsync(ctx, b); err != nil { … } // b is empty again
//		}
//	}
//	_, err = w.WriteAsync(ctx, b)
//	summary, err := w.Close(ctx)
//
// A [Writer] is safe for concurrent use; a [Batch] is for one goroutine at a time. The
// table has to exist ([CreateTable] makes one): unlike package insert, bulk loads make
// no tables and add no columns. Rows come as values, structs, columns, or as Arrow record
// batches ([Writer.WriteRecord], [Writer.WriteReader]).
//
// # Acknowledgements and failures
//
// A batch is written when the server has acknowledged it, and never before: [Writer.Write]
// waits for that, a [Pending] can be waited for, [Writer.Flush] waits for all. Acks are
// read in the background all the time. Whatever is not acknowledged is reported as failed,
// in an [Error]: by the Pending's Wait, and what no Wait has told of by Flush, Close, or,
// if neither is called, a later WriteAsync, once. Acknowledged plus reported is all that
// was handed over, even when the server dies, the network breaks, or Close runs out of
// time.
//
// A failure of a stream fails only what that stream had not acknowledged. The server
// processes the batches of a stream one after the other. So when it refuses one, that is
// the first without an ack, and those after it were not processed; when the connection
// breaks, all that was sent may have been written. [FailedBatch] tells which is which,
// and has the rows to write them again. With [Options.Resend] the writer does so itself,
// at-least-once.
//
// A stream that ended is replaced when there is something to send. An endpoint that
// cannot be reached is left out, and tried again after a while.
//
// # What is checked before anything is sent
//
// GreptimeDB casts nothing in a bulk load, and its versions before 1.1.2 answer every
// mistake with the same few words. Some mistakes they do not even notice: JSON text is
// stored where JSONB belongs, vectors of any length are taken, unknown columns dropped.
// And a time index of NULLs or of another type breaks the table until the server is
// restarted. So the writer reads the table's columns first and checks rows and record
// batches against them: names, types, units, precision, NULLs, the length of vectors, JSON
// (which it turns into JSONB). What fails is a [ValueError] or another error that names
// the column, and is not sent.
//
// What fits which column is said in package insert; the same Go values are taken, with the
// same roundings.
//
// # Duplicates
//
// GreptimeDB 1.0.2 keeps the first of several rows with the same tags and time in one
// batch, where a native insert keeps the last; [Options.KeepLast] drops the others before
// they are sent. Among batches the later one wins, but batches that are in flight at the
// same time have no order, unless there is one stream and no Resend.
//
// A DEFAULT does not apply: a NULL stays NULL.
//
// # Memory
//
// Rows are encoded when they are written, and the batch's memory is free for new ones at
// once. The encoded messages of batches that are not acknowledged are kept, at most
// [Options.MaxBytes], and reused after the ack. Failed batches that nobody has been told
// of take as much again at most.
package bulk
