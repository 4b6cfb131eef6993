package session

// Write describes the aspects of a write request that determine what an error proves about
// it. The zero Write is a statement about which nothing is known.
type Write struct {
	Kind WriteKind

	// Database and Table name the table, if there is only one. An empty Database is the
	// session's.
	Database, Table string

	// Tables counts the parts of the request that name a table. A table that is named
	// twice counts twice.
	Tables int

	// Rows counts the rows, or the keys to delete.
	Rows int

	// Requests counts the requests of the call so far, if it makes several. Those before
	// the last may have been executed, and count for the call.
	Requests int

	// MayAsk reports that the caller can wait for a query that finds out what the
	// error alone does not show.
	MayAsk bool
}

// WriteKind is the kind of a request.
type WriteKind uint8

const (
	// AnyStatement is an INSERT … SELECT, COPY, ADMIN, or a text that was not recognized.
	AnyStatement WriteKind = iota
	// ReadStatement is a statement without effect.
	ReadStatement
	// Rows are rows with given values: a native insert, a bulk batch, or INSERT … VALUES.
	Rows
	// Keys are keys that a native delete deletes.
	Keys
	// DeleteStatement is a DELETE as text.
	DeleteStatement
	// DDLStatement is a CREATE, ALTER, DROP, TRUNCATE or COMMENT.
	DDLStatement
)
