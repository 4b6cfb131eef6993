package session

// Write describes a request that writes, as far as it decides what an error proves about
// it. The zero Write is a statement about which nothing is known.
type Write struct {
	Kind WriteKind

	// Database and Table name the table, if there is only one. An empty Database is the
	// session's.
	Database, Table string

	// Tables counts the parts of the request that name a table: a table that is named
	// twice counts twice.
	Tables int

	// Rows counts the rows, or keys to be deleted.
	Rows int

	// Requests counts the requests of the call so far, if it makes several; those before
	// the last may have been executed, and count for the call.
	Requests int

	// MayAsk reports that the caller can wait for a query, which finds out what the
	// error alone does not say.
	MayAsk bool
}

// WriteKind is what a request does.
type WriteKind uint8

const (
	// AnyStatement is an INSERT … SELECT, COPY, ADMIN, or a text that was not understood.
	AnyStatement WriteKind = iota
	// ReadStatement is a statement without effect.
	ReadStatement
	// Rows is rows with given values: a native insert, a bulk batch, or INSERT … VALUES.
	Rows
	// Keys is keys to be deleted by a native delete.
	Keys
	// DeleteStatement is a DELETE as text.
	DeleteStatement
	// DDLStatement is a CREATE, ALTER, DROP, TRUNCATE or COMMENT.
	DDLStatement
)
