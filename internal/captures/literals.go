package captures

// literals is literals.json.
type literals struct {
	Server  string          `json:"server"`
	Columns []LiteralColumn `json:"columns"`
}

// LiteralColumn is a column type and what became of each literal.
type LiteralColumn struct {
	Column string `json:"column"` // the SQL type, "BIGINT UNSIGNED"
	Arrow  string `json:"arrow"`  // arrow-go's text for the type of the column
	// ReadBy is the expression over column c that gave Stored: integers for dates
	// and timestamps (days; the column's unit), hexadecimal for VARBINARY.
	ReadBy string    `json:"read_by"`
	Values []Literal `json:"values"`
}

// Literal is one INSERT. It stored *Stored; or NULL if Stored is nil and Error
// empty; or nothing, with that error.
type Literal struct {
	Literal  string  `json:"literal"`
	TimeZone string  `json:"timezone"` // of the header; empty is UTC
	Stored   *string `json:"stored"`
	Code     string  `json:"code"` // x-greptime-err-code
	Error    string  `json:"error"`
}

// Literals returns, for each column type, what GreptimeDB 1.0.2 does with literals
// in INSERT … VALUES. Each literal was inserted alone, into a table in append mode.
func Literals() []LiteralColumn { return load().literals.Columns }

// Keywords returns the words, in lower case, that GreptimeDB 1.0.2 refuses as an
// unquoted column name in CREATE TABLE.
func Keywords() []string { return load().keywords }

// SchemaSQL returns the statements, separated by semicolons and with comments,
// that made the tables and data behind the exchanges of DoGets.
func SchemaSQL() string { return load().schema }
