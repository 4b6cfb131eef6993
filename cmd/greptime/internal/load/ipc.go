package load

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/flightdecode"
)

// Limits of a message of Arrow IPC. What it claims to need is not allocated before it is there:
// memory grows with what is read, in steps.
const (
	mostIPCHeader = 16 << 20                       // flightdecode refuses more
	mostIPCBody   = int64(min(4<<30, math.MaxInt)) // also after decompression
	ipcStep       = 16 << 20
)

// newArrowReader reads Arrow IPC, a file or a stream.
func newArrowReader(src *source) (_ *recordReader, err error) {
	r := &recordReader{src: src}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", src.name, err)
		}
	}()
	defer recovered(&err)
	next := (&ipcMessages{r: src.stream}).next
	r.part = func() float64 { return fractionOf(src.read.Load(), src.size) }
	if src.file != nil {
		file, err := openIPCFile(src.file)
		if err != nil {
			return nil, fmt.Errorf("it is not an Arrow file, or it is damaged: %w", err)
		}
		next, r.part = file.next, file.part
	}
	reader, err := flightdecode.NewReader(next, flightdecode.Options{
		MaxBatchBytes: mostIPCBody,
		Allocator:     memory.DefaultAllocator, // which is not recycled, as of the other formats
	})
	if err != nil {
		return nil, ipcError("it is not Arrow IPC, is damaged, or has what is not supported", err)
	}
	r.closers = append(r.closers, func() error { reader.Release(); return nil })
	schema := withExtensions(reader.Schema())
	r.read = func() (arrow.RecordBatch, error) {
		switch {
		case reader.Next():
			return extended(reader.RecordBatch(), schema), nil
		case reader.Err() != nil:
			return nil, ipcError("the file is damaged", reader.Err())
		}
		return nil, io.EOF
	}
	return r, r.setColumns(schema)
}

// checkIPCSchema returns an error unless b begins with a schema as a message of Arrow IPC.
func checkIPCSchema(b []byte) error {
	messages := &ipcMessages{r: bufio.NewReader(bytes.NewReader(b))}
	reader, err := flightdecode.NewReader(messages.next, flightdecode.Options{})
	if err == nil {
		reader.Release()
	}
	return err
}

// ipcMessages reads the messages of a stream of Arrow IPC.
type ipcMessages struct{ r *bufio.Reader }

// next reads a message. It returns io.EOF at the end of the stream.
func (s *ipcMessages) next(m *flightdecode.Message) error {
	length, err := s.headerLength()
	switch {
	case err != nil:
		return err
	case length == 0: // the mark of the end
		if _, err := s.r.Peek(1); err != nil {
			return err // io.EOF, unless what was compressed is damaged
		}
		return errors.New("other data follows the end of the stream: the file is damaged, or it is several streams; import those as several files")
	case length > mostIPCHeader:
		return damage{fmt.Errorf("a message has a header of %d bytes; at most %d are possible", length, mostIPCHeader)}
	}
	if m.Header, err = s.bytes(int64(length)); err != nil {
		return err
	}
	body, err := flightdecode.BodyLength(m.Header)
	switch {
	case err != nil:
		return damage{fmt.Errorf("the header of a message: %w", err)}
	case body > mostIPCBody:
		return errLargeBatch
	}
	m.Body, err = s.bytes(body)
	return err
}

// headerLength reads the length of the next header: 0, or io.EOF, at the end.
func (s *ipcMessages) headerLength() (uint32, error) {
	var b [4]byte
	if n, err := io.ReadFull(s.r, b[:]); err != nil && n > 0 {
		return 0, withinMessage(err)
	} else if err != nil {
		return 0, err
	}
	if bytes.Equal(b[:], magicStream) { // old writers leave it out
		if _, err := io.ReadFull(s.r, b[:]); err != nil {
			return 0, withinMessage(err)
		}
	}
	return binary.LittleEndian.Uint32(b[:]), nil
}

// bytes reads n bytes.
func (s *ipcMessages) bytes(n int64) ([]byte, error) {
	b := make([]byte, min(n, ipcStep))
	for read := 0; ; {
		if _, err := io.ReadFull(s.r, b[read:]); err != nil {
			return nil, withinMessage(err)
		}
		if int64(len(b)) == n {
			return b, nil
		}
		read = len(b)
		more := make([]byte, min(n, 2*int64(read)))
		copy(more, b)
		b = more
	}
}

// withinMessage returns the error of a stream that ends before its message does.
func withinMessage(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return damage{fmt.Errorf("it ends within a message: %w", io.ErrUnexpectedEOF)}
	}
	return err
}

// damage is what is wrong with a file, unlike an error of reading it.
type damage struct{ error }

func (d damage) Unwrap() error { return d.error }

var errLargeBatch = fmt.Errorf("a record batch needs more than %d bytes of memory, which is the most: the file is damaged, or must be written with fewer rows in a batch", mostIPCBody)

// ipcError returns an error of reading messages. what says what a fault of the file means.
func ipcError(what string, err error) error {
	var decode *flightdecode.Error
	var fault damage
	switch {
	case errors.Is(err, flightdecode.ErrTooLarge):
		return errLargeBatch
	case errors.As(err, &decode):
		return fmt.Errorf("%s: %s", what, strings.TrimPrefix(decode.Error(), "flightdecode: "))
	case errors.As(err, &fault):
		return fmt.Errorf("%s: %w", what, fault)
	}
	return err
}
