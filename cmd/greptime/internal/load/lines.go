package load

import (
	"bytes"
	"fmt"
	"io"
)

// chunkSize is how many bytes of text are parsed at a time, and maxRecord the most that one
// row can have.
const (
	chunkSize = 512 << 10
	maxRecord = 64 << 20
)

// chunk is some rows of a text file as they are in it.
type chunk struct {
	text []byte
	ends []int // of the rows, with their line ends
	line int64 // of the first row, from 1
}

// splitter cuts a text into chunks of whole rows. Empty lines are no rows.
type splitter struct {
	r       io.Reader
	comma   byte // between fields; 0 if line ends are never within a row
	rest    []byte
	line    int64 // lines before the rest
	eof     bool
	started bool
}

// next returns the next chunk, and io.EOF after the last one.
func (s *splitter) next() (chunk, error) {
	size := chunkSize
	for {
		text, err := s.fill(size)
		if err != nil {
			return chunk{}, err
		}
		if len(text) == 0 {
			return chunk{}, io.EOF
		}
		c, used := s.split(text)
		if used > 0 {
			s.rest = text[used:]
			if len(c.ends) == 0 {
				continue // only empty lines
			}
			return c, nil
		}
		if size > maxRecord {
			return chunk{}, fmt.Errorf("line %d: the row is longer than %d MiB; is a quote not closed, or the file not of this type?", s.line+1, maxRecord>>20)
		}
		s.rest = text
		size = 2 * len(text)
	}
}

// fill returns the rest and what follows it, at least size bytes unless the text ends.
func (s *splitter) fill(size int) ([]byte, error) {
	text := make([]byte, max(size, len(s.rest)))
	n := copy(text, s.rest)
	for n < len(text) && !s.eof {
		m, err := s.r.Read(text[n:])
		n += m
		switch {
		case err == io.EOF:
			s.eof = true
		case err != nil:
			return nil, err
		}
	}
	text = text[:n]
	if !s.started {
		s.started = true
		switch {
		case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
			text = text[3:]
		case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
			return nil, fmt.Errorf("the text is UTF-16; convert it, for example with iconv -f UTF-16 -t UTF-8")
		}
	}
	return text, nil
}

// split finds the rows of a text, and returns how many bytes they have. The last row needs
// no line end at the end of the file.
func (s *splitter) split(text []byte) (c chunk, used int) {
	start := 0 // of the chunk's first row
	for used < len(text) {
		n, lines := s.record(text[used:])
		if n < 0 {
			if !s.eof {
				break
			}
			n = len(text) - used
			lines = int64(bytes.Count(text[used:], []byte("\n")))
		}
		if empty := len(bytes.TrimRight(text[used:used+n], "\r\n")) == 0; empty && len(c.ends) == 0 {
			start = used + n
			s.line += lines
			used += n
			continue
		} else if empty { // an empty line within the chunk is the row's before it, as a line end
			c.ends[len(c.ends)-1] = used + n - start
			s.line += lines
			used += n
			continue
		}
		if len(c.ends) == 0 {
			c.line = s.line + 1
		}
		s.line += lines
		used += n
		c.ends = append(c.ends, used-start)
	}
	c.text = text[start:used]
	return c, used
}

// record returns the length of the first row with its line end, and how many lines it has;
// -1 if the text ends before it does.
func (s *splitter) record(text []byte) (n int, lines int64) {
	n = bytes.IndexByte(text, '\n') + 1
	if n == 0 {
		return -1, 0
	}
	if s.comma == 0 || bytes.IndexByte(text[:n], '"') < 0 {
		return n, 1
	}
	i := 0
	for {
		var ok bool
		if i, ok = skipField(text, i, s.comma); !ok {
			return -1, 0
		}
		if text[i] == '\n' {
			i++
			return i, int64(bytes.Count(text[:i], []byte("\n")))
		}
		i++
	}
}

// skipField returns the place of the comma or line end behind the field that begins at i. It
// reports false if the text ends before that.
func skipField(text []byte, i int, comma byte) (int, bool) {
	if i < len(text) && text[i] == '"' {
		i++
		for {
			n := bytes.IndexByte(text[i:], '"')
			if n < 0 {
				return 0, false
			}
			i += n + 1
			if i == len(text) || text[i] != '"' {
				break
			}
			i++
		}
	}
	for ; i < len(text); i++ {
		if text[i] == comma || text[i] == '\n' {
			return i, true
		}
	}
	return 0, false
}
