package expr

// Macros are what DataFusion does and no function of DuckDB does alike.
var Macros = []string{
	`CREATE OR REPLACE MACRO greptime_divide(a, b) AS CASE WHEN b = 0 THEN error('Divide by zero error') ELSE a // b END`,
	`CREATE OR REPLACE MACRO greptime_modulo(a, b) AS CASE WHEN b = 0 THEN error('Divide by zero error') ELSE a % b END`,
	`CREATE OR REPLACE MACRO greptime_integer_text(s, t) AS CASE WHEN s IS NULL OR regexp_full_match(s, '[+-]?[0-9]+') THEN s
		ELSE error('Cast error: Cannot cast string ''' || s || ''' to value of ' || t || ' type') END`,
	`CREATE OR REPLACE MACRO greptime_is_number(s) AS regexp_full_match(s, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?')`,
	`CREATE OR REPLACE MACRO greptime_number_text(s, t) AS CASE WHEN s IS NULL OR greptime_is_number(s) OR lower(s) IN (` + floatWords + `) THEN s
		ELSE error('Cast error: Cannot cast string ''' || s || ''' to value of ' || t || ' type') END`,
	`CREATE OR REPLACE MACRO greptime_decimal_text(s) AS CASE WHEN s IS NULL OR regexp_full_match(s, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)') THEN s
		ELSE error('Not supported by greptimetest: CAST of text other than plain digits to DECIMAL') END`,
	`CREATE OR REPLACE MACRO greptime_ascii(s) AS CASE WHEN s IS NULL OR length(s) = strlen(s) THEN s
		ELSE error('Not supported by greptimetest: upper, lower and ILIKE of text beyond ASCII') END`,
	`CREATE OR REPLACE MACRO greptime_no_nan(x) AS CASE WHEN isnan(x) THEN error('Not supported by greptimetest: comparing NaN of a column') ELSE x END`,
	`CREATE OR REPLACE MACRO greptime_pattern(s) AS CASE WHEN s IS NULL OR NOT contains(s, chr(92)) THEN s
		ELSE error('Not supported by greptimetest: LIKE with a backslash in a pattern that is no constant') END`,
	`CREATE OR REPLACE MACRO greptime_floor_divide(a, b) AS a // b - CASE WHEN a % b < 0 THEN 1 ELSE 0 END`,
}

// floatWords are the numbers that are words, in small letters.
const floatWords = `'nan', 'inf', '+inf', '-inf', 'infinity', '+infinity', '-infinity'`
