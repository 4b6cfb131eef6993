package schema

import (
	"fmt"
	"strings"
)

// Version is a version of GreptimeDB that an engine answers as. Later versions are
// greater.
type Version int

// The versions whose behaviour is known from recordings.
const (
	V1_0_2 Version = iota
	V1_1_4
)

var versionNames = []string{V1_0_2: "1.0.2", V1_1_4: "1.1.4"}

// String returns what version() answers.
func (v Version) String() string { return versionNames[v] }

// ParseVersion returns the version of that name.
func ParseVersion(name string) (Version, error) {
	for v, n := range versionNames {
		if n == name {
			return Version(v), nil
		}
	}
	return 0, fmt.Errorf("there is no GreptimeDB %q to answer as: the versions are %s", name, strings.Join(versionNames, " and "))
}

// YesNo returns a flag as information_schema and SHOW COLUMNS write it.
func (v Version) YesNo(b bool) string {
	if v >= V1_1_4 {
		return YesNo(b, "YES", "NO")
	}
	return YesNo(b, "Yes", "No")
}

// YesNo returns one of two spellings of a flag.
func YesNo(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}
