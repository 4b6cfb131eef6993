package request

import (
	"strings"
	"testing"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// What is put together by hand is what the generated types make of the same, whatever the
// lengths.
func TestTicketsAreWhatTheGeneratedTypesSay(t *testing.T) {
	t.Parallel()
	headers := []*greptimev1.RequestHeader{
		{},
		{Dbname: "public", Timezone: "+08:00", Authorization: &greptimev1.AuthHeader{AuthScheme: &greptimev1.AuthHeader_Basic{
			Basic: &greptimev1.Basic{Username: "u", Password: strings.Repeat("p", 200)},
		}}},
	}
	prom := &greptimev1.PromRangeQuery{Query: strings.Repeat("sum(x)", 50), Start: "2024-01-01T00:00:00Z", Step: "1s"}
	for _, header := range headers {
		encoded, err := proto.Marshal(header)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"", "SELECT 'ä'", strings.Repeat("x", 120), strings.Repeat("x", 1<<14), "PromQL"} {
			ticket, err := SQL(encoded, text)
			query := &greptimev1.QueryRequest{Query: &greptimev1.QueryRequest_Sql{Sql: text}}
			if text == "PromQL" {
				ticket, err = PromRange(encoded, prom)
				query.Query = &greptimev1.QueryRequest_PromRangeQuery{PromRangeQuery: prom}
			}
			if err != nil {
				t.Fatal(err)
			}
			num, typ, n := protowire.ConsumeTag(ticket)
			request, m := protowire.ConsumeBytes(ticket[n:])
			if num != 1 || typ != protowire.BytesType || n+m != len(ticket) {
				t.Fatalf("the ticket begins with field %d of type %d, and has %d bytes behind it", num, typ, len(ticket)-n-m)
			}
			var got greptimev1.GreptimeRequest
			if err := proto.Unmarshal(request, &got); err != nil {
				t.Fatal(err)
			}
			want := &greptimev1.GreptimeRequest{Header: header, Request: &greptimev1.GreptimeRequest_Query{Query: query}}
			if !proto.Equal(&got, want) {
				t.Errorf("%.200v, want %.200v", &got, want)
			}
			if len(ticket) != cap(ticket) {
				t.Errorf("%d bytes in memory for %d", len(ticket), cap(ticket))
			}
		}
	}
	if _, err := SQL(nil, "SELECT '\xff'"); err == nil || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("text that is not UTF-8: %v", err)
	}
}
