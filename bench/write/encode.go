package main

import (
	"context"

	"github.com/GreptimeTeam/greptimedb-ingester-go/schema"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/insert"
)

// encodeScenarios turn 1,000 rows of twelve columns into the bytes of a request. With
// this driver that happens while they are appended; the few bytes around them are
// added by Write, and are in the scenarios that send.
func encodeScenarios() []measure.Scenario {
	const group = "encode rows, 12 columns"
	var sink []byte
	return []measure.Scenario{
		{Group: group, Name: "memcpy", Unit: "row", Setup: func(context.Context) (*measure.Operation, error) {
			encoded, err := encodedRequests(data.Wide, data.Batches(batches))
			if err != nil {
				return nil, err
			}
			c := cycle[[]byte]{}
			for _, m := range encoded {
				c.all = append(c.all, m)
			}
			return perBatch(func(context.Context) error {
				sink = append(sink[:0], c.take()...)
				return nil
			}), nil
		}},
		encodeScenario(group, "Append", func(rows [][]data.Row) [][]data.Row { return rows }, appendWide),
		encodeScenario(group, "Row.Set by name", func(rows [][]data.Row) [][]data.Row { return rows }, namedWide),
		encodeScenario(group, "AppendColumns", byColumns, columnsWide),
		encodeScenario(group, "AppendStructs", structs[wideRow], structsWide),
		{Group: group, Name: "ingester-go AddRow", Unit: "row", Setup: func(context.Context) (*measure.Operation, error) {
			c := cycle[[]data.Row]{all: data.Batches(batches)}
			return perBatch(func(context.Context) error {
				t, err := peerTable(data.Wide, c.take())
				if err != nil {
					return err
				}
				sink, err = peerRequest(t)
				return err
			}), nil
		}},
		{Group: group, Name: "ingester-go structs", Unit: "row", Setup: func(context.Context) (*measure.Operation, error) {
			c := cycle[[]peerRow]{all: structs[peerRow](data.Batches(batches))}
			return perBatch(func(context.Context) error {
				t, err := schema.Parse(c.take())
				if err != nil {
					return err
				}
				sink, err = peerRequest(t)
				return err
			}), nil
		}},
	}
}

func encodeScenario[T any](group, name string, prepare func([][]data.Row) []T, fill func(*insert.Table, T) error) measure.Scenario {
	return measure.Scenario{Group: group, Name: name, Unit: "row", Setup: func(context.Context) (*measure.Operation, error) {
		s, err := wideSchema()
		if err != nil {
			return nil, err
		}
		t := s.NewTable(data.Wide)
		c := cycle[T]{all: prepare(data.Batches(batches))}
		return perBatch(func(context.Context) error {
			t.Reset()
			return fill(t, c.take())
		}), nil
	}}
}

// perBatch is an operation on a batch of rows.
func perBatch(do func(context.Context) error) *measure.Operation {
	return &measure.Operation{Units: data.BatchRows, Do: do}
}
