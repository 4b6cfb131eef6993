package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync/atomic"

	"github.com/GreptimeTeam/greptimedb-ingester-go/bulk"
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/flight"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/measure"
)

// dialPlain is a channel as a program makes it for a Flight client.
func dialPlain(addr string) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
}

// peerBulkScenario loads with greptimedb-ingester-go's bulk writer, one for each
// worker. It has neither compression nor a bound on batches in flight.
func peerBulkScenario(group, addr string) measure.Scenario {
	return measure.Scenario{Group: group, Name: "ingester-go bulk", Unit: "row", Setup: func(context.Context) (*measure.Operation, error) {
		cc, err := dialPlain(addr)
		if err != nil {
			return nil, err
		}
		all := data.Batches(batches)
		client := bulk.NewBulkClient(cc)
		return &measure.Operation{Units: data.BatchRows, Close: cc.Close, Run: func(ctx context.Context, n int) error {
			var rows atomic.Int64
			if err := runWorkers(workers, n, func(worker, n int) error {
				if n == 0 {
					return nil
				}
				w, err := client.NewBulkWriter(ctx)
				if err != nil {
					return err
				}
				for i := range n {
					t, err := peerTable(data.Narrow, all[(worker+i)%len(all)])
					if err != nil {
						return err
					}
					if err := w.Write(t); err != nil {
						return err
					}
				}
				acknowledged, err := w.Close()
				rows.Add(int64(acknowledged))
				return err
			}); err != nil {
				return err
			}
			return checkRows(rows.Load(), n*data.BatchRows)
		}}, nil
	}}
}

// lz4 compresses the bodies of record batches.
var lz4 = ipc.WithLZ4()

// arrowScenario loads as one does with arrow-go's own means: a RecordBuilder, and
// flight.Writer. That is arrow/go v17, which can be linked with
// greptimedb-ingester-go; v18's writer is the same code.
func arrowScenario(group, name, addr string, options ...ipc.Option) measure.Scenario {
	return measure.Scenario{Group: group, Name: name, Unit: "row", Setup: func(context.Context) (*measure.Operation, error) {
		cc, err := dialPlain(addr)
		if err != nil {
			return nil, err
		}
		all := data.Batches(batches)
		client := flight.NewFlightServiceClient(cc)
		return &measure.Operation{Units: data.BatchRows, Close: cc.Close, Run: func(ctx context.Context, n int) error {
			var rows atomic.Int64
			if err := runWorkers(workers, n, func(worker, n int) error {
				if n == 0 {
					return nil
				}
				acknowledged, err := loadWithArrow(ctx, client, all, worker, n, options)
				rows.Add(acknowledged)
				return err
			}); err != nil {
				return err
			}
			return checkRows(rows.Load(), n*data.BatchRows)
		}}, nil
	}}
}

// loadWithArrow loads n batches on a stream and returns the rows acknowledged.
func loadWithArrow(ctx context.Context, client flight.FlightServiceClient, all [][]data.Row, first, n int, options []ipc.Option) (int64, error) {
	stream, err := client.DoPut(ctx)
	if err != nil {
		return 0, err
	}
	schema := v17Schema()
	w := flight.NewRecordWriter(stream, append([]ipc.Option{ipc.WithSchema(schema)}, options...)...)
	w.SetFlightDescriptor(&flight.FlightDescriptor{Type: flight.DescriptorPATH, Path: []string{data.Narrow}})
	done := make(chan error, 1)
	rows := int64(0)
	room := make(chan struct{}, inFlight)
	go func() {
		for first := true; ; first = false {
			result, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				done <- nil
				return
			} else if err != nil {
				done <- err
				return
			}
			if first { // the answer to the schema
				continue
			}
			var ack struct {
				AffectedRows int64 `json:"affected_rows"`
			}
			if err := json.Unmarshal(result.AppMetadata, &ack); err != nil {
				done <- err
				return
			}
			rows += ack.AffectedRows
			<-room
		}
	}()
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range n {
		select {
		case room <- struct{}{}:
		case err := <-done:
			return 0, err
		}
		record := v17Record(b, all[(first+i)%len(all)])
		err := w.Write(record)
		record.Release()
		if err != nil {
			return 0, err
		}
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	if err := stream.CloseSend(); err != nil {
		return 0, err
	}
	err = <-done
	return rows, err
}

func v17Schema() *arrow.Schema {
	var fields []arrow.Field
	for i, name := range data.Columns(data.Narrow) {
		f := arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true}
		switch {
		case i == 9:
			f.Type, f.Nullable = &arrow.TimestampType{Unit: arrow.Millisecond}, false
		case i >= 4:
			f.Type = arrow.PrimitiveTypes.Float64
		}
		fields = append(fields, f)
	}
	return arrow.NewSchema(fields, nil)
}

func v17Record(b *array.RecordBuilder, rows []data.Row) arrow.Record {
	region, zone := b.Field(0).(*array.StringBuilder), b.Field(1).(*array.StringBuilder)
	rack, host := b.Field(2).(*array.StringBuilder), b.Field(3).(*array.StringBuilder)
	cpu, memory, disk := b.Field(4).(*array.Float64Builder), b.Field(5).(*array.Float64Builder), b.Field(6).(*array.Float64Builder)
	netIn, netOut := b.Field(7).(*array.Float64Builder), b.Field(8).(*array.Float64Builder)
	ts := b.Field(9).(*array.TimestampBuilder)
	for i := range rows {
		r := &rows[i]
		region.Append(r.Region)
		zone.Append(r.Zone)
		rack.Append(r.Rack)
		host.Append(r.Host)
		cpu.Append(r.CPU)
		memory.Append(r.Memory)
		disk.Append(r.Disk)
		netIn.Append(r.NetIn)
		netOut.Append(r.NetOut)
		ts.Append(arrow.Timestamp(r.Time.UnixMilli()))
	}
	return b.NewRecord()
}
