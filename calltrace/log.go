package calltrace

import (
	"context"
	"log/slog"
	"unicode/utf8"
)

// maxLogText is the greatest length of a text in a log record, in bytes.
const maxLogText = 2048

// Log returns a Tracer that writes a record for each call to the logger when the call ends:
// with slog.LevelInfo if it succeeded, and slog.LevelWarn if it failed. The message is greptime:
// and the kind of the call. Attributes that have no value are left out. Texts longer than 2 KiB
// are cut. A nil logger stands for slog.Default().
func Log(logger *slog.Logger) Tracer { return logTracer{logger} }

type logTracer struct{ logger *slog.Logger }

func (logTracer) Start(ctx context.Context, _ Call) context.Context { return ctx }

func (t logTracer) End(ctx context.Context, call Call, outcome Outcome) {
	logger := t.logger
	if logger == nil {
		logger = slog.Default()
	}
	level := slog.LevelInfo
	if outcome.Err != nil {
		level = slog.LevelWarn
	}
	if logger.Enabled(ctx, level) {
		logger.LogAttrs(ctx, level, "greptime: "+string(call.Kind), attributes(call, outcome)...)
	}
}

func attributes(call Call, outcome Outcome) []slog.Attr {
	list := make([]slog.Attr, 0, 12)
	text := func(key, value string) {
		if value != "" {
			list = append(list, slog.String(key, shorten(value)))
		}
	}
	number := func(key string, n int64) {
		if n != 0 {
			list = append(list, slog.Int64(key, n))
		}
	}
	text("database", call.Database)
	text("text", call.Text)
	text("bound_text", call.BoundText)
	switch len(call.Tables) {
	case 0:
	case 1:
		text("table", call.Tables[0])
	default:
		list = append(list, slog.Any("tables", call.Tables))
	}
	number("args", int64(call.Args))
	number("rows_sent", int64(call.Rows))
	text("endpoint", outcome.Endpoint)
	list = append(list, slog.Duration("duration", outcome.Duration), slog.Int64("rows", outcome.Rows))
	number("bytes", outcome.Bytes)
	if outcome.Attempts > 1 {
		number("attempts", int64(outcome.Attempts))
	}
	if outcome.Native {
		list = append(list, slog.Bool("native", true))
	}
	if outcome.Err != nil {
		text("error", outcome.Err.Error())
	}
	return list
}

// shorten returns a text that is no longer than maxLogText, at the end of a rune, and "…" for
// the rest.
func shorten(text string) string {
	if len(text) <= maxLogText {
		return text
	}
	end := maxLogText
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
