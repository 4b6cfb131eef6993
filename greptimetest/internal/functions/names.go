package functions

import "github.com/greptime-go/greptime/greptimetest/internal/schema"

// greptimeFunctions are functions that GreptimeDB has and this server may
// not: calling one is Unsupported, where an unknown name is an error of the plan.
var greptimeFunctions = schema.WordSet(`
	sign signum current_time unnest acos acosh asin asinh atan2 atanh cbrt ceil cos cosh cot exp factorial floor gcd iszero lcm log nanvl pi radians random sinh tanh
	ascii bit_length btrim find_in_set initcap levenshtein overlay strpos substr_index substrindex substring_index to_hex translate uuid
	regexp_count regexp_instr regexp_match regexp_replace
	date_add date_sub make_date to_char to_date to_local_time from_unixtime last_day
	array_agg array_append array_concat array_contains array_dims array_distance array_distinct array_element array_empty array_except
	array_has array_has_all array_has_any array_intersect array_length array_max array_min array_ndims array_position array_positions
	array_prepend array_remove array_repeat array_replace array_resize array_reverse array_slice array_sort array_to_string array_union
	cardinality flatten generate_series range string_to_array
	struct named_struct row map map_entries map_extract map_keys map_values
	digest sha224 sha256 sha384 sha512 blake2b blake2s blake3
	arrow_typeof get_field decode
	string_agg approx_distinct approx_median approx_percentile_cont approx_percentile_cont_with_weight bit_and bit_or bit_xor corr covar covar_pop
	covar_samp grouping median nth_value ntile regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
	argmax argmin diff mean mod percentile polyval scipy_stats_norm_cdf scipy_stats_norm_pdf hll hll_count hll_merge uddsketch_calc
	uddsketch_merge uddsketch_state count_hash quantile_cont percentile_cont stddev
	json_get_bool json_get_object json_get json_path_match json_is_null json_is_bool json_is_int json_is_float json_is_string json_is_array
	json_object_update parse_vec vec_add vec_avg vec_div vec_elem_avg vec_elem_product vec_elem_sum vec_kth_elem vec_l2sq_distance
	vec_mul vec_norm vec_product vec_scalar_add vec_scalar_mul vec_sub vec_subvector vec_sum
	matches matches_term geohash geohash_neighbours h3_cell_area h3_latlng_to_cell ipv4_in_range ipv4_num_to_string ipv4_string_to_num
	ipv4_to_cidr ipv6_in_range ipv6_num_to_string ipv6_string_to_num ipv6_to_cidr st_area st_contains st_distance wkt_point_from_latlng
	build connection_id current_user pg_backend_pid read_preference session_user
	clamp clamp_max clamp_min rate increase delta idelta irate changes resets deriv predict_linear
	concat_with_separator anomaly_score_mad anomaly_score_iqr anomaly_score_zscore
`)

// parserIntervals are what DuckDB's parser makes of INTERVAL '1' DAY.
var parserIntervals = schema.WordSet(`to_years to_quarters to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_microseconds
	to_decades to_centuries to_millennia`)
