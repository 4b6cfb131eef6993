package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"
)

// A module is one of the repository's.
type module struct {
	dir      string // relative to the repository, with slashes; "." for the root
	path     string
	requires []string // paths of other modules
}

// private are the modules that nobody else imports or runs by a version.
var private = []string{"bench", "examples", "integration", "integration/chaos", "tools"}

func (m module) published() bool { return !slices.Contains(private, m.dir) }

// tag returns the tag by which the go command finds the module at a version.
func (m module) tag(version string) string { return path.Join(m.dir, version) }

// readModules returns the modules of a repository's go.work, each after those that it
// requires.
func readModules(repository string) ([]module, error) {
	text, err := os.ReadFile(filepath.Join(repository, "go.work"))
	if err != nil {
		return nil, err
	}
	work, err := modfile.ParseWork("go.work", text, nil)
	if err != nil {
		return nil, err
	}
	var modules []module
	for _, use := range work.Use {
		dir := path.Clean(use.Path)
		file, err := readGoMod(filepath.Join(repository, dir))
		if err != nil {
			return nil, err
		}
		m := module{dir: dir, path: file.Module.Mod.Path}
		for _, r := range file.Require {
			m.requires = append(m.requires, r.Mod.Path)
		}
		modules = append(modules, m)
	}
	return inOrder(modules)
}

// inOrder returns the modules so that each is behind those that it requires.
func inOrder(modules []module) ([]module, error) {
	left := slices.Clone(modules)
	var ordered []module
	for len(left) > 0 {
		next := slices.IndexFunc(left, func(m module) bool {
			return !slices.ContainsFunc(left, func(other module) bool { return slices.Contains(m.requires, other.path) })
		})
		if next < 0 {
			return nil, fmt.Errorf("modules require each other in a circle: %v", left)
		}
		ordered = append(ordered, left[next])
		left = slices.Delete(left, next, next+1)
	}
	return ordered, nil
}

func readGoMod(dir string) (*modfile.File, error) {
	name := filepath.Join(dir, "go.mod")
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return modfile.Parse(name, text, nil)
}

// setVersion changes a go.mod for a release: it requires the repository's other modules
// at the version. The file of a published module loses its replace and exclude
// directives, with which `go install module@version` refuses it.
func setVersion(file *modfile.File, version string, modules []module, published bool) error {
	for _, m := range modules {
		if slices.ContainsFunc(file.Require, func(r *modfile.Require) bool { return r.Mod.Path == m.path }) {
			if err := file.AddRequire(m.path, version); err != nil {
				return err
			}
		}
	}
	if published {
		for _, r := range slices.Clone(file.Replace) {
			if err := file.DropReplace(r.Old.Path, r.Old.Version); err != nil {
				return err
			}
		}
		for _, e := range slices.Clone(file.Exclude) {
			if err := file.DropExclude(e.Mod.Path, e.Mod.Version); err != nil {
				return err
			}
		}
	}
	file.Cleanup()
	return nil
}
