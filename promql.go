package greptime

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
)

// PromRange is a PromQL range query.
type PromRange struct {
	Query      string
	Start, End time.Time
	Step       time.Duration // between the points of the result; whole milliseconds
	Lookback   time.Duration // how far back a point looks for a sample; default 5 minutes
}

const defaultLookback = 5 * time.Minute

// PromQL evaluates a PromQL range query. The result has a time column, value
// columns (Float64) and tag columns, usually one or more batches per series. You
// must release the reader.
func (c *Conn) PromQL(ctx context.Context, q PromRange) (*RecordReader, error) {
	if q.Lookback == 0 {
		q.Lookback = defaultLookback
	}
	if err := q.check(); err != nil {
		return nil, fmt.Errorf("greptime: PromQL: %w", err)
	}
	return c.run(ctx, statement{readOnly: true, endsWithMetrics: true, prom: &greptimev1.PromRangeQuery{
		Query:    q.Query,
		Start:    q.Start.UTC().Format(time.RFC3339Nano),
		End:      q.End.UTC().Format(time.RFC3339Nano),
		Step:     promDuration(q.Step),
		Lookback: promDuration(q.Lookback),
	}})
}

func (q PromRange) check() error {
	switch {
	case q.Query == "":
		return errors.New("the Query is empty")
	case q.Start.IsZero() || q.End.IsZero():
		return errors.New("set both Start and End")
	case q.End.Before(q.Start):
		return fmt.Errorf("the End %v is before the Start %v", q.End, q.Start)
	case q.Step < time.Millisecond || q.Step%time.Millisecond != 0:
		return fmt.Errorf("the Step is %v; it must be a positive whole number of milliseconds", q.Step)
	case q.Lookback < time.Millisecond || q.Lookback%time.Millisecond != 0:
		return fmt.Errorf("the Lookback is %v; it must be a positive whole number of milliseconds", q.Lookback)
	}
	return nil
}

// promDuration returns a duration as PromQL writes it: in seconds if that is exact,
// otherwise in milliseconds.
func promDuration(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}
