package complete

import "strings"

// keywords are the keywords of GreptimeDB's SQL that a client types.
var keywords = strings.Fields(`
	ADD ADMIN AFTER ALIGN ALL ALTER ANALYZE AND APPEND AS ASC BETWEEN BY CASE CAST COLUMN COLUMNS COMMENT COPY CREATE
	CROSS CURRENT DATABASE DATABASES DEFAULT DELETE DESC DESCRIBE DISTINCT DROP ELSE END ENGINE EVAL EXCEPT EXISTS EXPLAIN
	EXTERNAL FALSE FIELD FILL FIRST FLOW FLOWS FORMAT FROM FULL FULLTEXT FUNCTION GROUP HAVING IF IN INDEX INNER INSERT INTERSECT
	INTERVAL INTO INVERTED IS JOIN KEY LAST LATERAL LEFT LIKE LIMIT MODIFY NOT NULL NULLS OFFSET ON OR ORDER OUTER OVER PARTITION
	PRIMARY PREV LINEAR RANGE RENAME REPLACE RIGHT ROW ROWS SELECT SET SHOW SKIPPING SINK TABLE TABLES THEN TIME TIME_ZONE TO TQL TRUE
	TRUNCATE UNION UNIQUE UNSET USE USING VALUES VERBOSE VIEW VIEWS WHEN WHERE WITH
	BIGINT BINARY BOOLEAN DATE DATETIME DECIMAL DOUBLE FLOAT INT INTEGER JSON SMALLINT STRING TEXT TIMESTAMP TINYINT UNSIGNED
	VARBINARY VARCHAR VECTOR`)

// functions are the functions that queries of time series need most. GreptimeDB has no list of its own:
// information_schema.routines is empty, and there is no SHOW FUNCTIONS.
var functions = strings.Fields(`
	abs approx_distinct approx_percentile_cont array_agg avg bit_length btrim cast ceil char_length clamp coalesce concat concat_ws
	corr cos count cume_dist current_date current_time database date_add date_bin date_format date_part date_sub date_trunc
	dense_rank exp first_value floor from_unixtime geo_distance greatest h3_latlng_to_cell hll hll_count
	ifnull initcap json_get_bool json_get_float json_get_int json_get_string json_is_null json_path_exists json_to_string
	lag last_value lead least left length ln log10 log2 lower lpad ltrim matches matches_term max md5 median min mod now nullif ntile
	nvl octet_length parse_json parse_vec percent_rank pi position power quantile random rank regexp_like regexp_match
	regexp_replace repeat replace reverse right round row_number rpad rtrim sha256 sign sin split_part sqrt starts_with stddev
	string_agg strpos substr sum tan timezone to_char to_timestamp to_timestamp_micros to_timestamp_millis to_timestamp_nanos
	to_timestamp_seconds to_unixtime translate trim trunc uddsketch_calc uddsketch_state upper uuid var variance vec_cos_distance
	vec_dot_product vec_l2sq_distance version`)

var isKeyword = func() map[string]bool {
	words := make(map[string]bool, len(keywords))
	for _, w := range keywords {
		words[w] = true
	}
	return words
}()

// IsKeyword reports whether a word is a keyword, in any case.
func IsKeyword(word string) bool { return isKeyword[strings.ToUpper(word)] }

// Quote returns a name as it must be written in SQL.
func Quote(name string) string {
	plain := name != "" && (name[0] < '0' || name[0] > '9') && !IsKeyword(name)
	for _, r := range name {
		plain = plain && (r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z')
	}
	if plain {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
