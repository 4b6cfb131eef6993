// Package bulk loads rows into GreptimeDB in record batches over Arrow Flight's DoPut, which is
// the fastest way: parallel streams behind one writer, and an acknowledgement for every batch.
//
//	w, err := bulk.NewWriter(ctx, db, "sensor_data", bulk.Options{Compression: bulk.LZ4})
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
// db is a *sql.DB, a *sql.Conn or a *greptime.Conn; see [greptime.Pool]. A [Writer] is safe for
// concurrent use; a [Batch] is for one goroutine at a time. The table must exist ([CreateTable]
// creates one): unlike package insert, bulk loads create no tables and add no columns. You can
// write values, structs, columns, and Arrow record batches ([Writer.WriteRecord],
// [Writer.WriteReader]).
//
// # Acknowledgements and failures
//
// A batch is written when the server has acknowledged it, and never before: [Writer.Write]
// waits for that, [Pending.Wait] does so later, and [Writer.Flush] waits for all batches.
// Acknowledgements (acks) are always read in the background. A batch that is not acknowledged
// is reported as failed, in a [WriteError]: by the Pending's Wait, or, if no Wait has reported
// it, once by Flush, Close or a later WriteAsync. Every batch that WriteAsync accepted is
// acknowledged or reported, even if the server dies, the network breaks, or Close runs out of
// time.
//
// If a stream fails, only the batches fail that it had sent without an ack. The server
// processes the batches of a stream one after the other. So if it refuses one, that is the
// first without an ack, and those after it were not processed; if the connection breaks, all
// batches that were sent may have been written.
//
// A batch is sent again on another stream, for [insert.Retry].For, if it is proved that nothing
// of it was written and another attempt may help: no endpoint could be reached, the batch was
// not sent or not processed, or the server refused it for a reason that may pass. A batch that
// may have been written fails at once, with [FailedBatch].Ambiguous set: batches are written at
// most once. With [insert.Retry].AtLeastOnce it is sent again, too, and so is one that
// GreptimeDB before 1.1.2 refused without a reason; batches that are acknowledged were then
// written at least once. The documentation of AtLeastOnce says what that means for a table in
// append mode. A [FailedBatch] has the rows, so that you can write them again.
//
// A stream that ended is replaced when there is something to send. An endpoint that cannot be
// reached is left out for a while, and then tried again.
//
// # If the table is altered
//
// No answer to a batch shows that the table was altered. So the writer reads the table's
// columns again when it opens a stream, and, if batches were acknowledged since it last read
// them, every [Options.CheckInterval], in [Writer.Flush] and in [Writer.Close]. It compares
// their names, types, roles and nullability with its own. A table that was dropped and created
// again is compared in the same way.
//
//   - Nothing has changed, or nothing that matters: the load continues.
//   - Columns were added: the load continues. New streams have the columns, and batches
//     without them, including those in the queue, get their DEFAULT if it is a constant, and
//     NULL otherwise (also for DEFAULT now()). [Writer.NewBatch] still returns batches of the
//     columns that the table had when the Writer was created. Record batches may have the
//     added columns once the writer has seen them, at the latest after a Flush behind a batch
//     that was acknowledged; to append values to them in another way, create a new Writer.
//   - A column was dropped or renamed, has another type or role, or is NOT NULL now; or a
//     column was added that is NOT NULL without a constant DEFAULT, or that bulk loads cannot
//     write: the error is [ErrTableChanged], which names the column. The Writer sends nothing
//     more. Close it, and write what it has not acknowledged with a new one, which accepts the
//     batches of this one if all their columns still exist.
//
// A batch that the server refuses because columns were added is sent again with them if the
// answer proves that nothing of the batch was written, or with AtLeastOnce. Otherwise it fails
// as any other does: GreptimeDB before 1.1.2 gives no reason, and so proves nothing. The
// batches behind it on the stream were not processed, and are sent again.
//
// From 1.1.0 to 1.2.0-beta.1, GreptimeDB accepts and acknowledges batches that lack an added
// column, but loses their rows if it crashes before the table is flushed to disk. On these
// versions an ack is durable only after the writer has compared the columns and, if some were
// added, has flushed the table with ADMIN flush_table: that is, after the next Flush or Close
// that returns no error. Without these calls, CheckInterval limits how long it takes. With
// ErrTableChanged the table was flushed, too, unless the error says that this failed. On all
// other versions an ack is durable at once.
//
// A user who may only write cannot read the columns, so none of this applies to them: the
// Writer sends what Options.Schema says until the server refuses it.
//
// # Checks before anything is sent
//
// GreptimeDB casts nothing in a bulk load, and versions before 1.1.2 answer every mistake with
// the same few words. They do not notice some mistakes at all: they store JSON text in place of
// JSONB, accept vectors of any length, and drop unknown columns. A time index of NULLs or of
// another type even breaks the table until the server is restarted. So the writer first reads
// the table's columns and checks rows and record batches against them: names, types, units,
// precision, NULLs, the length of vectors, and JSON, which it converts to JSONB. What fails is
// not sent; the error is an [insert.ValueError], or another error that names the column.
//
// The documentation of package insert says which values fit which column. Package bulk accepts
// the same Go values, with the same roundings.
//
// # Duplicates
//
// GreptimeDB 1.0.2 keeps the first of several rows with the same tags and time in one batch,
// where a native insert keeps the last; [Options.KeepLast] drops the others before they are
// sent. Of several batches the later one wins, but batches that are in flight at the same time
// have no order, unless there is one stream and no AtLeastOnce.
//
// A DEFAULT does not apply: a NULL stays NULL.
//
// # Memory
//
// Rows are encoded when they are written, so the batch's memory is free for new ones at once.
// The writer keeps the encoded messages of batches that are not acknowledged, at most
// [Options.MaxBytes], and reuses them after the ack. Failed batches that have not been reported
// take at most twice as much.
package bulk
