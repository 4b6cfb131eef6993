package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	ingester "github.com/GreptimeTeam/greptimedb-ingester-go"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/rawgrpc"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
)

// curveScenarios show how what a row costs depends on the rows of a request, on the
// columns, and on how many connections are in use at once. Those of bulk loads by rows
// of a batch and by streams are beside the other bulk loads. Each scenario has so many
// different rows, or one request of them.
func curveScenarios(fast, slow string, distinct int) []measure.Scenario {
	var rows, columns, connections, bulkColumns, bulkConnections []measure.Scenario
	for _, n := range []int{1, 10, 100, 1_000, 10_000} {
		p := point{group: "insert, 10 columns, by rows of a request", at: measure.Count(n, "row"), table: data.Narrow, rows: n, atOnce: 1, distinct: distinct}
		rows = append(rows, p.preEncoded(fast), p.insert(fast), p.peer(fast))
	}
	for _, n := range []int{2, 5, 10, 20, 50} {
		p := point{group: "insert, by columns", at: measure.Count(n, "column"), table: data.Mixed(n), rows: data.BatchRows, atOnce: 1, distinct: distinct}
		columns = append(columns, p.preEncoded(fast), p.insert(fast), p.peer(fast))
		p.group = "bulk, by columns"
		bulkColumns = append(bulkColumns, p.bulk(fast, bulk.Options{}))
	}
	for _, n := range []int{1, 2, 4, 8, 16} {
		p := point{group: "insert, 10 columns, by connections, slow server", at: fmt.Sprintf("%d at once", n), table: data.Narrow, rows: data.BatchRows, atOnce: n, distinct: distinct}
		connections = append(connections, p.insert(slow), p.peer(slow))
		p.group = "bulk, 10 columns, by connections, slow server"
		bulkConnections = append(bulkConnections, p.bulk(slow, bulk.Options{Streams: 1}))
	}
	return slices.Concat(rows, columns, connections, bulkColumns, bulkConnections)
}

// point is one of a curve's.
type point struct {
	group, at string
	table     string
	rows      int // of a request or batch
	atOnce    int // how many goroutines send, each on a connection
	distinct  int // rows; then they come again
}

// sender sends for one goroutine. flush, if there, waits until all is acknowledged.
type sender struct {
	send, flush func(context.Context) error
}

// scenario has as many senders as there are goroutines.
func (p point) scenario(name string, setup func(context.Context) (open func() (sender, error), closer func() error, err error)) measure.Scenario {
	return measure.Scenario{Group: p.group, Name: p.at + ", " + name, Unit: "row", Point: true, Setup: func(ctx context.Context) (*measure.Operation, error) {
		open, closer, err := setup(ctx)
		if err != nil {
			return nil, err
		}
		senders := make([]sender, p.atOnce)
		for i := range senders {
			if senders[i], err = open(); err != nil {
				return nil, errors.Join(err, closer())
			}
		}
		return &measure.Operation{Units: p.rows * p.atOnce, Close: closer, Run: func(ctx context.Context, n int) error {
			return runWorkers(p.atOnce, n*p.atOnce, func(worker, n int) error {
				s := &senders[worker]
				for range n {
					if err := s.send(ctx); err != nil {
						return err
					}
				}
				if s.flush == nil {
					return nil
				}
				return s.flush(ctx)
			})
		}}, nil
	}}
}

// values are the rows of different requests, as arguments of Append: they are boxed
// beforehand, so that every table is filled by the same code.
func (p point) values() [][][]any {
	columns, rows := data.Columns(p.table), data.Rows(max(p.rows, p.distinct))
	values := make([][]any, len(rows))
	for i := range rows {
		values[i] = rows[i].Values(columns)
	}
	return slices.Collect(slices.Chunk(values, p.rows))
}

func (p point) preEncoded(addr string) measure.Scenario {
	return p.scenario("pre-encoded", func(context.Context) (func() (sender, error), func() error, error) {
		var encoded []rawgrpc.Message
		for _, rows := range p.values() {
			t, err := peerTableOf(p.table, rows)
			if err != nil {
				return nil, nil, err
			}
			request, err := peerRequest(t)
			if err != nil {
				return nil, nil, err
			}
			encoded = append(encoded, request)
		}
		cc, err := rawgrpc.Plain.Dial(addr)
		if err != nil {
			return nil, nil, err
		}
		return func() (sender, error) {
			c := cycle[rawgrpc.Message]{all: encoded}
			return sender{send: func(ctx context.Context) error { return rawgrpc.Unary(ctx, cc, rawgrpc.Handle, c.take()) }}, nil
		}, cc.Close, nil
	})
}

func (p point) insert(addr string) measure.Scenario {
	return p.scenario("Append", func(ctx context.Context) (func() (sender, error), func() error, error) {
		schema, err := data.InsertSchema(data.Columns(p.table))
		if err != nil {
			return nil, nil, err
		}
		conn, err := connect(ctx, addr) // which goroutines share, as all connections share a channel
		if err != nil {
			return nil, nil, err
		}
		values := p.values()
		return func() (sender, error) {
			t, c := schema.NewTable(p.table), cycle[[][]any]{all: values}
			return sender{send: func(ctx context.Context) error {
				t.Reset()
				for _, row := range c.take() {
					if err := t.Append(row...); err != nil {
						return err
					}
				}
				n, err := insert.Write(ctx, conn, t)
				if err != nil {
					return err
				}
				return checkRows(n, p.rows)
			}}, nil
		}, conn.Close, nil
	})
}

func (p point) peer(addr string) measure.Scenario {
	return p.scenario("ingester-go Write", func(context.Context) (func() (sender, error), func() error, error) {
		client, err := peerClient(addr)
		if err != nil {
			return nil, nil, err
		}
		values := p.values()
		return func() (sender, error) {
			c := cycle[[][]any]{all: values}
			return sender{send: func(ctx context.Context) error { return peerSend(ctx, client, p.table, c.take()) }}, nil
		}, client.Close, nil
	})
}

func peerSend(ctx context.Context, client *ingester.Client, table string, rows [][]any) error {
	t, err := peerTableOf(table, rows)
	if err != nil {
		return err
	}
	response, err := client.Write(ctx, t)
	return checkAffected(response, err, len(rows))
}

// bulk loads by a Writer for each goroutine, on a connection with a channel of its own.
func (p point) bulk(addr string, options bulk.Options) measure.Scenario {
	return p.scenario("Append", func(ctx context.Context) (func() (sender, error), func() error, error) {
		values := p.values()
		var closers []func() error
		closer := func() error {
			var errs []error
			for _, c := range slices.Backward(closers) {
				errs = append(errs, c())
			}
			return errors.Join(errs...)
		}
		return func() (sender, error) {
			conn, err := connect(ctx, addr)
			if err != nil {
				return sender{}, err
			}
			closers = append(closers, conn.Close)
			w, err := bulk.NewWriter(ctx, conn, p.table, options)
			if err != nil {
				return sender{}, err
			}
			closers = append(closers, func() error {
				_, err := w.Close(context.Background())
				return err
			})
			b, c, sent := w.NewBatch(p.rows), cycle[[][]any]{all: values}, 0
			return sender{
				send: func(ctx context.Context) error {
					for _, row := range c.take() {
						if err := b.Append(row...); err != nil {
							return err
						}
					}
					sent += p.rows
					_, err := w.WriteAsync(ctx, b)
					return err
				},
				flush: func(ctx context.Context) error {
					if err := w.Flush(ctx); err != nil {
						return err
					}
					return checkRows(w.Progress().Rows, sent)
				},
			}, nil
		}, closer, nil
	})
}
