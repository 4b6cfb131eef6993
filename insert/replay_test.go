package insert_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// Every recorded exchange of Handle and HandleRequests is made again through this
// package: it must send what was sent, and report what was answered.

// Why recordings cannot go through insert.
const (
	notRows          = "not a row insert or delete"
	byColumns        = "rows are sent as rows"
	badColumns       = "a schema has one time index, and no name twice"
	badType          = "a type that no table gets is refused"
	noExtension      = "types are sent with their parameters"
	badValue         = "a value that does not fit its column is refused"
	wrongArm         = "a value is always sent as its column's type"
	noRows           = "nothing is sent without rows"
	otherHints       = "hints are sent as x-greptime-hints, without spaces"
	otherDatabase    = "the database is named by dbname, with its catalog if it has a -"
	otherCredentials = "credentials are a user and a password, in the header of every request"
)

// exempt are those recordings. One that can fails the test.
var exempt = reasons(map[string]string{
	notRows:          `auth/handle_request_unset_no_credentials stream_sql_insert sql_insert sql_create_database sql_create stream_select error_sql_syntax error_sql_show error_sql_select_missing error_sql_select error_sql_use error_request_unset error_query_unset error_nothing_at_all error_ddl_unset error_ddl_drop_missing ddl_drop_table ddl_create_table`,
	byColumns:        `columns columns_all_null columns_json columns_null_mask columns_null_mask_nine_rows columns_short_mask delete_by_columns error_columns_count error_columns_mask_padding error_columns_wrong_values`,
	badColumns:       `error_two_time_indexes rows_unset error_missing_time_index_new error_missing_time_index_existing error_duplicate_columns_existing error_duplicate_columns_new error_delete_missing_time`,
	badType:          `type_interval_year_month type_interval_month_day_nano type_interval_day_time type_datetime time_index_int64 time_index_datetime panic_list_no_extension error_datatype_unknown`,
	noExtension:      `json_no_extension json_as_binary_column error_vector_no_extension error_decimal_no_extension decimal_no_extension_new_table`,
	badValue:         `int8_out_of_range error_json_empty_text error_json_text error_json_wrong_arm error_vector_length_first error_vector_length error_row_too_short error_row_too_long error_null_time_index decimal_too_large`,
	wrongArm:         `error_wrong_arm error_wrong_arm_new_table`,
	noRows:           `empty_rows empty_inserts delete_empty`,
	otherHints:       `hint_spaces hint_single_key hint_both_forms`,
	otherDatabase:    `database_with_dash database_by_catalog_and_schema`,
	otherCredentials: `auth/stream_second_message_no_credentials auth/handle_insert_scheme_unset auth/handle_insert_token auth/handle_insert_metadata_only auth/handle_insert_empty_user auth/handle_insert_both_empty`,
})

// reasons gives each name in a list its reason.
func reasons(lists map[string]string) map[string]string {
	byName := map[string]string{}
	for reason, list := range lists {
		for name := range strings.FieldsSeq(list) {
			byName[name] = reason
		}
	}
	return byName
}

func TestRecordedExchangesGoThroughInsert(t *testing.T) {
	t.Parallel()
	exchanges := slices.Concat(captures.Handles(), captures.AuthHandles())
	if len(exchanges) < 169+15+2 {
		t.Errorf("only %d recordings, want at least 186", len(exchanges))
	}
	names := map[string]bool{}
	for _, exchange := range exchanges {
		names[exchange.Base] = true
		t.Run(exchange.Name, func(t *testing.T) {
			t.Parallel()
			err := replay(t, &exchange)
			reason, isExempt := exempt[exchange.Base]
			switch {
			case isExempt && err == nil:
				t.Errorf("goes through insert; take it off the exemptions (%s)", reason)
			case !isExempt && err != nil:
				t.Error(err)
			}
		})
	}
	for name := range exempt {
		if !names[name] {
			t.Errorf("there is no recording %s", name)
		}
	}
}

var errNotExpressible = errors.New("not expressible")

// replay runs one recording through insert and says what does not match.
func replay(t *testing.T, exchange *captures.Handle) error {
	recorded := make([]*greptimev1.GreptimeRequest, len(exchange.Requests))
	for i, r := range exchange.Requests {
		recorded[i] = &greptimev1.GreptimeRequest{}
		if err := proto.Unmarshal(r.Bytes, recorded[i]); err != nil {
			return err
		}
	}
	var got requests
	s := wiretest.Start(t, answerAs(exchange, &got))
	affected, err := sendRecorded(t, s, exchange, recorded)
	var server *greptime.Error
	if err != nil && !errors.As(err, &server) {
		return err // refused before anything was sent
	}
	if err := sameRequests(got.all(), recorded); err != nil {
		return err
	}
	if err := sameHints(&got, exchange); err != nil {
		return err
	}
	return sameAnswer(exchange, affected, server)
}

// answerAs answers as recorded, and keeps what was sent.
func answerAs(exchange *captures.Handle, got *requests) wiretest.Handler {
	return func(c *wiretest.Call) error {
		if c.Method != exchange.Method {
			return fmt.Errorf("method %s", c.Method)
		}
		for n := 0; exchange.Code == codes.OK || n < len(exchange.Requests); n++ {
			b, err := c.Recv()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return err
			}
			if err := got.add(b, c.Metadata); err != nil {
				return err
			}
		}
		if exchange.Code == codes.OK {
			return c.Send(exchange.Response)
		}
		c.SetTrailer(exchange.Trailer)
		return status.Error(exchange.Code, exchange.GRPCMessage)
	}
}

// sendRecorded makes the call with what is in the recorded requests.
func sendRecorded(t *testing.T, s *wiretest.Server, exchange *captures.Handle, recorded []*greptimev1.GreptimeRequest) (int64, error) {
	options := insert.Options{Hints: exchange.Hints}
	for key, value := range exchange.Metadata {
		if key != "x-greptime-hints" {
			return 0, fmt.Errorf("%w: metadata %s", errNotExpressible, key)
		}
		options.Hints = map[string]string{}
		for pair := range strings.SplitSeq(value, ",") {
			k, v, _ := strings.Cut(pair, "=")
			options.Hints[k] = v
		}
	}
	cfg, err := greptime.ParseDSN(s.DSN())
	if err != nil {
		return 0, err
	}
	if len(recorded) > 0 {
		header := recorded[0].GetHeader()
		if header.GetSchema() != "" {
			return 0, fmt.Errorf("%w: a database by catalog and schema", errNotExpressible)
		}
		if name := header.GetDbname(); name != "" {
			cfg.Database = strings.TrimPrefix(name, "greptime-")
		}
		cfg.User, cfg.Password = header.GetAuthorization().GetBasic().GetUsername(), greptime.NewSecret(header.GetAuthorization().GetBasic().GetPassword())
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		return 0, err
	}
	defer connector.Close()
	dc, err := connector.Connect(t.Context())
	if err != nil {
		return 0, err
	}
	conn := dc.(*greptime.Conn)

	if exchange.Method == captures.MethodHandleRequests {
		return streamRecorded(t, conn, options, recorded)
	}
	if len(recorded) == 0 {
		return 0, fmt.Errorf("%w: no request", errNotExpressible)
	}
	tables, err := tablesOf(recorded[0])
	if err != nil {
		return 0, err
	}
	if recorded[0].GetRowDeletes() != nil {
		return options.Delete(t.Context(), conn, tables...)
	}
	return options.Write(t.Context(), conn, tables...)
}

func streamRecorded(t *testing.T, conn *greptime.Conn, options insert.Options, recorded []*greptimev1.GreptimeRequest) (int64, error) {
	stream, err := options.NewStream(t.Context(), conn)
	if err != nil {
		return 0, err
	}
	defer stream.Close()
	for _, req := range recorded {
		tables, err := tablesOf(req)
		if err != nil {
			return 0, err
		}
		if err := stream.Send(t.Context(), tables...); err != nil {
			return 0, err
		}
	}
	return stream.CloseAndRecv(t.Context())
}

// tablesOf makes tables of a recorded request.
func tablesOf(req *greptimev1.GreptimeRequest) ([]*insert.Table, error) {
	var tables []*insert.Table
	switch r := req.GetRequest().(type) {
	case *greptimev1.GreptimeRequest_RowInserts:
		for _, i := range r.RowInserts.Inserts {
			table, err := tableOf(i.TableName, i.Rows)
			if err != nil {
				return nil, err
			}
			tables = append(tables, table)
		}
	case *greptimev1.GreptimeRequest_RowDeletes:
		for _, d := range r.RowDeletes.Deletes {
			table, err := tableOf(d.TableName, d.Rows)
			if err != nil {
				return nil, err
			}
			tables = append(tables, table)
		}
	default:
		return nil, fmt.Errorf("%w: %s", errNotExpressible, notRows)
	}
	return tables, nil
}

func tableOf(name string, rows *greptimev1.Rows) (*insert.Table, error) {
	columns := make([]insert.Column, len(rows.GetSchema()))
	for i, c := range rows.GetSchema() {
		typ, err := typeOf(c)
		if err != nil {
			return nil, err
		}
		switch c.SemanticType {
		case greptimev1.SemanticType_TAG:
			columns[i] = insert.Tag(c.ColumnName, typ)
		case greptimev1.SemanticType_FIELD:
			columns[i] = insert.Field(c.ColumnName, typ)
		default:
			unit, ok := units[c.Datatype]
			if !ok {
				return nil, fmt.Errorf("%w: a time index of type %s", errNotExpressible, c.Datatype)
			}
			columns[i] = insert.Time(c.ColumnName, unit)
		}
	}
	table := insert.NewTable(name, columns...)
	for _, row := range rows.GetRows() {
		values := make([]any, len(row.Values))
		for i, v := range row.Values {
			values[i] = goValue(v, scaleOf(rows.GetSchema()[min(i, len(columns)-1)]))
		}
		if err := table.Append(values...); err != nil {
			return nil, err
		}
	}
	return table, nil
}

var units = map[greptimev1.ColumnDataType]insert.Unit{
	greptimev1.ColumnDataType_TIMESTAMP_SECOND: insert.Second, greptimev1.ColumnDataType_TIMESTAMP_MILLISECOND: insert.Millisecond,
	greptimev1.ColumnDataType_TIMESTAMP_MICROSECOND: insert.Microsecond, greptimev1.ColumnDataType_TIMESTAMP_NANOSECOND: insert.Nanosecond,
}

func typeOf(c *greptimev1.ColumnSchema) (insert.Type, error) {
	switch c.Datatype {
	case greptimev1.ColumnDataType_DECIMAL128:
		d := c.GetDatatypeExtension().GetDecimalType()
		return insert.Decimal(int(d.GetPrecision()), int(d.GetScale())), nil
	case greptimev1.ColumnDataType_VECTOR:
		return insert.Vector(int(c.GetDatatypeExtension().GetVectorType().GetDim())), nil
	}
	return insert.ParseType(strings.ReplaceAll(c.Datatype.String(), "_", ""))
}

func scaleOf(c *greptimev1.ColumnSchema) int64 {
	return int64(c.GetDatatypeExtension().GetDecimalType().GetScale())
}

// goValue is a Go value that should be stored as v in a column of the right type.
func goValue(v *greptimev1.Value, scale int64) any {
	switch v := v.GetValueData().(type) {
	case *greptimev1.Value_I8Value:
		return v.I8Value
	case *greptimev1.Value_I16Value:
		return v.I16Value
	case *greptimev1.Value_I32Value:
		return v.I32Value
	case *greptimev1.Value_I64Value:
		return v.I64Value
	case *greptimev1.Value_U8Value:
		return v.U8Value
	case *greptimev1.Value_U16Value:
		return v.U16Value
	case *greptimev1.Value_U32Value:
		return v.U32Value
	case *greptimev1.Value_U64Value:
		return v.U64Value
	case *greptimev1.Value_F32Value:
		return v.F32Value
	case *greptimev1.Value_F64Value:
		return v.F64Value
	case *greptimev1.Value_BoolValue:
		return v.BoolValue
	case *greptimev1.Value_BinaryValue:
		return v.BinaryValue
	case *greptimev1.Value_StringValue:
		return v.StringValue
	case *greptimev1.Value_DateValue:
		return greptime.DateFromEpochDays(v.DateValue)
	case *greptimev1.Value_TimestampSecondValue:
		return v.TimestampSecondValue
	case *greptimev1.Value_TimestampMillisecondValue:
		return v.TimestampMillisecondValue
	case *greptimev1.Value_TimestampMicrosecondValue:
		return v.TimestampMicrosecondValue
	case *greptimev1.Value_TimestampNanosecondValue:
		return v.TimestampNanosecondValue
	case *greptimev1.Value_TimeSecondValue:
		return greptime.TimeOfDay(v.TimeSecondValue * 1e9)
	case *greptimev1.Value_TimeMillisecondValue:
		return greptime.TimeOfDay(v.TimeMillisecondValue * 1e6)
	case *greptimev1.Value_TimeMicrosecondValue:
		return greptime.TimeOfDay(v.TimeMicrosecondValue * 1e3)
	case *greptimev1.Value_TimeNanosecondValue:
		return greptime.TimeOfDay(v.TimeNanosecondValue)
	case *greptimev1.Value_Decimal128Value:
		n := new(big.Int).Lsh(big.NewInt(v.Decimal128Value.Hi), 64)
		n.Add(n, new(big.Int).SetUint64(uint64(v.Decimal128Value.Lo)))
		return new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(scale), nil))
	}
	return nil
}

func sameRequests(got, want []*greptimev1.GreptimeRequest) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d requests were sent, %d recorded", len(got), len(want))
	}
	for i := range want {
		if want[i].Header == nil {
			want[i].Header = &greptimev1.RequestHeader{}
		}
		if want[i].Header.Dbname == "" {
			want[i].Header.Dbname = "public"
		}
		if want[i].Header.Timezone == "" {
			want[i].Header.Timezone = "UTC"
		}
		if !proto.Equal(got[i], want[i]) {
			return fmt.Errorf("request %d was %v, recorded is %v", i, got[i], want[i])
		}
	}
	return nil
}

func sameHints(got *requests, exchange *captures.Handle) error {
	want := exchange.Metadata["x-greptime-hints"]
	if len(exchange.Hints) > 0 {
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(exchange.Hints)) {
			pairs = append(pairs, key+"="+exchange.Hints[key])
		}
		want = strings.Join(pairs, ",")
	}
	got.mu.Lock()
	defer got.mu.Unlock()
	for _, md := range got.meta {
		if sent := strings.Join(md["x-greptime-hints"], ";"); sent != want {
			return fmt.Errorf("the hints were %q, recorded are %q", sent, want)
		}
	}
	return nil
}

func sameAnswer(exchange *captures.Handle, affected int64, got *greptime.Error) error {
	if exchange.Code == codes.OK {
		var response greptimev1.GreptimeResponse
		if err := proto.Unmarshal(exchange.Response, &response); err != nil {
			return err
		}
		if got != nil || affected != int64(response.GetAffectedRows().GetValue()) {
			return fmt.Errorf("%d rows, %v; recorded are %d", affected, got, response.GetAffectedRows().GetValue())
		}
		return nil
	}
	code, _ := exchange.ErrorCode()
	if got == nil || got.Code != greptime.Code(code) || got.GRPC != exchange.Code || !strings.Contains(got.Message, exchange.GRPCMessage) {
		return fmt.Errorf("error %v, recorded is %s %d %s", got, exchange.CodeName, code, exchange.GRPCMessage)
	}
	return nil
}
