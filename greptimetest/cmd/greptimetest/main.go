// Command greptimetest runs a GreptimeDB-compatible server on DuckDB.
//
//	go run ./greptimetest/cmd/greptimetest --addr 127.0.0.1:4001 --data DIR
//
// On an interrupt it stops when all running calls have ended, after ten seconds at the latest. A
// second interrupt stops it at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/greptime-go/greptime/greptimetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, stop, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "greptimetest:", strings.TrimPrefix(err.Error(), "greptimetest: "))
		os.Exit(1)
	}
}

// users collects --user flags: name=password, name:ro=password, name:wo=password.
type users []greptimetest.User

func (u *users) String() string { return "" }

func (u *users) Set(v string) error {
	name, password, ok := strings.Cut(v, "=")
	if !ok {
		return errors.New("write name=password, name:ro=password or name:wo=password")
	}
	mode := greptimetest.ReadWrite
	if n, m, ok := strings.Cut(name, ":"); ok {
		name = n
		switch m {
		case "rw":
		case "ro":
			mode = greptimetest.ReadOnly
		case "wo":
			mode = greptimetest.WriteOnly
		default:
			return fmt.Errorf("the mode must be rw, ro or wo, not %s", m)
		}
	}
	*u = append(*u, greptimetest.User{Name: name, Password: password, Mode: mode})
	return nil
}

func run(ctx context.Context, stop func(), args []string, out, errOut io.Writer) error {
	var o greptimetest.Options
	var list users
	verbose := false
	fs := flag.NewFlagSet("greptimetest", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // an error is printed once, by main
	fs.StringVar(&o.Addr, "addr", "127.0.0.1:4001", "address to listen on")
	fs.StringVar(&o.Dir, "data", "", "directory for data; empty keeps it in memory")
	fs.Var(&list, "user", "a user who may connect, `name=password`; also name:ro=… and name:wo=…; may be repeated")
	fs.BoolVar(&o.Uncompressed, "uncompressed", false, "send record batches without LZ4")
	fs.StringVar(&o.Version, "version", "1.1.4", "`version` of GreptimeDB to behave as, 1.1.4 or 1.0.2")
	fs.BoolVar(&verbose, "verbose", false, "log every request that is refused")
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fs.SetOutput(errOut)
		fs.Usage()
		return err
	case err != nil:
		return fmt.Errorf("%w (--help lists the flags)", err)
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %s", fs.Arg(0))
	}
	o.Users = list
	if verbose {
		o.Log = slog.New(slog.NewTextHandler(errOut, nil))
	}
	s, err := greptimetest.New(o)
	if err != nil {
		return err
	}
	where := "memory"
	if o.Dir != "" {
		where = o.Dir
	}
	fmt.Fprintf(out, "greptimetest: a GreptimeDB-compatible test server, not GreptimeDB\n")
	fmt.Fprintf(out, "  answers as   GreptimeDB %s\n", o.Version)
	fmt.Fprintf(out, "  listening on %s (gRPC and Arrow Flight, no TLS)\n", s.Addr())
	fmt.Fprintf(out, "  data in      %s\n", where)
	dsn := url.URL{Scheme: "greptime", Host: s.Addr(), Path: "/public"}
	if len(list) > 0 {
		dsn.User = url.User(list[0].Name) // does not print the password
	}
	fmt.Fprintf(out, "  DSN          %s\n", &dsn)
	fmt.Fprintf(out, "  users        %d\n", len(list))
	<-ctx.Done()
	stop() // do not catch a second interrupt
	fmt.Fprintln(out, "greptimetest: stopping")
	wait, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return s.Shutdown(wait)
}
