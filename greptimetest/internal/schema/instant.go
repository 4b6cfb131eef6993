package schema

import (
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Instant is a point in time as text gives it.
type Instant struct {
	Seconds  int64
	Nanos    int64 // within the second
	Fraction bool  // the text has a fraction other than zero
}

// unit returns the timestamp type in which GreptimeDB reads the text: the coarsest that
// holds its digits.
func (ts Instant) unit() Type {
	switch {
	case ts.Nanos == 0:
		return Type{Kind: TimestampSecond}
	case ts.Nanos%1e6 == 0:
		return Type{Kind: TimestampMilli}
	case ts.Nanos%1e3 == 0:
		return Type{Kind: TimestampMicro}
	}
	return NanoType
}

// In returns the instant in a column's unit, rounded towards the past, and reports
// whether 64 bits hold it.
func (ts Instant) In(t Type) (int64, bool) {
	per := t.PerSecond()
	n := new(big.Int).Mul(big.NewInt(ts.Seconds), big.NewInt(per))
	n.Add(n, big.NewInt(ts.Nanos/(1e9/per)))
	return n.Int64(), n.IsInt64()
}

// ParseTimestamp reads RFC 3339 and its relatives as GreptimeDB does. It refuses a date
// alone, a local time that the zone leaves out, and digits finer than microseconds where
// nanoseconds end.
func ParseTimestamp(text string, zone *time.Location) (Instant, bool) {
	ts, ok := ReadTimestamp(text, zone)
	if ok {
		_, ok = ts.In(ts.unit())
	}
	return ts, ok
}

// ReadTimestamp reads what parseTimestamp reads, with nine digits in every year, as
// Arrow's casts do.
func ReadTimestamp(text string, zone *time.Location) (Instant, bool) {
	date, clock, ok := cutAny(text, "T ")
	if !ok {
		return Instant{}, false
	}
	clock, offset := cutOffset(clock)
	hms, frac, hasFrac := strings.Cut(clock, ".")
	t, err := time.ParseInLocation("2006-1-2 15:4:5", date+" "+hms, time.UTC)
	if err != nil || strings.Contains(hms, ",") || hasFrac && (frac == "" || strings.Trim(frac, "0123456789") != "") {
		return Instant{}, false // package time reads a comma as a point, GreptimeDB does not
	}
	seconds := t.Unix()
	switch {
	case offset == "":
		if seconds, ok = earliestAt(t, zone); !ok {
			return Instant{}, false
		}
	case offset == "Z" || offset == "z":
	default:
		o, err := time.Parse("-07:00", offset)
		if err != nil {
			o, err = time.Parse("-0700", offset)
		}
		if err != nil {
			return Instant{}, false
		}
		_, east := o.Zone()
		seconds -= int64(east)
	}
	if len(frac) > 9 {
		frac = frac[:9]
	}
	n, _ := strconv.ParseInt((frac + "000000000")[:9], 10, 64)
	return Instant{Seconds: seconds, Nanos: n, Fraction: n != 0}, true
}

// ParseDate reads YYYY-M-D. The zone moves the date to that of its midnight in UTC.
func ParseDate(text string, zone *time.Location) (int64, bool) {
	d, err := time.ParseInLocation("2006-1-2", text, time.UTC)
	if err != nil {
		return 0, false
	}
	seconds, ok := earliestAt(d, zone)
	return FloorDiv(seconds, 86400), ok
}

// earliestAt returns the Unix time at which the clocks of a zone show what wall shows in
// UTC: the earlier one if they do so twice. It reports false if they never do.
func earliestAt(wall time.Time, zone *time.Location) (int64, bool) {
	all := EveryAt(wall, zone)
	if len(all) == 0 {
		return 0, false
	}
	return all[0], true
}

// EveryAt returns all Unix times, in order, at which the clocks of a zone show what wall
// shows in UTC. It looks at each offset that the zone has within a day of wall.
func EveryAt(wall time.Time, zone *time.Location) []int64 {
	const day = 24 * time.Hour
	var all []int64
	for at := wall.Add(-day).In(zone); ; {
		_, east := at.Zone()
		start, end := at.ZoneBounds()
		t := wall.Add(-time.Duration(east) * time.Second)
		if (start.IsZero() || !t.Before(start)) && (end.IsZero() || t.Before(end)) {
			all = append(all, t.Unix())
		}
		if end.IsZero() || end.After(wall.Add(day)) {
			return all
		}
		at = end
	}
}

func cutAny(s, seps string) (string, string, bool) {
	i := strings.IndexAny(s, seps)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// cutOffset splits the time of day from Z, +08:00, +0800 or " +08:00".
func cutOffset(clock string) (string, string) {
	i := strings.IndexAny(clock, "Zz+-")
	if i < 0 {
		return clock, ""
	}
	return strings.TrimSuffix(clock[:i], " "), clock[i:]
}
