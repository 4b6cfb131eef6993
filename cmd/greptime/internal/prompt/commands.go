package prompt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/greptime-go/greptime"

	"github.com/greptime-go/greptime/cmd/greptime/internal/chart"
	"github.com/greptime-go/greptime/cmd/greptime/internal/complete"
	"github.com/greptime-go/greptime/cmd/greptime/internal/live"
	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
	"github.com/greptime-go/greptime/cmd/greptime/internal/visible"
)

// command is a command that begins with a backslash.
type command struct {
	name, args, about string
	run               func(p *Prompt, args string) error
}

var commands []command

func init() { // commands list themselves
	commands = []command{
		{`\?`, "", "list these commands", (*Prompt).help},
		{`\chart`, "[SQL]", "draw the last result, or that of SQL, as lines", (*Prompt).chart},
		{`\d`, "[TABLE]", "list the tables, or the columns of one", (*Prompt).describe},
		{`\e`, "[FILE]", "edit the last statement, or a file, in $VISUAL or $EDITOR, and run it", (*Prompt).edit},
		{`\i`, "FILE", "run the statements in a file", (*Prompt).include},
		{`\l`, "", "list the databases", (*Prompt).list},
		{`\o`, "[FILE]", "write results to a file, or to the terminal again", (*Prompt).redirect},
		{`\q`, "", "leave; so does Ctrl-D", func(*Prompt, string) error { return errLeave }},
		{`\timing`, "[on|off]", "show how long statements take", (*Prompt).time},
		{`\watch`, "[SECONDS]", "show the last result or chart again and again, until Ctrl-C", (*Prompt).watch},
		{`\x`, "[on|off]", "show a line per value, for wide rows", (*Prompt).expand},
	}
}

// errLeave is not an error: the user leaves.
var errLeave = errors.New("leave")

// runCommand runs a line that begins with a backslash.
func (p *Prompt) runCommand(line string) error {
	c, args, err := parseCommand(line)
	if err != nil {
		return err
	}
	return c.run(p, args)
}

// parseCommand returns the command that a line names, and its arguments.
func parseCommand(line string) (c command, args string, err error) {
	line = strings.TrimRightFunc(line, func(r rune) bool { return r == ';' || unicode.IsSpace(r) })
	name := nameOf(line)
	args = strings.TrimSpace(line[len(name):])
	for _, c := range commands {
		if c.name != name {
			continue
		}
		if args != "" && c.args == "" {
			return c, "", fmt.Errorf(`%s has no arguments`, name)
		}
		return c, args, nil
	}
	return command{}, "", fmt.Errorf(`%s is not a command; \? lists them`, name)
}

// nameOf returns the name of the command that a text begins with.
func nameOf(text string) string {
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
		return text[:i]
	}
	return text
}

func (p *Prompt) help(string) error {
	for _, c := range commands {
		fmt.Fprintf(p.Streams.Out, "%-20s %s\n", c.name+" "+c.args, c.about)
	}
	fmt.Fprintln(p.Streams.Out, "\nStatements end with a semicolon and may have several lines. Ctrl-C ends a query, Tab completes,\nUSE database and SET time_zone = 'Europe/Berlin' change the session.")
	return nil
}

func (p *Prompt) list(string) error {
	return p.showAlone(p.viewOf(script.Statement{Text: "SHOW DATABASES"}))
}

func (p *Prompt) describe(table string) error {
	text := "DESC TABLE "
	if table == "" {
		database, _, err := p.Session.Where()
		if err != nil {
			return err
		}
		text = "SELECT table_name, table_type, engine FROM information_schema.tables WHERE table_schema = '" +
			strings.ReplaceAll(database, "'", "''") + "' ORDER BY table_name"
	} else {
		name, err := tableName(table)
		if err != nil {
			return err
		}
		text += name
	}
	return p.showAlone(p.viewOf(script.Statement{Text: text}))
}

// tableName returns the name of a table as it must be written in SQL, of names with or without
// quotes that points separate.
func tableName(text string) (string, error) {
	var name strings.Builder
	wantsName := true
	for t := range script.Tokens(text) {
		switch token := t.Text(text); {
		case wantsName && t.Kind == script.Word:
			name.WriteString(complete.Quote(token))
		case wantsName && t.Kind == script.Ident && !t.Open, !wantsName && token == ".":
			name.WriteString(token)
		default:
			return "", notTable(text)
		}
		wantsName = !wantsName
	}
	if wantsName {
		return "", notTable(text)
	}
	return name.String(), nil
}

func notTable(text string) error {
	return fmt.Errorf(`%s is not the name of a table; put quotes around a name that is not a word, as in \d "a-b"`, text)
}

func (p *Prompt) chart(sql string) error {
	if sql != "" {
		p.lastText = sql
	}
	statements := script.Split(p.lastText)
	if len(statements) == 0 {
		return errors.New(`there is no result yet; write \chart SELECT …`)
	}
	st := statements[len(statements)-1]
	if !st.ReturnsRows() {
		return errors.New(`the last statement has no result; write \chart SELECT …`)
	}
	p.last = func(ctx context.Context, w io.Writer, o output.Options) error {
		return greptime.Raw(ctx, p.Session.Conn, func(c *greptime.Conn) error {
			rd, err := c.QueryArrow(ctx, st.Text)
			if err != nil {
				return err
			}
			defer rd.Release()
			_, height := p.Streams.TerminalSize()
			return chart.DrawResult(w, rd, chart.Options{Color: o.Color, Zone: c.Location(), Width: o.Width}, height)
		})
	}
	return p.showAlone(p.last)
}

func (p *Prompt) watch(args string) error {
	every := 2 * time.Second
	if args != "" {
		seconds, err := strconv.ParseFloat(args, 64)
		if every = time.Duration(seconds * float64(time.Second)); err != nil || every <= 0 || every > 24*time.Hour {
			return fmt.Errorf(`\watch %s: the number of seconds must be positive, as in \watch 2`, args)
		}
	}
	if p.last == nil {
		return errors.New("the last statement has no result; run a query first")
	}
	width := func() int {
		width, _ := p.Streams.TerminalSize()
		return width
	}
	return p.interruptible(func(ctx context.Context) error {
		return live.Run(ctx, p.Streams.Out, live.Options{Every: every, Terminal: p.Streams.OutTerminal, Width: width}, func(ctx context.Context) (string, error) {
			width, height := p.Streams.TerminalSize()
			frame := live.NewFrame(height)
			o := p.outputOptions()
			o.Width, o.Color = width, p.Color
			err := p.last(ctx, frame, o)
			return frame.String(), err
		})
	})
}

func (p *Prompt) expand(args string) error {
	on := p.Format == output.Vertical
	if err := toggle(&on, args); err != nil {
		return fmt.Errorf(`\x %s: %w`, args, err)
	}
	p.Format = p.rows
	if on {
		p.Format = output.Vertical
	}
	fmt.Fprintf(p.Streams.Out, "A line per value is %s.\n", onOff(on))
	return nil
}

func (p *Prompt) time(args string) error {
	if err := toggle(&p.timing, args); err != nil {
		return fmt.Errorf(`\timing %s: %w`, args, err)
	}
	fmt.Fprintf(p.Streams.Out, "Timing is %s.\n", onOff(p.timing))
	return nil
}

// toggle sets a switch to on or off, or to what it is not.
func toggle(v *bool, args string) error {
	switch args {
	case "":
		*v = !*v
	case "on":
		*v = true
	case "off":
		*v = false
	default:
		return errors.New("write on or off")
	}
	return nil
}

func onOff(v bool) string {
	if v {
		return "on"
	}
	return "off"
}

// readFile reads a file unless ctx has ended when it is open, so that a pipe is left to the next
// reader.
func readFile(ctx context.Context, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

func (p *Prompt) include(path string) error {
	if path == "" {
		return errors.New(`\i needs a file`)
	}
	return p.interruptible(func(ctx context.Context) error {
		text, err := stdio.Await(ctx, func() ([]byte, error) { return readFile(ctx, inHome(path)) })
		if err != nil {
			return err
		}
		for _, st := range script.Split(script.OfFile(text)) {
			err := errCommandInFile
			if !isCommand(st) {
				p.lastText = st.Text
				err = p.runStatement(ctx, st)
			}
			if err != nil {
				return &placedError{fmt.Sprintf("%s, line %d (the statements before it ran, those after it did not)", path, st.Line), err}
			}
		}
		return nil
	})
}

var errCommandInFile = errors.New("commands that begin with a backslash are for the prompt, and a file has statements only")

func (p *Prompt) redirect(path string) error {
	if err := p.closeOutput(); err != nil || path == "" {
		return err
	}
	f, err := os.Create(inHome(path))
	if err != nil {
		return err
	}
	p.out = f
	fmt.Fprintf(p.Streams.Out, "Results go to %s. \\o shows them here again.\n", path)
	return nil
}

// inHome returns a path whose ~/ is the home folder.
func inHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}

func (p *Prompt) edit(path string) error {
	before := p.lastText
	if path == "" {
		f, err := os.CreateTemp("", "greptime-*.sql")
		if err != nil {
			return err
		}
		path = f.Name()
		defer os.Remove(path)
		_, err = f.WriteString(before + "\n")
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	} else {
		path = inHome(path)
		data, _ := os.ReadFile(path) // it may be a new file
		before = script.OfFile(data)
	}
	editor := strings.Fields(p.editorCommand())
	cmd := exec.Command(editor[0], append(editor[1:], path)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.Streams.In, p.Streams.Out, p.Streams.Err
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w; the variable EDITOR chooses another editor", editor[0], err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(script.OfFile(data))
	if text == strings.TrimSpace(before) {
		fmt.Fprintln(p.Streams.Out, "Nothing has changed, so nothing runs.")
		return nil
	}
	fmt.Fprintln(p.Streams.Out, p.faint(visible.Text(text)))
	return p.run(text)
}

// editorCommand returns the user's editor.
func (p *Prompt) editorCommand() string {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if editor := strings.TrimSpace(p.Streams.Env(name)); editor != "" {
			return editor
		}
	}
	if runtime.GOOS == "windows" {
		return "notepad"
	}
	return "vi"
}
