package settings_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/greptime-go/greptime/cmd/greptime/internal/settings"
)

const connections = `
default = "home"

[output]
format = "vertical"
null = ""
color = "never"
pager = "less -S"

[connections.home]
dsn = "greptime://home:4001/metrics?timezone=Europe/Berlin"

[connections.file]
dsn = "greptime://reader@db"
password_file = "reader.password"

[connections.command]
dsn = "greptime://reader@db"
password_command = ["echo", "from the command"]

[connections.asks]
dsn = "greptime://reader@db"
ask_password = true

[connections.both]
dsn = "greptime://reader@db"
ask_password = true
password_file = "reader.password"

[connections.nobody]
dsn = "greptime://db"
ask_password = true

[connections.nowhere]
password_file = "x"

[connections.lost]
dsn = "greptime://reader@db"
password_file = "missing.password"
`

// environment returns one whose file of connections has this text, and the path of the file.
func environment(t *testing.T, file string, variables map[string]string) (settings.Environment, string) {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "greptime", "connections.toml")
	if file != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "greptime", "reader.password"), []byte("from the file\nsecond line\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return settings.Environment{Getenv: func(name string) string {
		if name == "XDG_CONFIG_HOME" {
			return folder
		}
		return variables[name]
	}}, path
}

func TestServer(t *testing.T) {
	t.Parallel()
	dsn := map[string]string{"GREPTIME_DSN": "greptime://variable:4001/public"}
	for _, c := range []struct {
		name  string
		file  string
		env   map[string]string
		flags settings.Flags
		want  string // the DSN
	}{
		{"nothing", "", nil, settings.Flags{}, "greptime://localhost:4001/public"},
		{"the file's default", connections, nil, settings.Flags{}, "greptime://home:4001/metrics?timezone=Europe/Berlin"},
		{"the variable before the default", connections, dsn, settings.Flags{}, "greptime://variable:4001/public"},
		{"a connection before the variable", connections, dsn, settings.Flags{Connection: "home"}, "greptime://home:4001/metrics?timezone=Europe/Berlin"},
		{"the flag before the variable", connections, dsn, settings.Flags{DSN: "greptime://flag"}, "greptime://flag:4001/public"},
		{"database and zone", connections, nil, settings.Flags{Database: "d", TimeZone: "+08:00"}, "greptime://home:4001/d?timezone=%2B08:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env, _ := environment(t, c.file, c.env)
			s, err := settings.Load(t.Context(), c.flags, env)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Config.FormatDSN(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if len(s.Warnings) > 0 {
				t.Errorf("warnings %q", s.Warnings)
			}
		})
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flags settings.Flags
		want  string
	}{
		{settings.Flags{Connection: "file"}, "from the file"},
		{settings.Flags{Connection: "command"}, "from the command"},
		{settings.Flags{Connection: "asks"}, "Password of reader at db:4001: "},
		{settings.Flags{Connection: "file", AskPassword: true}, "Password of reader at db:4001: "},
		{settings.Flags{DSN: "greptime://me@other", AskPassword: true}, "Password of me at other:4001: "},
	} {
		if c.want == "from the command" && runtime.GOOS == "windows" {
			continue // echo is not a program there
		}
		env, _ := environment(t, connections, nil)
		env.ReadPassword = func(prompt string) (string, error) { return prompt, nil }
		s, err := settings.Load(t.Context(), c.flags, env)
		if err != nil {
			t.Errorf("%+v: %v", c.flags, err)
		} else if got := s.Config.Password.Reveal(); got != c.want {
			t.Errorf("%+v: password %q, want %q", c.flags, got, c.want)
		}
	}
}

func TestPasswordThatOthersCanRead(t *testing.T) {
	t.Parallel()
	env, _ := environment(t, "", nil)
	s, err := settings.Load(t.Context(), settings.Flags{DSN: "greptime://me:hush@db"}, env)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "--dsn") || strings.Contains(s.Warnings[0], "hush") {
		t.Errorf("warnings %q", s.Warnings)
	}
	if runtime.GOOS == "windows" {
		return // files have no such modes there
	}
	env, path := environment(t, "[connections.a]\ndsn = \"greptime://me:hush@db\"\n", nil)
	for mode, want := range map[os.FileMode]int{0o600: 0, 0o640: 1, 0o604: 1} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		s, err := settings.Load(t.Context(), settings.Flags{}, env)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Warnings) != want {
			t.Errorf("mode %o: warnings %q, want %d", mode, s.Warnings, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		file  string
		flags settings.Flags
		want  string // part of the error
	}{
		{"unknown connection", connections, settings.Flags{Connection: "hom"}, "it has asks, both, command, file, home, lost, nobody, nowhere"},
		{"no connections", "", settings.Flags{Connection: "hom"}, "no others"},
		{"no DSN", connections, settings.Flags{Connection: "nowhere"}, "has no dsn"},
		{"two passwords", connections, settings.Flags{Connection: "both"}, "more than one"},
		{"password without user", connections, settings.Flags{Connection: "nobody"}, "names no user"},
		{"password file missing", connections, settings.Flags{Connection: "lost"}, "missing.password"},
		{"no terminal to ask on", connections, settings.Flags{Connection: "asks"}, "no terminal"},
		{"unknown key", "[connections.a]\npassword = \"hush\"\n", settings.Flags{}, "unknown key connections.a.password"},
		{"not TOML", "[connections", settings.Flags{}, "connections.toml"},
		{"bad DSN", "", settings.Flags{DSN: "mysql://me:hush@db"}, "--dsn: "},
		{"bad DSN in the file", "default = \"a\"\n[connections.a]\ndsn = \"greptime://me:hush@db?x=y\"\n", settings.Flags{}, "connection a in "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env, _ := environment(t, c.file, nil)
			_, err := settings.Load(t.Context(), c.flags, env)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestFileOfConnections(t *testing.T) {
	t.Parallel()
	env, _ := environment(t, connections, nil)
	s, err := settings.Load(t.Context(), settings.Flags{}, env)
	if err != nil {
		t.Fatal(err)
	}
	if o := s.Output; o.Format != "vertical" || o.Null == nil || *o.Null != "" || o.Color != "never" || o.Pager != "less -S" {
		t.Errorf("preferences %+v", o)
	}
	path := filepath.Join(t.TempDir(), "missing.toml")
	env.Getenv = func(name string) string { return map[string]string{"GREPTIME_CONFIG": path}[name] }
	if _, err := settings.Load(t.Context(), settings.Flags{}, env); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want %s in it", err, path)
	}
}
