// Command release prepares a release of the project's modules in a copy of the repository.
//
//	go run ./tools/release v0.1.0 /tmp/release
//
// The copy's go.mod files have no replace and exclude directives, require each other at
// the version of the release, and are tidy. What is left to do is pushing tags, which
// the command prints in their order. Beside the copy it makes a module proxy in files,
// with which you can try the release before anybody else sees it.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/semver"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("usage: go run ./tools/release VERSION FOLDER")
	}
	version := args[0]
	root, err := output(".", "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	if err := check(root, version); err != nil {
		return err
	}
	r, err := prepare(root, version, args[1])
	if err != nil {
		return err
	}
	return r.instructions(out)
}

// check returns an error if the repository is not ready for a release of the version.
func check(root, version string) error {
	if err := checkVersion(version); err != nil {
		return err
	}
	if dirty, err := output(root, "git", "status", "--porcelain"); err != nil || dirty != "" {
		return errors.Join(err, fmt.Errorf("commit these files first, a release is made of the last commit:\n%s", dirty))
	}
	if tag, err := output(root, "git", "tag", "--list", version); err != nil || tag != "" {
		return errors.Join(err, fmt.Errorf("%s is tagged already: a version never changes, choose the next one", version))
	}
	changes, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	if !strings.Contains(string(changes), "\n## "+version+" ") {
		return fmt.Errorf("CHANGELOG.md has no heading %q: rename Unreleased, and commit", "## "+version+" (year-month-day)")
	}
	return nil
}

func checkVersion(version string) error {
	if semver.Canonical(version) != version {
		return fmt.Errorf("%q is not a version such as v0.1.0", version)
	}
	if major := semver.Major(version); major != "v0" && major != "v1" {
		return fmt.Errorf("%s needs module paths that end in /%s", version, major)
	}
	return nil
}

// instructions prints what is left to do.
func (r *release) instructions(out io.Writer) error {
	var s strings.Builder
	fmt.Fprintf(&s, "Prepared %s in %s.\n\nTry it in a module of your own:\n\n", r.version, r.repository)
	cache := "GOMODCACHE=" + filepath.Join(r.repository, "..", "cache") // yours keeps what is published
	for _, setting := range append(r.proxy.environment(), cache) {
		fmt.Fprintf(&s, "  export %s\n", setting)
	}
	fmt.Fprintf(&s, "  go get %s@%s\n\nPublish it, in this order:\n\n  cd %s\n", r.modules[0].path, r.version, r.repository)
	for _, m := range r.modules {
		if m.published() {
			fmt.Fprintf(&s, "  git tag %[1]s && git push origin %[1]s\n", m.tag(r.version))
		}
	}
	_, err := io.WriteString(out, s.String())
	return err
}
