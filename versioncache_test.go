package greptime

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/greptime-go/greptime/internal/transport"
)

func TestVersionsAreKeptForAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var cache versionCache
		var a, b transport.Endpoint
		v := Version{Major: 1, Minor: 1, Patch: 4}
		cache.keep(&a, v)
		time.Sleep(versionLifetime - time.Nanosecond)
		if got, ok := cache.lookup(&a); !ok || got != v {
			t.Errorf("within the minute: %v, %v", got, ok)
		}
		if _, ok := cache.lookup(&b); ok {
			t.Error("another endpoint has the version, too")
		}
		time.Sleep(time.Nanosecond)
		if _, ok := cache.lookup(&a); ok {
			t.Error("kept for more than a minute")
		}
	})
}
