package greptimetest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/flight"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// rawMessage is a message as its bytes; rawCodec leaves them alone.
type rawMessage []byte

type rawCodec struct{}

var _ encoding.CodecV2 = rawCodec{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*rawMessage))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*rawMessage) = data.Materialize()
	return nil
}

func (c *client) invoke(ctx context.Context, method string, req, res *rawMessage, trailer *metadata.MD) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return c.conn.Invoke(ctx, method, req, res, grpc.ForceCodecV2(rawCodec{}), grpc.Trailer(trailer))
}

// handle calls Handle, or HandleRequests with all requests.
func (c *client) handle(ctx context.Context, method string, requests [][]byte) ([]byte, metadata.MD, error) {
	if method == captures.MethodHandle {
		req, res := rawMessage(requests[0]), rawMessage(nil)
		var trailer metadata.MD
		err := c.invoke(ctx, method, &req, &res, &trailer)
		return res, trailer, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	s, err := c.conn.NewStream(ctx, &grpc.StreamDesc{StreamName: "HandleRequests", ClientStreams: true}, method, grpc.ForceCodecV2(rawCodec{}))
	if err != nil {
		return nil, nil, err
	}
	for _, r := range requests {
		m := rawMessage(r)
		if err := s.SendMsg(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, nil, err
		}
	}
	if err := s.CloseSend(); err != nil {
		return nil, nil, err
	}
	var res rawMessage
	err = s.RecvMsg(&res)
	return res, s.Trailer(), err
}

func compareStatus(err error, trailer metadata.MD, want captures.Status, res, wantRes string) (diffs []string) {
	st := status.Convert(err)
	code, wantCode := "", ""
	if v := trailer.Get("x-greptime-err-code"); len(v) > 0 {
		code = v[0]
	}
	if n, ok := want.ErrorCode(); ok {
		wantCode = strconv.Itoa(n)
	}
	if st.Code() != want.Code || code != wantCode {
		return []string{fmt.Sprintf("status %s %s %q, recorded %s %s %q", st.Code(), code, st.Message(), want.Code, wantCode, want.GRPCMessage)}
	}
	if g, w := stable(st.Message()), stable(want.GRPCMessage); g != w {
		diffs = append(diffs, fmt.Sprintf("message %q, recorded %q", g, w))
	}
	if err == nil && res != wantRes {
		diffs = append(diffs, fmt.Sprintf("response %s, recorded %s", res, wantRes))
	}
	return diffs
}

// stable is an error text without what varies from run to run.
func stable(msg string) string {
	if i := strings.Index(msg, ", reason: "); i >= 0 && strings.HasPrefix(msg, "Invalid request to region") {
		msg = "Invalid request to region…" + msg[i:]
	}
	// The decoder's reason is its own, and the id of the view another.
	if before, _, ok := strings.Cut(msg, "Invalid FlightData, reason: "); ok {
		msg = before
	}
	if before, _, ok := strings.Cut(msg, "Failed to find table route: "); ok {
		msg = before + "Failed to find table route"
	}
	if _, rest, ok := strings.Cut(msg, " panicked with message "); ok {
		msg, _, _ = strings.Cut("task panicked with message "+rest, ", at src/")
		msg = strings.TrimSuffix(msg, `"`)
	}
	return msg
}

// TestConformanceDoPut replays the exchanges of DoPut.
func TestConformanceDoPut(t *testing.T) {
	t.Parallel()
	eachVersion(t, conformDoPut)
}

func conformDoPut(t *testing.T, v captures.Version) {
	c := dial(t, startAs(t, v, greptimetest.Options{}))
	found := map[string][]string{}
	list := append([]captures.DoPut{captures.DoPutByName("three_batches")}, captures.Of(v, captures.DoPuts())...)
	for i, x := range list {
		if i > 0 && x.Base == "three_batches" {
			continue // went first: error_second_schema writes into its table
		}
		c := c
		if strings.HasPrefix(x.Base, "time_index_") { // recorded on servers of their own
			c = dial(t, startAs(t, v, greptimetest.Options{}))
		}
		if d := c.comparePut(t, x); len(d) > 0 {
			found[x.Base] = d
		}
	}
	report(t, found, doPutDifferences)
}

func (c *client) comparePut(t *testing.T, x captures.DoPut) []string {
	t.Helper()
	c.setup(t, x.Setup)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for k, v := range x.CallMetadata {
		ctx = metadata.AppendToOutgoingContext(ctx, k, v)
	}
	acks, trailer, err := c.put(ctx, x)
	var want []string
	for _, r := range x.Results {
		want = append(want, ackText(r.AppMetadata))
	}
	diffs := compareStatus(err, trailer, x.Status, strings.Join(acks, " "), strings.Join(want, " "))
	if !slices.Equal(acks, want) {
		diffs = append(diffs, fmt.Sprintf("acks %v, recorded %v", acks, want))
	}
	return append(diffs, c.compareAfter(t, x.After)...)
}

// ackText is id:rows.
func ackText(b []byte) string {
	var a struct {
		ID      json.Number `json:"request_id"`
		Rows    json.Number `json:"affected_rows"`
		Elapsed json.Number `json:"elapsed_secs"`
	}
	if err := json.Unmarshal(b, &a); err != nil || a.Elapsed == "" {
		return fmt.Sprintf("unreadable %q", b)
	}
	return a.ID.String() + ":" + a.Rows.String()
}

func (c *client) put(ctx context.Context, x captures.DoPut) (acks []string, trailer metadata.MD, err error) {
	s, err := c.conn.NewStream(ctx, &grpc.StreamDesc{StreamName: "DoPut", ServerStreams: true, ClientStreams: true}, flight.MethodDoPut)
	if err != nil {
		return nil, nil, err
	}
	got := make(chan string, 1000)
	end := make(chan error, 1)
	go func() {
		defer close(got)
		for {
			var r flight.PutResult
			if err := s.RecvMsg(&r); err != nil {
				if errors.Is(err, io.EOF) {
					err = nil
				}
				end <- err
				return
			}
			got <- ackText(r.AppMetadata)
		}
	}()
	wait := func() {
		if a, ok := <-got; ok {
			acks = append(acks, a)
		}
	}
	if x.InStep {
		wait()
	}
	for i, m := range x.Sent {
		d := &flight.FlightData{DataHeader: m.Header, DataBody: m.Body, AppMetadata: m.AppMetadata}
		if m.Descriptor != nil {
			d.Descriptor = &flight.Descriptor{Path: m.Descriptor.Path, Cmd: m.Descriptor.Cmd, Type: flight.DescriptorPath}
			if m.Descriptor.Type == "CMD" {
				d.Descriptor.Type = flight.DescriptorCmd
			}
		}
		if s.SendMsg(d) != nil {
			break // the status says why
		}
		if x.InStep && i > 0 {
			wait()
		}
	}
	if err := s.CloseSend(); err != nil {
		return nil, nil, err
	}
	for a := range got {
		acks = append(acks, a)
	}
	return acks, s.Trailer(), <-end
}

// FuzzPut: no message of a DoPut brings the server down or is answered by a panic.
func FuzzPut(f *testing.F) {
	x := captures.DoPutByName("three_batches")
	for _, name := range []string{"three_batches", "lz4", "zstd", "tag_dictionary", "type_decimal", "null_tag"} {
		for _, m := range captures.DoPutByName(name).Sent {
			f.Add(m.Header, m.Body)
		}
	}
	c := dial(f, greptimetest.Start(f, greptimetest.Options{}))
	for _, q := range x.Setup {
		c.sql(f, q)
	}
	f.Fuzz(func(t *testing.T, header, body []byte) {
		fuzzed := x
		fuzzed.InStep = false
		fuzzed.Sent = []captures.Message{x.Sent[0], {Header: header, Body: body}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, _, err := c.put(ctx, fuzzed)
		if code := status.Code(err); code == codes.DeadlineExceeded {
			t.Fatalf("no answer")
		}
		if strings.Contains(status.Convert(err).Message(), "panicked") {
			t.Errorf("%v", err)
		}
		fuzzed.Sent = []captures.Message{{Header: header, Body: body, Descriptor: x.Sent[0].Descriptor}, x.Sent[1]}
		_, _, err = c.put(ctx, fuzzed)
		if code := status.Code(err); code == codes.DeadlineExceeded {
			t.Fatalf("no answer to a first message")
		}
		if strings.Contains(status.Convert(err).Message(), "panicked") {
			t.Errorf("as the first message: %v", err)
		}
	})
}
