package sqltext

import (
	"slices"
	"testing"

	"github.com/greptime-go/greptime/internal/test/captures"
)

// parse is Parse, for texts that have no error.
func parse(t testing.TB, text string) *Script {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return s
}

func TestStatementsEndAtSemicolonsOutsideOfQuotes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want []string
	}{
		{"", nil},
		{";", nil},
		{" ;; ; ", nil},
		{"-- nothing", nil},
		{"/* ; */ ; -- ;", nil},
		{"SELECT 1", []string{"SELECT 1"}},
		{"SELECT 1;", []string{"SELECT 1"}},
		{"; SELECT 1;;", []string{"SELECT 1"}},
		{"SELECT 1; SELECT 2", []string{"SELECT 1", "SELECT 2"}},
		{"SELECT 1;SELECT 2;", []string{"SELECT 1", "SELECT 2"}},
		{" -- a\n SELECT 1 /* b */ ; -- c", []string{"SELECT 1"}},
		{"SELECT /* ; */ 1 -- ;\n + 2", []string{"SELECT /* ; */ 1 -- ;\n + 2"}},
		{"SELECT ';', \";\", `;`, $$;$$, $a$;$a$, X';'", []string{"SELECT ';', \";\", `;`, $$;$$, $a$;$a$, X';'"}},
		{"SELECT ';''; ' ; SELECT 2", []string{"SELECT ';''; '", "SELECT 2"}},
		{"SELECT 1 --; SELECT 2", []string{"SELECT 1"}},
		{`SELECT '\'; SELECT ';'`, []string{`SELECT '\'`, `SELECT ';'`}},
		{`SELECT X'\';'; SELECT 2`, []string{`SELECT X'\';'`, `SELECT 2`}},
		{"SELECT #;, 1", []string{"SELECT #;, 1"}}, // the # took it
	}
	for _, tt := range tests {
		s := parse(t, tt.text)
		var got []string
		for i := range s.Statements {
			got = append(got, s.StatementText(i))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("Parse(%q)\n got %q\nwant %q", tt.text, got, tt.want)
		}
	}
}

func TestKindsOfStatements(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text              string
		kind              Kind
		readOnly, metrics bool
	}{
		{"SELECT 1", Select, true, true},
		{"select 1", Select, true, true},
		{"/* a */ SELECT 1", Select, true, true},
		{"WITH x AS (SELECT 1) SELECT * FROM x", Select, true, true},
		{"VALUES (1)", Select, true, true},
		{"(SELECT 1)", Select, true, true},
		{"((SELECT 1))", Select, true, true},
		{"SELECT replace(a, 'insert', \"into\") FROM t", Select, true, true},
		{"SELECT * INTO x FROM t", Select, false, true},
		{"WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", Select, false, true},
		{"WITH x AS (SELECT 1) DELETE FROM t", Select, false, true},
		{"SELECT 1 FOR UPDATE", Select, false, true},
		{"INSERT INTO t VALUES (1)", Insert, false, false},
		{"REPLACE INTO t VALUES (1)", Replace, false, false},
		{"DELETE FROM t", Delete, false, false},
		{"SHOW TABLES", Show, true, false},
		{"SHOW CREATE TABLE t", Show, true, false},
		{"DESC TABLE t", Describe, true, false},
		{"DESCRIBE t", Describe, true, false},
		{"EXPLAIN SELECT 1", Explain, true, true},
		{"EXPLAIN ANALYZE SELECT 1", Explain, true, true},
		{"EXPLAIN ANALYZE VERBOSE FORMAT JSON (SELECT 1)", Explain, true, true},
		{"EXPLAIN ANALYZE TQL EVAL (0, 1, '1s') up", Explain, true, true},
		{"EXPLAIN ANALYZE DELETE FROM t", Explain, false, true},
		{"EXPLAIN ANALYZE x", Explain, false, true},
		{"EXPLAIN ANALYZE", Explain, false, true},
		{"EXPLAIN FORMAT", Explain, true, true},
		{"TQL EVAL (0, 1, '1s') up", TQL, true, true},
		{"tql analyze (0, 1, '1s') up", TQL, true, true},
		{"USE db", Use, false, false},
		{"SET time_zone = 'UTC'", SetTimeZone, false, false},
		{"SET time_zone = UTC", Set, false, false},
		{"SET read_preference = 'leader'", Set, false, false},
		{"ADMIN flush_table('t')", Admin, false, false},
		{"CREATE TABLE t (ts TIMESTAMP TIME INDEX)", DDL, false, false},
		{"ALTER TABLE t ADD COLUMN x INT", DDL, false, false},
		{"DROP TABLE t", DDL, false, false},
		{"TRUNCATE TABLE t", DDL, false, false},
		{"COMMENT ON TABLE t IS 'x'", DDL, false, false},
		{"COPY t TO 'f'", Copy, false, false},
		{"KILL 'a/0'", Kill, false, false},
		{"DECLARE c CURSOR FOR SELECT 1", Cursor, false, false},
		{"FETCH 1 FROM c", Cursor, false, false},
		{"CLOSE c", Cursor, false, false},
		{"SELEC 1", Unknown, false, false},
		{"\"SELECT\" 1", Unknown, false, false},
		{"'SELECT' 1", Unknown, false, false},
		{"BEGIN", Transaction, true, false},
		{"UPDATE t SET a = 1", Unknown, false, false},
		{"?", Unknown, false, false},
		{"\x01", Unknown, false, false},
	}
	for _, tt := range tests {
		st := &parse(t, tt.text).Statements[0]
		if st.Kind != tt.kind || st.ReadOnly() != tt.readOnly || st.StreamsMetrics() != tt.metrics {
			t.Errorf("%s: %v, read-only %v, metrics %v; want %v, %v, %v", tt.text,
				st.Kind, st.ReadOnly(), st.StreamsMetrics(), tt.kind, tt.readOnly, tt.metrics)
		}
	}
}

func TestUseNamesADatabase(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, want string
		ok         bool
	}{
		{"USE db", "db", true},
		{"use Db_1;", "db_1", true},
		{"USE ÄÖ", "äö", true},
		{`USE "My-Db"`, "My-Db", true},
		{`USE "a""b"`, `a"b`, true},
		{"USE `My Db`", "My Db", true},
		{"USE 'Db'", "Db", true},
		{"/* a */ USE /* b */ db -- c", "db", true},
		{"USE", "", false},
		{"USE my-db", "", false},
		{"USE a.b", "", false},
		{"USE ?", "", false},
		{"USE 1", "", false},
		{`USE ""`, "", false},
		{"SELECT db", "", false},
		{"SET time_zone = 'db'", "", false},
	}
	for _, tt := range tests {
		got, ok := parse(t, tt.text).Statements[0].Database()
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s: %q, %v; want %q, %v", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

func TestSetOfTimeZone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"SET time_zone = '+08:00'",
		"SET TIME_ZONE='+08:00'",
		"set Time_Zone to '+08:00';",
		"SET timezone = '+08:00'",
		"SET TIMEZONE TO '+08:00'",
		"SET TIMEZONE '+08:00'",
		"SET TIME ZONE '+08:00'",
		"SET TIME ZONE = '+08:00'",
		"SET TIME ZONE TO '+08:00'",
		"SET SESSION TIME ZONE '+08:00'",
		"SET @@time_zone = '+08:00'",
		"SET @@session.time_zone = '+08:00'",
		"SET @@SESSION.TIME_ZONE = '+08:00'",
		"SET SESSION time_zone = '+08:00'",
		"SET LOCAL time_zone = '+08:00'",
		"SET /* a */ time_zone -- b\n = '+08:00'",
	} {
		if zone, ok := parse(t, text).Statements[0].TimeZone(); zone != "+08:00" || !ok {
			t.Errorf("%s: %q, %v", text, zone, ok)
		}
	}
	for _, text := range []string{
		"SET time_zone '+08:00'",
		"SET time_zone",
		"SET time_zone =",
		"SET time_zone = UTC",
		"SET time_zone = DEFAULT",
		"SET time_zone = \"UTC\"",
		"SET time_zone = N'UTC'",
		"SET time_zone = 'UTC', x = 1",
		"SET time_zone = 'a' 'b'",
		"SET time_zone = ?",
		"SET TIME ZONE LOCAL",
		"SET TIME ZONE INTERVAL '1 hour'",
		"SET TIME '+08:00'",
		"SET GLOBAL time_zone = '+08:00'",
		"SET @@global.time_zone = '+08:00'",
		"SET \"time_zone\" = '+08:00'",
		"SET x.time_zone = '+08:00'",
		"SET",
		"SET SESSION",
		"SELECT '+08:00'",
		"USE x",
	} {
		st := &parse(t, text).Statements[0]
		if zone, ok := st.TimeZone(); ok {
			t.Errorf("%s: %q", text, zone)
		}
		if st.Kind == SetTimeZone {
			t.Errorf("%s is of kind %v", text, st.Kind)
		}
	}
}

func TestSetsThatNameTheTimeZoneOtherwise(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"SET time_zone = 'a', 'b'":                        true,
		"SET time_zone = 'a', time_zone = 'b'":            true,
		"SET time_zone = 'a', x = 1":                      true,
		"SET x = 1, SESSION time_zone = 'a'":              true,
		"SET x = 1, @@global.time_zone = 'a'":             true,
		"SET GLOBAL time_zone = 'a'":                      true,
		"set global timezone to 'a'":                      true,
		"SET /* a */ PERSIST time_zone = 'a'":             true,
		"SET PERSIST_ONLY time_zone = 'a'":                true,
		"SET @@global.time_zone = 'a'":                    true,
		"SET @@GLOBAL . TIME_ZONE = 'a'":                  true,
		"SET @@persist.time_zone = 'a'":                   true,
		"SET GLOBAL TIME ZONE 'a'":                        true,
		"SET TIME ZONE 'a', 'b'":                          true,
		"SET TIME ZONE LOCAL":                             true,
		"SET TIME ZONE DEFAULT":                           true,
		"SET time_zone = UTC":                             true,
		"SET time_zone = DEFAULT":                         true,
		"SET time_zone = \"UTC\"":                         true,
		"SET time_zone = 8":                               true,
		"SET time_zone = ?":                               true,
		"SET time_zone":                                   true,
		"SET \"time_zone\" = 'a'":                         true,
		"SET `time_zone` = 'a'":                           true,
		"SET (time_zone) = ('a')":                         true,
		"SET (x, time_zone) = (1, 'a')":                   true,
		"SET time_zone = 'a'":                             false,
		"SET @@session.time_zone = 'a'":                   false,
		"SET x = 'time_zone'":                             false,
		"SET x = time_zone":                               false,
		"SET x = @@global.time_zone":                      false,
		"SET @time_zone = 'a'":                            false,
		"SET my_time_zone = 'a'":                          false,
		"SET TIME = 'a'":                                  false,
		"SET GLOBAL x = 'a'":                              false,
		"SET":                                             false,
		"SET GLOBAL":                                      false,
		"SET x.":                                          false,
		"SET ,,":                                          false,
		"SELECT @@time_zone":                              false,
		"SHOW VARIABLES time_zone":                        false,
		"CREATE TABLE t (time_zone TIMESTAMP TIME INDEX)": false,
	} {
		if got := parse(t, text).Statements[0].MisplacedTimeZone(); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestTransactionStatements(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"BEGIN", "begin;", "/* a */ BEGIN -- b\n;", "BEGIN WORK", "BEGIN TRANSACTION", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE TRANSACTION",
		"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", "BEGIN TRANSACTION READ WRITE NOT DEFERRABLE",
		"START TRANSACTION", "start /* a */ transaction read only", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ WRITE",
		"COMMIT", "COMMIT WORK", "Commit Transaction", "COMMIT AND CHAIN", "COMMIT AND NO CHAIN NO RELEASE", "END", "END TRANSACTION",
		"ROLLBACK", "ROLLBACK WORK AND NO CHAIN", "ROLLBACK RELEASE", "ABORT", "ABORT TRANSACTION",
		"SAVEPOINT x", "SAVEPOINT \"My Point\"", "SAVEPOINT `x`", "SAVEPOINT savepoint",
		"RELEASE x", "RELEASE SAVEPOINT x", "RELEASE savepoint", "RELEASE SAVEPOINT savepoint",
		"ROLLBACK TO x", "ROLLBACK TO SAVEPOINT x", "ROLLBACK WORK TO SAVEPOINT x", "rollback transaction to \"x\"", "ROLLBACK TO savepoint",
	} {
		if st := &parse(t, text).Statements[0]; st.Kind != Transaction || !st.ReadOnly() {
			t.Errorf("%s: %v, read-only %v", text, st.Kind, st.ReadOnly())
		}
	}
	for _, text := range []string{ // of which nothing must be lost
		"BEGIN INSERT INTO t VALUES (1)", "BEGIN SELECT 1", "BEGIN TRANSACTION DELETE FROM t", "START", "START SLAVE", "START TRANSACTION INSERT INTO t VALUES (1)",
		"COMMIT INSERT INTO t VALUES (1)", "COMMIT AND", "COMMIT AND NO", "COMMIT NO", "COMMIT PREPARED 'x'", "COMMIT x",
		"ROLLBACK TO", "ROLLBACK TO x y", "ROLLBACK x", "ROLLBACK PREPARED 'x'", "SAVEPOINT", "SAVEPOINT x y", "SAVEPOINT 1",
		"RELEASE", "RELEASE x y", "RELEASE SAVEPOINT x y", "END x", "ABORT x", "\"BEGIN\"", "'COMMIT'", "BEGIN ?",
	} {
		if st := &parse(t, text).Statements[0]; st.Kind != Unknown || st.ReadOnly() {
			t.Errorf("%s: %v, read-only %v", text, st.Kind, st.ReadOnly())
		}
	}
}

func TestCallsOfAdminFunctionsAreNoReads(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"SELECT flush_table('t')", "SELECT 1, Flush_Table ('t')", "SELECT /* a */ flush_table /* b */ ('t')", `SELECT "flush_table"('t')`,
		"SELECT * FROM t WHERE x = (SELECT compact_table('t'))", "WITH x AS (SELECT compact_region(1)) SELECT * FROM x",
		"VALUES (flush_region(1))", "(SELECT migrate_region(1, 2, 3))", "SELECT flush_flow('f')", "SELECT adjust_flow('f', 1, 2)",
		"SELECT reconcile_table('t')", "SELECT reconcile_database('d')", "SELECT reconcile_catalog()", "SELECT build_index('t')",
		"SELECT kill('a/0')", "SELECT gc_regions(1)", "SELECT gc_table('t')", "SELECT purge_table('t')", "SELECT discard_unflushed_data('t')",
		"SELECT add_region_follower(1, 2)", "SELECT remove_region_follower(1, 2)", "SELECT migrate_flow('f', 1)",
		"SELECT dump_metadata('f')", "SELECT restore_metadata('f')",
		"EXPLAIN ANALYZE SELECT flush_table('t')", "EXPLAIN SELECT flush_table('t')", "SHOW TABLES WHERE flush_table('t') = 0",
		"TQL EVAL (flush_table('t'), 1, '1s') up", "ADMIN flush_table('t')",
	} {
		if parse(t, text).Statements[0].ReadOnly() {
			t.Errorf("%s is taken for a read", text)
		}
	}
	for _, text := range []string{
		"SELECT flush_table FROM t", "SELECT 'flush_table(1)'", "SELECT f.flush_count FROM flush_log f", "SELECT -- flush_table('t')\n1",
		"SELECT procedure_state('x')", "SELECT reflush_table(1)", "SELECT gc + (1)", "SHOW TABLES LIKE 'flush_table(%'", "DESC TABLE flush_table",
	} {
		if !parse(t, text).Statements[0].ReadOnly() {
			t.Errorf("%s is not taken for a read", text)
		}
	}
}

// The recordings show which statements end with a metrics message and which had an
// effect.
func TestRecordedStatementsAnswerAsTheirKindTells(t *testing.T) {
	t.Parallel()
	for _, exchange := range captures.DoGets() {
		if !exchange.Request.HasSQL() || len(exchange.Messages) == 0 {
			continue
		}
		s := parse(t, exchange.Request.SQL)
		if len(s.Statements) != 1 {
			t.Errorf("%s: %d statements, and an answer", exchange.Name, len(s.Statements))
			continue
		}
		st := &s.Statements[0]
		if st.Kind == Unknown {
			t.Errorf("%s: unknown statement %s", exchange.Name, exchange.Request.SQL)
		}
		first, last := exchange.Messages[0], exchange.Messages[len(exchange.Messages)-1]
		if affected := first.Kind == "NONE"; affected && st.ReadOnly() {
			t.Errorf("%s: %s is read-only, and the server answered with affected rows", exchange.Name, exchange.Request.SQL)
		}
		metrics := last.Kind == "NONE" && first.Kind == "Schema"
		if exchange.Code == 0 && metrics != st.StreamsMetrics() {
			t.Errorf("%s: metrics %v after %s", exchange.Name, metrics, exchange.Request.SQL)
		}
	}
	for _, exchange := range captures.AuthDoGets() {
		// bob may only read
		if exchange.Request.HasSQL() && exchange.Code == 0 && len(exchange.Messages) > 0 {
			if st := &parse(t, exchange.Request.SQL).Statements[0]; !st.ReadOnly() && exchange.Messages[0].Kind == "Schema" {
				t.Errorf("%s: %s is not read-only", exchange.Name, exchange.Request.SQL)
			}
		}
	}
}

func TestRecordedTextsOfSeveralStatements(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{
		"error_two_statements": 2, "multi_two_inserts": 2, "multi_first_fails": 2, "multi_second_fails": 3,
		"multi_syntax": 2, "multi_semicolons": 1, "leading_semicolon": 1, "trailing_semicolon": 1,
		"two_selects_comment": 1, "select_then_comment": 1, "comment_then_select": 1,
		"error_empty": 0, "error_only_comment": 0, "error_only_semicolon": 0,
	} {
		if got := len(parse(t, captures.DoGetByName(name).Request.SQL).Statements); got != want {
			t.Errorf("%s: %d statements, want %d", name, got, want)
		}
	}
	s := parse(t, captures.SchemaSQL())
	if len(s.Statements) < 10 {
		t.Errorf("the schema of the recordings has %d statements", len(s.Statements))
	}
	for i := range s.Statements {
		if text := s.StatementText(i); s.Statements[i].Kind == Unknown && text != "INSRT" {
			t.Errorf("%s is of no kind", text)
		}
	}
}

func TestNamesOfConstants(t *testing.T) {
	t.Parallel()
	for k := range Cursor + 1 {
		if name := k.String(); name == "" || name[0] < 'A' {
			t.Errorf("kind %d has the name %q", uint8(k), name)
		}
	}
	for k := range Interval + 1 {
		if k.String() == "" {
			t.Errorf("argument kind %d has no name", uint8(k))
		}
	}
	if got := ArgKind(200).String() + Kind(200).String() + Style(200).String(); got != "200200200" {
		t.Errorf("unknown constants are named %s", got)
	}
}
