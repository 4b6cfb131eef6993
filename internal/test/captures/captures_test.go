package captures

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

func TestArchiveIsComplete(t *testing.T) {
	t.Parallel()
	a, err := unpack(packed) // refuses unknown keys
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{
		"doget":  len(a.doGets),
		"handle": len(a.handles),
		"doput":  len(a.doPuts),
		"auth":   len(a.authGets) + len(a.authHs) + len(a.authPuts) + len(a.unary),
	}
	// 655 of 1.0.2, and 57 of 1.1.4 that differ from them.
	want := map[string]int{"doget": 319 + 14, "handle": 169 + 2, "doput": 97 + 40, "auth": 70 + 1}
	total := 0
	for kind, n := range want {
		if got[kind] != n {
			t.Errorf("%s: %d exchanges, want %d", kind, got[kind], n)
		}
		total += got[kind]
	}
	if total != 655+57 {
		t.Errorf("%d exchanges, want 712", total)
	}
	if a.files != 655+57+3 {
		t.Errorf("%d files, want 715", a.files)
	}
}

func TestEveryExchangeHasWhatItsKindNeeds(t *testing.T) {
	t.Parallel()
	var sources []Source
	check := func(s Source, st Status) {
		sources = append(sources, s)
		if s.Server != "GreptimeDB "+string(s.Version) {
			t.Errorf("%s: server %q", s.File, s.Server)
		}
		if st.Code.String() != st.CodeName {
			t.Errorf("%s: code %v is named %q", s.File, st.Code, st.CodeName)
		}
		if st.Code == codes.OK && st.GRPCMessage != "" {
			t.Errorf("%s: OK with message %q", s.File, st.GRPCMessage)
		}
	}
	for _, d := range slices.Concat(DoGets(), AuthDoGets()) {
		check(d.Source, d.Status)
		if len(d.Ticket) == 0 {
			t.Errorf("%s: no ticket", d.File)
		}
		for i, m := range d.Messages {
			if len(m.Header) == 0 || m.Kind == "" {
				t.Errorf("%s: message %d has no header", d.File, i)
			}
		}
		if len(d.Messages) == 0 && d.Code == codes.OK {
			t.Errorf("%s: OK without a message", d.File)
		}
	}
	for _, h := range slices.Concat(Handles(), AuthHandles()) {
		check(h.Source, h.Status)
		if h.Method != MethodHandle && h.Method != MethodHandleRequests {
			t.Errorf("%s: method %q", h.File, h.Method)
		}
		if (len(h.Response) > 0) != (h.Code == codes.OK) {
			t.Errorf("%s: %v with a response of %d bytes", h.File, h.Code, len(h.Response))
		}
		if len(h.Requests) == 0 && h.Base != "stream_empty" {
			t.Errorf("%s: no request", h.File)
		}
	}
	for _, p := range slices.Concat(DoPuts(), AuthDoPuts()) {
		check(p.Source, p.Status)
		if len(p.Sent) == 0 && p.Name != "nothing_sent" {
			t.Errorf("%s: nothing sent", p.File)
		}
		if len(p.Results) == 0 && p.Code == codes.OK {
			t.Errorf("%s: OK without an ack", p.File)
		}
	}
	for _, u := range Unaries() {
		check(u.Source, u.Status)
		if u.Method == "" {
			t.Errorf("%s: no method", u.File)
		}
	}
	names := map[string]bool{}
	for _, s := range sources {
		file := strings.TrimSuffix(s.File, ".json")
		if !strings.HasSuffix(file, "/"+strings.TrimPrefix(s.Base, "auth/")) || names[s.File] {
			t.Errorf("name %q of file %q", s.Name, s.File)
		}
		if newer := strings.HasPrefix(file, "v1.1.4/"); newer != (s.Name == "v1.1.4/"+s.Base) || newer != (s.Version == V1_1_4) {
			t.Errorf("%s: name %q, version %s", s.File, s.Name, s.Version)
		}
		names[s.File] = true
	}
}

func TestOfHasEachExchangeAsTheVersionAnswersIt(t *testing.T) {
	t.Parallel()
	for _, v := range Versions() {
		seen := map[string]bool{}
		for _, d := range Of(v, DoGets()) {
			if seen[d.Base] || d.Version > v {
				t.Errorf("%s: %s", v, d.Name)
			}
			seen[d.Base] = true
			if d.Base == "show_index" && d.Version != v {
				t.Errorf("%s has the recording of %s", v, d.Version)
			}
		}
		if len(seen) != 319 {
			t.Errorf("%s: %d exchanges, want 319", v, len(seen))
		}
	}
}

// TestRecordingsOfBothVersionsAnswerTheSameRequest shows that what is there twice was
// asked in the same way.
func TestRecordingsOfBothVersionsAnswerTheSameRequest(t *testing.T) {
	t.Parallel()
	for _, d := range DoGets() {
		if old := DoGetByName(d.Base); !slices.Equal(d.Ticket, old.Ticket) {
			t.Errorf("%s: another ticket", d.Name)
		}
	}
	for _, h := range Handles() {
		if old := HandleByName(h.Base); len(h.Requests) != len(old.Requests) {
			t.Errorf("%s: other requests", h.Name)
		}
	}
	for _, p := range DoPuts() {
		if old := DoPutByName(p.Base); len(p.Sent) != len(old.Sent) {
			t.Errorf("%s: other messages", p.Name)
		}
	}
}

func TestTicketsCarryTheRequest(t *testing.T) {
	t.Parallel()
	for _, d := range DoGets() {
		var req greptimev1.GreptimeRequest
		if err := proto.Unmarshal(d.Ticket, &req); err != nil {
			t.Errorf("%s: %v", d.File, err)
			continue
		}
		_, isSQL := req.GetQuery().GetQuery().(*greptimev1.QueryRequest_Sql)
		if isSQL != d.Request.HasSQL() {
			t.Errorf("%s: HasSQL is %v, the ticket says %v", d.File, d.Request.HasSQL(), isSQL)
		}
		if got := req.GetQuery().GetSql(); got != d.Request.SQL {
			t.Errorf("%s: SQL %q, the ticket says %q", d.File, d.Request.SQL, got)
		}
		if got := req.GetHeader().GetTimezone(); got != d.Request.TimeZone {
			t.Errorf("%s: time zone %q, the ticket says %q", d.File, d.Request.TimeZone, got)
		}
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	if d := DoGetByName("json_shapes"); d.File != "doget/json_shapes.json" || d.Note != d.Request.Note || d.Note == "" {
		t.Errorf("DoGetByName: %q %q", d.File, d.Note)
	}
	if d := DoGetByName("auth/doget_select_missing"); d.Code != codes.Unauthenticated {
		t.Errorf("DoGetByName in auth: %v", d.Code)
	} else if code, ok := d.ErrorCode(); code != 7003 || !ok {
		t.Errorf("ErrorCode: %d, %v", code, ok)
	}
	if _, ok := DoGetByName("select_constants").ErrorCode(); ok {
		t.Error("ErrorCode of an OK")
	}
	if h := HandleByName("stream_three"); h.Method != MethodHandleRequests || len(h.Requests) != 3 {
		t.Errorf("HandleByName: %s, %d requests", h.Method, len(h.Requests))
	}
	if p := DoPutByName("three_batches"); len(p.Results) != 4 || p.Sent[0].Descriptor.Path[0] != "p_three" {
		t.Errorf("DoPutByName: %d results, descriptor %v", len(p.Results), p.Sent[0].Descriptor)
	}
	if u := UnaryByName("auth/prom_ok"); !json.Valid([]byte(u.ResponseText)) {
		t.Errorf("UnaryByName: %q", u.ResponseText)
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown name was found")
		}
	}()
	DoGetByName("no such exchange")
}

func TestHTTPRowsKeepNumbers(t *testing.T) {
	t.Parallel()
	d := DoGetByName("json_shapes")
	rows, ok := d.HTTPRows()
	if !ok || len(rows) != d.RowsPerBatch[0] {
		t.Fatalf("%d rows, %v", len(rows), ok)
	}
	if n, ok := rows[19][1].(json.Number); !ok || n != "9223372036854775807" {
		t.Errorf("row 19 has %v", rows[19][1])
	}
	for _, name := range []string{"insert_two_rows", "json_control_characters"} {
		d := DoGetByName(name)
		if rows, ok := d.HTTPRows(); ok {
			t.Errorf("%s: HTTP has %d rows", name, len(rows))
		}
	}
}

func TestReferenceTexts(t *testing.T) {
	t.Parallel()
	n := 0
	for _, c := range Literals() {
		for _, l := range c.Values {
			n++
			if (l.Code == "") != (l.Error == "") || l.Error != "" && l.Stored != nil {
				t.Errorf("%s %s: stored %v, code %q, error %q", c.Column, l.Literal, l.Stored, l.Code, l.Error)
			}
		}
	}
	if n != 2580 {
		t.Errorf("%d literals, want 2580", n)
	}
	if k := Keywords(); len(k) != 1073 || !slices.Contains(k, "id") {
		t.Errorf("%d keywords, want 1073", len(k))
	}
	if !strings.Contains(SchemaSQL(), "CREATE TABLE every_type") {
		t.Error("schema.sql has no table every_type")
	}
}

func TestUnpackReportsWhatIsWrong(t *testing.T) {
	t.Parallel()
	if _, err := unpack(packed[:len(packed)/2]); err == nil {
		t.Error("half an archive was accepted")
	}
	a := &archive{}
	if err := a.add("doget/x.json", []byte(`{"request":{"sqll":""}}`)); err == nil {
		t.Error("an unknown key was accepted")
	}
	if err := a.add("elsewhere/x.json", []byte(`{}`)); err == nil {
		t.Error("an unknown folder was accepted")
	}
}
