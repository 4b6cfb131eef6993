package greptime_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime"
	_ "github.com/greptime-go/greptime/driver"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// Every recorded exchange of DoGet goes through the driver: it must send what was
// sent, and read what was answered.

// exempt are the recordings that cannot go through the driver, each with its
// reason. One that can fails the test.
var exempt = map[string]string{
	"use_database":            "USE is carried out by the driver, not sent",
	"use_has_no_effect":       "USE is carried out by the driver, not sent",
	"use_missing_database":    "USE is carried out by the driver, not sent",
	"set_time_zone":           "SET time_zone is carried out by the driver, not sent",
	"set_has_no_effect":       "SET time_zone is carried out by the driver, not sent",
	"error_transaction":       "transactions are refused",
	"error_two_statements":    "several statements are refused",
	"multi_first_fails":       "several statements are refused",
	"multi_second_fails":      "several statements are refused",
	"multi_syntax":            "several statements are refused",
	"multi_two_inserts":       "several statements are refused",
	"ticket_ddl":              "a ticket that is not SQL",
	"ticket_empty_request":    "a ticket that is not SQL",
	"ticket_query_unset":      "a ticket that is not SQL",
	"ticket_row_deletes":      "a ticket that is not SQL",
	"ticket_row_inserts":      "a ticket that is not SQL",
	"db_catalog_schema":       "the driver names the database by dbname",
	"db_catalog_schema_upper": "the driver names the database by dbname",
	"db_catalog_unknown":      "the driver names the database by dbname",
	"db_dash":                 "a name with - gets its catalog, so that it means the database",

	"timezone_invalid":    "a time zone that the server would take for UTC is refused",
	"timezone_minus_zero": "an offset that the server would misread is refused",
	"timezone_no_colon":   "an offset that the server would take for UTC is refused",

	"error_prom_lookback_empty": "PromRange has no empty lookback",
	"error_prom_step":           "PromRange has no step that is no duration",
	"prom_rfc3339":              "PromRange writes its step with a unit",

	"auth/doget_bad_ticket":          "a ticket that is not protobuf",
	"auth/doget_select_token":        "the server has no tokens",
	"auth/doget_select_scheme_unset": "credentials have a scheme",
	"auth/doget_select_empty_user":   "a password without a user is refused",
	"auth/doget_select_both_empty":   "empty credentials are not sent",
	"auth/doget_set_read_only":       "SET time_zone is carried out by the driver, not sent",
	"auth/doget_set_write_only":      "SET time_zone is carried out by the driver, not sent",
	"auth/doget_use_read_only":       "USE is carried out by the driver, not sent",
	"auth/doget_use_write_only":      "USE is carried out by the driver, not sent",
}

func TestRecordedAnswersGoThroughTheDriver(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, exchange := range slices.Concat(captures.DoGets(), captures.AuthDoGets()) {
		name := exchange.Name
		seen++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := replay(t, &exchange)
			reason, isExempt := exempt[exchange.Base]
			switch {
			case isExempt && err == nil:
				t.Errorf("goes through the driver; take it off the exemptions (%s)", reason)
			case !isExempt && err != nil:
				t.Error(err)
			}
		})
	}
	if seen < 319+29+14 {
		t.Errorf("only %d recordings", seen)
	}
	for name := range exempt {
		captures.DoGetByName(name) // panics if there is none
	}
}

// replay runs one recording through the driver and says what does not match.
func replay(t *testing.T, exchange *captures.DoGet) error {
	var mu sync.Mutex
	var sent []byte
	answer := wiretest.Replay(*exchange)
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		ticket, err := c.TicketBytes()
		if err != nil {
			return err
		}
		mu.Lock()
		sent = slices.Clone(ticket)
		mu.Unlock()
		return answer(c)
	})
	cfg, err := configFor(s, exchange)
	if err != nil {
		return err
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()

	if exchange.Request.Prom != nil {
		err = replayProm(t, db, exchange)
	} else {
		err = replaySQL(db, exchange)
	}
	if err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	return sameRequest(sent, exchange)
}

// configFor makes the configuration that should give the recorded header.
func configFor(s *wiretest.Server, exchange *captures.DoGet) (*greptime.Config, error) {
	cfg, err := greptime.ParseDSN(s.DSN())
	if err != nil {
		return nil, err
	}
	var recorded greptimev1.GreptimeRequest
	if err := proto.Unmarshal(exchange.Ticket, &recorded); err != nil {
		return nil, err
	}
	if r := exchange.Request; r.Catalog == "" && r.Schema == "" {
		cfg.Database = strings.TrimPrefix(r.DB, "greptime-") // the driver adds it to a name with -
		if r.DB == "" {
			cfg.Database = "public"
		}
	}
	cfg.TimeZone = exchange.Request.TimeZone
	cfg.Hints = exchange.Request.Hints
	if basic := recorded.GetHeader().GetAuthorization().GetBasic(); basic != nil {
		cfg.User, cfg.Password = basic.Username, greptime.NewSecret(basic.Password)
	}
	return cfg, nil
}

// sameRequest compares what the driver sent with what was recorded. The driver
// always names database and time zone; the recordings left out the defaults.
func sameRequest(sent []byte, exchange *captures.DoGet) error {
	var got, want greptimev1.GreptimeRequest
	if err := proto.Unmarshal(sent, &got); err != nil {
		return fmt.Errorf("the driver's ticket: %w", err)
	}
	if err := proto.Unmarshal(exchange.Ticket, &want); err != nil {
		return fmt.Errorf("the recorded ticket: %w", err)
	}
	if want.Header == nil {
		want.Header = &greptimev1.RequestHeader{}
	}
	if want.Header.Dbname == "" && want.Header.Schema == "" {
		want.Header.Dbname = "public"
	}
	if want.Header.Timezone == "" {
		want.Header.Timezone = "UTC"
	}
	if prom := got.GetQuery().GetPromRangeQuery(); prom != nil {
		for _, s := range []*string{&prom.Start, &prom.End} { // the same instant in another form
			at, err := time.Parse(time.RFC3339Nano, *s)
			if err != nil {
				return err
			}
			*s = strconv.FormatInt(at.Unix(), 10)
		}
		if prom.Lookback == "300s" {
			prom.Lookback = "5m"
		}
	}
	if !proto.Equal(&got, &want) {
		return fmt.Errorf("the driver sent %v, recorded was %v", &got, &want)
	}
	return nil
}

func replayProm(t *testing.T, db *sql.DB, exchange *captures.DoGet) error {
	prom := exchange.Request.Prom
	at := func(s string) time.Time {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return time.Time{}
		}
		return time.Unix(n, 0)
	}
	step, _ := time.ParseDuration(prom.Step)
	lookback, err := time.ParseDuration(prom.Lookback)
	if err != nil {
		return err
	}
	return greptime.Raw(t.Context(), db, func(c *greptime.Conn) error {
		rd, err := c.PromQL(t.Context(), greptime.PromRange{Query: prom.Query, Start: at(prom.Start), End: at(prom.End), Step: step, Lookback: lookback})
		if err != nil {
			return sameError(err, exchange)
		}
		defer rd.Release()
		var rows []int
		total := 0
		for rd.Next() {
			batch := rd.RecordBatch()
			for r := range int(batch.NumRows()) {
				for c := range exchange.Fields {
					if total >= len(exchange.ArrowGoRows) {
						break
					}
					if got, want := arrowText(batch.Column(c), r), exchange.ArrowGoRows[total][c]; got != want {
						return fmt.Errorf("row %d, column %d: %s, recorded %s", total, c, got, want)
					}
				}
				total++
			}
			rows = append(rows, int(batch.NumRows()))
		}
		if err := rd.Err(); err != nil || exchange.Code != codes.OK {
			return sameError(err, exchange)
		}
		if !slices.Equal(rows, exchange.RowsPerBatch) {
			return fmt.Errorf("batches of %v rows, recorded %v", rows, exchange.RowsPerBatch)
		}
		for i, f := range exchange.Fields {
			if got := rd.Schema().Field(i); got.Name != f.Name || got.Type.String() != f.Type || got.Nullable != f.Nullable {
				return fmt.Errorf("field %d is %v, recorded %v", i, got, f)
			}
		}
		return nil
	})
}

// arrowText is a value as in the recordings: timestamps as the raw integer.
func arrowText(column arrow.Array, row int) string {
	if ts, ok := column.(*array.Timestamp); ok && column.IsValid(row) {
		return strconv.FormatInt(int64(ts.Value(row)), 10)
	}
	return column.ValueStr(row)
}

func replaySQL(db *sql.DB, exchange *captures.DoGet) error {
	if want, ok := affectedRows(exchange); ok {
		result, err := db.Exec(exchange.Request.SQL)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n != want {
			return fmt.Errorf("affected rows: %d (%v), recorded %d", n, err, want)
		}
		return nil
	}
	rows, err := db.Query(exchange.Request.SQL)
	if err != nil {
		return sameError(err, exchange)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	if err := sameTypes(types, exchange); err != nil {
		return err
	}
	got, err := scanAll(rows, len(types))
	if err != nil || exchange.Code != codes.OK {
		return sameError(err, exchange)
	}
	total := 0
	for _, n := range exchange.RowsPerBatch {
		total += n
	}
	if len(got) != total {
		return fmt.Errorf("%d rows, recorded %d", len(got), total)
	}
	return sameValues(got, exchange)
}

func scanAll(rows *sql.Rows, columns int) ([][]any, error) {
	var all [][]any
	for rows.Next() {
		row := make([]any, columns)
		dest := make([]any, columns)
		for i := range row {
			dest[i] = &row[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// affectedRows reads the recorded count, which proto3 leaves out if it is zero.
func affectedRows(exchange *captures.DoGet) (int64, bool) {
	if exchange.Code != codes.OK || len(exchange.Messages) != 1 || exchange.Messages[0].Kind != "NONE" {
		return 0, false
	}
	var text struct {
		Value int64 `json:"value"`
	}
	if err := json.Unmarshal([]byte(exchange.Messages[0].AppMetadataText), &text); err != nil {
		return 0, false
	}
	return text.Value, true
}

func sameError(err error, exchange *captures.DoGet) error {
	if err == nil || exchange.Code == codes.OK {
		return fmt.Errorf("error %v, recorded %v", err, exchange.Code)
	}
	var e *greptime.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("not a *greptime.Error: %w", err)
	}
	code, _ := exchange.ErrorCode()
	if e.Code != greptime.Code(code) || !errors.Is(err, greptime.Code(code)) {
		return fmt.Errorf("code %v, recorded %d", e.Code, code)
	}
	if e.GRPC != exchange.Code || e.Message != exchange.GRPCMessage {
		return fmt.Errorf("%v %q, recorded %v %q", e.GRPC, e.Message, exchange.Code, exchange.GRPCMessage)
	}
	return nil
}

func sameTypes(types []*sql.ColumnType, exchange *captures.DoGet) error {
	if len(types) != len(exchange.Fields) {
		return fmt.Errorf("%d columns, recorded %d", len(types), len(exchange.Fields))
	}
	for i, f := range exchange.Fields {
		if types[i].Name() != f.Name {
			return fmt.Errorf("column %d is %q, recorded %q", i, types[i].Name(), f.Name)
		}
		nullable, ok := types[i].Nullable()
		if !ok || nullable != f.Nullable {
			return fmt.Errorf("column %s: nullable %v, recorded %v", f.Name, nullable, f.Nullable)
		}
		if got, want := types[i].DatabaseTypeName(), sqlType(f); got != want {
			return fmt.Errorf("column %s: type %s, want %s for %s", f.Name, got, want, f.Type)
		}
		scanType := types[i].ScanType()
		if isNull := strings.Contains(scanType.String(), ".Null"); isNull != (f.Nullable && f.Type != "null" && scanType != reflect.TypeFor[[]byte]()) {
			return fmt.Errorf("column %s: scan type %v, nullable is %v", f.Name, types[i].ScanType(), f.Nullable)
		}
	}
	return nil
}

// sqlType is GreptimeDB's name of a recorded field's type.
func sqlType(f captures.Field) string {
	typ := f.Type
	if rest, ok := strings.CutPrefix(typ, "dictionary<values="); ok {
		typ, _, _ = strings.Cut(rest, ",")
	}
	if typ == "binary" {
		switch mark := f.Metadata["greptime:type"]; {
		case mark == "Json":
			return "JSON"
		case strings.HasPrefix(mark, "Vector("):
			return "VECTOR"
		}
	}
	for prefix, name := range map[string]string{
		"bool": "BOOLEAN", "int8": "TINYINT", "int16": "SMALLINT", "int32": "INT", "int64": "BIGINT",
		"uint8": "TINYINT UNSIGNED", "uint16": "SMALLINT UNSIGNED", "uint32": "INT UNSIGNED", "uint64": "BIGINT UNSIGNED",
		"float32": "FLOAT", "float64": "DOUBLE", "utf8": "STRING", "large_utf8": "STRING", "string_view": "STRING",
		"binary": "VARBINARY", "large_binary": "VARBINARY", "binary_view": "VARBINARY", "date32": "DATE", "null": "NULL",
		"month_interval": "INTERVAL", "day_time_interval": "INTERVAL", "month_day_nano_interval": "INTERVAL",
	} {
		if typ == prefix {
			return name
		}
	}
	for prefix, name := range map[string]string{
		"timestamp[": "TIMESTAMP", "time32[": "TIME", "time64[": "TIME", "duration[": "DURATION",
		"decimal(": "DECIMAL", "list<": "LIST", "struct<": "STRUCT",
	} {
		if strings.HasPrefix(typ, prefix) {
			return name
		}
	}
	return "?" + typ
}
