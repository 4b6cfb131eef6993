package demo

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Bar shows how far a load has come: a bar on a terminal, and elsewhere one line at its
// end. It is safe for concurrent use.
type Bar struct {
	out     io.Writer
	bar     *progressbar.ProgressBar // nil unless out is a terminal
	what    string
	started time.Time
	rows    atomic.Int64
}

// Rows returns a bar on stdout that counts rows.
func Rows(what string, total int64) *Bar {
	return newBar(os.Stdout, Terminal(), what, total,
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"))
}

// Bytes returns a bar on stdout that moves by bytes of a file.
func Bytes(what string, total int64) *Bar {
	return newBar(os.Stdout, Terminal(), what, total, progressbar.OptionShowBytes(true))
}

// Terminal reports whether stdout is a terminal.
func Terminal() bool { return term.IsTerminal(int(os.Stdout.Fd())) }

func newBar(out io.Writer, terminal bool, what string, total int64, options ...progressbar.Option) *Bar {
	b := &Bar{out: out, what: what, started: time.Now()}
	if terminal {
		b.bar = progressbar.NewOptions64(total, append([]progressbar.Option{
			progressbar.OptionSetWriter(out),
			progressbar.OptionSetDescription(fmt.Sprintf("%-16s", what)),
			progressbar.OptionSetWidth(30),
			progressbar.OptionSetRenderBlankState(true),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionThrottle(50 * time.Millisecond),
		}, options...)...)
	}
	return b
}

// Set moves a bar of rows.
func (b *Bar) Set(rows int64) { b.Move(rows, rows) }

// Move moves a bar to a position, at which that many rows are loaded.
func (b *Bar) Move(position, rows int64) {
	b.rows.Store(rows)
	if b.bar != nil {
		_ = b.bar.Set64(position) // fails beyond the total only, which is not worth an end
	}
}

// Done ends the line of the bar.
func (b *Bar) Done() {
	if b.bar != nil {
		fmt.Fprintln(b.out)
		return
	}
	fmt.Fprintf(b.out, "%s: %d rows in %v\n", b.what, b.rows.Load(), time.Since(b.started).Round(time.Millisecond))
}
