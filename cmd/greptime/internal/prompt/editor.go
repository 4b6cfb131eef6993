package prompt

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/reeflective/readline"

	"github.com/greptime-go/greptime/cmd/greptime/internal/complete"
	"github.com/greptime-go/greptime/cmd/greptime/internal/highlight"
	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
)

// newEditor returns the editor of lines, on the terminal of the process.
func (p *Prompt) newEditor() *readline.Shell {
	shell := readline.NewShell()
	for name, value := range map[string]any{
		"completion-ignore-case":       true,
		"enable-bracketed-paste":       true,
		"menu-complete-display-prefix": true, // the first Tab inserts what all candidates begin with
		"colored-completion-prefix":    p.Color,
		// The editor would ask the terminal where the cursor is, and lose what is typed before the
		// answer. All output ends with a newline, so the cursor is at the left, and reserveRows
		// keeps it above the last row, where the editor needs to know.
		"cursor-position-probe": false,
	} {
		_ = shell.Config.Set(name, value) // these exist
	}
	shell.Prompt.Primary(func() string {
		text := p.promptText()
		return p.reserveRows(text, string(*shell.Line())) + text
	})
	shell.AcceptMultiline = func(line []rune) bool { return isEntered(string(line)) }
	shell.Completer = p.completions
	if p.Color {
		shell.SyntaxHighlighter = func(line []rune) string { return highlight.SQL(string(line)) }
	}
	old, err := openHistory(p.History)
	if err != nil {
		fmt.Fprintf(p.Streams.Err, "The history is not complete: %v\n", err)
	}
	shell.History.Delete()
	shell.History.Add("history", old)
	return shell
}

// promptText names the database and the time zone.
func (p *Prompt) promptText() string {
	database, zone, err := p.Session.Where()
	if err != nil {
		return "> "
	}
	if p.Color {
		return fmt.Sprintf("\x1b[1m%s\x1b[0m \x1b[2m%s\x1b[0m> ", database, zone)
	}
	return fmt.Sprintf("%s %s> ", database, zone)
}

// reserveRows returns what makes room on the screen for a line and one row below it: it moves
// the cursor down, which scrolls at the end of the screen, and up again.
func (p *Prompt) reserveRows(prompt, line string) string {
	width, height := p.Streams.TerminalSize()
	if width <= 0 || height <= 1 {
		return ""
	}
	indent := ansi.StringWidth(prompt)
	rows := 0
	for part := range strings.SplitSeq(line, "\n") {
		rows += 1 + (indent+ansi.StringWidth(part))/width
	}
	rows = min(rows, height-1)
	return strings.Repeat("\v", rows) + ansi.CursorUp(rows)
}

func (p *Prompt) faint(text string) string {
	if p.Color {
		return "\x1b[2m" + text + "\x1b[0m"
	}
	return text
}

// isEntered reports whether Enter runs the text: a command, or statements that are complete.
// Otherwise it begins another line.
func isEntered(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, `\`) || leaves(text) || strings.EqualFold(text, "help") || script.IsComplete(text)
}

// leaves reports whether a text without a semicolon means the end, as in other clients.
func leaves(text string) bool {
	text = strings.TrimSuffix(strings.TrimSpace(text), ";")
	return strings.EqualFold(text, "exit") || strings.EqualFold(text, "quit")
}

// completions returns what can stand at the cursor.
func (p *Prompt) completions(line []rune, cursor int) readline.Completions {
	prefix, candidates := p.candidates(string(line[:min(cursor, len(line))]))
	if !isASCII(prefix) { // the editor counts its bytes as characters
		return readline.Completions{}
	}
	values := make([]readline.Completion, len(candidates))
	for i, c := range candidates {
		values[i] = readline.Completion{Value: c.Text, Display: c.Name, Description: c.About, Tag: c.Group}
	}
	// Without a prefix, the editor would take one: all that is before the cursor up to a space.
	if text := string(line[:min(cursor, len(line))]); prefix == "" && text != "" && strings.TrimSpace(text[len(text)-1:]) != "" && isASCII(text[len(text)-1:]) {
		prefix = text[len(text)-1:]
		for i := range values {
			values[i].Value = prefix + values[i].Value
		}
	}
	list := readline.CompleteRaw(values)
	list.PREFIX = prefix
	return list
}

// candidates completes commands, the tables in them, and SQL.
func (p *Prompt) candidates(text string) (prefix string, list []complete.Candidate) {
	command := strings.TrimLeft(text, " ")
	if !strings.HasPrefix(command, `\`) {
		return p.catalog.Complete(text)
	}
	name, args, ok := strings.Cut(command, " ")
	switch {
	case !ok:
		for _, c := range commands {
			if strings.HasPrefix(c.name, name) {
				list = append(list, complete.Candidate{Text: c.name, Name: c.name, About: c.about, Group: "commands"})
			}
		}
		return name, list
	case name == `\d`:
		return p.catalog.Complete("DESC " + args)
	case name == `\chart`:
		return p.catalog.Complete(args)
	}
	return "", nil
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
