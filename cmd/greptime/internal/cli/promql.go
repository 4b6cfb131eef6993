package cli

import (
	"context"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/greptime-go/greptime"

	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
)

// promqlFlags are the flags of promql.
type promqlFlags struct {
	start, end     string
	step, lookback string
	output         outputFlags
	view           viewFlags
}

func (a *app) promqlCommand() *cobra.Command {
	var f promqlFlags
	cmd := &cobra.Command{
		Use:   `promql [flags] "EXPRESSION"`,
		Short: "Evaluate PromQL and print the result",
		Long: `Evaluate PromQL and print the result.

With --start, the expression is evaluated at each step from the start to the
end; otherwise once, at the end. Times are now, or relative to now, as -1h or
-7d; or an RFC 3339 time; or a date, with or without a time of day, in the zone
of the session; or Unix seconds.`,
		Example: `  greptime promql 'sum by (host) (rate(requests[5m]))'
  greptime promql 'avg(cpu)' --start -6h --chart
  greptime promql 'cpu{host="web-1"}' --start 2024-03-01 --end 2024-03-02 --step 1m --format csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return a.promql(ctx, cmd, &f, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.start, "start", "", "first `time`, such as -1h (default with --chart -1h)")
	flags.StringVar(&f.end, "end", "now", "last `time`, or the only one")
	flags.StringVar(&f.step, "step", "", "`duration` between two times, such as 30s or 1d (default about a 240th of the whole, at least 1s)")
	flags.StringVar(&f.lookback, "lookback", "", "`duration` for which a sample counts (default 5m)")
	f.output.add(cmd)
	f.view.add(cmd)
	return cmd
}

func (a *app) promql(ctx context.Context, cmd *cobra.Command, f *promqlFlags, expression string) (err error) {
	if err := f.view.check(cmd); err != nil {
		return err
	}
	set, own, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	o, err := a.outputOptions(cmd, &f.output, set)
	if err != nil {
		return err
	}
	_, zone, err := own.Where()
	if err != nil {
		return err
	}
	if _, err := f.query(expression, time.Now(), zone); err != nil { // before anything is opened
		return err
	}
	out, err := a.newSink(ctx, f.output.file, f.output.pagerOf(set), o)
	if err != nil {
		return err
	}
	err = a.show(ctx, &f.view, out, func(ctx context.Context, w io.Writer) error {
		q, err := f.query(expression, time.Now(), zone)
		if err != nil {
			return err
		}
		open := func(c *greptime.Conn) (*greptime.RecordReader, error) { return c.PromQL(ctx, q) }
		if f.view.chart {
			return a.drawChart(ctx, own.Conn, w, o.Color, open)
		}
		return greptime.Raw(ctx, own.Conn, func(c *greptime.Conn) error {
			rd, err := open(c)
			if err != nil {
				return err
			}
			defer rd.Release()
			_, err = output.WriteReader(w, rd, o)
			return err
		})
	})
	return out.close(err)
}

// stepsOfRange is the number of steps of a range without --step.
const stepsOfRange = 240

// query returns the query for a time.
func (f *promqlFlags) query(expression string, now time.Time, zone *time.Location) (greptime.PromQuery, error) {
	lookback, err := parseDuration("lookback", f.lookback)
	if err != nil {
		return nil, err
	}
	end, err := parseTime("end", f.end, now, zone)
	if err != nil {
		return nil, err
	}
	startText := f.start
	if startText == "" && f.view.chart {
		startText = "-1h"
	}
	if startText == "" {
		if f.step != "" {
			return nil, usagef("--step needs --start: without it, the expression is evaluated once")
		}
		return greptime.PromInstant{Query: expression, Time: end, Lookback: lookback}, nil
	}
	start, err := parseTime("start", startText, now, zone)
	if err != nil {
		return nil, err
	}
	if end.Before(start) {
		return nil, usagef("the end, %s, is before the start, %s", end.Format(time.RFC3339), start.Format(time.RFC3339))
	}
	step, err := parseDuration("step", f.step)
	if err != nil {
		return nil, err
	}
	if step == 0 {
		step = max(roundStep(end.Sub(start)/stepsOfRange), time.Second)
	}
	return greptime.PromRange{Query: expression, Start: start, End: end, Step: step, Lookback: lookback}, nil
}

// roundSteps are the steps that are chosen, up to a day.
var roundSteps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

// roundStep returns the next greater round duration.
func roundStep(d time.Duration) time.Duration {
	for _, step := range roundSteps {
		if d <= step {
			return step
		}
	}
	const day = 24 * time.Hour
	return (d + day - 1) / day * day
}

// parseTime reads the time of a flag.
func parseTime(flag, text string, now time.Time, zone *time.Location) (time.Time, error) {
	if text == "now" {
		return now.Truncate(time.Millisecond), nil
	}
	if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
		d, err := duration(text[1:])
		if err == nil {
			if text[0] == '-' {
				d = -d
			}
			return now.Add(d).Truncate(time.Millisecond), nil
		}
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= -1<<40 && seconds <= 1<<40 {
		return time.UnixMilli(int64(math.Round(seconds * 1000))), nil
	}
	return time.Time{}, usagef("--%s %s is not a time: write now, -1h, 2006-01-02, \"2006-01-02 15:04:05\", 2006-01-02T15:04:05Z or Unix seconds", flag, text)
}

// parseDuration reads the duration of a flag, which is 0 if the flag is not set.
func parseDuration(flag, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := duration(text)
	if err != nil || d < time.Millisecond || d%time.Millisecond != 0 {
		return 0, usagef("--%s %s is not a duration of whole milliseconds: write 500ms, 30s, 5m, 1h or 1d", flag, text)
	}
	return d, nil
}

// duration reads a duration as PromQL writes it: Go's units, and d, w and y.
func duration(text string) (time.Duration, error) {
	units := map[byte]time.Duration{'d': 24 * time.Hour, 'w': 7 * 24 * time.Hour, 'y': 365 * 24 * time.Hour}
	var whole time.Duration
	for {
		i := strings.IndexAny(text, "dwy")
		if i < 0 {
			break
		}
		n, err := strconv.ParseUint(text[:i], 10, 31)
		if err != nil {
			return 0, err
		}
		unit := units[text[i]]
		if time.Duration(n) > (math.MaxInt64-whole)/unit {
			return 0, errTooLong
		}
		whole += time.Duration(n) * unit
		if text = text[i+1:]; text == "" {
			return whole, nil
		}
	}
	if strings.ContainsAny(text, "+-") {
		return 0, errors.New("a sign within a duration")
	}
	rest, err := time.ParseDuration(text)
	if rest > math.MaxInt64-whole {
		return 0, errTooLong
	}
	return whole + rest, err
}

// errTooLong is the error of a duration that is longer than 292 years.
var errTooLong = errors.New("the duration is too long")
