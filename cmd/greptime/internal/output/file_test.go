package output

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write writes a file by way of Create and Commit.
func write(t *testing.T, path, text string) error {
	t.Helper()
	f, err := Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return f.Commit()
}

func names(t *testing.T, folder string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestFileThatCannotHaveItsName(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "a.csv")
	f, err := Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o777); err != nil { // meanwhile
		t.Fatal(err)
	}
	if err := f.Commit(); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if got := names(t, folder); len(got) != 1 || got[0] != "a.csv" {
		t.Errorf("the folder has %q", got)
	}
}

func TestFileThatIsAbandoned(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "a.csv")
	if err := write(t, path, "before"); err != nil {
		t.Fatal(err)
	}
	f, err := Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	f.Abort()
	f.Abort()
	if got, err := os.ReadFile(path); err != nil || string(got) != "before" || len(names(t, folder)) != 1 {
		t.Errorf("the file has %q, %v, and the folder %q", got, err, names(t, folder))
	}
}

func TestErrorOfCreateNamesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none", "a.csv")
	if _, err := Create(t.Context(), path); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "create "+path+": ") {
		t.Errorf("%v", err)
	}
}
