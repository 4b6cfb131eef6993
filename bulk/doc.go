// Package bulk loads rows into GreptimeDB in record batches over Arrow Flight's DoPut,
// the fastest way in: parallel streams behind one writer, every batch acknowledged.
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
// db is a *sql.DB, a *sql.Conn or a *greptime.Conn; see [greptime.Pool]. A [Writer] is safe for concurrent use; a [Batch] is for one goroutine at a time. The
// table must exist ([CreateTable] makes one): unlike package insert, bulk loads make
// no tables and add no columns. Rows come as values, structs, columns, or as Arrow record
// batches ([Writer.WriteRecord], [Writer.WriteReader]).
//
// # Acknowledgements and failures
//
// A batch is written when the server has acknowledged it, and never before: [Writer.Write]
// waits for that, a [Pending] can be waited for, [Writer.Flush] waits for all. Acks are
// read in the background all the time. Whatever is not acknowledged is reported as failed,
// in a [WriteError]: by the Pending's Wait, or, if no Wait has reported it, once by Flush,
// Close or a later WriteAsync. Every batch that was handed over is acknowledged or reported,
// even when the server dies, the network breaks, or Close runs out of time.
//
// A failure of a stream fails only what that stream had not acknowledged. The server
// processes the batches of a stream one after the other. So when it refuses one, that is
// the first without an ack, and those after it were not processed; when the connection
// breaks, all that was sent may have been written.
//
// A batch is sent again on another stream, for [insert.Retry].For, if it is proved that
// nothing of it was written and another attempt may help: no endpoint could be reached, the
// batch was not sent or not processed, or the server refused it for a reason that may pass.
// A batch that may have been written fails at once, with [FailedBatch].Ambiguous set:
// batches are written at most once. With [insert.Retry].AtLeastOnce it is sent again, too,
// and so is one that GreptimeDB before 1.1.2 refused without a reason; batches that are
// acknowledged were then written at least once. The documentation of AtLeastOnce says what that
// means for a table in append mode. A [FailedBatch] has the rows to write them again.
//
// A stream that ended is replaced when there is something to send. An endpoint that
// cannot be reached is left out, and tried again after a while.
//
// # When somebody alters the table
//
// No answer to a batch tells that the table was altered. So the writer reads the table's
// columns again when it opens a stream, every [Options.CheckInterval] while batches are
// acknowledged, in [Writer.Flush] and in [Writer.Close], and compares their names, types,
// roles and nullability with its own. A table that was dropped and created again counts by
// its columns.
//
//   - Nothing has changed, or nothing that matters: the load continues.
//   - Columns were added: the load continues. New streams have the columns, and batches
//     without them, queued ones too, get their DEFAULT where that is a constant, and NULL
//     otherwise (also for DEFAULT now()). [Writer.NewBatch] still makes batches of the
//     columns that the table had when the Writer was made. Record batches may bring the
//     added columns once the writer has seen them, after a Flush at the latest; to append
//     values to them by other means, make a new Writer.
//   - A column was dropped or renamed, has another type or role, or is NOT NULL now; or
//     one was added that is NOT NULL without a constant DEFAULT, or that bulk loads cannot
//     write: [ErrTableChanged], which names the column. The Writer sends nothing more.
//     Close it, and write what it has not acknowledged with a new one, which takes the
//     batches of this one if all their columns are still there.
//
// A batch that the server refuses because columns were added is sent again with them if
// its answer proves that nothing of the batch was written, or with AtLeastOnce. Otherwise it
// fails as any other does: GreptimeDB before 1.1.2 gives no reason, and so proves nothing.
// Batches behind it on the stream were not processed, and are sent again.
//
// From 1.1.0 to 1.2.0-beta.1, GreptimeDB takes batches that lack an added column, and
// acknowledges them. It loses their rows if it crashes before the table is flushed to
// disk. On these versions, an ack lasts only once the writer has compared the columns after
// it and, if some were added, has flushed the table with ADMIN flush_table: that is, after
// the next Flush or Close that returns no error. The interval bounds how long it takes
// without them. With ErrTableChanged the table was flushed, too, unless the error says
// that this failed. On all other versions an ack lasts at once.
//
// For a user who may only write, nothing of this holds, because they may not read the
// columns: such a Writer sends what Options.Schema says until the server refuses it.
//
// # What is checked before anything is sent
//
// GreptimeDB casts nothing in a bulk load, and its versions before 1.1.2 answer every
// mistake with the same few words. Some mistakes they do not even notice: JSON text is
// stored where JSONB belongs, vectors of any length are taken, unknown columns dropped.
// And a time index of NULLs or of another type breaks the table until the server is
// restarted. So the writer reads the table's columns first and checks rows and record
// batches against them: names, types, units, precision, NULLs, the length of vectors, JSON
// (which it turns into JSONB). What fails is an [insert.ValueError] or another error that names
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
// same time have no order, unless there is one stream and no AtLeastOnce.
//
// A DEFAULT does not apply: a NULL stays NULL.
//
// # Memory
//
// Rows are encoded when they are written, and the batch's memory is free for new ones at
// once. The encoded messages of batches that are not acknowledged are kept, at most
// [Options.MaxBytes], and reused after the ack. Failed batches that have
// not been reported take at most as much again.
package bulk
