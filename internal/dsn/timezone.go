package dsn

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseTimeZone returns the location of a time zone as the DSN and SET time_zone write it: an IANA
// name or an offset, "" for UTC. It refuses names that the server would misread, because GreptimeDB
// 1.0.2 silently uses UTC for a zone that it does not understand.
func ParseTimeZone(name string) (*time.Location, error) {
	switch {
	case name == "" || strings.EqualFold(name, "UTC"):
		return time.UTC, nil
	case strings.EqualFold(name, "Local") || strings.EqualFold(name, "SYSTEM"):
		return nil, fmt.Errorf("GreptimeDB does not know the time zone %q; write an IANA name such as Asia/Shanghai, or an offset such as +08:00", name)
	case name[0] == '+' || name[0] == '-' || strings.Contains(name, ":"):
		return parseOffset(name)
	}
	if location, err := time.LoadLocation(name); err == nil && isZoneName(name) {
		return location, nil
	}
	return nil, fmt.Errorf("unknown time zone %q; write an IANA name such as Asia/Shanghai, or an offset such as +08:00 (a system without zone files needs import _ \"time/tzdata\")", name)
}

// isZoneName reports whether name may be a zone. It rejects names that time.LoadLocation finds as a
// file, but that no list of zones has: ./UTC and Asia//Shanghai, and the special folders and files of
// many systems.
func isZoneName(name string) bool {
	parts := strings.Split(name, "/")
	switch parts[0] {
	case "posix", "right", "posixrules", "localtime", "Factory":
		return false
	}
	return !slices.Contains(parts, "") && !strings.ContainsFunc(name, func(r rune) bool {
		return notHostRune(r) && r != '/' && r != '+' || r == '.'
	})
}

func errOffset(text string) error {
	return fmt.Errorf("%q is not an offset; write +HH:MM or -HH:MM, up to 23:59", text)
}

// parseOffset reads ±H:MM or ±HH:MM.
func parseOffset(text string) (*time.Location, error) {
	hoursText, minutesText, ok := strings.Cut(text, ":")
	if !ok || len(hoursText) < 2 || len(hoursText) > 3 || len(minutesText) != 2 {
		return nil, errOffset(text)
	}
	if hoursText[0] != '+' && hoursText[0] != '-' {
		return nil, errOffset(text)
	}
	hours, err := strconv.ParseUint(hoursText[1:], 10, 8)
	if err != nil || hours > 23 {
		return nil, errOffset(text)
	}
	minutes, err := strconv.ParseUint(minutesText, 10, 8)
	if err != nil || minutes > 59 {
		return nil, errOffset(text)
	}
	if hours == 0 && minutes == 0 {
		return time.UTC, nil
	}
	if hours == 0 {
		return nil, fmt.Errorf("offset %s cannot be used: GreptimeDB reads an offset of less than an hour as west of UTC, whatever its sign; use an IANA name or UTC", text)
	}
	seconds := int(hours)*3600 + int(minutes)*60
	if text[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone(fmt.Sprintf("%c%02d:%02d", text[0], hours, minutes), seconds), nil
}
