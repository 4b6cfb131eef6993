package flightdecode

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// maxLength is the greatest length of an array, the limit that Arrow recommends
// to all implementations. Nulls and structs without fields take no bytes, so
// nothing else bounds their length.
const maxLength = math.MaxInt32

// Slots of RecordBatch.
const (
	batchLength = iota
	batchNodes
	batchBuffers
	batchCompression
	batchVariadicCounts
)

// Slots of DictionaryBatch.
const (
	dictionaryID = iota
	dictionaryData
	dictionaryIsDelta
)

// Sizes of the elements of the vectors in a RecordBatch.
const (
	nodeSize          = 16 // struct FieldNode: length, null count
	variadicCountSize = 8
)

// batchDecoder turns RecordBatch headers and their bodies into arrays. It walks
// the plan of the columns depth first, which is the order in which a header lists
// field nodes, buffers and, for views, the numbers of data buffers.
type batchDecoder struct {
	body
	nodes    []byte
	variadic []byte
	pointers []*memory.Buffer // one allocation for the buffer lists of all arrays
	arrays   []arrow.Array    // scratch
	pieces   []piece          // scratch
}

// open reads a RecordBatch table and returns the number of rows.
func (d *batchDecoder) open(t table, m *Message, limit int64) (rows int, err error) {
	length := t.int64(batchLength)
	d.nodes = t.vector(batchNodes, nodeSize)
	d.variadic = t.vector(batchVariadicCounts, variadicCountSize)
	entries := t.vector(batchBuffers, bufferSize)
	codec, err := bodyCodec(t)
	switch {
	case t.f.err != nil:
		return 0, t.f.err
	case err != nil:
		return 0, err
	case length < 0 || length > maxLength:
		return 0, fmt.Errorf("it has %d rows; only 0 to %d are valid", length, maxLength)
	}
	d.pointers = make([]*memory.Buffer, len(entries)/bufferSize)
	return int(length), d.body.open(m, entries, codec, limit)
}

// close drops the references to the batch, so that the decoder does not keep its
// memory alive.
func (d *batchDecoder) close() {
	d.body.close()
	clear(d.arrays)
	clear(d.pieces[:cap(d.pieces)])
	*d = batchDecoder{body: d.body, arrays: d.arrays[:0], pieces: d.pieces[:0]}
}

// record decodes a RecordBatch with the given columns.
func (d *batchDecoder) record(schema *arrow.Schema, columns []column, h header, m *Message, limit int64) (arrow.RecordBatch, error) {
	defer d.close()
	rows, err := d.open(h.table, m, limit)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, a := range d.arrays {
			a.Release()
		}
	}()
	for i := range columns {
		data, err := d.array(&columns[i])
		if err != nil {
			return nil, err
		}
		d.arrays = append(d.arrays, array.MakeFromData(data))
		data.Release()
		if data.Len() != rows {
			return nil, columns[i].errorf("it has %d values in a batch of %d rows", data.Len(), rows)
		}
	}
	if err := d.drained(); err != nil {
		return nil, err
	}
	return array.NewRecordBatchWithMetadata(schema, d.arrays, int64(rows), h.metadata), nil
}

// values decodes the RecordBatch within a DictionaryBatch: one column.
func (d *batchDecoder) values(c *column, t table, m *Message, limit int64) (*array.Data, error) {
	defer d.close()
	rows, err := d.open(t, m, limit)
	if err != nil {
		return nil, err
	}
	values, err := d.array(c)
	if err != nil {
		return nil, err
	}
	if values.Len() != rows {
		err = fmt.Errorf("it has %d values in a batch of %d rows", values.Len(), rows)
	} else {
		err = d.drained()
	}
	if err != nil {
		values.Release()
		return nil, err
	}
	return values, nil
}

// drained returns an error if the columns did not use everything that the header
// lists: such a batch was meant for another schema.
func (d *batchDecoder) drained() error {
	if len(d.nodes) != 0 || len(d.entries) != 0 || len(d.variadic) != 0 {
		return fmt.Errorf("it has more than its schema needs: %d field nodes, %d buffers and %d variadic counts are left over",
			len(d.nodes)/nodeSize, len(d.entries)/bufferSize, len(d.variadic)/variadicCountSize)
	}
	return nil
}

// array decodes the next array. The caller releases it.
func (d *batchDecoder) array(c *column) (*array.Data, error) {
	n, nulls, err := d.node()
	if err != nil {
		return nil, c.errorf("%w", err)
	}
	if c.layout == layoutNull {
		return d.data(c, n, n, nil, piece{}), nil
	}
	validity, nulls, err := d.validity(n, nulls)
	if err != nil {
		return nil, c.errorf("validity: %w", err)
	}
	switch c.layout {
	case layoutBoolean:
		return d.fixed(c, n, nulls, validity, (int64(n)+7)/8)
	case layoutFixed:
		return d.fixed(c, n, nulls, validity, int64(n)*int64(c.width))
	case layoutBinary, layoutLargeBinary:
		return d.binary(c, n, nulls, validity)
	case layoutView:
		return d.view(c, n, nulls, validity)
	case layoutDictionary:
		return d.indices(c, n, nulls, validity)
	default:
		return d.nested(c, n, nulls, validity)
	}
}

// node reads the next field node.
func (d *batchDecoder) node() (length, nulls int, err error) {
	if len(d.nodes) == 0 {
		return 0, 0, errRunsOut
	}
	l := int64(binary.LittleEndian.Uint64(d.nodes))
	n := int64(binary.LittleEndian.Uint64(d.nodes[8:]))
	d.nodes = d.nodes[nodeSize:]
	if l < 0 || l > maxLength || n < 0 || n > l {
		return 0, 0, fmt.Errorf("%d nulls among %d values are impossible", n, l)
	}
	return int(l), int(n), nil
}

// data creates an array from its buffers and children.
func (d *batchDecoder) data(c *column, n, nulls int, children []arrow.ArrayData, pieces ...piece) *array.Data {
	list := d.list(pieces)
	defer release(list)
	return array.NewData(c.dtype, n, list, children, nulls, 0)
}

// list creates buffers from pieces. The caller releases them.
func (d *batchDecoder) list(pieces []piece) []*memory.Buffer {
	n := len(pieces)
	if n > len(d.pointers) { // the header does not list absent buffers
		d.pointers = make([]*memory.Buffer, n)
	}
	list := d.pointers[:n:n]
	d.pointers = d.pointers[n:]
	for i, p := range pieces {
		list[i] = p.buffer()
	}
	return list
}

func release(list []*memory.Buffer) {
	for _, b := range list {
		if b != nil {
			b.Release()
		}
	}
}

// validity reads the bitmap of the values that are not null. It counts the nulls,
// because readers take shortcuts by their number, which must not differ from the
// bitmap. An array without nulls gets no bitmap, whether one was sent (as
// GreptimeDB does) or not.
func (d *batchDecoder) validity(n, nulls int) (piece, int, error) {
	if nulls == 0 {
		return piece{}, 0, d.skip()
	}
	bitmap, err := d.next()
	if err != nil {
		return piece{}, 0, err
	}
	if bitmap.length < (n+7)/8 {
		return piece{}, 0, fmt.Errorf("%d bytes are too few for %d values", bitmap.length, n)
	}
	if nulls = countNulls(bitmap.bytes(), n); nulls == 0 {
		return piece{}, 0, nil
	}
	return bitmap, nulls, nil
}

// sized reads a buffer of values that must hold at least size bytes.
func (d *batchDecoder) sized(size int64) (piece, error) {
	p, err := d.next()
	if err != nil {
		return piece{}, err
	}
	if int64(p.length) < size {
		return piece{}, fmt.Errorf("a buffer of %d bytes is too short: %d are needed", p.length, size)
	}
	p.length = int(size)
	return d.aligned(p)
}

func (d *batchDecoder) fixed(c *column, n, nulls int, validity piece, size int64) (*array.Data, error) {
	values, err := d.sized(size)
	if err != nil {
		return nil, c.errorf("%w", err)
	}
	return d.data(c, n, nulls, nil, validity, values), nil
}

func (d *batchDecoder) binary(c *column, n, nulls int, validity piece) (*array.Data, error) {
	offsets, last, err := d.offsets(n, c.layout == layoutLargeBinary)
	if err != nil {
		return nil, c.errorf("%w", err)
	}
	content, err := d.next()
	if err != nil {
		return nil, c.errorf("%w", err)
	}
	if last > int64(content.length) {
		return nil, c.errorf("its last offset %d lies beyond its data of %d bytes", last, content.length)
	}
	return d.data(c, n, nulls, nil, validity, offsets, content), nil
}

// noOffsets stands for the offsets of an array without values, which a message may
// leave out. Readers still expect the one offset that such an array has.
var noOffsets = piece{memory.NewBufferBytes(make([]byte, 8)), 0, 8}

// offsets reads the n+1 offsets of n values and returns the last one. It has
// checked that no offset is negative or greater than the last.
func (d *batchDecoder) offsets(n int, large bool) (piece, int64, error) {
	if n == 0 {
		return noOffsets, 0, d.skip()
	}
	width := int64(4)
	if large {
		width = 8
	}
	p, err := d.sized((int64(n) + 1) * width)
	if err != nil {
		return piece{}, 0, err
	}
	var last int64
	var ok bool
	if large {
		last, ok = lastOffset(arrow.GetData[int64](p.bytes()))
	} else {
		last, ok = lastOffset(arrow.GetData[int32](p.bytes()))
	}
	if !ok {
		return piece{}, 0, errOffsets
	}
	return p, last, nil
}

func (d *batchDecoder) view(c *column, n, nulls int, validity piece) (*array.Data, error) {
	if len(d.variadic) == 0 {
		return nil, c.errorf("%w", errRunsOut)
	}
	count := int64(binary.LittleEndian.Uint64(d.variadic))
	d.variadic = d.variadic[variadicCountSize:]
	views, err := d.sized(int64(n) * int64(arrow.ViewHeaderSizeBytes))
	if err != nil {
		return nil, c.errorf("%w", err)
	}
	if count < 0 || count > int64(len(d.entries)/bufferSize) {
		return nil, c.errorf("it cannot have %d data buffers: %d buffers are left", count, len(d.entries)/bufferSize)
	}
	d.pieces = append(d.pieces[:0], validity, views)
	for range count {
		content, err := d.next()
		if err != nil {
			return nil, c.errorf("%w", err)
		}
		d.pieces = append(d.pieces, content)
	}
	if err := checkViews(views.bytes(), validity.bytes(), d.pieces[2:]); err != nil {
		return nil, c.errorf("%w", err)
	}
	return d.data(c, n, nulls, nil, d.pieces...), nil
}

func (d *batchDecoder) indices(c *column, n, nulls int, validity piece) (*array.Data, error) {
	indices, err := d.sized(int64(n) * int64(c.width))
	if err != nil {
		return nil, c.errorf("%w", err)
	}
	values := c.dictionary.current()
	dtype := c.dtype.(*arrow.DictionaryType)
	if i, ok := indexOutside(dtype.IndexType.ID(), indices.bytes(), validity.bytes(), values.Len()); !ok {
		if !c.dictionary.received {
			return nil, c.errorf("value %d refers to dictionary %d, for which no DictionaryBatch has arrived", i, c.dictionary.id)
		}
		return nil, c.errorf("value %d lies outside dictionary %d, which has %d values", i, c.dictionary.id, values.Len())
	}
	list := d.list([]piece{validity, indices})
	defer release(list)
	return array.NewDataWithDictionary(c.dtype, n, list, nulls, 0, values), nil
}

// nested decodes lists, maps and structs.
func (d *batchDecoder) nested(c *column, n, nulls int, validity piece) (*array.Data, error) {
	needed := int64(n) // values that each child must have
	hasOffsets := false
	var offsets piece
	switch c.layout {
	case layoutList, layoutMap, layoutLargeList:
		hasOffsets = true
		var err error
		if offsets, needed, err = d.offsets(n, c.layout == layoutLargeList); err != nil {
			return nil, c.errorf("%w", err)
		}
	case layoutFixedList:
		needed *= int64(c.width)
	}
	children := make([]arrow.ArrayData, 0, len(c.children))
	defer func() {
		for _, child := range children {
			child.Release()
		}
	}()
	for i := range c.children {
		child, err := d.array(&c.children[i])
		if err != nil {
			return nil, err
		}
		children = append(children, child)
		if int64(child.Len()) < needed {
			return nil, c.children[i].errorf("it has %d values, its parent refers to %d", child.Len(), needed)
		}
	}
	if c.layout == layoutMap {
		entries := children[0]
		if entries.NullN() != 0 || entries.Children()[0].NullN() != 0 {
			return nil, c.errorf("a map has entries or keys that are null")
		}
	}
	if hasOffsets {
		return d.data(c, n, nulls, children, validity, offsets), nil
	}
	return d.data(c, n, nulls, children, validity), nil
}
