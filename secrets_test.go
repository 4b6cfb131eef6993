package greptime_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/calltrace"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/race"
)

// TestPasswordIsNotPrinted prints what has the password somewhere within, also as a
// field of other structs, such as sql.DB, whose methods package fmt does not call.
func TestPasswordIsNotPrinted(t *testing.T) {
	t.Parallel()
	const password = "sesame99"
	cfg, err := greptime.ParseDSN("greptime://joe:" + password + "@127.0.0.1:1/public")
	if err != nil {
		t.Fatal(err)
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer connector.Close()
	conn, err := connector.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	numbers := strings.Trim(fmt.Sprint([]byte(password)), "[]")
	hexes := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", []byte(password)), "[]byte{"), "}")
	forms := []string{password, numbers, hexes, fmt.Sprintf("%x", password), fmt.Sprintf("%X", password)}
	type deep struct {
		list []greptime.Config
		byID map[int]struct{ c greptime.Config }
	}
	for _, v := range []any{
		connector, conn, struct{ c *greptime.Connector }{connector}, struct{ c any }{connector}, struct{ c any }{conn},
		*cfg, struct{ c greptime.Config }{*cfg}, struct{ C greptime.Config }{*cfg}, []greptime.Config{*cfg}, struct{ c any }{*cfg},
		deep{[]greptime.Config{*cfg}, map[int]struct{ c greptime.Config }{1: {*cfg}}}, &deep{[]greptime.Config{*cfg}, nil},
		cfg.Password, &cfg.Password, struct{ p greptime.Secret }{cfg.Password}, struct{ P greptime.Secret }{cfg.Password}, [1]greptime.Secret{cfg.Password},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
			shown := fmt.Sprintf(verb, v)
			for _, form := range forms {
				if strings.Contains(shown, form) {
					t.Errorf("%T by %s has the password: %.300s", v, verb, shown)
				}
			}
		}
	}
}

func TestSecretIsNotEncoded(t *testing.T) {
	t.Parallel()
	type settings struct {
		Password greptime.Secret
		Other    greptime.Secret `json:",omitzero"`
	}
	var s settings
	if err := json.Unmarshal([]byte(`{"Password":"sesame99"}`), &s); err != nil || s.Password.Reveal() != "sesame99" {
		t.Fatalf("read as %q, %v", s.Password.Reveal(), err)
	}
	encoded, err := json.Marshal(s)
	if err != nil || string(encoded) != `{"Password":"***"}` {
		t.Errorf("written as %s, %v", encoded, err)
	}
	var text, structured bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "secret", s.Password, "in a struct", s, "unexported", struct{ p greptime.Secret }{s.Password})
	slog.New(slog.NewJSONHandler(&structured, nil)).Info("m", "secret", s.Password, "in a struct", s, "unexported", struct{ p greptime.Secret }{s.Password})
	for _, shown := range []string{text.String(), structured.String()} {
		if strings.Contains(shown, "sesame99") || !strings.Contains(shown, "***") {
			t.Errorf("logged as %s", shown)
		}
	}
}

func TestZeroSecretIsNoText(t *testing.T) {
	t.Parallel()
	for _, s := range []greptime.Secret{{}, greptime.NewSecret("")} {
		if !s.IsZero() || s.Reveal() != "" || fmt.Sprintf("%v|%s|%d|%#v", s, s, s, s) != `|||greptime.Secret("")` {
			t.Errorf("%q, %v|%s|%d|%#v", s.Reveal(), s, s, s, s)
		}
	}
	if s := greptime.NewSecret("x"); s.IsZero() || fmt.Sprintf("%v|%s|%d|%q|%#v", s, s, s, s, s) != `***|***|***|***|greptime.Secret("***")` {
		t.Errorf("%v|%s|%d|%q|%#v", s, s, s, s, s)
	}
}

// TestNothingThatIsOpenShowsThePassword prints and encodes everything that this package and
// packages insert and bulk hand out, with the password somewhere behind it.
func TestNothingThatIsOpenShowsThePassword(t *testing.T) {
	t.Parallel()
	if race.Enabled {
		t.Skip("package fmt reads values that are in use, without their locks")
	}
	s := newTableServer(t)
	var log, traced bytes.Buffer
	cfg, err := greptime.ParseDSN(strings.Replace(s.DSN(), "://", "://joe:"+testPassword+"@", 1))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg.Trace, cfg.TraceArguments = calltrace.Log(slog.New(slog.NewJSONHandler(&traced, &slog.HandlerOptions{Level: slog.LevelDebug}))), true
	cfg.Transactions = "ignore"
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	ctx := t.Context()
	conn := oneConn(t, db)
	stmt, err := db.PrepareContext(ctx, "INSERT INTO t (host, ts) VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	result, err := stmt.ExecContext(ctx, "a", 1)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Commit()
	table := insert.NewTable("t", insert.Time("ts", insert.Millisecond), insert.Tag("host", insert.String))
	if err := table.Append(time.UnixMilli(1), "a"); err != nil {
		t.Fatal(err)
	}
	writer, err := insert.NewWriter(db, insert.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close(ctx)
	stream, err := insert.NewStream(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	loader, err := bulk.NewWriter(ctx, db, "t", bulk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer loader.Close(ctx)
	batch := loader.NewBatch(1)
	var driverConn *greptime.Conn
	var reader *greptime.RecordReader
	if err := conn.Raw(func(c any) (err error) {
		driverConn = c.(*greptime.Conn)
		reader, err = driverConn.QueryArrow(ctx, "DELETE FROM t")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer reader.Release()
	rows, err := db.QueryContext(ctx, "DELETE FROM t")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	_, refused := greptime.Connect(ctx, "greptime://joe:"+testPassword+"@127.0.0.1:1/public")
	_, malformed := greptime.ParseDSN("greptime://joe:" + testPassword + "@h/db?tls=maybe")
	_, unreadable := greptime.NewConnector(&greptime.Config{User: "joe", Password: cfg.Password, TLSEnabled: true, TLSCA: "/no/such/file"})

	for _, v := range []any{
		cfg, *cfg, connector, db, conn, driverConn, stmt, result, tx, table, writer, writer.Stats(), stream, loader, batch, reader, rows, db.QueryRowContext(ctx, "DELETE FROM t"),
		refused, malformed, unreadable, db.Stats(), cfg.Password, &cfg.Password,
	} {
		for _, wrapped := range []any{v, &v, struct{ V any }{v}, struct{ v any }{v}, []any{v}, map[string]any{"v": v}} {
			for name, shown := range shownForms(wrapped) {
				for _, form := range passwordForms() {
					if strings.Contains(shown, form) {
						t.Errorf("%T as %s shows %s", v, name, form)
					}
				}
			}
		}
	}
	for _, text := range []string{log.String(), traced.String()} {
		for _, form := range passwordForms() {
			if strings.Contains(text, form) {
				t.Errorf("the log shows %s: %s", form, text)
			}
		}
	}
	if traced.Len() == 0 {
		t.Error("nothing was traced")
	}
}

const testPassword = "sesame99"

// passwordForms returns the forms in which the test's password may appear, that of the HTTP header
// of bulk loads included.
func passwordForms() []string {
	numbers := strings.Trim(fmt.Sprint([]byte(testPassword)), "[]")
	hexes := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", []byte(testPassword)), "[]byte{"), "}")
	return []string{
		testPassword, numbers, hexes, fmt.Sprintf("%x", testPassword), fmt.Sprintf("%X", testPassword),
		base64.StdEncoding.EncodeToString([]byte(testPassword)), base64.StdEncoding.EncodeToString([]byte("joe:" + testPassword)),
	}
}

// shownForms returns v as packages of the standard library print and encode it. What they refuse
// is missing.
func shownForms(v any) map[string]string {
	forms := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		forms[verb] = fmt.Sprintf(verb, v)
	}
	var text, structured, encoded, page bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&structured, nil)).Info("m", "v", v)
	forms["slog text"], forms["slog JSON"] = text.String(), structured.String()
	if b, err := json.Marshal(v); err != nil {
		forms["JSON"] = err.Error()
	} else {
		forms["JSON"] = string(b)
	}
	if err := gob.NewEncoder(&encoded).Encode(v); err != nil {
		forms["gob"] = err.Error()
	} else {
		forms["gob"] = encoded.String()
	}
	if b, err := xml.Marshal(v); err == nil {
		forms["XML"] = string(b)
	}
	if err := template.Must(template.New("").Parse("{{.}} {{print .}} {{printf `%+v` .}} {{html .}}")).Execute(&page, v); err == nil {
		forms["template"] = page.String()
	}
	return forms
}
