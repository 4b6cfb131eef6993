package wiretest

import "encoding/binary"

// ResetCode is the error code of an RST_STREAM frame (RFC 9113, section 7).
type ResetCode uint32

// The codes, and the status that grpc-go 1.85 turns each into in a client.
const (
	ResetNoError         ResetCode = 0x0 // Internal
	ResetInternal        ResetCode = 0x2 // Internal
	ResetRefused         ResetCode = 0x7 // Unavailable; not processed, so gRPC may repeat the call by itself
	ResetCancel          ResetCode = 0x8 // Canceled
	ResetEnhanceYourCalm ResetCode = 0xb // ResourceExhausted
)

const (
	frameHeaderLen = 9

	frameData         = 0x0
	frameHeaders      = 0x1
	frameRSTStream    = 0x3
	frameGoAway       = 0x7
	frameContinuation = 0x9

	flagEndStream  = 0x1
	flagEndHeaders = 0x4
)

// rstStream returns an RST_STREAM frame.
func rstStream(id uint32, code ResetCode) []byte {
	b := []byte{0, 0, 4, frameRSTStream, 0}
	b = binary.BigEndian.AppendUint32(b, id)
	return binary.BigEndian.AppendUint32(b, uint32(code))
}

// goAway returns a GOAWAY frame. Streams with a number above last are not processed.
func goAway(last uint32, code ResetCode) []byte {
	b := []byte{0, 0, 8, frameGoAway, 0, 0, 0, 0, 0}
	b = binary.BigEndian.AppendUint32(b, last)
	return binary.BigEndian.AppendUint32(b, uint32(code))
}

// frames parses the HTTP/2 frames that a server writes, from the first byte of the
// connection on.
//
// It counts as response bytes the payloads of HEADERS, CONTINUATION and DATA frames. It
// does not count the headers of frames and all other frames, because their number depends
// on timing: how flow control splits the data, when windows are updated. The counted bytes
// are the same in every run of a script.
type frames struct {
	response int64   // response bytes so far
	statuses []int64 // response bytes at the end of each status, in order

	header  [frameHeaderLen]byte
	have    int  // bytes of the header
	left    int  // bytes of the payload still to come
	ending  bool // the stream ends with the CONTINUATION frames to come
	streams map[uint32]*messages
}

// boundary reports whether every frame that has begun has ended.
func (f *frames) boundary() bool { return f.have == 0 && f.left == 0 }

// inResponse reports whether the next byte is a response byte.
func (f *frames) inResponse() bool { return f.left > 0 && f.counts() }

func (f *frames) counts() bool {
	switch f.header[3] {
	case frameData, frameHeaders, frameContinuation:
		return f.stream() != 0
	}
	return false
}

func (f *frames) stream() uint32 {
	return binary.BigEndian.Uint32(f.header[5:]) & (1<<31 - 1)
}

// next consumes bytes of p: of one frame header, or of one payload, and at most limit
// response bytes. It returns the number of bytes consumed.
func (f *frames) next(p []byte, limit int64) int {
	if f.left == 0 {
		n := copy(f.header[f.have:], p)
		f.have += n
		if f.have == frameHeaderLen {
			f.left = int(f.header[0])<<16 | int(f.header[1])<<8 | int(f.header[2])
			if f.left == 0 {
				f.endFrame()
			}
		}
		return n
	}
	n := min(f.left, len(p))
	if f.counts() {
		n = int(min(int64(n), limit))
		f.response += int64(n)
		if f.header[3] == frameData {
			f.messages(f.stream()).write(p[:n])
		}
	}
	f.left -= n
	if f.left == 0 {
		f.endFrame()
	}
	return n
}

func (f *frames) endFrame() {
	f.have = 0
	typ, flags := f.header[3], f.header[4]
	switch typ {
	case frameHeaders:
		f.ending = flags&flagEndStream != 0
	case frameContinuation:
	case frameRSTStream:
		delete(f.streams, f.stream())
		return
	default:
		return
	}
	if f.ending && flags&flagEndHeaders != 0 {
		f.statuses = append(f.statuses, f.response)
		delete(f.streams, f.stream())
	}
}

// messages returns the counter of a stream.
func (f *frames) messages(id uint32) *messages {
	m := f.streams[id]
	if m == nil {
		if f.streams == nil {
			f.streams = map[uint32]*messages{}
		}
		m = &messages{}
		f.streams[id] = m
	}
	return m
}

// messages counts the gRPC messages that have been written in full on a stream.
type messages struct {
	written int64
	prefix  [5]byte // compressed flag, length
	have    int     // bytes of the prefix
	left    uint32  // bytes of the message still to come
}

func (m *messages) write(p []byte) {
	for len(p) > 0 {
		if m.left == 0 {
			n := copy(m.prefix[m.have:], p)
			m.have += n
			p = p[n:]
			if m.have < len(m.prefix) {
				return
			}
			m.have = 0
			m.left = binary.BigEndian.Uint32(m.prefix[1:])
			if m.left == 0 {
				m.written++
			}
			continue
		}
		n := min(len(p), int(m.left))
		p = p[n:]
		m.left -= uint32(n)
		if m.left == 0 {
			m.written++
		}
	}
}
