package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/greptime-go/greptime/cmd/greptime/internal/compression"
	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
)

// StandardInput is the name of the file that is standard input.
const StandardInput = "-"

// source is an open file, decompressed.
type source struct {
	name    string // for messages
	format  Format
	size    int64 // of the file as it is stored; 0 if that is not known
	read    atomic.Int64
	stream  *bufio.Reader
	file    *os.File // where the format is not read from its beginning to its end
	once    bool     // it can be read only once: standard input, a pipe
	closers []func() error
}

// openSource opens a file. asked is its format if the user has named that. When ctx ends,
// nothing more is read of standard input or a pipe.
func openSource(ctx context.Context, name string, stdin io.Reader, asked Format) (_ *source, err error) {
	s := &source{name: name}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	var stored io.Reader
	if name == StandardInput {
		s.name, s.once, stored = "standard input", true, &patient{ctx: ctx, r: stdin}
	} else {
		f, err := stdio.Await(ctx, func() (*os.File, error) { return os.Open(name) })
		if err != nil {
			return nil, err
		}
		s.closers = append(s.closers, f.Close)
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			return nil, fmt.Errorf("%s is a directory; name the files in it, as in %s/*", name, name)
		}
		if info.Mode().IsRegular() {
			s.size, s.file, stored = info.Size(), f, f
		} else {
			s.once, stored = true, &patient{ctx: ctx, r: f}
		}
	}
	named, packed := Format(""), compression.None
	if name != StandardInput {
		var ending string
		packed, ending = compression.OfFile(name)
		named = endings[ending]
	}
	s.stream = bufio.NewReaderSize(&counter{r: stored, n: &s.read}, 256<<10)
	if err := s.decompress(packed); err != nil {
		return nil, err
	}
	begin, err := s.stream.Peek(512)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	if s.format, err = formatOf(s.name, asked, named, begin); err != nil {
		return nil, err
	}
	isStream := len(begin) >= 4 && string(begin[:4]) == string(magicStream)
	switch {
	case s.format.IsText() || isStream:
		s.file = nil
	case s.file == nil:
		err = s.spool()
	}
	return s, err
}

// decompress puts a decompressor before the stream if its first bytes ask for one.
func (s *source) decompress(named compression.Kind) error {
	begin, err := s.stream.Peek(4)
	if err != nil && err != io.EOF {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	found := compressionOf(begin)
	if found == compression.None {
		if named != compression.None {
			return fmt.Errorf("%s is not compressed by %s, as its name says; rename it", s.name, named)
		}
		return nil
	}
	s.file = nil
	var plain io.Reader
	switch found {
	case compression.Gzip:
		r, err := gzip.NewReader(s.stream)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		plain = r
	case compression.Zstd:
		r, err := zstd.NewReader(s.stream, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		s.closers = append(s.closers, func() error { r.Close(); return nil })
		plain = r
	}
	s.stream = bufio.NewReaderSize(plain, 256<<10)
	return nil
}

// spool copies the stream to a temporary file, for a format that is read from its end.
func (s *source) spool() error {
	f, err := os.CreateTemp("", "greptime-import-*")
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { return errors.Join(f.Close(), os.Remove(f.Name())) })
	if _, err := io.Copy(f, s.stream); err != nil {
		return fmt.Errorf("%s: copying it to %s: %w", s.name, f.Name(), err)
	}
	s.file = f
	return nil
}

func (s *source) close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// counter counts the bytes that are read.
type counter struct {
	r io.Reader
	n *atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// patient reads from a reader that may keep the caller waiting, such as a terminal or a pipe,
// until ctx ends. A read that is under way then is left behind.
type patient struct {
	ctx    context.Context
	r      io.Reader
	buffer []byte // of the read that is under way
	done   chan readResult
	rest   []byte // of the last read
	err    error
}

type readResult struct {
	n   int
	err error
}

func (p *patient) Read(dst []byte) (int, error) {
	if len(p.rest) == 0 && p.err == nil {
		if p.done == nil {
			p.buffer, p.done = make([]byte, 64<<10), make(chan readResult, 1)
		}
		go func() {
			n, err := p.r.Read(p.buffer)
			p.done <- readResult{n, err}
		}()
		select {
		case last := <-p.done:
			p.rest, p.err = p.buffer[:last.n], last.err
		case <-p.ctx.Done():
			p.err = context.Cause(p.ctx)
		}
	}
	n := copy(dst, p.rest)
	p.rest = p.rest[n:]
	if len(p.rest) > 0 {
		return n, nil
	}
	return n, p.err
}
