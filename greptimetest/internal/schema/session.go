package schema

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

	Version Version // of the engine that executes
}

// NewSession reads a zone as GreptimeDB does: empty or invalid names mean
// UTC, and "+00:30" is thirty minutes west.
func NewSession(catalog, database, zone string) *Session {
	s := &Session{Catalog: catalog, Database: database, Zone: time.UTC, ZoneName: "UTC"}
	if l, ok := ParseZone(zone); ok {
		s.Zone, s.ZoneName = l, zone
	}
	return s
}

// Resolve completes a table name with the session's database.
func (s *Session) Resolve(parts []string) (TableName, error) {
	switch len(parts) {
	case 1:
		return TableName{s.Catalog, s.Database, parts[0]}, nil
	case 2:
		return TableName{s.Catalog, parts[0], parts[1]}, nil
	case 3:
		return TableName{parts[0], parts[1], parts[2]}, nil
	}
	return TableName{}, Errorf(InvalidSyntax, "Invalid SQL syntax: table name %q has too many parts", strings.Join(parts, "."))
}

// BoolHint returns a boolean hint.
func (s *Session) BoolHint(name string, def bool) (bool, error) {
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
