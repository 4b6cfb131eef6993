package captures

// literals is literals.json.
type literals struct {
	Server  string          `json:"server"`
	Columns []LiteralColumn `json:"columns"`
}

// LiteralColumn is a column type and the results of inserting literals.
type LiteralColumn struct {
	Column string `json:"column"` // the SQL type, "BIGINT UNSIGNED"
	Arrow  string `json:"arrow"`  // arrow-go's text for the type of the column
	// ReadBy is the expression over column c that returned Stored: integers for dates
	// and timestamps (days; the column's unit), hexadecimal for VARBINARY.
	ReadBy string    `json:"read_by"`
	Values []Literal `json:"values"`
}

// Literal is one INSERT. It stored *Stored. If Stored is nil, it stored NULL if Error is
// empty, and failed with Error otherwise.
type Literal struct {
	Literal  string  `json:"literal"`
	TimeZone string  `json:"timezone"` // of the header; empty is UTC
	Stored   *string `json:"stored"`
	Code     string  `json:"code"` // x-greptime-err-code
	Error    string  `json:"error"`
}

// Literals returns, for each column type, the results of literals in INSERT … VALUES on
// GreptimeDB 1.0.2. Each literal was inserted alone, into a table in append mode.
func Literals() []LiteralColumn { return load().literals.Columns }

// Keywords returns the words, in lower case, that GreptimeDB 1.0.2 refuses as an
// unquoted column name in CREATE TABLE.
func Keywords() []string { return load().keywords }

// SchemaSQL returns the statements, separated by semicolons and with comments,
// that created the tables and data of the exchanges of DoGets.
func SchemaSQL() string { return load().schema }
