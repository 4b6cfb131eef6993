package greptimetest

import (
	"encoding/binary"
	"errors"

	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// messageField returns a scalar field of the table at the root of a flatbuffer, or nil if
// it is absent. It checks everything, because the bytes come from outside.
func messageField(b []byte, field, size int) ([]byte, error) {
	bad := errors.New("the header is not an IPC message")
	if len(b) < 8 {
		return nil, bad
	}
	table := int(binary.LittleEndian.Uint32(b))
	if table < 4 || table > len(b)-4 {
		return nil, bad
	}
	vtable := table - int(int32(binary.LittleEndian.Uint32(b[table:])))
	if vtable < 0 || vtable > len(b)-4 {
		return nil, bad
	}
	end := vtable + int(binary.LittleEndian.Uint16(b[vtable:]))
	if end > len(b) {
		return nil, bad
	}
	at := vtable + 4 + 2*field
	if at+2 > end {
		return nil, nil
	}
	off := int(binary.LittleEndian.Uint16(b[at:]))
	if off == 0 {
		return nil, nil
	}
	if table+off+size > len(b) {
		return nil, bad
	}
	return b[table+off : table+off+size], nil
}

// messageKind returns the type of an IPC message: the second field of its table.
func messageKind(header []byte) (ipc.MessageType, error) {
	f, err := messageField(header, 1, 1)
	if err != nil || f == nil {
		return ipc.MessageNone, err
	}
	return ipc.MessageType(f[0]), nil
}

// bodyLength returns the length of the body according to an IPC message.
func bodyLength(header []byte) int64 {
	f, err := messageField(header, 3, 8)
	if err != nil || f == nil {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(f))
}
