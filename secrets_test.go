package greptime_test

import (
	"fmt"
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
	for _, v := range []any{connector, conn, struct{ c *greptime.Connector }{connector}, struct{ c any }{connector}, struct{ c any }{conn}} {
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
