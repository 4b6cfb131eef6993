// Package sqltext reads the text of GreptimeDB's SQL: its tokens, its statements and its
// placeholders. It writes arguments as literals in place of the placeholders.
//
// The protocol has no bound parameters, so a value can reach the server only as text. A
// value cannot become syntax only because this package and the server agree on where each
// token ends. The lexer therefore follows GreptimeDB's (sqlparser 0.61 with GreptimeDB's
// dialect, in GreptimeDB 1.0 to 1.3) to the letter, including its oddities: a backslash is
// a plain character in '…' but escapes in X'…', and the character after a # or @ belongs to
// the identifier, even if it is a quote or a semicolon.
//
// The package is a lexer, not a parser. Of the grammar it knows only what the driver needs:
// the kind of a statement, USE and SET TIME ZONE, the tuples of an INSERT, the PromQL
// inside TQL, and the places where a colon is an operator.
//
// # Placeholders
//
// A text uses one style: ? (numbered through all statements), $1, or :name. Quoted parts
// of a text and comments contain no placeholders.
//
// A :name is a colon directly followed by a word. It is not a placeholder if the colon is
// an operator to the server or may be one: after a value (a literal, a quoted identifier, a
// closing bracket), directly after a word as in a:b, in braces after a key, and anywhere in
// the square brackets of a slice, a[1:n]. A :name directly followed by a dot is not a
// placeholder either. Where this is in your way, as in a[:n], use $1 or ?.
//
// PromQL inside TQL has string literals of its own, in which a backslash escapes and a
// doubled quote does not. A placeholder in the PromQL therefore cannot be bound. The
// placeholders in the parameters before it can: TQL EVAL (?, ?, ?).
//
// # Places
//
// GreptimeDB reads the same literal differently in the VALUES of an INSERT and in an
// expression. It converts an INSERT whose values are all literals by the types of the
// columns, with the request's time zone (the "literal path"). If a single value is anything
// else, the whole statement goes through the planner, which casts as Arrow does and stores
// JSON and VECTOR text as raw bytes (GreptimeDB 1.0.2). So an argument that is a whole
// value of an INSERT is written so that it never leaves the literal path. Everywhere else
// it is written as an expression. Options are not expressions: in the parameters of TQL, in
// the WITH of COPY and after ALIGN … TO, a time is plain text.
//
// A TIMESTAMP literal cannot express a time before 1677 or after 2262. The form of such a
// time depends on its surroundings: whether it is in ORDER BY or PARTITION BY, and what it
// is compared with in a BETWEEN or IN.
//
// All functions and methods are safe for concurrent use. Their results are not shared with
// later calls.
package sqltext
