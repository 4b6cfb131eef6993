// Package pager shows long output with the user's pager.
package pager

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// ErrClosed reports that the user left the pager before the end of the output.
var ErrClosed = errors.New("the pager was closed")

// Pager writes to a terminal what fits on its screen. As soon as there is more, it starts
// the user's pager and writes all to it.
type Pager struct {
	out           io.Writer
	command       []string
	width, height int

	held  bytes.Buffer // less than a screen, while the pager does not run
	lines int          // in held
	cmd   *exec.Cmd
	pipe  io.WriteCloser
	plain bool // held has been written, because there is no pager
}

// New returns a Pager for a terminal of this size. command is the pager with its arguments;
// if it is "" or cannot be started, all output goes to out. So it does if the size is not known,
// which is 0, because nobody can say then what does not fit.
func New(out io.Writer, command string, width, height int) *Pager {
	if width <= 0 || height <= 0 {
		command = ""
	}
	return &Pager{out: out, command: strings.Fields(command), width: width, height: height}
}

// Command returns the pager that the settings and the environment choose: PAGER, or less.
// It is "" for "never" and "off", and if PAGER is cat.
func Command(choice string, getenv func(string) string) string {
	if choice == "" {
		choice = "auto"
	}
	switch choice {
	case "never", "off":
		return ""
	case "auto":
	default:
		return choice
	}
	command := getenv("PAGER")
	if command == "" {
		command = "less"
	}
	if command == "cat" {
		return ""
	}
	return command
}

// Write writes b, or holds it until there is more than a screen.
func (p *Pager) Write(b []byte) (int, error) {
	switch {
	case p.pipe != nil:
		n, err := p.pipe.Write(b)
		if err != nil {
			return n, ErrClosed
		}
		return n, nil
	case p.plain:
		return p.out.Write(b)
	}
	p.held.Write(b)
	if !p.isLong(b) {
		return len(b), nil
	}
	p.start()
	rest := bytes.Clone(p.held.Bytes())
	p.held = bytes.Buffer{}
	if p.pipe == nil {
		p.plain = true
	}
	if _, err := p.Write(rest); err != nil {
		return 0, err
	}
	return len(b), nil
}

// isLong reports whether the output, which now ends with b, is more than a screen.
func (p *Pager) isLong(b []byte) bool {
	for line := range bytes.Lines(b) {
		if bytes.HasSuffix(line, []byte("\n")) {
			p.lines++
		}
		if p.lines >= p.height-1 || ansi.StringWidth(string(bytes.TrimSuffix(line, []byte("\n")))) > p.width {
			return true
		}
	}
	return false
}

// start starts the pager, if there is one.
func (p *Pager) start() {
	if len(p.command) == 0 {
		return
	}
	cmd := exec.Command(p.command[0], p.command[1:]...)
	cmd.Stdout, cmd.Stderr = p.out, os.Stderr
	cmd.Env = os.Environ()
	if _, ok := os.LookupEnv("LESS"); !ok {
		cmd.Env = append(cmd.Env, "LESS=-RS") // colours, and no wrapped lines
	}
	pipe, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		return
	}
	p.cmd, p.pipe = cmd, pipe
}

// Close writes what is held, or waits until the user leaves the pager.
func (p *Pager) Close() error {
	if p.pipe == nil {
		_, err := p.out.Write(p.held.Bytes())
		p.held.Reset()
		return err
	}
	p.pipe.Close()
	p.cmd.Wait() // its status says nothing about the output
	return nil
}
