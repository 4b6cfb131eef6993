package recordbatch

// history is how well a column's buffers could be compressed so far. Most columns continue
// as they began, so of those that gain too little only one buffer in many is tried.
type history struct {
	poor int // buffers, one after the other, that gained too little
	skip int // how many are not tried
}

// A column is skipped after poorBuffers buffers that gained too little, for skippedBuffers.
const (
	poorBuffers    = 2
	skippedBuffers = 30
)

// shouldTry reports whether to try to compress the next buffer.
func (h *history) shouldTry() bool {
	if h.skip == 0 {
		return true
	}
	h.skip--
	return false
}

// record notes whether compressing a buffer paid.
func (h *history) record(pays bool) {
	if pays {
		h.poor = 0
	} else if h.poor++; h.poor >= poorBuffers {
		h.skip = skippedBuffers
	}
}
