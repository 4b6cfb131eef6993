//go:build unix

package output

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestModeOfFiles is not parallel, because the umask belongs to the process.
func TestModeOfFiles(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	path := filepath.Join(t.TempDir(), "a.csv")
	for _, c := range []struct{ before, want os.FileMode }{{0, 0o640}, {0o600, 0o600}, {0o666, 0o666}} {
		if c.before != 0 {
			if err := os.Chmod(path, c.before); err != nil {
				t.Fatal(err)
			}
		}
		if err := write(t, path, "text"); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != c.want {
			t.Errorf("the file had mode %o and has %o, want %o", c.before, got, c.want)
		}
	}
}

func TestSymbolicLinkStaysOne(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	target, link := filepath.Join(folder, "target.csv"), filepath.Join(folder, "link.csv")
	if err := write(t, target, "before"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("target.csv", link); err != nil {
		t.Fatal(err)
	}
	if err := write(t, link, "after"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.Readlink(link); err != nil || got != "target.csv" {
		t.Errorf("the link is %q, %v", got, err)
	}
	if got, err := os.ReadFile(target); err != nil || string(got) != "after" {
		t.Errorf("what it names has %q, %v", got, err)
	}
}
