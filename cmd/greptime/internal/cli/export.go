package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/greptime-go/greptime/cmd/greptime/internal/compression"
	"github.com/greptime-go/greptime/cmd/greptime/internal/dump"
	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
	"github.com/greptime-go/greptime/cmd/greptime/internal/progress"
	"github.com/greptime-go/greptime/cmd/greptime/internal/session"
)

// exportFlags are the flags of export.
type exportFlags struct {
	format, null, compression string
	quiet                     bool
}

func (a *app) exportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   `export [flags] "SQL"|TABLE FILE`,
		Short: "Write a result or a table to a file",
		Long: `Write the result of a query, or all rows of a table, to a file. Its name says which format
it has: .csv, .tsv, .ndjson, .jsonl, .json (an object a line), .parquet, .arrow (a stream of
Arrow IPC), with .gz or .zst behind it if it is to be compressed. The FILE - is the standard
output, and needs --format.

The rows are written as they arrive, and never held as a whole. The file appears under its
name when it is complete. import reads it back as it was.

Parquet and Arrow keep the types. Timestamps are in UTC there, and JSON is text. Parquet lacks
some types: TIMESTAMP(0) becomes TIMESTAMP(3), durations become integers, and intervals text.
In text formats, times have the zone of the session, and VARBINARY is 0x and hexadecimal
digits. In ndjson, NULL is null, and so is a JSON value that is null.`,
		Example: `  greptime export cpu cpu.parquet
  greptime export "SELECT * FROM cpu WHERE host = 'web1' ORDER BY ts" web1.csv.zst
  greptime export --format ndjson cpu - | jq .usage`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef(`name what to export and the file: greptime export "SQL"|TABLE FILE`)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return a.export(ctx, cmd, &f, args[0], args[1])
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "", "format of the file: csv, tsv, json, ndjson, parquet, arrow or markdown (default: by its name)")
	flags.StringVar(&f.null, "null", "", "`text` of NULL in csv (default: nothing), tsv (default: \\N) and markdown (default: NULL)")
	flags.StringVar(&f.compression, "compression", "", "compress the file: none, gzip or zstd (default: by its name)")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "show no progress and no summary")
	return cmd
}

// options returns how a file of that name is written.
func (f *exportFlags) options(cmd *cobra.Command, file string) (o dump.Options, err error) {
	format := output.Format("")
	o.Compression = compression.None
	if file != standardOutput {
		format, o.Compression = dump.FormatOf(file)
	}
	if f.format != "" {
		if format, err = output.ParseFormat(f.format); err != nil {
			return o, err
		}
	}
	if f.compression != "" {
		if o.Compression, err = compression.Parse(f.compression); err != nil {
			return o, err
		}
	}
	switch format {
	case "":
		return o, fmt.Errorf("%s: the format is not known; name the file .csv, .tsv, .ndjson, .parquet or .arrow, perhaps with .gz or .zst behind it, or give --format", file)
	case output.Table, output.Vertical:
		return o, fmt.Errorf("--format %s is for the eye; greptime query writes it", format)
	}
	o.Output.Format = format
	if cmd.Flags().Changed("null") {
		if err := format.CheckNull(f.null); err != nil {
			return o, fmt.Errorf("--null: %w", err)
		}
		o.Output.Null = &f.null
	}
	return o, nil
}

const standardOutput = "-"

func (a *app) export(ctx context.Context, cmd *cobra.Command, f *exportFlags, what, file string) (err error) {
	o, err := f.options(cmd, file)
	if err != nil {
		return usageError{err}
	}
	if file == standardOutput && a.OutTerminal && (o.Output.Format.FromBatches() || o.Compression != compression.None) {
		return usagef("what is not text is not for a terminal; name a file")
	}
	_, own, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	defer limitMemory()()
	query, table := dump.Query(what)
	started := time.Now()
	bar := a.progress()
	defer bar.Done()
	if !f.quiet {
		total := int64(0)
		if a.ErrTerminal && table != "" {
			total = countRows(ctx, own, query)
		}
		o.Output.Progress = func(rows int64) {
			fraction := -1.0
			if total > 0 {
				fraction = min(1, float64(rows)/float64(total))
			}
			bar.Set(rows, fraction)
		}
	}
	if file == standardOutput {
		_, err := dump.Write(ctx, own, query, a.Out, o)
		return err
	}
	rows, size, err := exportFile(ctx, own, query, file, o)
	if err != nil || f.quiet {
		return err
	}
	bar.Done()
	elapsed := time.Since(started)
	_, err = fmt.Fprintf(a.Err, "%s written to %s, %s bytes, in %s (%s rows/s).\n",
		progress.Count(rows, "row"), file, progress.Group(size), progress.Duration(elapsed), progress.Group(int64(float64(rows)/max(elapsed.Seconds(), 1e-9))))
	return err
}

// exportFile writes a query's result to a file, which appears when it is complete.
func exportFile(ctx context.Context, own *session.Session, query, file string, o dump.Options) (rows, size int64, err error) {
	f, err := output.Create(ctx, file)
	if err != nil {
		return 0, 0, err
	}
	defer func() {
		if err != nil {
			f.Abort()
		}
	}()
	if rows, err = dump.Write(ctx, own, query, f, o); err != nil {
		return rows, 0, err
	}
	if info, statErr := f.Stat(); statErr == nil {
		size = info.Size()
	}
	return rows, size, f.Commit()
}

// countWait is how long export waits to know how many rows a table has.
const countWait = 2 * time.Second

// countRows returns how many rows a table has, or 0 if that takes too long.
func countRows(ctx context.Context, own *session.Session, query string) (n int64) {
	ctx, cancel := context.WithTimeout(ctx, countWait)
	defer cancel()
	count := "SELECT count(*)" + strings.TrimPrefix(query, "SELECT *")
	if err := own.Conn.QueryRowContext(ctx, count).Scan(&n); err != nil {
		return 0
	}
	return n
}
