// Package greptimemigrate lets [golang-migrate] migrate databases of GreptimeDB.
//
// Import it for its side effect, and name the database as in a DSN of the driver:
//
//	m, err := migrate.New("file://migrations", "greptime://localhost:4001/public")
//
// Two parameters of the URL are this package's own: x-migrations-table names the version
// table (default "schema_migrations"), x-statement-timeout limits a migration ("30s").
// The others are those of the driver's DSN. [WithConnector] takes a configured Connector
// instead of a URL.
//
// GreptimeDB has no transactions. The statements of a migration that fails stay executed up
// to the one that failed, which the error names, and the version is marked as dirty, as
// golang-migrate does. Look at what is there, then call Force.
//
// GreptimeDB has no locks either. Lock excludes other migrations of this process on the
// same database, not those of other processes: let one process migrate.
//
// [golang-migrate]: https://github.com/golang-migrate/migrate
package greptimemigrate
