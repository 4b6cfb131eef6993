package examples

import (
	"regexp"
	"testing"

	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/snippets"
)

// The programs with which documents begin do what somebody who pastes them expects.
func TestProgramsOfDocuments(t *testing.T) {
	t.Parallel()
	if race.Enabled {
		t.Skip("the programs are built without the race detector")
	}
	for path, want := range map[string]string{
		"../README.md":                      `^device_001 \{23\.5 true\} .* UTC\ndevice_002 \{0 false\} .* UTC\n$`,
		"../contrib/greptimegorm/README.md": `^\[\{a .* 1\} \{b .* 2\}\]\n$`,
		"../contrib/greptimebun/README.md":  `^\[\{a .* 1\} \{b .* 2\}\]\n$`,
		"../contrib/greptimeslog/README.md": `^$`,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			if got := snippets.Run(t, path, greptimetest.Start(t).DSN()); !regexp.MustCompile(want).MatchString(got) {
				t.Errorf("printed\n%s\nwant %s", got, want)
			}
		})
	}
}
