package greptimeslog

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/greptime-go/greptime/insert"
)

// Options are options of a Handler. Only Table is needed.
type Options struct {
	// Table is the name of the table. The first rows create it if it does not exist.
	Table string

	// Level is the least level of records that are written; nil means slog.LevelInfo.
	Level slog.Leveler

	// Columns are attributes that have columns of their own.
	Columns []Column

	// AddSource adds a column source, with file and line of the statement that logged.
	AddSource bool

	// Wait is the longest time that Handle waits for room in the buffer before it drops the
	// record. 0 means that it does not wait.
	Wait time.Duration

	// Fallback handles what the driver itself logs and the reports of this package; nil means
	// text on standard error. It must not be a handler that writes to package log, as the one of
	// slog's first default logger does, nor one that passes records to this Handler.
	Fallback slog.Handler

	// Writer are options of the buffered writer: how many bytes it holds, when it sends, how long
	// it tries again, and the TTL of the table. AppendMode is set unless there is a MergeMode.
	// OnError, if not nil, receives the rows that were not written.
	Writer insert.WriterOptions
}

// Column is a column for an attribute.
type Column struct {
	// Attr is the key of the attribute. The keys of groups come before it, each with a dot:
	// request.method. Empty means the name of the column.
	Attr string

	// Column is a tag or a field. A column of type insert.String takes every attribute, as text.
	Column insert.Column
}

// The columns of every table, in this order, and then the source if there is one.
const (
	timeColumn       = "ts"
	levelColumn      = "level"
	messageColumn    = "message"
	attributesColumn = "attributes"
	sourceColumn     = "source"
)

// columns returns all columns of the table, and the index of each by its attribute.
func (o *Options) columns() ([]insert.Column, map[string]int, error) {
	all := []insert.Column{
		insert.Time(timeColumn, insert.Nanosecond),
		insert.Field(levelColumn, insert.String),
		insert.Field(messageColumn, insert.String),
		insert.Field(attributesColumn, insert.JSON),
	}
	if o.AddSource {
		all = append(all, insert.Field(sourceColumn, insert.String))
	}
	taken := map[string]bool{}
	for _, c := range all {
		taken[c.Name] = true
	}
	index := make(map[string]int, len(o.Columns))
	for _, c := range o.Columns {
		name, key := c.Column.Name, c.Attr
		if key == "" {
			key = name
		}
		switch _, twice := index[key]; {
		case taken[name]:
			return nil, nil, fmt.Errorf("greptimeslog: column %q: the table has a column of this name already; give the column another name and set Attr to the attribute's key", name)
		case c.Column.IsTime():
			return nil, nil, fmt.Errorf("greptimeslog: column %q is a time index, which the table has already: %s; use insert.Field with insert.Timestamp", name, timeColumn)
		case twice:
			return nil, nil, fmt.Errorf("greptimeslog: attribute %q has two columns; leave one out", key)
		}
		taken[name] = true
		index[key] = len(all)
		all = append(all, c.Column)
	}
	return all, index, nil
}

// withDefaults returns the options with all defaults set, or an error.
func (o Options) withDefaults() (Options, error) {
	switch {
	case o.Table == "":
		return o, errors.New("greptimeslog: set Options.Table to the name of the table for the log")
	case o.Wait < 0:
		return o, fmt.Errorf("greptimeslog: Options.Wait is %v; it must not be negative", o.Wait)
	case fmt.Sprintf("%T", o.Fallback) == "*slog.defaultHandler":
		// With slog.SetDefault package log writes to this Handler, while it holds its lock.
		return o, errors.New("greptimeslog: Options.Fallback writes to package log, which slog.SetDefault connects to this Handler; use slog.NewTextHandler(os.Stderr, nil)")
	}
	if o.Level == nil {
		o.Level = slog.LevelInfo
	}
	if o.Fallback == nil {
		o.Fallback = slog.NewTextHandler(os.Stderr, nil)
	}
	if o.Writer.Options.MergeMode == "" {
		o.Writer.Options.AppendMode = true
	}
	return o, nil
}
