// Package sqlinsert turns the values of an INSERT … VALUES into the rows of a native row
// insert, if that certainly stores the same. An [Insert] is a statement with its arguments;
// Encode writes its rows for a table whose columns are known.
//
// A [Cell] is the allow-list of pairs of Go value, or literal, and column type.
//
// A value is accepted for a column if GreptimeDB 1.0.2 stores exactly the same when it
// reads the value's literal in the text of the INSERT, according to the recorded literals.
// For any other value the error is a [*NotNativeError]: it may be valid, but the server must read it.
// If the server would store something else without an error, such as NULL for a DECIMAL with
// too many digits or an infinity for a number that is too large, the error is a [*LossyError].
//
// Accepted values, in addition to NULL for every type:
//
//	column type     arguments                      literals
//	BOOLEAN         bool, 0, 1                     TRUE, FALSE, 0, 1
//	integers        integers, whole Decimals       integers in range
//	FLOAT           floats, integers up to 2^24,   numbers
//	                Decimal
//	DOUBLE          floats, integers up to 2^53,   numbers
//	                Decimal
//	STRING          text, []byte, JSON, Decimal    '…', X'…'
//	VARBINARY       text, []byte, JSON, Decimal    '…', X'…'
//	DATE            Date; text under UTC;          '2006-01-02' under UTC
//	                a time.Time at midnight UTC
//	TIMESTAMP       time.Time, integers; text      integers, '…T…Z', '…T…+08:00'; '… …' under UTC
//	DECIMAL         Decimal, numbers, text         numbers and text without exponent
//	JSON            JSON, text, []byte, Decimal    '…'
//	VECTOR          Vector, []byte, text           '[1,2.5]', X'…'
//
// So a column accepts every value that a query returns for such a column. The text of an
// INSERT refuses two of these: bytes for a JSON column, and a time.Time for a DATE.
//
// TIME columns, which SQL cannot create, and everything else are left to the text.
package sqlinsert
