package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	gomodule "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// A proxy is a module proxy in files (https://go.dev/ref/mod#goproxy-protocol) of the
// modules below one path. It passes the go command on to the proxy that is in use for
// all others.
type proxy struct {
	dir  string
	path string
	next string
}

func newProxy(dir, path string) (*proxy, error) {
	next, err := output(".", "go", "env", "GOPROXY")
	if err != nil {
		return nil, err
	}
	return &proxy{dir: dir, path: path, next: next}, os.MkdirAll(dir, 0o755)
}

// environment returns the settings with which the go command uses the proxy, and does not
// remember the files of a version that is prepared again with others.
func (p *proxy) environment() []string {
	url := "file://" + filepath.ToSlash(p.dir)
	if !strings.HasPrefix(url, "file:///") { // as of C:/…
		url = "file:///" + filepath.ToSlash(p.dir)
	}
	return []string{"GOPROXY=" + url + "," + p.next, "GONOSUMDB=" + p.path, "GODEBUG=goindex=0"}
}

// add publishes a module as a tree of a Git repository has it. The archive is the one
// that the go command makes of a tag, byte for byte in its checksum.
func (p *proxy) add(m module, version, repository, tree string) error {
	escaped, err := gomodule.EscapePath(m.path)
	if err != nil {
		return err
	}
	dir := filepath.Join(p.dir, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(repository, m.dir, "go.mod"))
	if err != nil {
		return err
	}
	info, err := json.Marshal(map[string]any{"Version": version, "Time": time.Now().UTC()})
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"list": []byte(version + "\n"), version + ".info": info, version + ".mod": mod} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	archive, err := os.Create(filepath.Join(dir, version+".zip"))
	if err != nil {
		return err
	}
	defer archive.Close()
	subdir := strings.TrimPrefix(m.dir, ".")
	if err := zip.CreateFromVCS(archive, gomodule.Version{Path: m.path, Version: version}, repository, tree, subdir); err != nil {
		return err
	}
	return archive.Close()
}

// forget removes a version of a module from the module cache, whose files are read-only.
func forget(cache, path, version string) error {
	escaped, err := gomodule.EscapePath(path)
	if err != nil {
		return err
	}
	downloads, err := filepath.Glob(filepath.Join(cache, "cache", "download", filepath.FromSlash(escaped), "@v", version+".*"))
	if err != nil {
		return err
	}
	for _, name := range downloads {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	extracted := filepath.Join(cache, filepath.FromSlash(escaped)+"@"+version)
	err = filepath.WalkDir(extracted, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return os.Chmod(name, 0o755)
	})
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(extracted)
}
