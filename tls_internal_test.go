package greptime

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// Not parallel: the working folder is that of the whole process.
func TestFilesForTLSAreFoundFromAnotherFolder(t *testing.T) {
	dir := t.TempDir()
	ca, cert, key := wiretest.NewCA(t).FilesIn(dir)
	t.Chdir(dir)
	c := &Config{TLSEnabled: true, TLSCA: filepath.Base(ca), TLSCert: filepath.Base(cert), TLSKey: filepath.Base(key)}
	var log bytes.Buffer
	source, err := c.tlsSource(slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if source(); log.Len() > 0 {
		t.Errorf("the next connection logs %s", &log)
	}
}
