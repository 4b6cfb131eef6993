package greptime

import (
	"math"
	"testing"
	"time"
)

// FuzzPromRange has ranges of any times and durations: each is refused, or the server is sent
// just that range.
func FuzzPromRange(f *testing.F) {
	f.Add("up", int64(0), int64(0), int64(60), int64(0), int64(time.Minute), int64(0))
	f.Add("sum(rate(x[5m]))", int64(1_700_000_000), int64(999_999_999), int64(1_700_000_001), int64(1), int64(time.Millisecond), int64(1500*time.Millisecond))
	f.Add("x", int64(253402300799), int64(0), int64(253402300800), int64(0), int64(time.Second), int64(time.Second))
	f.Add("x", int64(-62167219201), int64(0), int64(0), int64(0), int64(time.Second), int64(time.Second))
	f.Add("x", int64(-62167219201), int64(0), int64(math.MaxInt64), int64(0), int64(math.MaxInt64), int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, query string, start, startNanos, end, endNanos, step, lookback int64) {
		q := PromRange{Query: query, Start: time.Unix(start, startNanos), End: time.Unix(end, endNanos), Step: time.Duration(step), Lookback: time.Duration(lookback)}
		r, err := q.request()
		if err != nil {
			return
		}
		if lookback == 0 {
			q.Lookback = defaultLookback
		}
		from, err1 := time.Parse(time.RFC3339Nano, r.Start)
		to, err2 := time.Parse(time.RFC3339Nano, r.End)
		every, err3 := time.ParseDuration(r.Step)
		back, err4 := time.ParseDuration(r.Lookback)
		for _, err := range []error{err1, err2, err3, err4} {
			if err != nil {
				t.Errorf("%+v is sent as %v: %v", q, r, err)
			}
		}
		if r.Query != query || !from.Equal(q.Start) || !to.Equal(q.End) || every != q.Step || back != q.Lookback {
			t.Errorf("%+v is sent as %v", q, r)
		}
	})
}
