package chart

import (
	"fmt"

	"github.com/charmbracelet/x/ansi"

	"github.com/greptime-go/greptime/cmd/greptime/internal/visible"
)

// maxLegend is the greatest number of lines of a legend.
const maxLegend = 4

// omission is the longest text in place of the series for which the legend has no space.
const omission = "  … and 1000 more"

// legendOf returns the lines of the legend. A single series without a name has none.
func legendOf(series []Series, o Options) []string {
	if len(series) == 1 && series[0].Name == "" {
		return nil
	}
	most := min(max(o.Height-timeLines-minPlotHeight, 1), maxLegend)
	lines, width := []string{""}, 0
	for i, s := range series {
		entry := entryOf(i, s.Name, len(series), o)
		needed := 2 + ansi.StringWidth(entry)
		if i < len(series)-1 && len(lines) == most {
			needed += ansi.StringWidth(omission)
		}
		switch {
		case width == 0 || width+needed <= o.Width:
		case len(lines) == most:
			lines[most-1] += fmt.Sprintf("  … and %d more", len(series)-i)
			return lines
		default:
			lines, width = append(lines, ""), 0
		}
		if width > 0 {
			entry = "  " + entry
		}
		lines[len(lines)-1] += entry
		width += ansi.StringWidth(entry)
	}
	return lines
}

// entryOf returns the entry of a series.
func entryOf(i int, name string, total int, o Options) string {
	name = ansi.Truncate(visible.Line(name), o.Width-ansi.StringWidth("━━ "+omission), "…")
	switch {
	case o.Color:
		return colorOf(i) + "━━" + resetColor + " " + name
	case total > 1:
		return string(letter(i)) + " " + name
	}
	return name
}
