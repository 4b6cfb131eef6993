// Package greptimemigrate lets [golang-migrate] migrate databases of GreptimeDB.
//
// Import it for its side effect, and name the database as in a DSN of the driver:
//
//	m, err := migrate.New("file://migrations", "greptime://localhost:4001/public")
//
// Three parameters of the URL are this package's own: x-migrations-table names the version
// table (default "schema_migrations"), x-statement-timeout limits a migration ("30s"), and
// x-lock-timeout limits the wait for another migration to end (default "10s"). The others are
// those of the driver's DSN. [WithConnector] takes a configured Connector instead of a URL.
//
// GreptimeDB has no transactions. The statements of a migration that fails stay executed up
// to the one that failed, which the error names, and the version is marked as dirty, as
// golang-migrate does. Look at what is there, then call Force.
//
// GreptimeDB has no locks, but only one process can create a table. Lock creates the table
// schema_migrations_lock (the name of the version table and _lock), and Unlock drops it. If a
// process ends between them, the table stays, and the error of the next Lock says so: drop it.
//
// [golang-migrate]: https://github.com/golang-migrate/migrate
package greptimemigrate
