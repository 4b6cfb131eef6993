package main

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/nullserver"
	"github.com/greptime-go/greptime/bench/internal/rawgrpc"
)

// selectOneScenarios run SELECT 1: what a query costs that returns next to nothing.
func selectOneScenarios(server *nullserver.Process) []measure.Scenario {
	const group, query = "SELECT 1", "SELECT 1"
	scenario := func(name string, setup func(context.Context) (do func(context.Context) error, closer func() error, err error)) measure.Scenario {
		return measure.Scenario{Group: group, Name: name, Unit: "call", Setup: func(ctx context.Context) (*measure.Operation, error) {
			do, closer, err := setup(ctx)
			return &measure.Operation{Units: 1, Latency: true, Do: do, Close: closer}, err
		}}
	}
	bare := func(floor rawgrpc.Floor) measure.Scenario {
		return scenario(floor.Name("bare gRPC call"), func(context.Context) (func(context.Context) error, func() error, error) {
			cc, err := floor.Dial(server.Addr)
			if err != nil {
				return nil, nil, err
			}
			ticket := rawgrpc.Ticket(query)
			return func(ctx context.Context) error {
				_, err := rawgrpc.ReceiveAll(ctx, cc, rawgrpc.DoGet, ticket)
				return err
			}, cc.Close, nil
		})
	}
	return []measure.Scenario{
		bare(rawgrpc.Plain),
		bare(rawgrpc.Tuned),
		scenario("database/sql", func(context.Context) (func(context.Context) error, func() error, error) {
			db, err := sql.Open("greptime", "greptime://"+server.Addr)
			if err != nil {
				return nil, nil, err
			}
			return func(ctx context.Context) error {
				var one int64
				return db.QueryRowContext(ctx, query).Scan(&one)
			}, db.Close, nil
		}),
		scenario("QueryArrow", func(ctx context.Context) (func(context.Context) error, func() error, error) {
			conn, err := greptime.Connect(ctx, "greptime://"+server.Addr)
			if err != nil {
				return nil, nil, err
			}
			return func(ctx context.Context) error {
				rd, err := conn.QueryArrow(ctx, query)
				if err != nil {
					return err
				}
				defer rd.Release()
				n := 0
				for rd.Next() {
					n += int(rd.RecordBatch().NumRows())
				}
				return checkOne(n, rd.Err())
			}, conn.Close, nil
		}),
		scenario("One", func(ctx context.Context) (func(context.Context) error, func() error, error) {
			conn, err := greptime.Connect(ctx, "greptime://"+server.Addr)
			if err != nil {
				return nil, nil, err
			}
			return func(ctx context.Context) error {
				_, err := greptime.One[int64](ctx, conn, query)
				return err
			}, conn.Close, nil
		}),
		scenario("arrow-go flight.Reader", func(context.Context) (func(context.Context) error, func() error, error) {
			client, err := arrowGoClient(server.Addr)
			if err != nil {
				return nil, nil, err
			}
			return func(ctx context.Context) error {
				return checkOne(arrowGoRead(ctx, client, query))
			}, client.Close, nil
		}),
	}
}

func checkOne(rows int, err error) error {
	if err == nil && rows != 1 {
		err = fmt.Errorf("%d rows were read instead of one", rows)
	}
	return err
}
