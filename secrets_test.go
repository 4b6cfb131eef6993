package greptime_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/greptime-go/greptime"
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
