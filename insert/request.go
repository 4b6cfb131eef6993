package insert

import (
	"fmt"
	"sort"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime/internal/transport"
)

// operation is what a request does with rows: its field number in GreptimeRequest.
type operation protowire.Number

const (
	inserts operation = 6 // RowInsertRequests
	deletes operation = 7 // RowDeleteRequests
)

// segment is consecutive rows of a table that travel in one request.
type segment struct {
	table    *Table
	from, to int
}

// offset is where row i begins, or where the last one ends.
func (t *Table) offset(i int) int {
	if i == len(t.starts) {
		return t.end
	}
	return t.starts[i]
}

func (s *segment) bytes() (from, to int) { return s.table.offset(s.from), s.table.offset(s.to) }

// sizes are the lengths of the messages around a segment's rows: of Rows, and of the
// RowInsertRequest around them.
func (s *segment) sizes() (rows, request int) {
	from, to := s.bytes()
	rows = len(s.table.schema.wire) + to - from
	request = sizeField(rows)
	if s.table.name != "" {
		request += sizeField(len(s.table.name))
	}
	return rows, request
}

// sizeField is the size of a field with a number below 16 and so many bytes.
func sizeField(bytes int) int { return 1 + protowire.SizeBytes(bytes) }

// maxOverhead is the most that a segment takes beside its rows, name and columns:
// four tags and lengths.
const maxOverhead = 4 * (1 + maxLengthPrefix)

// split shares the rows of tables out over requests that are no longer than limit,
// which includes a header of that length. Tables without rows are left out.
func split(tables []*Table, header, limit int) ([][]segment, error) {
	var requests [][]segment
	var request []segment
	used := sizeField(header) + maxOverhead
	for _, t := range tables {
		if err := t.Err(); err != nil {
			return nil, err
		}
		for from := 0; from < t.Len(); {
			free := limit - used - len(t.name) - len(t.schema.wire) - maxOverhead
			start := t.offset(from)
			fit := sort.Search(t.Len()-from, func(n int) bool { return t.offset(from+n+1)-start > free })
			if fit == 0 {
				if len(request) == 0 {
					return nil, &ValueError{Table: t.name, Row: from, Reason: fmt.Sprintf("it takes %d bytes, more than a request of %d can carry; raise max_message_size", t.offset(from+1)-start, limit)}
				}
				requests, request = append(requests, request), nil
				used = sizeField(header) + maxOverhead
				continue
			}
			request = append(request, segment{t, from, from + fit})
			used += len(t.name) + len(t.schema.wire) + maxOverhead + t.offset(from+fit) - start
			from += fit
		}
	}
	if len(request) > 0 {
		requests = append(requests, request)
	}
	if len(requests) == 0 {
		return nil, errNoRows(tables)
	}
	return requests, nil
}

func errNoRows(tables []*Table) error {
	if len(tables) == 1 {
		return fmt.Errorf("%w in table %q", ErrNoRows, tables[0].name)
	}
	return ErrNoRows
}

// copyBelow is the size up to which rows are copied behind what comes before them:
// that is cheaper than a part of their own.
const copyBelow = 4 << 10

// encode makes a GreptimeRequest. Long runs of rows are not copied.
func encode(header []byte, op operation, segments []segment) transport.Encoded {
	total, inline := 0, 0
	for i := range segments {
		s := &segments[i]
		_, request := s.sizes()
		total += sizeField(request)
		from, to := s.bytes()
		if inline += sizeField(request) - (to - from); to-from <= copyBelow {
			inline += to - from
		}
	}
	// Only the parts of the buffer between runs of rows become parts of the request.
	b := make([]byte, 0, sizeField(len(header))+1+protowire.SizeVarint(uint64(total))+inline)
	b = appendField(b, 1, header)
	b = appendPrefix(b, protowire.Number(op), total)

	parts := make(transport.Encoded, 0, 1+2*len(segments))
	done := 0
	for i := range segments {
		s := &segments[i]
		t := s.table
		rows, request := s.sizes()
		b = appendPrefix(b, 1, request)
		if t.name != "" {
			b = appendPrefix(b, 1, len(t.name))
			b = append(b, t.name...)
		}
		b = appendPrefix(b, 2, rows)
		b = append(b, t.schema.wire...)
		from, to := s.bytes()
		if to-from <= copyBelow {
			b = append(b, t.body.Bytes[from:to]...)
			continue
		}
		parts = append(parts, transport.Fixed(b[done:]), t.body.Part(from, to))
		done = len(b)
	}
	if done < len(b) {
		parts = append(parts, transport.Fixed(b[done:]))
	}
	return parts
}

func appendPrefix(b []byte, field protowire.Number, length int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.BytesType), uint64(length))
}

func appendField(b []byte, field protowire.Number, content []byte) []byte {
	return append(appendPrefix(b, field, len(content)), content...)
}
