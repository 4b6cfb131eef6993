package main

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/scans"
	"github.com/greptime-go/greptime/flightdecode"
)

// decodeScenarios turn messages that are in memory into record batches. Bytes are
// those of the bodies without compression.
func decodeScenarios(codec string) []measure.Scenario {
	group := "decode 5 columns, " + codec
	scenario := func(name string, decode func(*scans.Scan) func() error) measure.Scenario {
		return measure.Scenario{Group: group, Name: name, Unit: "byte", Setup: func(context.Context) (*measure.Operation, error) {
			scan, err := scans.Encode(scans.Query{Columns: 5, Codec: codec, BatchRows: scans.BatchRows})
			if err != nil {
				return nil, err
			}
			do := decode(scan)
			return &measure.Operation{Units: int(scan.BodyBytes), Do: func(context.Context) error { return do() }}, nil
		}}
	}
	return []measure.Scenario{
		scenario("memcpy", func(s *scans.Scan) func() error {
			from, to := make([]byte, s.BodyBytes), make([]byte, s.BodyBytes)
			return func() error {
				copy(to, from)
				return nil
			}
		}),
		scenario("flightdecode", func(s *scans.Scan) func() error {
			return func() error {
				next := 0
				rd, err := flightdecode.NewReader(func(m *flightdecode.Message) error {
					if next == len(s.Messages) {
						return io.EOF
					}
					*m = flightdecode.Message{Header: s.Messages[next].Header, AppMetadata: s.Messages[next].Metadata, Body: s.Messages[next].Body}
					next++
					return nil
				}, flightdecode.Options{})
				if err != nil {
					return err
				}
				return drain(rd, s.Rows)
			}
		}),
		scenario("arrow-go ipc.Reader", func(s *scans.Scan) func() error {
			return func() error {
				rd, err := ipc.NewReader(bytes.NewReader(s.Stream))
				if err != nil {
					return err
				}
				return drain(rd, s.Rows)
			}
		}),
	}
}

func drain(rd array.RecordReader, rows int) error {
	defer rd.Release()
	n := 0
	for rd.Next() {
		n += int(rd.RecordBatch().NumRows())
	}
	if err := rd.Err(); err != nil {
		return err
	}
	if n != rows {
		return fmt.Errorf("%d rows were decoded instead of %d", n, rows)
	}
	return nil
}
