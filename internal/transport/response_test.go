package transport

import (
	"strings"
	"testing"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

func affected(rows, status uint32, message string) *greptimev1.GreptimeResponse {
	return &greptimev1.GreptimeResponse{
		Header:   &greptimev1.ResponseHeader{Status: &greptimev1.Status{StatusCode: status, ErrMsg: message}},
		Response: &greptimev1.GreptimeResponse_AffectedRows{AffectedRows: &greptimev1.AffectedRows{Value: rows}},
	}
}

func encodedResponse(tb testing.TB, m *greptimev1.GreptimeResponse) []byte {
	tb.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestResponsesTellAffectedRowsOrWhyNot(t *testing.T) {
	t.Parallel()
	newer := protowire.AppendVarint(protowire.AppendTag(encodedResponse(t, affected(7, 0, "")), 77, protowire.VarintType), 1)
	for name, test := range map[string]struct {
		wire  []byte
		rows  uint32
		error string
	}{
		"rows":                {encodedResponse(t, affected(1000, 0, "")), 1000, ""},
		"as many as can be":   {encodedResponse(t, affected(1<<32-1, 0, "")), 1<<32 - 1, ""},
		"none":                {encodedResponse(t, affected(0, 0, "")), 0, ""},
		"without a header":    {encodedResponse(t, &greptimev1.GreptimeResponse{Response: affected(3, 0, "").Response}), 3, ""},
		"a field of tomorrow": {newer, 7, ""},
		"a status":            {encodedResponse(t, affected(1, 1004, "no such column")), 0, "status 1004: no such column"},
		"nothing":             {nil, 0, "no affected rows"},
		"a header only":       {encodedResponse(t, &greptimev1.GreptimeResponse{Header: &greptimev1.ResponseHeader{}}), 0, "no affected rows"},
		"another type":        {[]byte{responseAffected<<3 | byte(protowire.VarintType), 5}, 0, "no affected rows"},
		"cut":                 {[]byte{responseAffected<<3 | byte(protowire.BytesType), 5, 8}, 0, "not a GreptimeResponse"},
		"an endless group":    {[]byte{5<<3 | byte(protowire.StartGroupType)}, 0, "not a GreptimeResponse"},
	} {
		r := response{affected: 99, hasAffected: true, status: 9}
		err := r.unmarshal(mem.BufferSlice{mem.SliceBuffer(test.wire)})
		switch {
		case test.error == "" && (err != nil || r.affected != test.rows):
			t.Errorf("%s: %d rows, %v", name, r.affected, err)
		case test.error != "" && (err == nil || !strings.Contains(err.Error(), test.error)):
			t.Errorf("%s: error %v does not say %q", name, err, test.error)
		}
	}
}

// FuzzResponse holds the reading by hand to that of the generated type.
func FuzzResponse(f *testing.F) {
	f.Add(encodedResponse(f, affected(1000, 0, "")))
	f.Add(encodedResponse(f, affected(1, 1004, "no")))
	f.Add(append(encodedResponse(f, affected(1, 0, "")), encodedResponse(f, affected(2, 3, "twice"))...))
	f.Add([]byte{0x12, 0x00})
	f.Add([]byte{0x0b, 0x0c})
	f.Fuzz(func(t *testing.T, wire []byte) {
		var want greptimev1.GreptimeResponse
		if proto.Unmarshal(wire, &want) != nil {
			_ = new(response).unmarshal(mem.BufferSlice{mem.SliceBuffer(wire)}) // any answer but a panic
			return
		}
		for cut := range len(wire) + 1 { // whatever the pieces it comes in
			var got response
			if err := got.read(mem.BufferSlice{mem.SliceBuffer(wire[:cut]), mem.SliceBuffer(wire[cut:])}); err != nil {
				t.Fatalf("%x: %v", wire, err)
			}
			_, has := want.GetResponse().(*greptimev1.GreptimeResponse_AffectedRows)
			status := want.GetHeader().GetStatus()
			if got.hasAffected != has || got.affected != want.GetAffectedRows().GetValue() || got.status != status.GetStatusCode() || got.message != status.GetErrMsg() {
				t.Fatalf("%x: %+v, want %v", wire, got, &want)
			}
		}
	})
}
