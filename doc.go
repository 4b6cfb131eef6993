// Package greptime is a driver and query client for GreptimeDB, the time-series
// database, over gRPC and Arrow Flight.
//
// Most programs use it through database/sql (package driver registers the name):
//
//	db, err := sql.Open("greptime", "greptime://user:password@localhost:4001/public")
//
// What database/sql cannot say is on [Conn], which [Raw] takes from a pool and
// [Connect] opens without one: results as Arrow record batches
// ([Conn.QueryArrow]) and PromQL ([Conn.PromQL]). On such a Conn work packages
// insert, for native row inserts, and bulk, for loads of millions of rows.
//
// # Connections and sessions
//
// A [Connector] has one gRPC channel per endpoint, made when first needed and
// ended by its Close, which sql.DB.Close calls, and also after a minute in which
// there was neither an open connection nor a call; the next call makes it again. A connection is a session on
// these channels and costs nothing; pool settings need no thought.
//
// GreptimeDB keeps no session over gRPC: every request says its database and
// time zone. A [Conn] keeps both. USE and SET time_zone are carried out by it and
// not sent. database/sql gives a connection its DSN's session back before it
// reuses it, so USE on a sql.DB lasts for nothing; take a sql.Conn, or put the
// database in the DSN.
//
// The time zone is one setting with two effects: how the server reads times
// without a zone in the text of statements, and the Location of the time.Time
// values that come back. What the driver itself writes always says UTC.
//
// # Statements and arguments
//
// GreptimeDB has no bound parameters over gRPC. The driver puts each argument
// into the text as one literal, found by a lexer of GreptimeDB's own dialect, and
// refuses what it cannot write without doubt. Placeholders are ?, $1 or :name
// (with sql.Named), not mixed. A text without arguments is sent as it is.
//
// Arguments: nil, bool, all integers and floats, string, []byte, time.Time,
// json.RawMessage, *big.Rat, [Date], [TimeOfDay], [Decimal], [Interval],
// [Vector], pointers to and sql.Null of these, types based on the basic ones, and
// whatever is a driver.Valuer. A []byte is a binary, never text, but for a JSON
// column, and a time.Time at midnight UTC is a day for a DATE column: what a query
// returns can be inserted again, where the driver knows the column (see
// Config.Insert). A json.Number is a number, and so are decimal types with the
// methods Coefficient and Exponent (shopspring) or Decompose (apd, ericlagergren),
// although their Value is text: GreptimeDB compares a number with text as text, and
// so finds wrong rows. Errors that name a row of an INSERT count rows from 0, as
// packages insert and bulk do.
//
// In the VALUES of an INSERT, NaN and infinities have no literal, and any expression
// there would make GreptimeDB 1.0 store JSON and vector text of the whole statement
// unread. So such an INSERT has to travel natively: Exec sends INSERT INTO t (…)
// VALUES (…), (…) of placeholders and literals as a native row insert where that
// stores the same as the text, which is several times faster; see Config.Insert.
//
// A timestamp column is compared with a time.Time exactly, unless the time has finer
// digits than the column: GreptimeDB up to 1.1.2 cuts those off, towards 1970, and so
// finds the row at .123 for ts = .123456 in a TIMESTAMP(3); from 1.1.3 on it compares
// all digits. Config.TimeTruncate cuts them in the driver, towards the past, for all
// versions alike. A time before
// 1677 or after 2262 may have microseconds, not nanoseconds. Text is not compared
// exactly: GreptimeDB 1.0 compares text on a whole second by seconds.
//
// A text of several statements is refused, because the server answers those with
// an error whatever happened. With multi_statements=true they are run one by one:
// by Exec all of them, up to the first error; by Query up to the first that returns
// rows, and each further one when Rows.NextResultSet gets to it. Closing the rows
// before that is an error if a statement that writes has not been run.
// There are no transactions: BeginTx, and texts such as BEGIN and COMMIT, return
// [ErrTransactions]. With transactions=ignore they do nothing.
//
// # Results
//
//	SQL                     driver.Value                   scans also into
//	BOOLEAN                 bool
//	TINYINT … BIGINT        int64                          every integer type that holds it
//	… UNSIGNED              int64; BIGINT's is uint64
//	FLOAT, DOUBLE           float64, exact                 NaN and ±Inf are values
//	STRING                  string                         []byte
//	VARBINARY               []byte
//	DATE                    time.Time, midnight UTC        Date
//	TIMESTAMP, DATETIME     time.Time in the time zone
//	TIME                    string, 15:04:05.999999999     TimeOfDay
//	DECIMAL                 string, all digits             Decimal
//	INTERVAL                string, as GreptimeDB's        Interval
//	differences of times    int64, nanoseconds             time.Duration
//	JSON                    []byte, JSON text              json.RawMessage, string
//	VECTOR                  string, [1,2,3]                Vector
//	lists, structs          []byte, JSON text              string
//
// NULL goes into pointers, sql.Null, *[]byte and *any; of JSON on Go 1.27 also into a
// *json.RawMessage, which database/sql refuses before. ColumnType.ScanType is the exact
// type: int64, of a nullable column sql.NullInt64, or [Null] where database/sql has no
// such type. On Go 1.27 values are scanned
// straight from the Arrow column into the destination, without boxing, where the
// destination's type is the column's; database/sql's rules hold for the others.
// Nothing that is handed out shares memory with a record batch. Short strings of
// neighbouring rows share one copy of a few kilobytes: clone the few that are to be
// kept of very many.
//
// A result that is not complete never looks complete: a stream that breaks off,
// at whatever byte, ends in an error from Rows.Err, and so does the one case in
// which the server itself reports success too early ([ErrTruncated]). Rows that are
// closed early read a little more, and Close and Row.Scan return an error there.
//
// # Errors and retries
//
// The server's errors are *[Error], with GreptimeDB's own [Code]; Codes work with
// errors.Is. When a context ends, errors.Is(err, ctx.Err()) holds.
//
// With several endpoints, a read that finds one unavailable before its first
// message goes to the next. A write does only if it provably was not sent.
// Nothing else is repeated, unless insert or bulk are told to. GreptimeDB executes the
// parts of a write in parallel, undoes nothing, and answers with the first error. So
// Error.Ambiguous is true unless the answer proves that no row of the call was written;
// [Error.SafeToRetry] is its opposite.
// The driver never returns driver.ErrBadConn from a statement, which would
// make database/sql repeat it.
//
// # Compression
//
// Arrow bodies come LZ4-compressed from the server as it is configured. gRPC
// compression is another layer, off unless the DSN asks for it. Importing this
// package registers the gRPC compressors gzip and zstd with the process, as
// importing grpc's own gzip package does.
package greptime
