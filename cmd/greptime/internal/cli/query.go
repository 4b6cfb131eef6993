package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/greptime-go/greptime"

	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
	"github.com/greptime-go/greptime/cmd/greptime/internal/pager"
	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
	"github.com/greptime-go/greptime/cmd/greptime/internal/session"
	"github.com/greptime-go/greptime/cmd/greptime/internal/settings"
	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
)

// queryFlags are the flags of query.
type queryFlags struct {
	file   string
	multi  bool
	quiet  bool
	output outputFlags
	view   viewFlags
}

// outputFlags say how and where results are written.
type outputFlags struct {
	format string
	null   string
	file   string
	pager  string
}

func (f *outputFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "", "format of results: "+output.Names()+" (default table)")
	flags.StringVar(&f.null, "null", "", "`text` of NULL (default: NULL for the eye, nothing in csv, \\N in tsv)")
	flags.StringVarP(&f.file, "output", "o", "", "write the result to `file`, which appears when it is complete")
	flags.StringVar(&f.pager, "pager", "", "`command` that shows long results on a terminal, or never (default PAGER, else less)")
}

func (a *app) queryCommand() *cobra.Command {
	var f queryFlags
	cmd := &cobra.Command{
		Use:   `query [flags] ["SQL"]`,
		Short: "Run a statement and print its result",
		Long: `Run a statement and print its result.

The SQL is the argument, the file that --file names, or the standard input.
Without --multi, or multi_statements=true in the DSN, it must be one statement.

table, vertical and markdown show times in the time zone of the session; csv, tsv, json and ndjson
also write the zone. csv tells NULL, which is nothing, from an empty text, which is "".
Statements without a result print the number of affected rows to the standard error.`,
		Example: `  greptime query "SELECT * FROM cpu ORDER BY ts DESC LIMIT 10"
  greptime query --format csv -o cpu.csv "SELECT * FROM cpu"
  greptime query --multi --file schema.sql
  echo "SHOW TABLES" | greptime query --format ndjson`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return a.query(ctx, cmd, &f, args)
		},
	}
	cmd.Flags().StringVarP(&f.file, "file", "f", "", "read the SQL from `file`; - is the standard input")
	cmd.Flags().BoolVar(&f.multi, "multi", false, "allow several statements, which run one by one up to the first error")
	cmd.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "do not print the number of affected rows")
	f.output.add(cmd)
	f.view.add(cmd)
	return cmd
}

func (a *app) query(ctx context.Context, cmd *cobra.Command, f *queryFlags, args []string) (err error) {
	if err := f.view.check(cmd); err != nil {
		return err
	}
	text, err := a.sqlText(ctx, f.file, args)
	if err != nil {
		return err
	}
	set, own, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	o, err := a.outputOptions(cmd, &f.output, set)
	if err != nil {
		return err
	}
	statements := script.Split(text)
	switch {
	case len(statements) == 0:
		return usagef("there is no statement to run")
	case len(statements) > 1 && !f.multi && !set.Config.MultiStatements:
		return usagef("there are %d statements; --multi runs them one by one", len(statements))
	}
	if n := countResults(statements); n > 1 && o.Format.FromBatches() {
		return usagef("a file of type %s has one result, and %d of the statements have one", o.Format, n)
	}
	out, err := a.newSink(ctx, f.output.file, f.output.pagerOf(set), o)
	if err != nil {
		return err
	}
	results := 0
	err = a.show(ctx, &f.view, out, func(ctx context.Context, w io.Writer) error {
		s := &sink{Writer: w, options: o}
		defer func() { results += s.results }()
		return a.runAll(ctx, own, statements, s, f)
	})
	if err == nil && out.file != nil && results == 0 {
		out.file.Abort()
		fmt.Fprintf(a.Err, "There is no result, and so %s is not written.\n", f.output.file)
		return nil
	}
	return out.close(err)
}

// countResults returns how many of the statements may have a result.
func countResults(statements []script.Statement) (n int) {
	for _, st := range statements {
		if st.ReturnsRows() {
			n++
		}
	}
	return n
}

// sqlText returns the SQL of an argument, a file or the standard input.
func (a *app) sqlText(ctx context.Context, file string, args []string) (string, error) {
	switch {
	case file != "" && len(args) > 0:
		return "", usagef("give the SQL as an argument or by --file, not both")
	case len(args) > 0:
		return args[0], nil
	case file == "" && a.InTerminal:
		return "", usagef(`there is no SQL: write greptime query "SELECT …"`)
	case file == "" || file == "-":
		data, err := stdio.Await(ctx, func() ([]byte, error) { return io.ReadAll(a.In) })
		return script.OfFile(data), err
	default:
		data, err := stdio.Await(ctx, func() ([]byte, error) { return os.ReadFile(file) })
		return script.OfFile(data), err
	}
}

// outputOptions returns the options of results by the flags, and on a terminal by the
// preferences of the file.
func (a *app) outputOptions(cmd *cobra.Command, f *outputFlags, set *settings.Settings) (output.Options, error) {
	o := output.Options{Format: output.Table}
	name := f.format
	if name == "" && a.OutTerminal && f.file == "" {
		name = set.Output.Format
	}
	if name != "" {
		var err error
		if o.Format, err = output.ParseFormat(name); err != nil {
			return o, usageError{err}
		}
	}
	switch {
	case cmd.Flags().Changed("null"):
		if err := o.Format.CheckNull(f.null); err != nil {
			return o, usagef("--null: %w", err)
		}
		o.Null = &f.null
	case o.Format.ForEyes():
		o.Null = set.Output.Null
	}
	if f.file == "" {
		o.Width, _ = a.TerminalSize()
		o.Color = a.Color(a.color)
	}
	if o.Format.FromBatches() && a.OutTerminal && f.file == "" {
		return o, usagef("%s is not for a terminal; write it to a file: --output FILE", o.Format)
	}
	return o, nil
}

func (f *outputFlags) pagerOf(set *settings.Settings) string {
	if f.pager != "" {
		return f.pager
	}
	return set.Output.Pager
}

// sink is where results go.
type sink struct {
	io.Writer
	options output.Options
	file    *output.File
	pager   *pager.Pager
	results int
}

func (a *app) newSink(ctx context.Context, file, pagerChoice string, o output.Options) (*sink, error) {
	s := &sink{Writer: a.Out, options: o}
	switch {
	case file != "":
		f, err := output.Create(ctx, file)
		if err != nil {
			return nil, err
		}
		s.Writer, s.file = f, f
	case a.OutTerminal && o.Format.ForEyes():
		width, height := a.TerminalSize()
		s.pager = pager.New(a.Out, pager.Command(pagerChoice, a.Env), width, height)
		s.Writer = s.pager
	}
	return s, nil
}

// close ends the output, of which err is the error so far.
func (s *sink) close(err error) error {
	switch {
	case s.pager != nil:
		return errors.Join(err, s.pager.Close())
	case s.file == nil:
		return err
	case err != nil:
		s.file.Abort()
		return err
	default:
		return s.file.Commit()
	}
}

// runAll runs statements up to the first error.
func (a *app) runAll(ctx context.Context, own *session.Session, statements []script.Statement, s *sink, f *queryFlags) error {
	for i, st := range statements {
		if st.ReturnsRows() && s.results > 0 && s.options.Format != output.NDJSON {
			fmt.Fprintln(s)
		}
		outcome, err := a.run(ctx, own, st, s, &f.view)
		if errors.Is(err, pager.ErrClosed) && i+1 < len(statements) {
			return fmt.Errorf("statement %d of %d: the pager was closed, and so the statements after it did not run", i+1, len(statements))
		}
		if err != nil {
			if len(statements) > 1 {
				return fmt.Errorf("statement %d of %d, line %d (those before it ran, those after it did not): %w", i+1, len(statements), st.Line, err)
			}
			return err
		}
		switch {
		case outcome.HasRows:
			s.results++
		case !f.quiet && f.view.every == 0:
			fmt.Fprintln(a.Err, outcome.Note())
		}
	}
	return nil
}

// run runs a statement, and prints its result or draws it.
func (a *app) run(ctx context.Context, own *session.Session, st script.Statement, s *sink, f *viewFlags) (session.Outcome, error) {
	if !f.chart || !st.ReturnsRows() {
		return own.Run(ctx, st, s, s.options)
	}
	err := a.drawChart(ctx, own.Conn, s, s.options.Color, func(c *greptime.Conn) (*greptime.RecordReader, error) {
		return c.QueryArrow(ctx, st.Text)
	})
	return session.Outcome{HasRows: true}, err
}
