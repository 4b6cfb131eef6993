package chart

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// timeAxis is the axis of times, below the lines.
type timeAxis struct {
	start, end time.Time // in the zone of the labels
	width      int       // in cells
	unit       timeUnit
	zone       *time.Location
}

// newTimeAxis returns an axis for times from start to end. It chooses the smallest distance of
// ticks at which the labels have space.
func newTimeAxis(start, end time.Time, width int, zone *time.Location) *timeAxis {
	t := &timeAxis{start: start.In(zone), end: end.In(zone), width: max(width, 1), zone: zone}
	if !end.After(start) {
		t.unit = timeUnit{step: time.Second, layout: time.TimeOnly}
		return t
	}
	for _, t.unit = range timeUnits {
		most := t.width / (len(t.unit.layout) + 3)
		if t.unit.count(t.start, t.end) <= float64(max(most, 2)) {
			break
		}
	}
	return t
}

// dot returns the dot of a time, from the left.
func (t *timeAxis) dot(at time.Time) int {
	if !t.end.After(t.start) { // a single time, in the middle
		return t.width * dotsX / 2
	}
	fraction := seconds(t.start, at) / seconds(t.start, t.end)
	return int(math.Round(fraction * float64(t.width*dotsX-1)))
}

// seconds returns the seconds between two times, which may be farther apart than a time.Duration
// can be.
func seconds(from, to time.Time) float64 {
	return float64(to.Unix()-from.Unix()) + float64(to.Nanosecond()-from.Nanosecond())/1e9
}

// lines returns the axis: its ticks, their labels, and the range of the times.
func (t *timeAxis) lines() []string {
	line := []rune("└" + strings.Repeat("─", t.width))
	labels := []rune(strings.Repeat(" ", t.width+1))
	free := 0 // the first cell for the next label
	for _, at := range t.ticks() {
		column := 1 + t.dot(at)/dotsX
		line[column] = '┬'
		label := []rune(t.unit.label(at))
		first := min(max(column-len(label)/2, 0), t.width+1-len(label))
		if first < free {
			continue
		}
		copy(labels[first:], label)
		free = first + len(label) + 2
	}
	return []string{string(line), string(labels), t.caption()}
}

// caption returns the range of the times, with as many digits as the unit of the ticks has.
func (t *timeAxis) caption() string {
	layout := time.DateOnly
	switch {
	case t.unit.step > 0 && t.unit.step < time.Second:
		layout = "2006-01-02 15:04:05.999999999"
	case t.unit.step > 0 && t.unit.step < time.Minute:
		layout = time.DateTime
	case t.unit.step > 0:
		layout = "2006-01-02 15:04"
	}
	from, to := t.start.Format(layout), t.end.Format(layout)
	if from == to {
		return fmt.Sprintf("%s, %s", from, t.zone)
	}
	return fmt.Sprintf("%s to %s, %s", from, to, t.zone)
}

// ticks returns the times of the ticks, which are round in the axis's zone.
func (t *timeAxis) ticks() []time.Time {
	var list []time.Time
	for at := t.unit.first(t.start); !at.After(t.end) && len(list) <= t.width; at = t.unit.next(at) {
		list = append(list, at)
	}
	if len(list) == 0 {
		list = append(list, t.start)
	}
	return list
}

// timeUnit is a distance of ticks: a duration, a number of days, or a number of months.
type timeUnit struct {
	step   time.Duration
	days   int
	months int
	layout string
}

var timeUnits = func() []timeUnit {
	var list []timeUnit
	add := func(unit time.Duration, layout string, steps ...int) {
		for _, n := range steps {
			list = append(list, timeUnit{step: time.Duration(n) * unit, layout: layout})
		}
	}
	add(time.Nanosecond, "15:04:05.000000000", 1, 2, 5, 10, 20, 50, 100, 200, 500)
	add(time.Microsecond, "15:04:05.000000", 1, 2, 5, 10, 20, 50, 100, 200, 500)
	add(time.Millisecond, "15:04:05.000", 1, 2, 5, 10, 20, 50, 100, 200, 500)
	add(time.Second, time.TimeOnly, 1, 2, 5, 10, 15, 30)
	add(time.Minute, "15:04", 1, 2, 5, 10, 15, 30)
	add(time.Hour, "15:04", 1, 2, 3, 6, 12)
	for _, n := range []int{1, 2, 7, 14} {
		list = append(list, timeUnit{days: n, layout: "Jan _2"})
	}
	for _, n := range []int{1, 2, 3, 6} {
		list = append(list, timeUnit{months: n, layout: "Jan"})
	}
	for years := 1; years <= 1_000_000; years *= 10 {
		for _, n := range []int{1, 2, 5} {
			list = append(list, timeUnit{months: 12 * n * years, layout: "2006"})
		}
	}
	return list
}()

// count returns about how many ticks there are between two times.
func (u timeUnit) count(start, end time.Time) float64 {
	const day = 24 * 60 * 60
	each := u.step.Seconds() + float64(u.days)*day + float64(u.months)*30.44*day
	return seconds(start, end) / each
}

// label returns the label of a tick. At midnight it is the date in place of the time of day, and in
// January the year in place of the month.
func (u timeUnit) label(at time.Time) string {
	if u.months > 0 && at.Month() == time.January {
		return at.Format("2006")
	}
	if u.step >= time.Minute && at.Hour() == 0 && at.Minute() == 0 {
		return at.Format("Jan _2")
	}
	return at.Format(u.layout)
}

// first returns the first tick that is not before start.
func (u timeUnit) first(start time.Time) time.Time {
	year, month, day := start.Date()
	hour, minute, _ := start.Clock()
	zone := start.Location()
	var at time.Time
	switch {
	case u.months > 0:
		n := year*12 + int(month) - 1
		n -= (n%u.months + u.months) % u.months
		at = time.Date(0, time.Month(n+1), 1, 0, 0, 0, 0, zone)
	case u.days > 0:
		at = time.Date(year, month, day, 0, 0, 0, 0, zone)
	case u.step >= time.Hour:
		at = time.Date(year, month, day, hour-hour%u.hours(), 0, 0, 0, zone)
	case u.step >= time.Minute:
		at = time.Date(year, month, day, hour, minute-minute%int(u.step/time.Minute), 0, 0, zone)
	default:
		at = start.Truncate(u.step)
	}
	for at.Before(start) {
		at = u.next(at)
	}
	return at
}

// next returns the tick after one.
func (u timeUnit) next(at time.Time) time.Time {
	switch {
	case u.months > 0:
		return at.AddDate(0, u.months, 0)
	case u.days > 0:
		return at.AddDate(0, 0, u.days)
	case u.step < time.Hour:
		return at.Add(u.step)
	}
	// By the clock, which may be set forward or back in between.
	year, month, day := at.Date()
	next := time.Date(year, month, day, at.Hour()+u.hours(), 0, 0, 0, at.Location())
	if !next.After(at) {
		return at.Add(u.step)
	}
	return next
}

func (u timeUnit) hours() int { return int(u.step / time.Hour) }
