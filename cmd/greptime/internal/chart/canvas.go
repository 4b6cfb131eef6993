package chart

import "strings"

// The dots of a cell.
const (
	dotsX = 2
	dotsY = 4
)

// canvas is a grid of cells in which dots are set. A cell has the colour of the series that set its
// last dot.
type canvas struct {
	width, height int // in cells
	cells         []cell
}

type cell struct {
	dots   uint8 // as in the Braille block of Unicode
	letter rune  // in place of the dots, unless 0
	series int
}

func newCanvas(width, height int) *canvas {
	return &canvas{width, height, make([]cell, width*height)}
}

// brailleBits are the bits of the dots of a cell, by column and row.
var brailleBits = [dotsX][dotsY]uint8{{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}}

// set sets the dot x from the left and y from the top. It ignores dots outside the canvas.
func (c *canvas) set(x, y, series int) {
	if x < 0 || y < 0 || x >= c.width*dotsX || y >= c.height*dotsY {
		return
	}
	cell := &c.cells[y/dotsY*c.width+x/dotsX]
	cell.dots |= brailleBits[x%dotsX][y%dotsY]
	cell.series = series
}

// drawLine sets the dots between two dots, by Bresenham's algorithm.
func (c *canvas) drawLine(x0, y0, x1, y1, series int) {
	dx, dy := abs(x1-x0), -abs(y1-y0)
	stepX, stepY := sign(x1-x0), sign(y1-y0)
	for remainder := dx + dy; ; {
		c.set(x0, y0, series)
		if x0 == x1 && y0 == y1 {
			return
		}
		twice := 2 * remainder
		if twice >= dy {
			remainder += dy
			x0 += stepX
		}
		if twice <= dx {
			remainder += dx
			y0 += stepY
		}
	}
}

// write writes a letter in place of the dots of a cell.
func (c *canvas) write(column, row int, letter rune) {
	if column >= 0 && row >= 0 && column < c.width && row < c.height {
		c.cells[row*c.width+column].letter = letter
	}
}

// line returns a row as text without spaces at its end, with or without colours.
func (c *canvas) line(row int, color bool) string {
	var b strings.Builder
	colored := -1 // the series whose colour is on
	spaces := 0
	for _, cell := range c.cells[row*c.width : (row+1)*c.width] {
		if cell.dots == 0 && cell.letter == 0 {
			spaces++
			continue
		}
		for ; spaces > 0; spaces-- {
			b.WriteByte(' ')
		}
		if color && cell.series != colored {
			b.WriteString(colorOf(cell.series))
			colored = cell.series
		}
		if cell.letter != 0 {
			b.WriteRune(cell.letter)
		} else {
			b.WriteRune(0x2800 + rune(cell.dots))
		}
	}
	if colored >= 0 {
		b.WriteString(resetColor)
	}
	return b.String()
}

func abs(n int) int { return max(n, -n) }

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return +1
	}
	return 0
}
