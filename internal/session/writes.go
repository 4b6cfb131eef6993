package session

import "sync/atomic"

// Writes counts the writes that a transaction cannot undo: those that were or may have been
// executed, and those that are to be sent. A nil *Writes counts nothing. It is safe for
// concurrent use.
type Writes struct{ n atomic.Int64 }

// Add adds n writes, before they are sent.
func (w *Writes) Add(n int) {
	if w != nil {
		w.n.Add(int64(n))
	}
}

// TakeBack takes back n writes that were added and of which it is proved that nothing was
// written.
func (w *Writes) TakeBack(n int) { w.Add(-n) }

// Any reports whether there are writes that were not taken back.
func (w *Writes) Any() bool { return w.n.Load() > 0 }
