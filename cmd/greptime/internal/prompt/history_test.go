package prompt

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/greptime-go/greptime"
)

func TestHistoryIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state", "history")
	entries := []string{"SELECT 1;", "SELECT\n  '東京';", `\d cpu`}
	h, err := openHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range append(slices.Clone(entries), `\d cpu`, "", "  ") {
		if _, err := h.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	again, err := openHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.lines, entries) || !slices.Equal(h.lines, entries) {
		t.Errorf("got %q and %q, want %q", h.lines, again.lines, entries)
	}
	if line, err := again.GetLine(1); err != nil || line != entries[1] {
		t.Errorf("entry 1 is %q, %v", line, err)
	}
	if _, err := again.GetLine(3); err == nil {
		t.Error("there is an entry 3")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestPasswordsAreNotInTheHistory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history")
	h, err := openHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{
		"CREATE USER a WITH PASSWORD 'hush';", "create  user a identified by 'hush'", "ALTER USER a SET PASSWORD = 'hush'",
		"COPY t TO 's3://b/t.parquet' CONNECTION (ACCESS_KEY_ID = 'a', SECRET_ACCESS_KEY = 'hush');",
		"greptime --dsn greptime://me:hush@db query", "SELECT 'https://me:hush@host/'", "greptime://me:unescaped/hush@host", "SET passwd = 'hush'",
		"COPY t FROM 's3://b/t' CONNECTION (session_token = 'hush')", "COPY t FROM 'azblob://b/t' CONNECTION (ACCOUNT_KEY='hush')",
		"COPY t FROM 'azblob://b/t' CONNECTION (sas_token='hush')", "SELECT http('Authorization: Bearer hush')", "SET pwd = 'hush'",
	} {
		if _, err := h.Write(secret); err != nil {
			t.Fatal(err)
		}
	}
	if h.Len() != 0 {
		t.Errorf("kept %q", h.lines)
	}
	if data, err := os.ReadFile(path); err == nil && strings.Contains(string(data), "hush") {
		t.Errorf("the file has %s", data)
	}
	for _, kept := range []string{"SELECT 'https://host/a:b'", "SELECT token, key FROM keys", "SELECT host FROM tokens"} {
		n := h.Len()
		if _, err := h.Write(kept); err != nil || h.Len() != n+1 {
			t.Errorf("%s: %d entries, %v", kept, h.Len(), err)
		}
	}
}

// An entry of any length leaves the history readable.
func TestLongEntriesOfTheHistory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history")
	h, err := openHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	longest := "SELECT '" + strings.Repeat("\x01", maxEntry-9) + "'"
	for _, line := range []string{longest, "SELECT '" + strings.Repeat("x", 20*maxEntry) + "'", "SELECT 1"} {
		if _, err := h.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	again, err := openHistory(path)
	if err != nil || !slices.Equal(again.lines, []string{longest, "SELECT 1"}) {
		t.Errorf("%d entries, %v", len(again.lines), err)
	}
}

// Entries are kept as they were, and those with a password are not.
func FuzzHistory(f *testing.F) {
	for _, line := range []string{"SELECT 1;", "SELECT\n '東京'", `\d cpu`, "CREATE USER a IDENTIFIED BY 'hush'", "\u2028 \x00\""} {
		f.Add(line, "greptime://me:hush@h/db")
	}
	f.Add("", "greptime://me:hu/sh@h")
	f.Add("a", "greptime://a@b:c d@h")
	f.Fuzz(func(t *testing.T, line, dsn string) {
		if cfg, err := greptime.ParseDSN(dsn); err == nil && !cfg.Password.IsZero() && !hasSecret("SELECT '"+dsn+"';") {
			t.Errorf("%q has a password", dsn)
		}
		if !utf8.ValidString(line) {
			return // of which no terminal is the source
		}
		path := filepath.Join(t.TempDir(), "history")
		h, err := openHistory(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range []string{"first", line, "last"} {
			if _, err := h.Write(entry); err != nil {
				t.Fatal(err)
			}
		}
		again, err := openHistory(path)
		if err != nil || !slices.Equal(again.lines, h.lines) {
			t.Errorf("%q is read as %q, %v", h.lines, again.lines, err)
		}
	})
}
