package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Output are the preferences of the file about output. Empty ones leave the choice to the
// command.
type Output struct {
	Format string  `toml:"format"`
	Null   *string `toml:"null"`
	Color  string  `toml:"color"`
	Pager  string  `toml:"pager"`
}

// file is the file of named connections.
type file struct {
	Default     string                `toml:"default"`
	Output      Output                `toml:"output"`
	Connections map[string]connection `toml:"connections"`

	path     string
	warnings []string
}

// connection is a server, and where its password is.
type connection struct {
	DSN             string   `toml:"dsn"`
	PasswordFile    string   `toml:"password_file"`
	PasswordCommand []string `toml:"password_command"`
	AskPassword     bool     `toml:"ask_password"`

	source string // for errors
}

// Path returns the path of the file of named connections: GREPTIME_CONFIG, or
// greptime/connections.toml in the user's folder for configuration.
func Path(getenv func(string) string) string {
	if path := getenv("GREPTIME_CONFIG"); path != "" {
		return path
	}
	dir := getenv("XDG_CONFIG_HOME")
	if dir == "" {
		dir, _ = os.UserConfigDir()
	}
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "greptime", "connections.toml")
}

// readFile reads the file of named connections. It is empty if there is none, unless
// GREPTIME_CONFIG names it.
func readFile(getenv func(string) string) (*file, error) {
	f := &file{path: Path(getenv)}
	if f.path == "" {
		return f, nil
	}
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) && getenv("GREPTIME_CONFIG") == "" {
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the file of connections: %w", err)
	}
	meta, err := toml.DecodeFile(f.path, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("%s: unknown key %s; known are default, output.{format, null, color, pager} and connections.NAME.{dsn, password_file, password_command, ask_password}", f.path, unknown[0])
	}
	f.expandPaths()
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 && f.hasPassword() {
		f.warnings = append(f.warnings, fmt.Sprintf("other users of this machine can read the passwords in %s; run chmod 600 %s", f.path, f.path))
	}
	return f, nil
}

// expandPaths makes the paths of the file absolute: they are relative to it, and ~/ is the
// home folder.
func (f *file) expandPaths() {
	for name, c := range f.Connections {
		if c.PasswordFile == "" {
			continue
		}
		if rest, ok := strings.CutPrefix(c.PasswordFile, "~/"); ok {
			if home, err := os.UserHomeDir(); err == nil {
				c.PasswordFile = filepath.Join(home, rest)
			}
		} else if !filepath.IsAbs(c.PasswordFile) {
			c.PasswordFile = filepath.Join(filepath.Dir(f.path), c.PasswordFile)
		}
		f.Connections[name] = c
	}
}

// hasPassword reports whether a DSN of the file has a password.
func (f *file) hasPassword() bool {
	for _, c := range f.Connections {
		_, rest, _ := strings.Cut(c.DSN, "://")
		if user, _, ok := strings.Cut(rest, "@"); ok && strings.Contains(user, ":") {
			return true
		}
	}
	return false
}

// names lists the connections, for errors.
func (f *file) names() string {
	if len(f.Connections) == 0 {
		return ", and no others"
	}
	return "; it has " + strings.Join(slices.Sorted(maps.Keys(f.Connections)), ", ")
}
