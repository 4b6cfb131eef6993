package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/greptime-go/greptime/cmd/greptime/internal/demo"
)

func (a *app) serveCommand() *cobra.Command {
	var addr, dir string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a server to try things with",
		Long: `Run a GreptimeDB-compatible server to try things with, until it is interrupted.
It is greptimetest, which runs on DuckDB, and not GreptimeDB.

Built with the tag duckdb, this program has the server within itself. Built
without, it runs the command greptimetest, which it makes with Go if there is
none in PATH.`,
		Example: `  greptime serve
  greptime serve --addr 127.0.0.1:5001 --data ./data`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := refuseFlags(cmd, "serve runs a server of its own", "dsn", "connection", "password", "database", "timezone"); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			defer stop()
			context.AfterFunc(ctx, stop) // a second interrupt ends the process
			return a.serve(ctx, addr, dir)
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:4001", "`address` to listen on")
	cmd.Flags().StringVar(&dir, "data", "", "`folder` for the data (default: in memory)")
	return cmd
}

func (a *app) serve(ctx context.Context, addr, dir string) (err error) {
	s, err := demo.Start(ctx, demo.Options{Addr: addr, Dir: dir, Log: a.Err, Version: version()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if dir == "" {
		dir = "memory"
	}
	fmt.Fprintf(a.Out, "A GreptimeDB-compatible server, which is not GreptimeDB, runs %s.\n", s.How)
	fmt.Fprintf(a.Out, "  DSN      %s\n", s.DSN)
	fmt.Fprintf(a.Out, "  data in  %s\n", dir)
	fmt.Fprintf(a.Out, "In another terminal: greptime --dsn %s\nCtrl-C stops it.\n", s.DSN)
	select {
	case <-ctx.Done():
		return nil
	case <-s.Ended():
		return errors.New("the server has ended by itself")
	}
}
