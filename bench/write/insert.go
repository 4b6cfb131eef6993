package main

import (
	"context"
	"fmt"
	"io"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	ingester "github.com/GreptimeTeam/greptimedb-ingester-go"
	"google.golang.org/grpc"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/rawgrpc"
	"github.com/greptime-go/greptime/insert"
)

// insertScenarios build, encode and send requests of 1,000 rows, one after the other,
// each answered before the next.
func insertScenarios(addr string) []measure.Scenario {
	const narrow, wide = "insert, 10 columns", "insert, 12 columns"
	rows := func(rows [][]data.Row) [][]data.Row { return rows }
	return []measure.Scenario{
		preEncoded(narrow, data.Narrow, addr, rawgrpc.Plain),
		preEncoded(narrow, data.Narrow, addr, rawgrpc.Tuned),
		insertScenario(narrow, "Append", data.Narrow, addr, rows, appendNarrow),
		peerScenario(narrow, "ingester-go Write", addr, rows, peerWrite(data.Narrow)),

		preEncoded(wide, data.Wide, addr, rawgrpc.Plain),
		preEncoded(wide, data.Wide, addr, rawgrpc.Tuned),
		insertScenario(wide, "Append", data.Wide, addr, rows, appendWide),
		insertScenario(wide, "AppendColumns", data.Wide, addr, byColumns, columnsWide),
		insertScenario(wide, "AppendStructs", data.Wide, addr, structs[wideRow], structsWide),
		peerScenario(wide, "ingester-go Write", addr, rows, peerWrite(data.Wide)),
		peerScenario(wide, "ingester-go WriteObject", addr, structs[peerRow], peerWriteObject),
	}
}

// slowInsertScenarios do the same on a server that takes as long as GreptimeDB: the
// client waits, which costs CPU, too.
func slowInsertScenarios(addr string) []measure.Scenario {
	const group = "insert, 10 columns, slow server"
	rows := func(rows [][]data.Row) [][]data.Row { return rows }
	return []measure.Scenario{
		preEncoded(group, data.Narrow, addr, rawgrpc.Plain),
		preEncoded(group, data.Narrow, addr, rawgrpc.Tuned),
		insertScenario(group, "Append", data.Narrow, addr, rows, appendNarrow),
		peerScenario(group, "ingester-go Write", addr, rows, peerWrite(data.Narrow)),
	}
}

// preEncoded sends what was encoded before: the floor.
func preEncoded(group, table, addr string, floor rawgrpc.Floor) measure.Scenario {
	return measure.Scenario{Group: group, Name: floor.Name("pre-encoded"), Unit: "row", Setup: func(context.Context) (*measure.Operation, error) {
		encoded, err := encodedRequests(table, data.Batches(batches))
		if err != nil {
			return nil, err
		}
		cc, err := floor.Dial(addr)
		if err != nil {
			return nil, err
		}
		c := cycle[rawgrpc.Message]{all: encoded}
		op := perBatch(func(ctx context.Context) error { return rawgrpc.Unary(ctx, cc, rawgrpc.Handle, c.take()) })
		op.Close = cc.Close
		return op, nil
	}}
}

// newTable is a table of this driver.
func newTable(name string) (*insert.Table, error) {
	s, err := narrowSchema()
	if name == data.Wide {
		s, err = wideSchema()
	}
	if err != nil {
		return nil, err
	}
	return s.NewTable(name), nil
}

func connect(ctx context.Context, addr string) (*greptime.Conn, error) {
	return greptime.Connect(ctx, "greptime://"+addr)
}

// insertScenario sends with this driver.
func insertScenario[T any](group, name, table, addr string, prepare func([][]data.Row) []T, fill func(*insert.Table, T) error) measure.Scenario {
	return measure.Scenario{Group: group, Name: name, Unit: "row", Setup: func(ctx context.Context) (*measure.Operation, error) {
		t, err := newTable(table)
		if err != nil {
			return nil, err
		}
		conn, err := connect(ctx, addr)
		if err != nil {
			return nil, err
		}
		c := cycle[T]{all: prepare(data.Batches(batches))}
		op := perBatch(func(ctx context.Context) error {
			t.Reset()
			if err := fill(t, c.take()); err != nil {
				return err
			}
			n, err := insert.Write(ctx, conn, t)
			if err != nil {
				return err
			}
			return checkRows(n, data.BatchRows)
		})
		op.Close = conn.Close
		return op, nil
	}}
}

// peerScenario sends with greptimedb-ingester-go.
func peerScenario[T any](group, name, addr string, prepare func([][]data.Row) []T, write func(context.Context, *ingester.Client, T) (*greptimev1.GreptimeResponse, error)) measure.Scenario {
	return measure.Scenario{Group: group, Name: name, Unit: "row", Setup: func(context.Context) (*measure.Operation, error) {
		client, err := peerClient(addr)
		if err != nil {
			return nil, err
		}
		c := cycle[T]{all: prepare(data.Batches(batches))}
		op := perBatch(func(ctx context.Context) error {
			response, err := write(ctx, client, c.take())
			return checkAffected(response, err, data.BatchRows)
		})
		op.Close = client.Close
		return op, nil
	}}
}

func peerWrite(table string) func(context.Context, *ingester.Client, []data.Row) (*greptimev1.GreptimeResponse, error) {
	return func(ctx context.Context, c *ingester.Client, rows []data.Row) (*greptimev1.GreptimeResponse, error) {
		t, err := peerTable(table, rows)
		if err != nil {
			return nil, err
		}
		return c.Write(ctx, t)
	}
}

func peerWriteObject(ctx context.Context, c *ingester.Client, rows []peerRow) (*greptimev1.GreptimeResponse, error) {
	return c.WriteObject(ctx, rows)
}

// streamScenarios send the same requests on a stream of HandleRequests, which is
// answered at its end.
func streamScenarios(addr string) []measure.Scenario {
	const group = "insert stream, 12 columns"
	return []measure.Scenario{
		{Group: group, Name: "pre-encoded", Unit: "row", Setup: func(context.Context) (*measure.Operation, error) {
			encoded, err := encodedRequests(data.Wide, data.Batches(batches))
			if err != nil {
				return nil, err
			}
			cc, err := rawgrpc.Plain.Dial(addr)
			if err != nil {
				return nil, err
			}
			c := cycle[rawgrpc.Message]{all: encoded}
			return &measure.Operation{Units: data.BatchRows, Close: cc.Close, Run: func(ctx context.Context, n int) error {
				stream, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, rawgrpc.HandleRequests)
				if err != nil {
					return err
				}
				for range n {
					if err := stream.SendMsg(c.take()); err != nil {
						return err
					}
				}
				if err := stream.CloseSend(); err != nil {
					return err
				}
				if err := stream.RecvMsg(rawgrpc.Discard); err != nil && err != io.EOF {
					return err
				}
				return nil
			}}, nil
		}},
		{Group: group, Name: "Stream.Send", Unit: "row", Setup: func(ctx context.Context) (*measure.Operation, error) {
			t, err := newTable(data.Wide)
			if err != nil {
				return nil, err
			}
			conn, err := connect(ctx, addr)
			if err != nil {
				return nil, err
			}
			c := cycle[[]data.Row]{all: data.Batches(batches)}
			return &measure.Operation{Units: data.BatchRows, Close: conn.Close, Run: func(ctx context.Context, n int) error {
				stream, err := insert.NewStream(ctx, conn)
				if err != nil {
					return err
				}
				defer stream.Close()
				for range n {
					t.Reset()
					if err := appendWide(t, c.take()); err != nil {
						return err
					}
					if err := stream.Send(ctx, t); err != nil {
						return err
					}
				}
				rows, err := stream.CloseAndRecv(ctx)
				if err != nil {
					return err
				}
				return checkRows(rows, n*data.BatchRows)
			}}, nil
		}},
		{Group: group, Name: "ingester-go StreamWrite", Unit: "row", Setup: func(context.Context) (*measure.Operation, error) {
			client, err := peerClient(addr)
			if err != nil {
				return nil, err
			}
			c := cycle[[]data.Row]{all: data.Batches(batches)}
			return &measure.Operation{Units: data.BatchRows, Close: client.Close, Run: func(ctx context.Context, n int) error {
				for range n {
					t, err := peerTable(data.Wide, c.take())
					if err != nil {
						return err
					}
					if err := client.StreamWrite(ctx, t); err != nil {
						return err
					}
				}
				affected, err := client.CloseStream(ctx)
				if err != nil {
					return err
				}
				return checkRows(int64(affected.GetValue()), n*data.BatchRows)
			}}, nil
		}},
	}
}

// singleRowScenarios insert one row and wait for the answer.
func singleRowScenarios(addr string) []measure.Scenario {
	const group = "insert of one row, 12 columns"
	one := func(do func(context.Context) error, closer func() error) *measure.Operation {
		return &measure.Operation{Units: 1, Latency: true, Do: do, Close: closer}
	}
	bare := func(floor rawgrpc.Floor) measure.Scenario {
		return measure.Scenario{Group: group, Name: floor.Name("bare gRPC call"), Unit: "call", Setup: func(context.Context) (*measure.Operation, error) {
			rows := data.Rows(1)
			encoded, err := encodedRequests(data.Wide, [][]data.Row{rows})
			if err != nil {
				return nil, err
			}
			cc, err := floor.Dial(addr)
			if err != nil {
				return nil, err
			}
			return one(func(ctx context.Context) error { return rawgrpc.Unary(ctx, cc, rawgrpc.Handle, encoded[0]) }, cc.Close), nil
		}}
	}
	return []measure.Scenario{
		bare(rawgrpc.Plain),
		bare(rawgrpc.Tuned),
		{Group: group, Name: "Append, Write", Unit: "call", Setup: func(ctx context.Context) (*measure.Operation, error) {
			t, err := newTable(data.Wide)
			if err != nil {
				return nil, err
			}
			conn, err := connect(ctx, addr)
			if err != nil {
				return nil, err
			}
			rows := data.Rows(1)
			return one(func(ctx context.Context) error {
				t.Reset()
				if err := appendWide(t, rows); err != nil {
					return err
				}
				n, err := insert.Write(ctx, conn, t)
				if err != nil {
					return err
				}
				return checkRows(n, 1)
			}, conn.Close), nil
		}},
		{Group: group, Name: "WriteStructs", Unit: "call", Setup: func(ctx context.Context) (*measure.Operation, error) {
			conn, err := connect(ctx, addr)
			if err != nil {
				return nil, err
			}
			rows := structs[wideRow]([][]data.Row{data.Rows(1)})[0]
			return one(func(ctx context.Context) error {
				n, err := insert.WriteStructs(ctx, conn, "", rows)
				if err != nil {
					return err
				}
				return checkRows(n, 1)
			}, conn.Close), nil
		}},
		{Group: group, Name: "ingester-go Write", Unit: "call", Setup: func(context.Context) (*measure.Operation, error) {
			client, err := peerClient(addr)
			if err != nil {
				return nil, err
			}
			rows := data.Rows(1)
			return one(func(ctx context.Context) error {
				response, err := peerWrite(data.Wide)(ctx, client, rows)
				return checkAffected(response, err, 1)
			}, client.Close), nil
		}},
	}
}

// runWorkers runs work n times, shared out over goroutines.
func runWorkers(workers, n int, work func(worker, n int) error) error {
	failed := make(chan error, workers)
	for w := range workers {
		share := n / workers
		if w < n%workers {
			share++
		}
		go func() { failed <- work(w, share) }()
	}
	var first error
	for range workers {
		if err := <-failed; err != nil && first == nil {
			first = fmt.Errorf("a worker: %w", err)
		}
	}
	return first
}
