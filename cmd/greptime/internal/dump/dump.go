// Package dump writes the result of a query to a file.
package dump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/greptime-go/greptime/cmd/greptime/internal/compression"
	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
	"github.com/greptime-go/greptime/cmd/greptime/internal/session"
)

// endings are the endings of file names, without those of compression. A .json file has an
// object a line, as those have that GreptimeDB itself writes.
var endings = map[string]output.Format{
	".csv": output.CSV, ".tsv": output.TSV, ".tab": output.TSV,
	".ndjson": output.NDJSON, ".jsonl": output.NDJSON, ".json": output.NDJSON,
	".parquet": output.Parquet, ".pq": output.Parquet,
	".arrow": output.Arrow, ".arrows": output.Arrow, ".ipc": output.Arrow,
	".md": output.Markdown,
}

// FormatOf returns the format and the compression that a file's name asks for. The format is ""
// if it asks for none.
func FormatOf(name string) (output.Format, compression.Kind) {
	packed, ending := compression.OfFile(name)
	return endings[ending], packed
}

// Options say how a result is written.
type Options struct {
	Output      output.Options
	Compression compression.Kind
}

// ErrNoResult reports that a statement has no result to write.
var ErrNoResult = errors.New("the statement has no result to export")

// Write runs a query and writes its result to w. It returns the number of rows. After an error
// the end of what is compressed is missing, so that a part is not taken for the whole.
func Write(ctx context.Context, own *session.Session, query string, w io.Writer, o Options) (rows int64, err error) {
	statements := script.Split(query)
	if len(statements) != 1 {
		return 0, fmt.Errorf("export takes one statement, and there are %d", len(statements))
	}
	if !statements[0].ReturnsRows() {
		return 0, ErrNoResult
	}
	packed, err := compress(w, o.Compression)
	if err != nil {
		return 0, err
	}
	outcome, err := own.Run(ctx, statements[0], packed, o.Output)
	if err == nil && !outcome.HasRows {
		err = ErrNoResult
	}
	if err != nil {
		return outcome.Rows, err
	}
	return outcome.Rows, packed.Close()
}

// compress returns a writer that compresses. Its Close does not close w.
func compress(w io.Writer, kind compression.Kind) (io.WriteCloser, error) {
	switch kind {
	case compression.Gzip:
		return gzip.NewWriter(w), nil
	case compression.Zstd:
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	}
	return plain{w}, nil
}

// plain does not compress.
type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// Query returns the query that an argument of export stands for: itself, or all rows of a
// table. table is the name of the table, or "".
func Query(argument string) (query, table string) {
	tokens := slices.Collect(script.Tokens(argument))
	switch {
	case len(tokens) == 1 && tokens[0].Kind == script.Ident && !tokens[0].Open:
		table = tokens[0].Value(argument)
	case len(tokens) > 1 && isQuery(tokens, argument):
		return argument, ""
	default:
		table = argument
	}
	return "SELECT * FROM " + script.Quote(table), table
}

// isQuery reports whether a text begins as a query does, and not as the name of a table.
func isQuery(tokens []script.Token, text string) bool {
	first := tokens[0]
	for _, verb := range []string{"SELECT", "WITH", "TQL", "SHOW", "DESC", "DESCRIBE", "EXPLAIN", "VALUES", "ADMIN", "INSERT", "DELETE", "CREATE", "DROP", "ALTER", "TRUNCATE", "USE", "SET"} {
		if first.Is(text, verb) {
			next := tokens[1]
			return next.Start > first.End || next.Text(text) == "(" || next.Text(text) == "*"
		}
	}
	return first.Kind == script.Comment || first.Text(text) == "("
}
