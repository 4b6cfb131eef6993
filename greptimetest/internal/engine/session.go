package engine

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zone names mean the same on every machine
)

// Session is what a request says about its surroundings. Nothing is kept from one
// request to the next.
type Session struct {
	Catalog   string // "greptime" unless the client asks for another
	Database  string
	Zone      *time.Location // of naive text; never nil after NewSession
	ZoneName  string
	Hints     map[string]string
	ReadOnly  bool // the user may not write
	WriteOnly bool // the user may only insert natively

	version Version // of the engine that executes
}

// NewSession reads a zone as GreptimeDB does: empty or invalid names mean
// UTC, and "+00:30" is thirty minutes west.
func NewSession(catalog, database, zone string) *Session {
	s := &Session{Catalog: catalog, Database: database, Zone: time.UTC, ZoneName: "UTC"}
	if l, ok := parseZone(zone); ok {
		s.Zone, s.ZoneName = l, zone
	}
	return s
}

func parseZone(zone string) (*time.Location, bool) {
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

// resolve completes a table name with the session's database.
func (s *Session) resolve(parts []string) (tableName, error) {
	switch len(parts) {
	case 1:
		return tableName{s.Catalog, s.Database, parts[0]}, nil
	case 2:
		return tableName{s.Catalog, parts[0], parts[1]}, nil
	case 3:
		return tableName{parts[0], parts[1], parts[2]}, nil
	}
	return tableName{}, errorf(InvalidSyntax, "Invalid SQL syntax: table name %q has too many parts", strings.Join(parts, "."))
}

// boolHint returns a boolean hint.
func (s *Session) boolHint(name string, def bool) (bool, error) {
	v, ok := s.Hints[name]
	if !ok {
		return def, nil
	}
	b, err := strconv.ParseBool(strings.ToLower(v))
	if err != nil || v == "1" || v == "0" {
		return false, fmt.Errorf("`%s` hint must be a boolean", name)
	}
	return b, nil
}
