// Package settings finds out which server a command works with, from flags, the environment
// and the file of named connections, and how its output should look.
package settings

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/greptime-go/greptime"
)

// DefaultDSN is the server that is meant if nothing names one.
const DefaultDSN = "greptime://localhost:4001/public"

// Flags are the flags that name a server.
type Flags struct {
	DSN         string // --dsn
	Connection  string // --connection
	Database    string // --database
	TimeZone    string // --timezone
	AskPassword bool   // --password
}

// Settings are what a command works with.
type Settings struct {
	Config *greptime.Config
	Output Output
	// Warnings are sentences to show before anything else.
	Warnings []string
}

// Environment is what Load reads besides the flags.
type Environment struct {
	Getenv func(string) string
	// ReadPassword asks for a password on the terminal, without showing it. It is nil if
	// there is no terminal.
	ReadPassword func(prompt string) (string, error)
}

// Load returns the settings that the flags, the environment and the file give. A flag
// outranks GREPTIME_DSN, which outranks the default connection of the file.
func Load(ctx context.Context, flags Flags, env Environment) (*Settings, error) {
	file, err := readFile(env.Getenv)
	if err != nil {
		return nil, err
	}
	s := &Settings{Output: file.Output, Warnings: file.warnings}
	c, err := file.choose(flags, env.Getenv)
	if err != nil {
		return nil, err
	}
	if s.Config, err = greptime.ParseDSN(c.DSN); err != nil {
		return nil, fmt.Errorf("%s: %w", c.source, err)
	}
	if flags.DSN != "" && !s.Config.Password.IsZero() {
		s.Warnings = append(s.Warnings, fmt.Sprintf("everybody on this machine can read the password in --dsn in the list of processes; use GREPTIME_DSN, --password or a connection in %s", Path(env.Getenv)))
	}
	if flags.Database != "" {
		s.Config.Database = flags.Database
	}
	if flags.TimeZone != "" {
		s.Config.TimeZone = flags.TimeZone
	}
	if flags.AskPassword {
		c = connection{AskPassword: true, source: c.source}
	}
	return s, c.setPassword(ctx, s.Config, env)
}

// choose returns the connection that flags and environment name.
func (f *file) choose(flags Flags, getenv func(string) string) (connection, error) {
	name, source := flags.Connection, "--connection"
	switch dsn := getenv("GREPTIME_DSN"); {
	case flags.DSN != "":
		return connection{DSN: flags.DSN, source: "--dsn"}, nil
	case name != "":
	case dsn != "":
		return connection{DSN: dsn, source: "GREPTIME_DSN"}, nil
	case f.Default != "":
		name, source = f.Default, "default"
	default:
		return connection{DSN: DefaultDSN, source: "the default DSN"}, nil
	}
	c, ok := f.Connections[name]
	if !ok {
		return c, fmt.Errorf("%s %s: %s has no connection of this name%s", source, name, f.path, f.names())
	}
	c.source = fmt.Sprintf("connection %s in %s", name, f.path)
	if c.DSN == "" {
		return c, fmt.Errorf("%s has no dsn", c.source)
	}
	return c, nil
}

// setPassword reads the password from where the connection says it is.
func (c connection) setPassword(ctx context.Context, cfg *greptime.Config, env Environment) error {
	sources := 0
	for _, given := range []bool{c.PasswordFile != "", len(c.PasswordCommand) > 0, c.AskPassword} {
		if given {
			sources++
		}
	}
	if sources == 0 {
		return nil
	}
	if sources > 1 {
		return fmt.Errorf("%s has more than one of password_file, password_command and ask_password", c.source)
	}
	if cfg.User == "" {
		return fmt.Errorf("%s has a password, but its DSN names no user: write greptime://USER@HOST", c.source)
	}
	password, err := c.readPassword(ctx, cfg, env)
	if err != nil {
		return fmt.Errorf("%s: %w", c.source, err)
	}
	cfg.Password = greptime.NewSecret(password)
	return nil
}

func (c connection) readPassword(ctx context.Context, cfg *greptime.Config, env Environment) (string, error) {
	switch {
	case c.PasswordFile != "":
		data, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return "", fmt.Errorf("password_file: %w", err)
		}
		return firstLine(data), nil
	case len(c.PasswordCommand) > 0:
		cmd := exec.CommandContext(ctx, c.PasswordCommand[0], c.PasswordCommand[1:]...)
		cmd.Stderr = os.Stderr
		data, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("password_command %s: %w", filepath.Base(c.PasswordCommand[0]), err)
		}
		return firstLine(data), nil
	case env.ReadPassword == nil:
		return "", errors.New("there is no terminal to ask for the password on; use password_file or password_command in the file of connections")
	default:
		return env.ReadPassword(fmt.Sprintf("Password of %s at %s: ", cfg.User, strings.Join(cfg.Endpoints, ",")))
	}
}

func firstLine(data []byte) string {
	line, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimSuffix(line, "\r")
}
