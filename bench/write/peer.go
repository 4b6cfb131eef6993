package main

import (
	"fmt"
	"net"
	"strconv"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	ingester "github.com/GreptimeTeam/greptimedb-ingester-go"
	"github.com/GreptimeTeam/greptimedb-ingester-go/request"
	"github.com/GreptimeTeam/greptimedb-ingester-go/request/header"
	"github.com/GreptimeTeam/greptimedb-ingester-go/table"
	"github.com/GreptimeTeam/greptimedb-ingester-go/table/types"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/rawgrpc"
)

// peerClient is a client of greptimedb-ingester-go.
func peerClient(addr string) (*ingester.Client, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	return ingester.NewClient(ingester.NewConfig(host).WithPort(number).WithDatabase("public"))
}

// peerTable is rows as a table of greptimedb-ingester-go.
func peerTable(name string, rows []data.Row) (*table.Table, error) {
	t, err := table.New(name)
	if err != nil {
		return nil, err
	}
	for _, tag := range data.Names[:4] {
		if err := t.AddTagColumn(tag, types.STRING); err != nil {
			return nil, err
		}
	}
	for _, field := range data.Names[4:9] {
		if err := t.AddFieldColumn(field, types.FLOAT64); err != nil {
			return nil, err
		}
	}
	wide := name == data.Wide
	if wide {
		if err := t.AddFieldColumn("requests", types.INT64); err != nil {
			return nil, err
		}
		if err := t.AddFieldColumn("healthy", types.BOOLEAN); err != nil {
			return nil, err
		}
	}
	if err := t.AddTimestampColumn("ts", types.TIMESTAMP_MILLISECOND); err != nil {
		return nil, err
	}
	for i := range rows {
		r := &rows[i]
		if wide {
			err = t.AddRow(r.Region, r.Zone, r.Rack, r.Host, r.CPU, r.Memory, r.Disk, r.NetIn, r.NetOut, r.Requests, r.Healthy, r.Time)
		} else {
			err = t.AddRow(r.Region, r.Zone, r.Rack, r.Host, r.CPU, r.Memory, r.Disk, r.NetIn, r.NetOut, r.Time)
		}
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

// peerTableOf is values as a table, whose columns are those of the table in package
// data.
func peerTableOf(name string, rows [][]any) (*table.Table, error) {
	t, err := table.New(name)
	if err != nil {
		return nil, err
	}
	for i, column := range data.Columns(name) {
		switch rows[0][i].(type) {
		case string:
			err = t.AddTagColumn(column, types.STRING)
		case float64:
			err = t.AddFieldColumn(column, types.FLOAT64)
		case time.Time:
			err = t.AddTimestampColumn(column, types.TIMESTAMP_MILLISECOND)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, row := range rows {
		if err := t.AddRow(row...); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// peerRequest is the request that greptimedb-ingester-go makes of a table, encoded.
func peerRequest(t *table.Table) ([]byte, error) {
	r, err := request.New(header.New("public"), types.INSERT, t).Build()
	if err != nil {
		return nil, err
	}
	return proto.Marshal(r)
}

// encodedRequests are requests to insert the batches.
func encodedRequests(name string, batches [][]data.Row) ([]rawgrpc.Message, error) {
	out := make([]rawgrpc.Message, len(batches))
	for i, rows := range batches {
		t, err := peerTable(name, rows)
		if err != nil {
			return nil, err
		}
		if out[i], err = peerRequest(t); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// checkAffected compares an answer of greptimedb-ingester-go with what was sent.
func checkAffected(response *greptimev1.GreptimeResponse, err error, rows int) error {
	if err != nil {
		return err
	}
	return checkRows(int64(response.GetAffectedRows().GetValue()), rows)
}

func checkRows(affected int64, rows int) error {
	if affected != int64(rows) {
		return fmt.Errorf("%d rows were written instead of %d", affected, rows)
	}
	return nil
}
