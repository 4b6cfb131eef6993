package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/greptime-go/greptime/cmd/greptime/internal/visible"
)

// Style is how checks are printed.
type Style struct {
	Color bool
	Width int // of the terminal, in cells; 0 does not break lines
}

// nameWidth is the width of the longest name of a check.
const nameWidth = len("insert service")

var signs = map[Status]struct{ sign, color string }{
	OK:      {"✓", "\x1b[32m"},
	Warning: {"!", "\x1b[33m"},
	Problem: {"✗", "\x1b[31m"},
	Skipped: {"–", "\x1b[2m"},
}

// Print prints a check for a person. It leaves out one that was skipped; [PrintSkipped] names all of
// these.
func Print(w io.Writer, c Check, s Style) {
	if c.Status != Skipped {
		print(w, c, s)
	}
}

// PrintSkipped names the checks that were skipped, in one line.
func PrintSkipped(w io.Writer, checks []Check, s Style) {
	var names []string
	for _, c := range checks {
		if c.Status == Skipped {
			names = append(names, c.Name)
		}
	}
	if len(names) > 0 {
		print(w, Check{Name: "not checked", Status: Skipped, Finding: strings.Join(names, ", ")}, s)
	}
}

func print(w io.Writer, c Check, s Style) {
	sign := signs[c.Status].sign
	if s.Color {
		sign = signs[c.Status].color + sign + "\x1b[0m"
	}
	margin := strings.Repeat(" ", nameWidth+4)
	lines := wrap(visible.Text(c.Finding), s.Width-len(margin))
	if c.Remedy != "" {
		for i, line := range wrap(visible.Text(c.Remedy), s.Width-len(margin)-2) {
			lines = append(lines, []string{"→ ", "  "}[min(i, 1)]+line)
		}
	}
	fmt.Fprintf(w, "%s %-*s  %s\n", sign, nameWidth, c.Name, strings.Join(lines, "\n"+margin))
}

func wrap(text string, width int) []string {
	if width >= 20 {
		text = ansi.Wordwrap(text, width, "")
	}
	return strings.Split(text, "\n")
}

// PrintJSON prints all checks as one JSON object.
func PrintJSON(w io.Writer, checks []Check) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(struct {
		OK     bool    `json:"ok"`
		Checks []Check `json:"checks"`
	}{Count(checks, Problem) == 0, checks})
}

// Count returns how many checks have a status.
func Count(checks []Check, s Status) int {
	n := 0
	for _, c := range checks {
		if c.Status == s {
			n++
		}
	}
	return n
}
