package chart

import (
	"fmt"

	"github.com/charmbracelet/x/ansi"
)

// maxLegend is the greatest number of lines of a legend.
const maxLegend = 4

// legendOf returns the lines of the legend. A single series without a name has none.
func legendOf(series []Series, o Options) []string {
	if len(series) == 1 && series[0].Name == "" {
		return nil
	}
	var lines []string
	text, width := "", 0
	for i, s := range series {
		entry := entryOf(i, s.Name, len(series), o)
		entryWidth := ansi.StringWidth(entry)
		if width > 0 && width+2+entryWidth > o.Width {
			lines = append(lines, text)
			text, width = "", 0
		}
		if len(lines) == maxLegend-1 && width+2+entryWidth+len("  … and 1000 more") > o.Width && i < len(series)-1 {
			return append(lines, fmt.Sprintf("%s  … and %d more", text, len(series)-i))
		}
		if width > 0 {
			text, width = text+"  ", width+2
		}
		text, width = text+entry, width+entryWidth
	}
	return append(lines, text)
}

// entryOf returns the entry of a series.
func entryOf(i int, name string, total int, o Options) string {
	name = ansi.Truncate(printable(name), o.Width-len("━━ "), "…")
	switch {
	case o.Color:
		return colorOf(i) + "━━" + resetColor + " " + name
	case total > 1:
		return string(letter(i)) + " " + name
	}
	return name
}

// printable returns a name in which control characters, which would move the terminal's cursor, are
// replaced.
func printable(name string) string {
	runes := []rune(name)
	for i, r := range runes {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			runes[i] = '\ufffd'
		}
	}
	return string(runes)
}
