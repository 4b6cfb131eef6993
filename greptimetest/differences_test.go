package greptimetest_test

// What differs from the recordings of GreptimeDB 1.0.2 and 1.1.4, and why. A test fails for an
// entry that has become needless. "refused" means code 1001, which names the feature.

const (
	noPromQL     = "PromQL is refused"
	noTQL        = "TQL is refused"
	unionBatches = "DuckDB returns a union in one batch, so that its dictionary is sent once"
)

var doGetDifferences = map[string]string{
	"dictionary_int64_largeutf8": "dictionaries of LargeUtf8 are refused",
	"dictionary_replaced":        unionBatches,
	"error_copy":                 "COPY is refused",
	"error_fetch_cursor":         "cursors are refused",
	"error_kill":                 "KILL is refused",
	"error_overflow":             "an integer overflow is an error here, where GreptimeDB wraps around",
	"error_prom_lookback_empty":  noPromQL,
	"error_prom_step":            noPromQL,
	"error_prom_syntax":          noPromQL,
	"error_stream_after_batches": "DuckDB finds the error before the first batch is sent",
	"error_tql":                  noTQL,
	"explain_analyze_json":       "EXPLAIN ANALYZE FORMAT JSON is refused",
	"interval_iso":               "ISO 8601 durations in INTERVAL are refused",
	"json_control_characters":    "json_to_string writes valid JSON, GreptimeDB writes \\0",
	"prom_by":                    noPromQL,
	"prom_empty":                 noPromQL,
	"prom_no_match":              noPromQL,
	"prom_rate":                  noPromQL,
	"prom_rfc3339":               noPromQL,
	"prom_scalar":                noPromQL,
	"prom_select":                noPromQL,
	"prom_sum":                   noPromQL,
	"range_query":                "RANGE … ALIGN is refused",
	"tql_analyze":                noTQL,
	"tql_eval":                   noTQL,
	"tql_eval_cpu":               noTQL,
	"tql_explain":                noTQL,
}

var plainDifferences = map[string]string{
	"plain_dictionary_replaced": unionBatches,
}

var authDifferences = map[string]string{
	"auth/prom_ok":           noPromQL,
	"auth/prom_syntax_error": noPromQL,
}

var handleDifferences = map[string]string{
	"decimal_too_large":           "a DECIMAL of more digits than its column has is refused, GreptimeDB stores it",
	"empty_column_name":           "a column without a name is refused: DuckDB cannot have one",
	"hint_physical_table_missing": "the metric engine is refused",
	"several_tables_second_fails": "the first table is written here; in the recording the second one's error won",
	"panic_list_no_extension":     "LIST columns are refused; GreptimeDB breaks",
}

var doPutDifferences = map[string]string{
	"time_index_all_null": "an error of the batch here, where GreptimeDB breaks until it is restarted",
	"time_index_int64":    "an error of the batch here, where GreptimeDB breaks until it is restarted",
	"time_index_utf8":     "an error of the batch here, where GreptimeDB breaks until it is restarted",
}
