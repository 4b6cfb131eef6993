package prompt

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/reeflective/readline"

	"github.com/greptime-go/greptime/cmd/greptime/internal/complete"
	"github.com/greptime-go/greptime/cmd/greptime/internal/highlight"
	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
	"github.com/greptime-go/greptime/cmd/greptime/internal/visible"
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
		// Otherwise the letters of Latin-1, such as ö, would be commands.
		"convert-meta": false,
	} {
		_ = shell.Config.Set(name, value) // these exist
	}
	insertWholeCharacters(shell)
	shell.Prompt.Primary(func() string {
		text := p.promptText()
		return p.reserveRows(text, string(*shell.Line())) + text
	})
	shell.AcceptMultiline = func(line []rune) bool { return isEntered(string(line)) }
	shell.PasteTransformer = withoutControls
	shell.Completer = func(line []rune, cursor int) readline.Completions { return p.completions(shell, line, cursor) }
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

// insertWholeCharacters changes the editor's command for a key that is a character. The editor's own
// inserts only the first code point, and letters of Latin-1 as if they were control characters.
func insertWholeCharacters(shell *readline.Shell) {
	insert := shell.Keymap.Commands()["self-insert"]
	shell.Keymap.Register(map[string]func(){"self-insert": func() {
		keys := shell.Keys.Caller()
		if len(keys) == 1 && keys[0] < utf8.RuneSelf {
			insert()
			return
		}
		shell.History.SkipSave()
		shell.Cursor().InsertAt([]rune(withoutControls(string(keys)))...)
	}})
}

// promptText names the database and the time zone.
func (p *Prompt) promptText() string {
	database, zone, err := p.Session.Where()
	if err != nil {
		return "> "
	}
	database = visible.Line(database)
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

// isEntered reports whether Enter runs the text: it ends with a command or a complete statement.
// Otherwise Enter begins another line.
func isEntered(text string) bool {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, `\`) || leaves(text) || strings.EqualFold(text, "help") || script.IsComplete(text) {
		return true
	}
	statements := script.Split(text)
	return len(statements) > 0 && isCommand(statements[len(statements)-1])
}

// leaves reports whether a text without a semicolon means the end, as in other clients.
func leaves(text string) bool {
	text = strings.TrimSuffix(strings.TrimSpace(text), ";")
	return strings.EqualFold(text, "exit") || strings.EqualFold(text, "quit")
}

// completions returns what can stand at the cursor.
//
// The editor takes only candidates that begin with the prefix, in any case, and counts the bytes of
// the prefix as characters. So a name that needs quotes gets its first one here, and names with other
// letters than those of English are completed here, as far as they are the same, without a list.
func (p *Prompt) completions(shell *readline.Shell, line []rune, cursor int) readline.Completions {
	cursor = min(cursor, len(line))
	before := string(line[:cursor])
	prefix, candidates := p.candidates(string(line), len(before))
	if len(candidates) == 0 {
		return readline.Completions{}
	}
	replacePrefix := func(text string) {
		before = strings.TrimSuffix(before, prefix) + text
		shell.Line().Set(append([]rune(before), line[cursor:]...)...)
		shell.Cursor().Set(utf8.RuneCountInString(before))
		prefix = text
	}
	if exact := withPrefix(candidates, prefix); !isASCII(prefix) && len(exact) > 0 {
		candidates = exact
	}
	common := commonPrefix(candidates)
	switch {
	case !isASCII(prefix), !isASCII(common):
		if len(common) > len(prefix) {
			replacePrefix(common)
		}
		return readline.Completions{}
	case !slices.ContainsFunc(candidates, func(c complete.Candidate) bool { return beginsWith(c.Text, prefix) }):
		replacePrefix(`"` + strings.TrimLeft(prefix, "\"`"))
	}
	values := make([]readline.Completion, len(candidates))
	for i, c := range candidates {
		values[i] = readline.Completion{Value: c.Text, Display: c.Name, Description: c.About, Tag: c.Group}
	}
	// Without a prefix, the editor would take one: all that is before the cursor up to a space.
	if last := before[max(0, len(before)-1):]; prefix == "" && strings.TrimSpace(last) != "" && isASCII(last) {
		prefix = last
		for i := range values {
			values[i].Value = prefix + values[i].Value
		}
	}
	list := readline.CompleteRaw(values)
	list.PREFIX = prefix
	return list
}

// withPrefix returns the candidates whose texts begin with a prefix.
func withPrefix(candidates []complete.Candidate, prefix string) []complete.Candidate {
	return slices.DeleteFunc(slices.Clone(candidates), func(c complete.Candidate) bool { return !strings.HasPrefix(c.Text, prefix) })
}

// commonPrefix returns what the texts of all candidates begin with.
func commonPrefix(candidates []complete.Candidate) string {
	prefix := candidates[0].Text
	for _, c := range candidates {
		for !strings.HasPrefix(c.Text, prefix) {
			_, size := utf8.DecodeLastRuneInString(prefix)
			prefix = prefix[:len(prefix)-size]
		}
	}
	return prefix
}

// beginsWith reports whether s begins with prefix, in any case.
func beginsWith(s, prefix string) bool {
	return strings.HasPrefix(strings.ToLower(s), strings.ToLower(prefix))
}

// candidates completes commands, the tables in them, and SQL, at the cursor, which is a byte of text.
func (p *Prompt) candidates(text string, cursor int) (prefix string, list []complete.Candidate) {
	start := strings.LastIndexByte(text[:cursor], '\n') + 1
	command := strings.TrimLeft(text[start:cursor], " ")
	if !strings.HasPrefix(command, `\`) {
		return p.catalog.Complete(text, cursor)
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
		return p.catalog.Complete("DESC "+args, len("DESC ")+len(args))
	case name == `\chart`:
		return p.catalog.Complete(args+text[cursor:], len(args))
	}
	return "", nil
}

// withoutControls returns text without control characters, which the editor would send to the
// terminal, but for line breaks and tabs.
func withoutControls(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
