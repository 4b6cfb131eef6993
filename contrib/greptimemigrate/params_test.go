package greptimemigrate

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// The parameters of this package are those that package net/url reads, and the others stay as
// they are.
func FuzzParams(f *testing.F) {
	for _, query := range []string{"", "timezone=%2B08:00&x-migrations-table=a%20b&tls=on", "x-statement-timeout=30s&x-lock-timeout=1m", "x-lock-timeout=-1s", "x-nothing=1", "x-migrations-table", "&&a=b&", "x-migrations-table=%"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		cfg, rest, err := cutParams(query)
		if err != nil {
			return
		}
		var others, own []string
		for part := range strings.SplitSeq(query, "&") {
			if strings.HasPrefix(part, "x-") {
				own = append(own, part)
			} else {
				others = append(others, part)
			}
		}
		if want := strings.Join(others, "&"); rest != want {
			t.Errorf("%q leaves %q, want %q", query, rest, want)
		}
		values, err := url.ParseQuery(strings.Join(own, "&"))
		if strings.Contains(query, ";") {
			return // which package net/url refuses since it no longer separates parameters
		}
		if err != nil {
			t.Fatalf("%q is %+v, package net/url says %v", query, cfg, err)
		}
		last := func(name string) string {
			if list := values[name]; len(list) > 0 {
				return list[len(list)-1]
			}
			return ""
		}
		statement, _ := time.ParseDuration(last("x-statement-timeout"))
		lock, _ := time.ParseDuration(last("x-lock-timeout"))
		if want := (Config{Table: last("x-migrations-table"), StatementTimeout: statement, LockTimeout: lock}); cfg != want {
			t.Errorf("%q is %+v, want %+v", query, cfg, want)
		}
	})
}
