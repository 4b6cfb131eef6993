// Package greptime is a driver and query client for GreptimeDB, the time-series
// database, over gRPC and Arrow Flight.
//
// Most programs use it through database/sql (package driver registers the name):
//
//	db, err := sql.Open("greptime", "greptime://user:password@localhost:4001/public")
//
// A [Conn] adds what database/sql has no methods for: results as Arrow record batches
// ([Conn.QueryArrow]) and PromQL ([Conn.PromQL], [Matrix]). [Raw] takes a Conn from a pool, and
// [Connect] opens one without a pool. [Collect], [One] and [Each] read rows as structs,
// scalars or maps. Package insert writes rows natively, and package bulk loads millions of
// rows.
//
// # Connections and sessions
//
// A [Connector] has one gRPC channel per endpoint, or Config.Connections of them. The first
// call that needs a channel opens it. Connector.Close closes the channels, and sql.DB.Close
// calls it. The network connections also close when there has been no open Conn and no call for
// one minute; the next call opens them again. Opening a Conn sends nothing: it is a session on
// these shared channels, so the size of a pool does not change the number of network
// connections.
//
// GreptimeDB keeps no session over gRPC: every request names its database and time
// zone. A [Conn] keeps both. It carries out USE and SET time_zone itself and does not
// send them. database/sql restores the DSN's session before it reuses a connection, so
// USE on a sql.DB has no effect on later calls. Use a sql.Conn instead, or put the
// database in the DSN.
//
// The time zone is one setting with two effects. The server reads times without a zone
// in the text of statements in it, and the time.Time values of results have it as their
// Location. Times that the driver itself writes are always in UTC.
//
// [WithTimeZone] and [WithHints] set the time zone and further hints of single calls.
//
// # Statements and arguments
//
// GreptimeDB has no bound parameters over gRPC. The driver therefore writes each
// argument into the text as one literal. A lexer of GreptimeDB's own dialect finds the
// placeholders. The driver refuses an argument that it cannot write unambiguously.
// Placeholders are ?, $1 or :name (with sql.Named); a text must not mix them. Without
// arguments, none is replaced.
//
// Arguments may be nil, bool, all integers and floats, string, []byte, time.Time,
// json.RawMessage, *big.Rat, [Date], [TimeOfDay], [Decimal], [Interval], [Vector],
// pointers to these and sql.Null of these, types based on the basic ones, and any
// driver.Valuer. A []byte is binary, never text, except for a JSON column. A time.Time
// at midnight UTC is a day for a DATE column. So what a query returns can be inserted
// again, where the driver knows the column (see Config.Insert). A json.Number is a
// number. So are decimal types with the methods Coefficient and Exponent (shopspring) or
// Decompose (apd, ericlagergren), although their Value is text: GreptimeDB compares a
// number with text as text, and so finds wrong rows. Errors that name a row of an INSERT
// count rows from 1 and give the index from 0, as packages insert and bulk do.
//
// NaN and infinities have no literal in the VALUES of an INSERT, and any expression
// there makes GreptimeDB 1.0 store the JSON and vector text of the whole statement
// unread. Such an INSERT must therefore travel natively. Exec sends INSERT INTO t (…)
// VALUES (…), (…) of placeholders and literals as a native row insert where that stores
// the same as the text. This is several times faster; see Config.Insert.
//
// A comparison of a timestamp column with a time.Time is exact, unless the time has
// finer digits than the column. GreptimeDB up to 1.1.2 cuts those digits off, towards
// 1970, and so finds the row at .123 for ts = .123456 in a TIMESTAMP(3). From 1.1.3 on it
// compares all digits. Config.TimeTruncate cuts them in the driver, towards the past, on
// all versions alike. A time before 1677 or after 2262 may have microseconds, but not
// nanoseconds. A comparison with text is not exact: GreptimeDB 1.0 compares text on a
// whole second by seconds.
//
// A text of several statements is refused, because the server answers it with an error
// whether or not it succeeded. With multi_statements=true the driver runs the statements
// one by one. Exec runs all of them, up to the first error. Query runs them up to the
// first that returns rows, and Rows.NextResultSet runs the next. Closing the rows earlier
// is an error if a statement that has not run is a write.
//
// There are no transactions: BeginTx, and texts such as BEGIN and COMMIT, return
// [ErrTransactions]. With transactions=ignore they do nothing, but a Rollback after a write,
// an isolation level, a write in a read-only transaction, and a second transaction of a
// connection while one is open are errors.
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
// NULL scans into pointers, sql.Null, *[]byte and *any. On Go 1.27 a NULL of a JSON
// column also scans into a *json.RawMessage, which database/sql refuses before.
// ColumnType.ScanType is the exact type: for example int64, or sql.NullInt64 for a
// nullable column, or [Null] where database/sql has no such type. On Go 1.27 a value
// is scanned from the Arrow column into the destination without boxing, if the
// destination has the column's type; database/sql's rules hold for other
// destinations. No value that you receive shares memory with a record batch. Short
// strings of neighbouring rows share one copy of a few kilobytes: if you keep only a
// few of very many strings, clone them.
//
// [Collect], [One] and [Each] read rows as Go values, straight from the Arrow batches, from a
// pool or a Conn. [CollectReader] and [EachReader] do the same for a reader. Structs have the tags
// that package insert writes them by.
//
//	readings, err := greptime.Collect[Reading](ctx, db, "SELECT host, ts, cpu FROM metrics")
//
// An incomplete result always ends in an error. Rows.Err returns it when a stream breaks
// off, at any byte, and also in the one case in which the server itself reports success
// too early ([ErrTruncated]). Rows that you close early read a little more, and Close and
// Row.Scan return an error found there.
//
// # Errors and retries
//
// The server's errors are of type *[Error] and have GreptimeDB's own [Code]; errors.Is
// matches Codes. When a context ends a call, errors.Is(err, ctx.Err()) holds.
//
// With several endpoints, a read that finds one unavailable before its first message
// continues on the next. A write does so only if it provably was not sent. An INSERT
// that the server refused because of its columns, which proves that nothing was written,
// is sent again with the columns that the table has, or as text. The driver repeats
// nothing else, but the writers of packages insert and bulk send again what provably was
// not written, for a minute unless you tell them otherwise. GreptimeDB executes the parts
// of a write in parallel, undoes nothing, and answers with the first error. So
// Error.Ambiguous is true unless the answer proves that no row of the call was written;
// [Error.SafeToRetry] is its opposite. A statement never returns driver.ErrBadConn, which
// would make database/sql repeat it.
//
// # Compression
//
// The server compresses Arrow bodies with LZ4, according to its configuration. gRPC
// compression is a separate layer, which is off unless the DSN turns it on. Importing
// this package registers the gRPC compressors gzip and zstd for the whole process, as
// importing grpc's own gzip package does.
package greptime
