package greptimetest_test

import (
	"strings"
	"testing"

	"github.com/greptime-go/greptime/greptimetest"
)

// TestInformationSchemaColumns: the columns of information_schema.columns, in
// GreptimeDB's order, and what they say of each type, by its source.
func TestInformationSchemaColumns(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, `CREATE TABLE kinds (ts TIMESTAMP TIME INDEX, s STRING, b BOOLEAN, i8 TINYINT, u8 TINYINT UNSIGNED, i16 SMALLINT, u16 SMALLINT UNSIGNED, i32 INT, u32 INT UNSIGNED,
		i64 BIGINT, u64 BIGINT UNSIGNED, f32 FLOAT, f64 DOUBLE, x DECIMAL(10,2), bin VARBINARY, d DATE, t0 TIMESTAMP(0), t6 TIMESTAMP(6), t9 TIMESTAMP(9), dt DATETIME, j JSON, v VECTOR(2) NOT NULL COMMENT 'v')`)
	const (
		length, chars = "2147483647|2147483647", "utf8|utf8_bin"
		none          = "NULL|NULL|NULL|NULL|NULL|NULL|NULL"
	)
	number := func(precision, scale string) string {
		return "NULL|NULL|" + precision + "|" + scale + "|NULL|NULL|NULL"
	}
	digits := func(n string) string { return "NULL|NULL|NULL|NULL|" + n + "|NULL|NULL" }
	want := []string{
		"ts|" + digits("3"), "s|" + length + "|NULL|NULL|NULL|" + chars, "b|" + none,
		"i8|" + number("3", "0"), "u8|" + number("3", "0"), "i16|" + number("5", "0"), "u16|" + number("5", "0"),
		"i32|" + number("10", "0"), "u32|" + number("10", "0"), "i64|" + number("19", "0"), "u64|" + number("20", "0"),
		"f32|" + number("12", "NULL"), "f64|" + number("22", "NULL"), "x|" + number("10", "2"), "bin|" + none, "d|" + none,
		"t0|" + digits("0"), "t6|" + digits("6"), "t9|" + digits("9"), "dt|" + digits("6"), "j|" + none, "v|" + none,
	}
	a := c.sql(t, `SELECT column_name, character_maximum_length, character_octet_length, numeric_precision, numeric_scale, datetime_precision, character_set_name, collation_name
		FROM information_schema.columns WHERE table_name = 'kinds' ORDER BY ordinal_position`)
	if got := a.text(); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}

	a = c.sql(t, "SELECT * FROM information_schema.columns WHERE column_name = 'v'")
	var names []string
	for _, f := range a.schema.Fields() {
		name := f.Name + " " + f.Type.String()
		if f.Nullable {
			name += " nullable"
		}
		names = append(names, name)
	}
	const all = "table_catalog utf8, table_schema utf8, table_name utf8, column_name utf8, ordinal_position int64, " +
		"character_maximum_length int64 nullable, character_octet_length int64 nullable, numeric_precision int64 nullable, numeric_scale int64 nullable, datetime_precision int64 nullable, " +
		"character_set_name utf8 nullable, collation_name utf8 nullable, column_key utf8, extra utf8, privileges utf8, generation_expression utf8, greptime_data_type utf8, data_type utf8, " +
		"semantic_type utf8, column_default utf8 nullable, is_nullable utf8, column_type utf8, column_comment utf8 nullable, srs_id int64 nullable"
	if got := strings.Join(names, ", "); got != all {
		t.Errorf("columns\n%s\nwant\n%s", got, all)
	}
	const row = "greptime|public|kinds|v|22|NULL|NULL|NULL|NULL|NULL|NULL|NULL|||select,insert||Vector(2)|vector(2)|FIELD|NULL|NO|vector(2)|v|NULL"
	if got := a.text(); got != row {
		t.Errorf("row\n%s\nwant\n%s", got, row)
	}

	for _, tt := range []struct{ sql, code, names string }{
		{"SELECT nosuch FROM information_schema.columns", "3000", "No field named nosuch"},
		{"SELECT * FROM information_schema.key_column_usage", "1001", "information_schema.key_column_usage"},
	} {
		if a := c.try(t, tt.sql); a.errCode != tt.code || !strings.Contains(a.message, tt.names) {
			t.Errorf("%s: %v, want %s %s", tt.sql, a.err(), tt.code, tt.names)
		}
	}
}
