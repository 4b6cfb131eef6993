package flightdecode

import (
	"errors"

	flatbuffers "github.com/google/flatbuffers/go"
)

// flatbuffer reads the FlatBuffers of a message header. The Go runtime of
// FlatBuffers trusts its input and panics on bad offsets; here each offset is
// checked before it is followed. The first fault is kept in err, and everything
// read after it is zero or absent. A caller may therefore read all it needs and
// check err once.
type flatbuffer struct {
	buf []byte
	err error
	// budget bounds the work of reading: many offsets may point at the same
	// table, which unfolds a small buffer into a huge tree.
	budget int
}

// Costs charged to the budget. A buffer that shares nothing spends less than its own
// length, so a budget of four times the length refuses no honest buffer.
const (
	budgetFactor = 4
	tableCost    = 16
	stringCost   = 4
)

func (f *flatbuffer) reset(buf []byte) {
	*f = flatbuffer{buf: buf, budget: budgetFactor * len(buf)}
}

func (f *flatbuffer) fail(reason string) {
	if f.err == nil {
		f.err = errors.New("malformed header: " + reason)
	}
}

func (f *flatbuffer) spend(cost int) bool {
	if f.budget -= cost; f.budget < 0 {
		f.fail("it refers to the same bytes too often")
	}
	return f.err == nil
}

// root returns the root table of the buffer.
func (f *flatbuffer) root() table {
	if len(f.buf) < 2*flatbuffers.SizeUOffsetT {
		f.fail("it is too short")
		return table{}
	}
	pos, ok := f.follow(0)
	if !ok {
		return table{}
	}
	return f.table(pos)
}

// follow returns the position that the offset stored at pos refers to. The caller has
// checked pos. At least 4 bytes follow the result, because tables, strings and vectors
// begin with 4.
func (f *flatbuffer) follow(pos int) (int, bool) {
	target := int64(pos) + int64(flatbuffers.GetUOffsetT(f.buf[pos:]))
	if f.err != nil || target > int64(len(f.buf)-flatbuffers.SizeUOffsetT) {
		f.fail("an offset points beyond its end")
		return 0, false
	}
	return int(target), true
}

// table returns the table at pos, which at least 4 bytes follow.
func (f *flatbuffer) table(pos int) table {
	if !f.spend(tableCost) {
		return table{}
	}
	const vtableHeader = flatbuffers.VtableMetadataFields * flatbuffers.SizeVOffsetT
	at := int64(pos) - int64(flatbuffers.GetSOffsetT(f.buf[pos:]))
	if at < 0 || at > int64(len(f.buf)-vtableHeader) {
		f.fail("a vtable lies outside it")
		return table{}
	}
	rest := f.buf[at:]
	vtableSize := int(flatbuffers.GetVOffsetT(rest))
	if vtableSize < vtableHeader || vtableSize%2 != 0 || vtableSize > len(rest) {
		f.fail("a vtable has an impossible size")
		return table{}
	}
	return table{f: f, pos: pos, slots: rest[vtableHeader:vtableSize]}
}

// table is a table within a flatbuffer. A field is identified by its slot: its place
// in the declaration in Arrow's Message.fbs or Schema.fbs. The zero table has no
// fields.
type table struct {
	f     *flatbuffer
	pos   int
	slots []byte // slots of the vtable, two bytes each
}

// field returns the position of a field of size bytes, or false if it is absent.
func (t table) field(slot, size int) (int, bool) {
	at := slot * flatbuffers.SizeVOffsetT
	if at >= len(t.slots) {
		return 0, false
	}
	offset := int(flatbuffers.GetVOffsetT(t.slots[at:]))
	if offset == 0 {
		return 0, false
	}
	// The table's size in its vtable is no bound: the Go FlatBuffers builder,
	// hence arrow-go's writer, lets tables of different sizes share a vtable.
	if offset < flatbuffers.SizeSOffsetT || offset > len(t.f.buf)-t.pos-size {
		t.f.fail("a field lies outside it")
		return 0, false
	}
	return t.pos + offset, true
}

func (t table) bool(slot int) bool { return t.uint8(slot) != 0 }

func (t table) uint8(slot int) uint8 {
	if pos, ok := t.field(slot, 1); ok {
		return t.f.buf[pos]
	}
	return 0
}

func (t table) int16(slot int, absent int16) int16 {
	if pos, ok := t.field(slot, 2); ok {
		return flatbuffers.GetInt16(t.f.buf[pos:])
	}
	return absent
}

func (t table) int32(slot int, absent int32) int32 {
	if pos, ok := t.field(slot, 4); ok {
		return flatbuffers.GetInt32(t.f.buf[pos:])
	}
	return absent
}

func (t table) int64(slot int) int64 {
	if pos, ok := t.field(slot, 8); ok {
		return flatbuffers.GetInt64(t.f.buf[pos:])
	}
	return 0
}

// table returns the table that a field refers to, or false if it is absent.
func (t table) table(slot int) (table, bool) {
	pos, ok := t.field(slot, flatbuffers.SizeUOffsetT)
	if !ok {
		return table{}, false
	}
	if pos, ok = t.f.follow(pos); !ok {
		return table{}, false
	}
	return t.f.table(pos), t.f.err == nil
}

// span returns the position of a vector's first element and the number of elements.
func (t table) span(slot, size int) (pos, n int) {
	pos, ok := t.field(slot, flatbuffers.SizeUOffsetT)
	if !ok {
		return 0, 0
	}
	if pos, ok = t.f.follow(pos); !ok {
		return 0, 0
	}
	count := int64(flatbuffers.GetUOffsetT(t.f.buf[pos:]))
	pos += flatbuffers.SizeUOffsetT
	if count*int64(size) > int64(len(t.f.buf)-pos) {
		t.f.fail("a vector extends beyond its end")
		return 0, 0
	}
	return pos, int(count)
}

// vector returns the elements of a vector, size bytes each, or nil if it is absent.
func (t table) vector(slot, size int) []byte {
	pos, n := t.span(slot, size)
	if n == 0 {
		return nil
	}
	return t.f.buf[pos : pos+n*size]
}

// string returns a copy of a string, or "" if it is absent.
func (t table) string(slot int) string {
	b := t.vector(slot, 1)
	if len(b) == 0 || !t.f.spend(stringCost+len(b)) {
		return ""
	}
	return string(b)
}

// tables returns a vector of tables.
func (t table) tables(slot int) tables {
	pos, n := t.span(slot, flatbuffers.SizeUOffsetT)
	return tables{f: t.f, pos: pos, n: n}
}

// tables is a vector of n tables, whose offsets begin at pos.
type tables struct {
	f   *flatbuffer
	pos int
	n   int
}

func (v tables) nth(i int) table {
	pos, ok := v.f.follow(v.pos + i*flatbuffers.SizeUOffsetT)
	if !ok {
		return table{}
	}
	return v.f.table(pos)
}
