package sqltext

import (
	"slices"
	"strings"
)

// Kind is the kind of a statement.
type Kind uint8

const (
	Unknown     Kind = iota // the server refuses it, or is newer than this package
	Select                  // SELECT, WITH, VALUES, or a query in parentheses
	Insert                  // INSERT
	Replace                 // REPLACE
	Delete                  // DELETE
	Show                    // SHOW
	Describe                // DESC, DESCRIBE
	Explain                 // EXPLAIN
	TQL                     // TQL EVAL, TQL EXPLAIN, TQL ANALYZE
	Use                     // USE
	SetTimeZone             // SET of the time zone to a string: see Statement.TimeZone
	Set                     // any other SET
	Admin                   // ADMIN
	DDL                     // CREATE, ALTER, DROP, TRUNCATE, COMMENT
	Copy                    // COPY
	Kill                    // KILL
	Cursor                  // DECLARE, FETCH, CLOSE
	Transaction             // BEGIN, START TRANSACTION, COMMIT, END, ROLLBACK, ABORT, SAVEPOINT, RELEASE
)

var kindNames = []string{
	Unknown: "Unknown", Select: "Select", Insert: "Insert", Replace: "Replace", Delete: "Delete", Show: "Show",
	Describe: "Describe", Explain: "Explain", TQL: "TQL", Use: "Use", SetTimeZone: "SetTimeZone", Set: "Set",
	Admin: "Admin", DDL: "DDL", Copy: "Copy", Kill: "Kill", Cursor: "Cursor",
	Transaction: "Transaction",
}

func (k Kind) String() string { return nameOf(kindNames, uint8(k)) }

// kinds maps the first words of the statements that GreptimeDB 1.0.2 accepts. It refuses
// those of a Transaction: see isTransaction.
var kinds = map[string]Kind{
	"SELECT": Select, "WITH": Select, "VALUES": Select,
	"INSERT": Insert, "REPLACE": Replace, "DELETE": Delete,
	"SHOW": Show, "DESC": Describe, "DESCRIBE": Describe, "EXPLAIN": Explain, "TQL": TQL,
	"USE": Use, "SET": Set, "ADMIN": Admin,
	"CREATE": DDL, "ALTER": DDL, "DROP": DDL, "TRUNCATE": DDL, "COMMENT": DDL,
	"COPY": Copy, "KILL": Kill, "DECLARE": Cursor, "FETCH": Cursor, "CLOSE": Cursor,
}

// ReadOnly reports whether the statement is certain to have no effect, so that it may be
// sent again. It returns false for a query that contains INTO, INSERT, UPDATE, DELETE or
// MERGE as a word without quotes, for a query that calls a function of ADMIN such as
// flush_table, and for EXPLAIN ANALYZE, which runs the statement, of anything but a
// read-only query.
func (st *Statement) ReadOnly() bool { return st.readOnly }

// Alters reports whether the statement is an ALTER or DROP, after which a table may have
// other columns.
func (st *Statement) Alters() bool { return st.alters }

// StreamsMetrics reports whether GreptimeDB ends the result of the statement with a
// metrics message: version 1.0.2 does so for SELECT, WITH, VALUES, TQL and EXPLAIN,
// and for nothing else.
func (st *Statement) StreamsMetrics() bool { return st.streamsMetrics }

// Database returns the database of USE, in lower case unless it is quoted, as GreptimeDB
// reads it. ok is false for any other statement, and for a USE that does not have exactly
// one name.
func (st *Statement) Database() (name string, ok bool) {
	return st.name, st.Kind == Use && st.name != ""
}

// TimeZone returns the zone of a SET of the session's time zone, in every spelling that
// GreptimeDB 1.0.2 accepts: TIME_ZONE, TIMEZONE, @@time_zone, @@session.time_zone, each
// optionally preceded by SESSION or LOCAL, and followed by = or TO; SET TIME ZONE and SET
// TIMEZONE also without either. ok is false for any other statement, and for a value that
// is not one string in single quotes.
func (st *Statement) TimeZone() (zone string, ok bool) {
	return st.name, st.Kind == SetTimeZone
}

// MisplacedTimeZone reports whether a SET names the time zone in a form that TimeZone does
// not accept: GLOBAL and PERSIST, several values or variables, a value that is not a string.
// GreptimeDB 1.0.2 answers most of them as if they had taken effect.
func (st *Statement) MisplacedTimeZone() bool {
	return st.Kind == Set && st.name != ""
}

// classify sets all fields that depend on the words of the statement.
func (st *Statement) classify(text string, tokens []Token) {
	st.Kind = kindOf(text, tokens)
	switch st.Kind {
	case Select, TQL, Explain:
		st.streamsMetrics = true
		st.readOnly = !hasEffect(text, tokens) && !callsAdmin(text, tokens)
		if st.Kind == Explain && st.readOnly {
			st.readOnly = !analyzesWrite(text, tokens)
		}
	case Show, Describe:
		st.readOnly = !callsAdmin(text, tokens)
	case DDL:
		st.alters = tokens[0].Is(text, "ALTER") || tokens[0].Is(text, "DROP")
	case Transaction:
		st.readOnly = true
	case Use:
		st.name = useDatabase(text, tokens)
	case Set:
		if zone, ok := setTimeZone(text, tokens); ok {
			st.Kind, st.name = SetTimeZone, zone
		} else {
			st.name = namedTimeZone(text, tokens)
		}
	}
}

// kindOf returns the kind according to the first token.
func kindOf(text string, tokens []Token) Kind {
	switch {
	case tokens[0].isPunct(text, "("):
		return Select
	case tokens[0].Kind == TokenWord:
		if k := kinds[strings.ToUpper(tokens[0].Text(text))]; k != Unknown {
			return k
		}
		if isTransaction(text, tokens) {
			return Transaction
		}
	}
	return Unknown
}

// hasEffect reports whether the keywords of a query show that it may do more than read.
func hasEffect(text string, tokens []Token) bool {
	for _, t := range tokens {
		if t.Kind != TokenWord {
			continue
		}
		for _, word := range [...]string{"INTO", "INSERT", "UPDATE", "DELETE", "MERGE"} {
			if t.Is(text, word) {
				return true
			}
		}
	}
	return false
}

// adminFunctions are the prefixes of the functions that change something: those of ADMIN in
// GreptimeDB 1.0 to 1.3. Any expression can call them.
var adminFunctions = []string{
	"ADD_REGION_", "ADJUST_FLOW", "BUILD_INDEX", "COMPACT_", "DISCARD_", "DUMP_METADATA", "FLUSH_", "GC_",
	"KILL", "MIGRATE_", "PURGE_", "RECONCILE_", "REMOVE_REGION_", "RESTORE_METADATA",
}

// callsAdmin reports whether a function of adminFunctions is called.
func callsAdmin(text string, tokens []Token) bool {
	for i, t := range tokens {
		if i+1 == len(tokens) || t.Kind != TokenWord && t.Kind != TokenQuotedIdent || !tokens[i+1].isPunct(text, "(") {
			continue
		}
		name := strings.ToUpper(t.Value(text))
		if slices.ContainsFunc(adminFunctions, func(begin string) bool { return strings.HasPrefix(name, begin) }) {
			return true
		}
	}
	return false
}

// analyzesWrite reports whether an EXPLAIN may run something that is not a query.
func analyzesWrite(text string, tokens []Token) bool {
	c := cursor{text: text, tokens: tokens, i: 1}
	analyze := c.word("ANALYZE")
	c.word("VERBOSE")
	if c.word("FORMAT") {
		c.i++
	}
	if c.atEnd() {
		return analyze
	}
	k := kindOf(text, tokens[c.i:])
	return analyze && k != Select && k != TQL
}

// useDatabase reads the tokens of a USE.
func useDatabase(text string, tokens []Token) string {
	c := cursor{text: text, tokens: tokens, i: 1}
	name, quoted, ok := c.identifier()
	switch {
	case !ok || !c.atEnd():
		return ""
	case quoted:
		return name
	default:
		return strings.ToLower(name)
	}
}

// setTimeZone reads the tokens of a SET.
func setTimeZone(text string, tokens []Token) (zone string, ok bool) {
	c := cursor{text: text, tokens: tokens, i: 1}
	if !c.word("SESSION") {
		c.word("LOCAL")
	}
	var named, bare bool // bare: the name needs neither = nor TO
	switch {
	case c.word("TIMEZONE"), c.word("TIME") && c.word("ZONE"):
		named, bare = true, true
	case c.word("TIME_ZONE"), c.word("@@TIME_ZONE"), c.word("@@SESSION") && c.punct(".") && c.word("TIME_ZONE"):
		named = true
	}
	assigned := c.punct("=") || c.word("TO")
	if !named || !assigned && !bare || c.i != len(tokens)-1 || tokens[c.i].Kind != TokenString {
		return "", false
	}
	return tokens[c.i].Value(text), true
}

// namedTimeZone returns the first name of the time zone among the variables of a SET, with
// or without @@ and a scope before it, or "" if there is none.
func namedTimeZone(text string, tokens []Token) string {
	c := cursor{text: text, tokens: tokens, i: 1}
	for !c.atEnd() {
		c.punct("(")
		for _, scope := range [...]string{"SESSION", "LOCAL", "GLOBAL", "PERSIST", "PERSIST_ONLY"} {
			if c.word(scope) {
				break
			}
		}
		if c.word("TIME") && c.word("ZONE") {
			return "TIME ZONE"
		}
		name, _, _ := c.identifier()
		for c.punct(".") { // @@global.time_zone
			name, _, _ = c.identifier()
		}
		name = strings.TrimPrefix(name, "@@")
		if isWord(name, "TIME_ZONE") || isWord(name, "TIMEZONE") {
			return name
		}
		for !c.atEnd() && !c.punct(",") {
			c.i++
		}
	}
	return ""
}
