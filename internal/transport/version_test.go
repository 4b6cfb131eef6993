package transport

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestVersionsAreKeptForAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var a, b Endpoint
		a.KeepVersion("1.1.4")
		time.Sleep(versionLifetime - time.Nanosecond)
		if got, ok := a.Version(); !ok || got != "1.1.4" {
			t.Errorf("within the minute: %q, %v", got, ok)
		}
		if _, ok := b.Version(); ok {
			t.Error("another endpoint has the version, too")
		}
		time.Sleep(time.Nanosecond)
		if _, ok := a.Version(); ok {
			t.Error("kept for more than a minute")
		}
	})
}
