package column

import (
	"math"
	"time"
)

const (
	reasonTimestampRange = "out of range: a timestamp of nanoseconds reaches from 1677-09-21 to 2262-04-11, one of microseconds about 292,000 years back and ahead"
	secondsPerDay        = 24 * 60 * 60
)

// SetTime sets a moment. Timestamps store it truncated to their unit towards the past. DATE
// stores the day in the moment's own Location. TIME stores the clock time there, truncated
// to the unit.
func (c *Cell) SetTime(t Type, v time.Time) error {
	switch k := t.Kind(); {
	case k.IsTimestamp():
		n, ok := epoch(v, k.perSecond())
		if !ok {
			return refuse(t, v, reasonTimestampRange)
		}
		return c.setNumber(uint64(n))
	case k == Date:
		year, month, day := v.Date()
		days := floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), secondsPerDay)
		if days < math.MinInt32 || days > math.MaxInt32 {
			return refuse(t, v, "out of range: a DATE is in a year from -5877641 to 5881580")
		}
		return c.setNumber(uint64(days))
	case k.IsTimeOfDay():
		hour, minute, second := v.Clock()
		nanos := int64(hour*3600+minute*60+second)*int64(time.Second) + int64(v.Nanosecond())
		return c.SetTimeOfDay(t, nanos)
	case k == String:
		return refuse(t, v, reasonText)
	}
	return refuse(t, v, "a time.Time fits timestamps, DATE and TIME")
}

// epoch returns the time since 1970, rounded down to units of 1/perSecond seconds, and
// whether it fits.
func epoch(v time.Time, perSecond int64) (int64, bool) {
	sec, sub := v.Unix(), int64(v.Nanosecond())*perSecond/int64(time.Second)
	if sec < 0 && sub > 0 {
		// The whole second below may be out of range although the moment is not.
		sec++
		sub -= perSecond
	}
	n := sec * perSecond
	if n/perSecond != sec {
		return 0, false
	}
	sum := n + sub
	return sum, (sum >= n) == (sub >= 0)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// SetDate sets a day, counted from 1970-01-01. Only DATE accepts it.
func (c *Cell) SetDate(t Type, days int32) error {
	if t.Kind() != Date {
		return refuse(t, days, "a date fits DATE only; pass a time.Time")
	}
	return c.setNumber(uint64(int64(days)))
}

// SetTimeOfDay sets nanoseconds since midnight, at least 0 and less than a day, truncated to
// the unit. Only TIME accepts them.
func (c *Cell) SetTimeOfDay(t Type, nanoseconds int64) error {
	k := t.Kind()
	switch {
	case !k.IsTimeOfDay():
		return refuse(t, nanoseconds, "a time of day fits TIME only; pass a time.Time")
	case nanoseconds < 0 || nanoseconds >= secondsPerDay*int64(time.Second):
		return refuse(t, nanoseconds, "a time of day is at least 00:00:00 and before 24:00:00")
	}
	return c.setNumber(uint64(nanoseconds / k.UnitNanoseconds()))
}
