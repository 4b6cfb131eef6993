package greptimetest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/flight"
	"github.com/greptime-go/greptime/internal/test/captures"
)

// replay sends the ticket of a recorded exchange.
func (c *client) replay(ctx context.Context, x captures.DoGet) answer {
	if len(x.Request.Hints) > 0 {
		var pairs []string
		for k, v := range x.Request.Hints {
			pairs = append(pairs, k+"="+v)
		}
		ctx = metadata.AppendToOutgoingContext(ctx, "x-greptime-hints", strings.Join(pairs, ","))
	}
	return c.doGet(ctx, x.Ticket)
}

// recorded returns the recorded answer in the form of our own, as a version gives it.
func recorded(x captures.DoGet, version captures.Version) answer {
	a := answer{affected: -1, code: x.Code, message: x.GRPCMessage}
	if n, ok := x.ErrorCode(); ok {
		a.errCode = strconv.Itoa(n)
	}
	list := make([]*flight.FlightData, len(x.Messages))
	for i, m := range x.Messages {
		list[i] = &flight.FlightData{DataHeader: m.Header, DataBody: m.Body, AppMetadata: m.AppMetadata}
	}
	a.read(list)
	if x.Version != version && a.schema != nil {
		a.schema = withoutExtensions(a.schema)
	}
	return a
}

// withoutExtensions returns a schema without the extension of JSON columns, which 1.1.4
// does not send; what differs in nothing else was not recorded again.
func withoutExtensions(s *arrow.Schema) *arrow.Schema {
	fields := s.Fields()
	for i, f := range fields {
		keys, values := f.Metadata.Keys(), f.Metadata.Values()
		var k, v []string
		for n := range keys {
			if !strings.HasPrefix(keys[n], "ARROW:extension:") {
				k, v = append(k, keys[n]), append(v, values[n])
			}
		}
		fields[i].Metadata = arrow.NewMetadata(k, v)
	}
	md := s.Metadata()
	return arrow.NewSchema(fields, &md)
}

// eachVersion runs a test for every version that was recorded.
func eachVersion(t *testing.T, test func(t *testing.T, v captures.Version)) {
	t.Helper()
	for _, v := range captures.Versions() {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel()
			test(t, v)
		})
	}
}

// startAs starts a server of a version.
func startAs(t testing.TB, v captures.Version, o greptimetest.Options) *greptimetest.Server {
	t.Helper()
	o.Version = string(v)
	return greptimetest.Start(t, o)
}

// compare lists how an answer differs from the recorded one: kinds and order of
// messages, schema, values, affected rows, codes. What varies from run to run is
// left out: how rows are cut into batches, the order of rows without ORDER BY, and
// the wording of errors.
func compare(got, want answer, sql string) (diffs []string) {
	add := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	if got.code != want.code || got.errCode != want.errCode {
		add("status %s %s %q, recorded %s %s %q", got.code, got.errCode, got.message, want.code, want.errCode, want.message)
		return diffs
	}
	if g, w := slices.Compact(slices.Clone(got.kinds)), slices.Compact(slices.Clone(want.kinds)); !slices.Equal(g, w) {
		add("messages %v, recorded %v", g, w)
	}
	if got.affected != want.affected {
		add("affected %d rows, recorded %d", got.affected, want.affected)
	}
	if !slices.Equal(got.none, want.none) {
		add("NONE messages %v, recorded %v", got.none, want.none)
	}
	if (got.metrics == "") != (want.metrics == "") {
		add("metrics %q, recorded %q", got.metrics, want.metrics)
	}
	if (got.schema == nil) != (want.schema == nil) {
		add("schema %v, recorded %v", got.schema, want.schema)
	} else if got.schema != nil {
		if g, w := got.schema.String(), want.schema.String(); g != w {
			add("schema\n%s\nrecorded\n%s", g, w)
		}
	}
	g, w := strings.Split(got.text(), "\n"), strings.Split(want.text(), "\n")
	if !strings.Contains(strings.ToUpper(sql), "ORDER BY") {
		slices.Sort(g)
		slices.Sort(w)
	}
	if strings.HasPrefix(sql, "EXPLAIN") { // plans are the server's own
		return diffs
	}
	if !slices.Equal(g, w) && want.code == codes.OK {
		add("rows\n%.1500s\nrecorded\n%.1500s", strings.Join(g, "\n"), strings.Join(w, "\n"))
	}
	return diffs
}

// step is a statement of the script that made the recordings' tables.
type step struct {
	sql      string
	recorded string // the name of the exchange that it is
}

func script(t *testing.T) []step {
	t.Helper()
	var steps []step
	for block := range strings.SplitSeq(captures.SchemaSQL(), "\n\n") {
		var st step
		var sql []string
		for line := range strings.Lines(block) {
			if rest, ok := strings.CutPrefix(line, "-- recorded: "); ok {
				st.recorded = strings.Fields(rest)[0]
			} else if !strings.HasPrefix(line, "--") {
				sql = append(sql, line)
			}
		}
		st.sql = strings.TrimSpace(strings.Join(sql, ""))
		if st.sql != "" || st.recorded != "" {
			steps = append(steps, st)
		}
	}
	return steps
}

// TestConformanceDoGet replays the recorded DoGet exchanges. Those that change
// something run in their place in the script. Reads were recorded between them, at a
// place that is not known: they are compared with the state at the end, and what
// differs there with the state after every step.
func TestConformanceDoGet(t *testing.T) {
	t.Parallel()
	eachVersion(t, conformDoGet)
}

func conformDoGet(t *testing.T, v captures.Version) {
	steps := script(t)
	inScript := map[string]bool{}
	for _, st := range steps {
		inScript[st.recorded] = true
	}
	byName := map[string]captures.DoGet{}
	var reads []captures.DoGet
	for _, x := range captures.Of(v, captures.DoGets()) {
		byName[x.Base] = x
		if !inScript[x.Base] && !strings.HasPrefix(x.Base, "plain_") {
			reads = append(reads, x)
		}
	}
	found := map[string][]string{}
	check := func(c *client, x captures.DoGet) bool {
		diffs := compare(c.replay(t.Context(), x), recorded(x, v), x.Request.SQL)
		if len(diffs) > 0 {
			found[x.Base] = diffs
			return false
		}
		delete(found, x.Base)
		return true
	}
	run := func(c *client, between func()) {
		for _, st := range steps {
			if st.recorded != "" {
				check(c, byName[st.recorded])
			} else if a := c.try(t, st.sql); a.err() != nil {
				t.Errorf("%.100s: %v", st.sql, a.err())
			}
			between()
		}
	}
	first := dial(t, startAs(t, v, greptimetest.Options{}))
	run(first, func() {})
	reads = slices.DeleteFunc(reads, func(x captures.DoGet) bool { return check(first, x) })
	reads = slices.DeleteFunc(reads, func(x captures.DoGet) bool { return doGetDifferences[x.Base] != "" })
	if len(reads) > 0 {
		second := dial(t, startAs(t, v, greptimetest.Options{}))
		run(second, func() {
			reads = slices.DeleteFunc(reads, func(x captures.DoGet) bool { return check(second, x) })
		})
	}
	report(t, found, doGetDifferences)
}

// report fails for each difference that is not listed, and for each that is listed
// and is none.
func report(t *testing.T, found map[string][]string, listed map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if listed[name] == "" {
			t.Errorf("%s: %s", name, strings.Join(found[name], "\n"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if found[name] == nil {
			t.Errorf("%s agrees with the recording: take it off the list (%s)", name, listed[name])
		}
	}
}

// TestConformancePlain holds a server without body compression against recordings of
// one.
func TestConformancePlain(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, v captures.Version) {
		c := dial(t, startAs(t, v, greptimetest.Options{Uncompressed: true}))
		for _, st := range script(t)[:3] {
			c.sql(t, st.sql)
		}
		found := map[string][]string{}
		for _, x := range captures.Of(v, captures.DoGets()) {
			if strings.HasPrefix(x.Base, "plain_") {
				if diffs := compare(c.replay(t.Context(), x), recorded(x, v), x.Request.SQL); len(diffs) > 0 {
					found[x.Base] = diffs
				}
			}
		}
		report(t, found, plainDifferences)
	})
}

var recordedUsers = []greptimetest.User{
	{Name: "alice", Password: "secret"},
	{Name: "bob", Password: "readonly", Mode: greptimetest.ReadOnly},
	{Name: "carol", Password: "writeonly", Mode: greptimetest.WriteOnly},
}

// TestConformanceAuth replays the exchanges with a server that knows users.
func TestConformanceAuth(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, v captures.Version) {
		c := dial(t, startAs(t, v, greptimetest.Options{Users: recordedUsers}))
		c.auth = &v1.AuthHeader{AuthScheme: &v1.AuthHeader_Basic{Basic: &v1.Basic{Username: "alice", Password: "secret"}}}
		found := map[string][]string{}
		for _, x := range captures.Of(v, captures.AuthHandles()) {
			found[x.Base] = c.compareHandle(t, x)
		}
		for _, x := range captures.Of(v, captures.AuthDoGets()) {
			found[x.Base] = compare(c.replay(t.Context(), x), recorded(x, v), x.Request.SQL)
		}
		for _, x := range captures.Of(v, captures.AuthDoPuts()) {
			found[x.Base] = c.comparePut(t, x)
		}
		for _, x := range captures.Of(v, captures.Unaries()) {
			found[x.Base] = c.compareUnary(t, x)
		}
		maps.DeleteFunc(found, func(_ string, d []string) bool { return len(d) == 0 })
		report(t, found, authDifferences)
	})
}

func (c *client) compareUnary(t *testing.T, x captures.Unary) []string {
	t.Helper()
	req, res := rawMessage(x.Request), rawMessage(nil)
	var trailer metadata.MD
	err := c.invoke(t.Context(), x.Method, &req, &res, &trailer)
	return compareStatus(err, trailer, x.Status, string(res), string(x.Response))
}

// TestConformanceHandle replays the exchanges of Handle and HandleRequests, in the
// order of their names but for those that others follow.
func TestConformanceHandle(t *testing.T) {
	t.Parallel()
	eachVersion(t, conformHandle)
}

func conformHandle(t *testing.T, v captures.Version) {
	c := dial(t, startAs(t, v, greptimetest.Options{}))
	list := captures.Of(v, captures.Handles())
	order := []string{"auto_create", "auto_alter_field", "auto_alter_tag", "json_text", "json_no_extension", "json_as_string_column", "json_as_binary_column", "vector", "decimal"}
	slices.SortStableFunc(list, func(a, b captures.Handle) int {
		rank := func(x captures.Handle) int {
			if i := slices.Index(order, x.Base); i >= 0 {
				return i
			}
			return len(order)
		}
		return rank(a) - rank(b)
	})
	found := map[string][]string{}
	for _, x := range list {
		if d := c.compareHandle(t, x); len(d) > 0 {
			found[x.Base] = d
		}
	}
	report(t, found, handleDifferences)
}

// setup runs statements that may have run before.
func (c *client) setup(t *testing.T, list []string) {
	t.Helper()
	for _, sql := range list {
		if a := c.try(t, sql); a.err() != nil && a.errCode != "4000" {
			t.Logf("setup %q: %v", sql, a.err())
		}
	}
}

func (c *client) compareHandle(t *testing.T, x captures.Handle) []string {
	t.Helper()
	c.setup(t, x.Setup)
	ctx := t.Context()
	if len(x.Hints) > 0 {
		var pairs []string
		for k, v := range x.Hints {
			pairs = append(pairs, k+"="+v)
		}
		ctx = metadata.AppendToOutgoingContext(ctx, "x-greptime-hints", strings.Join(pairs, ","))
	}
	for k, v := range x.Metadata {
		ctx = metadata.AppendToOutgoingContext(ctx, k, v)
	}
	var bodies [][]byte
	for _, r := range x.Requests {
		bodies = append(bodies, r.Bytes)
	}
	res, trailer, err := c.handle(ctx, x.Method, bodies)
	diffs := compareStatus(err, trailer, x.Status, readable(res), readable(x.Response))
	return append(diffs, c.compareAfter(t, x.After)...)
}

func readable(b []byte) string {
	var r v1.GreptimeResponse
	if err := proto.Unmarshal(b, &r); err != nil {
		return err.Error()
	}
	j, err := protojson.Marshal(&r)
	if err != nil {
		return err.Error()
	}
	var v any
	if json.Unmarshal(j, &v) != nil {
		return string(j)
	}
	out, _ := json.Marshal(v) // protojson's spaces vary
	return string(out)
}

func beforeOptions(rows [][]string) [][]string {
	out := make([][]string, len(rows))
	for i, r := range rows {
		out[i] = slices.Clone(r)
		for k := range r {
			out[i][k], _, _ = strings.Cut(r[k], "WITH(")
		}
	}
	return out
}

// compareAfter runs the statements that showed what was stored.
func (c *client) compareAfter(t *testing.T, after []captures.After) (diffs []string) {
	t.Helper()
	for _, q := range after {
		a := c.try(t, q.SQL)
		if (a.err() != nil) != (q.Error != "") {
			diffs = append(diffs, fmt.Sprintf("%s: %v, recorded %q", q.SQL, a.err(), q.Error))
			continue
		}
		if strings.HasPrefix(q.SQL, "SHOW CREATE TABLE") { // the order of options varies
			a.loose, q.Rows = beforeOptions(a.loose), beforeOptions(q.Rows)
		}
		got, want := make([]string, len(a.loose)), make([]string, len(q.Rows))
		for i, r := range a.loose {
			got[i] = strings.Join(r, "|")
		}
		for i, r := range q.Rows {
			want[i] = strings.Join(r, "|")
		}
		if !strings.Contains(q.SQL, "ORDER BY") {
			slices.Sort(got)
			slices.Sort(want)
		}
		if !slices.Equal(got, want) {
			diffs = append(diffs, fmt.Sprintf("%s\n%s\nrecorded\n%s", q.SQL, strings.Join(got, "\n"), strings.Join(want, "\n")))
		}
	}
	return diffs
}
