package schema

import (
	"strconv"
	"strings"
	"time"
)

// ParseZone returns the zone of a name or an offset, and reports whether it is one.
func ParseZone(zone string) (*time.Location, bool) {
	if zone == "" || strings.EqualFold(zone, "Local") {
		return nil, false
	}
	if zone[0] == '+' || zone[0] == '-' || zone[0] >= '0' && zone[0] <= '9' {
		h, m, ok := strings.Cut(zone, ":")
		hours, err1 := strconv.Atoi(h)
		minutes, err2 := strconv.Atoi(m)
		if !ok || err1 != nil || err2 != nil || hours < -23 || hours > 23 || minutes < 0 || minutes > 59 {
			return nil, false
		}
		if hours <= 0 {
			minutes = -minutes
		}
		return time.FixedZone(zone, hours*3600+minutes*60), true
	}
	if l, err := time.LoadLocation(zone); err == nil {
		return l, true
	}
	for _, name := range []string{strings.ToUpper(zone), titleZone(zone)} {
		if l, err := time.LoadLocation(name); err == nil {
			return l, true
		}
	}
	return nil, false
}

// titleZone writes a zone name of any case as the database does, for example
// America/New_York.
func titleZone(zone string) string {
	b := []byte(strings.ToLower(zone))
	for i, c := range b {
		if (i == 0 || b[i-1] == '/' || b[i-1] == '_' || b[i-1] == '-') && c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}
