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
)

// Options are what a Prompt works with.
type Options struct {
	Session *session.Session
	Streams stdio.Streams
	Format  output.Format // of results
	Null    *string       // as in output.Options
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

	out      *os.File // of \o; nil is the terminal
	timing   bool
	lost     bool   // the last statement found no server
	last     view   // what \watch shows again
	lastText string // what \e edits
}

// view shows a result, as often as it is called.
type view func(ctx context.Context, w io.Writer, o output.Options) error

// New returns a Prompt whose work ends with ctx.
func New(ctx context.Context, o Options) *Prompt {
	return &Prompt{Options: o, ctx: ctx, interrupts: make(chan os.Signal, 1)}
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
	fmt.Fprintf(p.Streams.Out, "%s, GreptimeDB %s. \\? lists the commands, \\q leaves.\n", p.Greets, version)
}

// loadCatalog reads the tables for completion, in the background.
func (p *Prompt) loadCatalog() {
	database, _, err := p.Session.Where()
	if err != nil {
		return
	}
	p.background.Go(func() {
		_ = p.catalog.Load(p.ctx, p.Session.DB, database) // without it, only keywords and functions are completed
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
	var err error
	if strings.HasPrefix(text, `\`) {
		err = p.runCommand(text)
	} else {
		err = p.runStatements(text)
	}
	if errors.Is(err, errLeave) {
		return true
	}
	p.report(err)
	return false
}

// runStatements runs statements up to the first error.
func (p *Prompt) runStatements(text string) error {
	statements := script.Split(text)
	if len(statements) > 0 {
		p.lastText = text
	}
	for i, st := range statements {
		err := p.runStatement(st)
		if err != nil && len(statements) > 1 {
			return fmt.Errorf("statement %d of %d: %w", i+1, len(statements), err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *Prompt) runStatement(st script.Statement) error {
	v := p.viewOf(st)
	p.last = nil
	if st.ReturnsRows() { // \watch must not repeat a write
		p.last = v
	}
	if err := p.show(v); err != nil {
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

// show shows a view where results go, until it ends or the user interrupts it.
func (p *Prompt) show(v view) error {
	o := output.Options{Format: p.Format, Null: p.Null}
	var w io.Writer = p.out
	closeOutput := func() error { return nil }
	if p.out == nil {
		width, height := p.Streams.TerminalSize()
		o.Width, o.Color = width, p.Color
		screen := pager.New(p.Streams.Out, p.Pager, width, height)
		w, closeOutput = screen, screen.Close
	}
	start := time.Now()
	err := p.interruptible(func(ctx context.Context) error { return v(ctx, w, o) })
	took := time.Since(start)
	if closeErr := closeOutput(); err == nil {
		err = closeErr
	}
	if errors.Is(err, pager.ErrClosed) {
		err = nil
	}
	if err == nil && p.lost {
		p.lost = false
		fmt.Fprintln(p.Streams.Out, "Connected again.")
	}
	if p.timing {
		fmt.Fprintf(p.Streams.Out, "Time: %s\n", rounded(took))
	}
	return err
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
		fmt.Fprintln(p.Streams.Err, "interrupted")
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
