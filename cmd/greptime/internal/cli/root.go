// Package cli has the commands of the program: their flags, and how they are wired to the
// packages that do the work. There is a file per command.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/greptime-go/greptime/cmd/greptime/internal/pager"
	"github.com/greptime-go/greptime/cmd/greptime/internal/session"
	"github.com/greptime-go/greptime/cmd/greptime/internal/settings"
	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
)

// The exit statuses.
const (
	statusOK          = 0
	statusFailed      = 1   // the server, the data or a file refused it
	statusUsage       = 2   // the command line is wrong
	statusInterrupted = 130 // as of a shell
)

// Run runs the program with its arguments, without its name, and returns the exit status.
func Run(ctx context.Context, args []string, streams stdio.Streams) int {
	a := &app{Streams: streams}
	root := a.rootCommand()
	root.SetArgs(append([]string{}, args...)) // nil would stand for os.Args
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	a.markRuns(root)
	command, err := root.ExecuteContextC(ctx)
	return a.report(command, err)
}

// app is one run of the program.
type app struct {
	stdio.Streams
	server  settings.Flags
	color   string
	started bool // the command line was right, and a command runs
}

// rootCommand returns the command that all others belong to. Each file adds its own here.
func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "greptime",
		Short:         "A client for GreptimeDB",
		Long:          about,
		Version:       version(),
		Args:          withoutArguments,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return a.prompt(cmd) },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.server.DSN, "dsn", "", "the server, `greptime://user@host:4001/database`")
	flags.StringVarP(&a.server.Connection, "connection", "c", "", "a server by its `name` in the file of connections")
	flags.StringVarP(&a.server.Database, "database", "d", "", "`database` to work in, in place of the DSN's")
	flags.StringVar(&a.server.TimeZone, "timezone", "", "time `zone` of the session, in place of the DSN's: Europe/Berlin, +08:00")
	flags.BoolVarP(&a.server.AskPassword, "password", "W", false, "ask for the password on the terminal")
	flags.StringVar(&a.color, "color", "", "colours: auto, always or never (default auto)")
	root.MarkFlagsMutuallyExclusive("dsn", "connection")
	root.AddCommand(
		a.queryCommand(),
		a.importCommand(),
		a.exportCommand(),
		a.promqlCommand(),
		a.doctorCommand(),
		a.serveCommand(),
		a.demoCommand(),
		a.versionCommand(),
	)
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

// withoutArguments returns an error if there are arguments. It does not show a DSN, which may have
// a password.
func withoutArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 && strings.Contains(args[0], "://") {
		return errors.New("name the server by --dsn, --connection or GREPTIME_DSN")
	}
	return cobra.NoArgs(cmd, args)
}

const about = `A client for GreptimeDB, over gRPC and Arrow Flight. Without a command it is an
interactive prompt, or runs the statements of the standard input.

The server is the one that --dsn or --connection names, else the environment
variable GREPTIME_DSN, else the default of the file of connections, else
greptime://localhost:4001/public. The file of connections is
greptime/connections.toml in XDG_CONFIG_HOME or your folder for configuration,
or GREPTIME_CONFIG:

  default = "prod"

  [connections.prod]
  dsn = "greptime://reader@db.example.com:4001/metrics?tls=on"
  password_file = "prod.password"
  # or: password_command = ["pass", "show", "greptime/prod"]
  # or: ask_password = true

  [output]
  format = "table"       # on a terminal
  null = "NULL"
  color = "auto"
  pager = "less -S"

"greptime completion SHELL" prints the completion for bash, fish, powershell or zsh.

Exit status: 0 for success, 1 for an error of the server, the data or a file, 2 for
a wrong command line, 130 after an interrupt.`

// markRuns notes when a command begins to run: errors before are those of the command line.
func (a *app) markRuns(c *cobra.Command) {
	if run := c.RunE; run != nil {
		c.RunE = func(cmd *cobra.Command, args []string) error {
			a.started = true
			return run(cmd, args)
		}
	}
	for _, sub := range c.Commands() {
		a.markRuns(sub)
	}
}

// usageError is an error of the command line that a command found itself.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// refuseFlags returns an error if one of the flags of all commands is set that has no effect here.
func refuseFlags(cmd *cobra.Command, reason string, names ...string) error {
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			return usagef("--%s has no effect: %s", name, reason)
		}
	}
	return nil
}

// report prints the error of a command, and returns the exit status.
func (a *app) report(command *cobra.Command, err error) int {
	var usage usageError
	switch {
	case err == nil, errors.Is(err, pager.ErrClosed):
		return statusOK
	case !a.started, errors.As(err, &usage):
		a.printError(err)
		fmt.Fprintf(a.Err, "%s --help explains the command.\n", command.CommandPath())
		return statusUsage
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(a.Err, "greptime: interrupted"+session.Doubt(err))
		return statusInterrupted
	case errors.Is(err, errUnwell):
		return statusFailed
	default:
		a.printError(err)
		return statusFailed
	}
}

// printError prints an error once as the program's, even if the driver named itself first.
func (a *app) printError(err error) {
	fmt.Fprintf(a.Err, "greptime: %s\n", stdio.ErrorText(err))
}

// loadSettings returns the settings, and prints their warnings.
func (a *app) loadSettings(ctx context.Context) (*settings.Settings, error) {
	s, err := settings.Load(ctx, a.server, settings.Environment{Getenv: a.Env, ReadPassword: a.PasswordReader(ctx)})
	if err != nil {
		return nil, err
	}
	for _, w := range s.Warnings {
		fmt.Fprintf(a.Err, "greptime: warning: %s\n", w)
	}
	if a.color == "" {
		a.color = s.Output.Color
	}
	switch a.color {
	case "", "auto", "always", "never":
		return s, nil
	default:
		return nil, usagef("color %q: write auto, always or never", a.color)
	}
}

// open returns the settings and a session with their server.
func (a *app) open(ctx context.Context) (*settings.Settings, *session.Session, error) {
	s, err := a.loadSettings(ctx)
	if err != nil {
		return nil, nil, err
	}
	own, err := session.Open(ctx, s.Config)
	return s, own, err
}

// interruptible returns a context that an interrupt ends. A second interrupt ends the
// process.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
