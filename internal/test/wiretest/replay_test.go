package wiretest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/internal/test/captures"
)

// TestReplaysAreTheRecordings sends every recorded request to a server that replays
// the answer, and compares what a plain client gets with the recording.
func TestReplaysAreTheRecordings(t *testing.T) {
	t.Parallel()
	type exchange struct {
		source   captures.Source
		method   string
		requests [][]byte
		answers  [][]byte
		status   captures.Status
	}
	var exchanges []exchange
	handlers := map[string]Handler{}
	for _, d := range slices.Concat(captures.DoGets(), captures.AuthDoGets()) {
		e := exchange{d.Source, MethodDoGet, [][]byte{EncodeTicket(d.Ticket)}, nil, d.Status}
		for _, m := range d.Messages {
			e.answers = append(e.answers, EncodeFlightData(m))
		}
		exchanges = append(exchanges, e)
		handlers[d.File] = Replay(d)
	}
	for _, h := range slices.Concat(captures.Handles(), captures.AuthHandles()) {
		e := exchange{h.Source, h.Method, nil, nil, h.Status}
		for _, r := range h.Requests {
			e.requests = append(e.requests, r.Bytes)
		}
		if h.Code == codes.OK {
			e.answers = [][]byte{h.Response}
		}
		exchanges = append(exchanges, e)
		handlers[h.File] = Replay(h)
	}
	for _, p := range slices.Concat(captures.DoPuts(), captures.AuthDoPuts()) {
		e := exchange{p.Source, MethodDoPut, nil, nil, p.Status}
		for _, m := range p.Sent {
			e.requests = append(e.requests, EncodeFlightData(m))
		}
		for _, r := range p.Results {
			e.answers = append(e.answers, EncodePutResult(r.AppMetadata))
		}
		exchanges = append(exchanges, e)
		handlers[p.File] = Replay(p)
	}
	for _, u := range captures.Unaries() {
		e := exchange{u.Source, u.Method, [][]byte{u.Request}, nil, u.Status}
		if u.Code == codes.OK {
			e.answers = [][]byte{u.Response}
		}
		exchanges = append(exchanges, e)
		handlers[u.File] = Replay(u)
	}
	if len(exchanges) != 655+57 {
		t.Errorf("%d exchanges", len(exchanges))
	}
	s := Start(t, func(c *Call) error { return handlers[c.Metadata.Get("file")[0]](c) })
	cc := dial(t, s)
	for _, e := range exchanges {
		a := call(metadata.AppendToOutgoingContext(t.Context(), "file", e.source.File), cc, e.method, e.requests...)
		st := status.Convert(a.err)
		if st.Code() != e.status.Code || st.Message() != e.status.GRPCMessage {
			t.Errorf("%s: %v %q, recorded %v %q", e.source.File, st.Code(), st.Message(), e.status.Code, e.status.GRPCMessage)
		}
		if got, want := fmt.Sprint(a.trailer.Get("x-greptime-err-code")), fmt.Sprint(e.status.Trailer["x-greptime-err-code"]); got != want {
			t.Errorf("%s: error code %s, recorded %s", e.source.File, got, want)
		}
		if (len(a.header) > 0) != (len(e.status.Header) > 0) {
			t.Errorf("%s: header %v, recorded %v", e.source.File, a.header, e.status.Header)
		}
		if !slices.EqualFunc(a.messages, e.answers, bytes.Equal) {
			t.Errorf("%s: %d messages differ from the %d recorded", e.source.File, len(a.messages), len(e.answers))
		}
	}
	if n := s.Calls(""); n != len(exchanges) {
		t.Errorf("%d calls", n)
	}
	if n := s.Calls(MethodDoPut); n != 97+15+41 {
		t.Errorf("%d calls of DoPut", n)
	}
}

func TestDoPutReplayRefusesMoreThanWasRecorded(t *testing.T) {
	t.Parallel()
	p := captures.DoPutByName("three_batches")
	s := Start(t, Replay(p))
	var sent [][]byte
	for _, m := range append(slices.Clone(p.Sent), p.Sent[3]) {
		sent = append(sent, EncodeFlightData(m))
	}
	if a := call(t.Context(), dial(t, s), MethodDoPut, sent...); status.Code(a.err) != codes.Internal {
		t.Errorf("the fourth batch: %v", a.err)
	}
}

func TestMuxFindsRecordings(t *testing.T) {
	t.Parallel()
	same := captures.DoGet{Messages: captures.DoGetByName("values").Messages}
	same.Request.SQL = captures.DoGetByName("select_constants").Request.SQL
	same.Request.TimeZone = "Asia/Shanghai"
	m := NewMux(captures.DoGetByName("select_constants"), same, captures.DoGetByName("prom_sum")).
		SQL("SELECT special", Flight(captures.DoGetByName("no_batch").Messages)).
		Method(MethodHandle, Replay(captures.HandleByName("auto_create")))
	s := Start(t, m.Handle)
	cc := dial(t, s)
	ask := func(header *greptimev1.RequestHeader, query *greptimev1.QueryRequest) answer {
		b, err := proto.Marshal(&greptimev1.GreptimeRequest{Header: header, Request: &greptimev1.GreptimeRequest_Query{Query: query}})
		if err != nil {
			t.Fatal(err)
		}
		return call(t.Context(), cc, MethodDoGet, EncodeTicket(b))
	}
	sql := func(text string) *greptimev1.QueryRequest {
		return &greptimev1.QueryRequest{Query: &greptimev1.QueryRequest_Sql{Sql: text}}
	}
	check := func(what string, a answer, want captures.DoGet) {
		t.Helper()
		if a.err != nil || len(a.messages) == 0 || !bytes.Equal(a.messages[0], EncodeFlightData(want.Messages[0])) {
			t.Errorf("%s: error %v, %d messages", what, a.err, len(a.messages))
		}
	}
	header := &greptimev1.RequestHeader{Dbname: "public", Timezone: "UTC"}
	check("by text", ask(header, sql(same.Request.SQL)), captures.DoGetByName("select_constants"))
	header.Timezone = "Asia/Shanghai"
	check("by text and zone", ask(header, sql(same.Request.SQL)), same)
	check("own handler", ask(nil, sql("SELECT special")), captures.DoGetByName("no_batch"))
	prom := &greptimev1.PromRangeQuery{Query: captures.DoGetByName("prom_sum").Request.Prom.Query}
	check("PromQL", ask(nil, &greptimev1.QueryRequest{Query: &greptimev1.QueryRequest_PromRangeQuery{PromRangeQuery: prom}}), captures.DoGetByName("prom_sum"))
	if a := ask(nil, sql("SELECT unknown")); status.Code(a.err) != codes.Internal {
		t.Errorf("unknown text: %v", a.err)
	}
	if a := call(t.Context(), cc, MethodHealthCheck, nil); a.err != nil || len(a.messages) != 1 {
		t.Errorf("HealthCheck: %v", a.err)
	}
	if a := call(t.Context(), cc, MethodHandle, captures.HandleByName("auto_create").Requests[0].Bytes); a.err != nil {
		t.Errorf("Handle: %v", a.err)
	}
	if a := call(t.Context(), cc, MethodDoPut); status.Code(a.err) != codes.Unimplemented {
		t.Errorf("DoPut: %v", a.err)
	}
}
