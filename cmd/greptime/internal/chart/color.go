package chart

import "strconv"

// colors are the colours of the lines, by the numbers of the terminal's palette, which its user
// chooses: first those that differ most on dark and on light backgrounds.
var colors = []int{36, 35, 32, 33, 34, 31, 96, 95, 92, 93, 94, 91}

const resetColor = "\x1b[0m"

// colorOf returns the escape sequence for the colour of a series.
func colorOf(series int) string { return "\x1b[" + strconv.Itoa(colors[series%len(colors)]) + "m" }
