package load

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/greptime-go/greptime/flightdecode"
)

// ipcFile reads the messages of an Arrow file. The footer has the schema, and says where the
// dictionaries and the record batches are. What else is between them, each writer does its way.
type ipcFile struct {
	file    *os.File
	end     int64   // where the footer begins
	schema  []byte  // the header of its message; nil when that was read
	offsets []int64 // of dictionaries, which may lie anywhere, and then of record batches
	done    int     // of them
	buffer  *bufio.Reader

	dictionaries int            // of the offsets
	seen         map[int64]bool // the ids of dictionaries
}

func openIPCFile(f *os.File) (*ipcFile, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	tail := make([]byte, 4+len(magicArrow)) // the footer's length, and the magic
	end := size - int64(len(tail))
	if end < 8 {
		return nil, io.ErrUnexpectedEOF
	}
	if _, err := f.ReadAt(tail, end); err != nil {
		return nil, err
	}
	if !bytes.Equal(tail[4:], magicArrow) {
		return nil, fmt.Errorf("it does not end with %s", magicArrow)
	}
	length := int64(binary.LittleEndian.Uint32(tail))
	if length > end-8 {
		return nil, fmt.Errorf("a footer of %d bytes is impossible", length)
	}
	if most := mostIPCHeader - int64(len(schemaMessage)); length > most {
		return nil, fmt.Errorf("a footer of %d bytes is more than the %d that are supported; write the file with more rows in a batch", length, most)
	}
	footer := make([]byte, length)
	if _, err := f.ReadAt(footer, end-length); err != nil {
		return nil, err
	}
	a := &ipcFile{file: f, end: end - length, buffer: bufio.NewReaderSize(nil, 256<<10), seen: map[int64]bool{}}
	return a, a.readFooter(footer)
}

// Slots of Footer, and the size of the struct Block, which begins with an offset.
const (
	footerSchema        = 1
	footerDictionaries  = 2
	footerRecordBatches = 3
	footerBlockSize     = 24
)

// schemaMessage is a Message, a FlatBuffer whose header is the Schema at a distance behind it,
// which is not set.
var schemaMessage = [32]byte{
	0: 16,                             // the table is at 16
	4: 10, 6: 12, 8: 8, 10: 10, 12: 4, // its vtable: sizes, and where version, type and header are
	16: 12,       // the vtable is 12 before it
	24: 4, 26: 1, // version V5, Schema
}

// readFooter takes what the footer says. It panics if an offset in it leads out of it.
func (a *ipcFile) readFooter(b []byte) error {
	footer := rootTable(b)
	schema := footer.follow(footerSchema)
	if schema == 0 {
		return errors.New("its footer has no schema")
	}
	message := schemaMessage
	binary.LittleEndian.PutUint32(message[20:], uint32(len(message)-20+schema))
	a.schema = append(message[:], b...)
	for _, slot := range []int{footerDictionaries, footerRecordBatches} {
		vector := footer.follow(slot)
		if vector == 0 {
			continue
		}
		blocks, count := b[vector+4:], binary.LittleEndian.Uint32(b[vector:])
		if int64(count)*footerBlockSize > int64(len(blocks)) {
			return fmt.Errorf("its footer cannot have %d messages", count)
		}
		for ; count > 0; count, blocks = count-1, blocks[footerBlockSize:] {
			at := int64(binary.LittleEndian.Uint64(blocks))
			if at < 8 || at >= a.end {
				return fmt.Errorf("its footer says that a message is at byte %d", at)
			}
			a.offsets = append(a.offsets, at)
		}
		if slot == footerDictionaries {
			a.dictionaries = len(a.offsets)
		}
	}
	return nil
}

// next reads a message. It returns io.EOF behind the last one.
func (a *ipcFile) next(m *flightdecode.Message) error {
	if a.schema != nil {
		m.Header, a.schema = a.schema, nil
		return nil
	}
	if a.done == len(a.offsets) {
		return io.EOF
	}
	at := a.offsets[a.done]
	a.done++
	a.buffer.Reset(io.NewSectionReader(a.file, at, a.end-at))
	err := (&ipcMessages{r: a.buffer}).next(m)
	if err == io.EOF {
		return damage{fmt.Errorf("there is no message at byte %d, where its footer says that one is", at)}
	}
	if err == nil && a.done <= a.dictionaries {
		return a.checkDictionary(m.Header)
	}
	return err
}

// Slots of Message and DictionaryBatch.
const (
	messageHeader     = 2
	dictionaryID      = 0
	dictionaryIsDelta = 2
)

// checkDictionary returns an error for a dictionary that replaces another one, as in a stream: it
// is not known for which record batches. It panics if an offset leads out of the header.
func (a *ipcFile) checkDictionary(header []byte) error {
	batch := rootTable(header)
	if batch.pos = batch.follow(messageHeader); batch.pos == 0 {
		return nil // flightdecode refuses it
	}
	id := int64(0)
	if at := batch.field(dictionaryID); at != 0 {
		id = int64(binary.LittleEndian.Uint64(header[at:]))
	}
	if at := batch.field(dictionaryIsDelta); a.seen[id] && (at == 0 || header[at] == 0) {
		return damage{fmt.Errorf("dictionary %d is there twice", id)}
	}
	a.seen[id] = true
	return nil
}

// fbTable is a table of a FlatBuffer. It panics if an offset leads out of it.
type fbTable struct {
	b   []byte
	pos int
}

func rootTable(b []byte) fbTable { return fbTable{b, int(binary.LittleEndian.Uint32(b))} }

// field returns where a field is, or 0 if it is absent.
func (t fbTable) field(slot int) int {
	vtable := t.b[t.pos-int(int32(binary.LittleEndian.Uint32(t.b[t.pos:]))):]
	at := 4 + 2*slot
	if at >= int(binary.LittleEndian.Uint16(vtable)) {
		return 0
	}
	if offset := int(binary.LittleEndian.Uint16(vtable[at:])); offset != 0 {
		return t.pos + offset
	}
	return 0
}

// follow returns where that is to which a field refers, or 0 if it is absent.
func (t fbTable) follow(slot int) int {
	at := t.field(slot)
	if at == 0 {
		return 0
	}
	return at + int(binary.LittleEndian.Uint32(t.b[at:]))
}

// part returns how much was read.
func (a *ipcFile) part() float64 { return fractionOf(int64(a.done), int64(len(a.offsets))) }
