package greptime_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// rowsByID gathers the rows that a server stores, by a number that each row has in column n.
// It stores a native row only if the request has the columns of the table as it is then.
type rowsByID struct {
	*tableServer
	mu     sync.Mutex
	stored map[int64][]string // the value of column v of each row stored with the number
	ways   map[string]int
}

func newRowsByID(t *testing.T) *rowsByID {
	r := &rowsByID{tableServer: newTableServer(t), stored: map[int64][]string{}, ways: map[string]int{}}
	r.answerNative(r.storeNative)
	r.answerText(r.storeText)
	return r
}

func (r *rowsByID) store(way string, id int64, v string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ways[way]++
	r.stored[id] = append(r.stored[id], v)
}

func (r *rowsByID) storeNative(c *wiretest.Call, request *greptimev1.GreptimeRequest) error {
	in := request.GetRowInserts().Inserts[0]
	r.tableServer.mu.Lock()
	table := r.tables[request.Header.Dbname+"."+in.TableName]
	r.tableServer.mu.Unlock()
	at := map[string]int{}
	for i, have := range in.Rows.Schema {
		at[have.ColumnName] = i
		k, ok := table.Index(have.ColumnName)
		if !ok {
			return c.Fail(codes.InvalidArgument, fmt.Sprintf(`Invalid request to region 1(1, 0), reason: unknown columns: [%q]`, have.ColumnName), 1004)
		}
		if want := dataType(table.Columns[k].Type); want != have.Datatype {
			return c.Fail(codes.InvalidArgument, fmt.Sprintf("Column %s expect type: %v, actual: %v", have.ColumnName, want, have.Datatype), 1004)
		}
	}
	for _, row := range in.Rows.Rows {
		text := "NULL"
		switch v := row.Values[at["v"]].ValueData.(type) {
		case *greptimev1.Value_F64Value:
			text = strconv.FormatFloat(v.F64Value, 'g', -1, 64)
		case *greptimev1.Value_I64Value:
			text = strconv.FormatInt(v.I64Value, 10)
		case *greptimev1.Value_StringValue:
			text = v.StringValue
		}
		r.store("native", row.Values[at["n"]].GetI64Value(), text)
	}
	return c.Respond(uint32(len(in.Rows.Rows)))
}

// storeText stores the rows of an INSERT INTO t (n, ts, v) in any white space.
func (r *rowsByID) storeText(c *wiretest.Call) error {
	text, err := c.SQL()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(text, "INSERT") {
		return wiretest.Replay(captures.DoGetByName("show_databases"))(c)
	}
	_, values, _ := strings.Cut(text, "VALUES")
	for tuple := range strings.SplitSeq(strings.TrimSpace(values), "),") {
		fields := strings.SplitN(strings.Trim(strings.TrimSpace(tuple), "()"), ",", 3)
		id, err := strconv.ParseInt(strings.TrimSpace(fields[0]), 10, 64)
		if err != nil {
			return err
		}
		r.store("text", id, strings.Trim(strings.TrimSpace(fields[2]), "'"))
	}
	return wiretest.Replay(captures.DoGetByName("insert_two_rows"))(c)
}

// dataType returns the type of a column as requests have it.
func dataType(t column.Type) greptimev1.ColumnDataType {
	switch t.Kind() {
	case column.Float64:
		return greptimev1.ColumnDataType_FLOAT64
	case column.Int64:
		return greptimev1.ColumnDataType_INT64
	case column.String:
		return greptimev1.ColumnDataType_STRING
	}
	return greptimev1.ColumnDataType_TIMESTAMP_MILLISECOND
}

// Goroutines execute one prepared INSERT, and texts that differ only in white space, with
// arguments of changing types, while the table changes its type again and again, some of the
// time through the same Connector. Each row is stored once, with its value.
func TestPreparedInsertOfManyGoroutinesIntoATableThatChanges(t *testing.T) {
	t.Parallel()
	s := newRowsByID(t)
	db := openServer(t, s.Server)
	one, err := db.Prepare("INSERT INTO t (n, ts, v) VALUES (?, ?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	const goroutines, inserts, many = 6, 60, 17
	spaced := manyRows("INSERT INTO t (n,  ts, v)\nVALUES ", "(?, ?, ?)", many)
	plain := manyRows("INSERT INTO t (n, ts, v) VALUES ", "(?, ?, ?)", many)
	kinds := []column.Type{column.Of(column.Float64), column.Of(column.Int64), column.Of(column.String)}
	want := map[int64]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(g)))
			for i := range inserts {
				rows := 1
				if random.IntN(2) == 0 {
					rows = many
				}
				var args []any
				for r := range rows {
					id := int64((g*inserts+i)*many + r)
					var v any
					text := strconv.Itoa(int(id))
					switch random.IntN(5) {
					case 0:
						v = float64(id)
					case 1:
						v = id
					case 2:
						v = text
					case 3:
						v = int(id)
					default:
						v, text = nil, "NULL"
					}
					args = append(args, id, time.UnixMilli(id), v)
					mu.Lock()
					want[id] = text
					mu.Unlock()
				}
				var err error
				switch {
				case rows == 1:
					_, err = one.ExecContext(t.Context(), args...)
				case random.IntN(2) == 0:
					_, err = db.ExecContext(t.Context(), spaced, args...)
				default:
					_, err = db.ExecContext(t.Context(), plain, args...)
				}
				if err != nil {
					t.Error(err)
				}
				if i%5 == 0 {
					s.alter(t, "public.t", catalog.Column{Name: "v", Type: kinds[random.IntN(len(kinds))], Nullable: true})
				}
				if i%10 == 0 {
					exec(t, db, "ALTER TABLE t MODIFY COLUMN v TEXT")
				}
			}
		})
	}
	wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ways["native"] == 0 || s.ways["text"] == 0 {
		t.Errorf("rows went %v, want some each way", s.ways)
	}
	for id, text := range want {
		if got := s.stored[id]; len(got) != 1 || got[0] != text && !sameNumber(got[0], text) {
			t.Errorf("row %d is stored as %q, want %q once", id, got, text)
		}
	}
	if len(s.stored) != len(want) {
		t.Errorf("%d rows stored, want %d", len(s.stored), len(want))
	}
}

// sameNumber reports whether two texts are the same number.
func sameNumber(a, b string) bool {
	x, err := strconv.ParseFloat(a, 64)
	if err != nil {
		return false
	}
	y, err := strconv.ParseFloat(b, 64)
	return err == nil && !math.IsNaN(x) && x == y
}
