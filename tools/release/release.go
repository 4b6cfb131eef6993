package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// A release is a copy of the repository, changed for a version, and a proxy that has its
// published modules.
type release struct {
	version    string
	repository string
	modules    []module // in the order in which they must be published
	proxy      *proxy
}

// prepare copies the last commit of the repository at root into dir and makes a release
// of it there.
func prepare(root, version, dir string) (*release, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	r := &release{version: version, repository: filepath.Join(dir, "repository")}
	if err := r.copy(root); err != nil {
		return nil, err
	}
	if r.modules, err = readModules(r.repository); err != nil {
		return nil, err
	}
	if r.proxy, err = newProxy(filepath.Join(dir, "proxy"), r.modules[0].path); err != nil {
		return nil, err
	}
	// A release that is prepared again has other contents under the same version.
	defer r.forget()
	if err := r.forget(); err != nil {
		return nil, err
	}
	for _, m := range r.modules {
		if err := r.change(m); err != nil {
			return nil, fmt.Errorf("module %s: %w", m.path, err)
		}
	}
	_, err = output(r.repository, "git", "commit", "--quiet", "--message", "Release "+version)
	return r, err
}

// copy clones the repository at root. Pushes go to where those of the original go.
func (r *release) copy(root string) error {
	if _, err := output(root, "git", "clone", "--quiet", root, r.repository); err != nil {
		return err
	}
	origin, err := output(root, "git", "remote", "get-url", "--push", "origin")
	if err != nil {
		return nil // the original has none, and the tags are pushed to it
	}
	_, err = output(r.repository, "git", "remote", "set-url", "origin", origin)
	return err
}

// change makes a module's go.mod and go.sum those of the release. The modules that it
// requires are in the proxy by then, and so will it be.
func (r *release) change(m module) error {
	dir := filepath.Join(r.repository, m.dir)
	file, err := readGoMod(dir)
	if err != nil {
		return err
	}
	if err := setVersion(file, r.version, r.modules, m.published()); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), modfile.Format(file.Syntax), 0o644); err != nil {
		return err
	}
	if err := r.tidy(dir); err != nil {
		return err
	}
	if _, err := output(r.repository, "git", "add", "--all"); err != nil || !m.published() {
		return err
	}
	tree, err := output(r.repository, "git", "write-tree")
	if err != nil {
		return err
	}
	return r.proxy.add(m, r.version, r.repository, tree)
}

func (r *release) tidy(dir string) error {
	cmd := exec.Command("go", "mod", "tidy")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), r.proxy.environment()...)
	cmd.Env = append(cmd.Env, "GOWORK=off")
	_, err := outputOf(cmd)
	return err
}

// forget removes the release from the module cache.
func (r *release) forget() error {
	cache, err := output(".", "go", "env", "GOMODCACHE")
	if err != nil {
		return err
	}
	for _, m := range r.modules {
		if err := forget(cache, m.path, r.version); err != nil {
			return err
		}
	}
	return nil
}

// output runs a command in a folder and returns what it prints.
func output(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	return outputOf(cmd)
}

func outputOf(cmd *exec.Cmd) (string, error) {
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out)), nil
}
