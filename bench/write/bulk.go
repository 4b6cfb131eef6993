package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/rawgrpc"
	"github.com/greptime-go/greptime/bench/internal/scans"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
)

// The method by which bulk writers of GreptimeDB are compared: five workers, batches of
// 1,000 rows, every batch acknowledged.
const (
	workers  = 5
	inFlight = 8 // batches of a stream, bulk.Options' default
)

// load is how something is loaded; what is not set is as in the method.
type load struct {
	options   bulk.Options
	workers   int
	batchRows int
	batches   int // of an operation; 1 by default
	heap      bool
}

func (l load) withDefaults() load {
	l.workers = cmp.Or(l.workers, workers)
	l.batchRows = cmp.Or(l.batchRows, data.BatchRows)
	l.batches = cmp.Or(l.batches, 1)
	return l
}

// bulkScenarios load ten columns by DoPut, five streams at once; at last one at a time.
func bulkScenarios(addr string) []measure.Scenario {
	const group, sequential = "bulk, 10 columns, 5 workers", "bulk, 10 columns, 1 worker waiting for each ack"
	rows := func(rows [][]data.Row) [][]data.Row { return rows }
	parallel := func(c bulk.Compression) load {
		return load{options: bulk.Options{Streams: workers, InFlight: inFlight, Compression: c}}
	}
	one := func(c bulk.Compression) load {
		return load{options: bulk.Options{Streams: 1, InFlight: 1, Compression: c}, workers: 1}
	}
	return []measure.Scenario{
		preEncodedBulk(group, addr, workers, inFlight, rawgrpc.Plain),
		preEncodedBulk(group, addr, workers, inFlight, rawgrpc.Tuned),
		bulkScenario(group, "Append", addr, parallel(bulk.None), rows, bulkAppend),
		bulkScenario(group, "AppendColumns", addr, parallel(bulk.None), byColumns, bulkColumns),
		bulkScenario(group, "Append, LZ4", addr, parallel(bulk.LZ4), rows, bulkAppend),
		bulkScenario(group, "Append, ZSTD", addr, parallel(bulk.ZSTD), rows, bulkAppend),
		bulkScenario(group, "Append, Options by default", addr, load{}, rows, bulkAppend),
		recordScenario(group, "WriteRecord", addr, parallel(bulk.None)),
		peerBulkScenario(group, addr),
		arrowScenario(group, "arrow/go v17 flight.Writer", addr),
		arrowScenario(group, "arrow/go v17 flight.Writer, LZ4", addr, lz4),

		preEncodedBulk(sequential, addr, 1, 1, rawgrpc.Plain),
		preEncodedBulk(sequential, addr, 1, 1, rawgrpc.Tuned),
		bulkScenario(sequential, "Append", addr, one(bulk.None), rows, bulkAppend),
		bulkScenario(sequential, "Append, LZ4", addr, one(bulk.LZ4), rows, bulkAppend),
	}
}

// slowBulkScenarios do the same on a server that takes as long as GreptimeDB: the
// client waits, which costs CPU, too.
func slowBulkScenarios(addr string) []measure.Scenario {
	const group = "bulk, 10 columns, 5 workers, slow server"
	rows := func(rows [][]data.Row) [][]data.Row { return rows }
	return []measure.Scenario{
		preEncodedBulk(group, addr, workers, inFlight, rawgrpc.Plain),
		preEncodedBulk(group, addr, workers, inFlight, rawgrpc.Tuned),
		bulkScenario(group, "Append", addr, load{options: bulk.Options{Streams: workers}}, rows, bulkAppend),
		bulkScenario(group, "Append, LZ4", addr, load{options: bulk.Options{Streams: workers, Compression: bulk.LZ4}}, rows, bulkAppend),
		peerBulkScenario(group, addr),
	}
}

// batchSizeScenarios load batches of several sizes.
func batchSizeScenarios(addr string) []measure.Scenario {
	var all []measure.Scenario
	for _, size := range []int{100, 1_000, 10_000} {
		inBatches := func(in [][]data.Row) [][]data.Row {
			return slices.Collect(slices.Chunk(slices.Concat(in...), size))
		}
		all = append(all, bulkScenario("bulk, 10 columns, by rows of a batch", fmt.Sprintf("%d rows", size), addr, load{batchRows: size}, inBatches, bulkAppend))
	}
	return all
}

// streamCountScenarios load by several streams, on the slow server.
func streamCountScenarios(addr string) []measure.Scenario {
	rows := func(rows [][]data.Row) [][]data.Row { return rows }
	var all []measure.Scenario
	for _, streams := range []int{1, 2, 4, 8} {
		all = append(all, bulkScenario("bulk, 10 columns, by streams, slow server", fmt.Sprintf("%d at once", streams), addr,
			load{options: bulk.Options{Streams: streams}}, rows, bulkAppend))
	}
	return all
}

// memoryScenarios load many rows and look at the heap meanwhile.
func memoryScenarios(addr string, manyRows int) []measure.Scenario {
	rows := func(rows [][]data.Row) [][]data.Row { return rows }
	return []measure.Scenario{bulkScenario("memory of a long load, 10 columns", "bulk Append", addr,
		load{batches: manyRows / data.BatchRows, heap: true}, rows, bulkAppend)}
}

// bulkScenario loads with this driver's Writer, filling a batch on each worker.
func bulkScenario[T any](group, name, addr string, l load, prepare func([][]data.Row) []T, fill func(*bulk.Batch, T) error) measure.Scenario {
	l = l.withDefaults()
	return measure.Scenario{Group: group, Name: name, Unit: "row", Setup: func(ctx context.Context) (*measure.Operation, error) {
		all := prepare(data.Batches(batches))
		cycles := make([]cycle[T], l.workers)
		filled := make([]*bulk.Batch, l.workers)
		return bulkOperation(ctx, addr, l, func(w *bulk.Writer) {
			for i := range cycles {
				cycles[i] = cycle[T]{all: all, next: i * len(all) / l.workers}
				filled[i] = w.NewBatch(l.batchRows)
			}
		}, func(ctx context.Context, w *bulk.Writer, worker int) error {
			b := filled[worker]
			if err := fill(b, cycles[worker].take()); err != nil {
				return err
			}
			_, err := w.WriteAsync(ctx, b)
			return err
		})
	}}
}

// recordScenario loads Arrow record batches with this driver's Writer.
func recordScenario(group, name, addr string, l load) measure.Scenario {
	l = l.withDefaults()
	return measure.Scenario{Group: group, Name: name, Unit: "row", Setup: func(ctx context.Context) (*measure.Operation, error) {
		cycles := make([]cycle[arrow.RecordBatch], l.workers)
		for i := range cycles {
			for _, rows := range data.Batches(batches) {
				cycles[i].all = append(cycles[i].all, data.Record(data.Columns(data.Narrow), rows))
			}
		}
		return bulkOperation(ctx, addr, l, func(*bulk.Writer) {}, func(ctx context.Context, w *bulk.Writer, worker int) error {
			_, err := w.WriteRecord(ctx, cycles[worker].take())
			return err
		})
	}}
}

// bulkOperation has a Writer of this driver. write writes a batch; at the end all must
// be acknowledged.
func bulkOperation(ctx context.Context, addr string, l load, prepare func(*bulk.Writer), write func(ctx context.Context, w *bulk.Writer, worker int) error) (*measure.Operation, error) {
	conn, err := connect(ctx, addr)
	if err != nil {
		return nil, err
	}
	w, err := bulk.NewWriter(ctx, conn, data.Narrow, l.options)
	if err != nil {
		return nil, err
	}
	prepare(w)
	return &measure.Operation{
		Units: l.batches * l.batchRows,
		Heap:  l.heap,
		Run: func(ctx context.Context, n int) error {
			before := w.Progress().Rows
			if err := runWorkers(l.workers, n*l.batches, func(worker, n int) error {
				for range n {
					if err := write(ctx, w, worker); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				return err
			}
			if err := w.Flush(ctx); err != nil {
				return err
			}
			return checkRows(w.Progress().Rows-before, n*l.batches*l.batchRows)
		},
		Sent: func() int64 { return w.Progress().Bytes },
		Close: func() error {
			if _, err := w.Close(context.Background()); err != nil {
				return err
			}
			return conn.Close()
		},
	}, nil
}

func bulkAppend(b *bulk.Batch, rows []data.Row) error {
	for i := range rows {
		r := &rows[i]
		if err := b.Append(r.Region, r.Zone, r.Rack, r.Host, r.CPU, r.Memory, r.Disk, r.NetIn, r.NetOut, r.Time); err != nil {
			return err
		}
	}
	return nil
}

func bulkColumns(b *bulk.Batch, c columnsOf) error {
	return b.AppendColumns(
		insert.Values("region", c.region), insert.Values("zone", c.zone), insert.Values("rack", c.rack), insert.Values("host", c.host),
		insert.Values("cpu", c.cpu), insert.Values("memory", c.memory), insert.Values("disk", c.disk),
		insert.Values("net_in", c.netIn), insert.Values("net_out", c.netOut), insert.Values("ts", c.ts))
}

// preEncodedBulk sends record batches that were encoded before, without compression:
// the floor. Each worker has a stream of its own.
func preEncodedBulk(group, addr string, workers, inFlight int, floor rawgrpc.Floor) measure.Scenario {
	return measure.Scenario{Group: group, Name: floor.Name("pre-encoded"), Unit: "row", Setup: func(ctx context.Context) (*measure.Operation, error) {
		messages, err := encodedRecords()
		if err != nil {
			return nil, err
		}
		cc, err := floor.Dial(addr)
		if err != nil {
			return nil, err
		}
		streams := make([]*rawPut, workers)
		for i := range streams {
			if streams[i], err = openRawPut(ctx, cc, messages[0], inFlight); err != nil {
				return nil, err
			}
		}
		size := int64(0)
		for _, m := range messages[1:] {
			size += int64(len(m))
		}
		size /= int64(len(messages) - 1)
		var sent atomic.Int64
		return &measure.Operation{
			Units: data.BatchRows,
			Run: func(ctx context.Context, n int) error {
				defer sent.Add(int64(n) * size)
				return runWorkers(workers, n, func(worker, n int) error {
					return streams[worker].send(messages[1:], n)
				})
			},
			Sent:  sent.Load,
			Close: cc.Close,
		}, nil
	}}
}

// encodedRecords are the messages of a DoPut: the schema, and the batches.
func encodedRecords() ([]rawgrpc.Message, error) {
	columns := data.Columns(data.Narrow)
	var records []arrow.RecordBatch
	for _, rows := range data.Batches(batches) {
		records = append(records, data.Record(columns, rows))
	}
	scan, err := scans.EncodeBatches(data.Schema(columns), records, "none")
	if err != nil {
		return nil, err
	}
	messages := make([]rawgrpc.Message, len(scan.Messages))
	for i, m := range scan.Messages {
		if i == 0 {
			descriptor := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 1) // PATH
			descriptor = protowire.AppendString(protowire.AppendTag(descriptor, 3, protowire.BytesType), data.Narrow)
			messages[i] = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), descriptor)
		} else {
			m.Metadata = fmt.Appendf(nil, `{"request_id":%d}`, i)
		}
		messages[i] = append(messages[i], m.FlightData()...)
	}
	return messages, nil
}

// rawPut is a DoPut without anything but gRPC.
type rawPut struct {
	stream grpc.ClientStream
	free   chan struct{} // an element for each batch in flight
	failed chan error
}

func openRawPut(ctx context.Context, cc *grpc.ClientConn, schema rawgrpc.Message, inFlight int) (*rawPut, error) {
	stream, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, rawgrpc.DoPut)
	if err != nil {
		return nil, err
	}
	if err := stream.SendMsg(schema); err != nil {
		return nil, err
	}
	if err := stream.RecvMsg(rawgrpc.Discard); err != nil {
		return nil, err
	}
	return &rawPut{stream: stream, free: make(chan struct{}, inFlight), failed: make(chan error, 1)}, nil
}

// send sends n batches and waits for their acks.
func (p *rawPut) send(messages []rawgrpc.Message, n int) error {
	go func() {
		for range n {
			if err := p.stream.RecvMsg(rawgrpc.Discard); err != nil {
				p.failed <- err
				return
			}
			<-p.free
		}
		p.failed <- nil
	}()
	for i := range n {
		select {
		case p.free <- struct{}{}:
		case err := <-p.failed:
			return err
		}
		if err := p.stream.SendMsg(messages[i%len(messages)]); err != nil && err != io.EOF {
			return err
		}
	}
	return <-p.failed
}
