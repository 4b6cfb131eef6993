package settings

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"github.com/greptime-go/greptime"
)

// A file of connections that is read is read the same when it is written again, and one with
// a password in it is seen to have one.
func FuzzFile(f *testing.F) {
	for _, text := range []string{
		"", "default = \"a\"\n[connections.a]\ndsn = \"greptime://me:hush@h\"\n", "[output]\nnull = \"\"\nformat = 'csv'\n",
		"[connections.\"a b\"]\npassword_file = \"~/x\"\npassword_command = [\"pass\", \"a\"]\nask_password = true\n",
		"[connections.a]\ndsn = \"greptime://a@b:c@h/db?timezone=%2B08:00\"\n", "[connections.a]\npasword = \"hush\"\n", "default = 1", "[", "\ufeffdefault = \"\"",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "connections.toml")
		read := func(text []byte) (*file, error) {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			return readFile(func(name string) string { return map[string]string{"GREPTIME_CONFIG": path}[name] })
		}
		got, err := read([]byte(text))
		if err != nil {
			if !strings.Contains(err.Error(), path) {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		for name, c := range got.Connections {
			if cfg, err := greptime.ParseDSN(c.DSN); err == nil && !cfg.Password.IsZero() && !got.hasPassword() {
				t.Errorf("the password of connection %q is not seen in %q", name, c.DSN)
			}
			if c.PasswordFile != "" && !filepath.IsAbs(c.PasswordFile) {
				t.Errorf("connection %q: the path %q is not absolute", name, c.PasswordFile)
			}
		}
		written, err := toml.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		again, err := read(written)
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%q is %+v, written as %q and read as %+v, %v", text, got, written, again, err)
		}
	})
}
