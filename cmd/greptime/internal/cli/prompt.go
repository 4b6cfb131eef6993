package cli

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
	"github.com/greptime-go/greptime/cmd/greptime/internal/pager"
	"github.com/greptime-go/greptime/cmd/greptime/internal/prompt"
)

// prompt is the program without a command: on a terminal the interactive prompt, and otherwise
// the statements of the standard input.
func (a *app) prompt(cmd *cobra.Command) error {
	if !a.InTerminal {
		ctx, stop := interruptible(cmd.Context())
		defer stop()
		return a.query(ctx, cmd, &queryFlags{multi: true}, nil)
	}
	if !a.OutTerminal {
		return usagef("the prompt needs a terminal for its output; greptime query runs a statement without one")
	}
	defer a.endAtHangup(func() {})()
	return a.openPrompt(cmd)
}

// openPrompt opens a session and the interactive prompt.
func (a *app) openPrompt(cmd *cobra.Command) (err error) {
	set, own, err := a.open(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	o := prompt.Options{
		Session: own, Streams: a.Streams, Format: output.Table, Null: set.Output.Null, Color: a.Color(a.color),
		Pager: pager.Command(set.Output.Pager, a.Env), History: a.historyPath(), Greets: "greptime " + version(),
	}
	if set.Output.Format != "" {
		if o.Format, err = output.ParseFormat(set.Output.Format); err != nil {
			return err
		}
		if o.Format.FromBatches() {
			return usagef("%s is not for a terminal; choose another format in the file of connections", o.Format)
		}
	}
	return prompt.Run(cmd.Context(), o)
}

// historyPath returns the file of the prompt's history: GREPTIME_HISTORY, or greptime/history in
// the user's folder for such state.
func (a *app) historyPath() string {
	if path := a.Env("GREPTIME_HISTORY"); path != "" {
		return path
	}
	if dir := a.Env("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "greptime", "history")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "state", "greptime", "history")
}
