package schema

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Table options that change nothing here and are shown by SHOW CREATE TABLE.
var quietOptions = map[string]bool{"comment": true, "skip_wal": true, "sst_format": true, "write_buffer_size": true, "storage": true,
	"memtable.type": true, "compaction.type": true, "compaction.twcs.time_window": true, "compaction.twcs.trigger_file_num": true,
	"compaction.twcs.max_output_file_size": true, "physical_metric_table": true, "on_physical_table": true}

// SetOption checks a table option as GreptimeDB does.
func (t *Table) SetOption(key, value string) error {
	bad := Errorf(InvalidArguments, "Failed to parse table option, key: %s, value: %s", key, value)
	switch key {
	case "ttl":
		ttl, ok := parseTTL(value)
		if !ok {
			return bad
		}
		value = ttl
	case "append_mode", "skip_wal":
		if _, err := strconv.ParseBool(value); err != nil {
			return bad
		}
	case "merge_mode":
		if value != "last_row" && value != "last_non_null" {
			return Errorf(InvalidArguments, "Invalid options: Matching variant not found at line 1 column 21")
		}
	case "physical_metric_table", "on_physical_table":
		return NotSupported("the metric engine")
	default:
		if !quietOptions[key] {
			return Errorf(InvalidArguments, "Unrecognized table option key: %s", key)
		}
	}
	t.Options[key] = value
	return nil
}

// CheckOptions holds the options against each other.
func (t *Table) CheckOptions(version Version) error {
	switch mode := t.Options["merge_mode"]; {
	case !t.AppendMode() || mode == "":
	case version < V1_1_4:
		return Errorf(InvalidArguments, "Invalid region options, merge_mode is not allowed when append_mode is enabled")
	case mode != "last_row":
		return Errorf(InvalidArguments, "Invalid region options, only last_row merge_mode is allowed when append_mode is enabled")
	}
	return nil
}

// parseTTL reads a duration such as 7d and writes it as SHOW CREATE TABLE does.
func parseTTL(v string) (string, bool) {
	switch s := strings.ToLower(v); s {
	case "forever", "instant":
		return s, true
	}
	type ttlUnit struct {
		names     string
		d         time.Duration
		one, many string // as shown; "" for units that are not
	}
	units := []ttlUnit{
		{" years year y ", 31557600 * time.Second, "year", "years"}, {" months month M ", 2630016 * time.Second, "month", "months"},
		{" weeks week w ", 7 * 24 * time.Hour, "", ""}, {" days day d ", 24 * time.Hour, "day", "days"},
		{" hours hour hr h ", time.Hour, "h", "h"}, {" minutes minute min m ", time.Minute, "m", "m"}, {" seconds second sec s ", time.Second, "s", "s"},
	}
	var total time.Duration
	s := strings.TrimSpace(v)
	if s == "" {
		return "", false
	}
	for s != "" {
		i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
		if i <= 0 {
			return "", false
		}
		n, err := strconv.Atoi(s[:i])
		s = strings.TrimSpace(s[i:])
		j := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
		if j < 0 {
			j = len(s)
		}
		unit := s[:j]
		s = strings.TrimSpace(s[j:])
		k := slices.IndexFunc(units, func(u ttlUnit) bool { return strings.Contains(u.names, " "+unit+" ") })
		if err != nil || unit == "" || k < 0 {
			return "", false
		}
		total += time.Duration(n) * units[k].d
	}
	var parts []string
	for _, u := range units {
		if u.one == "" {
			continue
		}
		if n := int(total / u.d); n > 0 {
			total -= time.Duration(n) * u.d
			name := u.one
			if n > 1 {
				name = u.many
			}
			parts = append(parts, strconv.Itoa(n)+name)
		}
	}
	if len(parts) == 0 {
		return "0s", true
	}
	return strings.Join(parts, " "), true
}
