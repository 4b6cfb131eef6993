// Package sqltext reads the text of GreptimeDB's SQL: its tokens, its
// statements, its placeholders, and it writes arguments as literals in their
// place.
//
// The protocol has no bound parameters, so a value can reach the server only as
// text, and what keeps a value from becoming syntax is that this package and the
// server agree where each token ends. The lexer therefore follows GreptimeDB's
// (sqlparser 0.61 with GreptimeDB's dialect, in GreptimeDB 1.0 to 1.3) to the
// letter, in its oddities too: a backslash is a plain character in '…' but
// escapes in X'…', and the character after a # or @ belongs to the identifier,
// even if it is a quote or a semicolon.
//
// It is a lexer, not a parser. It knows of the grammar only what the driver
// needs: the kind of a statement, USE and SET TIME ZONE, the tuples of an INSERT,
// the PromQL inside TQL, and where a colon is an operator.
//
// # Placeholders
//
// A text uses one style: ? (numbered through all statements), $1, or :name. The
// quoted parts of a text and its comments hold no placeholders.
//
// A :name is a colon with a word right behind it, unless the colon is an
// operator to the server or has to be taken for one: after a value (a literal, a
// quoted identifier, a closing bracket), right behind a word as in a:b, in
// braces after a key, and anywhere in the square brackets of a slice, a[1:n].
// :name with a dot right behind is none either. Where that gets in the way, as
// in a[:n], $1 and ? do not.
//
// PromQL inside TQL has string literals of its own, in which a doubled quote is
// none and a backslash escapes, so a placeholder there cannot be bound; those in
// the parameters before it, TQL EVAL (?, ?, ?), can.
//
// # Places
//
// GreptimeDB reads the same literal differently in the VALUES of an INSERT and in
// an expression. An INSERT whose values are all literals is converted by the
// types of the columns, with the request's time zone ("literal path"); if a
// single value is anything else, the whole statement goes through the planner,
// which casts as Arrow does and stores JSON and VECTOR text as raw bytes
// (GreptimeDB 1.0.2). So an argument that stands alone as a value of an INSERT is
// written so that it never leaves the literal path, and as an expression
// everywhere else. Options are no expressions, though: in the parameters of TQL, in
// the WITH of COPY and behind ALIGN … TO a time is plain text.
//
// A time that a TIMESTAMP literal cannot say, before 1677 or after 2262, is written by
// what stands around it: whether it is in ORDER BY or PARTITION BY, and beside what in a
// BETWEEN or IN.
//
// Functions and methods are safe for concurrent use; nothing they return is
// shared with later calls.
package sqltext
