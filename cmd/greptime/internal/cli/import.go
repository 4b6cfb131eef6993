package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"

	"github.com/greptime-go/greptime/cmd/greptime/internal/load"
	"github.com/greptime-go/greptime/cmd/greptime/internal/progress"
	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
	"github.com/greptime-go/greptime/cmd/greptime/internal/visible"
)

// importFlags are the flags of import.
type importFlags struct {
	format, delimiter, compression, skip string
	header                               bool
	columns, null, timeFormats, types    []string

	create, append bool

	quiet   bool
	options load.Options
}

func (a *app) importCommand() *cobra.Command {
	f := importFlags{header: true}
	cmd := &cobra.Command{
		Use:   "import [flags] FILE… TABLE",
		Short: "Load files into a table",
		Long: `Load files into a table: CSV, TSV, NDJSON (JSON Lines), Parquet and Arrow IPC, also
compressed by gzip or zstd. The FILE - is the standard input.

A table that does not exist is made with the columns of the files, after a question on a
terminal, else with --create and --time. The types of text are found from its first two
megabytes; --type names others.

In CSV a field that is empty is NULL, and "" is the empty text. TSV is as PostgreSQL's COPY
writes it: NULL is \N, and tabs within a value are \t. Text for VARBINARY is 0x and
hexadecimal digits, or stands for its own bytes. Times without a zone are in the time zone of the
session if they are text. In Parquet and Arrow they are in UTC, unless --timezone is given. A
column that the file does not have is NULL, or its DEFAULT if that is a constant.

The first row that does not fit the table ends the import, unless --errors or --max-errors is
given. Rows are sent again if it is proved that they were not written. If the outcome of some
is not known, because the server went away, the others are still sent, and the report names
the rows and how to go on with --skip.`,
		Example: `  greptime import weather.csv.gz weather
  greptime import --create --time ts --tag host --null NA cpu-*.csv cpu
  greptime import --errors bad.csv --time-format "%d.%m.%Y %H:%M" readings.csv readings
  cat log.ndjson | greptime import --input-format ndjson - log`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("name the files and the table: greptime import FILE… TABLE")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return a.importFiles(ctx, &f, args[:len(args)-1], args[len(args)-1])
		},
	}
	o, flags := &f.options, cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.format, "input-format", "", "`format` of the files: csv, tsv, ndjson, parquet or arrow (default: by name and first bytes)")
	flags.BoolVar(&f.header, "header", true, "the first line of CSV and TSV names the columns")
	flags.StringSliceVar(&f.columns, "columns", nil, "import only these columns, `NAME,TABLE=FILE…`; without a header the names of all, - to leave one out")
	flags.StringVar(&f.delimiter, "delimiter", ",", "`character` between the fields of CSV")
	flags.StringArrayVar(&f.null, "null", nil, "`text` without quotes that is NULL, besides the empty one, which text columns take as text in TSV; may be repeated")
	flags.StringArrayVar(&f.timeFormats, "time-format", nil, "form of times: unix, unixms, unixus, unixns, or as strftime or Go write it; may be repeated")

	flags.BoolVar(&f.create, "create", false, "make the table if it does not exist; needs --time")
	flags.StringVar(&o.Time, "time", "", "the `column` that becomes the time index")
	flags.StringSliceVar(&o.Tags, "tag", nil, "a `column` that becomes a tag; may be repeated")
	flags.StringArrayVar(&f.types, "type", nil, "`COLUMN=TYPE` for the new table, such as zip=STRING; may be repeated")
	flags.BoolVar(&f.append, "append", false, "make the table in append mode, in which equal rows do not replace each other")

	flags.IntVar(&o.Streams, "streams", 4, "streams to the server, which processes the batches of each one after the other")
	flags.StringVar(&f.compression, "compression", "none", "compress what is sent: none, lz4 or zstd")
	flags.DurationVar(&o.RetryFor, "retry", time.Minute, "how long rows that are proved not written are sent again; 0: not at all")
	flags.BoolVar(&o.AtLeastOnce, "at-least-once", false, "send rows again whose outcome is not known; in append mode they may be there twice")
	flags.StringVar(&f.skip, "skip", "", "do not send the first `N` rows, or as a report names them: N,A-B,…")
	flags.StringVar(&o.Errors, "errors", "", "append rows that do not fit to `file`, as CSV with line and reason, and go on")
	flags.Int64Var(&o.MaxErrors, "max-errors", 0, "go on after at most `n` rows that do not fit (default: none; with --errors no limit)")
	flags.BoolVar(&o.DryRun, "dry-run", false, "read and check the files, and write nothing")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "show no progress, and no report if all went well")
	return cmd
}

// complete sets the options of the flags.
func (f *importFlags) complete() (err error) {
	o := &f.options
	o.NoHeader, o.Null, o.Append = !f.header, f.null, f.append
	if o.Compression, err = compressionOf(f.compression); err != nil {
		return err
	}
	if f.format != "" {
		if o.Format, err = load.ParseFormat(f.format); err != nil {
			return err
		}
	}
	if o.Delimiter, err = delimiterOf(f.delimiter); err != nil {
		return err
	}
	for _, text := range f.columns {
		c, err := load.ParseSelection(text)
		if err != nil {
			return err
		}
		o.Columns = append(o.Columns, c)
	}
	for _, text := range f.timeFormats {
		formats, err := load.ParseTimeFormat(text)
		if err != nil {
			return fmt.Errorf("--time-format: %w", err)
		}
		o.TimeFormats = append(o.TimeFormats, formats...)
	}
	o.Types = map[string]load.Type{}
	for _, text := range f.types {
		name, typ, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("--type %q: write COLUMN=TYPE, as in zip=STRING", text)
		}
		if o.Types[name], err = load.ParseType(typ); err != nil {
			return fmt.Errorf("--type: %w", err)
		}
	}
	if o.Skip, err = load.ParseRows(f.skip); err != nil {
		return fmt.Errorf("--skip: %w", err)
	}
	switch {
	case o.Streams < 1 || o.Streams > 64:
		return fmt.Errorf("--streams %d: there are 1 to 64", o.Streams)
	case o.MaxErrors < 0:
		return fmt.Errorf("--max-errors %d: it cannot be negative", o.MaxErrors)
	case f.create && o.Time == "":
		return errors.New("--create needs the column of the time index: --time COLUMN")
	}
	if o.RetryFor == 0 {
		o.RetryFor = -1
	}
	return nil
}

func compressionOf(name string) (bulk.Compression, error) {
	for _, c := range []bulk.Compression{bulk.None, bulk.LZ4, bulk.ZSTD} {
		if strings.EqualFold(c.String(), name) {
			return c, nil
		}
	}
	return 0, fmt.Errorf("--compression %q: write none, lz4 or zstd", name)
}

func delimiterOf(text string) (byte, error) {
	if text == `\t` || text == "tab" {
		return '\t', nil
	}
	if len(text) != 1 || text == `"` || text == "\n" || text == "\r" {
		return 0, fmt.Errorf("--delimiter %q: write one ASCII character, or tab", text)
	}
	return text[0], nil
}

func (a *app) importFiles(ctx context.Context, f *importFlags, files []string, table string) (err error) {
	if err := f.complete(); err != nil {
		return usageError{err}
	}
	_, own, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	defer limitMemory()()
	return greptime.Raw(ctx, own.Conn, func(conn *greptime.Conn) error {
		return a.importInto(ctx, conn, f, files, table)
	})
}

func (a *app) importInto(ctx context.Context, conn *greptime.Conn, f *importFlags, files []string, table string) (err error) {
	o := f.options
	o.Stdin, o.Zone = a.In, conn.Location()
	if a.server.TimeZone != "" {
		o.ArrowZone = o.Zone
	}
	var bar *progress.Display
	if !f.quiet {
		bar = a.progress()
		o.Progress = func(p load.Progress) { bar.Set(p.Rows, p.Fraction) }
	}
	im, err := load.Prepare(ctx, conn, table, files, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, im.Close()) }()
	if err := a.createTable(ctx, im, f, files); err != nil {
		return err
	}
	if bar != nil {
		bar = a.progress() // from now on
	}
	report, err := im.Run(ctx)
	if bar != nil {
		bar.Done()
	}
	if err != nil || !f.quiet {
		var text strings.Builder
		report.Print(&text, &o, err)
		if _, writeErr := io.WriteString(a.Out, text.String()); writeErr != nil {
			err = errors.Join(err, fmt.Errorf("writing the report: %w", writeErr))
		}
	}
	return err
}

// softMemory is the memory at which the garbage collector runs more often, in bytes.
const softMemory = 200 << 20

// limitMemory sets softMemory, unless GOMEMLIMIT sets another limit. The function that it
// returns undoes that.
func limitMemory() (undo func()) {
	before := debug.SetMemoryLimit(-1)
	if before == math.MaxInt64 {
		debug.SetMemoryLimit(softMemory)
	}
	return func() { debug.SetMemoryLimit(before) }
}

// progress returns a display on the standard error.
func (a *app) progress() *progress.Display {
	if !a.ErrTerminal || a.Size == nil {
		return progress.New(a.Err, nil)
	}
	return progress.New(a.Err, func() int {
		width, _ := a.Size()
		return width
	})
}

// createTable makes the table if it does not exist and the user wants it.
func (a *app) createTable(ctx context.Context, im *load.Import, f *importFlags, files []string) error {
	for _, note := range im.Notes {
		fmt.Fprintln(a.Err, visible.Text(note))
	}
	if im.Exists {
		return nil
	}
	if f.options.DryRun {
		fmt.Fprintf(a.Err, "The table does not exist; this would make it:\n\n%s\n\n", visible.Text(im.CreateSQL()))
		return nil
	}
	if f.create {
		fmt.Fprintln(a.Err, visible.Text(im.CreateSQL()))
		return im.Create(ctx)
	}
	if !a.InTerminal || !a.ErrTerminal || slices.Contains(files, load.StandardInput) {
		return usagef("table %s does not exist; --create makes it, with --time for the time index, --tag for tags and --type for other types:\n\n%s\n", im.Table, im.CreateSQL())
	}
	fmt.Fprintf(a.Err, "Table %s does not exist. This statement makes it; --time, --tag, --type and --append make another one.\n\n%s\n\nMake it? [y/N] ", im.Table, visible.Text(im.CreateSQL()))
	yes, err := a.confirm(ctx)
	if err != nil {
		return err
	}
	if !yes {
		return errors.New("no table was made, and nothing was imported")
	}
	return im.Create(ctx)
}

// confirm reads an answer to a question from the terminal. It reports whether that is yes.
func (a *app) confirm(ctx context.Context) (bool, error) {
	line, err := stdio.Await(ctx, func() (string, error) {
		line, err := bufio.NewReader(a.In).ReadString('\n')
		if err != nil && err != io.EOF {
			line = ""
		}
		return strings.ToLower(strings.TrimSpace(line)), nil
	})
	if err != nil {
		fmt.Fprintln(a.Err)
	}
	return line == "y" || line == "yes", err
}
