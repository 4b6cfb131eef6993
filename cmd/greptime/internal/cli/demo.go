package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/greptime-go/greptime/cmd/greptime/internal/demo"
	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
	"github.com/greptime-go/greptime/cmd/greptime/internal/progress"
	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
)

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Try the client on a server with a year of weather",
		Long: `Try the client on a server of its own, as serve runs it, with the hourly weather
of New York's airports in 2013. On a terminal this opens the prompt; elsewhere
it runs the queries that it suggests.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd) },
	}
}

func (a *app) demo(cmd *cobra.Command) (err error) {
	if err := refuseFlags(cmd, "demo runs a server of its own", "dsn", "connection", "password"); err != nil {
		return err
	}
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	s, err := demo.Start(ctx, demo.Options{Log: a.Err, Version: version()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	rows, err := demo.LoadWeather(ctx, s.DSN)
	if err != nil {
		return err
	}
	a.server.DSN, a.server.Connection = s.DSN, ""
	fmt.Fprintf(a.Out, `A GreptimeDB-compatible server, which is not GreptimeDB, runs %s, at
%s. Its table weather has %s hours of New York's
airports in 2013 (temperatures in °F, wind in mph).

`, s.How, s.DSN, progress.Group(rows))
	if !a.InTerminal || !a.OutTerminal {
		return a.runDemoQueries(ctx)
	}
	stop()                                          // the prompt handles interrupts itself
	defer a.endAtHangup(func() { _ = s.Close() })() // a server in a process of its own would go on
	fmt.Fprintf(a.Out, "Try these, and \\chart after the second:\n\n")
	for _, query := range demo.Queries {
		fmt.Fprintf(a.Out, "%s;\n\n", query)
	}
	return a.openPrompt(cmd)
}

// runDemoQueries runs the queries that the demo suggests.
func (a *app) runDemoQueries(ctx context.Context) (err error) {
	_, own, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	o := output.Options{Format: output.Table, Color: a.Color(a.color)}
	o.Width, _ = a.TerminalSize()
	for _, query := range demo.Queries {
		fmt.Fprintf(a.Out, "%s;\n\n", query)
		view := viewFlags{chart: strings.Contains(query, "date_trunc")}
		if _, err := a.run(ctx, own, script.Statement{Text: query}, &sink{Writer: a.Out, options: o}, &view); err != nil {
			return err
		}
		fmt.Fprintln(a.Out)
	}
	return nil
}
