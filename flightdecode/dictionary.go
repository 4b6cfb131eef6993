package flightdecode

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// dictionary holds the values that the dictionary-encoded columns with its id refer
// to at this point of the stream. GreptimeDB 1.0.2 sends a dictionary in full
// before the first batch that needs it, and again whenever its values differ from
// the previous ones. It sends no dictionary if there are no batches.
type dictionary struct {
	id     int64
	values *column // the plan for decoding the values
	data   *array.Data
	// received reports whether the server has sent data.
	received bool
	held     int64 // bytes of the memory that data keeps
}

// current returns the present values. There are none before the first message.
func (d *dictionary) current() *array.Data {
	if d.data == nil {
		empty := array.MakeArrayOfNull(memory.DefaultAllocator, d.values.dtype, 0)
		defer empty.Release()
		d.data = empty.Data().(*array.Data)
		d.data.Retain()
	}
	return d.data
}

// replace makes data the values and takes ownership of it. Batches that were
// decoded before keep the old values.
func (d *dictionary) replace(data *array.Data) {
	d.release()
	d.data, d.received = data, true
}

// extend appends data to the values.
func (d *dictionary) extend(data *array.Data) error {
	old := d.current()
	if old.Len() > maxLength-data.Len() {
		return fmt.Errorf("dictionary %d grows beyond %d values", d.id, maxLength)
	}
	before, delta := array.MakeFromData(old), array.MakeFromData(data)
	defer before.Release()
	defer delta.Release()
	all, err := array.Concatenate([]arrow.Array{before, delta}, memory.DefaultAllocator)
	if err != nil {
		return fmt.Errorf("dictionary %d cannot be extended: %w", d.id, err)
	}
	defer all.Release()
	joined := all.Data().(*array.Data)
	joined.Retain()
	d.replace(joined)
	return nil
}

func (d *dictionary) release() {
	if d.data != nil {
		d.data.Release()
		d.data = nil
	}
}
