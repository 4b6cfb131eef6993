package live

import "strings"

// Frame keeps the first lines of what is written to it, as many as fit on a terminal.
type Frame struct {
	strings.Builder
	lines int // to keep; -1 keeps all
}

// NewFrame returns a Frame for a terminal of this height, of which one line is left for a note. 0
// stands for no terminal.
func NewFrame(height int) *Frame {
	if height <= 0 {
		return &Frame{lines: -1}
	}
	return &Frame{lines: max(height-1, 1)}
}

func (f *Frame) Write(p []byte) (int, error) {
	for _, b := range p {
		if f.lines == 0 {
			break
		}
		f.WriteByte(b)
		if b == '\n' && f.lines > 0 {
			f.lines--
		}
	}
	return len(p), nil
}
