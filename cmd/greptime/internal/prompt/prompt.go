// Package prompt is the interactive client: a prompt for SQL and for commands that begin with
// a backslash.
package prompt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reeflective/readline"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"

	"github.com/greptime-go/greptime/cmd/greptime/internal/complete"
	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
	"github.com/greptime-go/greptime/cmd/greptime/internal/pager"
	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
	"github.com/greptime-go/greptime/cmd/greptime/internal/session"
	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
	"github.com/greptime-go/greptime/cmd/greptime/internal/visible"
)

// Options are what a Prompt works with.
type Options struct {
	Session *session.Session
	Streams stdio.Streams
	Format  output.Format // of results
	Null    *string       // text of NULL for the eye, as in output.Options
	Color   bool
	Pager   string // command, or "" for none
	History string // file, or "" to keep no history
	Greets  string // the first words of the greeting
}

// Prompt is one interactive session.
type Prompt struct {
	Options
	ctx        context.Context
	catalog    complete.Catalog
	background sync.WaitGroup
	interrupts chan os.Signal

	stopLoading context.CancelFunc // of the catalog; nil before the first time

	out      *os.File      // of \o; nil is the terminal
	rows     output.Format // in which \x off shows results
	timing   bool
	lost     bool   // the last statement found no server
	last     view   // what \watch shows again
	lastText string // what \e edits
}

// view shows a result, as often as it is called.
type view func(ctx context.Context, w io.Writer, o output.Options) error

// New returns a Prompt whose work ends with ctx.
func New(ctx context.Context, o Options) *Prompt {
	p := &Prompt{Options: o, ctx: ctx, interrupts: make(chan os.Signal, 1), rows: o.Format}
	if p.rows == output.Vertical {
		p.rows = output.Table
	}
	return p
}

// Run reads and runs what the user types on the terminal of the process, until they leave.
func Run(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	p := New(ctx, o)
	defer p.background.Wait()
	defer cancel()
	signal.Notify(p.interrupts, os.Interrupt)
	defer signal.Stop(p.interrupts)
	p.greet()
	p.loadCatalog()
	editor := p.newEditor()
	for {
		editor.Line().Set() // of before, which the editor forgets after it has shown the prompt
		line, err := editor.Readline()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			continue
		case errors.Is(err, io.EOF):
			fmt.Fprintln(p.Streams.Out)
			return p.closeOutput()
		case err != nil:
			return errors.Join(err, p.closeOutput())
		}
		if p.Execute(line) {
			return p.closeOutput()
		}
	}
}

// greet says which server it is, or why there is none.
func (p *Prompt) greet() {
	var version greptime.Version
	err := p.interruptible(func(ctx context.Context) error {
		return greptime.Raw(ctx, p.Session.Conn, func(c *greptime.Conn) (err error) {
			version, err = c.ServerVersion(ctx)
			return err
		})
	})
	if err != nil {
		p.report(err)
		fmt.Fprintf(p.Streams.Out, "%s. \\? lists the commands, \\q leaves.\n", p.Greets)
		return
	}
	fmt.Fprintf(p.Streams.Out, "%s, GreptimeDB %s. \\? lists the commands, \\q leaves.\n", p.Greets, visible.Line(version.String()))
}

// loadCatalog reads the tables for completion, in the background. It ends the call before, which may
// be of another database.
func (p *Prompt) loadCatalog() {
	database, _, err := p.Session.Where()
	if err != nil {
		return
	}
	if p.stopLoading != nil {
		p.stopLoading()
	}
	ctx, cancel := context.WithCancel(p.ctx)
	p.stopLoading = cancel
	p.background.Go(func() {
		defer cancel()
		_ = p.catalog.Load(ctx, p.Session.DB, database) // without it, only keywords and functions are completed
	})
}

// Execute runs what was entered: a command, or statements up to the first error. It reports
// whether the user leaves.
func (p *Prompt) Execute(text string) (leave bool) {
	text = strings.TrimSpace(text)
	switch {
	case leaves(text):
		return true
	case strings.EqualFold(strings.TrimSuffix(text, ";"), "help"):
		text = `\?`
	}
	err := p.run(text)
	if errors.Is(err, errLeave) {
		return true
	}
	p.report(err)
	return false
}

// run runs commands and statements in their order, up to the first error. A command begins where a
// statement could and ends with its line, but for \chart, whose query may have several lines.
func (p *Prompt) run(text string) error {
	for {
		text = strings.TrimSpace(text)
		if strings.HasPrefix(text, `\`) {
			command, rest := text, ""
			if nameOf(text) != `\chart` {
				command, rest, _ = strings.Cut(text, "\n")
			}
			if err := p.runCommand(command); err != nil {
				return err
			}
			text = rest
			continue
		}
		statements := script.Split(text)
		i := slices.IndexFunc(statements, isCommand)
		if i < 0 {
			return p.runStatements(text, statements)
		}
		next := statements[i].Start
		if err := p.runStatements(text[:next], statements[:i]); err != nil {
			return err
		}
		text = text[next:]
	}
}

// isCommand reports whether what stands in the place of a statement is a command.
func isCommand(st script.Statement) bool { return strings.HasPrefix(st.Text, `\`) }

// runStatements runs the statements of a text up to the first error. An interrupt ends the one that
// runs, and those after it do not run.
func (p *Prompt) runStatements(text string, statements []script.Statement) error {
	if len(statements) == 0 {
		return nil
	}
	p.lastText = text
	return p.interruptible(func(ctx context.Context) error {
		for i, st := range statements {
			err := p.runStatement(ctx, st)
			if err != nil && len(statements) > 1 {
				return &placedError{fmt.Sprintf("statement %d of %d", i+1, len(statements)), err}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// placedError is the error of one of several statements.
type placedError struct {
	place string
	err   error
}

func (e *placedError) Error() string { return e.place + ": " + e.err.Error() }

func (e *placedError) Unwrap() error { return e.err }

func (p *Prompt) runStatement(ctx context.Context, st script.Statement) error {
	if err := ctx.Err(); err != nil { // the interrupt came when the statement before had ended
		return err
	}
	v := p.viewOf(st)
	p.last = nil
	if st.ReturnsRows() { // \watch must not repeat a write
		p.last = v
	}
	if err := p.show(ctx, v); err != nil {
		return err
	}
	switch st.Verb() {
	case "USE", "CREATE", "ALTER", "DROP":
		p.loadCatalog()
	}
	return nil
}

// viewOf returns what shows the result of a statement.
func (p *Prompt) viewOf(st script.Statement) view {
	return func(ctx context.Context, w io.Writer, o output.Options) error {
		outcome, err := p.Session.Run(ctx, st, w, o)
		if err == nil && !outcome.HasRows {
			_, err = fmt.Fprintln(w, outcome.Note())
		}
		return err
	}
}

// showAlone shows a view until it ends or the user interrupts it.
func (p *Prompt) showAlone(v view) error {
	return p.interruptible(func(ctx context.Context) error { return p.show(ctx, v) })
}

// show shows a view where results go.
func (p *Prompt) show(ctx context.Context, v view) error {
	o := p.outputOptions()
	var w io.Writer = p.out
	closeOutput := func() error { return nil }
	if p.out == nil {
		width, height := p.Streams.TerminalSize()
		o.Width, o.Color = width, p.Color
		screen := pager.New(p.Streams.Out, p.Pager, width, height)
		w, closeOutput = screen, screen.Close
	}
	shown := &timedWriter{Writer: w}
	start := time.Now()
	err := v(ctx, shown, o)
	took := time.Since(start) - shown.spent // the user may be reading in the pager
	if closeErr := closeOutput(); err == nil {
		err = closeErr
	}
	if errors.Is(err, pager.ErrClosed) {
		err = nil
	}
	if err == nil && p.lost {
		p.lost = false
		fmt.Fprintln(p.Streams.Out, "Connected again.")
		p.loadCatalog()
	}
	if p.timing {
		fmt.Fprintf(p.Streams.Out, "Time: %s\n", rounded(took))
	}
	return err
}

// outputOptions returns the options of results, wherever they go.
func (p *Prompt) outputOptions() output.Options {
	o := output.Options{Format: p.Format}
	if o.Format.ForEyes() {
		o.Null = p.Null
	}
	return o
}

// timedWriter adds up the time that writing takes.
type timedWriter struct {
	io.Writer
	spent time.Duration
}

func (w *timedWriter) Write(b []byte) (int, error) {
	start := time.Now()
	n, err := w.Writer.Write(b)
	w.spent += time.Since(start)
	return n, err
}

// rounded drops digits that no one reads.
func rounded(d time.Duration) time.Duration {
	switch {
	case d > 10*time.Second:
		return d.Round(100 * time.Millisecond)
	case d > 10*time.Millisecond:
		return d.Round(time.Millisecond)
	default:
		return d.Round(10 * time.Microsecond)
	}
}

// interruptible calls f with a context that an interrupt ends.
func (p *Prompt) interruptible(f func(context.Context) error) error {
	select {
	case <-p.interrupts: // meant for what ran before
	default:
	}
	ctx, cancel := context.WithCancel(p.ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-p.interrupts:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := f(ctx)
	cancel()
	<-watched
	return err
}

// report prints an error.
func (p *Prompt) report(err error) {
	if err == nil {
		return
	}
	word := "error"
	if p.Color {
		word = "\x1b[1;31merror\x1b[0m"
	}
	if errors.Is(err, context.Canceled) {
		at := ""
		if placed := (*placedError)(nil); errors.As(err, &placed) {
			at = " at " + placed.place
		}
		fmt.Fprintln(p.Streams.Err, "interrupted"+at+session.Doubt(err))
		return
	}
	fmt.Fprintf(p.Streams.Err, "%s: %s\n", word, stdio.ErrorText(err))
	var e *greptime.Error
	if errors.As(err, &e) && e.GRPC == codes.Unavailable {
		p.lost = true
		fmt.Fprintln(p.Streams.Err, "There is no connection. The next statement connects again, with the same database and time zone.")
	}
}

// closeOutput ends the file of \o.
func (p *Prompt) closeOutput() error {
	if p.out == nil {
		return nil
	}
	f := p.out
	p.out = nil
	return f.Close()
}
