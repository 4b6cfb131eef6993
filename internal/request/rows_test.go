package request

import (
	"strings"
	"testing"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/internal/transport"
)

// fieldsOf returns the encoded fields schema and rows of rows.
func fieldsOf(t *testing.T, rows *greptimev1.Rows) (schema, body []byte) {
	t.Helper()
	schema, err := proto.Marshal(&greptimev1.Rows{Schema: rows.Schema})
	if err != nil {
		t.Fatal(err)
	}
	body, err = proto.Marshal(&greptimev1.Rows{Rows: rows.Rows})
	if err != nil {
		t.Fatal(err)
	}
	return schema, body
}

// Encode writes what the generated types write, for short and long runs of rows, for inserts
// and deletes, and its length is no more than MaxOverhead says.
func TestRowsAreWhatTheGeneratedTypesSay(t *testing.T) {
	t.Parallel()
	header := &greptimev1.RequestHeader{Dbname: "public"}
	encodedHeader, err := proto.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	rowsOf := func(n, size int) *greptimev1.Rows {
		rows := &greptimev1.Rows{Schema: []*greptimev1.ColumnSchema{{ColumnName: "s", Datatype: greptimev1.ColumnDataType_STRING}}}
		for range n {
			value := &greptimev1.Value{ValueData: &greptimev1.Value_StringValue{StringValue: strings.Repeat("x", size)}}
			rows.Rows = append(rows.Rows, &greptimev1.Row{Values: []*greptimev1.Value{value}})
		}
		return rows
	}
	short, long := rowsOf(2, 5), rowsOf(3, copyBelow)
	for _, test := range []struct {
		tables []string
		rows   []*greptimev1.Rows
	}{
		{[]string{"t"}, []*greptimev1.Rows{short}},
		{[]string{""}, []*greptimev1.Rows{long}},
		{[]string{"a", "b", "c"}, []*greptimev1.Rows{short, long, short}},
		{[]string{"a", strings.Repeat("b", 200)}, []*greptimev1.Rows{long, long}},
	} {
		for _, op := range []Operation{Insert, Delete} {
			want := &greptimev1.GreptimeRequest{Header: header}
			inserts, deletes := &greptimev1.RowInsertRequests{}, &greptimev1.RowDeleteRequests{}
			var list []Rows
			size := 0
			for i, table := range test.tables {
				schema, body := fieldsOf(t, test.rows[i])
				// The rows are in the middle of their Body.
				bytes := append(append([]byte("before"), body...), "behind"...)
				list = append(list, Rows{Table: table, Schema: schema, Body: &transport.Body{Bytes: bytes}, From: 6, To: 6 + len(body), Count: len(test.rows[i].Rows)})
				size += len(table) + len(schema) + len(body)
				inserts.Inserts = append(inserts.Inserts, &greptimev1.RowInsertRequest{TableName: table, Rows: test.rows[i]})
				deletes.Deletes = append(deletes.Deletes, &greptimev1.RowDeleteRequest{TableName: table, Rows: test.rows[i]})
			}
			want.Request = &greptimev1.GreptimeRequest_RowInserts{RowInserts: inserts}
			if op == Delete {
				want.Request = &greptimev1.GreptimeRequest_RowDeletes{RowDeletes: deletes}
			}
			encoded := Encode(encodedHeader, op, list...)
			got := &greptimev1.GreptimeRequest{}
			if err := proto.Unmarshal(transport.Join(encoded), got); err != nil || !proto.Equal(got, want) {
				t.Errorf("operation %d into %q: %v, %.200v", op, test.tables, err, got)
			}
			if most := size + MaxOverhead(len(encodedHeader), len(list)); encoded.Len() != proto.Size(want) || encoded.Len() > most {
				t.Errorf("operation %d into %q: %d bytes, want %d, and %d at most", op, test.tables, encoded.Len(), proto.Size(want), most)
			}
		}
	}
}
